/* setting: the limits asked of a slice, and each as the kernel applied it. Values, for callers of slice.h and tree.h.
 */
#ifndef TARE_SETTING_H
#define TARE_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpulist.h"

/* Whether the slice has its CPUs exclusively (cpuset.cpus.partition). */
enum slice_partition {
    SLICE_PARTITION_NONE,
    SLICE_PARTITION_AUTO,     /* root; none is allowed if the slice has every CPU of the host */
    SLICE_PARTITION_ROOT,     /* exclusive and load-balanced */
    SLICE_PARTITION_ISOLATED, /* exclusive and not load-balanced: for workloads that pin every thread */
};

/* The limits asked of a slice. One that is not asked for keeps the kernel's default. */
struct slice_limits {
    struct cpulist cpus; /* cpuset.cpus; empty: not asked for */
    struct cpulist mems; /* cpuset.mems; empty: not asked for */
    enum slice_partition partition;
    bool has_memory_max; /* memory.max */
    uint64_t memory_max_bytes;
    bool has_memory_high; /* memory.high */
    uint64_t memory_high_bytes;
    uint64_t cpu_quota_usec; /* cpu.max; 0: not asked for */
    uint64_t cpu_period_usec;
    bool swap_off;     /* memory.swap.max = 0 */
    bool oom_group;    /* memory.oom.group = 1 */
    bool has_pids_max; /* pids.max */
    uint64_t pids_max;
};

/* One limit as asked for and as read back. */
struct slice_setting {
    const char *file;     /* "memory.max"; static */
    char requested[1024]; /* as written */
    char achieved[1024];  /* as read back; "" if there is nothing to read */
    bool ok;
    char reason[240]; /* why it is not what was asked, or why it is ok although it cannot be read; else "" */
};

#define SLICE_SETTINGS_MAX 16

#endif
