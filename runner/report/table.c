#include "report/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/study.h"
#include "base/alloc.h"
#include "base/csv.h"
#include "base/text.h"

static char *copy(const char *text)
{
    char *s = xstrdup(text);
    return s;
}

struct table table_new(const char *name, const char *title, const struct table_column *column, size_t columns)
{
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
    if (t->rows == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->cell = reallocarray(t->cell, t->cap * t->columns, sizeof(*t->cell));
        t->id = reallocarray(t->id, t->cap, sizeof(*t->id)); /* NOLINT(bugprone-sizeof-expression): pointers */
        if (!t->cell || !t->id)
            abort();
    }
    for (size_t i = 0; i < t->columns; i++)
        t->cell[t->rows * t->columns + i] = (struct table_cell){NULL, NAN, NULL};
    t->id[t->rows++] = id ? copy(id) : NULL;
    t->next = 0;
}

static struct table_cell *next_cell(struct table *t)
{
    if (t->rows == 0 || t->next >= t->columns) /* a mistake of ours: more fields than columns */
        abort();
    return &t->cell[(t->rows - 1) * t->columns + t->next++];
}

void table_text(struct table *t, const char *text)
{
    struct table_cell *c = next_cell(t);
    c->text = *text ? copy(text) : NULL;
}

void table_number(struct table *t, double value, int decimals, const char *why)
{
    char buf[64];
    struct table_cell *c = next_cell(t);
    c->value = isfinite(value) ? value : NAN;
    c->text = isfinite(value) ? copy(number_text(value, decimals, buf, sizeof(buf))) : NULL;
    c->why = isfinite(value) ? NULL : why;
}

void table_value(struct table *t, double value, const char *text, const char *why)
{
    struct table_cell *c = next_cell(t);
    c->value = isfinite(value) ? value : NAN;
    c->text = isfinite(value) ? copy(text) : NULL;
    c->why = isfinite(value) ? NULL : why;
}

void table_interval(struct table *t, const struct stats_interval *i, double scale, int decimals)
{
    char low[64], high[64];
    if (i->why_not) {
        table_text(t, "");
    } else {
        struct text both = {0};
        text_add(&both, "[%s, %s]", number_text(i->low * scale, decimals, low, sizeof(low)),
                 number_text(i->high * scale, decimals, high, sizeof(high)));
        table_text(t, both.data);
        text_free(&both);
    }
    table_number(t, i->low * scale, decimals, i->why_not);
    table_number(t, i->high * scale, decimals, i->why_not);
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
    bool any = false;
    for (size_t i = 0; i < t->rows; i++)
        any |= table_at(t, i, column)->text != NULL;
    return any && t->column[column].use != TABLE_DATA;
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

static bool has_reason(const struct table *t, size_t column)
{
    bool any = false;
    for (size_t i = 0; t->column[column].number && i < t->rows; i++)
        any |= table_at(t, i, column)->why != NULL;
    return any;
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
