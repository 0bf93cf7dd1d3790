/* A C workload's workers as a pool of threads or processes, made outside the clock. An iteration hands out one task per
 * worker and waits for all. The pipes work for threads and processes. */
#include "workloads/team.h"

#include "base/err.h"
#include "launch/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define TASK_HELLO UINT64_MAX /* a worker of the pool has started */

/* Shorter than PIPE_BUF: written and read in one piece. */
struct done {
    uint64_t task;
    uint64_t result;
    int64_t status;
};

/* --- a worker of the pool -------------------------------------------------------------------------------------- */

void pool_leave(const struct pool *pool)
{
    (void)close(pool->task_w);
    (void)close(pool->done_r);
}

static bool say(const struct pool *pool, const struct done *done)
{
    return TEMP_FAILURE_RETRY(write(pool->done_w, done, sizeof(*done))) == (ssize_t)sizeof(*done);
}

static int pool_serve(struct bench *crew)
{
    const struct pool *pool = crew->serves;
    struct done done = {.task = TASK_HELLO};
    bool there = say(pool, &done);
    while (there && TEMP_FAILURE_RETRY(read(pool->task_r, &done.task, sizeof(done.task))) == sizeof(done.task)) {
        done.result = 0;
        done.status = crew->scenario->work(crew, done.task, &done.result);
        there = say(pool, &done);
    }
    return 0; /* the main process has ended or closed the pipe */
}

int worker_main(struct bench *b, uint64_t index, uint64_t *result)
{
    return b->serves ? pool_serve(b) : b->scenario->work(b, index, result);
}

/* --- the main process ------------------------------------------------------------------------------------------ */

/* Reads one answer of the pool, waiting at most timeout_ms. 1: read; 0: none, and all workers live. */
static int pool_hear(struct pool *pool, int timeout_ms, struct done *done, struct err *e)
{
    struct pollfd in = {.fd = pool->done_r, .events = POLLIN};
    int n = (int)TEMP_FAILURE_RETRY(poll(&in, 1, timeout_ms));
    if (n == 0)
        return team_all_live(&pool->crew, "the pool", e);
    if (n < 0 || TEMP_FAILURE_RETRY(read(pool->done_r, done, sizeof(*done))) != (ssize_t)sizeof(*done))
        return err_sys(e, ERR_WORKLOAD, "the pool's answers");
    return 1;
}

static int pool_start(struct bench *b, uint64_t i, struct err *e)
{
    if (TEMP_FAILURE_RETRY(write(b->pool->task_w, &i, sizeof(i))) == (ssize_t)sizeof(i))
        return 0;
    return err_sys(e, ERR_WORKLOAD, "cannot give task %" PRIu64 " to the pool", i);
}

static int pool_take(struct bench *b, int timeout_ms, struct err *e)
{
    struct done done;
    int n = pool_hear(b->pool, timeout_ms, &done, e);
    if (n <= 0)
        return n;
    if (done.task >= b->size)
        return err_set(e, ERR_WORKLOAD, -EPROTO, "the pool reports task %" PRIu64 ", which it was not given",
                       done.task);
    struct worker *w = &b->worker[done.task];
    w->result = done.result;
    w->status = (int)done.status;
    w->ended = true;
    return 1;
}

static int pool_join(struct bench *b, uint64_t i, struct err *e)
{
    int n = 0;
    while (n >= 0 && !b->worker[i].ended)
        n = pool_take(b, TEAM_LOOK_MS, e);
    return n < 0 ? n : 0;
}

static int pool_look(struct bench *b, struct err *e)
{
    int n = 1;
    while (n > 0)
        n = pool_take(b, 0, e);
    return n;
}

static int pool_await(struct bench *b, int timeout_ms, struct err *e)
{
    int n = pool_take(b, timeout_ms, e);
    return n < 0 ? n : 0;
}

static int pool_verdict(const struct bench *b, uint64_t i, struct err *e)
{
    return status_verdict(b, i, "a task in a pool", e);
}

static void pool_abandon(struct bench *b)
{
    struct bench *crew = &b->pool->crew;
    crew->team->abandon(crew);
}

const struct team team_pool = {pool_start, pool_join, pool_look, pool_await, pool_verdict, pool_abandon};

/* --- making it --------------------------------------------------------------------------------------------------- */

static int crew_start(struct pool *pool, struct ledger *l, struct err *e)
{
    struct bench *crew = &pool->crew;
    workers_reset(crew);
    TRY(workers_start(crew, crew->opt.pids ? l : NULL, e));
    struct done hello;
    int n = 0;
    for (uint64_t there = 0; n >= 0 && there < crew->size; there += (uint64_t)(n > 0))
        n = pool_hear(pool, TEAM_LOOK_MS, &hello, e);
    return n < 0 ? n : 0;
}

int pool_make(struct bench *b, struct ledger *l, struct err *e)
{
    static struct pool pool; /* static: its threads may use it until the process ends */
    int task[2];
    int done[2];
    if (pipe2(task, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
        return err_sys(e, ERR_WORKLOAD, "pipe");
    pool = (struct pool){.crew = *b, .task_r = task[0], .task_w = task[1], .done_r = done[0], .done_w = done[1]};
    pool.crew.serves = &pool;
    pool.crew.worker = calloc(b->size, sizeof(*b->worker));
    if (!pool.crew.worker)
        return err_sys(e, ERR_WORKLOAD, "a pool of %" PRIu64 " workers", b->size);
    b->pool = &pool;
    b->team = &team_pool;
    return crew_start(&pool, l, e);
}
