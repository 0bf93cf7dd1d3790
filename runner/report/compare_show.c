#include "report/compare_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/words.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "report/table.h"

/* --- figures as people read them -------------------------------------------------------------------------------- */

static const char *figure_text(const struct figure_about *about, double value, char *buf, size_t cap)
{
    char bytes[32];
    if (!isfinite(value))
        (void)snprintf(buf, cap, "-");
    else if (figure_is_of_bytes(about) && fabs(value) < 1e18)
        (void)snprintf(buf, cap, "%s%s", value < 0 ? "-" : "", text_bytes((uint64_t)fabs(value), bytes, sizeof(bytes)));
    else if (strcmp(about->unit, "s") == 0 && value >= 1)
        (void)snprintf(buf, cap, "%.4g s", value);
    else
        (void)snprintf(buf, cap, "%.4g%s%s", value * about->scale, *about->shown && *about->shown != '/' ? " " : "",
                       about->shown);
    return buf;
}

/* --- notes ------------------------------------------------------------------------------------------------------ */

static void side_notes(const struct compare_row *row, const struct compare_side *s, char name, struct text *out)
{
    if (s->failed)
        text_add(out, "* %s, %c: %zu run%s did not end well, left out: %s\n", row->label, name, s->failed,
                 s->failed == 1 ? "" : "s", s->why_not ? s->why_not : "");
    if (s->missing)
        text_add(out, "* %s, %c: %zu run%s without %s, left out: %s\n", row->label, name, s->missing,
                 s->missing == 1 ? "" : "s", row->figure, s->why_not ? s->why_not : "");
    if (s->is.outliers)
        text_add(out, "* %s, %c: %zu of %zu lie far from the rest (MAD); they are not left out\n", row->label, name,
                 s->is.outliers, s->used);
    if (s->is.dip_p < 0.05)
        text_add(out, "* %s, %c: the invocations lie about several places (dip test, p %.3f): a mean describes none\n",
                 row->label, name, s->is.dip_p);
    if (s->has_steady && s->steady != STATS_FLAT)
        text_add(out, "* %s, %c: steady state: %s\n", row->label, name, stats_steady_names[s->steady]);
}

static const char *noise_text(const struct analysis_ratio *r, char *buf, size_t cap)
{
    const double sd = sqrt(r->noise_variance);
    if (r->is_difference)
        return text_bytes((uint64_t)sd, buf, cap);
    (void)snprintf(buf, cap, "%.2f%%", 100 * expm1(sd));
    return buf;
}

static void row_notes(const struct compare_row *row, struct text *out)
{
    char size[32];
    const struct analysis_ratio *r = &row->ratio;
    if (r->why_not)
        text_add(out, "* %s, %s: no interval: %s\n", row->label, row->figure, r->why_not);
    else if (row->verdict.why)
        text_add(out, "* %s, %s: %s\n", row->label, row->figure, row->verdict.why);
    if (r->note)
        text_add(out, "* %s: %s\n", row->label, r->note);
    if (r->inflation > 1)
        text_add(
            out,
            "* %s, %s: an invocation resembles the one before it (correlation %.2f): the interval is %.2f times as "
            "wide for it\n",
            row->label, row->figure, r->lag1, sqrt(r->inflation));
    if (r->noise_variance > 0)
        text_add(out, "* %s, %s: this host's noise, %s by %zu A/A cell%s, is in the interval\n", row->label,
                 row->figure, noise_text(r, size, sizeof(size)), row->noise.cells, row->noise.cells == 1 ? "" : "s");
    else if (row->noise.cells > 0)
        text_add(out, "* %s, %s: %zu A/A cell%s no noise beyond the invocations' own spread\n", row->label, row->figure,
                 row->noise.cells, row->noise.cells == 1 ? " shows" : "s show");
    side_notes(row, &row->a, 'A', out);
    side_notes(row, &row->b, 'B', out);
}

/* Explains a scenario's own figure, whose name alone says little. */
static void figure_notes(const struct comparison *c, struct text *out)
{
    for (size_t i = 0; i < c->rows; i++) {
        const struct figure_about *about = &c->row[i].about;
        size_t first = 0;
        while (strcmp(c->row[first].figure, c->row[i].figure) != 0)
            first++;
        if (first == i && strcmp(about->title, about->name) != 0 && !figure_is_of_every_record(about->name))
            text_add(out, "* %s: %s%s%s; %s\n", about->name, about->title, strcmp(about->unit, "1") == 0 ? "" : ", in ",
                     strcmp(about->unit, "1") == 0 ? "" : about->unit,
                     about->better == BETTER_NONE   ? "neither more nor less of it is better"
                     : about->better == BETTER_MORE ? "more is better"
                                                    : "less is better");
    }
}

