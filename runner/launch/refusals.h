/* refusals: answers the calls that the workload's filter asks about, and counts those it refuses. */
#ifndef TARE_REFUSALS_H
#define TARE_REFUSALS_H

#include <stdint.h>

#include "base/cpulist.h"
#include "base/facts.h"

#define REFUSALS_CALLS_MAX 64

struct refusals {
    int listener_fd;            /* seccomp_unotify(2); -1: nothing is told */
    const struct cpulist *cpus; /* sched_setaffinity within these is let through */
    struct {
        uint32_t arch;
        int nr;
        uint64_t times;
    } call[REFUSALS_CALLS_MAX];
    size_t calls; /* different ones */
    uint64_t total;
};

/* Answers one notification (the descriptor is readable). Refused calls get EPERM. Returns 0, or a negative errno where
 * nobody is left to be answered. */
int refusals_answer(struct refusals *r);

/* Closes the listener: whoever still asks gets ENOSYS at once, so that nobody waits for an answer. */
void refusals_close(struct refusals *r);

/* seccomp_refused.total and seccomp_refused.<call> of those that were. */
void refusals_describe(const struct refusals *r, struct facts *events);

#endif
