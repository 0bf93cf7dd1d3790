/* Claims against records. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/compare.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/text.h"
#include "base/yaml.h"
#include "bundle/claims.h"
#include "record/records.h"

#define UNIT_MAX 16 /* bytes of a unit printed beside a number */

const char *const claim_verdict_names[] = {"SUPPORTED", "CONTRADICTED", "INCONCLUSIVE", "NOT RUN"};

/* --- the records of a cell --------------------------------------------------------------------------------------- */

/* The half A of an A/A plan; the other half measures noise. A subset that shares all else with r; the caller owns its
 * list. */
static struct records of_cell(const struct records *r, const char *cell)
{
    struct records some = *r;
    some.list = xcalloc(r->count, sizeof(*some.list));
    some.count = 0;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->list[i].plan_cell, cell) == 0 && strcmp(r->list[i].label, "A'") != 0)
            some.list[some.count++] = r->list[i];
    return some;
}

/* Why a cell has no figure; NULL: it has one. */
static const char *why_not_run(const struct records *cell, const char *figure)
{
    int index = records_figure(cell, figure);
    const char *why = cell->count ? "the records have no such figure" : "none of its invocations was run";
    for (size_t i = 0; i < cell->count; i++) {
        const struct invocation *one = &cell->list[i];
        struct figure f = index < 0 ? (struct figure){NAN, NULL} : invocation_figure(one, (size_t)index);
        if (one->kind == RECORD_EMULATED && records_about(cell, figure).kind != FIGURE_MEMORY)
            return "its times are emulated and no measure";
        if (one->ok && !isnan(f.value))
            return NULL;
        if (!one->ok)
            why = *one->detail ? one->detail : one->termination;
        else if (f.why_not)
            why = f.why_not;
    }
    return why;
}

/* The figures of a cell, as every comparison takes them. The caller frees them by cell_values_free(). */
static struct cell_values values_of(const struct records *cell, const char *figure)
{
    cleanup_free const struct invocation **list = xcalloc(cell->count, sizeof(const struct invocation *));
    const struct cell_group all = {NULL, list, cell->count};
    for (size_t i = 0; i < cell->count; i++)
        list[i] = &cell->list[i];
    return cells_values(cell, &all, figure);
}

/* --- the verdict of an interval ---------------------------------------------------------------------------------- */

static struct judgement not_run(const char *why)
{
    struct judgement j = {.verdict = CLAIM_NOT_RUN, .found = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "not run")};
    (void)snprintf(j.why, sizeof(j.why), "%s", why);
    return j;
}

static bool is_within(double x, double min, double max)
{
    return (isnan(min) || x >= min) && (isnan(max) || x <= max);
}

/* Slopes as they are. */
static bool is_plain(const struct claim *c)
{
    return figure_is_slope(c->figure) && c->kind != CLAIM_RATIO && c->kind != CLAIM_SCALING;
}

/* Of an order each ratio of neighbours is at least 1, each difference at least 0. */
double claim_min(const struct claim *c)
{
    return c->kind != CLAIM_ORDER ? c->min : is_plain(c) ? 0 : 1;
}

/* An interval across the edge is inconclusive, however narrow. */
struct judgement claim_judge_interval(const struct claim *c, struct stats_interval i)
{
    struct judgement j = {.found = i};
    double min = claim_min(c), max = c->max;
    bool low_within = is_within(i.low, min, max), high_within = is_within(i.high, min, max);
    if (isnan(i.at) || i.why_not) {
        j.verdict = CLAIM_INCONCLUSIVE;
        (void)snprintf(j.why, sizeof(j.why), "no interval: %s", i.why_not ? i.why_not : "there is no estimate");
    } else if (low_within && high_within) {
        j.verdict = CLAIM_SUPPORTED;
    } else if ((!isnan(min) && i.high < min) || (!isnan(max) && i.low > max)) {
        j.verdict = CLAIM_CONTRADICTED;
    } else {
        j.verdict = CLAIM_INCONCLUSIVE;
        (void)snprintf(j.why, sizeof(j.why), "the interval lies across the edge%s",
                       isnan(c->tolerance) ? "" : " (the claim's tolerance decides nothing any more)");
    }
    return j;
}

/* --- effects ----------------------------------------------------------------------------------------------------- */

static struct claim_effect no_effect(const char *cell, const char *why)
{
    struct claim_effect f = {
        .found = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "not run"), .at = NAN, .variance = NAN, .is_run = false};
    (void)snprintf(f.why, sizeof(f.why), "%.100s: %.120s", cell, why);
    return f;
}

/* As `tare compare`: over nodes if there are several, else over the plan's blocks. ratios: that are judged for one
 * claim. */
