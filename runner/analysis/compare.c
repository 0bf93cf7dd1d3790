#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"

/* --- pairs of cells --------------------------------------------------------------------------------------------------
 */

struct match {
    struct cell_groups a, b;
    struct cell_pair *pair;
    size_t pairs;
};

static void match_free(struct match *m)
{
    cells_free(&m->a);
    cells_free(&m->b);
    free(m->pair);
}

static void add_only(const struct pairs ***list, size_t *count, const struct pairs *cell)
{
    *list = reallocarray(*list, *count + 1,
                         sizeof(const struct pairs *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (!*list)
        abort();
    (*list)[(*count)++] = cell;
}

/* The one group like this cell, NULL: none. -EINVAL: several. */
static int find_like(const struct cell_groups *g, const struct pairs *cell, const char *but,
                     const struct cell_group **ret, struct err *e)
{
    *ret = NULL;
    for (size_t i = 0; i < g->count; i++) {
        if (!cells_alike(g->list[i].cell, cell, but))
            continue;
        if (*ret)
            return err_set(e, ERR_USAGE, -EINVAL,
                           "--across '%s': without these keys '%.200s' and '%.200s' are one cell; name fewer keys", but,
                           (*ret)->cell->text, g->list[i].cell->text);
        *ret = &g->list[i];
    }
    return 0;
}

static int find_pairs(struct match *m, const char *across, struct comparison *ret, struct err *e)
{
    const struct cell_group *like = NULL, *back = NULL;
    int failed = 0;
    m->pair = calloc(m->a.count + 1, sizeof(*m->pair));
    if (!m->pair)
        abort();
    if (m->a.count == 1 && m->b.count == 1) { /* then there is no doubt about what is meant */
        m->pair[m->pairs++] = (struct cell_pair){&m->a.list[0], &m->b.list[0]};
        return 0;
    }
    for (size_t i = 0; failed == 0 && i < m->a.count; i++) {
        failed = find_like(&m->b, m->a.list[i].cell, across, &like, e);
        if (failed == 0 && like)
            failed = find_like(&m->a, like->cell, across, &back, e);
        if (failed == 0 && like)
            m->pair[m->pairs++] = (struct cell_pair){&m->a.list[i], like};
        else if (failed == 0)
            add_only(&ret->only_a, &ret->only_as, m->a.list[i].cell);
    }
    for (size_t i = 0; failed == 0 && i < m->b.count; i++) {
        failed = find_like(&m->a, m->b.list[i].cell, across, &like, e);
        if (failed == 0 && !like)
            add_only(&ret->only_b, &ret->only_bs, m->b.list[i].cell);
    }
    return failed;
}

static int refuse_strangers(const struct match *m, struct err *e)
{
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "the two have no cell in common (A has %zu, as %.250s; B has %zu, as %.250s); --across KEY,... names "
        "the keys in which they may differ",
        m->a.count, m->a.list[0].cell->text, m->b.count, m->b.list[0].cell->text);
}

/* --- kinds
 * ------------------------------------------------------------------------------------------------------------- */

static void count_kinds(const struct cell_group *g, size_t *kinds)
{
    for (size_t i = 0; i < g->count; i++)
        kinds[g->invocation[i]->kind] += g->invocation[i]->ok;
}

/* "emulated (3) and in a slice (20)", "" where all are of one kind. */
static void say_mixed(const struct match *m, struct text *ret, bool *emulated)
{
    size_t kinds[RECORD_EMULATED + 1] = {0};
    size_t several = 0;
    for (size_t i = 0; i < m->pairs; i++) {
        count_kinds(m->pair[i].a, kinds);
        count_kinds(m->pair[i].b, kinds);
    }
    *emulated = kinds[RECORD_EMULATED] > 0;
    for (size_t k = 0; k <= RECORD_EMULATED; k++)
        several += kinds[k] > 0;
    for (size_t k = 0; several > 1 && k <= RECORD_EMULATED; k++)
        if (kinds[k] > 0)
            text_add(ret, "%s%s (%zu)", ret->len ? " and " : "", record_kind_name((enum record_kind)k), kinds[k]);
}

static int check_kinds(const struct match *m, bool force, struct comparison *ret, struct err *e)
{
    struct text mixed = {0};
    int failed = 0;
    say_mixed(m, &mixed, &ret->emulated);
    if (mixed.len && !force)
        failed = err_set(e, ERR_USAGE, -EINVAL,
                         "records %s are not comparable: their figures differ by what they were measured in (--force "
                         "compares them all the same, and the result says so)",
                         mixed.data);
    if (failed == 0 && force && ret->emulated && !mixed.len)
        text_add(&mixed, "times of emulated machines");
    if (failed == 0 && mixed.len)
        ret->forced = STEAL(mixed.data);
    text_free(&mixed);
    return failed;
}

/* --- rows
 * ---------------------------------------------------------------------------------------------------------------- */

static bool has_figure(const struct records *r, const struct cell_group *g, const char *figure)
{
    int index = records_figure(r, figure);
    for (size_t i = 0; index >= 0 && i < g->count; i++)
        if (!isnan(invocation_figure(g->invocation[i], (size_t)index).value))
            return true;
    return false;
}

/* What the cell is run for: its memory, its rate, its time. */
const char *compare_own_figure(const struct records *ra, const struct records *rb, const struct cell_pair *p)
{
    const char *profile = pairs_find(p->a->cell, "profile");
    if (profile && strcmp(profile, "memory") == 0)
        return has_figure(ra, p->a, "pss_bytes") || has_figure(rb, p->b, "pss_bytes") ? "pss_bytes" : "avg_iter_s";
    for (size_t i = 0; i < ra->names; i++)
        if (ra->name[i].about.kind == FIGURE_RATE && has_figure(ra, p->a, ra->name[i].name) &&
            has_figure(rb, p->b, ra->name[i].name))
            return ra->name[i].name;
    return "avg_iter_s";
}

static bool is_emulated(const struct cell_pair *p)
{
    size_t kinds[RECORD_EMULATED + 1] = {0};
    count_kinds(p->a, kinds);
    count_kinds(p->b, kinds);
    return kinds[RECORD_EMULATED] > 0;
}

/* The values stay, for the order that they show. */
static void withhold(struct compare_row *row)
{
    row->ratio.log = row->shift = row->dominance = NAN;
    row->ratio.zero_side = false;
    row->ratio.method = ANALYSIS_NONE;
    row->ratio.why_not = "the times are emulated and no measure (--force compares them all the same)";
}

/* -EINVAL: the two sides declare the figure as something else each. */
static int check_declared(const struct records *ra, const struct records *rb, const char *figure, struct err *e)
{
    const int ia = records_figure(ra, figure), ib = records_figure(rb, figure);
    const struct figure_name *a = ia < 0 ? NULL : &ra->name[ia], *b = ib < 0 ? NULL : &rb->name[ib];
    char says_a[120], says_b[120];
    if (!a || !b || !a->declared_by || !b->declared_by || figure_is_like(&a->about, &b->about))
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL,
                   "'%s' is %s in '%s', and %s in '%s': these are two figures, and no ratio is made of them (--figure "
                   "names those to compare)",
                   figure, figure_says(&a->about, says_a, sizeof(says_a)), a->declared_by,
                   figure_says(&b->about, says_b, sizeof(says_b)), b->declared_by);
}

