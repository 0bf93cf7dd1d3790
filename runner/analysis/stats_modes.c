#include "analysis/stats_modes.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define SIMULATED_MAX 200

/* The empirical distribution in counts: at x[i], i from 0, it steps from i up to i + 1. Its greatest convex minorant
 * goes through lower corners (x[i], i), its least concave majorant through upper ones (x[i], i + 1). */
struct hull {
    size_t *knot; /* ascending indices */
    size_t n;
    bool upper;
};

static double corner(const struct hull *h, size_t i)
{
    return (double)(i + h->upper);
}

/* Whether b lies on the wrong side of the line from a to c, or on it. */
static bool is_inside(const double *x, const struct hull *h, size_t a, size_t b, size_t c)
{
    double cross = (x[b] - x[a]) * (double)(c - a) - (x[c] - x[a]) * (double)(b - a);
    return h->upper ? cross >= 0 : cross <= 0;
}

static void build(struct hull *h, const double *x, size_t low, size_t high)
{
    h->n = 0;
    for (size_t i = low; i <= high; i++) {
        while (h->n >= 2 && is_inside(x, h, h->knot[h->n - 2], h->knot[h->n - 1], i))
            h->n--;
        h->knot[h->n++] = i;
    }
}

/* The hull's height at x[i], between its knots s and s + 1. */
static double height(const struct hull *h, const double *x, size_t s, size_t i)
{
    size_t a = h->knot[s], b = h->knot[s + 1];
    if (x[a] == x[b])
        return corner(h, h->upper ? b : a);
    return corner(h, a) + (x[i] - x[a]) * (double)(b - a) / (x[b] - x[a]);
}

/* The widest gap between the two hulls. */
struct gap {
    double d;
    size_t low, high; /* the remaining modal interval */
};

/* Looks at the gaps at the knots of `at`, each between two knots of `other`. */
static void widen(struct gap *gap, const double *x, const struct hull *at, const struct hull *other)
{
    size_t s = 0;
    for (size_t k = 0; k < at->n; k++) {
        size_t i = at->knot[k];
        while (s + 2 < other->n && other->knot[s + 1] < i)
            s++;
        double d = fabs(height(other, x, s, i) - corner(at, i));
        if (d <= gap->d)
            continue;
        gap->d = d;
        gap->low = at->upper ? (other->knot[s + 1] <= i ? other->knot[s + 1] : other->knot[s]) : i;
        gap->high = at->upper ? i : (other->knot[s] >= i ? other->knot[s] : other->knot[s + 1]);
    }
}

/* The greatest distance between a hull and the distribution over its segments within low … high. */
static double distance(const struct hull *h, const double *x, size_t low, size_t high)
{
    double most = 0;
    for (size_t s = 0; s + 1 < h->n; s++) {
        if (h->knot[s] < low || h->knot[s + 1] > high || x[h->knot[s]] == x[h->knot[s + 1]])
            continue;
        for (size_t i = h->knot[s]; i <= h->knot[s + 1]; i++) {
            double step = h->upper ? (double)i : (double)(i + 1); /* the corner that is farther from the hull */
            most = fmax(most, fabs(height(h, x, s, i) - step));
        }
    }
    return most;
}

/* Narrows the modal interval until nothing is gained (Hartigan and Hartigan's steps i to vii). Counts, doubled. */
static double narrow(const double *x, size_t n, struct hull *convex, struct hull *concave)
{
    double dip = 1;
    size_t low = 0, high = n - 1;
    while (low < high) {
        build(convex, x, low, high);
        build(concave, x, low, high);
        struct gap gap = {0, low, high};
        widen(&gap, x, convex, concave);
        widen(&gap, x, concave, convex);
        if (gap.d <= dip)
            break;
        dip = fmax(dip, fmax(distance(convex, x, low, gap.low), distance(concave, x, gap.high, high)));
        if (gap.low == low && gap.high == high)
            break;
        low = gap.low;
        high = gap.high;
    }
    return dip;
}

double stats_dip(const double *sorted, size_t n)
{
    struct hull convex = {.upper = false}, concave = {.upper = true};
    cleanup_free size_t *knots = xcalloc(2 * n + 1, sizeof(*knots));
    convex.knot = knots;
    concave.knot = knots + n;
    double dip = sorted[0] == sorted[n - 1] ? 1 : narrow(sorted, n, &convex, &concave);
    return dip / (2 * (double)n);
}

double stats_least_step(const double *sorted, size_t n)
{
    double least = INFINITY;
    for (size_t i = 1; i < n; i++)
        if (sorted[i] > sorted[i - 1])
            least = fmin(least, sorted[i] - sorted[i - 1]);
    return isinf(least) ? 0 : least;
}

double stats_dip_of_rounded(const double *sorted, size_t n)
{
    const double step = stats_least_step(sorted, n);
    cleanup_free double *x = xcalloc(n + 1, sizeof(*x));
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && sorted[to] <= sorted[from]; to++)
            ;
        for (size_t i = from; i < to; i++)
            x[i] = sorted[i] + step * (((double)(i - from) + 0.5) / (double)(to - from) - 0.5);
    }
    return stats_dip(x, n);
}

double stats_dip_p(double dip, size_t n, size_t draws, uint64_t seed)
{
    size_t size = n < SIMULATED_MAX ? n : SIMULATED_MAX, greater = 0;
    cleanup_free double *x = calloc(size + 1, sizeof(*x));
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (!x || !rng)
        abort();
    gsl_rng_set(rng, seed);
    double limit = dip * sqrt((double)n / (double)(size ? size : 1)) - 1e-12;
    for (size_t d = 0; n >= 4 && d < draws; d++) {
        for (size_t i = 0; i < size; i++)
            x[i] = gsl_rng_uniform(rng);
        gsl_sort(x, 1, size);
        greater += stats_dip(x, size) >= limit;
    }
    gsl_rng_free(rng);
    return n < 4 ? 1 : (double)(1 + greater) / (double)(1 + draws);
}
