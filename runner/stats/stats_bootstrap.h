/* stats_bootstrap: intervals of means and ratios by resampling every level. Pure: the seed is given, and the same seed
 * gives the same interval. */
#ifndef TARE_STATS_BOOTSTRAP_H
#define TARE_STATS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "stats/stats_interval.h"
#include "stats/stats_levels.h"

struct stats_bootstrap {
    uint64_t seed;    /* of GSL's mt19937, which takes its low 32 bits */
    size_t resamples; /* 1000 and more for the ends of a 95% interval */
};

/* The percentile interval of the mean under resampling with replacement at every level, the highest first (Davison and
 * Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; Kalibera and Jones, Quantifying Performance
 * Changes with Effect Size Confidence Intervals, 2012, section 4). why_not: fewer than STATS_INTERVAL_MIN units that
 * were resampled: of the highest level that has more than one. */
struct stats_interval stats_bootstrap_mean(const struct stats_unit *root, struct stats_bootstrap how,
                                           double confidence);

/* The same of mean(b) / mean(a), both resampled independently. why_not also: a mean that is not above 0. */
struct stats_interval stats_bootstrap_ratio(const struct stats_unit *a, const struct stats_unit *b,
                                            struct stats_bootstrap how, double confidence);

#endif
