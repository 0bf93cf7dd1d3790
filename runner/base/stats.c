#include "base/stats.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"

double stats_quantile6(const double *sorted, size_t n, unsigned k, unsigned q)
{
    size_t position = k * (n + 1); /* in units of 1/q */
    size_t below = position / q;
    if (below < 1)
        below = 1;
    if (below > n - 1)
        below = n - 1;
    double weight = (double)position - (double)(below * q);
    return (sorted[below - 1] * ((double)q - weight) + sorted[below] * weight) / (double)q;
}

double stats_quantile7(const double *sorted, size_t n, double p)
{
    return gsl_stats_quantile_from_sorted_data(sorted, 1, n, p);
}

void stats_sort(double *values, size_t n)
{
    gsl_sort(values, 1, n);
}

double stats_median(double *values, size_t n)
{
    stats_sort(values, n);
    return gsl_stats_median_from_sorted_data(values, 1, n);
}

struct stats_iterations stats_of_iterations(const int64_t *start_ns, const int64_t *end_ns, size_t n)
{
    struct stats_iterations r = {NAN, NAN, NAN};
    cleanup_free double *s = n ? calloc(n, sizeof(*s)) : NULL;
    if (!s)
        return r;
    for (size_t i = 0; i < n; i++)
        s[i] = (double)(end_ns[i] - start_ns[i]) / (double)NS_PER_S;
    r.mean_s = gsl_stats_mean(s, 1, n);
    if (n > 1)
        r.median_s = stats_median(s, n);
    if (n >= STATS_P95_MIN)
        r.p95_s = stats_quantile6(s, n, 19, 20);
    return r;
}

void stats_range_add(struct stats_range *r, uint64_t value, double weight)
{
    if (r->n == 0 || value < r->min)
        r->min = value;
    if (r->n == 0 || value > r->max)
        r->max = value;
    r->sum += (double)value * weight;
    r->weight += weight;
    r->n++;
}

uint64_t stats_range_mean(const struct stats_range *r)
{
    return r->n ? (uint64_t)llround(r->sum / r->weight) : 0;
}
