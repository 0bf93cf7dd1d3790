#include "analysis/compare.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/noise.h"
#include "analysis/number.h"
#include "analysis/stats_compare.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/percent.h"
#include "base/suggest.h"

/* --- One cell and one figure: both sides' invocations in the order of time, and what the analysis makes of them */

static void take_side(const struct records *r, const struct cell_group *g, const struct cell_values *v,
                      const char *figure, uint64_t seed, struct compare_side *side)
{
    *side = (struct compare_side){.cell = g->cell,
                                  .used = v->count,
                                  .failed = v->failed,
                                  .missing = v->missing,
                                  .why_not = v->why_not,
                                  .value = xcalloc(v->count, sizeof(*side->value)),
                                  .is = cells_summary(v, figure, seed),
                                  .steady = cells_steady(g)};
    for (size_t i = 0; i < g->count; i++)
        side->has_steady |= r->reader.with_steady && g->invocation[i]->ok && g->invocation[i]->iterations > 0;
    for (size_t i = 0; i < v->count; i++)
        side->value[i] = v->list[i].value;
    gsl_sort(side->value, 1, side->used);
}

/* The mean that is shown beside a ratio is the one that it is of. */
static double mean_of(double of_ratio, const struct compare_side *side)
{
    return isnan(of_ratio) ? side->is.mean.at : of_ratio;
}

struct figure_about compare_about(const struct records *ra, const struct records *rb, const char *figure)
{
    const int ia = records_figure(ra, figure), ib = records_figure(rb, figure);
    const bool is_bs = ib >= 0 && rb->reader.name[ib].declared_by && (ia < 0 || !ra->reader.name[ia].declared_by);
    return records_about(ia < 0 || is_bs ? rb : ra, figure);
}

static void compare_figures(const struct records *ra, const struct records *rb, const struct cell_pair *pair,
                            const char *figure, const struct compare_options *o, struct compare_row *row)
{
    row->about = compare_about(ra, rb, figure);
    cleanup_values struct cell_values a = cells_values(ra, pair->a, figure), b = cells_values(rb, pair->b, figure);
    take_side(ra, pair->a, &a, figure, o->seed, &row->a);
    take_side(rb, pair->b, &b, figure, o->seed, &row->b);
    row->noise = o->noise ? noise_of(o->noise, figure) : (struct analysis_noise){.p = NAN};
    const bool one_run = cells_are_of_one_run(pair->a, pair->b);
    if (o->as_ratios)
        row->ratio = analysis_ratio(a.list, a.count, b.list, b.count, one_run, row->about.resolution, NULL);
    else
        row->ratio = cells_effect(&a, &b, &row->about, one_run, o->growth_margin, &row->noise);
    row->a.mean = mean_of(row->ratio.a_mean, &row->a);
    row->b.mean = mean_of(row->ratio.b_mean, &row->b);
    row->shift = stats_hodges_lehmann(row->a.value, row->a.used, row->b.value, row->b.used);
    row->dominance = stats_cliffs_delta(row->a.value, row->a.used, row->b.value, row->b.used);
}

/* --- What the two sides were measured in, field by field, and only where it differs ------------------------------ */

#define VALUES_MAX 6 /* of a field on one side, before "and others" */

static struct keysets environments_of(const struct cell_pair *pairs, size_t count, bool b)
{
    struct keysets e = {0};
    for (size_t i = 0; i < count; i++) {
        const struct cell_group *g = b ? pairs[i].b : pairs[i].a;
        for (size_t k = 0; k < g->count; k++)
            keysets_add(&e, g->invocation[k]->environment);
    }
    return e;
}

static bool same_values(json_t *a, json_t *b)
{
    const char *value;
    json_t *unused;
    json_object_foreach(a, value, unused)
    {
        if (!json_object_get(b, value))
            return false;
    }
    return json_object_size(a) == json_object_size(b);
}

