/* The workers of scenario1: what one of any kind does, its signals, the faults on demand, and workers as threads. */
#include "scenario1.h"

#include "base/clock.h"
#include "base/err.h"
#include "workloads/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS           100 /* how often the wait for the ready signs looks for workers that have died instead */
#define FAULT_SLEEP_S     600
#define FAULT_FORKS       4096
#define FAULT_MEMORY_STEP (1UL << 20)
#define FAULT_MEMORY_MAX  (1UL << 30)

/* --- what a worker does -------------------------------------------------------------------------------------- */

/* The faults of a worker; its first one has them. Returns its exit status where it goes on at all. */
static int worker_fault(const struct options *opt)
{
    switch (opt->fault) {
    case FAULT_WORKER_RAISE: /* C raises nothing: it fails with a message */
        (void)fprintf(stderr, "scenario1: a worker fails because --fault worker-raise asks for it\n");
        return 1;
    case FAULT_WORKER_EXIT:
        return 3;
    case FAULT_WORKER_KILL: /* of a thread it is the whole process's end, and nobody is left to say why */
        (void)kill(getpid(), SIGKILL);
        return 0;
    case FAULT_HANG:
        for (;;)
            (void)pause();
    default:
        return 0;
    }
}

static int worker_hold(const struct options *opt, const struct gate *gate, uint32_t *result)
{
    char go;
    *result = hash_loop(HASH_ROUND_STEPS);
    if (TEMP_FAILURE_RETRY(write(gate->ready_w, "r", 1)) != 1)
        return 1;
    if (TEMP_FAILURE_RETRY(read(gate->go_r, &go, 1)) != 1)
        return 1; /* the main process has gone */
    int64_t deadline_ns = clock_now_ns() + (int64_t)opt->hold_ms * NS_PER_MS;
    while (clock_now_ns() < deadline_ns)
        *result = hash_loop(HASH_ROUND_STEPS);
    return 0;
}

int worker_run(const struct options *opt, uint64_t index, const struct gate *gate, uint32_t *result)
{
    int status = index == 0 ? worker_fault(opt) : 0;
    if (status != 0)
        return status;
    if (opt->profile == PROFILE_MEMORY)
        return worker_hold(opt, gate, result);
    *result = hash_loop(opt->work_iters);
    return 0;
}

/* --- the memory profile's signals ---------------------------------------------------------------------------- */

int gate_make(struct gate *gate, struct err *e)
{
    int ready[2];
    int go[2];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
        return err_sys(e, ERR_WORKLOAD, "pipe");
    *gate = (struct gate){.ready_r = ready[0], .ready_w = ready[1], .go_r = go[0], .go_w = go[1]};
    return 0;
}

/* A worker that has ended before its ready sign never gives it. */
static int find_early_end(struct bench *b, const struct team *team, struct err *e)
{
    if (team->look(b, e) < 0)
        return e->code;
    for (uint64_t i = 0; i < b->opt.workers; i++) {
        if (!b->worker[i].ended)
            continue;
        if (team->verdict(b, i, e) == 0)
            (void)err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " ended", i);
        return err_wrap(e, "no ready sign");
    }
    return 0;
}

static int gate_wait_ready(struct bench *b, const struct team *team, struct err *e)
{
    char signs[64];
    uint64_t ready = 0;
    while (ready < b->opt.workers) {
        struct pollfd in = {.fd = b->gate.ready_r, .events = POLLIN};
        int n = (int)TEMP_FAILURE_RETRY(poll(&in, 1, LOOK_MS));
        if (n < 0)
            return err_sys(e, ERR_WORKLOAD, "waiting for the ready signs");
        if (n > 0)
            ready += (uint64_t)read(b->gate.ready_r, signs, sizeof(signs));
        else if (find_early_end(b, team, e) < 0)
            return e->code;
    }
    return 0;
}

