/* pool: workers that outlive an iteration: they take tasks from one pipe and report them done on another. */
#ifndef TARE_WORKLOADS_POOL_H
#define TARE_WORKLOADS_POOL_H

#include "workloads/team.h"

struct pool {
    struct bench crew; /* the pool's workers, of one of the four kinds */
    int task_r;
    int task_w;
    int done_r;
    int done_w;
};

/* In a forked worker of the pool: closes the main process's ends. */
void pool_leave(const struct pool *pool);

#endif
