/* A pool as text, as JSON (tare-pool.schema.json) and as a page. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/version.h"
#include "bundle/pool.h"
#include "bundle/reproduce.h"
#include "report/forest.h"
#include "report/gnuplot.h"
#include "report/page.h"
#include "report/table.h"

#define P_LEAST 1e-16 /* below which a p is told as that */

/* --- words ------------------------------------------------------------------------------------------------------- */

/* "A", …, "Z", "AA", …, "ZZ", "AAA", …: how a class of hardware is called. Returns a place in buf. */
static const char *class_name(size_t k, char buf[16])
{
    char *at = &buf[15];
    *at = '\0';
    for (size_t left = k + 1; left > 0; left = (left - 1) / 26)
        *--at = (char)('A' + (int)((left - 1) % 26));
    return at;
}

static struct figure_about about_of(const struct pool_result *r, size_t claim)
{
    return figure_about_declared(r->claims.list[claim].figure, NULL, r->reference->said[claim].unit,
                                 figure_kind_names[r->reference->said[claim].kind], NULL);
}

static const char *number(const struct pool_result *r, size_t claim, double value, char buf[48])
{
    const struct figure_about about = about_of(r, claim);
    return claim_number(&r->claims.list[claim], &about, value, buf, 48);
}

/* "2.31 [2.20, 2.43]", or without an interval "2.31". */
static const char *interval(const struct pool_result *r, size_t claim, const struct stats_interval *i, char buf[160])
{
    char at[48], low[48], high[48];
    if (isnan(i->at))
        text_format(buf, 160, "nothing");
    else if (i->why_not)
        text_format(buf, 160, "%s", number(r, claim, i->at, at));
    else
        text_format(buf, 160, "%s [%s, %s]", number(r, claim, i->at, at), number(r, claim, i->low, low),
                    number(r, claim, i->high, high));
    return buf;
}

static size_t first_effect(const struct pool_result *r, size_t claim)
{
    size_t first = 0;
    for (size_t i = 0; i < claim; i++)
        first += claim_effects(&r->claims.list[i]);
    return first;
}

/* What one effect of a claim is: "many over one", "many minus one", "the exponent of …". The caller frees it. */
static char *effect_name(const struct claim *c, size_t part)
{
    cleanup_free char *name = NULL;
    if (c->kind == CLAIM_RATIO)
        name = text_printf("%s, %s over %s", c->figure, c->cell[0], c->cell[1]);
    else if (c->kind == CLAIM_ORDER)
        name = text_printf("%s, %s %s %s", c->figure, c->cell[part + 1], claim_is_on_logs(c) ? "over" : "minus",
                           c->cell[part]);
    else if (c->kind == CLAIM_SCALING)
        name = text_printf("%s, the exponent by %s", c->figure, c->by);
    else
        name = text_printf("%s of %s", c->figure, c->cell[0]);
    return text_printable(name);
}

/* The end of a path, or the beginning of a digest: the number of its row tells it from another such. Owned by m, or
 * buf. */
static const char *short_name(const struct pool_member *m, char buf[24])
{
    const char *slash = strrchr(m->name, '/');
    if (strncmp(m->name, "sha256:", 7) == 0) {
        text_format(buf, 24, "%.19s", m->name);
        return buf;
    }
    return slash && slash[1] ? slash + 1 : m->name;
}

static char *signature_text(const struct pool_result *r, const struct pool_member *m)
{
    if (m->signature == VERIFY_SIGNED) {
        const char *path = r->key[m->signer], *slash = strrchr(path, '/');
        cleanup_free char *file = text_printable(slash ? slash + 1 : path);
        return text_printf("holds: %s (%s)", m->key_id, file);
    }
    if (m->signature == VERIFY_UNKNOWN)
        return text_printf("by %s, a key not given", m->key_id);
    return xstrdup(m->signature == VERIFY_FORGED ? "does not hold" : "unsigned");
}

/* Numbers of counted members, from 1, in their order. */
static size_t number_of(const struct pool_result *r, const struct pool_member *m)
{
    size_t n = 0;
    for (const struct pool_member *one = r->member; one <= m; one++)
        n += one->state == POOL_COUNTED;
    return n;
}

static size_t machines_of(const struct pool_result *r, size_t class_of)
{
    size_t count = 0;
    cleanup_free bool *seen = xcalloc(r->machines + 1, sizeof(*seen));
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state == POOL_COUNTED && r->member[i].class_ == class_of && !seen[r->member[i].machine]) {
            seen[r->member[i].machine] = true;
            count++;
        }
    return count;
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

