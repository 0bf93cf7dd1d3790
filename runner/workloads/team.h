/* team: the workers of a C workload: threads, or processes of each start method, or a pool of either that outlives the
 * iteration; what they do is the scenario's. */
#ifndef TARE_WORKLOADS_TEAM_H
#define TARE_WORKLOADS_TEAM_H

#include "workloads/options.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench;
struct err;
struct ledger;

/* The exit status of a worker that ended because another one had died; the other one is the reason of the failure. */
#define STATUS_BEREFT 71

/* The signals of the workers that wait for each other: a worker writes a byte when it is ready and reads one as its
 * start signal. Pipes, since they serve threads and processes of every start method alike, and since a reader gets the
 * end of the file when the writer has died. All are -1 where the scenario has no use for them. */
struct gate {
    int ready_r;
    int ready_w;
    int go_r;
    int go_w;
};

/* One worker of the running iteration. */
struct worker {
    struct bench *bench;
    uint64_t index;
    pthread_t thread;
    bool joinable;   /* a thread that somebody has yet to wait for */
    pid_t pid;       /* 0 for threads, and before the start */
    int pid_fd;      /* of a child that somebody waits for with others; else -1 */
    int status;      /* of a thread: what the scenario's work() gave; of a process: its wait status. Valid once ended */
    uint64_t result; /* of a thread, and of a task in a pool */
    atomic_bool ended; /* set by a thread itself, by the main process for the others */
};

/* What a scenario is to the driver. Calls that may be NULL do nothing then. All that return an int give 0 or a negative
 * errno with e, but for work(). */
struct scenario {
    const char *name;
    const struct option_row *knobs;
    size_t knob_count;
    uint64_t workers_max; /* of --workers; 0: as many as the option takes */
    /* How many workers an iteration starts; NULL: --workers. */
    uint64_t (*size)(const struct options *opt);
    /* Whether the workers wait for each other at the gate before they begin. */
    bool (*gated)(const struct options *opt);
    /* How long every worker goes on after the start signal, in ns; NULL: there is none that is known. */
    int64_t (*hold_ns)(const struct options *opt);
    /* Whether tasks go to a pool that is made before the first iteration; NULL: never. */
    bool (*pooled)(const struct options *opt);
    /* Bytes of the area that main process and workers share, zeroed before each iteration; NULL: none. */
    size_t (*area_bytes)(const struct options *opt);
    /* Once, before the first iteration. */
    int (*prepare)(struct bench *b, struct err *e);
    /* Before each iteration, outside of its clock. */
    int (*reset)(struct bench *b, struct err *e);
    /* What worker index does, in whichever thread or process. Returns 0, or the exit status of a failed worker. */
    int (*work)(struct bench *b, uint64_t index, uint64_t *result);
    /* In the main process and in the clock, when all have been started (and let through the gate). */
    int (*underway)(struct bench *b, struct err *e);
    /* After each iteration, outside of its clock. */
    int (*settle)(struct bench *b, bool measured, struct err *e);
    /* At the end: the figures, and the check. */
    void (*report)(struct bench *b, struct ledger *l);
    /* The same for a reader, where the program is run by hand. */
    void (*print)(const struct bench *b);
};

struct bench {
    const struct scenario *scenario;
    const struct team *team;
    struct options opt;
    int argc;
    char **argv;           /* what a spawned worker is told again */
    uint64_t size;         /* workers of an iteration */
    struct worker *worker; /* size of them */
    struct gate gate;
    int64_t ready_ns; /* when all workers of the running iteration were ready; 0: it has no gate */
    void *area;       /* shared by the main process and the workers; NULL where there is none */
    size_t area_bytes;
    int area_fd; /* the memfd that it is; -1 where there is none */
    const int
        *keep_fd; /* descriptors that a spawned worker inherits under their numbers, beside the gate and the area */
    size_t keep_count;
    int ended_fd;  /* with threads: an eventfd that each writes to at its end; -1 where nobody waits for it */
    int server_fd; /* the connection to the fork server; -1 while it has not been started */
    pid_t server_pid;
    struct pool *pool;   /* NULL: workers are started afresh in each iteration */
    struct pool *serves; /* of a pool's own workers: that pool */
    void *state;         /* the scenario's, in the main process */
};

/* One kind of worker. All but abandon() return 0 or a negative errno with e. */
struct team {
    /* Starts worker i. */
    int (*start)(struct bench *b, uint64_t i, struct err *e);
    /* Waits for the end of worker i, however it ends. */
    int (*join)(struct bench *b, uint64_t i, struct err *e);
    /* Takes notice of workers that have ended, without waiting. */
    int (*look)(struct bench *b, struct err *e);
    /* Waits until one may have ended, at most so long. */
    int (*await)(struct bench *b, int timeout_ms, struct err *e);
    /* Once it has ended: whether worker i did its work. */
    int (*verdict)(const struct bench *b, uint64_t i, struct err *e);
    /* Ends what still runs, at a failure and at the end of the run. */
    void (*abandon)(struct bench *b);
};

extern const struct team team_threads;
extern const struct team team_fork;
extern const struct team team_forkserver;
extern const struct team team_spawn;
extern const struct team team_pool; /* over one of the four */

/* The kind that mode and start method name. */
const struct team *team_of(const struct options *opt);

/* Makes the pool's workers, of the kind that the options name, and waits until each is there; from then on b->team is
 * team_pool. Their pids, where they have any, are in the ledger until the end of the run. */
int pool_make(struct bench *b, struct ledger *l, struct err *e);

/* The main of a worker, of whichever kind: a task of its own, or the loop of a pool's. Returns the exit status. */
int worker_main(struct bench *b, uint64_t index, uint64_t *result);

/* What a worker does at its start where the scenario is gated: its ready sign, and the wait for the start signal.
 * False: the main process has gone. */
bool gate_pass(const struct gate *gate);

/* Makes the pipes. */
int gate_make(struct gate *gate, struct err *e);

/* Waits for the ready sign of every worker and gives the start signal to all. A worker that ends before its ready sign
 * is an error, never a wait without end. */
int gate_open(struct bench *b, struct err *e);

/* Waits until the workers from … to - 1 have ended, at most until deadline_ns (CLOCK_MONOTONIC). The first worker that
 * failed, whichever it is, is an error at once: others may wait for it for ever. -ETIME: one has not ended. */
int team_wait(struct bench *b, uint64_t from, uint64_t to, int64_t deadline_ns, struct err *e);

/* The faults that a worker has on demand (--fault). Returns its exit status where it goes on at all, 0 where there is
 * no fault. A scenario says where in its work the first worker has it. */
int worker_fault(const struct options *opt);

/* The faults that the main process has (FAULT_MAIN_RAISE, FAULT_DAEMON …); nothing at any other. */
int main_fault(const struct options *opt, struct err *e);

/* The main of a spawned worker (argv[1] is --spawned). Returns the exit status. */
int worker_spawned(const struct scenario *scenario, int argc, char **argv);

#endif
