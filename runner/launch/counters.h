/* counters: what the kernel and the CPUs count of a slice: instructions, cycles, misses, switches, page faults. Opened
 * from outside, for the slice's cgroup on each CPU (PERF_FLAG_PID_CGROUP, perf_event_open(2)), so that all processes of
 * the slice are counted from their birth in it, and the workload knows nothing of it. */
#ifndef TARE_COUNTERS_H
#define TARE_COUNTERS_H

#include <stddef.h>

#include "launch/perf_event.h"

struct cpulist;
struct facts;

/* Opened counters; NULL is none. */
struct counters;

/* Opens each counter for the cgroup of this directory descriptor on these CPUs; it counts from then on. One that is
 * refused on a CPU is not there at all, and has its reason; so is one for which there are too few descriptors. The
 * caller ends it with counters_close(), before the cgroup is removed. Out of memory aborts. */
struct counters *counters_open(int cgroup_fd, const struct cpulist *cpus);
void counters_close(struct counters **c);

/* Adds each count by its name, whole, and what part of the time it was counted, "running_share.NAME" (1: all of it);
 * and "cpus". What is not to be had is absent with the reason. */
void counters_describe(const struct counters *c, struct facts *ret);

/* The same where none could be opened, for one reason. */
void counters_describe_absent(const char *why, struct facts *ret);

/* The sum over CPUs: each is extrapolated by its own times, enabled / running. One on which the slice never ran counts
 * nothing and tells nothing. share: of the time that it was enabled, in which it ran. False: on some CPU the slice ran,
 * and the counter never did; or the slice ran nowhere, so that nothing was counted. */
bool counters_sum(const struct perf_count *of_cpu, size_t cpus, double *ret, double *share);

#endif
