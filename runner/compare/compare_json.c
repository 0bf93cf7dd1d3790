/* A comparison as JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare_show.h"

static void set(json_t *o, const char *key, json_t *value)
{
    if (!value || json_object_set_new(o, key, value) != 0)
        abort(); /* out of memory */
}

/* A path is of any bytes: what is no UTF-8 is said to be none. */
static void set_text(json_t *o, const char *key, const char *value)
{
    json_t *s = value ? json_string(value) : json_null();
    set(o, key, s ? s : json_string("(not UTF-8)"));
}

static void set_real(json_t *o, const char *key, double value, const char *why_not)
{
    char with[64];
    if (isfinite(value)) {
        set(o, key, json_real(value));
        return;
    }
    text_format(with, sizeof(with), "%s_reason", key);
    set(o, key, json_null());
    set_text(o, with, why_not ? why_not : "there is none");
}

static json_t *interval_json(const struct stats_interval *i)
{
    json_t *o = json_object();
    set_real(o, "at", i->at, i->why_not);
    set_real(o, "low", i->low, i->why_not);
    set_real(o, "high", i->high, i->why_not);
    set(o, "confidence", json_real(i->confidence));
    return o;
}

static json_t *side_json(const struct compare_side *s)
{
    static const char NONE[] = "no invocation has the figure";
    json_t *o = json_object();
    set_text(o, "cell", s->cell->text);
    set(o, "invocations", json_integer((json_int_t)s->used));
    set(o, "failed", json_integer((json_int_t)s->failed));
    set(o, "missing", json_integer((json_int_t)s->missing));
    set_text(o, "left_out_reason", s->failed || s->missing ? s->why_not : NULL);
    set_real(o, "mean", s->mean, NONE);
    set_real(o, "median", s->median, NONE);
    set(o, "outliers", json_integer((json_int_t)s->outliers));
    set_real(o, "dip_p", s->dip_p, "fewer than 10 invocations");
    set_text(o, "steady_state", s->has_steady ? stats_steady_name(s->steady) : NULL);
    if (!s->has_steady)
        set_text(o, "steady_state_reason", "the iterations were not read (--steady)");
    return o;
}

static json_t *row_json(const struct compare_row *row)
{
    json_t *o = json_object();
    const char *why = row->ratio95.why_not;
    set_text(o, "label", row->label);
    set_text(o, "figure", row->figure);
    set_text(o, "better", row->more_is_less ? "greater" : "less");
    set(o, "a", side_json(&row->a));
    set(o, "b", side_json(&row->b));
    set_text(o, "method", why ? NULL : row->bootstrapped ? "hierarchical bootstrap" : "Welch's t on logarithms");
    set(o, "ratio_95", interval_json(&row->ratio95));
    set(o, "ratio_90", interval_json(&row->ratio90));
    set_real(o, "p", row->p, why);
    set_real(o, "p_holm", row->p_holm, why);
    set_real(o, "shift", row->shift, "a side is empty");
    set_real(o, "dominance", row->dominance, "a side is empty");
    set(o, "nodes_compared_each", json_integer((json_int_t)row->nodes));
    set_text(o, "node_note", row->node_note);
    set_real(o, "noise_floor", row->floor, "none was measured for it");
    set(o, "noise_floor_of_cell", json_boolean(row->floor_of_cell));
    set(o, "margin", json_real(row->margin));
    set_text(o, "equivalence", stats_equivalence_name(row->equivalence));
    set_text(o, "finding", compare_finding_name(row->finding));
    return o;
}

static json_t *head_json(const char *path, size_t records)
{
    json_t *o = json_object();
    set_text(o, "path", path);
    set(o, "records", json_integer((json_int_t)records));
    return o;
}

static json_t *environments_json(const struct comparison *c)
{
    json_t *o = json_object(), *list = json_array();
    for (size_t i = 0; i < c->differences; i++) {
        json_t *one = json_object();
        set_text(one, "field", c->difference[i].key);
        set_text(one, "a", c->difference[i].a);
        set_text(one, "b", c->difference[i].b);
        (void)json_array_append_new(list, one);
    }
    set(o, "fields", json_integer((json_int_t)c->fields));
    set(o, "differences", list);
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
    json_t *o = json_object(), *asked = json_array(), *held = json_array();
    for (size_t i = 0; i < h->conditions; i++)
        (void)json_array_append_new(asked, json_string(h->condition[i].text));
    for (const char *p = h->failed; *p; p += strcspn(p, "\n"), p += *p == '\n')
        (void)json_array_append_new(held, json_stringn(p, strcspn(p, "\n")));
    set(o, "asked", asked);
    set(o, "held", held);
    return o;
}

void compare_json(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    json_t *o = json_object(), *rows = json_array();
    for (size_t i = 0; i < c->rows; i++)
        (void)json_array_append_new(rows, row_json(&c->row[i]));
    set_text(o, "schema", COMPARE_SCHEMA);
    set(o, "a", head_json(h->a, h->a_records));
    set(o, "b", head_json(h->b, h->b_records));
    set(o, "environments", environments_json(c));
    set(o, "margin", json_real(h->margin));
    set(o, "bootstrap", json_pack("{s:I, s:I}", "seed", (json_int_t)h->seed, "resamples", (json_int_t)h->resamples));
    set_text(o, "noise_floor_file", h->noise_path);
    set_text(o, "noise_floor_reason", *h->noise_why ? h->noise_why : NULL);
    set(o, "forced", json_boolean(c->forced != NULL));
    set_text(o, "forced_kinds", c->forced);
    set(o, "emulated", json_boolean(c->emulated));
    set(o, "rows", rows);
    set(o, "only_a", cells_json(c->only_a, c->only_as));
    set(o, "only_b", cells_json(c->only_b, c->only_bs));
    set(o, "fail_if", fail_if_json(h));
    char *text = json_dumps(o, JSON_INDENT(2));
    if (!text)
        abort();
    text_add(out, "%s\n", text);
    free(text);
    json_decref(o);
}
