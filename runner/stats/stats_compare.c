#include "stats/stats_compare.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Of the logarithms of one side of one stratum. */
struct side {
    double mean, variance;
    size_t n;
};

/* false: a value is not above 0, or there is none. */
static bool take_logs(const double *values, size_t n, struct side *ret)
{
    cleanup_free double *logs = calloc(n + 1, sizeof(*logs));
    if (!logs)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] > 0) || isinf(values[i]))
            return false;
        logs[i] = log(values[i]);
    }
    *ret = (struct side){.n = n};
    ret->mean = n ? gsl_stats_mean(logs, 1, n) : NAN;
    ret->variance = n > 1 ? gsl_stats_variance_m(logs, 1, n, ret->mean) : NAN;
    return n > 0;
}

/* The sums that Welch and Satterthwaite need. */
struct welch {
    double at, variance, quartic;
    size_t a, b;
    bool thin; /* a stratum with one invocation on a side */
};

static void add_side(struct welch *w, const struct side *s, double weight)
{
    double v = weight * weight * s->variance / (double)s->n;
    w->thin |= s->n < 2;
    w->variance += v;
    w->quartic += v * v / (double)(s->n > 1 ? s->n - 1 : 1);
}

static const char *why_not(const struct welch *w)
{
    if (w->a < STATS_INTERVAL_MIN || w->b < STATS_INTERVAL_MIN)
        return "fewer than 5 invocations on a side";
    if (w->thin)
        return "fewer than 2 invocations of a node on a side";
    return w->variance > 0 ? NULL : "the invocations do not differ at all: no spread to judge by";
}

struct stats_log_ratio stats_log_ratio(const struct stats_stratum *strata, size_t n)
{
    struct welch w = {0};
    const double weight = 1 / (double)n;
    for (size_t i = 0; i < n; i++) {
        struct side a, b;
        if (!take_logs(strata[i].a, strata[i].a_count, &a) || !take_logs(strata[i].b, strata[i].b_count, &b))
            return (struct stats_log_ratio){NAN, NAN, NAN, NAN, "a figure is not above 0: there is no ratio"};
        w.at += weight * (b.mean - a.mean);
        w.a += a.n;
        w.b += b.n;
        add_side(&w, &a, weight);
        add_side(&w, &b, weight);
    }
    struct stats_log_ratio r = {n ? w.at : NAN, NAN, NAN, NAN, why_not(&w)};
    if (r.why_not)
        return r;
    r.se = sqrt(w.variance);
    r.df = w.variance * w.variance / w.quartic;
    r.p = 2 * gsl_cdf_tdist_Q(fabs(r.at) / r.se, r.df);
    return r;
}

struct stats_interval stats_ratio_interval(const struct stats_log_ratio *r, double confidence)
{
    if (r->why_not)
        return stats_no_interval(exp(r->at), confidence, r->why_not);
    double half = stats_student((1 + confidence) / 2, r->df) * r->se;
    return (struct stats_interval){exp(r->at), exp(r->at - half), exp(r->at + half), confidence, NULL};
}

const char *stats_equivalence_name(enum stats_equivalence e)
{
    static const char *const NAMES[] = {"reproduced", "not reproduced", "inconclusive", "unknown"};
    return NAMES[e];
}

enum stats_equivalence stats_equivalence(const struct stats_interval *ratio90, double margin)
{
    const double high = 1 + margin, low = 1 / high;
    if (ratio90->why_not)
        return STATS_UNKNOWN;
    if (ratio90->low >= low && ratio90->high <= high)
        return STATS_REPRODUCED;
    if (ratio90->low > high || ratio90->high < low)
        return STATS_NOT_REPRODUCED;
    return STATS_INCONCLUSIVE;
}

/* How many pairs have b - a <= limit. Both ascending, so that the place in a only moves forward. */
static size_t pairs_up_to(double limit, const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t pairs = 0, above = 0; /* a[above] is the first with b - a <= limit */
    for (size_t i = 0; i < b_count; i++) {
        while (above < a_count && b[i] - a[above] > limit)
            above++;
        pairs += a_count - above;
    }
    return pairs;
}

/* The k-th smallest difference, 1 the least, by halving the range until no double lies between its ends. */
static double difference_of_rank(size_t k, const double *a, size_t a_count, const double *b, size_t b_count)
{
    double high = b[b_count - 1] - a[0];
    double low = nextafter(b[0] - a[a_count - 1], -INFINITY);
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return high;
        if (pairs_up_to(middle, a, a_count, b, b_count) >= k)
            high = middle;
        else
            low = middle;
    }
}

double stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t pairs = a_count * b_count;
    if (pairs == 0)
        return NAN;
    double lower = difference_of_rank((pairs + 1) / 2, a, a_count, b, b_count);
    return pairs % 2 ? lower : (lower + difference_of_rank(pairs / 2 + 1, a, a_count, b, b_count)) / 2;
}

double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t below = 0, up_to = 0; /* values of a that are less than, at most b[i] */
    double balance = 0;
    for (size_t i = 0; i < b_count; i++) {
        while (below < a_count && a[below] < b[i])
            below++;
        while (up_to < a_count && a[up_to] <= b[i])
            up_to++;
        balance += (double)below - (double)(a_count - up_to);
    }
    return a_count && b_count ? balance / ((double)a_count * (double)b_count) : NAN;
}

void stats_holm(double *p, size_t m)
{
    cleanup_free double *sortable = calloc(m + 1, sizeof(*sortable));
    cleanup_free size_t *order = calloc(m + 1, sizeof(*order));
    size_t tests = 0;
    double least = 0;
    if (!sortable || !order)
        abort();
    for (size_t i = 0; i < m; i++) {
        sortable[i] = isnan(p[i]) ? INFINITY : p[i];
        tests += isnan(p[i]) ? 0 : 1;
    }
    gsl_sort_index(order, sortable, 1, m);
    for (size_t i = 0; i < tests; i++) {
        least = fmin(1, fmax(least, p[order[i]] * (double)(tests - i)));
        p[order[i]] = least;
    }
}
