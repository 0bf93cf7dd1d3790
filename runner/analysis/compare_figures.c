/* One cell and one figure: both sides' invocations in the order of time, and what the analysis makes of them. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "analysis/noise.h"
#include "base/cleanup.h"

static void *room_for(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    if (!p)
        abort();
    return p;
}

/* Counts what cannot be used, and says why. */
static bool is_usable(const struct invocation *i, int index, struct compare_side *side)
{
    struct figure f =
        index < 0 ? (struct figure){NAN, "the record has no such figure"} : invocation_figure(i, (size_t)index);
    if (i->ok && isfinite(f.value))
        return true;
    side->failed += !i->ok;
    side->missing += i->ok;
    side->why_not = i->ok ? f.why_not : *i->detail ? i->detail : i->termination;
    return false;
}

/* An id begins with the time. */
static int compare_times(const void *x, const void *y)
{
    const struct invocation *const *a = x, *const *b = y;
    return strcmp((*a)->id, (*b)->id);
}

/* The values in the order of time; the caller's. */
static struct analysis_value *take_side(const struct records *r, const struct cell_group *g, const char *figure,
                                        const struct compare_options *o, struct compare_side *side)
{
    struct analysis_value *value = room_for(g->count, sizeof(*value));
    cleanup_free const struct invocation **in_time = room_for(g->count, sizeof(const struct invocation *));
    const int index = records_figure(r, figure);
    side->cell = g->cell;
    side->value = room_for(g->count, sizeof(*side->value));
    for (size_t i = 0; i < g->count; i++)
        if (is_usable(g->invocation[i], index, side))
            in_time[side->used++] = g->invocation[i];
    qsort(in_time, side->used, sizeof(const struct invocation *), compare_times);
    for (size_t i = 0; i < side->used; i++) {
        side->value[i] = invocation_figure(in_time[i], (size_t)index).value;
        value[i] = (struct analysis_value){side->value[i], in_time[i]->node, in_time[i]->block};
    }
    gsl_sort(side->value, 1, side->used);
    side->is = analysis_summary(value, side->used, o->seed);
    return value;
}

static void take_steady(const struct cell_group *g, struct compare_side *side)
{
    cleanup_free enum stats_steady *class = calloc(g->count + 1, sizeof(*class));
    size_t n = 0;
    if (!class)
        abort();
    for (size_t i = 0; i < g->count; i++)
        if (g->invocation[i]->ok && g->invocation[i]->iteration_s)
            class[n++] = stats_steady_state(g->invocation[i]->iteration_s, g->invocation[i]->iterations).class;
    side->has_steady = n > 0;
    side->steady = stats_steady_of_all(class, n);
}

/* The mean that is shown beside a ratio is the one that it is of. */
static double mean_of(double of_ratio, const struct compare_side *side)
{
    return isnan(of_ratio) ? side->is.mean.at : of_ratio;
}

struct figure_about compare_about(const struct records *ra, const struct records *rb, const char *figure)
{
    const int ia = records_figure(ra, figure), ib = records_figure(rb, figure);
    const bool is_bs = ib >= 0 && rb->name[ib].declared_by && (ia < 0 || !ra->name[ia].declared_by);
    return records_about(ia < 0 || is_bs ? rb : ra, figure);
}

void compare_figures(const struct records *ra, const struct records *rb, const struct cell_pair *pair,
                     const char *figure, const struct compare_options *o, struct compare_row *row)
{
    row->about = compare_about(ra, rb, figure);
    cleanup_free struct analysis_value *a = take_side(ra, pair->a, figure, o, &row->a);
    cleanup_free struct analysis_value *b = take_side(rb, pair->b, figure, o, &row->b);
    take_steady(pair->a, &row->a);
    take_steady(pair->b, &row->b);
    row->noise = o->noise ? noise_of(o->noise, figure) : (struct analysis_noise){.p = NAN};
    row->ratio = analysis_ratio(a, row->a.used, b, row->b.used, cells_are_of_one_run(pair->a, pair->b),
                                row->about.resolution, &row->noise);
    row->a.mean = mean_of(row->ratio.a_mean, &row->a);
    row->b.mean = mean_of(row->ratio.b_mean, &row->b);
    row->shift = stats_hodges_lehmann(row->a.value, row->a.used, row->b.value, row->b.used);
    row->dominance = stats_cliffs_delta(row->a.value, row->a.used, row->b.value, row->b.used);
}
