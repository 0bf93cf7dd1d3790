#include "report/series.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"
#include "report/table.h"

/* The results of a set, indexed by command. */
struct findings {
    struct analysis_summary *is;
    struct analysis_ratio *ratio; /* relative to the first, which has none */
    struct analysis_verdict *verdict;
};

static struct findings findings_of(const struct series_set *set)
{
    struct findings f = {
        .is = xcalloc(set->count, sizeof(*f.is)),
        .ratio = xcalloc(set->count, sizeof(*f.ratio)),
        .verdict = xcalloc(set->count, sizeof(*f.verdict)),
    };
    const struct series *first = &set->list[0];
    const struct figure_about about = figure_about("total_wall_s");
    for (size_t i = 0; i < set->count; i++) {
        const struct series *s = &set->list[i];
        f.is[i] = analysis_summary(s->wall_s, s->count, false, ANALYSIS_NO_DIP);
        if (i > 0)
            f.ratio[i] = analysis_ratio(first->wall_s, first->count, s->wall_s, s->count, true, about.resolution, NULL);
    }
    if (set->count > 1)
        analysis_judge(f.ratio + 1, set->count - 1, ANALYSIS_MARGIN, f.verdict + 1);
    return f;
}

static void findings_free(struct findings *f)
{
    free(f->is);
    free(f->ratio);
    free(f->verdict);
}

#define cleanup_findings __attribute__((cleanup(findings_free)))

/* --- the table --------------------------------------------------------------------------------------------------- */

/* The unit of the shown times: the one of the longest. */
struct scale {
    const char *unit;
    double factor;
};

static struct scale scale_of(const struct series_set *set, const struct findings *f)
{
    double most = 0;
    for (size_t i = 0; i < set->count; i++)
        most = fmax(most, f->is[i].median.at);
    return most >= 1 ? (struct scale){"s", 1} : (struct scale){"ms", 1e3};
}

static const char TIME[] = "ms"; /* as a unit: that of the shown times */

/* On a narrow terminal a ratio's interval leaves before the ratio. */
static const struct table_column COLUMN[] = {
    TABLE_TEXT("command", "command"),
    TABLE_NUMBER("mean_s", ANALYSIS_MEAN_NAME, TIME),
    {"sd_s", "± sd", TIME, true, TABLE_BOTH, 3},
    {"median_s", "median", TIME, true, TABLE_BOTH, 2},
    {"range", "min … max", TIME, false, TABLE_SHOWN, 0},
    {"min_s", "min", "", true, TABLE_DATA, 0},
    {"max_s", "max", "", true, TABLE_DATA, 0},
    {"cpu_s", "cpu", TIME, true, TABLE_BOTH, 5},
    {"peak_bytes", "peak memory", "", true, TABLE_BOTH, 4},
    TABLE_NUMBER("ratio_to_first", "times the first", ""),
    TABLE_INTERVAL("ratio_ci95", "95% interval", "", 1),
    {"runs", "runs", "", true, TABLE_DATA, 0},
    {"runs_with_exit_status", "", "", true, TABLE_DATA, 0},
    {"throttled_s", "", "", true, TABLE_DATA, 0},
    {"memory_high_events", "", "", true, TABLE_DATA, 0},
};
#define COLUMNS ARRAY_LEN(COLUMN)

static void add_time(struct table *t, double value_s, const struct scale *scale, int decimals, const char *why)
{
    char shown[64];
    table_value(t, value_s, number_text(value_s * scale->factor, decimals, shown, sizeof(shown)), why);
}

static void add_peak(struct table *t, const struct series *s)
{
    char shown[32];
    table_value(t, s->has_peak ? (double)s->peak_bytes : NAN, text_bytes(s->peak_bytes, shown, sizeof(shown)),
                s->peak_reason);
}

static void add_ratio(struct table *t, const struct analysis_verdict *v, bool is_first)
{
    static const char FIRST[] = "the others are compared with it";
    struct stats_interval ratio = is_first ? stats_no_interval(NAN, ANALYSIS_CONFIDENCE, FIRST) : v->ratio;
    table_estimate(t, &ratio, 1, number_decimals(&ratio, 1));
}

static void add_row(struct table *t, const struct series_set *set, size_t i, const struct findings *f,
                    const struct scale *scale)
{
    const struct series *s = &set->list[i];
    const struct analysis_summary *is = &f->is[i];
    char low[64], high[64];
    int d = number_decimals(&is->mean, scale->factor);
    table_row(t, NULL);
    table_text(t, s->name);
    add_time(t, is->mean.at, scale, d, is->mean.why_not);
    add_time(t, is->sd, scale, d, "of one invocation there is none");
    add_time(t, is->median.at, scale, d, NULL);
    cleanup_free char *range = text_printf("%s … %s", number_text(is->min * scale->factor, d, low, sizeof(low)),
                                           number_text(is->max * scale->factor, d, high, sizeof(high)));
    table_text(t, range);
    add_time(t, is->min, scale, d, NULL);
    add_time(t, is->max, scale, d, NULL);
    add_time(t, s->with_cpu ? s->cpu_s / (double)s->with_cpu : NAN, scale, d, "the slice does not tell it");
    add_peak(t, s);
    add_ratio(t, &f->verdict[i], i == 0);
    table_number(t, (double)s->count, 0, NULL);
    table_number(t, (double)s->failed, 0, NULL);
    table_number(t, s->periods ? (double)s->throttled_usec / 1e6 : NAN, 0, "no --cpu-max was given");
    table_number(t, s->has_high ? (double)s->high : NAN, 0, "no --memory-high was given");
    for (size_t k = 0; k < set->parameters; k++)
        table_text(t, s->value[k] ? s->value[k] : "");
}

