/* A C workload's workers: the gate, waiting for workers, and workers as threads. */
#include "workloads/team.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

const struct team *team_of(const struct options *opt)
{
    if (opt->mode == MODE_THREADS)
        return &team_threads;
    static const struct team *const by_mp_start[] = {
        [MP_START_FORK] = &team_fork, [MP_START_FORKSERVER] = &team_forkserver, [MP_START_SPAWN] = &team_spawn};
    return by_mp_start[opt->mp_start];
}

/* --- the gate ------------------------------------------------------------------------------------------------ */

bool gate_pass(const struct gate *gate)
{
    char go;
    return TEMP_FAILURE_RETRY(write(gate->ready_w, "r", 1)) == 1 && TEMP_FAILURE_RETRY(read(gate->go_r, &go, 1)) == 1;
}

int gate_make(struct gate *gate, struct err *e)
{
    int ready[2];
    int go[2];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
        return err_sys(e, ERR_WORKLOAD, "pipe");
    *gate = (struct gate){.ready_r = ready[0], .ready_w = ready[1], .go_r = go[0], .go_w = go[1]};
    return 0;
}

int team_all_live(struct bench *b, const char *context, struct err *e)
{
    TRY(b->team->look(b, e));
    for (uint64_t i = 0; i < b->size; i++) {
        if (!b->worker[i].ended)
            continue;
        if (b->team->verdict(b, i, e) == 0)
            (void)err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " ended", i);
        return err_wrap(e, "%s", context);
    }
    return 0;
}

static int gate_wait_ready(struct bench *b, struct err *e)
{
    char signs[64];
    uint64_t ready = 0;
    while (ready < b->size) {
        struct pollfd in = {.fd = b->gate.ready_r, .events = POLLIN};
        int n = (int)TEMP_FAILURE_RETRY(poll(&in, 1, TEAM_LOOK_MS));
        if (n < 0)
            return err_sys(e, ERR_WORKLOAD, "waiting for the ready signs");
        if (n > 0)
            ready += (uint64_t)read(b->gate.ready_r, signs, sizeof(signs));
        else
            TRY(team_all_live(b, "no ready sign", e));
    }
    return 0;
}

int gate_open(struct bench *b, struct err *e)
{
    TRY(gate_wait_ready(b, e));
    b->ready_ns = clock_now_ns();
    for (uint64_t i = 0; i < b->size; i++)
        if (TEMP_FAILURE_RETRY(write(b->gate.go_w, "g", 1)) != 1)
            return err_sys(e, ERR_WORKLOAD, "the start signal");
    return 0;
}

int status_verdict(const struct bench *b, uint64_t i, const char *what, struct err *e)
{
    int status = b->worker[i].status;
    if (status == 0)
        return 0;
    return err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " (%s) ended with status %d", i, what, status);
}

/* --- waiting for several --------------------------------------------------------------------------------------- */

static bool is_bereft(const struct bench *b, uint64_t i)
{
    int status = b->worker[i].status;
    return b->opt.mode == MODE_THREADS ? status == STATUS_BEREFT
                                       : WIFEXITED(status) && WEXITSTATUS(status) == STATUS_BEREFT;
}

/* Reports a failed worker. A bereft one (STATUS_BEREFT) counts only with_bereft. */
static int find_failure(struct bench *b, bool with_bereft, struct err *e)
{
    for (uint64_t i = 0; i < b->size; i++)
        if (b->worker[i].ended && (with_bereft || !is_bereft(b, i)) && b->team->verdict(b, i, e) < 0)
            return e->code;
    return 0;
}

/* The first worker in the range that has not ended, or `to`. */
static uint64_t find_running(const struct bench *b, uint64_t from, uint64_t to)
{
    while (from < to && b->worker[from].ended)
        from++;
    return from;
}

int team_wait(struct bench *b, uint64_t from, uint64_t to, int64_t deadline_ns, struct err *e)
{
    int64_t begin_ns = clock_now_ns();
    for (;;) {
        if (b->team->look(b, e) < 0 || find_failure(b, false, e) < 0)
            return e->code;
        uint64_t running = find_running(b, from, to);
        if (running == to)
            return find_failure(b, true, e);
        int64_t now_ns = clock_now_ns();
        if (now_ns >= deadline_ns) {
            TRY(find_failure(b, true, e));
            return err_set(e, ERR_WORKLOAD, -ETIME, "worker %" PRIu64 " had not ended after %lld ms", running,
                           (now_ns - begin_ns) / NS_PER_MS);
        }
        int64_t left_ms = (deadline_ns - now_ns) / NS_PER_MS + 1;
        TRY(b->team->await(b, (int)(left_ms < 1000 ? left_ms : 1000), e));
    }
}

/* --- threads ------------------------------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    struct bench *b = w->bench;
    w->status = worker_main(b, w->index, &w->result);
    atomic_store(&w->ended, true);
    if (b->ended_fd >= 0)
        (void)eventfd_write(b->ended_fd, 1);
    return NULL;
}

static int threads_start(struct bench *b, uint64_t i, struct err *e)
{
    int number = pthread_create(&b->worker[i].thread, NULL, thread_main, &b->worker[i]);
    b->worker[i].joinable = number == 0;
    if (number == 0)
        return 0;
    (void)err_set(e, ERR_WORKLOAD, -number, "worker %" PRIu64 " could not be started: pthread_create: %s", i,
                  strerror(number));
    return err_remedy(e, "is pids.max, RLIMIT_NPROC or RLIMIT_AS too small for it?");
}

static int threads_join(struct bench *b, uint64_t i, struct err *e)
{
    int number = pthread_join(b->worker[i].thread, NULL);
    b->worker[i].joinable = number != 0;
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

static int threads_await(struct bench *b, int timeout_ms, struct err *e)
{
    eventfd_t ends;
    struct pollfd in = {.fd = b->ended_fd, .events = POLLIN};
    if (TEMP_FAILURE_RETRY(poll(&in, 1, timeout_ms)) < 0)
        return err_sys(e, ERR_WORKLOAD, "waiting for threads");
    (void)eventfd_read(b->ended_fd, &ends);
    return 0;
}

static int threads_verdict(const struct bench *b, uint64_t i, struct err *e)
{
    return status_verdict(b, i, "a thread", e);
}

/* Joins threads that have ended. Others may never end: they are detached and end with the process. */
static void threads_abandon(struct bench *b)
{
    for (uint64_t i = 0; i < b->size; i++) {
        struct worker *w = &b->worker[i];
        if (!w->joinable)
            continue;
        w->joinable = false;
        (void)(w->ended ? pthread_join(w->thread, NULL) : pthread_detach(w->thread));
    }
}

const struct team team_threads = {threads_start, threads_join,    threads_look,
                                  threads_await, threads_verdict, threads_abandon};
