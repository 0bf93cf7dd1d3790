#include "report/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/number.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/csv.h"
#include "base/json_put.h"
#include "base/text.h"

struct table table_new(const char *name, const char *title, const struct table_column *column, size_t columns)
{
    if (columns > TABLE_COLUMNS_MAX) /* a mistake of ours */
        abort();
    return (struct table){.name = name, .title = title, .column = column, .columns = columns};
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->rows * t->columns; i++)
        free(t->cell[i].text);
    for (size_t i = 0; i < t->rows; i++)
        free(t->id[i]);
    free(t->cell);
    free(t->id);
    *t = (struct table){0};
}

void table_row(struct table *t, const char *id)
{
    t->cell = xgrow(t->cell, t->rows, t->columns * sizeof(*t->cell));
    t->id = xgrow(t->id, t->rows, sizeof(*t->id)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < t->columns; i++)
        t->cell[t->rows * t->columns + i] = (struct table_cell){NULL, NAN, NULL};
    t->id[t->rows++] = id ? xstrdup(id) : NULL;
    t->next = 0;
}

static struct table_cell *next_cell(struct table *t)
{
    if (t->rows == 0 || t->next >= t->columns) /* our own fault: more fields than columns */
        abort();
    return &t->cell[(t->rows - 1) * t->columns + t->next++];
}

/* What has just been filled in. */
static void note(struct table *t, const struct table_cell *c)
{
    struct table_filled *column = &t->filled[t->next - 1];
    const size_t len = c->text ? strlen(c->text) : 0;
    column->text |= c->text != NULL;
    column->reason |= c->why != NULL;
    column->longest = len > column->longest ? len : column->longest;
}

void table_text(struct table *t, const char *text)
{
    struct table_cell *c = next_cell(t);
    c->text = *text ? xstrdup(text) : NULL;
    note(t, c);
}

void table_text_list(struct table *t, const char *const *texts)
{
    for (; *texts; texts++)
        table_text(t, *texts);
}

void table_number(struct table *t, double value, int decimals, const char *why)
{
    char buf[64];
    table_value(t, value, number_text(value, decimals, buf, sizeof(buf)), why);
}

void table_value(struct table *t, double value, const char *text, const char *why)
{
    struct table_cell *c = next_cell(t);
    c->value = isfinite(value) ? value : NAN;
    c->text = isfinite(value) ? xstrdup(text) : NULL;
    c->why = isfinite(value) ? NULL : why;
    note(t, c);
}

void table_interval(struct table *t, const struct stats_interval *i, double scale, int decimals)
{
    char low[64], high[64];
    cleanup_free char *both = text_printf("[%s, %s]", number_text(i->low * scale, decimals, low, sizeof(low)),
                                          number_text(i->high * scale, decimals, high, sizeof(high)));
    table_text(t, i->why_not ? "" : both);
    table_number(t, i->low * scale, decimals, i->why_not);
    table_number(t, i->high * scale, decimals, i->why_not);
}

void table_estimate(struct table *t, const struct stats_interval *i, double scale, int decimals)
{
    table_number(t, i->at * scale, decimals, i->why_not);
    table_interval(t, i, scale, decimals);
}

void table_skip(struct table *t, size_t count)
{
    t->next += count;
}

const struct table_cell *table_at(const struct table *t, size_t row, size_t column)
{
    return &t->cell[row * t->columns + column];
}

bool table_is_right(const struct table_column *c)
{
    return c->number || (c->use == TABLE_SHOWN && strcmp(c->head, "95% interval") == 0);
}

bool table_shows(const struct table *t, size_t column)
{
    return t->filled[column].text && t->column[column].use != TABLE_DATA;
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

static bool has_reason(const struct table *t, size_t column)
{
    return t->column[column].number && t->filled[column].reason;
}

static void csv_cell(const struct table_cell *c, bool number, bool first, struct text *out)
{
    if (number)
        csv_number(out, c->value);
    else
        csv_text(out, first, c->text ? c->text : "");
}

void table_csv(const struct table *t, struct text *out)
{
    for (size_t i = 0; i < t->columns; i++) {
        char why[80];
        if (t->column[i].use == TABLE_SHOWN)
            continue;
        csv_text(out, i == 0, t->column[i].key);
        text_format(why, sizeof(why), "%.60s_reason", t->column[i].key);
        if (has_reason(t, i))
            csv_text(out, false, why);
    }
    csv_end(out);
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t i = 0; i < t->columns; i++) {
            const struct table_cell *c = table_at(t, row, i);
            if (t->column[i].use == TABLE_SHOWN)
                continue;
            csv_cell(c, t->column[i].number, i == 0, out);
            if (has_reason(t, i))
                csv_text(out, false, c->why ? c->why : "");
        }
        csv_end(out);
    }
}

