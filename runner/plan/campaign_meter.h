/* campaign_meter: the progress of a plan on standard error: on a terminal a line that is written anew, elsewhere one
 * line every ten seconds at most. Nothing for a quiet command. */
#ifndef TARE_CAMPAIGN_METER_H
#define TARE_CAMPAIGN_METER_H

#include <stddef.h>
#include <stdint.h>

#include "launch/watch.h"

struct plan_cell;
struct tally;
struct tally_one;

/* A value; starts by campaign_meter_open(). */
struct campaign_meter {
    struct progress progress;  /* show is NULL where there is no terminal */
    const struct tally *tally; /* what is done, and took how long */
    const struct plan_cell *running;
    const char *label;      /* of --aa; NULL: none */
    uint64_t block, blocks; /* the running one, from 1, and all that are wanted so far */
    char last[48];          /* the last figure, as it is shown */
    int64_t line_at_ns;     /* when the last line was written, where there is no terminal */
};

/* stderr decides. The tally stays the caller's. */
void campaign_meter_open(struct campaign_meter *m, const struct tally *tally);

/* What to hand to run_cell(); NULL where there is no terminal. */
const struct progress *campaign_meter_running(struct campaign_meter *m, const struct plan_cell *cell, const char *label,
                                              uint64_t block, uint64_t blocks);

/* Notes the figure of the invocation that has ended, or that it failed. */
void campaign_meter_ended(struct campaign_meter *m, const struct tally_one *one);

/* Shows a line without a running cell: what is waited for. */
void campaign_meter_wait(struct campaign_meter *m, uint64_t blocks, const char *what);

/* Takes the line away. */
void campaign_meter_clear(const struct campaign_meter *m);

#endif
