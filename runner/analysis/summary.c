#include "analysis/summary.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/compare.h"
#include "analysis/number.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "record/verdict.h"

bool summary_is_memory(const struct summary_cell *c)
{
    return strcmp(c->profile, "memory") == 0;
}

const char *summary_plan(const struct summary *s)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].details.plan)
            return s->records.list[i].details.plan;
    return NULL;
}

/* --- What cells are called, and in which order they are told ----------------------------------------------------- */

#define ID_MAX    60
#define LABEL_MAX 120

static bool is_native(const struct summary_cell *c)
{
    return strcmp(c->runtime, "native") == 0;
}

static int compare_cells(const void *a, const void *b)
{
    return cells_compare(((const struct summary_cell *)a)->cell, ((const struct summary_cell *)b)->cell);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* Whether cells of the same scenario and profile differ in this key. A key that only one mode or start method has
 * counts if its own cells differ. */
static bool tells(const struct summary *s, const struct summary_cell *c, const char *key)
{
    const char *own = keyset_find(c->cell, key);
    for (size_t i = 0; own && i < s->cells; i++) {
        const struct summary_cell *other = &s->cell[i];
        const char *value = keyset_find(other->cell, key);
        bool as_this = strcmp(other->mode, c->mode) == 0 && strcmp(other->start, c->start) == 0;
        if (!value && !as_this)
            continue;
        if (strcmp(other->scenario, c->scenario) == 0 && strcmp(other->profile, c->profile) == 0 &&
            (!value || strcmp(value, own) != 0))
            return true;
    }
    return false;
}

#define TELLS_RUNTIME "" /* beside the keys of a kind: whether the runtime has to be told */

/* What names are made with. */
struct naming {
    const struct summary *s;
    json_t *kinds; /* {kind: {key: true}}: the keys that tell cells apart of one scenario, profile, mode and so on */
    json_t *taken; /* of each id that a cell has, or would have had, the number behind the last of the same */
    bool scenario;
};

/* Whether the label needs the runtime: the mode also runs on another one, native aside. */
static bool tells_runtime(const struct summary *s, const struct summary_cell *c)
{
    for (size_t i = 0; i < s->cells; i++)
        if (strcmp(s->cell[i].mode, c->mode) == 0 && !is_native(&s->cell[i]) &&
            strcmp(s->cell[i].runtime, c->runtime) != 0)
            return true;
    return is_native(c);
}

static bool is_of_kind(const struct summary_cell *a, const struct summary_cell *b)
{
    return text_is_same(a->scenario, b->scenario) && text_is_same(a->profile, b->profile) &&
           text_is_same(a->mode, b->mode) && text_is_same(a->start, b->start) && text_is_same(a->runtime, b->runtime);
}

/* Which of its cells is asked makes no difference: where two cells have two values, one of them is not the asked one's.
 */
static void list_keys(const struct summary *s, const struct summary_cell *of, json_t *keys)
{
    cleanup_json json_t *seen = json_object();
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        for (size_t n = 0; is_of_kind(of, c) && n < c->cell->count; n++) {
            const char *key = c->cell->list[n].key;
            if (text_is_among(key, cells_first_keys) || json_object_get(seen, key))
                continue;
            json_put(seen, key, json_true());
            if (tells(s, c, key))
                json_put(keys, key, json_true());
        }
    }
}

static const json_t *keys_of(struct naming *n, const struct summary_cell *c)
{
    cleanup_free char *kind = text_printf("%s\n%s\n%s\n%s\n%s", c->scenario, c->profile, c->mode, c->start, c->runtime);
    json_t *keys = json_object_get(n->kinds, kind);
    if (keys)
        return keys;
    json_put(n->kinds, kind, keys = json_object());
    list_keys(n->s, c, keys);
    json_put(keys, TELLS_RUNTIME, json_boolean(tells_runtime(n->s, c)));
    return keys;
}

static bool tells_scenario(const struct summary *s)
{
    for (size_t i = 1; i < s->cells; i++)
        if (strcmp(s->cell[i].scenario, s->cell[0].scenario) != 0)
            return true;
    return !*s->cell[0].mode;
}

