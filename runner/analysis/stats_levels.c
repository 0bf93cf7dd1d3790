#include "analysis/stats_levels.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "analysis/stats_interval.h"

#define ASSURED 0.80

double stats_unit_mean(const struct stats_unit *u)
{
    double sum = 0;
    for (size_t i = 0; i < u->n; i++)
        sum += u->unit ? stats_unit_mean(&u->unit[i]) : u->value[i];
    return u->n ? sum / (double)u->n : NAN;
}

/* Sums over the units with repetitions at one level. */
struct level_sums {
    double variance, inverse;
    size_t units, with_variance;
};

static double unit_variance(const struct stats_unit *u, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < u->n; i++) {
        double d = (u->unit ? stats_unit_mean(&u->unit[i]) : u->value[i]) - mean;
        sum += d * d;
    }
    return sum / (double)(u->n - 1);
}

/* levels_below: the number of levels below the repetitions of u. */
static void add_level(const struct stats_unit *u, size_t levels_below, size_t wanted, struct level_sums *sums)
{
    if (levels_below > wanted) {
        for (size_t i = 0; i < u->n; i++)
            add_level(&u->unit[i], levels_below - 1, wanted, sums);
        return;
    }
    sums->units++;
    sums->inverse += 1 / (double)u->n;
    if (u->n < 2)
        return;
    sums->with_variance++;
    sums->variance += unit_variance(u, stats_unit_mean(u));
}

struct stats_components stats_variance_components(const struct stats_unit *root, size_t levels)
{
    struct stats_components c = {.levels = levels, .mean = NAN};
    if (levels < 1 || levels > STATS_LEVELS_MAX || root->n == 0) {
        c.why_not = "there is nothing at one of the levels";
        return c;
    }
    c.mean = stats_unit_mean(root);
    for (size_t i = 0; i < levels; i++) {
        struct level_sums sums = {0};
        add_level(root, levels - 1, i, &sums);
        if (sums.with_variance == 0) {
            c.why_not = "a level was not repeated";
            return c;
        }
        c.r[i] = (double)sums.units / sums.inverse;
        c.s2[i] = sums.variance / (double)sums.with_variance;
        c.t2[i] = i == 0 ? c.s2[i] : c.s2[i] - c.s2[i - 1] / c.r[i - 1];
    }
    return c;
}

double stats_optimal_repetitions(double t2, double t2_above, double cost, double cost_above)
{
    if (t2_above <= 0)
        return 0;
    if (t2 <= 0 || cost_above <= 0 || cost <= 0)
        return 1;
    return fmax(1, ceil(sqrt(cost_above / cost * t2 / t2_above)));
}

/* That no more than ASSURED of plans exceed. */
static double half_width(double s2, size_t n)
{
    const double df = (double)n - 1;
    return stats_student(0.975, df) * sqrt(s2 * gsl_cdf_chisq_Pinv(ASSURED, df) / df / (double)n);
}

size_t stats_units_for_precision(double s2, double mean, double relative, size_t cap)
{
    const double wanted = relative * fabs(mean);
    size_t low = STATS_INTERVAL_MIN, high = cap;
    while (low < high) { /* the half-width falls with n */
        size_t n = low + (high - low) / 2;
        if (half_width(s2, n) <= wanted)
            high = n;
        else
            low = n + 1;
    }
    return low;
}