/* --- Markdown ----------------------------------------------------------------------------------------------------- */

static void markdown_text(const char *text, struct text *out)
{
    for (; *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            text_add_bytes(out, "\\", 1);
        text_add_bytes(out, *text == '\n' ? " " : text, 1);
    }
}

void table_markdown(const struct table *t, struct text *out)
{
    for (size_t i = 0; i < t->columns; i++) {
        if (!table_shows(t, i))
            continue;
        text_add(out, "| %s%s%s ", t->column[i].head, *t->column[i].unit ? " " : "", t->column[i].unit);
    }
    text_add(out, "|\n");
    for (size_t i = 0; i < t->columns; i++)
        if (table_shows(t, i))
            text_add(out, "%s", table_is_right(&t->column[i]) ? "|---:" : "|---");
    text_add(out, "|\n");
    for (size_t row = 0; row < t->rows; row++) {
        for (size_t i = 0; i < t->columns; i++) {
            const struct table_cell *c = table_at(t, row, i);
            if (!table_shows(t, i))
                continue;
            text_add(out, "| ");
            markdown_text(c->text ? c->text : "-", out);
            text_add(out, " ");
        }
        text_add(out, "|\n");
    }
}

/* --- A table for a terminal: columns apart by two blanks, as wide as what is in them, and no value cut ----------- */

#define GAP        2
#define EASY       30 /* characters that a text keeps as long as columns can be left out */
#define LEAST      12 /* characters that it keeps in any case */
#define HEAD_SHORT 5

/* The width of each column; 0: left out. */
struct layout {
    size_t width[TABLE_COLUMNS_MAX];
    size_t gap;
};

/* The number of UTF-8 characters. */
static size_t characters(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes && text[i]; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* The bytes of the first `count` characters. */
static size_t bytes_of(const char *text, size_t count)
{
    size_t i = 0;
    for (size_t n = 0; text[i]; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && n++ == count)
            break;
    return i;
}

/* The bytes of the text's first line of at most `width` characters. It ends at a blank; a longer word is broken after a
 * sign, else at the width. *next: the start of the following line. */
static size_t line_of(const char *text, size_t width, const char **next)
{
    size_t fits = bytes_of(text, width), end = fits;
    if (!text[fits]) {
        *next = text + fits;
        return fits;
    }
    while (end > 0 && text[end] != ' ')
        end--;
    if (end == 0) {
        end = fits;
        while (end > 1 && !strchr("-/=,_.:", text[end - 1]))
            end--;
        end = end > 1 ? end : fits;
    }
    *next = text + end + (text[end] == ' ');
    return end;
}

static size_t longest_word(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t len = strcspn(text, " "), n = characters(text, len);
        most = n > most ? n : most;
        text += len + (text[len] == ' ');
    }
    return most;
}

static char *head_of(const struct table_column *c)
{
    return text_printf("%s%s%s", c->head, *c->unit ? " " : "", c->unit);
}

static char *shown_of(const struct table *t, size_t row, size_t column)
{
    const char *text = table_at(t, row, column)->text;
    return text_printable(text ? text : "-");
}

/* The smallest width in which a head takes at most two lines, a short one only one. */
static size_t width_of_head(const char *head)
{
    const size_t all = characters(head, strlen(head));
    if (all <= HEAD_SHORT)
        return all;
    for (size_t width = longest_word(head);; width++) {
        const char *rest = head;
        (void)line_of(rest, width, &rest);
        (void)line_of(rest, width, &rest);
        if (!*rest)
            return width;
    }
}

static size_t natural_width(const struct table *t, size_t column)
{
    cleanup_free char *head = head_of(&t->column[column]);
    size_t most = width_of_head(head);
    for (size_t row = 0; row < t->rows; row++) {
        cleanup_free char *text = shown_of(t, row, column);
        size_t n = characters(text, strlen(text));
        most = n > most ? n : most;
    }
    return most;
}

/* --- what fits -------------------------------------------------------------------------------------------------- */

static size_t total(const struct table *t, const struct layout *l)
{
    size_t sum = 0;
    for (size_t i = 0; i < t->columns; i++)
        if (l->width[i])
            sum += l->width[i] + (sum ? l->gap : 0);
    return sum;
}