/* Adds a word in lower case; a run of other characters than letters and digits becomes one hyphen. */
static void add_word(struct text *id, const char *word)
{
    bool hyphen = id->len > 0;
    for (; *word; word++) {
        char one = (char)tolower((unsigned char)*word);
        bool plain = (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9');
        if (!plain) {
            hyphen = id->len > 0;
            continue;
        }
        text_add(id, "%s%c", hyphen ? "-" : "", one);
        hyphen = false;
    }
}

static void cut(struct text *t, size_t max)
{
    if (t->len <= max)
        return;
    t->len = max;
    while (t->len > 0 && ((unsigned char)t->data[t->len] & 0xc0) == 0x80) /* not within a character */
        t->len--;
    t->data[t->len] = '\0';
}

static void make_id(struct summary_cell *c, const json_t *keys, bool scenario)
{
    struct text id = {0};
    text_add(&id, "%s", "");
    const char *command = keyset_find(c->cell, "argv");
    add_word(&id, command ? command : scenario ? c->scenario : "");
    add_word(&id, c->mode);
    add_word(&id, c->start);
    add_word(&id, !command && json_is_true(json_object_get(keys, TELLS_RUNTIME)) ? c->runtime : "");
    for (size_t i = 0; i < c->cell->count; i++) {
        const struct pair *p = &c->cell->list[i];
        if (!json_object_get(keys, p->key))
            continue;
        add_word(&id, p->key);
        add_word(&id, p->value);
    }
    cut(&id, ID_MAX);
    add_word(&id, c->profile);
    if (id.len == 0)
        text_add(&id, "cell");
    c->id = id.data;
}

static void make_label(struct summary_cell *c, const json_t *keys, bool scenario)
{
    struct text label = {0};
    const char *command = keyset_find(c->cell, "argv"); /* its words are its name */
    text_add(&label, "%s%s%s%s%s",
             command    ? command
             : scenario ? c->scenario
                        : "",
             scenario && *c->mode ? " " : "", c->mode, *c->start ? " " : "", c->start);
    if (*c->runtime && !command)
        text_add(&label, "%s%s", label.len ? ", " : "", c->runtime);
    for (size_t i = 0; i < c->cell->count; i++) {
        const struct pair *p = &c->cell->list[i];
        if (json_object_get(keys, p->key))
            text_add(&label, ", %s %s", p->key, p->value);
    }
    for (size_t i = 0; i < label.len; i++) /* a label is one line, whatever a record holds */
        if ((unsigned char)label.data[i] < ' ' || label.data[i] == 127)
            label.data[i] = ' ';
    if (label.len > LABEL_MAX) {
        cut(&label, LABEL_MAX);
        text_add(&label, "…");
    }
    c->label = label.data;
}

/* Numbers ids that were cut, or are equal once only letters are left. */
static void make_unique(json_t *taken, struct summary_cell *c)
{
    cleanup_free char *plain = xstrdup(c->id);
    for (json_int_t n = json_integer_value(json_object_get(taken, plain)); json_object_get(taken, c->id);) {
        json_put_int(taken, plain, ++n);
        free(c->id);
        c->id = text_printf("%s-%" JSON_INTEGER_FORMAT, plain, n);
    }
    json_put_int(taken, c->id, 1);
}

void summary_curve_name(const struct summary_cell *c, struct text *out)
{
    const char *workers = strstr(c->label, ", workers ");
    text_add(out, "%.*s", workers ? (int)(workers - c->label) : (int)strlen(c->label), c->label);
    if (workers)
        text_add(out, "%s", workers + 10 + strcspn(workers + 10, ","));
}

static void summary_name_cells(struct summary *s)
{
    struct naming n = {
        .s = s, .kinds = json_object(), .taken = json_object(), .scenario = s->cells > 0 && tells_scenario(s)};
    for (size_t i = 0; i < s->cells; i++) {
        struct summary_cell *c = &s->cell[i];
        const json_t *keys = keys_of(&n, c);
        make_id(c, keys, n.scenario);
        make_label(c, keys, n.scenario);
        make_unique(n.taken, c);
    }
    json_decref(n.kinds);
    json_decref(n.taken);
}

/* --- a summary ---------------------------------------------------------------------------------------------------- */

/* --- cells -------------------------------------------------------------------------------------------------------- */

/* An invocation and its ranking value. */
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

static const struct invocation *typical_of(const struct records *r, const struct summary_cell *c)
{
    cleanup_free struct ranked *list = xcalloc(c->count, sizeof(*list));
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

static struct summary_cell cell_of(const struct records *r, struct cell_group *g)
{
    const char *workers = keyset_find(g->cell, "workers");
    struct summary_cell c = {.cell = g->cell,
                             .invocation = g->invocation,
                             .count = g->count,
                             .scenario = keyset_word(g->cell, "name"),
                             .mode = keyset_word(g->cell, "mode"),
                             .start = keyset_word(g->cell, "mp_start_method"),
                             .runtime = keyset_word(g->cell, "runtime"),
                             .profile = keyset_word(g->cell, "profile"),
                             .workers = workers ? strtod(workers, NULL) : NAN,
                             .steady = cells_steady(g)};
    g->invocation = NULL; /* the cell owns it now */
    for (size_t i = 0; i < c.count; i++) {
        c.ok += c.invocation[i]->ok;
        c.emulated |= c.invocation[i]->ok && c.invocation[i]->kind == RECORD_EMULATED;
    }
    c.typical = typical_of(r, &c);
    return c;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

struct cell_group summary_group(const struct summary_cell *c)
{
    return (struct cell_group){c->cell, c->invocation, c->count};
}

static struct summary_figure summarise(const struct summary *s, const struct summary_cell *c, size_t index)
{
    static const char NONE[] = "there are no threads of the same cell to compare with";
    const char *name = s->records.reader.name[index].name;
    const struct cell_group g = summary_group(c);
    cleanup_values struct cell_values v = cells_values(&s->records, &g, name);
    struct summary_figure f = {.used = v.count,
                               .is = cells_summary(&v, name, ANALYSIS_NO_DIP),
                               .verdict.ratio = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, NONE)};
    f.why_not = f.used == 0 ? v.why_not : isnan(f.is.mean.at) ? f.is.mean.why_not : NULL;
    return f;
}

/* --- the base ----------------------------------------------------------------------------------------------------- */

/* The lower, the better it fits as the base of comparisons. */
static int base_rank(const struct summary_cell *c)
{
    const char *free_threaded = keyset_find(c->invocation[0]->environment, "runtime.free_threaded");
    const char *gil = keyset_find(c->cell, "gil");
    if (strcmp(c->runtime, "native") == 0)
        return 4;
    if (!free_threaded || strcmp(free_threaded, "true") != 0)
        return 3;
    return !gil ? 0 : strcmp(gil, "off") == 0 ? 1 : 2;
}

static void find_bases(struct summary *s)
{
    cleanup_free const struct summary_cell **threads = xcalloc(s->cells, sizeof(const struct summary_cell *));
    cleanup_free const struct keyset **cell = xcalloc(s->cells, sizeof(const struct keyset *));
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++)
        if (strcmp(s->cell[i].mode, "threads") == 0) {
            threads[n] = &s->cell[i];
            cell[n++] = s->cell[i].cell;
        }
    struct cells_index *x = cells_index_new(cell, n, "mode,mp_start_method,runtime,gil");
    for (size_t i = 0; i < s->cells; i++) {
        size_t count = 0;
        const size_t *number = cells_index_find(x, s->cell[i].cell, &count);
        const struct summary_cell *best = count ? threads[number[0]] : NULL;
        for (size_t k = 1; k < count; k++) { /* of equal ones the first */
            const struct summary_cell *one = threads[number[k]];
            const int d = base_rank(one) - base_rank(best);
            best = d < 0 || (d == 0 && one < best) ? one : best;
        }
        s->cell[i].base = best;
    }
    cells_index_free(x);
}

/* --- ratios ------------------------------------------------------------------------------------------------------- */

const char *summary_incomparable(const struct summary *s, const struct summary_cell *a, const struct summary_cell *b,
                                 const char *figure)
{
    const struct summary_cell *const side[] = {a, b};
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

struct analysis_ratio summary_effect(const struct summary *s, const struct summary_cell *base,
                                     const struct summary_cell *c, size_t index)
{
    const struct figure_name *figure = &s->records.reader.name[index];
    const char *why = summary_incomparable(s, base, c, figure->name);
    const struct cell_group other = summary_group(base), own = summary_group(c);
    cleanup_values struct cell_values a = cells_values(&s->records, &other, figure->name),
                                      b = cells_values(&s->records, &own, figure->name);
    struct analysis_ratio r =
        cells_effect(&a, &b, &figure->about, cells_are_of_one_run(&other, &own), ANALYSIS_GROWTH_MARGIN, NULL);
    return why ? (struct analysis_ratio){.is_difference = r.is_difference, .log = NAN, .why_not = why} : r;
}

/* The index of a cell's main figure, as for tare compare; names: none. */
static size_t own_figure(const struct summary *s, const struct summary_cell *c)
{
    const struct cell_group a = summary_group(c->base), b = summary_group(c);
    const struct cell_pair pair = {&a, &b};
    int index = records_figure(&s->records, compare_own_figure(&s->records, &s->records, &pair));
    return index < 0 ? s->records.reader.names : (size_t)index;
}

static bool is_compared(const struct summary_cell *c)
{
    return c->base && c->base != c;
}

/* The cells' main figures are one family. */
static void judge_main(struct summary *s)
{
    cleanup_free struct analysis_ratio *ratio = xcalloc(s->cells, sizeof(*ratio));
    cleanup_free struct analysis_verdict *verdict = xcalloc(s->cells, sizeof(*verdict));
    const size_t none = s->records.reader.names;
    size_t n = 0, told = 0;
    for (size_t i = 0; i < s->cells; i++) {
        struct summary_cell *c = &s->cell[i];
        c->main = is_compared(c) ? own_figure(s, c) : none;
        if (c->main != none)
            ratio[n++] = summary_effect(s, c->base, c, c->main);
    }
    if (n > 0)
        analysis_judge(ratio, n, ANALYSIS_MARGIN, verdict);
    for (size_t i = 0; i < s->cells; i++)
        if (s->cell[i].main != none)
            s->cell[i].verdict = verdict[told++];
}

/* A figure of all cells: those whose main one it is not are a family. */
static struct summary_figure *make_figure(const struct summary *s, size_t index)
{
    struct summary_figure *figure = xcalloc(s->cells, sizeof(*figure));
    cleanup_free struct summary_figure **family = xcalloc(s->cells, sizeof(struct summary_figure *));
    cleanup_free struct analysis_ratio *ratio = xcalloc(s->cells, sizeof(*ratio));
    cleanup_free struct analysis_verdict *verdict = xcalloc(s->cells, sizeof(*verdict));
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        figure[i] = summarise(s, c, index);
        if (c->main == index) {
            figure[i].verdict = c->verdict;
        } else if (is_compared(c)) {
            ratio[n] = summary_effect(s, c->base, c, index);
            family[n++] = &figure[i];
        }
    }
    if (n > 0)
        analysis_judge(ratio, n, ANALYSIS_MARGIN, verdict);
    for (size_t i = 0; i < n; i++)
        family[i]->verdict = verdict[i];
    return figure;
}

const struct summary_figure *summary_at(const struct summary *s, const struct summary_cell *c, size_t index)
{
    if (!s->figure[index])
        s->figure[index] = make_figure(s, index);
    return &s->figure[index][c - s->cell];
}

const struct summary_figure *summary_figure(const struct summary *s, const struct summary_cell *c, const char *name)
{
    int index = records_figure(&s->records, name);
    return index < 0 ? NULL : summary_at(s, c, (size_t)index);
}

int summary_rate(const struct summary *s, const struct summary_cell *c)
{
    for (size_t i = 0; i < s->records.reader.names; i++) {
        const struct figure_about *about = &s->records.reader.name[i].about;
        if (about->kind == FIGURE_RATE && about->better == BETTER_MORE && summary_at(s, c, i)->used)
            return (int)i;
    }
    return -1;
}

const char *summary_verdict(const struct summary *s, const struct summary_cell *c, size_t index, char *buf)
{
    const struct summary_figure *f = summary_at(s, c, index);
    const struct figure_about about = s->records.reader.name[index].about;
    if (!c->base || c->base == c || f->used == 0 || (isnan(f->verdict.ratio.at) && f->verdict.word == ANALYSIS_UNKNOWN))
        return "";
    return words_verdict(&f->verdict, &about, ANALYSIS_MARGIN, buf);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void work_out(struct summary *s)
{
    struct cell_groups g = cells_group(&s->records, true);
    s->cell = xcalloc(g.count, sizeof(*s->cell));
    s->cells = g.count;
    for (size_t i = 0; i < g.count; i++)
        s->cell[i] = cell_of(&s->records, &g.list[i]);
    cells_free(&g);
    qsort(s->cell, s->cells, sizeof(*s->cell), compare_cells);
    summary_name_cells(s);
    s->figure = xcalloc(s->records.reader.names, sizeof(struct summary_figure *));
    find_bases(s);
    judge_main(s);
}

void summary_make(struct records *r, struct summary *ret)
{
    records_sort(r);
    *ret = (struct summary){.records = *r};
    work_out(ret);
}

int summary_read(const char *const *paths, size_t count, bool drawn, struct summary *ret, struct err *e)
{
    struct records r = {.reader.with_steady = true,
                        .reader.with_iterations = drawn,
                        .reader.with_details = true,
                        .reader.with_points = drawn};
    int failed = records_read_all(&r, paths, count, e);
    if (failed != 0) {
        records_free(&r);
        return failed;
    }
    summary_make(&r, ret);
    ret->is_owner = true;
    return 0;
}

void summary_free(struct summary *s)
{
    for (size_t i = 0; i < s->cells; i++) {
        free(s->cell[i].invocation);
        free(s->cell[i].id);
        free(s->cell[i].label);
    }
    free(s->cell);
    for (size_t i = 0; s->figure && i < s->records.reader.names; i++)
        free(s->figure[i]);
    free(s->figure);
    if (s->is_owner)
        records_free(&s->records);
    *s = (struct summary){0};
}

/* --- What has to be said with the figures ------------------------------------------------------------------------ */

#define FOREIGN_SHARE 0.05 /* of the CPUs' time; a larger share is noted */
#define MISSED_SHARE  0.05 /* of the ticks; a larger share is noted */
#define CHECKS_SHOWN  2    /* names shown of checks that failed for one reason; records have all */
#define NAMES_SHOWN   20   /* names shown of cells that a note applies to */
#define NOTES_SHOWN   30   /* reasons shown; the rest is in the records */

/* Of each reason the names it applies to: {reason: {name: true}}, in order of appearance, each once. An object finds
 * one among ten thousand in one step. */
__attribute__((format(printf, 3, 4))) static void add_note(json_t *notes, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *reason = text_vprintf(fmt, ap), *printable = text_printable(name), *why = text_printable(reason);
    va_end(ap);
    json_t *names = json_object_get(notes, why);
    if (!names) {
        names = json_object();
        (void)json_object_set_new_nocheck(notes, why, names);
    }
    if (*printable)
        (void)json_object_set_new_nocheck(names, printable, json_true());
}

/* Adds the first names, and the number of others. */
static void add_names(json_t *names, size_t shown, struct text *out)
{
    const char *name;
    json_t *unused;
    size_t i = 0;
    json_object_foreach(names, name, unused)
    {
        if (i++ < shown)
            text_add(out, "%s%s", i > 1 ? ", " : "", name);
    }
    if (i > shown)
        text_add(out, " and %zu more", i - shown);
}

/* --- what there is to say --------------------------------------------------------------------------------------- */

/* Adds one line for all records: a grade below full, the failed checks, and why. */
static void note_isolation(json_t *notes, const struct summary *s)
{
    cleanup_json json_t *unmet = json_object();
    cleanup_text struct text line = {0};
    const char *grade = NULL, *reason;
    json_t *names;
    size_t i = 0;
    for (size_t k = 0; k < s->records.count; k++) {
        const struct invocation *one = &s->records.list[k];
        for (size_t u = 0; u < one->details.unmets; u++)
            if (strcmp(one->details.unmet[u].level, "recorded") != 0)
                add_note(unmet, one->details.unmet[u].name, "%s", one->details.unmet[u].reason);
        if (*one->grade && strcmp(one->grade, "full") != 0)
            grade = one->grade;
    }
    if (grade)
        text_add(&line, "isolation is %.20s%s", grade,
                 strcmp(grade, verdict_grades[GRADE_BORROWED].name) == 0 ? " (the slice is the container's own cgroup)"
                                                                         : "");
    else if (json_object_size(unmet) > 0)
        text_add(&line, "some of the isolation that was asked for is not in force");
    json_object_foreach(unmet, reason, names)
    {
        if (i == NOTES_SHOWN)
            break;
        text_add(&line, "%s", i++ == 0 ? ": " : ", ");
        add_names(names, CHECKS_SHOWN, &line);
        text_add(&line, " failed (%s)", reason);
    }
    if (json_object_size(unmet) > i)
        text_add(&line, ", and %zu more reasons, which the records have", json_object_size(unmet) - i);
    if (grade)
        text_add(&line, "; 'make run-vm' weighs in a full slice");
    if (line.len)
        add_note(notes, "", "%s", line.data);
}

static void note_emulation(json_t *notes, const struct summary_cell *c, const struct invocation *one)
{
    if (!summary_is_memory(c) && one->kind == RECORD_EMULATED)
        add_note(notes, "",
                 "the times are emulated, by %.80s: they show order, not size, and no ratio is made of them (memory is "
                 "not emulated)",
                 one->emulated_by);
}

static void note_failure(json_t *notes, const struct summary_cell *c, const struct invocation *one)
{
    if (one->ok)
        return;
    cleanup_free char *name = text_printf("%s %s", c->label, c->profile);
    add_note(notes, name, "%s%s%s", *one->termination ? one->termination : "it does not say how it ended",
             *one->detail ? ": " : "", one->detail);
}

/* A busy machine misses ticks, so averages over the others are biased. */
static void note_missed(json_t *notes, const struct summary_cell *c)
{
    double most = 0;
    for (size_t i = 0; i < c->count; i++)
        most = fmax(most, c->invocation[i]->details.missed_share); /* fmax leaves NaN out */
    if (most > MISSED_SHARE)
        add_note(notes, c->label, "up to %.0f%% of the moments at which memory is sampled were missed in a run",
                 100 * most);
}

/* Other work on the benchmark's CPUs lengthens its times, and one mode's more than another's. */
static void note_foreign(json_t *notes, const struct summary *s)
{
    double most = 0;
    for (size_t i = 0; i < s->records.count; i++)
        most = fmax(most, s->records.list[i].details.foreign_share); /* fmax leaves NaN out */
    if (most > FOREIGN_SHARE)
        add_note(notes, "",
                 "others had up to %.0f%% of the benchmark's CPUs while it ran: its times may be off ('tare doctor' "
                 "says what helps)",
                 100 * most);
}

static void note_nodes(json_t *notes, const struct summary *s)
{
    cleanup_json json_t *nodes = json_object();
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].node)
            (void)json_object_set_new_nocheck(nodes, s->records.list[i].node, json_true());
    if (json_object_size(nodes) > 1)
        add_note(notes, "", "the records are of %zu nodes", json_object_size(nodes));
}