static char *values_text(json_t *values)
{
    struct text t = {0};
    size_t told = 0;
    const char *value;
    json_t *times;
    text_add_bytes(&t, "", 0);
    json_object_foreach(values, value, times)
    {
        if (told++ == VALUES_MAX)
            break;
        text_add(&t, "%s%s", told > 1 ? ", " : "", value);
        if (json_object_size(values) > 1)
            text_add(&t, " (%" JSON_INTEGER_FORMAT ")", json_integer_value(times));
    }
    if (told > VALUES_MAX)
        text_add(&t, ", and others");
    return t.data;
}

static void compare_environments(const struct cell_pair *pairs, size_t count, struct comparison *ret)
{
    cleanup_keysets struct keysets a = environments_of(pairs, count, false), b = environments_of(pairs, count, true);
    const struct keysets *const both[] = {&a, &b};
    cleanup_free const char **key = keysets_keys(both, ARRAY_LEN(both), &ret->fields);
    ret->difference = xcalloc(ret->fields, sizeof(*ret->difference));
    for (size_t i = 0; i < ret->fields; i++) {
        cleanup_json json_t *of_a = cells_field(&a, key[i], "not recorded"),
                            *of_b = cells_field(&b, key[i], "not recorded");
        if (!same_values(of_a, of_b))
            ret->difference[ret->differences++] =
                (struct compare_difference){key[i], values_text(of_a), values_text(of_b)};
    }
}

/* --- pairs of cells --------------------------------------------------------------------------------------------- */

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

static void add_only(const struct keyset ***list, size_t *count, const struct keyset *cell)
{
    *list = xgrow(*list, *count, sizeof(const struct keyset *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    (*list)[(*count)++] = cell;
}

/* The groups of one side, to be found by their cells. */
struct side {
    const struct cell_groups *groups;
    const struct keyset **cell; /* owned */
    struct cells_index *index;  /* owned */
};

static struct side side_of(const struct cell_groups *g, const char *but)
{
    struct side s = {.groups = g, .cell = xcalloc(g->count, sizeof(const struct keyset *))};
    for (size_t i = 0; i < g->count; i++)
        s.cell[i] = g->list[i].cell;
    s.index = cells_index_new(s.cell, g->count, but);
    return s;
}

static void side_free(struct side *s)
{
    cells_index_free(s->index);
    free(s->cell);
}
#define cleanup_side __attribute__((cleanup(side_free)))

/* The one group like this cell, NULL: none. -EINVAL: several. */
static int find_like(const struct side *s, const struct keyset *cell, const char *but, const struct cell_group **ret,
                     struct err *e)
{
    size_t count = 0, found = 0;
    const size_t *number = cells_index_find(s->index, cell, &count);
    const struct cell_group *like[2] = {NULL, NULL};
    for (size_t i = 0; i < count && found < ARRAY_LEN(like); i++) {
        like[found] = &s->groups->list[number[i]];
        found += cells_alike(like[found]->cell, cell, but);
    }
    *ret = found > 0 ? like[0] : NULL;
    return found < ARRAY_LEN(like)
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL,
                         "--across '%s': without these keys '%.200s' and '%.200s' are one cell; name fewer keys", but,
                         like[0]->cell->text, like[1]->cell->text);
}

static int find_pairs(struct match *m, const char *across, struct comparison *ret, struct err *e)
{
    const struct cell_group *like = NULL, *back = NULL;
    m->pair = xcalloc(m->a.count + 1, sizeof(*m->pair));
    if (m->a.count == 1 && m->b.count == 1) { /* then there is no doubt about what is meant */
        m->pair[m->pairs++] = (struct cell_pair){&m->a.list[0], &m->b.list[0]};
        return 0;
    }
    cleanup_side struct side a = side_of(&m->a, across), b = side_of(&m->b, across);
    for (size_t i = 0; i < m->a.count; i++) {
        TRY(find_like(&b, m->a.list[i].cell, across, &like, e));
        if (like) {
            TRY(find_like(&a, like->cell, across, &back, e));
            m->pair[m->pairs++] = (struct cell_pair){&m->a.list[i], like};
        } else {
            add_only(&ret->only_a, &ret->only_as, m->a.list[i].cell);
        }
    }
    for (size_t i = 0; i < m->b.count; i++) {
        TRY(find_like(&a, m->b.list[i].cell, across, &like, e));
        if (!like)
            add_only(&ret->only_b, &ret->only_bs, m->b.list[i].cell);
    }
    return 0;
}

static int refuse_strangers(const struct match *m, struct err *e)
{
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "the two have no cell in common (A has %zu, as %.250s; B has %zu, as %.250s); --across KEY,... names "
        "the keys in which they may differ",
        m->a.count, m->a.list[0].cell->text, m->b.count, m->b.list[0].cell->text);
}

