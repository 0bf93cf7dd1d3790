#include "report/summary_tables.h"

#include <math.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "report/scale_show.h"

/* clang-format off */
/* The columns for a row's cell (its name for readers, its id as data), and what fills them in. */
#define NAME        TABLE_TEXT("cell", "cell"), {"id", "id", "", false, TABLE_DATA, 0}
#define NAME_AND_PROFILE NAME, TABLE_TEXT("profile", "profile")
#define INVOCATIONS TABLE_NUMBER("invocations", "runs", "")
#define MEAN(key, head, unit)                                                                                          \
    TABLE_NUMBER(key, head, unit), TABLE_INTERVAL(key "_ci95", "95% interval", unit, 2)
#define RATIO(head)                                                                                                    \
    TABLE_NUMBER("ratio_to_threads", head, ""), TABLE_INTERVAL("ratio_ci95", "95% interval", "", 1)
/* Of tables that have slopes, too: in the row's unit. */
#define DIFFERENCE                                                                                                     \
    TABLE_NUMBER("difference_to_threads", "− threads", ""), TABLE_INTERVAL("difference_ci95", "95% interval", "", 1)
#define VERDICT {"verdict", "against threads", "", false, TABLE_BOTH, 7}
/* clang-format on */

static void add_name(struct table *t, const struct summary_cell *c)
{
    table_row(t, c->id);
    table_texts(t, c->label, c->id);
}

/* --- What the invocations ran in: the fields that all share, and those in which they differ, by cell ------------- */

#define NOT_TOLD "not told"

/* Whether a key is shown: not a path, which is of one machine; a hash identifies the file. */
static bool is_told(const char *key)
{
    return !text_ends_with(key, ".path");
}

static const char *shown(const char *value)
{
    return *value ? value : "\"\"";
}

static struct table tables_environment(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {TABLE_TEXT("field", "field"), TABLE_TEXT("value", "value")};
    struct table t = table_new("environment", "Environment that all cells share", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    cleanup_keysets struct keysets e = records_environments(&s->records);
    cleanup_free const char **keys = keysets_keys((const struct keysets *[]){&e}, 1, &count);
    for (size_t i = 0; i < count; i++) {
        cleanup_json json_t *values = cells_field(&e, keys[i], NOT_TOLD);
        if (!is_told(keys[i]) || json_object_size(values) != 1)
            continue;
        table_row(&t, NULL);
        table_texts(&t, keys[i], shown(keyset_text(e.list[0], keys[i], NOT_TOLD)));
    }
    return t;
}

/* --- differences -------------------------------------------------------------------------------------------------- */

/* Adds "threads-overhead, processes-fork-overhead (2 of 5)": the cells that have this value. */
static void say_cells(const struct summary *s, const char *key, const char *value, struct text *out)
{
    text_add(out, "%s", "");
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        size_t n = 0;
        for (size_t k = 0; k < c->count; k++)
            n += strcmp(keyset_text(c->invocation[k]->environment, key, NOT_TOLD), value) == 0;
        if (n == 0)
            continue;
        text_add(out, "%s%s", out->len ? ", " : "", c->id);
        if (n < c->count)
            text_add(out, " (%zu of %zu)", n, c->count);
    }
}

#define VALUES_MAX 8 /* values of a field, before "and others" */

static void add_values(struct table *t, const struct summary *s, json_t *values, const char *key)
{
    size_t told = 0;
    const char *value;
    json_t *unused;
    json_object_foreach(values, value, unused)
    {
        cleanup_text struct text cells = {0};
        table_row(t, NULL);
        table_text(t, key);
        if (told++ == VALUES_MAX) {
            table_texts(t, "… and others", "");
            return;
        }
        say_cells(s, key, value, &cells);
        table_texts(t, shown(value), cells.data);
    }
}

