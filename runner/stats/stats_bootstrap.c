#include "stats/stats_bootstrap.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "stats/stats.h"

static double resampled_mean(const struct stats_unit *u, gsl_rng *rng)
{
    double sum = 0;
    for (size_t i = 0; i < u->n; i++) {
        size_t drawn = gsl_rng_uniform_int(rng, u->n);
        sum += u->unit ? resampled_mean(&u->unit[drawn], rng) : u->value[drawn];
    }
    return sum / (double)u->n;
}

/* Whether a unit anywhere below has nothing in it. */
static int is_hollow(const struct stats_unit *u)
{
    if (u->n == 0)
        return 1;
    for (size_t i = 0; u->unit && i < u->n; i++)
        if (is_hollow(&u->unit[i]))
            return 1;
    return 0;
}

static const char *why_not(const struct stats_unit *u)
{
    if (is_hollow(u))
        return "there is nothing at one of the levels";
    while (u->unit && u->n == 1)
        u = &u->unit[0];
    return u->n < STATS_INTERVAL_MIN ? "fewer than 5 invocations" : NULL;
}

/* b NULL: the mean of a, else the ratio b/a. The resampled ones, ascending; the caller frees them. */
static double *resample(const struct stats_unit *a, const struct stats_unit *b, struct stats_bootstrap how)
{
    double *drawn = calloc(how.resamples, sizeof(*drawn));
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (!drawn || !rng)
        abort();
    gsl_rng_set(rng, how.seed);
    for (size_t i = 0; i < how.resamples; i++) {
        double mean = resampled_mean(a, rng);
        drawn[i] = b ? resampled_mean(b, rng) / mean : mean;
    }
    gsl_sort(drawn, 1, how.resamples);
    gsl_rng_free(rng);
    return drawn;
}

static struct stats_interval percentiles(double at, double *drawn, size_t n, double confidence)
{
    return (struct stats_interval){at, stats_quantile7(drawn, n, (1 - confidence) / 2),
                                   stats_quantile7(drawn, n, (1 + confidence) / 2), confidence, NULL};
}

struct stats_interval stats_bootstrap_mean(const struct stats_unit *root, struct stats_bootstrap how, double confidence)
{
    const char *why = why_not(root);
    double at = stats_unit_mean(root);
    if (why || how.resamples == 0)
        return stats_no_interval(at, confidence, why ? why : "no resamples were asked for");
    cleanup_free double *drawn = resample(root, NULL, how);
    return percentiles(at, drawn, how.resamples, confidence);
}

struct stats_interval stats_bootstrap_ratio(const struct stats_unit *a, const struct stats_unit *b,
                                            struct stats_bootstrap how, double confidence)
{
    double below = stats_unit_mean(a), above = stats_unit_mean(b);
    const char *why = why_not(a) ? why_not(a) : why_not(b);
    if (!(below > 0) || !(above > 0))
        return stats_no_interval(NAN, confidence, "a mean is not above 0: there is no ratio");
    if (why || how.resamples == 0)
        return stats_no_interval(above / below, confidence, why ? why : "no resamples were asked for");
    cleanup_free double *drawn = resample(a, b, how);
    return percentiles(above / below, drawn, how.resamples, confidence);
}