static const struct table_column COUNTED[] = {
    {"number", "no.", "", true, TABLE_BOTH, 0},
    {"bundle", "reproduction", "", false, TABLE_BOTH, 0},
    {"class", "class", "", false, TABLE_BOTH, 0},
    {"machine", "machine", "", true, TABLE_BOTH, 0},
    {"role", "role (declared)", "", false, TABLE_BOTH, 0},
    {"run", "run", "", false, TABLE_BOTH, 2},
    {"records", "records", "", true, TABLE_BOTH, 1},
    {"signature", "signature", "", false, TABLE_BOTH, 0},
};

static struct table counted_table(const struct pool_result *r)
{
    char name[16], shown[24];
    struct table t = table_new("counted", "Reproductions that count", COUNTED, ARRAY_LEN(COUNTED));
    t.empty = "No reproduction is left to count.";
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        if (m->state != POOL_COUNTED)
            continue;
        cleanup_free char *signature = signature_text(r, m);
        cleanup_free char *run = text_printf("%s%s", m->where, m->smoke ? ", smoke" : "");
        table_row(&t, NULL);
        table_number(&t, (double)number_of(r, m), 0, NULL);
        table_text(&t, short_name(m, shown));
        table_text(&t, class_name(m->class_, name));
        table_number(&t, (double)m->machine + 1, 0, NULL);
        table_text(&t, m->role);
        table_text(&t, run);
        table_number(&t, (double)m->records, 0, NULL);
        table_text(&t, signature);
    }
    return t;
}

static const struct table_column EFFECTS[] = {
    {"number", "no.", "", true, TABLE_BOTH, 0},
    {"bundle", "reproduction", "", false, TABLE_BOTH, 0},
    {"class", "class", "", false, TABLE_BOTH, 0},
    {"found", "found, with its 95% interval", "", false, TABLE_BOTH, 0},
};

static struct table effects_table(const struct pool_result *r, size_t claim, const char *name, const char *title)
{
    char of[16], found[160], shown[24];
    struct table t = table_new(name, title, EFFECTS, ARRAY_LEN(EFFECTS));
    size_t effect = first_effect(r, claim) + r->claim[claim].shown;
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        if (m->state != POOL_COUNTED)
            continue;
        const struct claim_effect *f = &m->effect[effect];
        cleanup_free char *why = text_printable(!f->is_run ? f->why : f->found.why_not ? f->found.why_not : "");
        cleanup_free char *all =
            text_printf("%s%s%s", !f->is_run ? "NOT RUN" : interval(r, claim, &f->found, found), *why ? ": " : "", why);
        table_row(&t, NULL);
        table_number(&t, (double)number_of(r, m), 0, NULL);
        table_text(&t, short_name(m, shown));
        table_text(&t, class_name(m->class_, of));
        table_text(&t, all);
    }
    return t;
}

/* --- text -------------------------------------------------------------------------------------------------------- */

static void add_estimate(const struct pool_result *r, size_t claim, const char *of, const struct pool_estimate *f,
                         size_t width, struct text *out)
{
    char mean[160], next[160];
    cleanup_text struct text line = {0};
    cleanup_free char *why = text_printable(f->why);
    text_add(&line, "%s: %s: mean %s of %zu %s%s", of, claim_verdict_names[f->verdict],
             interval(r, claim, &f->mean, mean), f->p.machines, f->of_runs ? "run" : "machine",
             f->p.machines == 1 ? "" : "s");
    if (!f->prediction.why_not)
        text_add(&line, ", the next one %s", strchr(interval(r, claim, &f->prediction, next), '['));
    if (*why)
        text_add(&line, " (%s)", why);
    terminal_add_line(out, width, 4, "%s", line.data);
    if (!isfinite(f->p.tau2))
        return;
    text_free(&line);
    line = (struct text){0};
    text_add(&line, "between %s: tau2 %.3g%s", f->of_runs ? "runs" : "machines", f->p.tau2,
             claim_is_on_logs(&r->claims.list[claim]) ? " (of logarithms)" : "");
    if (isfinite(f->p.i2))
        text_add(&line, ", I2 %.0f %%", 100 * f->p.i2);
    if (isfinite(f->p.q))
        text_add(&line, f->p.q_p < P_LEAST ? ", Q %.3g (p below 1e-16)" : ", Q %.3g (p %.2g)", f->p.q, f->p.q_p);
    terminal_add_line(out, width, 6, "%s", line.data);
}