void summary_notes(const struct summary *s, struct text *out)
{
    cleanup_json json_t *notes = json_object();
    const char *reason;
    json_t *names;
    size_t i = 0;
    for (size_t c = 0; c < s->cells; c++) {
        const struct summary_cell *cell = &s->cell[c];
        for (size_t k = 0; k < cell->count; k++) {
            note_emulation(notes, cell, cell->invocation[k]);
            note_failure(notes, cell, cell->invocation[k]);
        }
        note_missed(notes, cell);
    }
    const size_t of_cells = json_object_size(notes);
    note_foreign(notes, s);
    note_nodes(notes, s);
    note_isolation(notes, s);
    json_object_foreach(notes, reason, names)
    {
        if (i++ >= NOTES_SHOWN && i <= of_cells)
            continue; /* what holds of all records is always said */
        text_add(out, "* ");
        add_names(names, NAMES_SHOWN, out);
        text_add(out, "%s%s\n", json_object_size(names) ? ": " : "", reason);
    }
    if (of_cells > NOTES_SHOWN)
        text_add(out, "* and %zu more reasons of cells, which their records have\n", of_cells - NOTES_SHOWN);
}

static bool environment_is(const struct summary_cell *c, const char *key, const char *value)
{
    const char *is = keyset_find(c->invocation[0]->environment, key);
    return is && strcmp(is, value) == 0;
}