static struct table tables_differences(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {TABLE_TEXT("field", "field"), TABLE_TEXT("value", "value"),
                                                  TABLE_TEXT("cells", "cells")};
    struct table t = table_new("differences", "Environment in which cells differ", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    cleanup_keysets struct keysets e = records_environments(&s->records);
    t.empty = "All cells ran in the same environment.";
    cleanup_free const char **keys = keysets_keys((const struct keysets *[]){&e}, 1, &count);
    for (size_t i = 0; i < count; i++) {
        cleanup_json json_t *values = cells_field(&e, keys[i], NOT_TOLD);
        if (is_told(keys[i]) && json_object_size(values) > 1)
            add_values(&t, s, values, keys[i]);
    }
    return t;
}

/* --- What was asked of the host and what it gave, cell by cell --------------------------------------------------- */

/* Adds the grades of a cell's invocations, each once. */
static void say_grades(const struct summary_cell *c, struct text *out)
{
    text_add(out, "%s", "");
    for (size_t i = 0; i < c->count; i++) {
        bool told = false;
        for (size_t k = 0; !told && k < i; k++)
            told = strcmp(c->invocation[k]->grade, c->invocation[i]->grade) == 0;
        if (!told)
            text_add(out, "%s%s", out->len ? ", " : "", *c->invocation[i]->grade ? c->invocation[i]->grade : NOT_TOLD);
    }
}

/* A failed check, and the number of invocations in which it failed for the same reason. */
struct broken {
    const struct unmet *of;
    size_t times;
};

/* The failed checks, each once, in order of appearance. The pool makes equal texts one pointer. The caller frees the
 * list. */
static struct broken *broken_of(const struct summary_cell *c, size_t *count)
{
    struct broken *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct invocation_details *d = &c->invocation[i]->details;
        for (size_t u = 0; u < d->unmets; u++) {
            size_t k = 0;
            while (k < n && (list[k].of->name != d->unmet[u].name || list[k].of->reason != d->unmet[u].reason))
                k++;
            if (k == n) {
                list = xgrow(list, n, sizeof(*list));
                list[n++] = (struct broken){&d->unmet[u], 0};
            }
            list[k].times++;
        }
    }
    *count = n;
    return list;
}

static void add_verdict(struct table *t, const struct summary_cell *c, const char *grades, const struct unmet *u,
                        double times)
{
    add_name(t, c);
    table_texts(t, c->profile, grades, u ? u->name : "every check holds", u ? u->level : "", u ? u->reason : "");
    table_number(t, times, 0, NULL);
}

static struct table tables_isolation(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME_AND_PROFILE,
                                                  TABLE_TEXT("grade", "grade"),
                                                  TABLE_TEXT("check", "does not hold"),
                                                  TABLE_TEXT("level", "level"),
                                                  TABLE_TEXT("reason", "reason"),
                                                  TABLE_NUMBER("times", "in runs", "")};
    struct table t = table_new("isolation", "Checks of the isolation that do not hold", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        cleanup_text struct text grades = {0};
        size_t count = 0;
        cleanup_free struct broken *broken = broken_of(c, &count);
        say_grades(c, &grades);
        for (size_t k = 0; k < count; k++)
            add_verdict(&t, c, grades.data, broken[k].of, (double)broken[k].times);
        if (count == 0)
            add_verdict(&t, c, grades.data, NULL, NAN);
    }
    return t;
}

/* The number of failed checks of this level, in the invocation that has most of them. */
static size_t most_unmet(const struct summary_cell *c, bool required)
{
    size_t most = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct invocation_details *d = &c->invocation[i]->details;
        size_t n = 0;
        for (size_t k = 0; k < d->unmets; k++)
            n += (strcmp(d->unmet[k].level, "recorded") != 0) == required;
        most = n > most ? n : most;
    }
    return most;
}

