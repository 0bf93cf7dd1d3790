/* campaign_meter: a plan's progress on standard error: on a terminal one line that is rewritten, elsewhere at most one
 * line per ten seconds. A quiet command shows none. */
#ifndef TARE_CAMPAIGN_METER_H
#define TARE_CAMPAIGN_METER_H

#include <stdint.h>

#include "launch/watch.h"

struct plan_cell;
struct tally;
struct tally_one;

/* A value; campaign_meter_open() initialises it. */
struct campaign_meter {
    struct progress progress;  /* show is NULL without a terminal */
    const struct tally *tally; /* the finished invocations and their times */
    const struct plan_cell *running;
    const char *label;      /* "A" or "A'" with --aa; else NULL */
    uint64_t block, blocks; /* the current block, from 1, and the number wanted so far */
    char last[48];          /* the last figure, as shown */
    int64_t line_at_ns;     /* without a terminal: when the last line was written */
};

/* Shows a terminal's progress if stderr is one. The caller keeps the tally. */
void campaign_meter_open(struct campaign_meter *m, const struct tally *tally);

/* The progress for run_cell(); NULL without a terminal. */
const struct progress *campaign_meter_running(struct campaign_meter *m, const struct plan_cell *cell, const char *label,
                                              uint64_t block, uint64_t blocks);

/* Notes the ended invocation's figure, or its failure. */
void campaign_meter_ended(struct campaign_meter *m, const struct tally_one *one);

/* Shows what is waited for while no cell runs. */
void campaign_meter_wait(struct campaign_meter *m, uint64_t blocks, const char *what);

/* Clears the line. */
void campaign_meter_clear(const struct campaign_meter *m);

#endif
