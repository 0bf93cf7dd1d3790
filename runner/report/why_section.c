#include "report/why_section.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/terminal.h"
#include "record/output.h"
#include "report/page.h"
#include "report/table.h"
#include "report/why_show.h"

/* --- what there is ------------------------------------------------------------------------------------------------ */

int why_read_beside(const struct invocation *i, struct why *ret, struct text *notes, struct err *e)
{
    char path[PATH_MAX + sizeof(OUTPUT_WHY)];
    output_why_of(i->path, path, sizeof(path));
    int failed = why_read(path, ret, e);
    if (failed == 0 && strcmp(ret->of, i->id) == 0)
        return 1;
    if (failed != 0)
        return failed == -ENOENT ? 0 : failed;
    cleanup_free char *of = text_printable(ret->of), *shown = text_printable(path);
    text_add(notes, "tare: '%s' is of another record (%s) than it lies beside: it is left out\n", shown, of);
    why_free(ret);
    return 0;
}

/* Of a cell's records the latest that has one. */
static int read_cell(const struct summary_cell *c, struct whys *ret, struct text *notes, struct err *e)
{
    struct why why;
    int is = 0;
    for (size_t i = c->count; i > 0 && is == 0; i--)
        is = why_read_beside(c->invocation[i - 1], &why, notes, e);
    if (is <= 0)
        return is;
    ret->list = xgrow(ret->list, ret->count, sizeof(*ret->list));
    ret->list[ret->count++] = (struct why_of_cell){c, why};
    return 0;
}

int whys_read(const struct summary *s, struct whys *ret, struct text *notes, struct err *e)
{
    struct whys all = {0};
    int failed = 0;
    for (size_t i = 0; i < s->cells && failed == 0; i++)
        failed = read_cell(&s->cell[i], &all, notes, e);
    if (failed != 0)
        whys_free(&all);
    else
        *ret = all;
    return failed;
}

void whys_free(struct whys *w)
{
    for (size_t i = 0; i < w->count; i++)
        why_free(&w->list[i].why);
    free(w->list);
    *w = (struct whys){0};
}

/* --- its tables --------------------------------------------------------------------------------------------------- */

static void put_duration(struct table *t, double ns)
{
    cleanup_text struct text said = {0};
    if (isfinite(ns))
        why_say_duration(ns, &said);
    table_value(t, ns / 1e6, said.data, "no wait was seen from its begin to its end");
}

static void put_foreign(struct table *t, const char *name)
{
    cleanup_free char *shown = text_printable(name);
    table_text(t, shown);
}

static void put_cause(struct table *t, const struct cause *c)
{
    cleanup_text struct text where = {0};
    table_row(t, NULL);
    put_foreign(t, c->title);
    table_number(t, 100 * c->share, 1, NULL);
    why_say_where(c, &where);
    table_text(t, where.data);
    put_foreign(t, c->path);
    table_number(t, c->count ? (double)c->count : NAN, 0, "no call of it is counted: samples alone tell of it");
    put_duration(t, c->has_waits ? c->wait_p50_ns : NAN);
    put_duration(t, c->has_waits ? c->wait_p95_ns : NAN);
}

static void put_unattributed(struct table *t, const struct causes *c)
{
    static const char *const WHY = "no rule knows these stacks";
    table_row(t, NULL);
    table_text(t, "not attributed");
    table_number(t, c->lost_ns > 0 ? 100 * (double)c->unattributed_ns / (double)c->lost_ns : NAN, 1, "nothing is lost");
    table_text(t, "");
    put_foreign(t, c->unattributed_path ? c->unattributed_path : "");
    for (int i = 0; i < 3; i++)
        table_number(t, NAN, 0, WHY);
}

