#include "stats/stats_series.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "stats/stats.h"

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

size_t stats_outliers(const double *x, size_t n, size_t *where, size_t cap)
{
    size_t found = 0;
    if (n == 0)
        return 0;
    cleanup_free double *work = calloc(n, sizeof(*work));
    if (!work)
        abort();
    memcpy(work, x, n * sizeof(*x));
    double median = stats_median(work, n);
    for (size_t i = 0; i < n; i++)
        work[i] = fabs(x[i] - median);
    double mad = stats_median(work, n);
    for (size_t i = 0; mad > 0 && i < n; i++) {
        if (fabs(x[i] - median) <= 3.5 * mad / 0.6745)
            continue;
        if (where && found < cap)
            where[found] = i;
        found++;
    }
    return found;
}