static struct claim_effect effect_of_ratio(const struct claim *c, const struct records *r, const char *of_id,
                                           const char *to_id, size_t ratios)
{
    struct records of = of_cell(r, of_id), to = of_cell(r, to_id);
    const char *why_of = why_not_run(&of, c->figure), *why_to = why_not_run(&to, c->figure);
    const struct compare_options o = {.figure = &c->figure,
                                      .figures = 1,
                                      .margin = ANALYSIS_MARGIN,
                                      .seed = ANALYSIS_NO_DIP,
                                      .as_ratios = !is_plain(c)};
    struct claim_effect f = {.is_run = true};
    struct comparison pair;
    struct err e = {0};
    if (why_of || why_to) {
        f = no_effect(why_of ? of_id : to_id, why_of ? why_of : why_to);
    } else if (compare_records(&to, &of, &o, &pair, &e) != 0) {
        f = no_effect(of_id, e.text);
    } else {
        f.at = pair.row[0].ratio.log;
        f.variance = pair.row[0].ratio.variance;
        f.found = analysis_interval(&pair.row[0].ratio, 1 - (1 - ANALYSIS_CONFIDENCE) / (double)ratios);
        f.found.confidence = ANALYSIS_CONFIDENCE;
        comparison_free(&pair);
    }
    free(of.list);
    free(to.list);
    return f;
}

static struct claim_effect effect_of_mean(const struct claim *c, const struct records *r)
{
    struct records of = of_cell(r, c->cell[0]);
    const char *why = why_not_run(&of, c->figure);
    cleanup_values struct cell_values v = values_of(&of, c->figure);
    struct claim_effect f = {.is_run = true};
    if (why) {
        f = no_effect(c->cell[0], why);
    } else {
        struct analysis_summary s = cells_summary(&v, c->figure, ANALYSIS_NO_DIP);
        f.found = s.mean;
        f.at = claim_is_on_logs(c) ? log(s.mean.at) : s.mean.at;
        f.variance = s.log_variance;
    }
    free(of.list);
    return f;
}

/* The key's number in the cell; NaN: it has none. */
static double key_of(const struct records *cell, const char *key)
{
    const char *text = cell->count ? keyset_find(cell->list[0].cell, key) : NULL;
    char *end = NULL;
    double v = text ? strtod(text, &end) : NAN;
    return text && end != text && !*end ? v : NAN;
}

struct points {
    double *x, *y;
    size_t n;
};

static void add_points(struct points *p, double x, const struct cell_values *y)
{
    for (size_t i = 0; i < y->count; i++) {
        p->x = xgrow(p->x, p->n, sizeof(*p->x));
        p->y = xgrow(p->y, p->n, sizeof(*p->y));
        p->x[p->n] = x;
        p->y[p->n++] = y->list[i].value;
    }
}

static struct claim_effect effect_of_scaling(const struct claim *c, const struct records *r)
{
    struct points p = {NULL, NULL, 0};
    struct claim_effect f = {.is_run = true};
    for (size_t i = 0; f.is_run && i < c->cells; i++) {
        struct records cell = of_cell(r, c->cell[i]);
        const char *why = why_not_run(&cell, c->figure);
        double x = key_of(&cell, c->by);
        cleanup_values struct cell_values y = values_of(&cell, c->figure);
        if (!why && isnan(x))
            why = "its scenario has no number of that key";
        if (why)
            f = no_effect(c->cell[i], why);
        add_points(&p, x, &y);
        free(cell.list);
    }
    if (f.is_run) {
        f.found = stats_log_slope(p.x, p.y, p.n, ANALYSIS_CONFIDENCE);
        double stderr_ =
            (f.found.high - f.found.low) / 2 / stats_student((1 + ANALYSIS_CONFIDENCE) / 2, (double)p.n - 2);
        f.at = f.found.at;
        f.variance = stderr_ * stderr_;
    }
    free(p.x);
    free(p.y);
    return f;
}

size_t claim_effects(const struct claim *c)
{
    return c->kind == CLAIM_ORDER ? c->cells - 1 : 1;
}

bool claim_is_on_logs(const struct claim *c)
{
    return c->kind != CLAIM_SCALING && !is_plain(c);
}

/* An order's intervals hold jointly (Bonferroni), so that more cells do not make a verdict likelier. */
struct claim_effect claim_effect(const struct claim *c, const struct records *r, size_t part)
{
    if (c->kind == CLAIM_RATIO)
        return effect_of_ratio(c, r, c->cell[0], c->cell[1], 1);
    if (c->kind == CLAIM_ORDER)
        return effect_of_ratio(c, r, c->cell[part + 1], c->cell[part], c->cells - 1);
    return c->kind == CLAIM_SCALING ? effect_of_scaling(c, r) : effect_of_mean(c, r);
}

/* --- judgements -------------------------------------------------------------------------------------------------- */

bool claim_is_worse(enum claim_verdict a, enum claim_verdict b)
{
    static const int WORSE[] = {
        [CLAIM_SUPPORTED] = 0, [CLAIM_INCONCLUSIVE] = 1, [CLAIM_NOT_RUN] = 2, [CLAIM_CONTRADICTED] = 3};
    return WORSE[a] > WORSE[b];
}

