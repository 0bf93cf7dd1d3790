/* accounts: the slice's own counters when the workload has ended: peak, CPU time, events. */
#ifndef TARE_ACCOUNTS_H
#define TARE_ACCOUNTS_H

#include "base/facts.h"
#include "cgroups/slice.h"

struct slice_root;

/* The readings. A figure that cannot be had is absent, with its reason. Starts as {0}, or with events that others have
 * already put there (seccomp_refused, shm_removed). */
struct accounts {
    struct facts peak;   /* peak, baseline, uncertainty_bytes, in bytes: memory.peak */
    struct facts cpu;    /* usage_usec, user_usec, system_usec, nr_periods, nr_throttled, throttled_usec: cpu.stat */
    struct facts events; /* low, high, max, oom, oom_kill, oom_group_kill, pids_max: memory.events, pids.events */
};

/* A borrowed slice's counters do not begin at zero: reads what they are before the workload, and memory.current as
 * peak's "baseline". What cannot be read is not there. Starts as {0}; ended with accounts_free(). */
void accounts_baseline_read(int slice_dirfd, struct accounts *ret);

/* Adds the slice's counters to *ret (Documentation/admin-guide/cgroup-v2.rst). slice_dirfd -1: there is no slice, and
 * every figure is absent with the root's reason. baseline: NULL is allowed. The caller ends *ret with accounts_free(),
 * or takes over its parts. */
void accounts_read(int slice_dirfd, const struct accounts *baseline, const struct slice_root *root,
                   struct accounts *ret);
void accounts_free(struct accounts *a);

#endif
