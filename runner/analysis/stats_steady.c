/* The steady state of a series: without outliers, by changepoints, into classes. */
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats.h"
#include "base/stats_series.h"

#define WINDOW     200
#define POINTS_MAX 4000

const char *const stats_steady_names[] = {"flat", "warmup", "slowdown", "no steady state", "inconsistent", "unknown"};

/* --- PELT ------------------------------------------------------------------------------------------------------ */

/* Running sums of the values minus their mean: a segment's cost needs no loop, and squares do not cancel. */
struct sums {
    double *x, *xx;
    double least_variance; /* a segment of equal values would otherwise cost minus infinity */
};

static double *room_for(size_t n)
{
    return xcalloc(n + 1, sizeof(double));
}

static void sums_free(struct sums *s)
{
    free(s->x);
    free(s->xx);
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

/* The search at value t. A beginning b sleeps while it cannot be the best one, since each step would cost a logarithm
 * for each beginning: of a flat series PELT drops none. Its cost over k values more is at least what it would be if
 * they all lay at its mean: C(n + k) >= C(n) + k (ln 2 pi v + 1) + (n + k) ln(n / (n + k)), which is concave in k, so
 * over AHEAD values its chord is a bound that grows by the same each value. The best one's cost is at most that of the
 * last segment that was best, were it to go on. */
#define AHEAD  48
#define MARGIN 1e-6 /* far above rounding, far below any relevant difference of costs */

struct search {
    const struct sums *sums;
    size_t n;
    double penalty;
    double *best;  /* [t]: the cost of the first t values in their best segments */
    size_t *last;  /* [t]: where the last of those begins */
    double *above; /* [t]: an upper bound of best[t] */
    double *chord; /* [n]: the bound's part that the length alone decides, a value */
    size_t *awake; /* [t]: the first beginning that is looked at again there; next[b]: the one after b; n: none */
    size_t *next;
    double *cost; /* [b]: when it was looked at last, with what is before it and the penalty */
    bool *is_out; /* [b]: PELT has dropped it; it is tried once more */
};

static double cost_of(const struct search *s, size_t begin, size_t end)
{
    return s->best[begin] + cost(s->sums, begin, end) + s->penalty;
}

static void sleep_until(struct search *s, size_t begin, size_t t)
{
    if (t > s->n)
        return;
    s->next[begin] = s->awake[t];
    s->awake[t] = begin;
}

/* Takes the first of equal ones, as if all had been tried in order. */
static void find_best_at(struct search *s, size_t t)
{
    s->best[t] = INFINITY;
    for (size_t b = s->awake[t]; b < s->n; b = s->next[b]) {
        s->cost[b] = cost_of(s, b, t);
        bool is_first = b < s->last[t];
        if (s->cost[b] < s->best[t] || (s->cost[b] == s->best[t] && is_first)) {
            s->best[t] = s->cost[b];
            s->last[t] = b;
        }
    }
}

/* The most that the best cost can grow per value over the next AHEAD values. */
static double look_ahead(struct search *s, size_t t)
{
    size_t end = t + AHEAD < s->n ? t + AHEAD : s->n;
    size_t from = t > 2 && s->last[t] == s->last[t - 1] ? end : t + 1; /* the others were tried one value ago */
    double growth = -INFINITY;
    for (size_t i = from; i <= end && i > t; i++)
        s->above[i] = fmin(s->above[i], cost_of(s, s->last[t], i));
    for (size_t i = t + 1; i <= end; i++) {
        double one = (s->above[i] - s->best[t]) / (double)(i - t);
        growth = one > growth ? one : growth;
    }
    return growth;
}

/* PELT's step: a beginning that is worse than a change at t stays worse. It ends at t + 1 once more, since a segment
 * that begins at t cannot. */
static void put_to_sleep(struct search *s, size_t t, double growth)
{
    for (size_t b = s->awake[t], then; b < s->n; b = then) {
        double len = (double)(t - b), above_best = s->cost[b] - s->best[t];
        double slope = (s->cost[b] - s->penalty - s->best[b]) / len - 1 + s->chord[t - b];
        double k = growth > slope ? (above_best - MARGIN) / (growth - slope) : AHEAD;
        then = s->next[b];
        if (s->is_out[b])
            continue;
        s->is_out[b] = above_best > s->penalty;
        sleep_until(s, b, t + 1 + (s->is_out[b] || !(k >= 1) ? 0 : k < AHEAD ? (size_t)k : AHEAD));
    }
}

/* A lower bound of the cost of values begin … end-1, of which a part may belong to a segment that is longer: the least
 * that a Gaussian of any mean, and of a variance from the least one on, makes of them. It never grows where values are
 * parted. */
static double bound(const struct sums *s, size_t begin, size_t end)
{
    double n = (double)(end - begin), sum = s->x[end] - s->x[begin];
    double variance = fmax((s->xx[end] - s->xx[begin] - sum * sum / n) / n, 0);
    return variance >= s->least_variance ? n * (log(2 * M_PI * variance) + 1)
                                         : n * (log(2 * M_PI * s->least_variance) + variance / s->least_variance);
}

/* Values begin … end-1 with a change within, less its penalty: by the best place of one; two and more cost another
 * penalty, and gain no more than if each value were a segment of the least variance. */
static double broken(const struct sums *s, size_t begin, size_t end, double penalty)
{
    double least = penalty + (double)(end - begin) * log(2 * M_PI * s->least_variance);
    for (size_t i = begin + 1; i < end; i++)
        least = fmin(least, bound(s, begin, i) + bound(s, i, end));
    return least;
}

/* Whether it is certain that one segment is best. Most series are flat, and for those the search takes longest. Any
 * segments are, over blocks of a few values, runs of whole blocks between blocks that a change breaks; the cheapest
 * such row bounds them all. */
static bool is_one_segment(const struct sums *s, size_t n, double penalty)
{
    size_t block = (size_t)(penalty / 9), blocks = block ? (n + block - 1) / block : 0;
    if (blocks == 0)
        return false;
    /* [i]: the least cost of the first i blocks where the last of them is of a run, or is broken */
    cleanup_free double *run = room_for(blocks + 1), *cut = room_for(blocks + 1);
    double least = INFINITY;
    cut[0] = 0;
    run[0] = INFINITY;
    for (size_t i = 1; i <= blocks; i++) {
        size_t begin = (i - 1) * block, end = i * block < n ? i * block : n;
        cut[i] = fmin(run[i - 1], cut[i - 1]) + penalty + broken(s, begin, end, penalty);
        run[i] = INFINITY;
        for (size_t k = i == blocks; k < i; k++) /* all of it as one run is what the others are held against */
            run[i] = fmin(run[i], fmin(cut[k], run[k] + penalty) + bound(s, k * block, end));
        least = fmin(run[i], cut[i]);
    }
    return least > cost(s, 0, n) + MARGIN;
}

static void find_all(struct search *s)
{
    for (size_t i = 0; i <= s->n; i++)
        s->awake[i] = s->n;
    s->best[0] = -s->penalty;
    s->best[1] = INFINITY;
    for (size_t i = 2; i <= s->n; i++) {
        s->above[i] = cost_of(s, 0, i);
        s->chord[i] = (double)(i + AHEAD) / AHEAD * log((double)i / (double)(i + AHEAD));
    }
    sleep_until(s, 0, 2);
    for (size_t t = 2; t <= s->n; t++) {
        find_best_at(s, t);
        put_to_sleep(s, t, look_ahead(s, t));
        if (t >= 3) /* the next segment that ends has two values at least */
            sleep_until(s, t - 1, t + 1);
    }
}

size_t stats_pelt(const double *x, size_t n, double penalty, size_t *ends)
{
    struct sums s __attribute__((cleanup(sums_free))) = sums_of(x, n);
    if (is_one_segment(&s, n, penalty)) {
        ends[0] = n;
        return 1;
    }
    cleanup_free double *best = room_for(n), *above = room_for(n), *chord = room_for(n), *with = room_for(n);
    cleanup_free size_t *last = xcalloc(n + 1, sizeof(*last)), *awake = xcalloc(n + 1, sizeof(*awake));
    cleanup_free size_t *next = xcalloc(n + 1, sizeof(*next));
    cleanup_free bool *is_out = xcalloc(n + 1, sizeof(*is_out));
    size_t segments = 0;
    find_all(&(struct search){&s, n, penalty, best, last, above, chord, awake, next, with, is_out});
    for (size_t t = n; t > 0; t = last[t])
        segments++;
    size_t i = segments;
    for (size_t t = n; t > 0; t = last[t])
        ends[--i] = t;
    return segments;
}

/* --- the series that is looked at --------------------------------------------------------------------------------- */

/* The points without outliers, and each one's iteration. */
struct points {
    double *y;
    size_t *at;
    size_t n, outliers;
};

static void points_free(struct points *p)
{
    free(p->y);
    free(p->at);
}
#define cleanup_points __attribute__((cleanup(points_free)))

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

/* The first that is not below the value. Halves are added, not branched to: which it is nobody can foretell. */
static size_t rank_in(const struct window *w, size_t len, double value)
{
    const double *at = w->sorted;
    for (; len > 1; len -= len / 2)
        at += (at[len / 2 - 1] < value) * (len / 2);
    return (size_t)(at - w->sorted) + (len > 0 && *at < value);
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
    struct points p = {room_for(n), xcalloc(n, sizeof(*p.at)), 0, 0};
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

/* Replaces every `block` values by their median; an incomplete last block joins the one before. */
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

/* n: 1 or more. Of more than POINTS_MAX values the medians of blocks. ends: as of stats_pelt(), room for n; *block:
 * values a point.
 */
static struct points segments_of(const double *x, size_t n, size_t *ends, size_t *segments, size_t *block)
{
    *block = (n - 1) / POINTS_MAX + 1;
    cleanup_free double *fewer = room_for(n / *block);
    struct points p = *block > 1 ? points_of(fewer, thin_out(x, n, *block, fewer)) : points_of(x, n);
    *segments = stats_pelt(p.y, p.n, 15 * log((double)p.n), ends);
    return p;
}

struct stats_steady_state stats_steady_state(const double *x, size_t n)
{
    if (n < STATS_STEADY_MIN)
        return (struct stats_steady_state){STATS_STEADY_UNKNOWN, n, NAN, 0, 0, "fewer than 20 iterations"};
    size_t segments, block;
    cleanup_free size_t *ends = xcalloc(n + 1, sizeof(*ends));
    cleanup_points struct points p = segments_of(x, n, ends, &segments, &block);
    struct stats_steady_state r = classify(&p, ends, segments);
    r.from = block > 1 && r.class == STATS_NO_STEADY_STATE ? n : r.from * block;
    return r;
}

size_t stats_segments(const double *x, size_t n, struct stats_segment *ret)
{
    size_t segments, block;
    if (n < STATS_STEADY_MIN)
        return 0;
    cleanup_free size_t *ends = xcalloc(n + 1, sizeof(*ends));
    cleanup_points struct points p = segments_of(x, n, ends, &segments, &block);
    for (size_t i = 0; i < segments; i++) {
        size_t from = i ? ends[i - 1] : 0;
        ret[i] = (struct stats_segment){i ? p.at[from] * block : 0, gsl_stats_mean(p.y + from, 1, ends[i] - from)};
    }
    return segments;
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
