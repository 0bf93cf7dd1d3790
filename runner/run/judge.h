/* judge: decides how a run ended. run.c calls it once per run. */
#ifndef TARE_JUDGE_H
#define TARE_JUDGE_H

#include <stdint.h>

#include "record/record.h"

struct ledger_map;
struct watch_result;

struct judge_evidence {
    struct watch_result *watched;    /* its messages lose their last newlines */
    const struct ledger_map *ledger; /* NULL: a command */
    int64_t started_ns;              /* CLOCK_MONOTONIC before its exec */
    int stayed_ms;                   /* how long after its end processes of it still existed; 0: none */
};

struct ending {
    enum termination why;
    char detail[1000];  /* why it is not ok; "" if it is */
    int interrupted_by; /* the signal by which the user ended it; 0: none */
};

/* The record already has the settings, the main process's end and the slice's events. */
struct ending judge_end(const struct record *r, const struct judge_evidence *seen);

#endif
