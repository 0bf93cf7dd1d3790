/* counters: what the kernel and the CPUs count for a slice: instructions, cycles, misses, switches, page faults. They
 * are opened for the slice's cgroup on each CPU (PERF_FLAG_PID_CGROUP, perf_event_open(2)), so they count every process
 * of the slice from its birth, and the workload does not notice. */
#ifndef TARE_COUNTERS_H
#define TARE_COUNTERS_H

#include <stddef.h>

#include "launch/perf_event.h"

struct cpulist;
struct facts;

/* Opened counters; NULL: none. */
struct counters;

/* Opens each counter for the cgroup of this directory on these CPUs; it counts from then on. A counter that any CPU
 * refuses, or for which there are too few descriptors, is absent with the reason. The caller ends it with
 * counters_close() before the cgroup is removed. Out of memory aborts. */
struct counters *counters_open(int cgroup_fd, const struct cpulist *cpus);
void counters_close(struct counters **c);

/* Adds each count under its name, scaled to the whole time; the share of time it was counted as "running_share.NAME"
 * (1: all); and "cpus". Missing counts are absent with the reason. */
void counters_describe(const struct counters *c, struct facts *ret);

/* The same if none could be opened, all for one reason. */
void counters_describe_absent(const char *why, struct facts *ret);

/* The sum over CPUs: each is extrapolated by its own times, enabled / running. One on which the slice never ran counts
 * nothing and tells nothing. share: of the time that it was enabled, in which it ran. False: on some CPU the slice ran,
 * and the counter never did; or the slice ran nowhere, so that nothing was counted. */
bool counters_sum(const struct perf_count *of_cpu, size_t cpus, double *ret, double *share);

#endif