/* --- kinds ------------------------------------------------------------------------------------------------------ */

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
            text_add(ret, "%s%s (%zu)", ret->len ? " and " : "", record_kind_names[k], kinds[k]);
}

static int check_kinds(const struct match *m, bool force, struct comparison *ret, struct err *e)
{
    cleanup_text struct text mixed = {0};
    say_mixed(m, &mixed, &ret->emulated);
    if (mixed.len && !force)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "records %s are not comparable: their figures differ by what they were measured in (--force "
                       "compares them all the same, and the result says so)",
                       mixed.data);
    if (force && ret->emulated && !mixed.len)
        text_add(&mixed, "times of emulated machines");
    ret->forced = STEAL(mixed.data);
    return 0;
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

static bool has_figure(const struct records *r, const struct cell_group *g, const char *figure)
{
    int index = records_figure(r, figure);
    for (size_t i = 0; index >= 0 && i < g->count; i++)
        if (!isnan(invocation_figure(g->invocation[i], (size_t)index).value))
            return true;
    return false;
}

#define GROWTH "growth_pss_bytes"

/* What the cell is run for: its memory, how that grows, the rate that its scenario tells, its time. */
const char *compare_own_figure(const struct records *ra, const struct records *rb, const struct cell_pair *p)
{
    const char *profile = keyset_find(p->a->cell, "profile");
    if (profile && strcmp(profile, "memory") == 0)
        return has_figure(ra, p->a, "pss_bytes") || has_figure(rb, p->b, "pss_bytes") ? "pss_bytes" : "avg_iter_s";
    if (profile && strcmp(profile, "growth") == 0 && (has_figure(ra, p->a, GROWTH) || has_figure(rb, p->b, GROWTH)))
        return GROWTH;
    for (size_t i = 0; i < ra->reader.names; i++) {
        const struct figure_name *own = &ra->reader.name[i];
        if (own->about.kind == FIGURE_RATE && !figure_is_of_every_record(own->name) &&
            has_figure(ra, p->a, own->name) && has_figure(rb, p->b, own->name))
            return own->name;
    }
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
    const struct figure_name *a = ia < 0 ? NULL : &ra->reader.name[ia], *b = ib < 0 ? NULL : &rb->reader.name[ib];
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
    TRY(check_declared(ra, rb, figure, e));
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
            TRY(add_row(c, ra, rb, &m->pair[i], figure[f], o, e));
    }
    return 0;
}

static void name_rows(struct comparison *c, bool between)
{
    const size_t all_b = between ? c->rows : 0, count = between ? c->rows : 2 * c->rows;
    cleanup_free const struct keyset **all = xcalloc(2 * c->rows + 1, sizeof(const struct keyset *));
    for (size_t i = 0; i < c->rows; i++) {
        all[i] = c->row[i].a.cell;
        all[c->rows + i] = c->row[i].b.cell;
    }
    size_t a_keys = 0, b_keys = 0;
    cleanup_free const char **a_key = cells_differing(all, count, &a_keys);
    cleanup_free const char **b_key = cells_differing(all + all_b, count, &b_keys);
    for (size_t i = 0; i < c->rows; i++) {
        struct compare_row *row = &c->row[i];
        cleanup_free char *a = cells_label(row->a.cell, a_key, a_keys), *b = cells_label(row->b.cell, b_key, b_keys);
        cleanup_free char *both = text_printf(strcmp(a, b) == 0 ? "%s" : "%s -> %s", a, b);
        row->label = text_printable(both);
    }
}

