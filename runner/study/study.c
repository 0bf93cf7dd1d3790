#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "compare/compare.h"
#include "report/cells.h"
#include "stats/stats.h"

/* As `tare compare` has them. */
#define CONFIDENCE 0.95
#define MARGIN     0.02
#define SEED       1
#define RESAMPLES  2000

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

static void summarise(const struct study_cell *c, size_t index, struct study_figure *f)
{
    cleanup_free double *value = room_for(c->count, sizeof(*value));
    for (size_t i = 0; i < c->count; i++) {
        struct figure one = invocation_figure(c->invocation[i], index);
        if (c->invocation[i]->ok && isfinite(one.value))
            value[f->used++] = one.value;
        else
            f->why_not = c->invocation[i]->ok        ? one.why_not
                         : *c->invocation[i]->detail ? c->invocation[i]->detail
                                                     : c->invocation[i]->termination;
    }
    f->median = f->min = f->max = NAN;
    f->mean = stats_mean_interval(value, f->used, CONFIDENCE);
    if (f->used == 0)
        return;
    f->why_not = NULL;
    f->median = stats_median(value, f->used); /* sorts them */
    f->min = value[0];
    f->max = value[f->used - 1];
}

static void summarise_all(const struct study *s, struct study_cell *c)
{
    c->figure = room_for(s->records.names, sizeof(*c->figure));
    for (size_t i = 0; i < s->records.names; i++) {
        summarise(c, i, &c->figure[i]);
        c->figure[i].ratio =
            stats_no_interval(NAN, CONFIDENCE, "there are no threads of the same cell to compare with");
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

/* These invocations as a set of records of its own, which borrows everything but the list. */
static struct records records_of(const struct study *s, const struct study_cell *c)
{
    struct records r = s->records;
    r.list = room_for(c->count, sizeof(*r.list));
    r.count = r.cap = c->count;
    for (size_t i = 0; i < c->count; i++) {
        r.list[i] = *c->invocation[i];
        r.list[i].iteration_s = NULL; /* the series was classed once, and not for every figure anew */
    }
    return r;
}

static void take_row(const struct compare_row *row, struct study_figure *f)
{
    f->ratio = row->ratio95;
    f->finding = compare_finding_name(row->finding);
    if (f->used == 0 || isnan(f->ratio.at))
        f->finding = NULL;
}

static void take_ratios(struct study *s, struct study_cell *c)
{
    cleanup_free const char **names =
        room_for(s->records.names, sizeof(*names)); /* NOLINT(bugprone-sizeof-expression) */
    struct records a = records_of(s, c->base), b = records_of(s, c);
    struct comparison compared;
    struct err why = {0};
    for (size_t i = 0; i < s->records.names; i++)
        names[i] = s->records.name[i].name;
    struct compare_options how = {
        .figure = names, .figures = s->records.names, .margin = MARGIN, .seed = SEED, .resamples = RESAMPLES};
    if (compare_records(&a, &b, &how, &compared, &why) == 0) {
        for (size_t i = 0; i < compared.rows; i++)
            take_row(&compared.row[i], &c->figure[i]);
        comparison_free(&compared);
    } else {
        const char *kept = pool_keep(s->records.pool, why.text);
        for (size_t i = 0; i < s->records.names; i++)
            c->figure[i].ratio = stats_no_interval(NAN, CONFIDENCE, kept);
    }
    free(a.list);
    free(b.list);
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
    for (size_t i = 0; i < s->cells; i++) {
        s->cell[i].base = base_of(s, &s->cell[i]);
        if (s->cell[i].base && s->cell[i].base != &s->cell[i])
            take_ratios(s, &s->cell[i]);
    }
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
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < count; i++)
        failed = records_read(&r, paths[i], e);
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
