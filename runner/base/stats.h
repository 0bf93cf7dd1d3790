/* stats: values -> summaries. Pure; each formula names its source. */
#ifndef TARE_STATS_H
#define TARE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Below this many values the 19th of the 20-quantiles is not given: type 6 would extrapolate beyond the maximum. */
#define STATS_P95_MIN 20

/* What is printed of one run's iterations, in seconds. */
struct stats_iterations {
    double mean_s;
    double median_s; /* of an even number of values: the mean of the two in the middle */
    double p95_s;    /* NaN below STATS_P95_MIN values */
};

/* The k-th of the q-quantiles (0 < k < q) of n >= 2 ascending values by Hyndman and Fan's type 6 (The American
 * Statistician 50(4), 1996): position k(n+1)/q, clamped as Python's statistics.quantiles(method="exclusive") clamps it.
 */
double stats_quantile6(const double *sorted, size_t n, unsigned k, unsigned q);

/* The quantile at p (0 <= p <= 1) of n >= 1 ascending values by Hyndman and Fan's type 7: position 1 + (n - 1)p, never
 * beyond the least and the greatest value. It is GSL's (gsl_stats_quantile_from_sorted_data) and R's default. */
double stats_quantile7(const double *sorted, size_t n, double p);

/* From n stamps each. n = 0 gives NaN throughout; of one the time is the mean alone: by the name of a median it would
 * tell nothing more. */
struct stats_iterations stats_of_iterations(const int64_t *start_ns, const int64_t *end_ns, size_t n);

/* The median of n >= 1 values, which it sorts in place; of an even number the mean of the two in the middle. */
double stats_median(double *values, size_t n);

/* Smallest, largest and weighted mean of what has been added; n counts it. Starts as {0}. */
struct stats_range {
    uint64_t n;
    uint64_t min, max;
    double sum, weight; /* of value times weight, and of the weights */
};

/* weight > 0: what the value counts for in the mean, as the time that it stands for; 1 for each gives the plain mean.
 */
void stats_range_add(struct stats_range *r, uint64_t value, double weight);
/* The weighted mean, rounded to the nearest whole. 0 for an empty range: look at n first. */
uint64_t stats_range_mean(const struct stats_range *r);

#endif