/* All rows are one family. */
static void judge_rows(struct comparison *c, const struct compare_options *o)
{
    cleanup_free struct analysis_ratio *ratio = xcalloc(c->rows, sizeof(*ratio));
    cleanup_free struct analysis_verdict *verdict = xcalloc(c->rows, sizeof(*verdict));
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
        cleanup_text struct text names = {0};
        char near[SUGGEST_TEXT_MAX];
        struct suggest known = SUGGEST(o->figure[i]);
        if (records_figure(a, o->figure[i]) >= 0 || records_figure(b, o->figure[i]) >= 0)
            continue;
        for (size_t k = 0; k < a->reader.names; k++)
            text_add(&names, "%s%s", k ? ", " : "", a->reader.name[k].name);
        suggest_offer_list(&known, names.data);
        return err_set(e, ERR_USAGE, -EINVAL, "--figure '%s': what is allowed is %s%s", o->figure[i], names.data,
                       suggest_text(&known, "", near));
    }
    return 0;
}

static int compare_matched(const struct records *a, const struct records *b, const struct compare_options *o,
                           struct match *m, struct comparison *ret, struct err *e)
{
    TRY(check_figures(a, b, o, e));
    TRY(find_pairs(m, o->across, ret, e));
    if (m->pairs == 0)
        return refuse_strangers(m, e);
    TRY(check_kinds(m, o->force, ret, e));
    TRY(add_rows(ret, a, b, m, o, e));
    compare_environments(m->pair, m->pairs, ret);
    name_rows(ret, o->between);
    judge_rows(ret, o);
    return 0;
}

int compare_records(const struct records *a, const struct records *b, const struct compare_options *o,
                    struct comparison *ret, struct err *e)
{
    struct match m = {.a = cells_group(a, false), .b = cells_group(b, false)};
    *ret = (struct comparison){0};
    int failed = compare_matched(a, b, o, &m, ret, e);
    match_free(&m);
    if (failed != 0)
        comparison_free(ret);
    return failed;
}

int compare_noise(const struct comparison *aa, const struct invocation *of, bool within_run, struct noise *ret,
                  struct err *e)
{
    const char *why = "there is no cell";
    *ret = (struct noise){.kernel = xstrdup(keyset_word(of->environment, "host.kernel_release")),
                          .cpu = xstrdup(keyset_word(of->environment, "host.cpu_model")),
                          .node = xstrdup(of->node),
                          .within_run = within_run};
    for (size_t i = 0; i < aa->rows; i++) {
        const struct compare_row *row = &aa->row[i];
        const struct analysis_ratio *r = &row->ratio;
        if (r->why_not || !isfinite(r->df)) { /* constants tell nothing of noise */
            why = r->why_not ? r->why_not : "the figures do not differ at all";
            continue;
        }
        noise_add(ret, (struct noise_row){xstrdup(row->a.cell->text), xstrdup(row->figure), r->log, r->variance, r->df,
                                          r->a_used, r->b_used});
    }
    if (ret->rows > 0)
        return 0;
    noise_free(ret);
    return err_set(e, ERR_USAGE, -EINVAL, "no noise can be told: %s", why);
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

/* --- The conditions of --fail-if: parsed, and looked for in a comparison ----------------------------------------- */

static const struct {
    const char *name;
    enum compare_condition_kind kind;
    bool takes_share;
} CONDITIONS[] = {
    {"slower", CONDITION_SLOWER, true},
    {"faster", CONDITION_FASTER, true},
    {"memory", CONDITION_MEMORY, true},
    {"growth", CONDITION_GROWTH, true},
    {"different", CONDITION_DIFFERENT, false},
    {"not-same", CONDITION_NOT_SAME, false},
    {"unclear", CONDITION_UNCLEAR, false},
    {"not-reproduced", CONDITION_NOT_SAME, false}, /* what it was called before */
    {"inconclusive", CONDITION_UNCLEAR, false},
};

/* Of growth a size, of all else a share. */
static int take_amount(enum compare_condition_kind kind, const char *text, double *ret)
{
    uint64_t bytes = 0;
    if (kind != CONDITION_GROWTH)
        return percent_parse(text, 0, 100, ret);
    TRY(text_to_bytes(text, &bytes));
    *ret = (double)bytes;
    return 0;
}

int compare_condition(const char *text, struct compare_condition *ret, struct err *e)
{
    size_t len = strcspn(text, ":");
    char near[SUGGEST_TEXT_MAX];
    cleanup_free char *typed = text_printf("%.*s", (int)len, text);
    struct suggest known = SUGGEST(typed);
    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++) {
        suggest_offer(&known, CONDITIONS[i].name);
        if (strlen(CONDITIONS[i].name) != len || strncmp(CONDITIONS[i].name, text, len) != 0)
            continue;
        *ret = (struct compare_condition){text, CONDITIONS[i].kind, 0};
        if (CONDITIONS[i].takes_share != (text[len] == ':'))
            break;
        if (!CONDITIONS[i].takes_share || take_amount(ret->kind, text + len + 1, &ret->share) == 0)
            return 0;
    }
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "--fail-if '%s': what is allowed is slower:SHARE, faster:SHARE, memory:SHARE (a share as 5%% or 0.05), "
        "growth:SIZE (as 64K, for 1,000 iterations), different, not-same or unclear%s",
        text, strcmp(known.nearest, typed) == 0 ? "" : suggest_text(&known, "", near));
}