void summary_note_gil(const struct summary_cell *c, struct text *out)
{
    static const char TURNS[] = "one of its threads runs Python code at a time";
    const char *module = keyset_find(c->invocation[0]->environment, "runtime.gil_turned_on_by");
    if (strcmp(c->mode, "threads") != 0)
        return;
    if (environment_is(c, "runtime.free_threaded", "false"))
        text_add(out, "* %s has a GIL, so that %s (a free-threaded build, such as 3.14t, has none)\n", c->runtime,
                 TURNS);
    else if (environment_is(c, "runtime.gil_enabled_at_end", "true"))
        text_add(out,
                 "* the GIL of %s was on, so that %s: turned on by %s (--python %s --env PYTHON_GIL=0 keeps it off)\n",
                 c->runtime, TURNS, module ? module : "what is not known", c->runtime);
}

/* --- The answer in words ----------------------------------------------------------------------------------------- */

/* Adds "107 ms (95% interval 17 to 198)". */
static void say_value(const struct summary *s, const struct summary_figure *f, const char *name, struct text *out)
{
    const struct figure_about about = records_about(&s->records, name);
    const struct number_spelled n = number_interval(&f->is.mean, about.scale);
    text_add(out, "%s %s", n.at, about.shown);
    if (!f->is.mean.why_not)
        text_add(out, " (95%% interval %s to %s)", n.low, n.high);
}