static bool is_like_first(const struct comparison *c, size_t i)
{
    return c->row[i].ratio.method == c->row[0].ratio.method && c->row[i].ratio.pairs == c->row[0].ratio.pairs;
}

/* Adds how the rows were compared, once if it is the same for all. */
static void method_notes(const struct comparison *c, struct text *out)
{
    size_t like = 0;
    while (like < c->rows && is_like_first(c, like))
        like++;
    const bool all = c->rows > 1 && like == c->rows;
    for (size_t i = 0; i < (all ? 1 : c->rows); i++) {
        const struct analysis_ratio *r = &c->row[i].ratio;
        if (r->method == ANALYSIS_NODES || r->method == ANALYSIS_PAIRS)
            text_add(out, "* %s: over %zu %s, each compared with itself\n", all ? "every row" : c->row[i].label,
                     r->pairs, r->method == ANALYSIS_NODES ? "nodes" : "blocks");
    }
}

static void add_notes(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    if (c->forced)
        text_add(out, "* forced: %s were compared, which are no measure of each other\n", c->forced);
    else if (c->emulated)
        text_add(
            out,
            "* the times are of an emulated machine: they show order, not size, and are not compared (memory is)\n");
    if (*h->noise_why)
        text_add(out, "* noise: %s\n", h->noise_why);
    else
        text_add(out, "* noise: %s%s\n", h->noise_path,
                 h->noise_within_run ? "; measured within one run (A and A' took turns): what differs between runs is "
                                       "not in it"
                                     : "");
    if (h->noise_left_out)
        text_add(out,
                 "* noise: %zu of slopes in that file, which an earlier tare wrote as ratios, is not used: measure it "
                 "again ('tare compare --noise')\n",
                 h->noise_left_out);
    figure_notes(c, out);
    method_notes(c, out);
    for (size_t i = 0; i < c->rows; i++)
        row_notes(&c->row[i], out);
    for (size_t i = 0; i < c->only_as; i++)
        text_add(out, "* only A has: %s\n", c->only_a[i]->text);
    for (size_t i = 0; i < c->only_bs; i++)
        text_add(out, "* only B has: %s\n", c->only_b[i]->text);
    for (const char *p = h->failed; *p; p += strcspn(p, "\n"), p += *p == '\n')
        text_add(out, "* --fail-if %.*s\n", (int)strcspn(p, "\n"), p);
    for (const char *p = h->unclear; *p; p += strcspn(p, "\n"), p += *p == '\n')
        text_add(out, "* --fail-if %.*s\n", (int)strcspn(p, "\n"), p);
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

static const char *const WORDS[] = {"unknown", "unclear", "same", "greater", "less"}; /* by enum analysis_word */

static struct table environments_table(const struct comparison *c)
{
    static const struct table_column COLUMNS[] = {TABLE_TEXT("field", "environment"), TABLE_TEXT("a", "A"),
                                                  TABLE_TEXT("b", "B")};
    struct table t = table_new("environments", "What the two ran in differs", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < c->differences; i++) {
        table_row(&t, NULL);
        table_texts(&t, c->difference[i].key, c->difference[i].a, c->difference[i].b);
    }
    return t;
}

static void add_side(struct table *t, const struct compare_row *row, const struct compare_side *side)
{
    char buf[64];
    table_value(t, side->mean, figure_text(&row->about, side->mean, buf, sizeof(buf)), side->is.mean.why_not);
}

/* Of slopes, which have no ratio. */
static void add_difference(struct table *t, const struct stats_interval *d)
{
    cleanup_text struct text at = {0}, interval = {0};
    words_difference(d, &at, &interval);
    table_value(t, d->at, at.data ? at.data : "", d->why_not);
    table_text(t, interval.data ? interval.data : "");
    table_number(t, d->low, 0, d->why_not);
    table_number(t, d->high, 0, d->why_not);
}

/* In its own columns. */
static void add_effect(struct table *t, const struct analysis_verdict *v)
{
    if (v->is_difference) {
        table_skip(t, 4);
        add_difference(t, &v->ratio);
    } else {
        table_estimate(t, &v->ratio, 1, number_decimals(&v->ratio, 1));
        table_skip(t, 4);
    }
}

static void add_row(struct table *t, const struct compare_row *row, size_t common, double margin)
{
    char words[WORDS_MAX_VERDICT];
    const char *why = row->ratio.why_not, *unclear = why ? why : row->verdict.why;
    table_row(t, NULL);
    table_texts(t, row->label + common, row->figure, row->about.unit, figure_better_names[row->about.better]);
    table_number(t, (double)row->a.used, 0, NULL);
    table_number(t, (double)row->b.used, 0, NULL);
    add_side(t, row, &row->a);
    add_side(t, row, &row->b);
    table_number(t, row->a.is.median.at, 6, NULL);
    table_number(t, row->b.is.median.at, 6, NULL);
    add_effect(t, &row->verdict);
    table_number(t, row->verdict.p, 6, why);
    table_number(t, row->shift, 6, NULL);
    table_number(t, row->dominance, 6, NULL);
    table_number(t, sqrt(row->ratio.noise_variance), 6, NULL);
    table_number(t, row->ratio.is_difference ? row->ratio.tolerance : margin, 6, NULL);
    table_texts(t, WORDS[row->verdict.word], words_verdict(&row->verdict, &row->about, margin, words),
                unclear ? unclear : "");
}

/* The figure column's rank: it distinguishes rows of several figures. */
/* clang-format off */
#define ROW_COLUMNS(figure_rank)                                                                                       \
    {                                                                                                                  \
        TABLE_TEXT("cell", "cell"), {"figure", "figure", "", false, TABLE_BOTH, figure_rank},                          \
        {"unit", "unit", "", false, TABLE_DATA, 0}, {"better", "better", "", false, TABLE_DATA, 0},                    \
        {"a_invocations", "n A", "", true, TABLE_BOTH, 1}, {"b_invocations", "n B", "", true, TABLE_BOTH, 1},          \
        TABLE_NUMBER("a_mean", "A", ""), TABLE_NUMBER("b_mean", "B", ""),                                              \
        {"a_median", "", "", true, TABLE_DATA, 0}, {"b_median", "", "", true, TABLE_DATA, 0},                          \
        TABLE_NUMBER("ratio", "B ÷ A", ""), TABLE_INTERVAL("ratio", "95% interval", "", 3),                            \
        TABLE_NUMBER("difference", "B − A", ""), TABLE_INTERVAL("difference", "95% interval", "", 3),                  \
        {"p", "p", "", true, TABLE_DATA, 0}, {"shift", "shift", "", true, TABLE_DATA, 0},                              \
        {"dominance", "dominance", "", true, TABLE_DATA, 0}, {"noise_sd", "noise", "", true, TABLE_DATA, 0},           \
        {"margin", "margin", "", true, TABLE_DATA, 0}, {"verdict", "verdict", "", false, TABLE_DATA, 0},               \
        TABLE_TEXT("words", "B against A"), {"why", "why", "", false, TABLE_DATA, 0}                                   \
    }
/* clang-format on */

static bool has_several_figures(const struct comparison *c)
{
    for (size_t i = 1; i < c->rows; i++)
        if (strcmp(c->row[i].figure, c->row[0].figure) != 0)
            return true;
    return false;
}

/* The bytes of the words that all labels begin with; every label keeps at least one word. */
static size_t common_of(const struct comparison *c)
{
    size_t common = SIZE_MAX;
    for (size_t i = 0; i < c->rows; i++) {
        size_t same = 0, words = 0;
        const char *first = c->row[0].label, *label = c->row[i].label;
        for (; same < common && first[same] && first[same] == label[same]; same++)
            words = first[same] == ' ' ? same + 1 : words;
        common = words;
    }
    return c->rows > 1 ? common : 0;
}

/* common: the bytes to leave out at the beginning of each label. */
static struct table rows_table(const struct comparison *c, size_t common, double margin)
{
    static const struct table_column OF_ONE[] = ROW_COLUMNS(2), OF_SEVERAL[] = ROW_COLUMNS(0);
    struct table t = table_new("rows", "B against A", has_several_figures(c) ? OF_SEVERAL : OF_ONE, ARRAY_LEN(OF_ONE));
    for (size_t i = 0; i < c->rows; i++)
        add_row(&t, &c->row[i], common, margin);
    return t;
}

static void add_table(const struct table *t, const struct compare_headline *h, bool markdown, struct text *out)
{
    if (markdown)
        table_markdown(t, out);
    else
        table_as_text(t, h->width, out);
    text_add(out, "\n");
}

static void show(const struct comparison *c, const struct compare_headline *h, bool markdown, struct text *out)
{
    const size_t common = h->between ? common_of(c) : 0;
    cleanup_table struct table environments = environments_table(c), rows = rows_table(c, common, h->margin);
    cleanup_text struct text notes = {0};
    text_add(out, "A: %s (%zu record%s)\nB: %s (%zu record%s)\n", h->a, h->a_records, h->a_records == 1 ? "" : "s",
             h->b, h->b_records, h->b_records == 1 ? "" : "s");
    if (common > 0)
        text_add(out, "cells: %.*s\n", (int)common - 1, c->row[0].label);
    text_add(out, "\n");
    if (c->differences == 0)
        text_add(out, "environments: the same in all of %zu fields\n\n", c->fields);
    else
        text_add(out, "environments: %zu of %zu fields differ\n%s", c->differences, c->fields, markdown ? "\n" : "");
    if (environments.rows > 0)
        add_table(&environments, h, markdown, out);
    add_table(&rows, h, markdown, out);
    add_notes(c, h, &notes);
    if (markdown)
        text_add_bytes(out, notes.data, notes.len);
    else
        terminal_wrap_lines(notes.data, h->width, 2, out);
}

void compare_text(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    show(c, h, false, out);
}

void compare_markdown(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    show(c, h, true, out);
}

void compare_csv(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    cleanup_table struct table t = rows_table(c, 0, h->margin);
    table_csv(&t, out);
}

/* --- A comparison as JSON ---------------------------------------------------------------------------------------- */

static json_t *interval_json(const struct stats_interval *i)
{
    json_t *o = table_interval_json(i);
    json_put(o, "confidence", json_real(i->confidence));
    return o;
}

/* plain: of slopes, whose mean is the arithmetic one. */
static json_t *side_json(const struct compare_side *s, bool plain)
{
    const char *none = s->used ? s->is.mean.why_not : "no invocation has the figure";
    json_t *o = json_object();
    json_put_text(o, "cell", s->cell->text);
    json_put_int(o, "invocations", (int64_t)s->used);
    json_put_int(o, "failed", (int64_t)s->failed);
    json_put_int(o, "missing", (int64_t)s->missing);
    json_put_text(o, "left_out_reason", s->failed || s->missing ? s->why_not : NULL);
    json_put_real(o, "geometric_mean", plain ? NAN : s->mean, plain ? "a slope may be 0 or less" : none);
    json_put_real(o, "arithmetic_mean", plain ? s->mean : NAN, plain ? none : "the geometric one is compared");
    json_put(o, "mean_95", interval_json(&s->is.mean));
    json_put(o, "median_95", interval_json(&s->is.median));
    json_put(o, "p95_95", interval_json(&s->is.p95));
    json_put_real(o, "correlation_of_neighbours", s->is.lag1, "fewer than 10 invocations of one node");
    json_put_int_or(o, "outliers", !s->is.outliers_why, (int64_t)s->is.outliers, s->is.outliers_why);
    json_put_real(o, "dip_p", s->is.dip_p, s->is.dip_why);
    json_put_text(o, "steady_state", s->has_steady ? stats_steady_names[s->steady] : NULL);
    if (!s->has_steady)
        json_put_text(o, "steady_state_reason", "the iterations were not read (--steady)");
    return o;
}

static void put_effect(json_t *o, const struct analysis_verdict *v)
{
    const struct stats_interval none = stats_no_interval(NAN, v->ratio.confidence,
                                                         v->is_difference ? "slopes have a difference, and no ratio"
                                                                          : "it is no slope: the ratio tells");
    json_put(o, "ratio", interval_json(v->is_difference ? &none : &v->ratio));
    json_put(o, "difference", interval_json(v->is_difference ? &v->ratio : &none));
}

static json_t *row_json(const struct compare_row *row, double margin)
{
    const struct analysis_ratio *r = &row->ratio;
    const struct analysis_verdict *v = &row->verdict;
    char words[WORDS_MAX_VERDICT];
    json_t *o = json_object();
    json_put_text(o, "label", row->label);
    json_put_text(o, "figure", row->figure);
    json_put_text(o, "title", row->about.title);
    json_put_text(o, "unit", row->about.unit);
    json_put_text(o, "kind", figure_kind_names[row->about.kind]);
    json_put_text(o, "better", figure_better_names[row->about.better]);
    json_put(o, "a", side_json(&row->a, r->is_difference));
    json_put(o, "b", side_json(&row->b, r->is_difference));
    json_put_text(o, "method", r->why_not ? NULL : analysis_method_names[r->method]);
    put_effect(o, v);
    json_put_text(o, "words", words_verdict(v, &row->about, margin, words));
    json_put_real(o, "p", v->p, r->why_not);
    json_put_real(o, "shift", row->shift, r->why_not ? r->why_not : "a side is empty");
    json_put_real(o, "dominance", row->dominance, r->why_not ? r->why_not : "a side is empty");
    json_put_int(o, "nodes", (int64_t)r->nodes);
    json_put_int(o, "pairs", (int64_t)r->pairs);
    json_put_text(o, "note", r->note);
    json_put_real(o, "correlation_of_neighbours", r->lag1, "fewer than 10 invocations in a row");
    json_put(o, "widened_by", json_real(sqrt(r->inflation)));
    json_put(o, "noise_sd", json_real(sqrt(r->noise_variance)));
    json_put_int(o, "noise_cells", (int64_t)row->noise.cells);
    json_put_text(o, "verdict", WORDS[v->word]);
    json_put(o, "differs", json_boolean(v->differs));
    json_put(o, "beyond_margin", json_boolean(v->is_outside));
    json_put(o, "unclear_by_noise", json_boolean(v->is_noise));
    json_put(o, "enough_invocations", v->runs && !v->of_nodes ? json_integer((json_int_t)v->runs) : json_null());
    json_put(o, "enough_nodes", v->runs && v->of_nodes ? json_integer((json_int_t)v->runs) : json_null());
    json_put_text(o, "why", v->why);
    return o;
}

static json_t *head_json(const char *path, size_t records)
{
    return json_pack("{s:o, s:I}", "path", json_of_bytes(path), "records", (json_int_t)records);
}

static json_t *environments_json(const struct comparison *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->differences; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "field", c->difference[i].key, "a",
                                                    c->difference[i].a, "b", c->difference[i].b));
    return json_pack("{s:I, s:o}", "fields", (json_int_t)c->fields, "differences", list);
}

