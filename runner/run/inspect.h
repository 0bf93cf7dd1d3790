/* inspect: the checks of a run's isolation, made where the workload runs and when it has ended. */
#ifndef TARE_INSPECT_H
#define TARE_INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "launch/ledger.h"
#include "launch/watch.h"
#include "record/record.h"

/* Whether the runner keeps to its own CPUs, by its cgroup; by its affinity alone where that has no cpuset (NULL). */
void inspect_supervisor(const struct slice_setting *cpus, struct record *record);

/* Whether the child is in the slice, as /proc/PID/cgroup says, and was from birth (not moved); where the slice is not
 * our own, what stands in for it. */
void inspect_born(const struct slice *slice, pid_t pid, bool moved, struct record *record);

/* The CPUs that the workload got: fills in cpus_by and cpus_effective, and checks the child's affinity against them. */
void inspect_cpus(const struct slice *slice, pid_t pid, const struct cpulist *wanted, struct record *record);

/* Whether the partition, where one was asked for, lasted to the end, by what the watch saw and what its file says now;
 * and whether its CPUs were taken from everybody else. While the slice is still there. */
void inspect_partition(struct slice *slice, const struct watch_result *watched, int64_t start_ns,
                       const struct cpulist *wanted, struct record *record);

/* The GIL, as the interpreter said at its start and after each iteration; of a free-threaded one, whether it stayed
 * off, and which module turned it on where a warning among the messages names it. A page that says nothing is no ok. */
void inspect_gil(const struct ledger *page, const char *messages, struct record *record);

/* What the slice's settings and its counters say at the end; then the grade. */
void inspect_end(struct record *record);

#endif
