#include "analysis/plan_size.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/compare.h"
#include "analysis/number.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"

/* One cell's pilot invocations, as the tree for the formulas. */
struct pilot {
    struct stats_unit *unit; /* owned: iterations by invocation; the records own the values */
    double *mean;            /* owned: by invocation its mean, or its figure */
    size_t count;
};

/* An invocation's iterations from its steady state on; without one all of them. */
static struct stats_unit steady_part(const struct invocation *i, struct size_row *row, enum stats_steady *class)
{
    struct stats_steady_state s = stats_steady_state(i->iteration_s, i->iterations);
    size_t from = s.class == STATS_WARMUP || s.class == STATS_SLOWDOWN ? s.from : 0;
    *class = s.class;
    if (from > row->skipped)
        row->skipped = from;
    return (struct stats_unit){.value = i->iteration_s + from, .n = i->iterations - from};
}

static void take_iterations(const struct cell_group *g, struct size_row *row, struct pilot *p)
{
    cleanup_free enum stats_steady *class = xcalloc(g->count, sizeof(*class));
    double correlation = 0, overhead = 0;
    size_t correlated = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct invocation *one = g->invocation[i];
        row->failed += !one->ok;
        if (!one->ok || one->iterations == 0)
            continue;
        struct stats_unit unit = steady_part(one, row, &class[p->count]);
        double r = stats_autocorrelation(unit.value, unit.n, 1);
        correlation += isnan(r) ? 0 : r;
        correlated += isnan(r) ? 0 : 1;
        overhead += one->overhead_s;
        row->iterations = p->count == 0 || unit.n < row->iterations ? unit.n : row->iterations;
        p->mean[p->count] = stats_unit_mean(&unit);
        p->unit[p->count++] = unit;
    }
    row->steady = stats_steady_of_all(class, p->count);
    row->autocorrelation = correlated ? correlation / (double)correlated : NAN;
    row->independent = row->iterations ? 1.96 / sqrt((double)row->iterations) : NAN;
    row->overhead_s = p->count ? overhead / (double)p->count : NAN;
}

static void take_figures(const struct cell_group *g, int index, struct size_row *row, struct pilot *p)
{
    for (size_t i = 0; i < g->count; i++) {
        struct figure f = invocation_figure(g->invocation[i], (size_t)index);
        row->failed += !g->invocation[i]->ok;
        if (g->invocation[i]->ok && !isnan(f.value))
            p->mean[p->count++] = f.value;
    }
}

/* The number of iterations per invocation: the cheapest, or the pilot's if that is unknown. */
static double choose_iterations(struct size_row *row)
{
    const double *t2 = row->part.t2;
    double pilot = fmax(1, (double)row->iterations);
    if (isnan(row->overhead_s))
        row->iterations_why = "the pilot's: the records do not say what an invocation takes besides its iterations";
    else if (t2[1] <= 0)
        row->iterations_why = "the pilot's: invocations differ no more than their iterations make them";
    if (row->iterations_why)
        return pilot;
    return stats_optimal_repetitions(t2[0], t2[1], row->part.mean, row->overhead_s);
}

/* Two cells of this spread, as if of one invocation each. */
static size_t to_compare(const char *figure, double s2, double mean, double precision)
{
    const bool slopes = figure_is_slope(figure);
    const struct analysis_ratio two = {.method = ANALYSIS_WELCH,
                                       .is_difference = slopes,
                                       .tolerance = ANALYSIS_GROWTH_MARGIN,
                                       .variance = 2 * s2 / (slopes ? 1 : mean * mean),
                                       .a_used = 1,
                                       .b_used = 1};
    return number_enough(analysis_runs(&two, precision, ANALYSIS_CONFIDENCE));
}

