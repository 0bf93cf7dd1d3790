/* team: the workers of a C workload: threads, processes of each start method, or a pool of either that outlives the
 * iteration. The scenario defines their work. */
#ifndef TARE_WORKLOADS_TEAM_H
#define TARE_WORKLOADS_TEAM_H

#include "base/clock.h"
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

/* The exit status of a worker that ended because another had died, which is the cause of the failure. */
#define STATUS_BEREFT 71

#define TEAM_LOOK_MS 100 /* how often a wait looks for dead workers */

/* Synchronises the workers' start: a worker writes a byte when it is ready and reads one as its start signal. Pipes
 * work for threads and all kinds of processes, and give the reader an end of file when the writer dies. All are -1 if
 * unused. */
struct gate {
    int ready_r;
    int ready_w;
    int go_r;
    int go_w;
};

/* One worker of the current iteration. */
struct worker {
    struct bench *bench;
    uint64_t index;
    pthread_t thread;
    bool joinable;     /* a thread not yet joined */
    pid_t pid;         /* 0 for threads, and before the start */
    int pid_fd;        /* for a child that is waited for with others; else -1 */
    int status;        /* a thread: the result of work(); a process: its wait status. Valid once ended */
    uint64_t result;   /* for a thread, and for a task in a pool */
    atomic_bool ended; /* set by a thread itself, for others by the main process */
};

/* A scenario. Functions that may be NULL then do nothing. Those that return an int, except work(), return 0 or a
 * negative errno with e. */
struct scenario {
    const char *name;
    const struct option_row *knobs;
    size_t knob_count;
    size_t hold_knob; /* this knob says in ms how long every worker runs after the start signal */
    bool is_gated;    /* the workers wait for each other at the gate in every profile, else in profile memory alone */
    uint64_t workers_max; /* limit of --workers; 0: none of its own */
    /* How many workers an iteration starts; NULL: --workers. */
    uint64_t (*size)(const struct options *opt);
    /* Whether tasks go to a pool that is made before the first iteration; NULL: never. */
    bool (*pooled)(const struct options *opt);
    /* Bytes of the area that main process and workers share, zeroed before each iteration; NULL: none. */
    size_t (*area_bytes)(const struct options *opt);
    /* Once, before the first iteration. */
    int (*prepare)(struct bench *b, struct err *e);
    /* Before each iteration, outside of its clock. */
    int (*reset)(struct bench *b, struct err *e);
    /* The work of worker `index`, in its thread or process. Returns 0, or the exit status of a failed worker. */
    int (*work)(struct bench *b, uint64_t index, uint64_t *result);
    /* In the main process, inside the clock, when all workers have started (and passed the gate). */
    int (*underway)(struct bench *b, struct err *e);
    /* After each iteration, outside of its clock. */
    int (*settle)(struct bench *b, bool measured, struct err *e);
    /* At the end: the figures, and the check. */
    void (*report)(struct bench *b, struct ledger *l);
    /* Prints further results if run by hand. */
    void (*print)(const struct bench *b);
};

struct bench {
    const struct scenario *scenario;
    const struct team *team;
    struct options opt;
    int argc;
    char **argv;           /* repeated to spawned workers */
    uint64_t size;         /* workers of an iteration */
    struct worker *worker; /* size of them */
    struct gate gate;
    int64_t ready_ns; /* when all workers of the current iteration were ready; 0: no gate */
    void *area;       /* shared by main process and workers; NULL: none */
    size_t area_bytes;
    int area_fd; /* its memfd; -1: none */
    const int
        *keep_fd; /* descriptors that a spawned worker inherits under their numbers, beside the gate and the area */
    size_t keep_count;
    int ended_fd;  /* with threads: an eventfd that each writes to at its end; -1: unused */
    int server_fd; /* the connection to the fork server; -1: not started */
    pid_t server_pid;
    struct pool *pool;   /* NULL: each iteration starts new workers */
    struct pool *serves; /* in a pool's workers: that pool */
    void *state;         /* the scenario's, in the main process */
};

