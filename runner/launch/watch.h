/* watch: waits for the workload's end. Takes samples at absolute deadlines, reads its messages, and watches for
 * timeout, stall and signals. run and exec call it. */
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

/* Called periodically for a progress line. Needs a ledger. Not used without a terminal, so that the runner sleeps. */
struct progress {
    void (*show)(void *arg, uint64_t warmup_done, uint64_t iterations_done);
    void *arg;
};

struct watch_request {
    const struct child *child;
    const struct ledger_map *ledger; /* NULL: none; the whole run is measured */
    struct sampler *sampler;         /* NULL: nothing is sampled and nothing ticks */
    int64_t tick_ns;                 /* between two samples of the slice's files */
    int64_t rollup_ns;               /* between two walks of the processes */
    unsigned shared_cpus;            /* the workload's CPUs if the walks run on them too; 0: they have others */
    int64_t timeout_ns;              /* from the exec on; 0: none */
    int64_t stall_ns;                /* the longest time without progress (see below); 0: no limit */
    int cpu_stat_fd;                 /* cpu.stat of its own slice; -1: none, and stalls are not detected */
    int messages_fd;                 /* the workload's standard output and error, non-blocking; -1: not captured */
    const char *line_with;           /* the first line of its messages with these words is kept; NULL: none is */
    struct relay *relay;             /* copies its output into files; NULL: none */
    struct refusals *refusals;       /* answers its filter; closed at the end. NULL: none */
    int signal_fd;                   /* signalfd(2) of the signals that end the run */
    int partition_fd;                /* the slice's cpuset.cpus.partition, read once; -1: none */
    const char *partition;           /* its content while the partition is valid; NULL: none */
    int pids_events_fd;              /* the slice's pids.events: reaching pids.max ends the run; -1: none */
    const struct progress *progress; /* NULL: none */
    void (*look)(void *arg);         /* called five times a second while it measures; needs a ledger. NULL: none */
    void *look_arg;
};

enum watch_why { WATCH_ENDED, WATCH_TIMEOUT, WATCH_INTERRUPTED, WATCH_PIDS_MAX, WATCH_STALLED };

/* Progress is, since the last look: a new phase or iteration in the ledger, a message, or CPU time of the whole slice
 * of at least 1% of one CPU. So a long computation counts as progress, and so does an endless loop (--timeout ends
 * that); a slice whose every process waits does not, even if it wakes up now and then. There are eight looks in
 * stall_ns. */
struct watch_result {
    enum watch_why why;
    int64_t stalled_ns; /* WATCH_STALLED: the time without progress, and the iteration, from 0 */
    uint64_t stalled_iteration;
    bool stalled_measuring;
    int signal;             /* WATCH_INTERRUPTED */
    int64_t ended_ns;       /* CLOCK_MONOTONIC when it was seen */
    struct sample *samples; /* owned by the caller */
    size_t count;
    uint64_t missed_ticks;                 /* of the slice's files, while measuring */
    uint64_t walks, missed_walks;          /* over the processes: done, and due while another ran */
    uint64_t spared_walks;                 /* put off: watch_walk_wait_ns() */
    int64_t partition_lost_ns;             /* CLOCK_MONOTONIC when the partition was first seen lost; 0: never */
    char partition_said[160];              /* its content then */
    uint64_t message_bytes;                /* total bytes it printed */
    char messages[WATCH_MESSAGES_MAX + 1]; /* the last of them */
    char line[512];                        /* the first with line_with, without its end; "": none had them */
};

/* How long after its beginning no other walk may begin, in ns. A walk holds each process's mmap_lock for its part of
 * the walk's time, and page faults wait for it; where it runs on the workload's CPUs it takes their time. The larger of
 * both is kept to 1/40 of the time between two walks; but a walk is put off by 100 periods at most, and by 20 where it
 * takes none of the workload's CPUs (shared_cpus 0), so that workers that hold still are seen. */
int64_t watch_walk_wait_ns(int64_t walk_ns, uint32_t processes, unsigned shared_cpus, int64_t rollup_ns);

/* Returns when the child has ended (it is not reaped) or the caller must end it. The caller frees ret->samples. */
int watch_child(const struct watch_request *request, struct watch_result *ret, struct err *e);

/* Reads what is still in the pipe after the end; line_with as the request had it. */
void watch_drain(int messages_fd, const char *line_with, struct watch_result *result);

#endif
