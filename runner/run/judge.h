/* judge: decides how a run ended. run.c calls it once per run. */
#ifndef TARE_JUDGE_H
#define TARE_JUDGE_H

#include <stdint.h>

struct ledger_map;
struct record;
struct watch_result;

struct judge_evidence {
    struct watch_result *watched;    /* its messages lose their last newlines */
    const struct ledger_map *ledger; /* NULL: a command */
    int64_t started_ns;              /* CLOCK_MONOTONIC before its exec */
    int stayed_ms;                   /* how long after its end processes of it still existed; 0: none */
};

/* Fills in termination, detail and interrupted_by. The record already has the main process's end and the events. */
void judge_end(struct record *r, const struct judge_evidence *seen);

#endif