static void recommend(struct size_row *row, double precision)
{
    const bool relative = fabs(row->part.mean) > 0, of_iterations = row->of_iterations && relative;
    double r1 = of_iterations ? (double)number_enough((size_t)choose_iterations(row)) : 1;
    const double *t2 = row->part.t2;
    double s2 = of_iterations ? fmax(0, t2[1]) + t2[0] / r1 : t2[0];
    size_t n = relative ? stats_units_for_precision(s2, row->part.mean, precision, PLAN_SIZE_CAP) : 0;
    if (relative || figure_is_slope(row->figure))
        row->compare_invocations = to_compare(row->figure, s2, row->part.mean, precision);
    if (!relative)
        row->why_not = "the mean is 0: no precision relative to it";
    else if (n >= PLAN_SIZE_CAP)
        row->why_not = "out of reach: more than 100000 invocations";
    if (row->why_not)
        return;
    row->want_iterations = row->of_iterations ? (size_t)r1 : 0;
    row->want_invocations = number_enough(n);
    row->total_s = row->of_iterations ? (double)row->want_invocations * (row->overhead_s + r1 * row->part.mean) : NAN;
}

static void judge(struct size_row *row, const struct pilot *p, double precision)
{
    const struct stats_unit values = {.value = p->mean, .n = p->count}, tree = {.unit = p->unit, .n = p->count};
    struct stats_interval i = stats_mean_interval(p->mean, p->count, ANALYSIS_CONFIDENCE);
    row->invocations = p->count;
    row->half_width = (i.high - i.low) / 2 / fabs(i.at);
    row->half_width_why = i.why_not ? i.why_not : fabs(i.at) > 0 ? NULL : "the mean is 0";
    row->part = stats_variance_components(row->of_iterations ? &tree : &values, row->of_iterations ? 2 : 1);
    row->iteration_s = row->of_iterations ? row->part.mean : NAN;
    row->total_s = NAN;
    if (p->count < 2)
        row->why_not = "fewer than two invocations: nothing tells how they differ";
    else if (row->part.why_not)
        row->why_not = row->part.why_not;
    else
        recommend(row, precision);
}

static void size_cell(const struct records *r, const struct cell_group *g, const char *figure, double precision,
                      struct size_row *row)
{
    struct pilot p = {xcalloc(g->count, sizeof(*p.unit)), xcalloc(g->count, sizeof(*p.mean)), 0};
    *row = (struct size_row){.figure = figure,
                             .of_iterations = strcmp(figure, "avg_iter_s") == 0,
                             .steady = STATS_STEADY_UNKNOWN,
                             .autocorrelation = NAN,
                             .independent = NAN,
                             .overhead_s = NAN};
    if (row->of_iterations)
        take_iterations(g, row, &p);
    else
        take_figures(g, records_figure(r, figure), row, &p);
    judge(row, &p, precision);
    free(p.unit);
    free(p.mean);
}

static int check_figures(const struct records *r, const char *const *figure, size_t figures, struct err *e)
{
    for (size_t i = 0; i < figures; i++)
        if (records_figure(r, figure[i]) < 0)
            return err_set(e, ERR_USAGE, -EINVAL, "--figure '%s': the records have none of this name", figure[i]);
    return 0;
}

int plan_size(const struct records *r, const char *const *figure, size_t figures, double precision,
              struct plan_size *ret, struct err *e)
{
    TRY(check_figures(r, figure, figures, e));
    struct cell_groups g = cells_group(r, false);
    cleanup_free const struct keyset **all = xcalloc(g.count, sizeof(const struct keyset *));
    for (size_t i = 0; i < g.count; i++)
        all[i] = g.list[i].cell;
    const size_t each = figures ? figures : 1;
    size_t keys = 0;
    cleanup_free const char **key = cells_differing(all, g.count, &keys);
    *ret = (struct plan_size){xcalloc(g.count * each, sizeof(*ret->row)), 0, precision};
    for (size_t i = 0; i < g.count; i++) {
        const struct cell_pair alone = {&g.list[i], &g.list[i]};
        const char *const own = compare_own_figure(r, r, &alone);
        for (size_t f = 0; f < each; f++) {
            struct size_row *row = &ret->row[ret->rows++];
            size_cell(r, &g.list[i], figures ? figure[f] : own, precision, row);
            row->label = cells_label(g.list[i].cell, key, keys);
        }
    }
    cells_free(&g);
    return 0;
}

void plan_size_free(struct plan_size *p)
{
    for (size_t i = 0; i < p->rows; i++)
        free(p->row[i].label);
    free(p->row);
    *p = (struct plan_size){0};
}
