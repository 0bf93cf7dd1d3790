#include "analysis/stats_effects.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define ROUNDING 1e-12 /* relative to an effect, or absolute below 1: smaller differences are rounding */

/* The sum over i of (y_i - m)^2 / (v_i + tau2), m the mean by these weights. Every v_i + tau2 is above 0. */
static double generalised_q(const double *y, const double *v, size_t n, double tau2)
{
    double weights = 0, sum = 0, q = 0;
    for (size_t i = 0; i < n; i++) {
        weights += 1 / (v[i] + tau2);
        sum += y[i] / (v[i] + tau2);
    }
    for (size_t i = 0; i < n; i++)
        q += (y[i] - sum / weights) * (y[i] - sum / weights) / (v[i] + tau2);
    return q;
}

static size_t count_zeros(const double *v, size_t n)
{
    size_t zeros = 0;
    for (size_t i = 0; i < n; i++)
        zeros += !(v[i] > 0);
    return zeros;
}

/* The tau2 at which the generalised Q equals its expectation, n - 1; 0 if Q is less even at 0. Q falls as tau2 rises,
 * so bisection finds it. At tau2 = sum (y - mean)^2 it is below n - 1, because no weight exceeds 1/tau2. */
static double paule_mandel(const double *y, const double *v, size_t n)
{
    double low = 0, high = gsl_stats_tss(y, 1, n);
    if (!(high > 0) || (count_zeros(v, n) == 0 && generalised_q(y, v, n, 0) <= (double)n - 1))
        return 0;
    for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;
        if (generalised_q(y, v, n, middle) > (double)n - 1)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static double typical_variance(const double *v, size_t n)
{
    double w = 0, w2 = 0;
    for (size_t i = 0; i < n; i++) {
        w += 1 / v[i];
        w2 += 1 / (v[i] * v[i]);
    }
    return ((double)n - 1) * w / (w * w - w2);
}

static void take_heterogeneity(const double *y, const double *v, size_t n, struct pooled *ret)
{
    ret->tau2 = paule_mandel(y, v, n);
    if (count_zeros(v, n) > 0) {
        ret->i2 = ret->tau2 > 0 ? NAN : 0;
        return;
    }
    ret->q = generalised_q(y, v, n, 0);
    ret->q_p = gsl_cdf_chisq_Q(ret->q, (double)n - 1);
    ret->i2 = ret->tau2 / (ret->tau2 + typical_variance(v, n));
}

struct pooled stats_effects(const double *y, const double *v, size_t machines, double confidence)
{
    double n = (double)machines, mean = machines ? gsl_stats_mean(y, 1, machines) : NAN;
    struct pooled p = {.machines = machines, .tau2 = NAN, .i2 = NAN, .q = NAN, .q_p = NAN};
    p.mean = stats_no_interval(mean, confidence, "fewer than 2 machines");
    p.prediction = stats_no_interval(mean, confidence, "fewer than 3 machines: nothing is predicted of the next one");
    if (machines < 2)
        return p;
    double t = stats_student((1 + confidence) / 2, n - 1), sd = gsl_stats_sd_m(y, 1, machines, mean);
    double half = t * sd / sqrt(n), wide = t * sd * sqrt(1 + 1 / n);
    p.mean = (struct stats_interval){mean, mean - half, mean + half, confidence, NULL};
    if (machines >= STATS_EFFECTS_PREDICTION_MIN)
        p.prediction = (struct stats_interval){mean, mean - wide, mean + wide, confidence, NULL};
    take_heterogeneity(y, v, machines, &p);
    return p;
}

double stats_effects_classes_p(const double *y, const size_t *class_of, size_t machines, size_t classes)
{
    cleanup_free double *sum = xcalloc(classes + 1, sizeof(*sum)), *count = xcalloc(classes + 1, sizeof(*count));
    double within = 0, between = 0, mean = machines ? gsl_stats_mean(y, 1, machines) : NAN;
    if (classes < 2 || machines <= classes)
        return NAN;
    for (size_t i = 0; i < machines; i++) {
        sum[class_of[i]] += y[i];
        count[class_of[i]]++;
    }
    for (size_t i = 0; i < machines; i++) {
        double own = sum[class_of[i]] / count[class_of[i]];
        within += (y[i] - own) * (y[i] - own);
        between += (own - mean) * (own - mean);
    }
    double df1 = (double)classes - 1, df2 = (double)(machines - classes);
    if (within + between <= (double)machines * pow(ROUNDING * fmax(1, fabs(mean)), 2))
        return 1;
    if (!(within > 0))
        return 0;
    return gsl_cdf_fdist_Q(between / df1 / (within / df2), df1, df2);
}