static inline bool bench_is_gated(const struct bench *b)
{
    return b->scenario->is_gated || b->opt.profile == PROFILE_MEMORY;
}

static inline int64_t bench_hold_ns(const struct bench *b)
{
    return (int64_t)b->opt.knob[b->scenario->hold_knob] * NS_PER_MS;
}

/* One kind of worker. All but abandon() return 0 or a negative errno with e. */
struct team {
    /* Starts worker i. */
    int (*start)(struct bench *b, uint64_t i, struct err *e);
    /* Waits for the end of worker i, however it ends. */
    int (*join)(struct bench *b, uint64_t i, struct err *e);
    /* Notes workers that have ended, without waiting. */
    int (*look)(struct bench *b, struct err *e);
    /* Waits until one may have ended, at most timeout_ms. */
    int (*await)(struct bench *b, int timeout_ms, struct err *e);
    /* After its end: whether worker i succeeded. */
    int (*verdict)(const struct bench *b, uint64_t i, struct err *e);
    /* Ends workers that still run, after a failure and at the end. */
    void (*abandon)(struct bench *b);
};

extern const struct team team_threads;
extern const struct team team_fork;
extern const struct team team_forkserver;
extern const struct team team_spawn;
extern const struct team team_pool; /* over one of the four */

/* The kind for mode and start method. */
const struct team *team_of(const struct options *opt);

/* Workers that outlive an iteration: they take tasks from one pipe and report them done on another. */
struct pool {
    struct bench crew; /* the pool's workers, of one of the four kinds */
    int task_r;
    int task_w;
    int done_r;
    int done_w;
};

/* In a forked worker of the pool: closes the main process's ends. */
void pool_leave(const struct pool *pool);

/* Starts the pool's workers and waits until each has reported; sets b->team to team_pool. Pids of processes stay in the
 * ledger until the end of the run. */
int pool_make(struct bench *b, struct ledger *l, struct err *e);

/* Makes all workers of a bench ones that are not started yet. */
void workers_reset(struct bench *b);

/* Starts them all; pids: the ledger that gets those of processes; NULL: none does. */
int workers_start(struct bench *b, struct ledger *pids, struct err *e);

/* Of a worker whose status is what work() returned: whether it succeeded. what: "a thread". */
int status_verdict(const struct bench *b, uint64_t i, const char *what, struct err *e);

/* The main of a worker of any kind: its task, or a pool worker's loop. Returns the exit status. */
int worker_main(struct bench *b, uint64_t index, uint64_t *result);

/* In a worker of a gated scenario: reports that it is ready and waits for the start signal. false: the main process has
 * gone. */
bool gate_pass(const struct gate *gate);

/* Makes the pipes. */
int gate_make(struct gate *gate, struct err *e);

/* Waits until every worker is ready and gives all the start signal. A worker that ends first is an error, not an
 * endless wait. */
int gate_open(struct bench *b, struct err *e);

/* Waits until the workers from … to - 1 have ended, at most until deadline_ns (CLOCK_MONOTONIC). The first worker that
 * failed, whichever it is, is an error at once, because others may wait for it forever. -ETIME: one has not ended. */
int team_wait(struct bench *b, uint64_t from, uint64_t to, int64_t deadline_ns, struct err *e);

/* Looks for a worker that has ended, which is an error in this context. */
int team_all_live(struct bench *b, const char *context, struct err *e);

/* A worker's fault on demand (--fault). Returns the exit status, 0 without a fault, if it returns at all. The scenario
 * decides where the first worker calls it. */
int worker_fault(const struct options *opt);

/* The main process's faults on demand (FAULT_MAIN_RAISE, FAULT_DAEMON …); others do nothing. */
int main_fault(const struct options *opt, struct err *e);

/* The main of a spawned worker (argv[1] is --spawned). Returns the exit status. */
int worker_spawned(const struct scenario *scenario, int argc, char **argv);

#endif