int gate_open(struct bench *b, const struct team *team, struct err *e)
{
    if (gate_wait_ready(b, team, e) < 0)
        return e->code;
    for (uint64_t i = 0; i < b->opt.workers; i++)
        if (TEMP_FAILURE_RETRY(write(b->gate.go_w, "g", 1)) != 1)
            return err_sys(e, ERR_WORKLOAD, "the start signal");
    return 0;
}

/* --- the faults of the main process -------------------------------------------------------------------------- */

static _Noreturn void sleep_and_exit(void)
{
    (void)sleep(FAULT_SLEEP_S);
    _exit(0);
}

static int fault_daemon(struct err *e)
{
    pid_t pid = fork();
    if (pid < 0)
        return err_sys(e, ERR_WORKLOAD, "--fault daemon: fork");
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
        return 0;
    }
    (void)setsid();
    if (fork() == 0)
        sleep_and_exit(); /* stdout and stderr stay open in it: the runner must not wait for their end */
    _exit(0);
}

static int fault_fork_bomb(struct err *e)
{
    for (int n = 0; n < FAULT_FORKS; n++) {
        pid_t pid = fork();
        if (pid < 0)
            return err_sys(e, ERR_WORKLOAD, "--fault fork-bomb: fork %d of %d", n, FAULT_FORKS);
        if (pid == 0)
            sleep_and_exit();
    }
    return 0;
}

static int fault_eat_memory(struct err *e)
{
    for (size_t eaten = 0; eaten < FAULT_MEMORY_MAX; eaten += FAULT_MEMORY_STEP) {
        char *step = malloc(FAULT_MEMORY_STEP);
        if (!step)
            return err_sys(e, ERR_WORKLOAD, "--fault eat-memory: after %zu MiB", eaten / FAULT_MEMORY_STEP);
        memset(step, 1, FAULT_MEMORY_STEP);
        __asm__ volatile("" : : "r"(step) : "memory"); /* or the compiler sees that nobody reads it */
    }
    return 0;
}

int main_fault(const struct options *opt, struct err *e)
{
    switch (opt->fault) {
    case FAULT_MAIN_RAISE:
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "--fault main-raise asks for this");
    case FAULT_DAEMON:
        return fault_daemon(e);
    case FAULT_FORK_BOMB:
        return fault_fork_bomb(e);
    case FAULT_EAT_MEMORY:
        return fault_eat_memory(e);
    default:
        return 0;
    }
}

/* --- threads ------------------------------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    w->status = worker_run(&w->bench->opt, w->index, &w->bench->gate, &w->result);
    atomic_store(&w->ended, true);
    return NULL;
}

static int threads_start(struct bench *b, uint64_t i, struct err *e)
{
    int number = pthread_create(&b->worker[i].thread, NULL, thread_main, &b->worker[i]);
    if (number == 0)
        return 0;
    (void)err_set(e, ERR_WORKLOAD, -number, "worker %" PRIu64 " could not be started: pthread_create: %s", i,
                  strerror(number));
    return err_remedy(e, "is pids.max, RLIMIT_NPROC or RLIMIT_AS too small for it?");
}

static int threads_join(struct bench *b, uint64_t i, struct err *e)
{
    int number = pthread_join(b->worker[i].thread, NULL);
    if (number == 0)
        return 0;
    return err_set(e, ERR_WORKLOAD, -number, "worker %" PRIu64 ": pthread_join: %s", i, strerror(number));
}

static int threads_look(struct bench *b, struct err *e)
{
    (void)b; /* threads report their end themselves */
    (void)e;
    return 0;
}

static int threads_verdict(const struct bench *b, uint64_t i, struct err *e)
{
    int status = b->worker[i].status;
    if (status == 0)
        return 0;
    return err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " (a thread) ended with status %d", i, status);
}

static void threads_abandon(struct bench *b)
{
    (void)b; /* they end with the process */
}

const struct team team_threads = {threads_start, threads_join, threads_look, threads_verdict, threads_abandon};
