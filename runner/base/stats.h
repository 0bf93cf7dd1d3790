/* stats: values -> summaries. Pure; each formula names its source. */
#ifndef TARE_STATS_H
#define TARE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* With fewer values there is no p95: type 6 would extrapolate beyond the maximum. */
#define STATS_P95_MIN 20

/* The summary of one run's iterations, in seconds. */
struct stats_iterations {
    double mean_s;
    double median_s; /* even number of values: the mean of the middle two */
    double p95_s;    /* NaN below STATS_P95_MIN values */
};

/* The k-th of the q-quantiles (0 < k < q) of n >= 2 ascending values by Hyndman and Fan's type 6 (The American
 * Statistician 50(4), 1996): position k(n+1)/q, clamped as Python's statistics.quantiles(method="exclusive") clamps it.
 */
double stats_quantile6(const double *sorted, size_t n, unsigned k, unsigned q);

/* The quantile at p (0 <= p <= 1) of n >= 1 ascending values by Hyndman and Fan's type 7: position 1 + (n - 1)p, never
 * beyond the least and the greatest value. It is GSL's (gsl_stats_quantile_from_sorted_data) and R's default. */
double stats_quantile7(const double *sorted, size_t n, double p);

/* From n start and end stamps. n = 0: all NaN; n = 1: the mean alone. */
struct stats_iterations stats_of_iterations(const int64_t *start_ns, const int64_t *end_ns, size_t n);

/* Ascending. */
void stats_sort(double *values, size_t n);

/* The median of n >= 1 values, which it sorts in place; even n: the mean of the middle two. */
double stats_median(double *values, size_t n);

/* Minimum, maximum and weighted mean of the n values added. Starts as {0}. */
struct stats_range {
    uint64_t n;
    uint64_t min, max;
    double sum, weight; /* of value times weight, and of the weights */
};

/* weight > 0: the value's weight in the mean, such as its duration; equal weights give the plain mean. */
void stats_range_add(struct stats_range *r, uint64_t value, double weight);
/* The weighted mean, rounded. 0 for an empty range: check n first. */
uint64_t stats_range_mean(const struct stats_range *r);

#endif
