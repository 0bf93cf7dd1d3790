/* scenario1 in C: what its three files share: the options, the workers of an iteration, and the kinds of them. */
#ifndef TARE_WORKLOADS_SCENARIO1_H
#define TARE_WORKLOADS_SCENARIO1_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

enum mode { MODE_THREADS, MODE_PROCESSES, MODE_INTERPRETERS };
enum profile { PROFILE_OVERHEAD, PROFILE_MEMORY };
enum mp_start { MP_START_FORK, MP_START_FORKSERVER, MP_START_SPAWN };
enum fault {
    FAULT_NONE,
    FAULT_WORKER_RAISE,
    FAULT_WORKER_EXIT,
    FAULT_WORKER_KILL,
    FAULT_MAIN_RAISE,
    FAULT_HANG,
    FAULT_DAEMON,
    FAULT_FORK_BOMB,
    FAULT_EAT_MEMORY,
};

/* Numbers all: one table reads them (scenario1.c). */
struct options {
    uint64_t mode;
    uint64_t profile;
    uint64_t iterations;
    uint64_t warmup;
    uint64_t workers;
    uint64_t work_iters;
    uint64_t hold_ms;
    uint64_t mp_start;
    uint64_t pids;
    uint64_t fault;
};

/* The signals of the memory profile: a worker writes a byte when it is ready and reads one as its start signal. Pipes,
 * since they serve threads and processes of every start method alike, and since a reader gets the end of the file when
 * the writer has died. All are -1 in the overhead profile. */
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
    pid_t pid;         /* 0 for threads, and before the start */
    int status;        /* of a thread: what worker_run() gave; of a process: its wait status. Valid once ended */
    uint32_t result;   /* of a thread */
    atomic_bool ended; /* set by a thread itself, by the main process for the others */
};

struct bench {
    struct options opt;
    struct gate gate;
    struct worker *worker; /* opt.workers of them */
    int server_fd;         /* the connection to the fork server; -1 while it has not been started */
    pid_t server_pid;
};

/* One kind of worker. All but abandon() return 0 or a negative errno with e. */
struct team {
    /* Starts worker i. */
    int (*start)(struct bench *b, uint64_t i, struct err *e);
    /* Waits for the end of worker i, however it ends. */
    int (*join)(struct bench *b, uint64_t i, struct err *e);
    /* Takes notice of workers that have ended, without waiting. */
    int (*look)(struct bench *b, struct err *e);
    /* After the join: whether worker i did its work. */
    int (*verdict)(const struct bench *b, uint64_t i, struct err *e);
    /* Ends what still runs, at a failure and at the end of the run. */
    void (*abandon)(struct bench *b);
};

extern const struct team team_threads;
extern const struct team team_fork;
extern const struct team team_forkserver;
extern const struct team team_spawn;

/* What a worker does, of whichever kind. Returns 0, or the exit status of a failed worker. */
int worker_run(const struct options *opt, uint64_t index, const struct gate *gate, uint32_t *result);

/* Makes the pipes. */
int gate_make(struct gate *gate, struct err *e);

/* Waits for the ready sign of every worker and gives the start signal to all. A worker that ends before its ready sign
 * is an error, never a wait without end. */
int gate_open(struct bench *b, const struct team *team, struct err *e);

/* The faults that the main process has (FAULT_MAIN_RAISE, FAULT_DAEMON …); nothing at any other. */
int main_fault(const struct options *opt, struct err *e);

/* The main of a spawned worker, whose arguments are --worker and numbers that only team_spawn knows. Returns the exit
 * status. */
int worker_spawned(int argc, char **argv);

#endif
