/* inspect: the isolation checks of a run, made while the workload runs and after its end. run.c and observe.c call it;
 * each adds to record->isolation. */
#ifndef TARE_INSPECT_H
#define TARE_INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "launch/ledger.h"
#include "launch/watch.h"
#include "record/record.h"

/* Whether the runner stays on its own CPUs: by its cgroup's cpuset, or (cpus NULL) by its affinity. */
void inspect_supervisor(const struct slice_setting *cpus, struct record *record);

/* Whether the child is in the slice (/proc/PID/cgroup) and started there (not moved). Without a slice of our own: what
 * replaces it. */
void inspect_born(const struct slice *slice, pid_t pid, bool moved, struct record *record);

/* Fills in cpus_by and cpus_effective, and checks the child's affinity against them. */
void inspect_cpus(const struct slice *slice, pid_t pid, const struct cpulist *wanted, struct record *record);

/* If a partition was asked for: whether it lasted to the end (what the watch saw, and its file now), and whether its
 * CPUs were exclusive. Call it while the slice exists. */
void inspect_partition(struct slice *slice, const struct watch_result *watched, int64_t start_ns,
                       const struct cpulist *wanted, struct record *record);

/* What CPython says where an extension does not declare Py_mod_gil: _PyImport_EnableGILAndWarn(), Python/import.c. */
#define INSPECT_GIL_WARNS "(GIL) has been enabled to load module '"

/* The GIL, as the interpreter said at its start and after each iteration; and whether it stayed as it was asked for
 * (--gil), or off where a free-threaded interpreter was not told. warning: the workload's line with INSPECT_GIL_WARNS,
 * which names the module that turned it on; "": there was none. If the page says nothing, the check is not ok. */
void inspect_gil(const struct ledger *page, const char *warning, struct record *record);

/* Checks the slice's settings and counters at the end; then sets the grade. */
void inspect_end(struct record *record);

#endif