static int add_row(struct comparison *c, const struct records *ra, const struct records *rb, const struct cell_pair *p,
                   const char *figure, const struct compare_options *o, struct err *e)
{
    if (check_declared(ra, rb, figure, e) != 0)
        return -EINVAL;
    c->row = xgrow(c->row, c->rows, sizeof(*c->row));
    struct compare_row *row = &c->row[c->rows++];
    *row = (struct compare_row){.figure = figure};
    compare_figures(ra, rb, p, figure, o, row);
    if (!o->force && is_emulated(p) && row->about.kind != FIGURE_MEMORY) /* an emulator's clock is in all else */
        withhold(row);
    return 0;
}

static int add_rows(struct comparison *c, const struct records *ra, const struct records *rb, const struct match *m,
                    const struct compare_options *o, struct err *e)
{
    for (size_t i = 0; i < m->pairs; i++) {
        const char *const own = compare_own_figure(ra, rb, &m->pair[i]), *const *figure = o->figures ? o->figure : &own;
        for (size_t f = 0; f < (o->figures ? o->figures : 1); f++)
            if (add_row(c, ra, rb, &m->pair[i], figure[f], o, e) != 0)
                return -EINVAL;
    }
    return 0;
}

static void name_rows(struct comparison *c)
{
    cleanup_free const struct pairs **all = calloc(2 * c->rows + 1, sizeof(const struct pairs *));
    if (!all)
        abort();
    for (size_t i = 0; i < c->rows; i++) {
        all[2 * i] = c->row[i].a.cell;
        all[2 * i + 1] = c->row[i].b.cell;
    }
    for (size_t i = 0; i < c->rows; i++) {
        struct compare_row *row = &c->row[i];
        char *a = cells_label(row->a.cell, all, 2 * c->rows), *b = cells_label(row->b.cell, all, 2 * c->rows);
        struct text both = {0};
        text_add(&both, strcmp(a, b) == 0 ? "%s" : "%s -> %s", a, b);
        row->label = text_printable(both.data);
        text_free(&both);
        free(a);
        free(b);
    }
}

