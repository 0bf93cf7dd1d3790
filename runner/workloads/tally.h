/* tally: the counts of each worker of scenario2 and scenario3, and the figures computed from all of them. */
#ifndef TARE_WORKLOADS_TALLY_H
#define TARE_WORKLOADS_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct ledger;

/* One worker's counts in one iteration, in memory shared with the main process, on its own cache lines. */
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

/* The sums over all workers and measured iterations. */
struct totals {
    uint64_t attempts;
    uint64_t inserts;
    uint64_t lock_wait_ns;
    uint64_t put_ns;
    uint64_t ack_wait_ns;
    int64_t span_ns; /* from the first worker's start to the last one's end */
    uint64_t check;  /* the sum of the workers' first ids in the last iteration */
};

/* Checks and adds the tallies of an iteration: each worker's attempts are its inserts plus its duplicates, and all
 * inserts equal the distinct ids in the set. -EPROTO: they do not add up. */
int tally_take(const struct tally *tally, size_t count, uint64_t distinct, struct totals *totals, struct err *e);

/* Writes attempts, inserts, dup_rate_pct, ops_per_s, inserts_per_s and the check to the ledger. */
void tally_report(const struct totals *totals, struct ledger *l);

/* Writes a mean over all attempts. */
void tally_report_mean(const struct totals *totals, struct ledger *l, const char *name, uint64_t sum_ns);

/* Prints the attempts of each worker of the last iteration. */
void tally_print(const struct tally *tally, size_t count);

#endif
