#include "analysis/stats_interval.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats.h"

struct stats_interval stats_no_interval(double at, double confidence, const char *why_not)
{
    return (struct stats_interval){at, NAN, NAN, confidence, why_not};
}

double stats_student(double p, double df)
{
    if (!(df > 0))
        return NAN; /* GSL would end the program */
    return df > 1e6 ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_tdist_Pinv(p, df);
}

/* P(at most k of n values lie below the q-quantile); 0 for k below 0. */
static double below(size_t n, double q, size_t k_plus_1)
{
    return k_plus_1 == 0 ? 0 : gsl_cdf_binomial_P((unsigned)(k_plus_1 - 1), q, (unsigned)n);
}

struct stats_ranks stats_quantile_ranks(size_t n, double q, double confidence)
{
    const double tail = (1 - confidence) / 2;
    size_t low = 1, high = n;
    while (low < n && below(n, q, low + 1) <= tail)
        low++;
    while (high > low + 1 && 1 - below(n, q, high - 1) <= tail)
        high--;
    while (low > 1 && below(n, q, high) - below(n, q, low) < confidence)
        low--;
    double covered = n < 2 ? 0 : below(n, q, high) - below(n, q, low);
    if (n < 2 || covered < confidence)
        return (struct stats_ranks){0, 0, confidence,
                                    "fewer values than an interval by ranks takes (6 for a median, 59 for a p95)"};
    return (struct stats_ranks){low, high, covered, NULL};
}

struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double q, double confidence)
{
    double at = n ? stats_quantile7(sorted, n, q) : NAN;
    struct stats_ranks r = stats_quantile_ranks(n, q, confidence);
    if (r.why_not)
        return stats_no_interval(at, confidence, r.why_not);
    return (struct stats_interval){at, sorted[r.low - 1], sorted[r.high - 1], r.confidence, NULL};
}

struct stats_interval stats_mean_interval(const double *means, size_t n, double confidence)
{
    double mean = n ? gsl_stats_mean(means, 1, n) : NAN;
    if (n < STATS_INTERVAL_MIN)
        return stats_no_interval(mean, confidence, "fewer than 5 invocations");
    double half =
        stats_student((1 + confidence) / 2, (double)n - 1) * sqrt(gsl_stats_variance_m(means, 1, n, mean) / (double)n);
    return (struct stats_interval){mean, mean - half, mean + half, confidence, NULL};
}

/* --- an exponent ------------------------------------------------------------------------------------------------- */

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
