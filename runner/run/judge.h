/* judge: how a run ended, from all that was seen of it. */
#ifndef TARE_JUDGE_H
#define TARE_JUDGE_H

#include <stdint.h>

#include "record/record.h"

struct ledger_map;
struct watch_result;

struct judge_evidence {
    struct watch_result *watched;    /* its messages lose their last newlines */
    const struct ledger_map *ledger; /* NULL: a command, which has none */
    int64_t started_ns;              /* CLOCK_MONOTONIC before its exec */
    int stayed_ms;                   /* how long after its end somebody of it was still there; 0: nobody */
};

struct ending {
    enum termination why;
    char detail[1000];  /* why it is not ok; "" where it is */
    int interrupted_by; /* the signal that the user ended it with; 0 none */
};

/* r: what was asked, how the main process ended, and the slice's events. */
struct ending judge_end(const struct record *r, const struct judge_evidence *seen);

#endif
