/* meter: the progress line on a terminal, with an estimate of the time left. */
#ifndef TARE_METER_H
#define TARE_METER_H

#include <stdint.h>

#include "cell/config.h"
#include "launch/watch.h"

/* A value; meter_open() initialises it. */
struct meter {
    struct progress progress; /* for run_cell(); show is NULL without a terminal */
    const struct cell *cells; /* all cells to run */
    size_t count, at;
    int64_t since_ns;                     /* the current cell's start */
    int64_t iteration_ns[PROFILES_COUNT]; /* duration of an iteration, by profile; 0: unknown yet */
};

/* Shows progress only if stderr is a terminal. The caller keeps the cells. */
void meter_open(struct meter *m, const struct cell *cells, size_t count);

/* The progress for run_cell() of cell number `at`; NULL without a terminal. */
const struct progress *meter_cell(struct meter *m, size_t at);

/* Clears the line. */
void meter_clear(const struct meter *m);

#endif