static json_t *cells_json(const struct keyset **cell, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *s = json_string(cell[i]->text);
        (void)json_array_append_new(list, s ? s : json_string("(not UTF-8)"));
    }
    return list;
}

static json_t *fail_if_json(const struct compare_headline *h)
{
    json_t *asked = json_array();
    for (size_t i = 0; i < h->conditions; i++)
        (void)json_array_append_new(asked, json_string(h->condition[i].text));
    return json_pack("{s:o, s:o, s:o}", "asked", asked, "held", json_of_lines(h->failed), "unclear",
                     json_of_lines(h->unclear));
}

void compare_json(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    json_t *o = json_object(), *rows = json_array();
    for (size_t i = 0; i < c->rows; i++)
        (void)json_array_append_new(rows, row_json(&c->row[i], h->margin));
    json_put_text(o, "schema", COMPARE_SCHEMA);
    json_put(o, "a", head_json(h->a, h->a_records));
    json_put(o, "b", head_json(h->b, h->b_records));
    json_put(o, "environments", environments_json(c));
    json_put(o, "margin", json_real(h->margin));
    json_put(o, "growth_margin_bytes", json_real(h->growth_margin));
    json_put_int(o, "seed", (int64_t)h->seed);
    json_put_text(o, "noise_file", h->noise_path);
    if (h->noise_path) {
        json_put(o, "noise_within_run", json_boolean(h->noise_within_run));
        json_put_int(o, "noise_rows_left_out", (int64_t)h->noise_left_out);
    }
    json_put_text(o, "noise_reason", *h->noise_why ? h->noise_why : NULL);
    json_put(o, "forced", json_boolean(c->forced != NULL));
    json_put_text(o, "forced_kinds", c->forced);
    json_put(o, "emulated", json_boolean(c->emulated));
    json_put(o, "rows", rows);
    json_put(o, "only_a", cells_json(c->only_a, c->only_as));
    json_put(o, "only_b", cells_json(c->only_b, c->only_bs));
    json_put(o, "fail_if", fail_if_json(h));
    json_text_indented(o, 0, out);
}
