/* tally: what a worker of scenario2 and scenario3 counts, and the figures that come of all of them. */
#ifndef TARE_WORKLOADS_TALLY_H
#define TARE_WORKLOADS_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct ledger;

/* One worker's of one iteration, in memory that it shares with the main process, on cache lines of its own. */
struct tally {
    _Alignas(128) uint64_t attempts;
    uint64_t inserts;
    uint64_t duplicates;
    uint64_t first_id;
    int64_t start_ns; /* after its start signal; CLOCK_MONOTONIC */
    int64_t end_ns;   /* after its last attempt */
    uint64_t lock_wait_ns;
    uint64_t put_ns;
    uint64_t ack_wait_ns;
};

/* Of all workers and all measured iterations. */
struct totals {
    uint64_t attempts;
    uint64_t inserts;
    uint64_t lock_wait_ns;
    uint64_t put_ns;
    uint64_t ack_wait_ns;
    int64_t span_ns; /* from the first worker's start to the last one's end */
    uint64_t check;  /* the sum of the workers' first ids, of the last iteration */
};

/* Takes count tallies of an iteration in, after whether their counts add up: each worker's attempts are its inserts and
 * its duplicates, and all inserts are as many as there are distinct ids in the set. -EPROTO with what does not. */
int tally_take(const struct tally *tally, size_t count, uint64_t distinct, struct totals *totals, struct err *e);

/* Gives attempts, inserts, dup_rate_pct, ops_per_s, inserts_per_s and the check. */
void tally_report(const struct totals *totals, struct ledger *l);

/* A mean over all attempts, where there were any. */
void tally_report_mean(const struct totals *totals, struct ledger *l, const char *name, uint64_t sum_ns);

/* The attempts of each worker of the last iteration, in a line. */
void tally_print(const struct tally *tally, size_t count);

#endif
