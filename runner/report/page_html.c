/* Texts, tables and figures as HTML. */
#include <math.h>
#include <string.h>

#include "report/page_parts.h"

#define DATA_ROWS_MAX 70 /* of a figure's data that are told in the page */
#define LONG_TEXT     40 /* characters from which on a column may wrap */

void html_text(struct text *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            text_add(out, "&lt;");
        else if (c == '>')
            text_add(out, "&gt;");
        else if (c == '&')
            text_add(out, "&amp;");
        else if (c == '"')
            text_add(out, "&quot;");
        else if (c == '\'')
            text_add(out, "&#39;");
        else
            text_add_bytes(out, (c < ' ' && c != '\n') || c == 127 ? " " : text, 1);
    }
}

/* --- tables ---------------------------------------------------------------------------------------------------------
 */

static bool is_long(const struct table *t, size_t column)
{
    for (size_t i = 0; i < t->rows; i++)
        if (table_at(t, i, column)->text && strlen(table_at(t, i, column)->text) > LONG_TEXT)
            return true;
    return false;
}

static void add_head(struct text *out, const struct table *t)
{
    text_add(out, "<thead><tr>");
    for (size_t i = 0; i < t->columns; i++) {
        if (!table_shows(t, i))
            continue;
        text_add(out, "<th scope=\"col\"%s>", table_is_right(&t->column[i]) ? " class=\"n\"" : "");
        html_text(out, t->column[i].head);
        if (strcmp(t->column[i].unit, "x") == 0)
            text_add(out, " [×]");
        else if (*t->column[i].unit)
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
    else if (!first && is_long(t, column))
        text_add(out, " class=\"long\"");
    if (isfinite(c->value))
        text_add(out, " data-v=\"%.17g\"", c->value);
    if (!c->text && c->why && *c->why) {
        text_add(out, " title=\"");
        html_text(out, c->why);
        text_add(out, "\"");
    }
    text_add(out, ">");
    html_text(out, c->text ? c->text : "–");
    text_add(out, "</%s>", tag);
}

void html_table(struct text *out, const struct table *t)
{
    if (t->rows == 0) {
        text_add(out, "<p>");
        html_text(out, t->empty ? t->empty : "There is nothing of it in these records.");
        text_add(out, "</p>\n");
        return;
    }
    text_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"table-%s\">", t->name);
    text_add(out, "<table class=\"sortable\"><caption id=\"table-%s\">", t->name);
    html_text(out, t->title);
    text_add(out, "</caption>\n");
    add_head(out, t);
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

/* --- figures --------------------------------------------------------------------------------------------------------
 */

/* A figure's data as a table of its own; of many rows the page keeps the first and says so. */
static void add_data(struct text *out, const struct drawing *d, bool open)
{
    size_t row = 0, left = 0;
    text_add(out, "<details%s><summary>Data of this figure</summary>", open ? " open" : "");
    text_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Data: ");
    html_text(out, d->title);
    text_add(out, "\"><table>\n");
    for (const char *line = d->data.data; line && *line; row++) {
        size_t len = strcspn(line, "\n");
        const char *end = line + len;
        const char *tag = row ? "td" : "th scope=\"col\"";
        if (row > DATA_ROWS_MAX) {
            left++;
            line = end + (*end == '\n');
            continue;
        }
        text_add(out, "<tr>");
        while (line < end) {
            size_t word = strcspn(line, " \n");
            text_add(out, "<%s class=\"n\">%.*s</%.2s>", tag, (int)word, line, tag);
            line += word + (line + word < end);
        }
        text_add(out, "</tr>\n");
        line = end + (*end == '\n');
    }
    text_add(out, "</table></div>");
    if (left)
        text_add(out, "<p class=\"soft\">%zu more rows are in the paper outputs&#39; %s.dat.</p>", left, d->name);
    text_add(out, "</details>\n");
}

/* gnuplot's ids are the same in every figure, and its black is ink: each figure gets ids of its own, and the page's. */
static void add_svg(struct text *out, const struct drawing *d, const char *svg)
{
    static const struct {
        const char *from, *to;
    } REPLACED[] = {{"id='", "id='"},
                    {"id=\"", "id=\""},
                    {"xlink:href='#", "href='#"},
                    {"\"black\"", "\"currentColor\""},
                    {"'black'", "'currentColor'"},
                    {"rgb(0,0,0)", "currentColor"}};
    const char *body = strstr(svg, "<g id=\"gnuplot_canvas\">");
    const char *box = strstr(svg, "viewBox=\"");
    if (!body || !box)
        return;
    text_add(out, "<svg role=\"img\" aria-labelledby=\"title-%s desc-%s\" viewBox=\"%.*s\"><title id=\"title-%s\">",
             d->name, d->name, (int)strcspn(box + 9, "\""), box + 9, d->name);
    html_text(out, d->title);
    text_add(out, "</title><desc id=\"desc-%s\">", d->name);
    html_text(out, d->alt);
    text_add(out, "</desc>");
    while (*body) {
        size_t k = 0, count = sizeof(REPLACED) / sizeof(REPLACED[0]);
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

void html_figure(struct text *out, const struct drawing *d, const struct text *svg, const char *no_svg)
{
    text_add(out, "<figure id=\"figure-%s\"", d->name);
    if (d->cell)
        text_add(out, " data-cell=\"%s\"", d->cell);
    text_add(out, ">\n");
    if (svg) {
        text_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
        html_text(out, d->title);
        text_add(out, "\">");
        add_svg(out, d, svg->data);
        text_add(out, "</div>\n");
    } else {
        text_add(out, "<p>");
        html_text(out, no_svg);
        text_add(out, ".</p>\n");
    }
    text_add(out, "<figcaption><b>");
    html_text(out, d->title);
    text_add(out, ".</b> ");
    html_text(out, d->alt);
    text_add(out, "</figcaption>\n");
    add_data(out, d, !svg);
    text_add(out, "</figure>\n");
}
