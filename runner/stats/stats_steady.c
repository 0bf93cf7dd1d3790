/* The steady state of a series: outliers aside, changepoints, classes. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "stats/stats.h"
#include "stats/stats_series.h"

#define WINDOW     200
#define POINTS_MAX 4000

const char *stats_steady_name(enum stats_steady s)
{
    static const char *const NAMES[] = {"flat", "warmup", "slowdown", "no steady state", "inconsistent", "unknown"};
    return NAMES[s];
}

/* --- PELT ------------------------------------------------------------------------------------------------------ */

/* Running sums of the values less their mean, so that a segment's cost takes no loop and squares do not cancel. */
struct sums {
    double *x, *xx;
    double least_variance; /* below it a segment of equal values would cost minus infinity */
};

static double *room_for(size_t n)
{
    double *p = calloc(n + 1, sizeof(*p)); /* of nothing, too */
    if (!p)
        abort();
    return p;
}

static struct sums sums_of(const double *x, size_t n)
{
    struct sums s = {room_for(n + 1), room_for(n + 1), 0};
    double mean = gsl_stats_mean(x, 1, n);
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        s.x[i + 1] = s.x[i] + d;
        s.xx[i + 1] = s.xx[i] + d * d;
    }
    s.least_variance = fmax(1e-6 * s.xx[n] / (double)n, 1e-300);
    return s;
}

/* Twice the negative log-likelihood of values begin … end-1 at their own mean and variance. */
static double cost(const struct sums *s, size_t begin, size_t end)
{
    double n = (double)(end - begin);
    double sum = s->x[end] - s->x[begin];
    double variance = (s->xx[end] - s->xx[begin] - sum * sum / n) / n;
    return n * (log(2 * M_PI * fmax(variance, s->least_variance)) + 1);
}

/* PELT's step: a beginning that is worse than a change at t - 1 stays worse. Of t - 1 and not of t, since a segment
 * that begins at t cannot end at t + 1. Returns how many stay. */
static size_t prune(const struct sums *s, size_t t, const double *best, size_t *candidate, size_t candidates)
{
    size_t kept = 0;
    for (size_t i = 0; i < candidates; i++) {
        size_t begin = candidate[i];
        if (begin + 2 > t - 1 || best[begin] + cost(s, begin, t - 1) <= best[t - 1])
            candidate[kept++] = begin;
    }
    return kept;
}

/* best[t]: the cost of the first t values in their best segments; last[t]: where the last of those begins. */
static void find_best(const struct sums *s, size_t n, double penalty, double *best, size_t *last)
{
    cleanup_free size_t *candidate = calloc(n + 1, sizeof(*candidate));
    size_t candidates = 1; /* candidate[0] is 0 */
    if (!candidate)
        abort();
    best[0] = -penalty;
    best[1] = INFINITY;
    for (size_t t = 2; t <= n; t++) {
        best[t] = INFINITY;
        for (size_t i = 0; i < candidates; i++) {
            double with = best[candidate[i]] + cost(s, candidate[i], t) + penalty;
            if (with < best[t]) {
                best[t] = with;
                last[t] = candidate[i];
            }
        }
        candidates = prune(s, t, best, candidate, candidates);
        if (t >= 3) /* the next segment that ends has two values at least */
            candidate[candidates++] = t - 1;
    }
}

size_t stats_pelt(const double *x, size_t n, double penalty, size_t *ends)
{
    struct sums s = sums_of(x, n);
    cleanup_free double *best = room_for(n + 1);
    cleanup_free size_t *last = calloc(n + 1, sizeof(*last));
    size_t segments = 0;
    if (!last)
        abort();
    find_best(&s, n, penalty, best, last);
    for (size_t t = n; t > 0; t = last[t])
        segments++;
    size_t i = segments;
    for (size_t t = n; t > 0; t = last[t])
        ends[--i] = t;
    free(s.x);
    free(s.xx);
    return segments;
}

/* --- the series that is looked at --------------------------------------------------------------------------------- */

/* Points without outliers, and the iteration that each stands for. */
struct points {
    double *y;
    size_t *at;
    size_t n, outliers;
};

/* The values of a stretch in ascending order, which moves along: sorting it anew at each value would be what a series
 * of a thousand mostly waits for. */
struct window {
    double *sorted; /* owned */
    size_t begin, len;
};

static struct window window_of(const double *x, size_t n)
{
    struct window w = {room_for(WINDOW), 0, n < WINDOW ? n : WINDOW};
    memcpy(w.sorted, x, w.len * sizeof(*x));
    (void)stats_median(w.sorted, w.len); /* sorts them */
    return w;
}

