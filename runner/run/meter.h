/* meter: the progress line of a command's cells, with an estimate of what is left; on a terminal only. */
#ifndef TARE_METER_H
#define TARE_METER_H

#include <stdint.h>

#include "cell/config.h"
#include "launch/watch.h"

/* A value; starts by meter_open(). */
struct meter {
    struct progress progress; /* hand &progress to run_cell(); its show is NULL where there is no terminal */
    const struct cell *cells; /* all that are to be run */
    size_t count, at;
    int64_t since_ns;        /* of the running cell */
    int64_t iteration_ns[2]; /* what an iteration took, by profile; 0: not known yet */
};

/* stderr decides. The cells stay the caller's. */
void meter_open(struct meter *m, const struct cell *cells, size_t count);

/* The progress to hand to run_cell() for cell number `at`; NULL where there is no terminal. */
const struct progress *meter_cell(struct meter *m, size_t at);

/* Takes the line away. */
void meter_clear(const struct meter *m);

#endif
