/* noise: how far two runs of the same differ on this host beyond what their invocations explain: a variance that is
 * added to every ratio's interval (analysis.h), of slopes to their difference's. Measured from two sets of records of
 * the same cells (A/A), stored as noise-floor.json (schema tare.noise/2): a row has log_ratio, of a slope difference.
 */
#ifndef TARE_NOISE_H
#define TARE_NOISE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "record/records.h"

#define NOISE_SCHEMA "tare.noise/2"
#define NOISE_FILE   "noise-floor.json"

struct err;

/* The A/A ratio of one cell and one figure, of a slope the difference. */
struct noise_row {
    char *cell; /* the cell's text */
    char *figure;
    double log, variance, df; /* of struct analysis_ratio */
    size_t a, b;              /* invocations */
};

/* Starts as {0}; ended with noise_free(). */
struct noise {
    struct noise_row *row;
    size_t rows;
    char *kernel, *cpu, *node; /* the measured host */
    bool within_run;           /* A and A' took turns in one run of a plan, so it lacks what differs between runs */
    size_t left_out;           /* rows of slopes as ratios, from before slopes had differences: not among the rows */
};

void noise_free(struct noise *n);

/* Takes ownership of the row. */
void noise_add(struct noise *n, struct noise_row row);

/* Writes the file, complete or not at all. */
int noise_write(const struct noise *n, const char *path, struct err *e);

/* -ENOENT: no such file. -ENOTSUP (usage): schema tare.noise/1, which had a floor and no variance; the message says how
 * to measure again. -EINVAL (usage): malformed, or a newer schema. */
int noise_read(const char *path, struct noise *ret, struct err *e);

/* NULL: measured on the machine of this record; else the field that differs, a constant text. */
const char *noise_other_host(const struct noise *n, const struct invocation *of);

/* The noise of a figure, from all cells that were measured. */
struct analysis_noise noise_of(const struct noise *n, const char *figure);

#endif
