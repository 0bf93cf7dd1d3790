#include "analysis/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/compare.h"
#include "analysis/words.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/stats.h"

#define CONFIDENCE ANALYSIS_CONFIDENCE

static void *room_for(size_t count, size_t size)
{
    void *p = calloc(count + 1, size);
    if (!p)
        abort();
    return p;
}

bool study_is_memory(const struct study_cell *c)
{
    return strcmp(c->profile, "memory") == 0;
}

const struct study_figure *study_figure(const struct study *s, const struct study_cell *c, const char *name)
{
    int index = records_figure(&s->records, name);
    return index < 0 ? NULL : &c->figure[index];
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct pairs *cell, const char *key)
{
    const char *value = pairs_find(cell, key);
    return value ? value : "";
}

/* An invocation and the value that it is ranked by. */
struct ranked {
    const struct invocation *invocation;
    double value;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return strcmp(x->invocation->id, y->invocation->id);
}

static const struct invocation *typical_of(const struct records *r, const struct study_cell *c)
{
    cleanup_free struct ranked *list = room_for(c->count, sizeof(*list));
    int avg = records_figure(r, "avg_iter_s");
    size_t n = 0;
    for (size_t i = 0; avg >= 0 && i < c->count; i++) {
        double value = invocation_figure(c->invocation[i], (size_t)avg).value;
        if (c->invocation[i]->ok && isfinite(value))
            list[n++] = (struct ranked){c->invocation[i], value};
    }
    qsort(list, n, sizeof(*list), compare_ranked);
    return n ? list[(n - 1) / 2].invocation : NULL;
}

static enum stats_steady steady_of(const struct study_cell *c)
{
    cleanup_free enum stats_steady *class = room_for(c->count, sizeof(*class));
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->invocation[i]->ok)
            class[n++] = c->invocation[i]->steady;
    return stats_steady_of_all(class, n);
}

static struct study_cell cell_of(const struct records *r, struct cell_group *g)
{
    const char *workers = pairs_find(g->cell, "workers");
    struct study_cell c = {.cell = g->cell,
                           .invocation = g->invocation,
                           .count = g->count,
                           .scenario = value_of(g->cell, "name"),
                           .mode = value_of(g->cell, "mode"),
                           .start = value_of(g->cell, "mp_start_method"),
                           .runtime = value_of(g->cell, "runtime"),
                           .profile = value_of(g->cell, "profile"),
                           .workers = workers ? strtod(workers, NULL) : NAN};
    g->invocation = NULL; /* the cell's from here on */
    for (size_t i = 0; i < c.count; i++) {
        c.ok += c.invocation[i]->ok;
        c.emulated |= c.invocation[i]->ok && c.invocation[i]->kind == RECORD_EMULATED;
    }
    c.typical = typical_of(r, &c);
    c.steady = steady_of(&c);
    return c;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

/* The figure's values in the order of time; the caller's. why: of the last invocation that has none. */
static struct analysis_value *values_of(const struct study_cell *c, size_t index, size_t *count, const char **why)
{
    struct analysis_value *value = room_for(c->count, sizeof(*value));
    *count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct invocation *one = c->invocation[i];
        struct figure f = invocation_figure(one, index);
        if (one->ok && isfinite(f.value))
            value[(*count)++] = (struct analysis_value){f.value, one->node, one->block};
        else if (why)
            *why = one->ok ? f.why_not : *one->detail ? one->detail : one->termination;
    }
    return value;
}

static void summarise_all(const struct study *s, struct study_cell *c)
{
    c->figure = room_for(s->records.names, sizeof(*c->figure));
    for (size_t i = 0; i < s->records.names; i++) {
        struct study_figure *f = &c->figure[i];
        cleanup_free struct analysis_value *value = values_of(c, i, &f->used, &f->why_not);
        f->is = analysis_summary(value, f->used, ANALYSIS_NO_DIP);
        f->why_not = f->used > 0 ? f->is.mean.why_not && isnan(f->is.mean.at) ? f->is.mean.why_not : NULL : f->why_not;
        f->of = (struct analysis_ratio){.log = NAN, .why_not = "there are no threads of the same cell to compare with"};
        f->verdict.ratio = stats_no_interval(NAN, CONFIDENCE, f->of.why_not);
    }
}

/* --- the base ----------------------------------------------------------------------------------------------------- */

/* The fewer, the more it is what is weighed against. */
static int base_rank(const struct study_cell *c)
{
    const char *free_threaded = pairs_find(c->invocation[0]->environment, "runtime.free_threaded");
    if (strcmp(c->runtime, "native") == 0)
        return 2;
    return free_threaded && strcmp(free_threaded, "true") == 0 ? 0 : 1;
}

static const struct study_cell *base_of(const struct study *s, const struct study_cell *c)
{
    const struct study_cell *best = NULL;
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *one = &s->cell[i];
        if (strcmp(one->mode, "threads") != 0 || !cells_alike(one->cell, c->cell, "mode,mp_start_method,runtime"))
            continue;
        if (!best || base_rank(one) < base_rank(best))
            best = one;
    }
    return best;
}

/* --- ratios ------------------------------------------------------------------------------------------------------- */

