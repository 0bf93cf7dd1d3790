/* refusals: answers the notifications of the workload's system call filter and counts the refused calls. watch.c drives
 * it. */
#ifndef TARE_REFUSALS_H
#define TARE_REFUSALS_H

#include <stdint.h>

#include "base/cpulist.h"
#include "base/facts.h"

#define REFUSALS_CALLS_MAX 64

struct refusals {
    int listener_fd;            /* seccomp_unotify(2); -1: no notifications */
    const struct cpulist *cpus; /* sched_setaffinity within these is allowed */
    struct {
        uint32_t arch;
        int nr;
        uint64_t times;
    } call[REFUSALS_CALLS_MAX];
    size_t calls; /* entries of call */
    uint64_t total;
};

/* Answers one notification (the descriptor is readable). Refused calls get EPERM. 0, or a negative errno: no process
 * with the filter is left. */
int refusals_answer(struct refusals *r);

/* Closes the listener: later calls get ENOSYS at once instead of waiting. */
void refusals_close(struct refusals *r);

/* Adds the facts seccomp_refused.total and seccomp_refused.<call>. */
void refusals_describe(const struct refusals *r, struct facts *events);

#endif