static struct table tables_verdicts(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME_AND_PROFILE, TABLE_TEXT("grade", "isolation"),
                                                  TABLE_NUMBER("checks", "checks", ""),
                                                  TABLE_NUMBER("required_unmet", "required, not met", ""),
                                                  TABLE_NUMBER("recorded_unmet", "recorded, not met", "")};
    struct table t = table_new("verdicts", "Isolation of each cell", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        cleanup_text struct text grades = {0};
        say_grades(c, &grades);
        add_name(&t, c);
        table_texts(&t, c->profile, grades.data);
        table_number(&t, (double)c->invocation[0]->details.checks, 0, NULL);
        table_number(&t, (double)most_unmet(c, true), 0, NULL);
        table_number(&t, (double)most_unmet(c, false), 0, NULL);
    }
    return t;
}

/* --- what was measured ------------------------------------------------------------------------------------------ */

#define NULL_SCENARIO "scenario0"

static void add_whole(struct table *t, double n)
{
    table_number(t, n, 0, NULL);
}

static void add_mean(struct table *t, const struct summary *s, const struct summary_cell *c, const char *name)
{
    static const struct summary_figure NONE = {.is.mean = {.at = NAN, .low = NAN, .high = NAN, .why_not = ""}};
    const struct summary_figure *f = summary_figure(s, c, name);
    const struct figure_about u = records_about(&s->records, name);
    f = f ? f : &NONE;
    int decimals = number_decimals(&f->is.mean, u.scale);
    table_number(t, f->is.mean.at * u.scale, decimals, f->why_not);
    table_interval(t, &f->is.mean, u.scale, decimals);
}

/* Adds the mean alone, with the digits that its interval justifies. */
static void add_point(struct table *t, const struct summary *s, const struct summary_cell *c, const char *name)
{
    const struct summary_figure *f = summary_figure(s, c, name);
    const struct figure_about u = records_about(&s->records, name);
    if (f)
        table_number(t, f->is.mean.at * u.scale, number_decimals(&f->is.mean, u.scale), f->why_not);
    else
        table_number(t, NAN, 0, "no record has it");
}

/* Against the base: none is what the base itself has, 1 as a ratio and 0 as a difference. */
static void add_against(struct table *t, const struct summary_cell *c, const struct summary_figure *f, double none,
                        double scale)
{
    struct stats_interval i = f ? f->verdict.ratio : stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "no record has it");
    const bool is_base = c->base == c;
    char number[64];
    if (is_base)
        i = stats_no_interval(f && f->used && !c->emulated ? none : NAN, ANALYSIS_CONFIDENCE, "it is the baseline");
    const int decimals = number_decimals(&i, scale);
    cleanup_free char *shown = text_printf("%s%s", none < 1 && i.at > 0 ? "+" : "",
                                           number_text(i.at * scale, decimals, number, sizeof(number)));
    table_value(t, i.at * scale, is_base ? "(baseline)" : shown, i.why_not);
    table_interval(t, &i, scale, decimals);
}

static void leave_out(struct table *t, const char *why)
{
    const struct stats_interval none = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, why);
    table_estimate(t, &none, 1, 0);
}

static void add_verdict_of(struct table *t, const struct summary *s, const struct summary_cell *c, const char *name)
{
    char words[WORDS_MAX_VERDICT];
    const int index = records_figure(&s->records, name);
    const char *verdict = index < 0 ? "" : summary_verdict(s, c, (size_t)index, words);
    table_text(t, c->base == c ? "(baseline)" : *verdict ? verdict : "not compared");
}

/* The ratio and the verdict. */
static void add_ratio(struct table *t, const struct summary *s, const struct summary_cell *c, const char *name)
{
    add_against(t, c, summary_figure(s, c, name), 1, 1);
    add_verdict_of(t, s, c, name);
}

/* The same in a table with both: the ratio, or of slopes the difference. */
static void add_effect(struct table *t, const struct summary *s, const struct summary_cell *c, const char *name)
{
    const struct summary_figure *f = summary_figure(s, c, name);
    if (figure_is_slope(name)) {
        leave_out(t, "a slope may be 0 or less: it has a difference");
        add_against(t, c, f, 0, records_about(&s->records, name).scale);
    } else {
        add_against(t, c, f, 1, 1);
        leave_out(t, "it is no slope: the ratio tells");
    }
    add_verdict_of(t, s, c, name);
}

