/* compare_show: a comparison as text, Markdown, CSV and JSON (schema tare.compare/2). */
#ifndef TARE_COMPARE_SHOW_H
#define TARE_COMPARE_SHOW_H

#include "analysis/compare.h"

#define COMPARE_SCHEMA "tare.compare/2"

/* The names of both sides, and the options. */
struct compare_headline {
    const char *a, *b; /* the paths */
    size_t a_records, b_records;
    double margin;
    double growth_margin;   /* bytes per 1,000 iterations */
    size_t width;           /* of the terminal, in characters */
    const char *noise_path; /* the floor's file; NULL: none */
    const char *noise_why;  /* why none: a sentence; "" where there is one */
    bool noise_within_run;  /* of a floor that was measured within one run */
    size_t noise_left_out;  /* its rows that are not used */
    uint64_t seed;
    const struct compare_condition *condition; /* the conditions of --fail-if */
    size_t conditions;
    const char *failed;  /* the lines of the conditions that hold; "": none */
    const char *unclear; /* the lines of the conditions that cannot tell; "": none */
    bool between; /* --between: both sides are in one folder, and the head has the words that all labels begin with */
};

void compare_text(const struct comparison *c, const struct compare_headline *h, struct text *out);
void compare_markdown(const struct comparison *c, const struct compare_headline *h, struct text *out);
/* RFC 4180, one row per cell and figure. */
void compare_csv(const struct comparison *c, const struct compare_headline *h, struct text *out);
/* A missing number is null with <key>_reason beside it. */
void compare_json(const struct comparison *c, const struct compare_headline *h, struct text *out);

#endif