enum outcome { PASSES, HOLDS, UNCLEAR };

bool compare_concerns(const struct compare_condition *c, const struct figure_about *about)
{
    if (c->kind == CONDITION_GROWTH)
        return figure_is_slope(about->name);
    if (c->kind == CONDITION_MEMORY)
        return about->kind == FIGURE_MEMORY && !figure_is_slope(about->name);
    if (c->kind == CONDITION_SLOWER || c->kind == CONDITION_FASTER)
        return (about->kind == FIGURE_TIME || about->kind == FIGURE_RATE) && about->better != BETTER_NONE;
    return true;
}

/* Whether B's figure is beyond the share in the direction that the condition speaks of: the greater of a factor above
 * 1, whatever the figure. */
static enum outcome beyond(const struct compare_condition *c, const struct compare_row *row)
{
    const struct stats_interval *r = &row->verdict.ratio;
    bool up = (c->kind == CONDITION_FASTER) == (row->about.better == BETTER_MORE);
    double at = up ? r->at : 1 / r->at, farthest = up ? r->high : 1 / r->low;
    const double most = c->kind == CONDITION_GROWTH ? c->share : 1 + c->share;
    if (c->kind == CONDITION_MEMORY || c->kind == CONDITION_GROWTH) {
        at = r->at;
        farthest = r->high;
    }
    if (row->ratio.zero_side) {
        bool is_greater = row->verdict.word == ANALYSIS_GREATER;
        return is_greater == (up || c->kind == CONDITION_MEMORY) ? HOLDS : PASSES;
    }
    if (row->verdict.differs && at > most)
        return HOLDS;
    return farthest <= most ? PASSES : UNCLEAR;
}

static enum outcome outcome_of(const struct compare_condition *c, const struct compare_row *row)
{
    const struct analysis_verdict *v = &row->verdict;
    switch (c->kind) {
    case CONDITION_DIFFERENT:
        return v->differs ? HOLDS : v->word == ANALYSIS_SAME ? PASSES : UNCLEAR;
    case CONDITION_NOT_SAME:
        return v->is_outside ? HOLDS : v->word == ANALYSIS_SAME ? PASSES : UNCLEAR;
    case CONDITION_UNCLEAR:
        return v->word == ANALYSIS_UNCLEAR ? HOLDS : PASSES;
    default:
        return beyond(c, row);
    }
}

