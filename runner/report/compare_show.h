/* compare_show: a comparison as text, Markdown, CSV and JSON (schema tare.compare/2). */
#ifndef TARE_COMPARE_SHOW_H
#define TARE_COMPARE_SHOW_H

#include "analysis/compare.h"

#define COMPARE_SCHEMA "tare.compare/2"

/* What the sides are called, and what was asked. */
struct compare_headline {
    const char *a, *b; /* the paths */
    size_t a_records, b_records;
    double margin;
    double growth_margin;   /* bytes per 1,000 iterations */
    size_t width;           /* of the terminal, in characters */
    const char *noise_path; /* the floor's file; NULL: none */
    const char *noise_why;  /* why none: a sentence; "" where there is one */
    bool noise_within_run;  /* of a floor that was measured within one run */
    uint64_t seed;
    const struct compare_condition *condition; /* of --fail-if */
    size_t conditions;
    const char *failed;  /* the lines of those that hold, "" none */
    const char *unclear; /* the lines of those that cannot tell, "" none */
    bool between;        /* of one folder: what all rows begin with is said once, in the head */
};

void compare_text(const struct comparison *c, const struct compare_headline *h, struct text *out);
void compare_markdown(const struct comparison *c, const struct compare_headline *h, struct text *out);
/* RFC 4180, a row a cell and figure. */
void compare_csv(const struct comparison *c, const struct compare_headline *h, struct text *out);
/* compare_json.c. What is no number is null with <key>_reason beside it. */
void compare_json(const struct comparison *c, const struct compare_headline *h, struct text *out);

#endif
