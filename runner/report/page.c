#include "report/page.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/source.h"
#include "host/last_selftest.h"
#include "report/scale_show.h"
#include "report/summary_tables.h"

extern const char page_css[], page_js[]; /* page_assets.c: what page.css and page.js hold */

/* --- Texts, tables and figures as HTML --------------------------------------------------------------------------- */

#define DATA_ROWS_MAX 70 /* of a figure's data that are told in the page */
#define LONG_TEXT     40 /* characters from which on a column may wrap */

void html_text(struct text *out, const char *text)
{
    static const char *const ENTITIES[UCHAR_MAX + 1] = {
        ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (ENTITIES[c])
            text_add(out, "%s", ENTITIES[c]);
        else
            text_add_bytes(out, (c < ' ' && c != '\n') || c == 127 ? " " : text, 1);
    }
}

void html_between(struct text *out, const char *before, const char *text, const char *after)
{
    text_add(out, "%s", before);
    html_text(out, text);
    text_add(out, "%s", after);
}

void html_lines(struct text *out, const char *before, char *lines, const char *after)
{
    for (char *line; (line = text_line(&lines));)
        html_between(out, before, line, after);
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

static void add_column_heads(struct text *out, const struct table *t)
{
    text_add(out, "<thead><tr>");
    for (size_t i = 0; i < t->columns; i++) {
        if (!table_shows(t, i))
            continue;
        text_add(out, "<th scope=\"col\"%s>", table_is_right(&t->column[i]) ? " class=\"n\"" : "");
        html_text(out, t->column[i].head);
        if (*t->column[i].unit)
            text_add(out, " [%s]", t->column[i].unit);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n<tbody>\n");
}

static void add_cell(struct text *out, const struct table *t, size_t row, size_t column, bool first)
{
    const struct table_cell *c = table_at(t, row, column);
    const char *tag = first ? "th" : "td";
    text_add(out, "<%s%s", tag, first ? " scope=\"row\"" : "");
    if (table_is_right(&t->column[column]))
        text_add(out, " class=\"n\"");
    else if (!first && t->filled[column].longest > LONG_TEXT)
        text_add(out, " class=\"long\"");
    if (isfinite(c->value))
        text_add(out, " data-v=\"%.17g\"", c->value);
    if (!c->text && c->why && *c->why) {
        html_between(out, " title=\"", c->why, "\"");
    }
    html_between(out, ">", c->text ? c->text : "–", "");
    text_add(out, "</%s>", tag);
}

void page_table(struct text *out, const struct table *t)
{
    if (t->rows == 0) {
        html_between(out, "<p>", t->empty ? t->empty : "There is nothing of it in these records.", "</p>\n");
        return;
    }
    text_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"table-%s\">", t->name);
    text_add(out, "<table class=\"sortable\"><caption id=\"table-%s\">", t->name);
    html_between(out, "", t->title, "</caption>\n");
    add_column_heads(out, t);
    for (size_t row = 0; row < t->rows; row++) {
        bool first = true;
        text_add(out, "<tr");
        if (t->id[row])
            text_add(out, " data-cell=\"%s\"", t->id[row]);
        text_add(out, ">");
        for (size_t i = 0; i < t->columns; i++) {
            if (!table_shows(t, i))
                continue;
            add_cell(out, t, row, i, first);
            first = false;
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* --- bars: the answer at a glance -------------------------------------------------------------------------------- */

/* Of a table of cells: where its figure, the figure's interval, the ratio and the verdict are. */
struct bars {
    const struct table *t;
    size_t at, low, high, ratio, verdict;
    double end; /* of the axis, which begins at 0 */
};

/* The first that is called so, or whose name ends so. */
static size_t column_of(const struct table *t, const char *word)
{
    size_t i = 0;
    while (i + 1 < t->columns && strcmp(t->column[i].key, word) != 0 && !text_ends_with(t->column[i].key, word))
        i++;
    return i;
}

/* The axis ends with the longest interval, but at twice the longest bar: one wild interval leaves the others their
 * length. */
static struct bars bars_of(const struct table *t)
{
    struct bars b = {.t = t, .low = column_of(t, "_ci95_low")};
    double longest = 0, end = 0;
    b.at = b.low - 2;
    b.high = b.low + 1;
    b.ratio = column_of(t, "ratio_to_threads");
    b.verdict = column_of(t, "verdict");
    for (size_t row = 0; row < t->rows; row++) {
        longest = fmax(longest, table_at(t, row, b.at)->value);
        end = fmax(end, table_at(t, row, b.high)->value);
    }
    b.end = fmax(longest, fmin(end, 2 * longest));
    return b;
}

static void add_bar(struct text *out, const struct bars *b, size_t row)
{
    double at = 100 * table_at(b->t, row, b->at)->value / b->end;
    double low = 100 * table_at(b->t, row, b->low)->value / b->end;
    double high = 100 * table_at(b->t, row, b->high)->value / b->end;
    if (!isfinite(at))
        return;
    text_add(out,
             "<svg class=\"bar\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
             "<rect x=\"0\" y=\"3\" width=\"%.2f\" height=\"14\"/>",
             at);
    if (isfinite(low) && isfinite(high)) {
        text_add(out, "<path d=\"M%.2f 10H%.2fM%.2f 5V15", fmax(low, 0), fmin(high, 100), fmax(low, 0));
        text_add(out, high > 100 ? "\"/>" : "M%.2f 5V15\"/>", high);
    }
    text_add(out, "</svg>");
}

/* Without its head a table may lose what it is where styles set its rows otherwise: the roles say it. */
static void add_bar_row(struct text *out, const struct bars *b, size_t row)
{
    const struct table *t = b->t;
    const struct table_cell *at = table_at(t, row, b->at), *ratio = table_at(t, row, b->ratio),
                            *verdict = table_at(t, row, b->verdict);
    text_add(out, "<tr role=\"row\" data-cell=\"%s\"><th role=\"rowheader\" scope=\"row\">", t->id[row]);
    html_between(out, "", table_at(t, row, 0)->text, "</th><td role=\"cell\" class=\"bar\">");
    add_bar(out, b, row);
    html_between(out, "</td><td role=\"cell\" class=\"n\"><b>", at->text ? at->text : "–", "");
    text_add(out, "</b> %s <span class=\"soft\">", at->text ? t->column[b->at].unit : "");
    html_between(out, "", table_at(t, row, b->at + 1)->text ? table_at(t, row, b->at + 1)->text : "",
                 "</span></td><td role=\"cell\">");
    const char *words = verdict->text ? verdict->text : "–";
    if (isfinite(ratio->value) && ratio->value != 1 && ratio->text) {
        const size_t number = strlen(ratio->text);
        const bool begins_with_it = strncmp(words, ratio->text, number) == 0 && words[number] == ' ';
        text_add(out, "<b>%s%s</b> ", begins_with_it ? "" : "× ", ratio->text);
        words += begins_with_it ? number + 1 : 0;
    }
    html_between(out, "", words, "</td></tr>\n");
}

static void html_bars(struct text *out, const struct table *t)
{
    const struct bars b = bars_of(t);
    if (!(b.end > 0))
        return;
    text_add(out, "<table class=\"bars\" role=\"table\" aria-labelledby=\"bars-%s\"><caption id=\"bars-%s\">", t->name,
             t->name);
    html_text(out, t->title);
    text_add(out,
             "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">cell</th>"
             "<th role=\"columnheader\" scope=\"col\">from 0, with its 95%% interval</th>"
             "<th role=\"columnheader\" scope=\"col\" class=\"n\">");
    html_between(out, "", t->column[b.at].head,
                 "</th><th role=\"columnheader\" scope=\"col\">against threads</th></tr></thead>\n"
                 "<tbody role=\"rowgroup\">\n");
    for (size_t row = 0; row < t->rows; row++)
        add_bar_row(out, &b, row);
    text_add(out, "</tbody></table>\n");
}

/* --- figures ---------------------------------------------------------------------------------------------------- */

/* A figure's data as a table of its own; of many rows the page keeps the first and says so. */
static void add_data(struct text *out, const struct drawing *d, bool open)
{
    size_t row = 0, left = 0;
    text_add(out, "<details%s><summary>Data of this figure</summary>", open ? " open" : "");
    html_between(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Data: ", d->title,
                 "\"><table>\n");
    for (const char *line = d->data.data, *end; line && *line; line = end + (*end == '\n'), row++) {
        const char *tag = row ? "td" : "th scope=\"col\"";
        end = line + strcspn(line, "\n");
        if (row > DATA_ROWS_MAX) {
            left++;
            continue;
        }
        text_add(out, "<tr>");
        while (line < end) {
            size_t word = strcspn(line, " \n");
            text_add(out, "<%s class=\"n\">%.*s</%.2s>", tag, (int)word, line, tag);
            line += word + (line + word < end);
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</table></div>");
    if (left)
        text_add(out, "<p class=\"soft\">%zu more rows are in the paper outputs&#39; %s.dat.</p>", left, d->name);
    text_add(out, "</details>\n");
}

/* gnuplot's ids are the same in every figure, its black is ink, its white the page's: each figure gets ids of its own.
 */
static void add_svg(struct text *out, const struct drawing *d, const char *svg)
{
    static const struct {
        const char *from, *to;
    } REPLACED[] = {{"id='", "id='"},
                    {"id=\"", "id=\""},
                    {"xlink:href='#", "href='#"},
                    {"\"black\"", "\"currentColor\""},
                    {"'black'", "'currentColor'"},
                    {"rgb(0,0,0)", "currentColor"},
                    {"\"#ffffff\"", "\"none\""}};
    const char *body = strstr(svg, "<g id=\"gnuplot_canvas\">");
    const char *box = strstr(svg, "viewBox=\"");
    if (!body || !box)
        return;
    text_add(out, "<svg role=\"img\" aria-labelledby=\"title-%s desc-%s\" viewBox=\"%.*s\"><title id=\"title-%s\">",
             d->name, d->name, (int)strcspn(box + 9, "\""), box + 9, d->name);
    html_text(out, d->title);
    text_add(out, "</title><desc id=\"desc-%s\">", d->name);
    html_between(out, "", d->alt, "</desc>");
    while (*body) {
        size_t k = 0, count = ARRAY_LEN(REPLACED);
        while (k < count && strncmp(body, REPLACED[k].from, strlen(REPLACED[k].from)) != 0)
            k++;
        if (k == count) {
            text_add_bytes(out, body++, 1);
            continue;
        }
        body += strlen(REPLACED[k].from);
        text_add(out, "%s", REPLACED[k].to);
        if (k < 3)
            text_add(out, "%s-", d->name);
    }
}

static void add_figure(struct text *out, const struct drawing *d, const char *no_svg)
{
    text_add(out, "<figure id=\"figure-%s\"", d->name);
    if (d->cell)
        text_add(out, " data-cell=\"%s\"", d->cell);
    text_add(out, ">\n");
    if (d->svg.data) {
        html_between(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"", d->title, "\">");
        add_svg(out, d, d->svg.data);
        text_add(out, "</div>\n");
    } else {
        html_between(out, "<p>", no_svg, ".</p>\n");
    }
    html_between(out, "<figcaption><b>", d->title, ".</b> ");
    html_between(out, "", d->alt, "</figcaption>\n");
    add_data(out, d, !d->svg.data);
    text_add(out, "</figure>\n");
}

static bool is_called(const struct drawing *d, const char *name)
{
    return text_ends_with(name, "-") ? strncmp(d->name, name, strlen(name)) == 0 : strcmp(d->name, name) == 0;
}

void page_figures(struct text *out, const struct drawings *all, const char *name, const char *no_svg)
{
    for (size_t i = 0; i < all->count; i++)
        if (is_called(&all->list[i], name))
            add_figure(out, &all->list[i], no_svg);
}

/* --- How to run it again: the commands that make such records ---------------------------------------------------- */

static void add_word(struct text *line, const char *word)
{
    text_add(line, " ");
    text_add_shell_word(line, word);
}

/* "tare run scenario1 --mode threads --workers 8": the cell's keys are the options' names. */
static void add_option(struct text *line, const struct pair *p)
{
    const char *name = strcmp(p->key, "mp_start_method") == 0 ? "mp-start" : p->key;
    text_add(line, strcmp(p->value, "false") == 0 ? " --no-" : " --");
    for (; *name; name++)
        text_add(line, "%c", *name == '_' ? '-' : *name);
    if (strcmp(p->value, "true") != 0 && strcmp(p->value, "false") != 0)
        add_word(line, p->value);
}

static void add_run(const struct summary_cell *c, const char *folder, struct text *line)
{
    static const char *const SETTINGS[] = {"scenario.iterations", "scenario.warmup"};
    if (c->count > 1)
        text_add(line, "for i in $(seq %zu); do ", c->count);
    text_add(line, "tare run");
    add_word(line, c->scenario);
    for (size_t i = 0; i < c->cell->count; i++)
        if (strcmp(c->cell->list[i].key, "name") != 0)
            add_option(line, &c->cell->list[i]);
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS); i++) {
        const char *value = keyset_find(c->invocation[0]->environment, SETTINGS[i]);
        if (value) {
            text_add(line, " --%s", strchr(SETTINGS[i], '.') + 1);
            add_word(line, value);
        }
    }
    text_add(line, " --out %s%s\n", folder, c->count > 1 ? "; done" : "");
}

/* argv: the command's words, as a shell takes them. */
static void add_exec(const struct summary_cell *c, const char *argv, const char *folder, struct text *line)
{
    text_add(line, "tare exec --repeat %zu%s --out %s -- %s\n", c->count, summary_is_memory(c) ? " --mem-sample" : "",
             folder, argv);
}

static bool is_of_same_plan(const struct invocation *a, const struct invocation *b)
{
    return strcmp(a->details.plan, b->details.plan) == 0 && strcmp(a->plan_sha256, b->plan_sha256) == 0;
}

static bool is_first_of_its_plan(const struct summary *s, size_t at)
{
    const struct invocation *list = s->records.list;
    bool is = *list[at].details.plan != '\0';
    for (size_t k = 0; is && k < at; k++)
        is = !is_of_same_plan(&list[k], &list[at]);
    return is;
}

static bool is_in_halves(const struct summary *s, const struct invocation *one)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].label && is_of_same_plan(&s->records.list[i], one))
            return true;
    return false;
}

static void add_plan(const struct summary *s, const struct invocation *one, bool is_one_of_several, const char *folder,
                     struct text *lines)
{
    cleanup_free char *plan = text_printable(one->details.plan);
    text_add(lines, "tare matrix DIR/plan.yml");
    if (*one->plan_seed)
        text_add(lines, " --seed %s", one->plan_seed);
    if (is_in_halves(s, one))
        text_add(lines, " --aa");
    text_add(lines, is_one_of_several ? " --out %s # the plan %s\n" : " --out %s\n", folder, plan);
}

static bool is_of_a_plan(const struct summary_cell *c)
{
    return *c->invocation[0]->details.plan != '\0';
}

/* A folder holds one plan: each has its own, and so have the cells of none. */
static void page_again(const struct summary *s, struct text *out)
{
    size_t plans = 0, others = 0, folders = 0;
    cleanup_text struct text lines = {0};
    char folder[40] = "out/again";
    for (size_t i = 0; i < s->records.count; i++)
        plans += is_first_of_its_plan(s, i);
    for (size_t i = 0; i < s->cells; i++)
        others += !is_of_a_plan(&s->cell[i]);
    const bool several = plans + (others > 0) > 1;
    for (size_t i = 0; i < s->records.count; i++) {
        if (!is_first_of_its_plan(s, i))
            continue;
        if (several)
            text_format(folder, sizeof(folder), "out/again-%zu", ++folders);
        add_plan(s, &s->records.list[i], several, folder, &lines);
    }
    if (several && others)
        text_format(folder, sizeof(folder), "out/again-%zu", ++folders);
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        const char *argv = keyset_find(c->cell, "argv");
        if (is_of_a_plan(c))
            continue;
        if (argv)
            add_exec(c, argv, folder, &lines);
        else
            add_run(c, folder, &lines);
    }
    text_add(&lines,
             several ? "# each with those that it repeats, cell by cell; DIR: the folder of these records\n" : "");
    for (size_t i = 1; i <= folders; i++)
        text_add(&lines, "tare compare DIR out/again-%zu\n", i);
    if (!several)
        text_add(&lines, "tare compare DIR out/again # DIR: the folder of these records; cell by cell\n");
    html_between(out, "<pre tabindex=\"0\"><code>", lines.data, "</code></pre>\n");
}

