/* watch: waits for the workload: ticks at absolute deadlines, its messages, the timeout and the user's signals. */
#ifndef TARE_WATCH_H
#define TARE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launch/sample.h"

struct err;
struct child;
struct ledger_map;
struct refusals;
struct relay;

#define WATCH_MESSAGES_MAX 4096

/* Called now and then for a progress line; never where there is no terminal, so that the runner sleeps. */
struct progress {
    void (*show)(void *arg, uint64_t warmup_done, uint64_t iterations_done);
    void *arg;
};

struct watch_request {
    const struct child *child;
    const struct ledger_map *ledger; /* NULL: there is none, and all of the run is measured */
    struct sampler *sampler;         /* NULL: nothing is sampled and nothing ticks */
    int64_t tick_ns;                 /* between two samples of the slice's files */
    int64_t rollup_ns;               /* between two walks of the processes */
    int64_t timeout_ns;              /* from the exec on; 0: none */
    int64_t stall_ns;                /* ends one without progress for so long (below); 0: that is not looked for */
    int cpu_stat_fd;                 /* cpu.stat of a slice of its own; -1: there is none, and no stall is looked for */
    int messages_fd;                 /* the workload's standard output and error, non-blocking; -1: they are not ours */
    struct relay *relay;             /* what it prints into files; NULL: nothing */
    struct refusals *refusals;       /* what its filter asks; closed at the end. NULL: nothing */
    int signal_fd;                   /* signalfd(2) of what ends the run */
    int partition_fd;                /* the slice's cpuset.cpus.partition, read once; -1 where there is none */
    const char *partition;           /* what it reads while all is well */
    int pids_events_fd; /* the slice's pids.events, -1 where there is none: hitting pids.max ends the run */
    const struct progress *progress; /* NULL: none */
};

enum watch_why { WATCH_ENDED, WATCH_TIMEOUT, WATCH_INTERRUPTED, WATCH_PIDS_MAX, WATCH_STALLED };

/* Progress is: a phase or an iteration in the ledger that was not there at the last look; a message; or CPU
 * time, of all that is in the slice, of 1% of one CPU since the last look. So an iteration that computes is healthy
 * however long it takes, one that spins for ever too (--timeout is for that), and one whose every process waits is not;
 * what the few wake-ups of a wait with a time limit take is below 1%. There are eight looks in stall_ns. */
struct watch_result {
    enum watch_why why;
    int64_t stalled_ns; /* of WATCH_STALLED: how long there was no progress, in which iteration, from 0 */
    uint64_t stalled_iteration;
    bool stalled_measuring;
    int signal;             /* of WATCH_INTERRUPTED */
    int64_t ended_ns;       /* CLOCK_MONOTONIC when it was seen */
    struct sample *samples; /* owned by the caller */
    size_t count;
    uint64_t missed_ticks;        /* of the slice's files, while measuring */
    uint64_t walks, missed_walks; /* over the processes: taken, and those that came due during another */
    uint64_t spared_walks;        /* put off, so that no process is held for more than a small share of its time */
    int64_t partition_lost_ns;    /* CLOCK_MONOTONIC when it was first seen to read otherwise; 0: it did not */
    char partition_said[160];     /* what it read then */
    uint64_t message_bytes;       /* that it printed in all */
    char messages[WATCH_MESSAGES_MAX + 1]; /* the last that the workload printed */
};

/* Returns once the child has ended (it is not reaped) or has to be ended by the caller. */
int watch_child(const struct watch_request *request, struct watch_result *ret, struct err *e);

/* Takes in what is still in the pipe after the end. */
void watch_drain(int messages_fd, struct watch_result *result);

#endif