/* The table with its own columns; ended with own_table_free(). */
struct own_table {
    struct table t;
    struct table_column *column;
    size_t parameters;
};

static void own_table_free(struct own_table *own)
{
    for (size_t k = 0; k < own->parameters; k++)
        free((void *)own->column[COLUMNS + k].key);
    free(own->column);
    table_free(&own->t);
}
#define cleanup_own_table __attribute__((cleanup(own_table_free)))

static struct own_table table_of(const struct series_set *set, const struct findings *f)
{
    const struct scale scale = scale_of(set, f);
    struct table_column *c = xcalloc(COLUMNS + set->parameters, sizeof(*c));
    memcpy(c, COLUMN, sizeof(COLUMN));
    for (size_t i = 0; i < COLUMNS; i++)
        c[i].unit = c[i].unit == TIME ? scale.unit : c[i].unit;
    for (size_t k = 0; k < set->parameters; k++)
        c[COLUMNS + k] = (struct table_column){.key = text_printf("parameter_%s", set->parameter[k]),
                                               .head = set->parameter[k],
                                               .unit = "",
                                               .use = TABLE_DATA};
    struct table t = table_new("commands", "What the commands took", c, COLUMNS + set->parameters);
    for (size_t i = 0; i < set->count; i++)
        if (set->list[i].count > 0)
            add_row(&t, set, i, f, &scale);
    return (struct own_table){t, c, set->parameters};
}

/* --- in words ---------------------------------------------------------------------------------------------------- */

static void say_comparison(const struct series_set *set, size_t i, const struct findings *f, size_t width,
                           struct text *out)
{
    const struct series *a = &set->list[0], *b = &set->list[i];
    cleanup_text struct text line = {0};
    if (f->ratio[i].why_not)
        text_add(&line, "%s and %s: no interval: %s", b->name, a->name, f->ratio[i].why_not);
    else
        words_times(&f->verdict[i], ANALYSIS_MARGIN, b->name, a->name, &line);
    terminal_wrap(line.data, 0, width, 2, out);
}

static void say_notes(const struct series *s, const struct analysis_summary *is, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    if (s->failed)
        text_add(&line, "%s: %zu of %zu exited with another status than 0, the last with %d (--ignore-failure)",
                 s->name, s->failed, s->count, s->exit_status);
    if (s->throttled)
        text_add(&line, "%s%s: --cpu-max held it back in %lld of %lld periods, for %.3f s in all", line.len ? "\n" : "",
                 s->name, (long long)s->throttled, (long long)s->periods, (double)s->throttled_usec / 1e6);
    if (s->high)
        text_add(&line, "%s%s: --memory-high was reached %lld times", line.len ? "\n" : "", s->name,
                 (long long)s->high);
    if (is->outliers)
        text_add(&line, "%s%s: %zu of %zu lie far from the rest (MAD); they are not left out", line.len ? "\n" : "",
                 s->name, is->outliers, s->count);
    terminal_wrap_lines(line.data, width, 2, out);
}

void series_text(const struct series_set *set, size_t width, struct text *out)
{
    cleanup_findings struct findings f = findings_of(set);
    cleanup_own_table struct own_table own = table_of(set, &f);
    table_as_text(&own.t, width, out);
    for (size_t i = 1; i < set->count; i++)
        if (set->list[0].count > 0 && set->list[i].count > 0)
            say_comparison(set, i, &f, width, out);
    for (size_t i = 0; i < set->count; i++)
        say_notes(&set->list[i], &f.is[i], width, out);
    if (set->emulated_by) {
        cleanup_free char *line =
            text_printf("times emulated by %s: they are no measure of this machine", set->emulated_by);
        terminal_wrap(line, 0, width, 2, out);
    }
}

/* --- as a file --------------------------------------------------------------------------------------------------- */

/* Adds the time of each invocation to a row. */
static void add_values(json_t *row, const struct series *s)
{
    json_t *values = json_array(), *blocks = json_array();
    for (size_t i = 0; i < s->count; i++) {
        (void)json_array_append_new(values, json_real(s->wall_s[i].value));
        (void)json_array_append_new(blocks, json_integer((json_int_t)s->wall_s[i].block));
    }
    json_put(row, "wall_s", values);
    json_put(row, "blocks", blocks);
}

static void write_json(const struct table *t, const struct series_set *set, struct text *out)
{
    json_t *whole = json_object(), *rows = table_json(t);
    size_t row = 0;
    for (size_t i = 0; i < set->count; i++)
        if (set->list[i].count > 0)
            add_values(json_array_get(rows, row++), &set->list[i]);
    json_put(whole, "schema", json_string(SERIES_SCHEMA));
    if (set->count > 1)
        json_put_int(whole, "random_seed", (int64_t)set->seed);
    json_put_text(whole, "emulated_by", set->emulated_by);
    json_put(whole, "commands", rows);
    json_text_indented(whole, JSON_SORT_KEYS, out);
}

int series_check_name(const char *path, struct err *e)
{
    return text_ends_with(path, ".md") || text_ends_with(path, ".csv") || text_ends_with(path, ".json")
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL,
                         "--export '%s': what is allowed is a name that ends in .md, .csv or .json", path);
}

void series_write(const struct series_set *set, const char *path, struct text *out)
{
    cleanup_findings struct findings f = findings_of(set);
    cleanup_own_table struct own_table own = table_of(set, &f);
    if (text_ends_with(path, ".md"))
        table_markdown(&own.t, out);
    else if (text_ends_with(path, ".csv"))
        table_csv(&own.t, out);
    else
        write_json(&own.t, set, out);
}
