/* accounts: the slice's own counters when the workload has ended: peak, CPU time, events. */
#ifndef TARE_ACCOUNTS_H
#define TARE_ACCOUNTS_H

#include "base/facts.h"
#include "cgroups/slice.h"

struct record;

/* Counters of a slice that is not ours alone (borrowed) do not begin at zero: what they were before the workload. */
struct accounts_baseline {
    struct facts cpu, events;
    bool has_current;
    uint64_t current_bytes;
};

/* Reads the counters of a borrowed slice before the run. Ended with accounts_baseline_free(). */
void accounts_baseline_read(int slice_dirfd, struct accounts_baseline *ret);
void accounts_baseline_free(struct accounts_baseline *b);

/* Fills peak (peak, baseline, uncertainty_bytes), cpu (usage_usec, user_usec, system_usec, nr_periods, nr_throttled,
 * throttled_usec) and events (low, high, max, oom, oom_kill, oom_group_kill, pids_max) of the record from
 * memory.peak, cpu.stat, memory.events and pids.events (Documentation/admin-guide/cgroup-v2.rst). slice_dirfd -1: no
 * slice; every figure is then absent with the slice's reason. baseline may be NULL. */
void accounts_read(int slice_dirfd, const struct accounts_baseline *baseline, struct record *record);

#endif
