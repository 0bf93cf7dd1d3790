/* A comparison as JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "compare/compare_show.h"

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
    static const char NONE[] = "no invocation has the figure";
    json_t *o = json_object();
    json_put_text(o, "cell", s->cell->text);
    json_put(o, "invocations", json_integer((json_int_t)s->used));
    json_put(o, "failed", json_integer((json_int_t)s->failed));
    json_put(o, "missing", json_integer((json_int_t)s->missing));
    json_put_text(o, "left_out_reason", s->failed || s->missing ? s->why_not : NULL);
    json_put_real(o, "mean", s->mean, NONE);
    json_put_real(o, "median", s->median, NONE);
    json_put(o, "outliers", json_integer((json_int_t)s->outliers));
    json_put_real(o, "dip_p", s->dip_p, "fewer than 10 invocations");
    json_put_text(o, "steady_state", s->has_steady ? stats_steady_name(s->steady) : NULL);
    if (!s->has_steady)
        json_put_text(o, "steady_state_reason", "the iterations were not read (--steady)");
    return o;
}

static json_t *row_json(const struct compare_row *row)
{
    json_t *o = json_object();
    const char *why = row->ratio95.why_not;
    json_put_text(o, "label", row->label);
    json_put_text(o, "figure", row->figure);
    json_put_text(o, "better", row->more_is_less ? "greater" : "less");
    json_put(o, "a", side_json(&row->a));
    json_put(o, "b", side_json(&row->b));
    json_put_text(o, "method", why ? NULL : row->bootstrapped ? "hierarchical bootstrap" : "Welch's t on logarithms");
    json_put(o, "ratio_95", interval_json(&row->ratio95));
    json_put(o, "ratio_90", interval_json(&row->ratio90));
    json_put_real(o, "p", row->p, why);
    json_put_real(o, "p_holm", row->p_holm, why);
    json_put_real(o, "shift", row->shift, "a side is empty");
    json_put_real(o, "dominance", row->dominance, "a side is empty");
    json_put(o, "nodes_compared_each", json_integer((json_int_t)row->nodes));
    json_put_text(o, "node_note", row->node_note);
    json_put_real(o, "noise_floor", row->floor, "none was measured for it");
    json_put(o, "noise_floor_of_cell", json_boolean(row->floor_of_cell));
    json_put(o, "margin", json_real(row->margin));
    json_put_text(o, "equivalence", stats_equivalence_name(row->equivalence));
    json_put_text(o, "finding", compare_finding_name(row->finding));
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
    json_t *o = json_object(), *asked = json_array(), *held = json_array();
    for (size_t i = 0; i < h->conditions; i++)
        (void)json_array_append_new(asked, json_string(h->condition[i].text));
    for (const char *p = h->failed; *p; p += strcspn(p, "\n"), p += *p == '\n')
        (void)json_array_append_new(held, json_stringn(p, strcspn(p, "\n")));
    json_put(o, "asked", asked);
    json_put(o, "held", held);
    return o;
}

void compare_json(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    json_t *o = json_object(), *rows = json_array();
    for (size_t i = 0; i < c->rows; i++)
        (void)json_array_append_new(rows, row_json(&c->row[i]));
    json_put_text(o, "schema", COMPARE_SCHEMA);
    json_put(o, "a", head_json(h->a, h->a_records));
    json_put(o, "b", head_json(h->b, h->b_records));
    json_put(o, "environments", environments_json(c));
    json_put(o, "margin", json_real(h->margin));
    json_put(o, "bootstrap",
             json_pack("{s:I, s:I}", "seed", (json_int_t)h->seed, "resamples", (json_int_t)h->resamples));
    json_put_text(o, "noise_floor_file", h->noise_path);
    json_put_text(o, "noise_floor_reason", *h->noise_why ? h->noise_why : NULL);
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