/* "B/A is 1.03 [0.99, 1.07]", or of slopes "B - A is +12.1 KiB [8.0, 16.2] for 1,000 iterations". */
static void say_effect(const struct compare_row *row, struct text *out)
{
    const struct stats_interval *r = &row->verdict.ratio;
    const struct number_spelled n = number_interval(r, 1);
    cleanup_text struct text of = {0}, interval = {0};
    if (row->ratio.is_difference) {
        words_difference(r, &of, &interval);
        text_add(out, "B - A is %s %s for 1,000 iterations", of.data, interval.data);
        return;
    }
    text_add(out, "B/A is %s [%s, %s]", n.at, n.low, n.high);
}

/* "slower:2%: cannot tell: CELL avg_iter_s: B/A is 1.03 [0.99, 1.07]; about 40 invocations a side would do" */
static void say(const struct compare_condition *c, const struct compare_row *row, enum outcome outcome,
                struct text *out)
{
    const char *unit = row->verdict.of_nodes ? "nodes" : "invocations a side";
    text_add(out, "%s: %s%s %s: ", c->text, outcome == UNCLEAR ? "cannot tell: " : "", row->label, row->figure);
    if (row->ratio.zero_side)
        text_add(out, "%s", row->verdict.why);
    else
        say_effect(row, out);
    if (outcome == UNCLEAR && row->verdict.why)
        text_add(out, "; %s", row->verdict.why);
    if (outcome == UNCLEAR && row->verdict.is_noise)
        text_add(out, "; without this host's noise (A/A) the interval would tell");
    else if (outcome == UNCLEAR && row->verdict.runs > row->verdict.used)
        text_add(out, "; about %zu %s would do", number_enough(row->verdict.runs), unit);
    text_add(out, "\n");
}

/* One condition over all rows: which outcomes it has, as bits. */
static unsigned look(const struct compare_condition *condition, const struct comparison *c, struct text *held,
                     struct text *unclear)
{
    unsigned outcomes = 0;
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        if (!compare_concerns(condition, &row->about))
            continue;
        bool unknown = row->verdict.word == ANALYSIS_UNKNOWN;
        enum outcome outcome = unknown ? HOLDS : outcome_of(condition, row);
        outcomes |= 1U << outcome;
        if (unknown)
            text_add(held, "%s: cannot be judged: %s %s: %s\n", condition->text, row->label, row->figure,
                     row->verdict.why);
        else if (outcome != PASSES)
            say(condition, row, outcome, outcome == HOLDS ? held : unclear);
    }
    return outcomes;
}

int compare_conditions_check(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        static const char SLOPE[] = "the slope of profile growth: weigh it (--profile growth)",
                          MEMORY[] = "memory: name a figure that is (--figure pss_bytes), or weigh memory (--profile "
                                     "memory)",
                          TIME[] = "a time or a rate, of which one is better: name a figure that is (--figure "
                                   "avg_iter_s), or use 'different' or 'not-same'";
        const enum compare_condition_kind kind = condition[i].kind;
        bool concerned = false;
        for (size_t k = 0; k < c->rows; k++)
            concerned |= compare_concerns(&condition[i], &c->row[k].about);
        if (!concerned)
            return err_set(e, ERR_USAGE, -EINVAL, "--fail-if '%s': of what is compared nothing is %s",
                           condition[i].text,
                           kind == CONDITION_GROWTH   ? SLOPE
                           : kind == CONDITION_MEMORY ? MEMORY
                                                      : TIME);
    }
    return 0;
}

bool compare_conditions_hold(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct text *held, struct text *unclear)
{
    unsigned outcomes = 0;
    for (size_t i = 0; i < count; i++)
        if (condition[i].kind != CONDITION_UNCLEAR || count == 1)
            outcomes |= look(&condition[i], c, held, unclear);
    for (size_t i = 0; count > 1 && outcomes >> UNCLEAR & 1 && i < count; i++)
        if (condition[i].kind == CONDITION_UNCLEAR) {
            text_add(held, "%s: another condition cannot tell\n", condition[i].text);
            return true;
        }
    return outcomes >> HOLDS & 1;
}