/* The cells of scenario0, whose workers do nothing, ended by NULL. The caller frees the list. */
static const struct summary_cell **nulls_of(const struct summary *s)
{
    const struct summary_cell **null = xcalloc(s->cells + 1, sizeof(const struct summary_cell *));
    for (size_t i = 0, n = 0; i < s->cells; i++)
        if (strcmp(s->cell[i].scenario, NULL_SCENARIO) == 0 && !summary_is_memory(&s->cell[i]))
            null[n++] = &s->cell[i];
    return null;
}

/* Adds the cost of the instrument itself: the time of scenario0 in the same mode, start method, runtime and number of
 * workers. */
static void add_null(struct table *t, const struct summary *s, const struct summary_cell *const *null,
                     const struct summary_cell *c)
{
    const struct summary_figure *f = NULL;
    for (; !f && *null && strcmp(c->scenario, NULL_SCENARIO) != 0; null++)
        if (strcmp((*null)->mode, c->mode) == 0 && strcmp((*null)->start, c->start) == 0 &&
            strcmp((*null)->runtime, c->runtime) == 0 && (*null)->workers == c->workers)
            f = summary_figure(s, *null, "avg_iter_s");
    if (f)
        table_number(t, f->is.mean.at * 1e3, number_decimals(&f->is.mean, 1e3), f->why_not);
    else
        table_number(t, NAN, 0, "scenario0 was not run with it");
}

static struct table time_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME,
                                                  INVOCATIONS,
                                                  MEAN("avg_iter_ms", "mean", "ms"),
                                                  {"p50_iter_ms", "median", "ms", true, TABLE_BOTH, 3},
                                                  {"p95_iter_ms", "p95", "ms", true, TABLE_BOTH, 4},
                                                  {"null_iter_ms", "null", "ms", true, TABLE_BOTH, 5},
                                                  RATIO("time ÷ threads"),
                                                  VERDICT,
                                                  {"steady", "series", "", false, TABLE_BOTH, 6}};
    struct table t = table_new("time", "Time of an iteration", COLUMNS, ARRAY_LEN(COLUMNS));
    cleanup_free const struct summary_cell **null = nulls_of(s);
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        if (summary_is_memory(c))
            continue;
        add_name(&t, c);
        add_whole(&t, (double)c->ok);
        add_mean(&t, s, c, "avg_iter_s");
        add_point(&t, s, c, "p50_iter_s");
        add_point(&t, s, c, "p95_iter_s");
        add_null(&t, s, null, c);
        add_ratio(&t, s, c, "avg_iter_s");
        table_text(&t, c->emulated ? "emulated: no measure" : stats_steady_names[c->steady]);
    }
    return t;
}

static struct table memory_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME,
                                                  INVOCATIONS,
                                                  MEAN("pss_mib", "PSS", "MiB"),
                                                  {"uss_mib", "USS", "MiB", true, TABLE_BOTH, 5},
                                                  {"rss_mib", "RSS", "MiB", true, TABLE_BOTH, 6},
                                                  {"all_pids_pss_mib", "PSS of all", "MiB", true, TABLE_BOTH, 7},
                                                  {"anon_mib", "anon", "MiB", true, TABLE_BOTH, 3},
                                                  {"kernel_mib", "kernel", "MiB", true, TABLE_BOTH, 4},
                                                  TABLE_NUMBER("peak_mib", "peak", "MiB"),
                                                  RATIO("memory ÷ threads"),
                                                  VERDICT};
    static const char *const POINTS[] = {"uss_bytes",  "rss_bytes",    "all_pids_pss_bytes",
                                         "anon_bytes", "kernel_bytes", "peak_bytes"};
    struct table t = table_new("memory", "Memory, averaged over the measured iterations", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        if (!summary_is_memory(c))
            continue;
        add_name(&t, c);
        add_whole(&t, (double)c->ok);
        add_mean(&t, s, c, "pss_bytes");
        for (size_t k = 0; k < ARRAY_LEN(POINTS); k++)
            add_point(&t, s, c, POINTS[k]);
        add_ratio(&t, s, c, "pss_bytes");
    }
    return t;
}