/* --- The selftest: what the records tell of it, and the file that lies beside them ------------------------------- */

static void say_records(const struct summary *s, struct text *out)
{
    cleanup_json json_t *all = json_object();
    const char *said;
    json_t *times;
    for (size_t i = 0; i < s->records.count; i++) {
        said = s->records.list[i].details.selftest;
        json_put_int(all, said, json_integer_value(json_object_get(all, said)) + 1);
    }
    text_add(out, "<p>The last selftest of the machine and build, as the records tell it:</p>\n<ul>");
    json_object_foreach(all, said, times)
    {
        html_between(out, "<li>", said, "");
        text_add(out, " (%lld of %zu records)</li>", json_integer_value(times), s->records.count);
    }
    text_add(out, "</ul>\n");
}

static double number_at(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static void add_checks(const json_t *whole, struct text *out)
{
    static const struct table_column COLUMNS[] = {
        TABLE_TEXT("load", "known load"),
        TABLE_TEXT("figure", "figure"),
        TABLE_TEXT("unit", "unit"),
        TABLE_NUMBER("expected", "expected", ""),
        TABLE_NUMBER("measured", "measured", ""),
        TABLE_TEXT("verdict", "verdict"),
        TABLE_TEXT("reason", "reason"),
    };
    cleanup_table struct table t =
        table_new("selftest", "Selftest: known loads, as they were measured", COLUMNS, ARRAY_LEN(COLUMNS));
    const json_t *check;
    size_t i;
    json_array_foreach(json_object_get(whole, "checks"), i, check)
    {
        table_row(&t, NULL);
        table_texts(&t, json_word(check, "load"), json_word(check, "figure"), json_word(check, "unit"));
        table_number(&t, number_at(check, "expected"), 0, NULL);
        table_number(&t, number_at(check, "measured"), 0, NULL);
        table_texts(&t, json_word(check, "verdict"), json_word(check, "reason"));
    }
    page_table(out, &t);
}

static int page_selftest(const struct summary *s, const char *path, struct text *out, struct err *e)
{
    json_error_t why;
    say_records(s, out);
    if (!path)
        return 0;
    cleanup_text struct text bytes = {0};
    int failed = source_read(AT_FDCWD, path, true, SELFTEST_BYTES, &bytes, NULL);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", path, source_fault(failed));
    cleanup_json json_t *whole = json_loadb(bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %d: %s", path, why.line, why.text);
    if (strcmp(json_word(whole, "schema"), SELFTEST_SCHEMA) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': its schema is '%s'; this tare reads %s", path,
                       json_word(whole, "schema"), SELFTEST_SCHEMA);
    add_checks(whole, out);
    return 0;
}

/* --- the page --------------------------------------------------------------------------------------------------- */

/* Which figures are in a section, by how their names begin; of one cell or of several. */
struct section {
    const char *id, *title, *words;
    const char *figures;                                     /* NULL none */
    enum tables_of table;                                    /* TABLES: none */
    bool folded;                                             /* the table: it is long, and there for who asks */
    enum tables_of detail;                                   /* a longer table behind it, folded; 0 none */
    void (*says)(const struct summary *s, struct text *out); /* sentences, a line each; NULL: none */
};

static void say_scaling(const struct summary *s, struct text *out)
{
    cleanup_scaling struct scaling all;
    scaling_make(s, &all);
    scale_say(&all, out);
}

static const struct section SECTIONS[] = {
    {"scaling", "Scaling by workers",
     "Of the work of as many workers, what threads do and where the rest of it is lost: ceiling is what processes "
     "lose too, the sharing tax what threads lose beyond them, start what creating and joining them takes. The parts "
     "add up.",
     "scaling-", TABLES_LOSSES, false, TABLES_SPEED_UP, say_scaling},
    {"distributions", "Distributions of iterations",
     "Each box is an invocation: its quartiles, whiskers from the 5% to the 95% quantile, the least and the greatest.",
     "iterations-", TABLES, false, 0, NULL},
    {"series", "Iterations in the order of time",
     "Lines are the levels between changepoints (PELT on mean and variance, penalty 15 ln n; Barrett et al. 2017).",
     "series-", TABLES, false, 0, NULL},
    {"memory", "Memory over time", NULL, "memory-", TABLES, false, 0, NULL},
    {"own", "What the scenarios report", "Titles, units and directions are as the scenarios declare them.", NULL,
     TABLES_OWN, false, 0, NULL},
    {"isolation", "Isolation",
     "What was asked of the host and what it gave. A required check that does not hold lowers the grade; a recorded "
     "one "
     "is told and no more.",
     NULL, TABLES_VERDICTS, false, TABLES_ISOLATION, NULL},
    {"failed", "Failed invocations", NULL, NULL, TABLES_FAILED, false, 0, NULL},
    {"differences", "What differs between cells", NULL, NULL, TABLES_DIFFERENCES, false, 0, NULL},
    {"environment", "Environment", NULL, NULL, TABLES_ENVIRONMENT, true, 0, NULL},
    {"experiments", "What it took", NULL, NULL, TABLES_EXPERIMENTS, false, 0, NULL},
    {"figures", "Every figure",
     "Over the invocations that ended well: the mean with Student's 95% interval, and the ratio to threads with the "
     "interval that tare compare gives, of geometric means; of slopes the difference, of arithmetic ones.",
     NULL, TABLES_FIGURES, true, 0, NULL},
};

/* A table without rows and without words for that is none. */
static bool has_any(const struct tables *t, const struct page_parts *p, const struct section *s)
{
    bool any = s->table != TABLES && (t->of[s->table].rows || t->of[s->table].empty);
    for (size_t i = 0; s->figures && i < p->drawing->count; i++)
        any |= is_called(&p->drawing->list[i], s->figures);
    return any;
}

/* --- the parts, from the top ------------------------------------------------------------------------------------ */

static const char *name_of(const struct summary *s)
{
    const char *plan = summary_plan(s);
    return plan ? plan : s->cells ? s->cell[0].scenario : "";
}

void page_begin(struct text *out, const char *title)
{
    html_between(out,
                 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
                 title, "");
    text_add(out,
             "</title>\n<style>\n%s</style>\n</head>\n<body>\n"
             "<a class=\"skip\" href=\"#answer\">Skip to the answer</a>\n",
             page_css);
}

static const char *of_first(const struct summary *s, const char *key)
{
    return keyset_text(s->records.list[0].environment, key, "not told");
}

static void add_summary(struct text *out, const struct summary *s)
{
    size_t ok = 0;
    cleanup_text struct text said = {0};
    for (size_t i = 0; i < s->records.count; i++)
        ok += s->records.list[i].ok;
    text_add(&said,
             "%zu record%s of %zu cell%s, %zu of them ended well; from %s to %s; %s, Linux %s, %s; tare %s (%s).",
             s->records.count, s->records.count == 1 ? "" : "s", s->cells, s->cells == 1 ? "" : "s", ok,
             s->records.list[0].started_at, s->records.list[s->records.count - 1].started_at,
             of_first(s, "host.cpu_model"), of_first(s, "host.kernel_release"), of_first(s, "host.os"),
             of_first(s, "tool.version"), of_first(s, "tool.commit"));
    html_between(out, "<header>\n<h1>", name_of(s), ": what concurrency costs</h1>\n<p class=\"soft\">");
    html_between(out, "", said.data, "</p>\n</header>\n");
}

static void add_link(struct text *out, const char *id, const char *title)
{
    text_add(out, "<li><a href=\"#%s\">", id);
    html_between(out, "", title, "</a></li>\n");
}

static void add_navigation(struct text *out, const struct tables *t, const struct page_parts *p)
{
    text_add(out, "<nav aria-label=\"Sections\"><ul>\n");
    add_link(out, "answer", "The answer");
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
        if (has_any(t, p, &SECTIONS[i]))
            add_link(out, SECTIONS[i].id, SECTIONS[i].title);
    if (p->why && p->why->len)
        add_link(out, "why", "What threads lose their time to");
    add_link(out, "selftest", "Selftest");
    add_link(out, "again", "How to run it again");
    text_add(out, "</ul></nav>\n"
                  "<form id=\"filter\" class=\"filter\" role=\"search\" hidden>\n"
                  "<label for=\"filter-text\">Cells whose name contains</label>\n"
                  "<input id=\"filter-text\" type=\"search\" autocomplete=\"off\" placeholder=\"threads memory\">\n"
                  "<span id=\"filter-status\" role=\"status\"></span>\n</form>\n");
}

void page_section(struct text *out, const char *id, const char *title)
{
    text_add(out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", id, id, id);
    html_between(out, "", title, "</h2>\n");
}

/* A sentence a line; what stands before the first ": " is the cell. */
static void add_sentences(struct text *out, const char *title, char *lines)
{
    text_add(out, "<h3>%s</h3>\n<ul>\n", title);
    for (char *line; (line = text_line(&lines));) {
        char *words = strstr(line, ": ");
        text_add(out, "<li>");
        if (words) {
            *words = '\0';
            html_between(out, "<b>", line, ":</b> ");
        }
        html_between(out, "", words ? words + 2 : line, ".</li>\n");
    }
    text_add(out, "</ul>\n");
}

/* What the answer is not to be read without: who else used the CPUs, and which isolation was not in force. */
static void add_notes(struct text *out, const struct summary *s)
{
    cleanup_text struct text notes = {0};
    summary_notes(s, &notes);
    if (notes.len == 0)
        return;
    text_add(out, "<h3>Notes</h3>\n<ul>\n");
    for (char *rest = notes.data, *line; (line = text_line(&rest));)
        html_between(out, "<li>", line + strlen("* "), ".</li>\n");
    text_add(out, "</ul>\n");
}

static void add_answer(struct text *out, const struct summary *s, const struct tables *t, const struct page_parts *p)
{
    static const struct {
        bool memory;
        const char *title, *figure;
        enum tables_of table;
    } HALVES[] = {{false, "Time", "time", TABLES_TIME}, {true, "Memory", "memory", TABLES_MEMORY}};
    page_section(out, "answer", "The answer");
    for (size_t i = 0; i < ARRAY_LEN(HALVES); i++)
        html_bars(out, &t->of[HALVES[i].table]);
    for (size_t i = 0; i < ARRAY_LEN(HALVES); i++) {
        cleanup_free char *lines = summary_answer(s, HALVES[i].memory);
        if (*lines)
            add_sentences(out, HALVES[i].title, lines);
    }
    add_notes(out, s);
    if (p->drawing->left_out)
        text_add(out, "<p class=\"soft\">" DRAWING_NONE "; the tables have them all.</p>\n", p->drawing->left_out,
                 DRAWING_ROWS_MAX);
    page_figures(out, p->drawing, "answer", p->no_svg);
    for (size_t i = 0; i < ARRAY_LEN(HALVES); i++) {
        if (t->of[HALVES[i].table].rows == 0)
            continue;
        page_table(out, &t->of[HALVES[i].table]);
        page_figures(out, p->drawing, HALVES[i].figure, p->no_svg);
    }
    text_add(out, "</section>\n");
}

static void add_folded(struct text *out, const struct table *t)
{
    html_between(out, "<details><summary>", t->title, "</summary>\n");
    page_table(out, t);
    text_add(out, "</details>\n");
}

static void add_said(struct text *out, const struct section *section, const struct summary *s)
{
    cleanup_text struct text said = {0};
    if (section->says)
        section->says(s, &said);
    html_lines(out, "<p>", said.data, "</p>\n");
}

static void add_section(struct text *out, const struct section *section, const struct summary *s,
                        const struct tables *t, const struct page_parts *p)
{
    const struct table *table = section->table == TABLES ? NULL : &t->of[section->table];
    if (!has_any(t, p, section))
        return;
    page_section(out, section->id, section->title);
    if (section->words) {
        html_between(out, "<p>", section->words, "</p>\n");
    }
    add_said(out, section, s);
    if (section->figures) {
        text_add(out, "<div class=\"figures\">\n");
        page_figures(out, p->drawing, section->figures, p->no_svg);
        text_add(out, "</div>\n");
    }
    if (table && section->folded)
        add_folded(out, table);
    else if (table && (table->rows || table->empty))
        page_table(out, table);
    if (section->detail && t->of[section->detail].rows)
        add_folded(out, &t->of[section->detail]);
    text_add(out, "</section>\n");
}

int page_make(const struct summary *s, const struct page_parts *p, struct text *out, struct err *e)
{
    cleanup_tables struct tables t = summary_tables_make(s, TABLES_ALL);
    cleanup_free char *title = text_printf("%s: what concurrency costs", name_of(s));
    page_begin(out, title);
    add_summary(out, s);
    add_navigation(out, &t, p);
    text_add(out, "<main>\n");
    add_answer(out, s, &t, p);
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
        add_section(out, &SECTIONS[i], s, &t, p);
    if (p->why)
        text_add_bytes(out, p->why->data, p->why->len);
    page_section(out, "selftest", "Selftest");
    int failed = page_selftest(s, p->selftest, out, e);
    text_add(out, "</section>\n");
    page_section(out, "again", "How to run it again");
    page_again(s, out);
    text_add(out, "</section>\n</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_js);
    return failed;
}
