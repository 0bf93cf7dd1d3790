#include "analysis/stats_slope.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static bool take_logs(const double *values, double *logs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] > 0) || isinf(values[i]))
            return false;
        logs[i] = log(values[i]);
    }
    return true;
}

static bool differ(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] < x[0] || x[i] > x[0])
            return true;
    return false;
}

struct stats_interval stats_log_slope(const double *x, const double *y, size_t n, double confidence)
{
    cleanup_free double *u = xcalloc(n, sizeof(*u)), *v = xcalloc(n, sizeof(*v));
    double offset = 0, slope = 0, cov00 = 0, cov01 = 0, cov11 = 0, residuals = 0;
    if (!take_logs(x, u, n) || !take_logs(y, v, n))
        return stats_no_interval(NAN, confidence, "a figure is not above 0: there is no exponent");
    if (!differ(u, n))
        return stats_no_interval(NAN, confidence, "the cells do not differ in it: there is no exponent");
    (void)gsl_fit_linear(u, 1, v, 1, n, &offset, &slope, &cov00, &cov01, &cov11, &residuals);
    if (n < STATS_INTERVAL_MIN)
        return stats_no_interval(slope, confidence, "fewer than 5 invocations");
    double half = stats_student((1 + confidence) / 2, (double)n - 2) * sqrt(cov11);
    return (struct stats_interval){slope, slope - half, slope + half, confidence, NULL};
}
