/* noise: how far two runs of the same are apart on this host: the least difference that is spoken of. Measured from two
 * sets of records of the same cells (A/A), kept as noise-floor.json (schema tare.noise/1). */
#ifndef TARE_NOISE_H
#define TARE_NOISE_H

#include <stddef.h>
#include <stdio.h>

#include "compare/compare.h"

#define NOISE_SCHEMA "tare.noise/1"
#define NOISE_FILE   "noise-floor.json"

struct err;

/* Of one cell and one figure. */
struct noise_row {
    char *cell; /* its pairs' text */
    char *figure;
    double floor; /* as 0.013: the farther end of the 95% interval of the A/A ratio from 1 */
    double ratio, low, high;
    size_t a, b; /* invocations */
};

/* Starts as {0}; ended with noise_free(). */
struct noise {
    struct noise_row *row;
    size_t rows;
    char *kernel, *cpu, *node; /* the host that it was measured on */
};

void noise_free(struct noise *n);

/* From an A/A comparison: a row for each of its that has an interval. host: the environment of any of its records, and
 * the node's name. -EINVAL (usage): no row has an interval; why it has none is named. */
int noise_measure(const struct comparison *aa, const struct invocation *of, struct noise *ret, struct err *e);

/* Writes it whole or not at all. */
int noise_write(const struct noise *n, const char *path, struct err *e);

/* -ENOENT: there is no such file. -EINVAL (usage): it is none, or of a newer schema. */
int noise_read(const char *path, struct noise *ret, struct err *e);

/* NULL: measured on the machine of this record; else in which field it differs, a constant text. */
const char *noise_other_host(const struct noise *n, const struct invocation *of);

/* The floor of this cell and figure; where that was not measured the greatest of the figure's, *of_cell false; NaN: the
 * figure was not measured. */
double noise_floor(const struct noise *n, const struct pairs *cell, const char *figure, bool *of_cell);

#endif