/* Why the two are not compared in this figure, or NULL. */
static const char *incomparable(const struct study *s, const struct study_cell *a, const struct study_cell *b,
                                const char *figure)
{
    const struct study_cell *const side[] = {a, b};
    unsigned kinds = 0;
    for (size_t k = 0; k < ARRAY_LEN(side); k++)
        for (size_t i = 0; i < side[k]->count; i++)
            kinds |= side[k]->invocation[i]->ok ? 1U << side[k]->invocation[i]->kind : 0;
    if (kinds & (kinds - 1))
        return "the two were measured in different ways (in a slice, without one, emulated)";
    return kinds == 1U << RECORD_EMULATED && records_about(&s->records, figure).kind != FIGURE_MEMORY
               ? "the times are emulated and no measure"
               : NULL;
}

static struct analysis_ratio ratio_of(const struct study *s, const struct study_cell *c, size_t index, size_t *runs)
{
    const char *name = s->records.name[index].name, *why = incomparable(s, c->base, c, name);
    size_t a_count = 0, b_count = 0;
    cleanup_free struct analysis_value *a = values_of(c->base, index, &a_count, NULL);
    cleanup_free struct analysis_value *b = values_of(c, index, &b_count, NULL);
    struct cell_group base = {c->base->cell, c->base->invocation, c->base->count};
    struct cell_group own = {c->cell, c->invocation, c->count};
    struct analysis_ratio r = analysis_ratio(a, a_count, b, b_count, cells_are_of_one_run(&base, &own),
                                             records_about(&s->records, name).resolution, NULL);
    *runs = a_count < b_count ? a_count : b_count;
    if (why)
        r = (struct analysis_ratio){.log = NAN, .why_not = why};
    return r;
}

/* The index of the figure that a cell is run for, as tare compare takes it; names: there is none. */
static size_t own_figure(const struct study *s, const struct study_cell *c)
{
    struct cell_group a = {c->base->cell, c->base->invocation, c->base->count}, b = {c->cell, c->invocation, c->count};
    const struct cell_pair pair = {&a, &b};
    int index = records_figure(&s->records, compare_own_figure(&s->records, &s->records, &pair));
    return index < 0 ? s->records.names : (size_t)index;
}

static void judge(struct study_figure *const *family, size_t count)
{
    cleanup_free struct analysis_ratio *ratio = room_for(count, sizeof(*ratio));
    cleanup_free struct analysis_verdict *verdict = room_for(count, sizeof(*verdict));
    for (size_t i = 0; i < count; i++)
        ratio[i] = family[i]->of;
    analysis_judge(ratio, count, STUDY_MARGIN, verdict);
    for (size_t i = 0; i < count; i++)
        family[i]->verdict = verdict[i];
}

/* The cells' own figures are the last family. */
static void take_ratios(struct study *s)
{
    cleanup_free struct study_figure **family = room_for(s->cells, sizeof(struct study_figure *));
    for (size_t f = 0; f <= s->records.names; f++) {
        size_t n = 0;
        for (size_t i = 0; i < s->cells; i++) {
            struct study_cell *c = &s->cell[i];
            if (!c->base || c->base == c)
                continue;
            size_t own = own_figure(s, c), index = f == s->records.names ? own : f;
            if (index == s->records.names || (f < s->records.names && f == own))
                continue;
            family[n] = &c->figure[index];
            family[n]->of = ratio_of(s, c, index, &family[n]->runs);
            n++;
        }
        if (n > 0)
            judge(family, n);
    }
}

const char *study_verdict(const struct study *s, const struct study_cell *c, size_t index, char *buf)
{
    const struct study_figure *f = &c->figure[index];
    const struct figure_about about = s->records.name[index].about;
    if (!c->base || c->base == c || f->used == 0 || isnan(f->verdict.ratio.at))
        return "";
    return words_verdict(&f->verdict, &about, STUDY_MARGIN, f->runs, buf);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void work_out(struct study *s)
{
    struct cell_groups g = cells_group_halves(&s->records);
    s->cell = room_for(g.count, sizeof(*s->cell));
    s->cells = g.count;
    for (size_t i = 0; i < g.count; i++)
        s->cell[i] = cell_of(&s->records, &g.list[i]);
    cells_free(&g);
    qsort(s->cell, s->cells, sizeof(*s->cell), study_compare_cells);
    study_name_cells(s);
    for (size_t i = 0; i < s->cells; i++)
        summarise_all(s, &s->cell[i]);
    for (size_t i = 0; i < s->cells; i++)
        s->cell[i].base = base_of(s, &s->cell[i]);
    take_ratios(s);
}

void study_make(struct records *r, struct study *ret)
{
    records_sort(r);
    *ret = (struct study){.records = *r};
    work_out(ret);
}

int study_read(const char *const *paths, size_t count, bool drawn, struct study *ret, struct err *e)
{
    struct records r = {.with_steady = true, .with_iterations = drawn, .with_details = true, .with_points = drawn};
    int failed = records_read_all(&r, paths, count, e);
    if (failed != 0) {
        records_free(&r);
        return failed;
    }
    study_make(&r, ret);
    ret->is_owner = true;
    return 0;
}

void study_free(struct study *s)
{
    for (size_t i = 0; i < s->cells; i++) {
        free(s->cell[i].invocation);
        free(s->cell[i].figure);
        free(s->cell[i].id);
        free(s->cell[i].label);
    }
    free(s->cell);
    if (s->is_owner)
        records_free(&s->records);
    *s = (struct study){0};
}