/* An absolute value of several classes of hardware has no mean of all. */
static bool has_mean_of_all(const struct pool_result *r, size_t claim)
{
    return r->claims.list[claim].kind != CLAIM_VALUE || r->classes == 1;
}

static void add_claim(const struct pool_result *r, size_t i, size_t width, struct text *out)
{
    char name[16];
    const struct claim *c = &r->claims.list[i];
    const struct pool_claim *found = &r->claim[i];
    const struct pool_part *part = &found->part[found->shown];
    cleanup_free char *text = text_printable(c->text), *effect = effect_name(c, found->shown);
    terminal_add_line(out, width, 2, "%s: %s: %s", pool_verdict_name(found), c->id, text);
    terminal_add_line(out, width, 4, "%s; expected %s", effect, r->reference->said[i].expected);
    if (has_mean_of_all(r, i))
        add_estimate(r, i, "all", &part->all, width, out);
    for (size_t k = 0; r->classes > 1 && k < r->classes; k++) {
        cleanup_free char *of = text_printf("class %s", class_name(k, name));
        add_estimate(r, i, of, &part->of_class[k], width, out);
    }
    if (part->differ)
        terminal_add_line(out, width, 4,
                          isfinite(part->classes_p) ? "the classes differ (p %.2g)" : "the classes differ",
                          part->classes_p);
    struct table t = effects_table(r, i, "effects", "");
    text_add(out, "\n");
    table_as_text(&t, width, out);
    text_add(out, "\n");
    table_free(&t);
}

static void add_counts(const struct pool_result *r, size_t width, struct text *out)
{
    size_t of[CLAIM_VERDICTS] = {0}, by_class = 0;
    cleanup_text struct text line = {0};
    for (size_t i = 0; i < r->claims.count; i++) {
        by_class += r->claim[i].by_class;
        of[r->claim[i].verdict] += !r->claim[i].by_class;
    }
    claims_say_counts(r->claims.count, of, &line);
    if (by_class)
        text_add(&line, ", %zu BY MACHINE CLASS", by_class);
    terminal_add_line(out, width, 0, "%s", line.data);
}

static char *summary_of(const struct pool_result *r)
{
    return text_printf("%zu bundle%s given: %zu reproduction%s counted, of %zu machine%s in %zu class%s of hardware",
                       r->members, r->members == 1 ? "" : "s", r->counted, r->counted == 1 ? "" : "s", r->machines,
                       r->machines == 1 ? "" : "s", r->classes, r->classes == 1 ? "" : "es");
}

static const char NOTE[] = "A claim is SUPPORTED where the next machine's effect is expected within what was claimed "
                           "(95 % prediction interval). Roles are declared, and nothing checked them. This is "
                           "evidence, not a badge.";

void pool_text(const struct pool_result *r, size_t width, struct text *out)
{
    char name[16];
    cleanup_free char *summary = summary_of(r);
    if (*r->original)
        text_add(out, "original sha256 %s\n", r->original);
    terminal_add_line(out, width, 0, "%s", summary);
    for (size_t k = 0; k < r->classes; k++)
        terminal_add_line(out, width, 2, "class %s: %s: machines: %zu", class_name(k, name), r->class_[k],
                          machines_of(r, k));
    if (r->counted > 0) {
        struct table t = counted_table(r);
        text_add(out, "\n");
        table_as_text(&t, width, out);
        text_add(out, "\n");
        table_free(&t);
    }
    if (r->members > r->counted)
        text_add(out, "not counted:\n");
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state != POOL_COUNTED)
            terminal_add_line(out, width, 2, "%s: %s: %s", r->member[i].name, pool_state_names[r->member[i].state],
                              r->member[i].why);
    add_counts(r, width, out);
    for (size_t i = 0; i < r->claims.count; i++)
        add_claim(r, i, width, out);
    terminal_wrap(NOTE, 0, width, 0, out);
}

/* --- JSON -------------------------------------------------------------------------------------------------------- */

/* A number that is not finite is NULL, which is packed as null. */
static json_t *interval_json(const struct stats_interval *i)
{
    return json_pack("{s:o?, s:o?, s:o?, s:s?}", "at", json_real(i->at), "low", json_real(i->why_not ? NAN : i->low),
                     "high", json_real(i->why_not ? NAN : i->high), "why", i->why_not);
}

