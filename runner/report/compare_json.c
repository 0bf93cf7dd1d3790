/* A comparison as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/words.h"
#include "base/json_put.h"
#include "report/compare_show.h"

static json_t *interval_json(const struct stats_interval *i)
{
    json_t *o = json_object();
    json_put_real(o, "at", i->at, i->why_not);
    json_put_real(o, "low", i->low, i->why_not);
    json_put_real(o, "high", i->high, i->why_not);
    json_put(o, "confidence", json_real(i->confidence));
    return o;
}

static json_t *side_json(const struct compare_side *s)
{
    json_t *o = json_object();
    json_put_text(o, "cell", s->cell->text);
    json_put(o, "invocations", json_integer((json_int_t)s->used));
    json_put(o, "failed", json_integer((json_int_t)s->failed));
    json_put(o, "missing", json_integer((json_int_t)s->missing));
    json_put_text(o, "left_out_reason", s->failed || s->missing ? s->why_not : NULL);
    json_put_real(o, "geometric_mean", s->mean, s->used ? s->is.mean.why_not : "no invocation has the figure");
    json_put(o, "mean_95", interval_json(&s->is.mean));
    json_put(o, "median_95", interval_json(&s->is.median));
    json_put(o, "p95_95", interval_json(&s->is.p95));
    json_put_real(o, "correlation_of_neighbours", s->is.lag1, "fewer than 10 invocations of one node");
    if (s->is.outliers_why)
        json_put_real(o, "outliers", NAN, s->is.outliers_why);
    else
        json_put(o, "outliers", json_integer((json_int_t)s->is.outliers));
    json_put_real(o, "dip_p", s->is.dip_p, s->is.dip_why);
    json_put_text(o, "steady_state", s->has_steady ? stats_steady_name(s->steady) : NULL);
    if (!s->has_steady)
        json_put_text(o, "steady_state_reason", "the iterations were not read (--steady)");
    return o;
}

static json_t *row_json(const struct compare_row *row, double margin)
{
    static const char *const WORDS[] = {"unknown", "unclear", "same", "greater", "less"};
    const struct analysis_ratio *r = &row->ratio;
    const struct analysis_verdict *v = &row->verdict;
    char words[WORDS_MAX_VERDICT];
    json_t *o = json_object();
    json_put_text(o, "label", row->label);
    json_put_text(o, "figure", row->figure);
    json_put_text(o, "title", row->about.title);
    json_put_text(o, "unit", row->about.unit);
    json_put_text(o, "kind", figure_kind_name(row->about.kind));
    json_put_text(o, "better", figure_better_name(row->about.better));
    json_put(o, "a", side_json(&row->a));
    json_put(o, "b", side_json(&row->b));
    json_put_text(o, "method", r->why_not ? NULL : analysis_method_name(r->method));
    json_put(o, "ratio", interval_json(&v->ratio));
    json_put_text(o, "words",
                  words_verdict(v, &row->about, margin, row->a.used < row->b.used ? row->a.used : row->b.used, words));
    json_put_real(o, "p", v->p, r->why_not);
    json_put_real(o, "shift", row->shift, r->why_not ? r->why_not : "a side is empty");
    json_put_real(o, "dominance", row->dominance, r->why_not ? r->why_not : "a side is empty");
    json_put(o, "nodes", json_integer((json_int_t)r->nodes));
    json_put(o, "pairs", json_integer((json_int_t)r->pairs));
    json_put_text(o, "note", r->note);
    json_put_real(o, "correlation_of_neighbours", r->lag1, "fewer than 10 invocations in a row");
    json_put(o, "widened_by", json_real(sqrt(r->inflation)));
    json_put(o, "noise_sd", json_real(sqrt(r->noise_variance)));
    json_put(o, "noise_cells", json_integer((json_int_t)row->noise.cells));
    json_put_text(o, "verdict", WORDS[v->word]);
    json_put(o, "differs", json_boolean(v->differs));
    json_put(o, "beyond_margin", json_boolean(v->is_outside));
    json_put(o, "unclear_by_noise", json_boolean(v->is_noise));
    json_put(o, "enough_invocations", v->runs ? json_integer((json_int_t)v->runs) : json_null());
    json_put_text(o, "why", v->why);
    return o;
}

static json_t *head_json(const char *path, size_t records)
{
    json_t *o = json_object();
    json_put_text(o, "path", path);
    json_put(o, "records", json_integer((json_int_t)records));
    return o;
}

static json_t *environments_json(const struct comparison *c)
{
    json_t *o = json_object(), *list = json_array();
    for (size_t i = 0; i < c->differences; i++) {
        json_t *one = json_object();
        json_put_text(one, "field", c->difference[i].key);
        json_put_text(one, "a", c->difference[i].a);
        json_put_text(one, "b", c->difference[i].b);
        (void)json_array_append_new(list, one);
    }
    json_put(o, "fields", json_integer((json_int_t)c->fields));
    json_put(o, "differences", list);
    return o;
}

static json_t *cells_json(const struct pairs **cell, size_t count)
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
    json_t *o = json_object(), *asked = json_array(), *held = json_array(), *unclear = json_array();
    for (size_t i = 0; i < h->conditions; i++)
        (void)json_array_append_new(asked, json_string(h->condition[i].text));
    for (const char *p = h->failed; *p; p += strcspn(p, "\n"), p += *p == '\n')
        (void)json_array_append_new(held, json_stringn(p, strcspn(p, "\n")));
    for (const char *p = h->unclear; *p; p += strcspn(p, "\n"), p += *p == '\n')
        (void)json_array_append_new(unclear, json_stringn(p, strcspn(p, "\n")));
    json_put(o, "asked", asked);
    json_put(o, "held", held);
    json_put(o, "unclear", unclear);
    return o;
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
    json_put(o, "seed", json_integer((json_int_t)h->seed));
    json_put_text(o, "noise_file", h->noise_path);
    if (h->noise_path)
        json_put(o, "noise_within_run", json_boolean(h->noise_within_run));
    json_put_text(o, "noise_reason", *h->noise_why ? h->noise_why : NULL);
    json_put(o, "forced", json_boolean(c->forced != NULL));
    json_put_text(o, "forced_kinds", c->forced);
    json_put(o, "emulated", json_boolean(c->emulated));
    json_put(o, "rows", rows);
    json_put(o, "only_a", cells_json(c->only_a, c->only_as));
    json_put(o, "only_b", cells_json(c->only_b, c->only_bs));
    json_put(o, "fail_if", fail_if_json(h));
    char *text = json_dumps(o, JSON_INDENT(2));
    if (!text)
        abort();
    text_add(out, "%s\n", text);
    free(text);
    json_decref(o);
}