/* Adds a statistic, with the digits that its interval justifies. */
static void add_statistic(struct table *t, const struct stats_interval *i, double scale, const char *why)
{
    int decimals = number_decimals(i, scale);
    table_number(t, i->at * scale, decimals, why ? why : i->why_not);
    table_interval(t, i, scale, decimals);
}

static void add_figure(struct table *t, const struct summary *s, const struct summary_cell *c, size_t index)
{
    const struct summary_figure *f = summary_at(s, c, index);
    const struct figure_about u = s->records.reader.name[index].about;
    int decimals = number_decimals(&f->is.mean, u.scale);
    add_name(t, c);
    table_texts(t, c->profile, u.name, u.shown);
    add_whole(t, (double)f->used);
    add_statistic(t, &f->is.mean, u.scale, f->why_not);
    add_statistic(t, &f->is.median, u.scale, f->why_not);
    add_statistic(t, &f->is.p95, u.scale, f->why_not);
    table_number(t, f->is.min * u.scale, decimals, NULL);
    table_number(t, f->is.max * u.scale, decimals, NULL);
    add_effect(t, s, c, u.name);
    table_text(t, f->used == 0 && f->why_not ? f->why_not : "");
}

static struct table figures_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME_AND_PROFILE,
                                                  TABLE_TEXT("figure", "figure"),
                                                  TABLE_TEXT("unit", "unit"),
                                                  INVOCATIONS,
                                                  MEAN("mean", "mean", ""),
                                                  MEAN("median", "median", ""),
                                                  MEAN("p95", "p95", ""),
                                                  TABLE_NUMBER("min", "least", ""),
                                                  TABLE_NUMBER("max", "greatest", ""),
                                                  RATIO("÷ threads"),
                                                  DIFFERENCE,
                                                  VERDICT,
                                                  {"why_not", "why not", "", false, TABLE_SHOWN, 0}};
    struct table t =
        table_new("figures", "Every figure of every cell, over its invocations", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++)
        for (size_t k = 0; k < s->records.reader.names; k++)
            add_figure(&t, s, &s->cell[i], k);
    return t;
}

/* The scenarios' own figures, under their declared titles. */
static struct table own_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME_AND_PROFILE,
                                                  TABLE_TEXT("title", "what"),
                                                  {"figure", "figure", "", false, TABLE_DATA, 0},
                                                  TABLE_TEXT("unit", "unit"),
                                                  {"better", "better", "", false, TABLE_BOTH, 3},
                                                  INVOCATIONS,
                                                  MEAN("mean", "mean", ""),
                                                  RATIO("÷ threads"),
                                                  DIFFERENCE,
                                                  VERDICT};
    struct table t = table_new("own", "What the scenarios report", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++)
        for (size_t k = 0; k < s->records.reader.names; k++) {
            const struct figure_name *one = &s->records.reader.name[k];
            if (figure_is_of_every_record(one->name) || summary_at(s, &s->cell[i], k)->used == 0)
                continue;
            add_name(&t, &s->cell[i]);
            table_texts(&t, s->cell[i].profile, one->about.title, one->name, one->about.shown,
                        figure_better_names[one->about.better]);
            add_whole(&t, (double)summary_at(s, &s->cell[i], k)->used);
            add_mean(&t, s, &s->cell[i], one->name);
            add_effect(&t, s, &s->cell[i], one->name);
        }
    return t;
}

