/* stats_slope: the exponent with which one quantity grows with another. Pure. */
#ifndef TARE_STATS_SLOPE_H
#define TARE_STATS_SLOPE_H

#include <stddef.h>

#include "analysis/stats_interval.h"

/* The slope of ln y over ln x by ordinary least squares, and Student's interval of it with n - 2 degrees of freedom
 * (Draper and Smith, Applied Regression Analysis, 3rd ed. 1998, section 1.4): 1 is linear, 0 does not grow. Each pair
 * is one invocation. why_not: fewer than STATS_INTERVAL_MIN pairs, fewer than two different x, a value that is not
 * above 0. */
struct stats_interval stats_log_slope(const double *x, const double *y, size_t n, double confidence);

#endif