static json_t *estimate_json(const struct pool_estimate *f)
{
    return json_pack("{s:s, s:I, s:s, s:o, s:o, s:o?, s:o?, s:o?, s:o?, s:o?}", "verdict",
                     claim_verdict_names[f->verdict], "units", (json_int_t)f->p.machines, "unit",
                     f->of_runs ? "run" : "machine", "mean", interval_json(&f->mean), "prediction",
                     interval_json(&f->prediction), "tau2", json_real(f->p.tau2), "i2", json_real(f->p.i2), "q",
                     json_real(f->p.q), "q_p", json_real(f->p.q_p), "why", *f->why ? json_of_bytes(f->why) : NULL);
}

static json_t *member_json(const struct pool_result *r, const struct pool_member *m)
{
    char name[16];
    const bool counts = m->state == POOL_COUNTED;
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:s?, s:o?, s:o?, s:s?}",
                     "name", m->name, "state", pool_state_names[m->state], "declared_role", m->role, "where", m->where,
                     "smoke", m->smoke, "records", (json_int_t)m->records, "why", m->why, "sha256",
                     *m->sha256 ? m->sha256 : NULL, "reproduces", m->of, "date", m->date && *m->date ? m->date : NULL,
                     "hardware", m->hardware, "signature", verify_signature_names[m->signature], "key",
                     *m->key_id ? m->key_id : NULL, "number", counts ? json_integer((json_int_t)number_of(r, m)) : NULL,
                     "machine", counts ? json_integer((json_int_t)m->machine + 1) : NULL, "class",
                     counts ? class_name(m->class_, name) : NULL);
}

static json_t *effect_json(const struct pool_member *m, size_t number, size_t effect)
{
    const struct claim_effect *f = &m->effect[effect];
    return json_pack("{s:I, s:b, s:o, s:o?, s:o?}", "number", (json_int_t)number, "run", f->is_run, "found",
                     interval_json(&f->found), "variance", json_real(f->variance), "why",
                     *f->why ? json_of_bytes(f->why) : NULL);
}

static json_t *part_json(const struct pool_result *r, size_t claim, size_t part)
{
    char name[16];
    const struct claim *c = &r->claims.list[claim];
    const struct pool_part *p = &r->claim[claim].part[part];
    cleanup_free char *effect = effect_name(c, part);
    json_t *classes = json_array(), *members = json_array();
    for (size_t k = 0; k < r->classes; k++) {
        json_t *one = estimate_json(&p->of_class[k]);
        json_put_text(one, "class", class_name(k, name));
        (void)json_array_append_new(classes, one);
    }
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state == POOL_COUNTED)
            (void)json_array_append_new(
                members, effect_json(&r->member[i], number_of(r, &r->member[i]), first_effect(r, claim) + part));
    return json_pack("{s:s, s:s, s:o, s:o, s:o?, s:b, s:o}", "effect", effect, "scale",
                     claim_is_on_logs(c) ? "logarithm" : "linear", "all", estimate_json(&p->all), "classes", classes,
                     "classes_p", json_real(p->classes_p), "classes_differ", p->differ, "reproductions", members);
}

static json_t *claim_json(const struct pool_result *r, size_t i)
{
    const struct claim *c = &r->claims.list[i];
    json_t *parts = json_array();
    for (size_t part = 0; part < r->claim[i].parts; part++)
        (void)json_array_append_new(parts, part_json(r, i, part));
    return json_pack("{s:s, s:o, s:s, s:o, s:s, s:s, s:s, s:I, s:o, s:o?, s:o?}", "id", c->id, "text",
                     json_of_bytes(c->text), "kind", claim_kind_names[c->kind], "figure", json_of_bytes(c->figure),
                     "unit", r->reference->said[i].unit, "expected", r->reference->said[i].expected, "verdict",
                     pool_verdict_name(&r->claim[i]), "decided_by", (json_int_t)r->claim[i].shown, "effects", parts,
                     "min", json_real(claim_min(c)), "max", json_real(c->max));
}

void pool_json(const struct pool_result *r, struct text *out)
{
    char name[16];
    json_t *classes = json_array(), *members = json_array(), *claims = json_array();
    for (size_t k = 0; k < r->classes; k++)
        (void)json_array_append_new(classes, json_pack("{s:s, s:s, s:I}", "class", class_name(k, name), "hardware",
                                                       r->class_[k], "machines", (json_int_t)machines_of(r, k)));
    for (size_t i = 0; i < r->members; i++)
        (void)json_array_append_new(members, member_json(r, &r->member[i]));
    for (size_t i = 0; i < r->claims.count; i++)
        (void)json_array_append_new(claims, claim_json(r, i));
    json_t *o =
        json_pack("{s:s, s:o, s:s?, s:I, s:I, s:I, s:o, s:o, s:o, s:s}", "schema", POOL_SCHEMA, "tool", json_of_tool(),
                  "original", *r->original ? r->original : NULL, "counted", (json_int_t)r->counted, "refused",
                  (json_int_t)r->refused, "machines", (json_int_t)r->machines, "classes", classes, "bundles", members,
                  "claims", claims, "note", NOTE);
    json_text(o, out);
}