static struct table experiments_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {NAME_AND_PROFILE,
                                                  INVOCATIONS,
                                                  TABLE_NUMBER("failed", "failed", ""),
                                                  TABLE_NUMBER("elapsed_min", "time taken", "min"),
                                                  TABLE_NUMBER("memory_mib", "greatest memory", "MiB"),
                                                  TABLE_NUMBER("records_mib", "records", "MiB")};
    static const char *const MEMORY[] = {"peak_bytes", "current_bytes", "all_pids_pss_bytes", "pss_bytes"};
    struct table t = table_new("experiments", "What each cell took", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        double elapsed_s = 0, bytes = 0, memory = NAN;
        for (size_t k = 0; k < c->count; k++) {
            elapsed_s += c->invocation[k]->details.elapsed_s; /* NaN makes the sum NaN */
            bytes += (double)c->invocation[k]->details.bytes;
        }
        for (size_t k = 0; isnan(memory) && k < ARRAY_LEN(MEMORY); k++)
            memory = summary_figure(s, c, MEMORY[k]) ? summary_figure(s, c, MEMORY[k])->is.max : NAN;
        add_name(&t, c);
        table_text(&t, c->profile);
        add_whole(&t, (double)c->count);
        add_whole(&t, (double)(c->count - c->ok));
        table_number(&t, elapsed_s / 60, 2, "a record was made outside of a plan and does not tell");
        table_number(&t, memory / (1 << 20), 1, "no memory was sampled");
        table_number(&t, bytes / (1 << 20), 2, NULL);
    }
    return t;
}

static struct table failed_table(const struct summary *s)
{
    static const struct table_column COLUMNS[] = {
        NAME_AND_PROFILE, TABLE_TEXT("record", "record"), TABLE_TEXT("started_at", "started"),
        TABLE_TEXT("termination", "ended by"), TABLE_TEXT("detail", "reason")};
    struct table t = table_new("failed", "Invocations that failed", COLUMNS, ARRAY_LEN(COLUMNS));
    t.empty = "No invocation failed.";
    for (size_t i = 0; i < s->cells; i++)
        for (size_t k = 0; k < s->cell[i].count; k++) {
            const struct invocation *one = s->cell[i].invocation[k];
            if (one->ok)
                continue;
            add_name(&t, &s->cell[i]);
            table_texts(&t, s->cell[i].profile, one->id, one->started_at, one->termination, one->detail);
        }
    return t;
}

/* Adds the two tables of scaling, with copies of their texts. */
static void add_scaling(const struct summary *s, struct tables *t)
{
    cleanup_scaling struct scaling all;
    scaling_make(s, &all);
    t->of[TABLES_SPEED_UP] = scale_table_speed_up(&all);
    t->of[TABLES_LOSSES] = scale_table_losses(&all);
}

struct tables summary_tables_make(const struct summary *s, unsigned which)
{
    static struct table (*const MAKE[TABLES])(const struct summary *s) = {
        [TABLES_TIME] = time_table,
        [TABLES_MEMORY] = memory_table,
        [TABLES_OWN] = own_table,
        [TABLES_FIGURES] = figures_table,
        [TABLES_EXPERIMENTS] = experiments_table,
        [TABLES_VERDICTS] = tables_verdicts,
        [TABLES_ISOLATION] = tables_isolation,
        [TABLES_FAILED] = failed_table,
        [TABLES_DIFFERENCES] = tables_differences,
        [TABLES_ENVIRONMENT] = tables_environment,
    };
    struct tables t = {.of = {{.name = NULL}}};
    for (size_t i = 0; i < TABLES; i++)
        if (MAKE[i] && which >> i & 1)
            t.of[i] = MAKE[i](s);
    if (which & (TABLES_BIT(TABLES_SPEED_UP) | TABLES_BIT(TABLES_LOSSES)))
        add_scaling(s, &t);
    return t;
}

void tables_free(struct tables *t)
{
    for (size_t i = 0; i < TABLES; i++)
        table_free(&t->of[i]);
}