/* Adds "threads, 3.14t, workers 8" as "threads (3.14t, workers 8)". */
static void say_label(const struct summary_cell *c, struct text *out)
{
    size_t mode = strcspn(c->label, ",");
    if (c->label[mode] && !keyset_find(c->cell, "argv"))
        text_add(out, "%.*s (%s)", (int)mode, c->label, c->label + mode + 2);
    else
        text_add(out, "%s", c->label);
}

static void say_ratio(const struct summary *s, const struct summary_cell *c, const char *name,
                      const struct summary_figure *f, struct text *out)
{
    char buf[WORDS_MAX_VERDICT];
    const struct stats_interval *ratio = &f->verdict.ratio;
    if (c->base == c)
        text_add(out, " (baseline)");
    else if (isnan(ratio->at) && !keyset_find(c->cell, "argv"))
        text_add(out, "; no ratio to threads: %s", ratio->why_not);
    if (c->base == c || isnan(ratio->at))
        return;
    text_add(out, "; against ");
    say_label(c->base, out);
    if (ratio->why_not)
        text_add(out, ": %s times, without an interval: %s", number_interval(ratio, 1).at, ratio->why_not);
    else
        text_add(out, ": %s", summary_verdict(s, c, (size_t)records_figure(&s->records, name), buf));
}

static void say_cell(const struct summary *s, const struct summary_cell *c, struct text *out)
{
    const char *name = summary_is_memory(c) ? "pss_bytes" : "avg_iter_s";
    const struct summary_figure *f = summary_figure(s, c, name);
    say_label(c, out);
    text_add(out, ": ");
    if (!f || f->used == 0) {
        text_add(out, "no %s, since %s\n", summary_is_memory(c) ? "PSS" : "time",
                 f && f->why_not ? f->why_not : "no record has one");
        return;
    }
    text_add(out, "%s ",
             summary_is_memory(c)           ? "a PSS of"
             : keyset_find(c->cell, "argv") ? "it takes"
                                            : "an iteration takes");
    say_value(s, f, name, out);
    say_ratio(s, c, name, f, out);
    text_add(out, "%s\n", !summary_is_memory(c) && c->emulated ? "; the time is emulated and no measure" : "");
}

char *summary_answer(const struct summary *s, bool memory)
{
    struct text out = {0};
    text_add(&out, "%s", "");
    for (size_t i = 0; i < s->cells; i++)
        if (summary_is_memory(&s->cell[i]) == memory)
            say_cell(s, &s->cell[i], &out);
    return out.data;
}
