#include "base/stats_series.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats.h"

double stats_autocorrelation(const double *x, size_t n, size_t lag)
{
    double mean = n ? gsl_stats_mean(x, 1, n) : NAN;
    double all = 0, lagged = 0;
    for (size_t i = 0; i < n; i++) {
        all += (x[i] - mean) * (x[i] - mean);
        if (i + lag < n)
            lagged += (x[i] - mean) * (x[i + lag] - mean);
    }
    return lag < n && all > 0 ? lagged / all : NAN;
}

/* c(n) for n values, interpolated in ln n between the simulated ones. */
static double outlier_limit(size_t n)
{
    static const struct {
        double n, limit;
    } AT[] = {{10, 4.63},  {15, 4.28},  {20, 3.99},  {30, 3.86},  {50, 3.75},
              {100, 3.75}, {200, 3.83}, {500, 3.94}, {1000, 4.08}};
    const double size = fmin((double)n, 1000);
    size_t i = 0;
    while (i + 2 < ARRAY_LEN(AT) && AT[i + 1].n < size)
        i++;
    double share = log(size / AT[i].n) / log(AT[i + 1].n / AT[i].n);
    return AT[i].limit + share * (AT[i + 1].limit - AT[i].limit);
}

size_t stats_outliers(const double *x, size_t n, size_t *where, size_t cap)
{
    size_t found = 0;
    if (n < STATS_OUTLIERS_MIN)
        return 0;
    const double limit = outlier_limit(n) / 0.6745;
    cleanup_free double *work = xcalloc(n, sizeof(*work));
    memcpy(work, x, n * sizeof(*x));
    double median = stats_median(work, n);
    for (size_t i = 0; i < n; i++)
        work[i] = fabs(x[i] - median);
    double mad = stats_median(work, n);
    for (size_t i = 0; mad > 0 && i < n; i++) {
        if (fabs(x[i] - median) <= limit * mad)
            continue;
        if (where && found < cap)
            where[found] = i;
        found++;
    }
    return found;
}