/* --- the forest plots -------------------------------------------------------------------------------------------- */

/* Reproductions by class, then each class's estimate where there are several, then that of all. */
struct rows {
    struct forest_row *list;
    char **label; /* owned */
    size_t count;
};

static void add_forest_row(struct rows *rows, char *label, const struct stats_interval *i,
                           const struct stats_interval *next)
{
    bool has_next = next && !next->why_not;
    rows->label[rows->count] = label;
    rows->list[rows->count++] = (struct forest_row){.label = label,
                                                    .at = i->at,
                                                    .low = i->why_not ? NAN : i->low,
                                                    .high = i->why_not ? NAN : i->high,
                                                    .next_low = has_next ? next->low : NAN,
                                                    .next_high = has_next ? next->high : NAN,
                                                    .is_mean = next != NULL};
}

static char *estimate_label(const char *of, const struct pool_estimate *f)
{
    return text_printf("%s, %zu %s%s: %s", of, f->p.machines, f->of_runs ? "run" : "machine",
                       f->p.machines == 1 ? "" : "s", claim_verdict_names[f->verdict]);
}

static void add_class_rows(const struct pool_result *r, size_t claim, size_t k, struct rows *rows)
{
    char name[16], of[32], shown[24];
    const struct pool_claim *found = &r->claim[claim];
    size_t effect = first_effect(r, claim) + found->shown;
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        if (m->state == POOL_COUNTED && m->class_ == k && m->effect[effect].is_run)
            add_forest_row(rows, text_printf("%zu  %.60s", number_of(r, m), short_name(m, shown)),
                           &m->effect[effect].found, NULL);
    }
    const struct pool_estimate *f = &found->part[found->shown].of_class[k];
    text_format(of, sizeof(of), "class %s", class_name(k, name));
    if (r->classes > 1)
        add_forest_row(rows, estimate_label(of, f), &f->mean, &f->prediction);
}

/* The unit of an axis whose numbers are the figure's own: of bytes the one that fits the largest estimate. */
static struct figure_unit axis_unit(const struct figure_about *about, const struct rows *rows)
{
    double most = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (isfinite(rows->list[i].at))
            most = fmax(most, fabs(rows->list[i].at));
    return figure_is_of_bytes(about) ? figure_unit_of(most) : (struct figure_unit){about->unit, 1};
}

/* Names the axis; the rows' numbers become those of its unit, of which *unit is how much one is. */
static char *axis_of(const struct claim *c, const struct figure_about *about, struct rows *rows, double *unit)
{
    cleanup_free char *figure = text_printable(c->figure);
    *unit = 1;
    if (c->kind == CLAIM_SCALING)
        return text_printf("exponent of %.40s", figure);
    if (c->kind == CLAIM_RATIO || (c->kind == CLAIM_ORDER && claim_is_on_logs(c)))
        return text_printf("ratio of %.40s", figure);
    const struct figure_unit in = axis_unit(about, rows);
    *unit = in.bytes;
    for (size_t i = 0; i < rows->count; i++) {
        struct forest_row *row = &rows->list[i];
        double *const number[] = {&row->at, &row->low, &row->high, &row->next_low, &row->next_high};
        for (size_t k = 0; k < ARRAY_LEN(number); k++)
            *number[k] /= in.bytes;
    }
    return text_printf("%s%.40s [%.20s]", c->kind == CLAIM_ORDER ? "difference of " : "", figure, in.name);
}