/* All rows are one family. */
static void judge_rows(struct comparison *c, const struct compare_options *o)
{
    cleanup_free struct analysis_ratio *ratio = calloc(c->rows + 1, sizeof(*ratio));
    cleanup_free struct analysis_verdict *verdict = calloc(c->rows + 1, sizeof(*verdict));
    if (!ratio || !verdict)
        abort();
    for (size_t i = 0; i < c->rows; i++)
        ratio[i] = c->row[i].ratio;
    analysis_judge(ratio, c->rows, o->margin, verdict);
    for (size_t i = 0; i < c->rows; i++)
        c->row[i].verdict = verdict[i];
}

static int check_figures(const struct records *a, const struct records *b, const struct compare_options *o,
                         struct err *e)
{
    for (size_t i = 0; i < o->figures; i++) {
        struct text names = {0};
        if (records_figure(a, o->figure[i]) >= 0 || records_figure(b, o->figure[i]) >= 0)
            continue;
        for (size_t k = 0; k < a->names; k++)
            text_add(&names, "%s%s", k ? ", " : "", a->name[k].name);
        (void)err_set(e, ERR_USAGE, -EINVAL, "--figure '%s': what is allowed is %s", o->figure[i], names.data);
        text_free(&names);
        return -EINVAL;
    }
    return 0;
}

int compare_records(const struct records *a, const struct records *b, const struct compare_options *o,
                    struct comparison *ret, struct err *e)
{
    struct match m __attribute__((cleanup(match_free))) = {.a = cells_group(a), .b = cells_group(b)};
    *ret = (struct comparison){0};
    int failed = check_figures(a, b, o, e);
    if (failed == 0)
        failed = find_pairs(&m, o->across, ret, e);
    if (failed == 0 && m.pairs == 0)
        failed = refuse_strangers(&m, e);
    if (failed == 0)
        failed = check_kinds(&m, o->force, ret, e);
    if (failed == 0)
        failed = add_rows(ret, a, b, &m, o, e);
    if (failed != 0) {
        comparison_free(ret);
        return failed;
    }
    compare_environments(m.pair, m.pairs, ret);
    name_rows(ret);
    judge_rows(ret, o);
    return 0;
}

void comparison_free(struct comparison *c)
{
    for (size_t i = 0; i < c->rows; i++) {
        free(c->row[i].label);
        free(c->row[i].a.value);
        free(c->row[i].b.value);
    }
    for (size_t i = 0; i < c->differences; i++) {
        free(c->difference[i].a);
        free(c->difference[i].b);
    }
    free(c->row);
    free(c->difference);
    free(c->only_a);
    free(c->only_b);
    free(c->forced);
    *c = (struct comparison){0};
}