static void add_causes(const struct why_of_cell *w, struct text *out)
{
    static const struct table_column COLUMNS[] = {
        TABLE_TEXT("cause", "cause"),
        TABLE_NUMBER("share", "of what is lost", "%"),
        TABLE_TEXT("place", "in"),
        TABLE_TEXT("path", "by (C, innermost first)"),
        TABLE_NUMBER("count", "waits or calls", ""),
        TABLE_NUMBER("p50_ms", "p50", ""),
        TABLE_NUMBER("p95_ms", "p95", ""),
    };
    cleanup_free char *name = text_printf("causes-%s", w->cell->id), *title = text_printf("Causes: %s", w->cell->label);
    cleanup_table struct table t = table_new(name, title, COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < w->why.causes.count; i++)
        put_cause(&t, &w->why.causes.list[i]);
    if (t.rows > 0)
        put_unattributed(&t, &w->why.causes);
    page_table(out, &t);
}

/* A link of a record is followed only where it is one of the web's. */
static void add_source(const char *source, struct text *out)
{
    if (strncmp(source, "https://", 8) != 0)
        return;
    html_between(out, " <a href=\"", source, "\">");
    html_between(out, "", source, "</a>");
}

#define REMEDY_SHARE 0.01 /* of what is lost, from which on a remedy is worth its line */

static void add_remedies(const struct causes *c, struct text *out)
{
    size_t listed = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct cause *one = &c->list[i];
        if (!*one->remedy || !(one->share >= REMEDY_SHARE))
            continue;
        text_add(out, listed++ ? "<li><b>" : "<h4>What helps</h4>\n<ul>\n<li><b>");
        html_text(out, one->title);
        html_between(out, ":</b> ", one->remedy, ".");
        add_source(one->source, out);
        text_add(out, "</li>\n");
    }
    text_add(out, listed ? "</ul>\n" : "");
}

/* --- the flame graph ---------------------------------------------------------------------------------------------- */

#define ROW_PX     18
#define NAMED_FROM 0.012 /* of the width, from which on a box has room for a letter */
#define DATA_ROWS  70

/* Where each function of a flame graph is. */
struct layout {
    double *left, *used; /* of the whole width, 0 to 1; used: by what it called */
    size_t *level;       /* from 0 */
    size_t levels;
};

static struct layout layout_of(const struct flame *f)
{
    struct layout l = {xcalloc(f->nodes, sizeof(double)), xcalloc(f->nodes, sizeof(double)),
                       xcalloc(f->nodes, sizeof(size_t)), 0};
    double used = 0;
    for (size_t i = 0; i < f->nodes; i++) {
        const size_t parent = f->node[i].parent;
        double *before = parent == FLAME_ROOT ? &used : &l.used[parent];
        l.left[i] = (parent == FLAME_ROOT ? 0 : l.left[parent]) + *before;
        l.level[i] = parent == FLAME_ROOT ? 0 : l.level[parent] + 1;
        *before += (double)f->node[i].ns / (double)f->ns;
        l.levels = l.level[i] >= l.levels ? l.level[i] + 1 : l.levels;
    }
    return l;
}

static void add_box(const struct flame *f, const struct layout *l, size_t at, struct text *out)
{
    const struct flame_node *n = &f->node[at];
    cleanup_free char *name = text_printable(n->name), *file = text_printable(n->file ? n->file : "");
    const double wide = (double)n->ns / (double)f->ns;
    text_add(out, "<svg%s x=\"%.3f%%\" y=\"%zu\" width=\"%.3f%%\" height=\"%d\"><title>",
             n->place == FRAME_PYTHON ? " class=\"py\"" : "", 100 * l->left[at],
             (l->levels - 1 - l->level[at]) * ROW_PX, 100 * wide, ROW_PX - 1);
    html_text(out, name);
    if (*file) {
        html_between(out, " (", file, ")");
    }
    text_add(out, ": %.1f %% of the time, %.0f %% of it lost</title>", 100 * wide, why_percent(n->lost_ns, n->ns));
    text_add(out, "<rect class=\"own\" width=\"100%%\" height=\"100%%\"/>");
    if (n->lost_ns > 0)
        text_add(out, "<rect class=\"lost\" width=\"%.2f%%\" height=\"100%%\"/>", why_percent(n->lost_ns, n->ns));
    if (wide >= NAMED_FROM) {
        html_between(out, "<text x=\"3\" y=\"13\">", name, "</text>");
    }
    text_add(out, "</svg>\n");
}

