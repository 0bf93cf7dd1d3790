/* table: rows of texts and numbers in named columns, written as CSV, LaTeX (booktabs), Markdown, HTML, JSON or text. */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_interval.h"

enum table_use {
    TABLE_BOTH,
    TABLE_SHOWN, /* for readers only: an interval as "[1.2, 1.4]" */
    TABLE_DATA,  /* for CSV and JSON only: the interval's ends in full */
};

struct table_column {
    const char *key;  /* for CSV and JSON: snake_case with the unit at its end */
    const char *head; /* for readers */
    const char *unit; /* "": none */
    bool number;
    enum table_use use;
    int rank; /* 0: always shown; else, on a narrow terminal, the highest rank is left out first */
};

/* clang-format off */
#define TABLE_TEXT(key, head)         {key, head, "", false, TABLE_BOTH, 0}
#define TABLE_NUMBER(key, head, unit) {key, head, unit, true, TABLE_BOTH, 0}
/* The columns of table_interval(); rank: of the one for readers. */
#define TABLE_INTERVAL(key, head, unit, rank)                                                                          \
    {key, head, unit, false, TABLE_SHOWN, rank}, {key "_low", "low", unit, true, TABLE_DATA, 0},                       \
    {key "_high", "high", unit, true, TABLE_DATA, 0}
/* clang-format on */

#define TABLE_COLUMNS_MAX 32

struct table_cell {
    char *text;      /* as shown; NULL: nothing. Owned */
    double value;    /* a number in the column's unit; NaN: none */
    const char *why; /* why there is no number, or NULL; not owned */
};

struct table {
    const char *name;  /* of [a-z-]; names its file */
    const char *title; /* a sentence without full stop */
    const char *empty; /* the text for a table without rows; NULL: such a table is left out */
    const struct table_column *column;
    size_t columns;
    struct table_cell *cell; /* row by row; owned */
    char **id;               /* by row: the id of its cell, for filters; NULL: none. Owned */
    size_t rows, next;
    struct table_filled {
        bool text, reason; /* some row has one */
        size_t longest;    /* bytes of the longest text */
    } filled[TABLE_COLUMNS_MAX];
};

/* Makes a table. The columns must outlive it. Ended with table_free(). */
struct table table_new(const char *name, const char *title, const struct table_column *column, size_t columns);
void table_free(struct table *t);
#define cleanup_table __attribute__((cleanup(table_free)))

/* Begins a row (id: of its cell, or NULL). Its fields are then added from left to right. */
void table_row(struct table *t, const char *id);
void table_text(struct table *t, const char *text);
/* Several of them. */
#define table_texts(t, ...) table_text_list(t, (const char *const[]){__VA_ARGS__, NULL})
void table_text_list(struct table *t, const char *const *texts); /* ended by NULL */
/* Adds a number, shown with these decimals. NaN: nothing; why: the reason (NULL: none). */
void table_number(struct table *t, double value, int decimals, const char *why);
/* Adds a number that is shown as this text, in its own unit; NaN: nothing. */
void table_value(struct table *t, double value, const char *text, const char *why);
/* Adds three fields: "[low, high]" for readers, low and high as data. The values are multiplied by scale. */
void table_interval(struct table *t, const struct stats_interval *i, double scale, int decimals);
/* The same after a field with the estimate itself. */
void table_estimate(struct table *t, const struct stats_interval *i, double scale, int decimals);
/* Leaves the next `count` fields empty. */
void table_skip(struct table *t, size_t count);

const struct table_cell *table_at(const struct table *t, size_t row, size_t column);

/* Whether a column is right-aligned: numbers and intervals. */
bool table_is_right(const struct table_column *c);

/* Whether a column is shown: it is for readers, and not empty in every row. */
bool table_shows(const struct table *t, size_t column);

struct text;
/* Adds RFC 4180: all columns but those for readers only, with all digits; "KEY_reason" follows a number column in which
 * a number is missing for a reason. */
void table_csv(const struct table *t, struct text *out);
/* Adds GitHub's Markdown. */
void table_markdown(const struct table *t, struct text *out);
struct json_t;
/* An array with one object per row: all columns but those for readers only. A missing number is null, with "KEY_reason"
 * beside it if there is a reason. The caller owns it. */
struct json_t *table_json(const struct table *t);
/* {at, low, high}; what is missing is null, with its reason. The caller owns it. */
struct json_t *table_interval_json(const struct stats_interval *i);
/* Adds text for a terminal of this width. No value is cut, and no two run together: texts wrap, then columns are left
 * out by their rank; if the numbers are still too wide, lines exceed the width. */
void table_as_text(const struct table *t, size_t width, struct text *out);

#endif