static void draw_claim(const struct pool_result *r, size_t i, struct drawings *all)
{
    char name[32], title[1000];
    const struct claim *c = &r->claims.list[i];
    const struct pool_claim *found = &r->claim[i];
    size_t most = r->counted + r->classes + 1;
    struct rows rows = {xcalloc(most, sizeof(*rows.list)), xcalloc(most, sizeof(char *)), 0};
    cleanup_free char *effect = effect_name(c, found->shown), *text = text_printable(c->text);
    const struct figure_about about = about_of(r, i);
    for (size_t k = 0; k < r->classes; k++)
        add_class_rows(r, i, k, &rows);
    const struct pool_estimate *f = &found->part[found->shown].all;
    if (has_mean_of_all(r, i))
        add_forest_row(&rows, estimate_label("all", f), &f->mean, &f->prediction);
    double unit = 1;
    cleanup_free char *axis = axis_of(c, &about, &rows, &unit);
    text_format(name, sizeof(name), "claim-%zu", i + 1);
    text_format(title, sizeof(title), "%s: %.400s: %s; %.400s", c->id, text, pool_verdict_name(found), effect);
    forest_draw(all, &(struct forest){.name = name,
                                      .title = title,
                                      .axis = axis,
                                      .row = rows.list,
                                      .rows = rows.count,
                                      .min = claim_min(c) / unit,
                                      .max = c->max / unit});
    for (size_t k = 0; k < rows.count; k++)
        free(rows.label[k]);
    free(rows.label);
    free(rows.list);
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

static void page_answer(const struct pool_result *r, struct text *out)
{
    char name[16];
    cleanup_free char *summary = summary_of(r);
    page_section(out, "answer", "The answer");
    html_between(out, "<p>", summary, "</p>\n");
    text_add(out, "<ul>\n");
    for (size_t i = 0; i < r->claims.count; i++) {
        cleanup_free char *text = text_printable(r->claims.list[i].text);
        text_add(out, "<li><b>%s</b> ", pool_verdict_name(&r->claim[i]));
        html_between(out, "", r->claims.list[i].id, ": ");
        html_text(out, text);
        for (size_t k = 0; r->claim[i].by_class && k < r->classes; k++)
            text_add(out, "%s class %s: %s", k ? "," : ":", class_name(k, name),
                     claim_verdict_names[r->claim[i].of_class[k]]);
        if (!r->claim[i].by_class && *r->claim[i].why)
            html_between(out, ": ", r->claim[i].why, "");
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul>\n");
    html_between(out, "<p>", NOTE, "</p>\n");
    text_add(out, "</section>\n");
}

static void page_claim(const struct pool_result *r, size_t i, const struct drawings *d, struct text *out)
{
    char id[32];
    cleanup_text struct text lines = {0};
    text_format(id, sizeof(id), "claim-%zu", i + 1);
    page_section(out, id, r->claims.list[i].id);
    page_figures(out, d, id, "This figure is not drawn, since there was no gnuplot; its data are below");
    add_claim(r, i, 100, &lines);
    html_between(out, "<pre tabindex=\"0\"><code>", lines.data, "</code></pre>\n</section>\n");
}

static void page_bundles(const struct pool_result *r, struct text *out)
{
    char name[16];
    struct table t = counted_table(r);
    page_section(out, "bundles", "The reproductions");
    text_add(out, "<ul>\n");
    for (size_t k = 0; k < r->classes; k++) {
        text_add(out, "<li>class %s: ", class_name(k, name));
        html_text(out, r->class_[k]);
        text_add(out, ", machines: %zu</li>\n", machines_of(r, k));
    }
    text_add(out, "</ul>\n");
    page_table(out, &t);
    table_free(&t);
    text_add(out, "<h3>Not counted</h3>\n<ul>\n");
    for (size_t i = 0; i < r->members; i++) {
        if (r->member[i].state == POOL_COUNTED)
            continue;
        text_add(out, "<li>%s: ", pool_state_names[r->member[i].state]);
        html_between(out, "", r->member[i].name, ": ");
        html_between(out, "", r->member[i].why, "</li>\n");
    }
    text_add(out, r->members > r->counted ? "</ul>\n" : "<li>none</li>\n</ul>\n");
    text_add(out, "</section>\n");
}

int pool_page(const struct pool_result *r, struct text *out, struct err *no_plot, struct err *e)
{
    cleanup_drawings struct drawings d = {0};
    for (size_t i = 0; i < r->claims.count; i++)
        draw_claim(r, i, &d);
    TRY(gnuplot_svg(&d, no_plot, e));
    page_begin(out, "Reproductions of one bundle");
    text_add(out,
             "<header>\n<h1>Reproductions of one bundle</h1>\n<p class=\"soft\">the original: sha256 %s; "
             "tare " TARE_VERSION "</p>\n</header>\n<main>\n",
             *r->original ? r->original : "unknown");
    page_answer(r, out);
    for (size_t i = 0; i < r->claims.count; i++)
        page_claim(r, i, &d, out);
    page_bundles(r, out);
    text_add(out, "</main>\n</body>\n</html>\n");
    return 0;
}