static void add_data(const struct why_of_cell *w, const struct layout *l, struct text *out)
{
    static const struct table_column COLUMNS[] = {
        TABLE_NUMBER("level", "level", ""),        TABLE_TEXT("function", "function"),      TABLE_TEXT("file", "file"),
        TABLE_NUMBER("share", "of the time", "%"), TABLE_NUMBER("lost", "lost of it", "%"),
    };
    const struct flame *f = &w->why.flame;
    cleanup_free char *name = text_printf("flame-%s", w->cell->id);
    cleanup_table struct table t =
        table_new(name, "The boxes of the flame graph, callers before what they call", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < f->nodes && t.rows < DATA_ROWS; i++) {
        const struct flame_node *n = &f->node[i];
        table_row(&t, NULL);
        table_number(&t, (double)(l->level[i] + 1), 0, NULL);
        put_foreign(&t, n->name);
        put_foreign(&t, n->file ? n->file : "");
        table_number(&t, why_percent(n->ns, f->ns), 1, NULL);
        table_number(&t, why_percent(n->lost_ns, n->ns), 0, NULL);
    }
    text_add(out, "<details><summary>Data of this graph</summary>\n");
    page_table(out, &t);
    if (f->nodes > DATA_ROWS)
        text_add(out, "<p class=\"soft\">%zu more are in the record of --why.</p>\n", f->nodes - DATA_ROWS);
    text_add(out, "</details>\n");
}

static void add_flame(const struct why_of_cell *w, struct text *out)
{
    const struct flame *f = &w->why.flame;
    const char *id = w->cell->id;
    if (f->nodes == 0 || f->ns <= 0) {
        text_add(out, "<p>There is no flame graph: the record has no stacks in which time was spent.</p>\n");
        return;
    }
    const struct layout l = layout_of(f);
    text_add(out,
             "<h4>Flame graph of the diagnostic run</h4>\n<p>Each box is a function, on top of who called it; its "
             "width is its share of the time in which threads worked or waited. <span class=\"flame-own\">own "
             "work</span> <span class=\"flame-lost\">lost</span> Python's functions are bold. Functions of less "
             "than %.1f %% are left out.</p>\n",
             100 * FLAME_LEAST_SHARE);
    text_add(out, "<svg class=\"flame\" role=\"img\" aria-labelledby=\"ft-%s fd-%s\" width=\"100%%\" height=\"%zu\">",
             id, id, l.levels * ROW_PX);
    text_add(out, "<title id=\"ft-%s\">Flame graph: ", id);
    html_text(out, w->cell->label);
    text_add(out,
             "</title><desc id=\"fd-%s\">%zu functions on %zu levels; %.0f %% of the time is lost. Its boxes are in "
             "the table below.</desc>\n",
             id, f->nodes, l.levels, why_percent(f->lost_ns, f->ns));
    for (size_t i = 0; i < f->nodes; i++)
        add_box(f, &l, i, out);
    text_add(out, "</svg>\n");
    add_data(w, &l, out);
    free(l.left);
    free(l.used);
    free(l.level);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

void why_section(const struct whys *w, struct text *out)
{
    if (w->count == 0)
        return;
    page_section(out, "why", "What threads lose their time to");
    for (size_t i = 0; i < w->count; i++) {
        cleanup_text struct text said = {0}, sight = {0};
        const struct why_of_cell *one = &w->list[i];
        html_between(out, "<h3>", one->cell->label, "</h3>\n");
        why_say_run(&one->why, &said);
        why_say_times(&one->why, &said);
        html_lines(out, "<p>", said.data, ".</p>\n");
        if (one->why.causes.count)
            add_causes(one, out);
        add_remedies(&one->why.causes, out);
        add_flame(one, out);
        why_say_sight(&one->why, &sight);
        html_lines(out, "<p>", sight.data, ".</p>\n");
    }
    text_add(out, "</section>\n");
}

void why_section_text(const struct whys *w, size_t width, struct text *out)
{
    for (size_t i = 0; i < w->count; i++) {
        text_add(out, "\n");
        terminal_wrap(w->list[i].cell->label, 0, width, 2, out);
        why_text(&w->list[i].why, width, out);
    }
}