/* Narrows the widest text that has more than `least` characters. false: there is none. */
static bool shrink(const struct table *t, struct layout *l, size_t width, size_t least)
{
    size_t widest = t->columns, excess = total(t, l) - width;
    for (size_t i = 0; i < t->columns; i++)
        if (!table_is_right(&t->column[i]) && l->width[i] > least &&
            (widest == t->columns || l->width[i] > l->width[widest]))
            widest = i;
    if (widest == t->columns)
        return false;
    size_t room = l->width[widest] - least;
    l->width[widest] -= excess < room ? excess : room;
    return true;
}

/* Leaves out the column with the highest rank. false: all others must stay. */
static bool leave_out(const struct table *t, struct layout *l)
{
    size_t at = t->columns;
    for (size_t i = 0; i < t->columns; i++)
        if (l->width[i] && t->column[i].rank > 0 && (at == t->columns || t->column[i].rank > t->column[at].rank))
            at = i;
    if (at < t->columns)
        l->width[at] = 0;
    return at < t->columns;
}

static struct layout lay_out(const struct table *t, size_t width)
{
    struct layout l = {.gap = GAP};
    for (size_t i = 0; i < t->columns; i++)
        l.width[i] = table_shows(t, i) ? natural_width(t, i) : 0;
    while (total(t, &l) > width)
        if (!shrink(t, &l, width, EASY) && !leave_out(t, &l) && !shrink(t, &l, width, LEAST))
            break;
    return l;
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

static void pad(struct text *out, size_t count)
{
    text_add(out, "%*s", (int)count, "");
}

static void end_line(struct text *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    text_add(out, "\n");
}

/* Adds a row of texts, on as many lines as the longest needs. It does not change the texts. */
static void add_lines(const struct table *t, const struct layout *l, char *const *texts, struct text *out)
{
    const char *rest[TABLE_COLUMNS_MAX] = {NULL};
    bool more = true;
    for (size_t i = 0; i < t->columns; i++)
        rest[i] = texts[i] ? texts[i] : "";
    while (more) {
        bool begun = false;
        more = false;
        for (size_t i = 0; i < t->columns; i++) {
            const char *text = rest[i];
            if (!l->width[i])
                continue;
            size_t len = line_of(text, l->width[i], &rest[i]), fill = l->width[i] - characters(text, len);
            pad(out, begun ? l->gap : 0);
            pad(out, table_is_right(&t->column[i]) ? fill : 0);
            text_add_bytes(out, text, len);
            pad(out, table_is_right(&t->column[i]) ? 0 : fill);
            more |= *rest[i] != '\0';
            begun = true;
        }
        end_line(out);
    }
}

void table_as_text(const struct table *t, size_t width, struct text *out)
{
    char *texts[TABLE_COLUMNS_MAX] = {NULL};
    struct layout l = lay_out(t, width);
    for (size_t row = 0; row <= t->rows; row++) {
        for (size_t i = 0; i < t->columns; i++)
            texts[i] = !l.width[i] ? NULL : row == 0 ? head_of(&t->column[i]) : shown_of(t, row - 1, i);
        add_lines(t, &l, texts, out);
        for (size_t i = 0; i < t->columns; i++)
            free(STEAL(texts[i]));
    }
}

/* --- JSON ----------------------------------------------------------------------------------------------------- */

/* Whole numbers become JSON integers. */
static json_t *number_or_null(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && fabs(value) < 9e15 ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *row_json(const struct table *t, size_t row)
{
    json_t *o = json_object();
    for (size_t i = 0; i < t->columns; i++) {
        const struct table_cell *c = table_at(t, row, i);
        char why[80];
        if (t->column[i].use == TABLE_SHOWN)
            continue;
        if (t->column[i].number)
            json_put(o, t->column[i].key, number_or_null(c->value));
        else
            json_put_text(o, t->column[i].key, c->text);
        text_format(why, sizeof(why), "%.60s_reason", t->column[i].key);
        if (t->column[i].number && c->why && *c->why)
            json_put_text(o, why, c->why);
    }
    return o;
}

json_t *table_json(const struct table *t)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < t->rows; i++)
        if (json_array_append_new(rows, row_json(t, i)) != 0)
            abort();
    return rows;
}

json_t *table_interval_json(const struct stats_interval *i)
{
    json_t *o = json_object();
    json_put_real(o, "at", i->at, i->why_not);
    json_put_real(o, "low", i->low, i->why_not);
    json_put_real(o, "high", i->high, i->why_not);
    return o;
}
