/* noise: by how much two runs of the same are apart on this host beyond what their invocations make of it: a component
 * of variance that is added to every interval of a ratio (analysis.h). Measured from two sets of records of the same
 * cells (A/A), kept as noise-floor.json (schema tare.noise/2). */
#ifndef TARE_NOISE_H
#define TARE_NOISE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "record/records.h"

#define NOISE_SCHEMA "tare.noise/2"
#define NOISE_FILE   "noise-floor.json"

struct err;

/* The A/A ratio of one cell and one figure. */
struct noise_row {
    char *cell; /* its pairs' text */
    char *figure;
    double log, variance, df; /* as of analysis_ratio() */
    size_t a, b;              /* invocations */
};

/* Starts as {0}; ended with noise_free(). */
struct noise {
    struct noise_row *row;
    size_t rows;
    char *kernel, *cpu, *node; /* the host that it was measured on */
    bool within_run;           /* A and A' took turns in one run of a plan: what differs from run to run is not in it */
};

void noise_free(struct noise *n);

/* Takes the row over. */
void noise_add(struct noise *n, struct noise_row row);

/* Writes it whole or not at all. */
int noise_write(const struct noise *n, const char *path, struct err *e);

/* -ENOENT: there is no such file. -ENOTSUP (usage): one of tare.noise/1, which kept a floor and no variance; the line
 * says how to measure anew. -EINVAL (usage): it is none, or of a newer schema. */
int noise_read(const char *path, struct noise *ret, struct err *e);

/* NULL: measured on the machine of this record; else in which field it differs, a constant text. */
const char *noise_other_host(const struct noise *n, const struct invocation *of);

/* Of this figure, by all cells that it was measured of. */
struct analysis_noise noise_of(const struct noise *n, const char *figure);

#endif
