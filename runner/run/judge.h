/* judge: how a run ended, from all that was seen of it. */
#ifndef TARE_JUDGE_H
#define TARE_JUDGE_H

#include <stdint.h>

struct ledger_map;
struct record;
struct watch_result;

struct judge_evidence {
    struct watch_result *watched;    /* its messages lose their last newlines */
    const struct ledger_map *ledger; /* NULL: a command, which has none */
    int64_t started_ns;              /* CLOCK_MONOTONIC before its exec */
    int stayed_ms;                   /* how long after its end somebody of it was still there; 0: nobody */
};

/* Fills in termination, detail and interrupted_by; how the main process ended and the events are in the record. */
void judge_end(struct record *r, const struct judge_evidence *seen);

#endif