/* Several effects have the worst verdict of all, and show the smallest of those that have it. */
struct judgement claim_judge(const struct claim *c, const struct records *r)
{
    struct judgement worst = {0};
    for (size_t i = 0; i < claim_effects(c); i++) {
        struct claim_effect f = claim_effect(c, r, i);
        struct judgement j = f.is_run ? claim_judge_interval(c, f.found) : not_run(f.why);
        bool lower = j.verdict == worst.verdict && j.found.at < worst.found.at;
        if (i == 0 || claim_is_worse(j.verdict, worst.verdict) || lower)
            worst = j;
    }
    return worst;
}

void claims_count(const struct judgement *j, size_t count, size_t of[CLAIM_VERDICTS])
{
    memset(of, 0, CLAIM_VERDICTS * sizeof(*of));
    for (size_t i = 0; i < count; i++)
        of[j[i].verdict]++;
}

int claims_status(size_t claims, const size_t of[CLAIM_VERDICTS])
{
    const bool holds = of[CLAIM_SUPPORTED] > 0 && of[CLAIM_CONTRADICTED] + of[CLAIM_INCONCLUSIVE] == 0;
    return claims == 0 || holds ? 0 : ERR_SAID_NO;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

/* Bytes as KiB, MiB, …; others with four digits. */
const char *claim_number(const struct claim *c, const struct figure_about *about, double value, char *buf, size_t cap)
{
    bool plain = c->kind != CLAIM_BOUND && c->kind != CLAIM_VALUE && !is_plain(c);
    plain |= strcmp(about->unit, "1") == 0 || strlen(about->unit) > UNIT_MAX; /* foreign units can have any length */
    if (!plain && figure_is_of_bytes(about) && value >= 0 && value < 1e18)
        return text_bytes((uint64_t)value, buf, cap);
    (void)snprintf(buf, cap, "%.4g%s%s", value, plain ? "" : " ", plain ? "" : about->unit);
    return buf;
}

static const char *number(const struct claim *c, const struct records *r, double value, char *buf, size_t cap)
{
    const struct figure_about about = records_about(r, c->figure);
    return claim_number(c, &about, value, buf, cap);
}

const char *claim_expected(const struct claim *c, const struct records *r, char *buf, size_t cap)
{
    char min[40], max[40];
    (void)number(c, r, c->min, min, sizeof(min));
    (void)number(c, r, c->max, max, sizeof(max));
    if (c->kind == CLAIM_ORDER)
        (void)snprintf(buf, cap, "each above the one before");
    else if (isnan(c->max))
        (void)snprintf(buf, cap, "at least %s", min);
    else if (isnan(c->min))
        (void)snprintf(buf, cap, "at most %s", max);
    else
        (void)snprintf(buf, cap, "%s to %s", min, max);
    return buf;
}

const char *claim_found(const struct claim *c, const struct judgement *j, const struct records *r, char *buf,
                        size_t cap)
{
    char at[40], low[40], high[40];
    (void)number(c, r, j->found.at, at, sizeof(at));
    (void)number(c, r, j->found.low, low, sizeof(low));
    (void)number(c, r, j->found.high, high, sizeof(high));
    if (isnan(j->found.at))
        (void)snprintf(buf, cap, "nothing");
    else if (j->found.why_not)
        (void)snprintf(buf, cap, "%s", at);
    else
        (void)snprintf(buf, cap, "%s [%s, %s]", at, low, high);
    return buf;
}

void claims_say_counts(size_t claims, const size_t of[CLAIM_VERDICTS], struct text *out)
{
    text_add(out, "claims: %zu", claims);
    for (int v = 0; v < CLAIM_VERDICTS; v++)
        if (of[v])
            text_add(out, ", %zu %s", of[v], claim_verdict_names[v]);
}

static bool has_run(const struct claim *c, const struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t n = 0; n < c->cells; n++)
            if (r->list[i].ok && strcmp(r->list[i].plan_cell, c->cell[n]) == 0)
                return true;
    return false;
}

int claims_check_figures(const struct claims *c, const struct records *r, struct err *e)
{
    cleanup_text struct text known = {0};
    size_t i = 0;
    while (i < c->count && (records_figure(r, c->list[i].figure) >= 0 || !has_run(&c->list[i], r)))
        i++;
    if (i == c->count)
        return 0;
    for (size_t k = 0; k < r->reader.names; k++)
        text_add(&known, "%s%s", k ? ", " : "", r->reader.name[k].name);
    return yaml_refuse(yaml_get(c->list[i].place, "figure"), -EINVAL, e,
                       "the claim '%s' names '%s', which is no figure of the records: they have %s", c->list[i].id,
                       c->list[i].figure, known.data ? known.data : "none");
}