/* The first that is not below the value. */
static size_t rank_in(const struct window *w, size_t len, double value)
{
    size_t low = 0, high = len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void move_to(struct window *w, const double *x, size_t begin)
{
    for (; w->begin < begin; w->begin++) {
        size_t out = rank_in(w, w->len, x[w->begin]), rest = w->len - 1;
        memmove(w->sorted + out, w->sorted + out + 1, (rest - out) * sizeof(*x));
        size_t in = rank_in(w, rest, x[w->begin + w->len]);
        memmove(w->sorted + in + 1, w->sorted + in, (rest - in) * sizeof(*x));
        w->sorted[in] = x[w->begin + w->len];
    }
}

/* median -+ 3 (p90 - p10) of the window of the value. */
static bool is_outlier(const double *x, size_t n, size_t i, struct window *w)
{
    size_t begin = i > WINDOW / 2 ? i - WINDOW / 2 : 0;
    if (begin + w->len > n)
        begin = n - w->len;
    move_to(w, x, begin);
    double median = gsl_stats_median_from_sorted_data(w->sorted, 1, w->len);
    double reach = 3 * (stats_quantile7(w->sorted, w->len, 0.9) - stats_quantile7(w->sorted, w->len, 0.1));
    return reach > 0 && fabs(x[i] - median) > reach;
}

static struct points points_of(const double *x, size_t n)
{
    struct points p = {room_for(n), calloc(n + 1, sizeof(*p.at)), 0, 0};
    if (!p.at)
        abort();
    struct window window = window_of(x, n);
    for (size_t i = 0; i < n; i++) {
        if (is_outlier(x, n, i, &window)) {
            p.outliers++;
            continue;
        }
        p.y[p.n] = x[i];
        p.at[p.n++] = i;
    }
    free(window.sorted);
    return p;
}

/* Every `block` values by their median; what does not fill a block at the end joins the last. */
static size_t thin_out(const double *x, size_t n, size_t block, double *ret)
{
    size_t count = n / block;
    cleanup_free double *work = room_for(2 * block);
    for (size_t i = 0; i < count; i++) {
        size_t len = i + 1 < count ? block : n - i * block;
        memcpy(work, x + i * block, len * sizeof(*x));
        ret[i] = stats_median(work, len);
    }
    return count;
}

/* --- classes ---------------------------------------------------------------------------------------------------- */

static struct stats_steady_state classify(const struct points *p, const size_t *ends, size_t segments)
{
    size_t begin = segments > 1 ? ends[segments - 2] : 0;
    double mean = gsl_stats_mean(p->y + begin, 1, p->n - begin);
    double near = fmax(sqrt(gsl_stats_variance_m(p->y + begin, 1, p->n - begin, mean)), 0.01 * fabs(mean));
    struct stats_steady_state r = {STATS_FLAT, 0, mean, segments - 1, p->outliers, NULL};
    double fastest = mean;
    size_t first = 0; /* the first point after the last segment that is not equivalent */
    for (size_t i = 0; i + 1 < segments; i++) {
        size_t from = i ? ends[i - 1] : 0;
        double other = gsl_stats_mean(p->y + from, 1, ends[i] - from);
        if (fabs(other - mean) <= near)
            continue;
        first = ends[i];
        fastest = fmin(fastest, other);
    }
    r.from = first ? p->at[first] : 0;
    if (first > p->n - p->n / 4) {
        r = (struct stats_steady_state){STATS_NO_STEADY_STATE, p->at[p->n - 1] + 1, NAN, r.changes, r.outliers, NULL};
    } else if (first > 0) {
        r.class = fastest < mean ? STATS_SLOWDOWN : STATS_WARMUP;
    }
    return r;
}

static struct stats_steady_state of_points(const double *x, size_t n)
{
    struct points p = points_of(x, n);
    cleanup_free size_t *ends = calloc(n + 1, sizeof(*ends));
    if (!ends)
        abort();
    size_t segments = stats_pelt(p.y, p.n, 15 * log((double)p.n), ends);
    struct stats_steady_state r = classify(&p, ends, segments);
    free(p.y);
    free(p.at);
    return r;
}

struct stats_steady_state stats_steady_state(const double *x, size_t n)
{
    if (n < STATS_STEADY_MIN)
        return (struct stats_steady_state){STATS_STEADY_UNKNOWN, n, NAN, 0, 0, "fewer than 20 iterations"};
    if (n <= POINTS_MAX)
        return of_points(x, n);
    size_t block = (n + POINTS_MAX - 1) / POINTS_MAX;
    cleanup_free double *fewer = room_for(n / block + 1);
    struct stats_steady_state r = of_points(fewer, thin_out(x, n, block, fewer));
    r.from = r.class == STATS_NO_STEADY_STATE ? n : r.from * block;
    return r;
}

static size_t segments_of(const double *x, size_t n, size_t block, struct stats_segment *ret)
{
    struct points p = points_of(x, n);
    cleanup_free size_t *ends = calloc(n + 1, sizeof(*ends));
    if (!ends)
        abort();
    size_t segments = stats_pelt(p.y, p.n, 15 * log((double)p.n), ends);
    for (size_t i = 0; i < segments; i++) {
        size_t from = i ? ends[i - 1] : 0;
        ret[i] = (struct stats_segment){i ? p.at[from] * block : 0, gsl_stats_mean(p.y + from, 1, ends[i] - from)};
    }
    free(p.y);
    free(p.at);
    return segments;
}

size_t stats_segments(const double *x, size_t n, struct stats_segment *ret)
{
    if (n < STATS_STEADY_MIN)
        return 0;
    if (n <= POINTS_MAX)
        return segments_of(x, n, 1, ret);
    size_t block = (n + POINTS_MAX - 1) / POINTS_MAX;
    cleanup_free double *fewer = room_for(n / block + 1);
    return segments_of(fewer, thin_out(x, n, block, fewer), block, ret);
}

enum stats_steady stats_steady_of_all(const enum stats_steady *classes, size_t n)
{
    enum stats_steady all = STATS_STEADY_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        if (classes[i] == STATS_STEADY_UNKNOWN)
            continue;
        if (all != STATS_STEADY_UNKNOWN && all != classes[i])
            return STATS_INCONSISTENT;
        all = classes[i];
    }
    return all;
}
