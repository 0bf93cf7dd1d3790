/* accounts: the slice's own counters when the workload has ended: peak, CPU time, events. */
#ifndef TARE_ACCOUNTS_H
#define TARE_ACCOUNTS_H

#include "base/facts.h"
#include "cgroups/slice.h"

struct slice_root;

/* A borrowed slice's counters do not begin at zero. These are their values before the workload. */
struct accounts_baseline {
    struct facts cpu, events;
    bool has_current;
    uint64_t current_bytes;
};

/* Reads the counters of a borrowed slice before the run. Ended with accounts_baseline_free(). */
void accounts_baseline_read(int slice_dirfd, struct accounts_baseline *ret);
void accounts_baseline_free(struct accounts_baseline *b);

/* The readings. A figure that cannot be had is absent, with its reason. Starts as {0}, or with events that others have
 * already put there (seccomp_refused, shm_removed). */
struct accounts {
    struct facts peak;   /* peak, baseline, uncertainty_bytes, in bytes: memory.peak */
    struct facts cpu;    /* usage_usec, user_usec, system_usec, nr_periods, nr_throttled, throttled_usec: cpu.stat */
    struct facts events; /* low, high, max, oom, oom_kill, oom_group_kill, pids_max: memory.events, pids.events */
};

/* Adds the slice's counters to *ret (Documentation/admin-guide/cgroup-v2.rst). slice_dirfd -1: there is no slice, and
 * every figure is absent with the root's reason. baseline: NULL is allowed. The caller ends *ret with accounts_free(),
 * or takes over its parts. */
void accounts_read(int slice_dirfd, const struct accounts_baseline *baseline, const struct slice_root *root,
                   struct accounts *ret);
void accounts_free(struct accounts *a);

#endif
