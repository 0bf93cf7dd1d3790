/* table: rows of texts and numbers under named columns, written as CSV, LaTeX (booktabs), Markdown, HTML or text by the
 * rooms that know those. */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_interval.h"

enum table_use {
    TABLE_BOTH,
    TABLE_SHOWN, /* for eyes alone: an interval as "[1.2, 1.4]" */
    TABLE_DATA,  /* for CSV and JSON alone: the interval's ends in full */
};

struct table_column {
    const char *key;  /* of CSV and JSON: snake_case, the unit at its end */
    const char *head; /* for eyes */
    const char *unit; /* "" none */
    bool number;
    enum table_use use;
    int rank; /* 0: it is always shown; else, where a terminal is too narrow, the greatest leaves first */
};

#define TABLE_COLUMNS_MAX 32

struct table_cell {
    char *text;      /* as it is shown; NULL: nothing. Owned */
    double value;    /* of a number, in the column's unit; NaN: none */
    const char *why; /* why there is none, or NULL; not owned */
};

struct table {
    const char *name;  /* of [a-z-]: its file's */
    const char *title; /* a sentence without its stop */
    const char *empty; /* what is said where it has no rows; NULL: it is then left out */
    const struct table_column *column;
    size_t columns;
    struct table_cell *cell; /* row by row; owned */
    char **id;               /* a row's: the cell that it tells of, for filters; NULL none. Owned */
    size_t rows, cap, next;
    struct table_filled {
        bool text, reason; /* some row has one */
        size_t longest;    /* bytes of the longest text */
    } filled[TABLE_COLUMNS_MAX];
};

/* The columns have to outlive it. Ended with table_free(). */
struct table table_new(const char *name, const char *title, const struct table_column *column, size_t columns);
void table_free(struct table *t);

/* Begins a row (id: of the cell that it tells of, or NULL); the columns are then filled in from the left. */
void table_row(struct table *t, const char *id);
void table_text(struct table *t, const char *text);
/* Shown in so many decimals; NaN: nothing, for this reason (NULL: none). */
void table_number(struct table *t, double value, int decimals, const char *why);
/* A number that is shown as this text, in a unit of its own; NaN: nothing. */
void table_value(struct table *t, double value, const char *text, const char *why);
/* Three columns: "[low, high]" shown, low and high as data. The values are multiplied by scale. */
void table_interval(struct table *t, const struct stats_interval *i, double scale, int decimals);

const struct table_cell *table_at(const struct table *t, size_t row, size_t column);

/* Whether a column is set to the right: numbers, and intervals. */
bool table_is_right(const struct table_column *c);

/* Whether a column is shown: for eyes, and not empty in every row. */
bool table_shows(const struct table *t, size_t column);

struct text;
/* RFC 4180, all columns but those for eyes alone, numbers in full; "KEY_reason" after a column of numbers in which one
 * is missing for a reason. */
void table_csv(const struct table *t, struct text *out);
/* GitHub's Markdown. */
void table_markdown(const struct table *t, struct text *out);
struct json_t;
/* An array with an object a row, all columns but those for eyes alone; what is no number is null, with "KEY_reason"
 * beside it where there is one. The caller's. */
struct json_t *table_json(const struct table *t);
/* For a terminal of so many characters. No value is cut and no two run together: texts wrap, then columns leave by
 * their rank; numbers that are wider still go beyond the width. */
void table_as_text(const struct table *t, size_t width, struct text *out);

#endif
