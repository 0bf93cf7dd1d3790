/* inherited: what the cgroups above hold a workload to, whatever its own slice says: CPU time, memory and tasks, in v2
 * and in v1 hierarchies alike (both bind), as far up as they are in sight. Limits and their counters only: no figure of
 * a workload is ever taken from v1. */
#ifndef TARE_INHERITED_H
#define TARE_INHERITED_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct slice_root;

/* The tightest limit of a kind. */
struct inherited_limit {
    bool known;          /* the hierarchy that holds the controller is in sight; else nothing is known */
    bool limited;        /* somebody set one */
    double value;        /* CPUs, bytes or tasks */
    char file[PATH_MAX]; /* that sets it; "" where none does */
};

struct inherited {
    struct inherited_limit cpus;   /* cpu.max; v1: cpu.cfs_quota_us by cpu.cfs_period_us */
    struct inherited_limit memory; /* memory.max; v1: memory.limit_in_bytes */
    struct inherited_limit pids;   /* pids.max */
    bool counted;                  /* a cpu.stat with nr_throttled is in sight */
    uint64_t nr_throttled;         /* its sum over the cgroups in sight, since these were made */
    char throttled_file[PATH_MAX]; /* the nearest of them */
};

/* Reads from the root's directory up to its mount point, from the caller's own where there is none, and from the
 * caller's own cgroups of v1. sysroot: prefix of /proc and /sys for tests, "" for the real ones. What cannot be read
 * sets no limit. Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/memory.rst; scheduler/sched-bwc.rst. */
void inherited_read(const char *sysroot, const struct slice_root *root, struct inherited *ret);

#endif
