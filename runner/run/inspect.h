/* inspect: the isolation checks of a run, made while the workload runs (inspect_confine.c, and inspect.c), and after
 * its end: of the host (inspect_disturbance.c), and of the cgroups above (inspect_inherited.c). run.c and observe.c
 * call it; each adds to record->isolation. */
#ifndef TARE_INSPECT_H
#define TARE_INSPECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "cgroups/inherited.h"
#include "launch/confine.h"
#include "launch/ledger.h"
#include "launch/spawn.h"
#include "launch/watch.h"
#include "record/record.h"

/* Whether the runner stays on its own CPUs: by its cgroup's cpuset, or (cpus NULL) by its affinity. */
void inspect_supervisor(const struct slice_setting *cpus, struct record *record);

/* Whether the child is in the slice (/proc/PID/cgroup) and started there (not moved). Without a slice of our own: what
 * replaces it. */
void inspect_born(const struct slice *slice, pid_t pid, bool moved, struct record *record);

/* Fills in cpus_by and cpus_effective, and checks the child's affinity against them. */
void inspect_cpus(const struct slice *slice, pid_t pid, const struct cpulist *wanted, struct record *record);

/* A check for each requested layer of the confinement, read from /proc of the workload and its init, and the facts of
 * the confinement. confine NULL: adds nothing. Call it before the child is waited for. */
void inspect_confinement(const struct confine *confine, const struct child *child, struct record *record);

/* How many packets and connections had no route in the process's network namespace (OutNoRoutes of IPv4 and IPv6; RFC
 * 4293). 0 or a negative errno. */
int inspect_no_routes(pid_t pid, uint64_t *ret);

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

/* The limits that cgroups above set for a run. before, after: read before the slice is made and after the workload's
 * end. Fills in record->inherited: cpus (real, in CPUs), memory_max_bytes, pids_max (int), each with <key>_by, the file
 * that sets it, and nr_throttled (int: during the run, over all visible cgroups above) with its file; absent ones with
 * the reason. Adds the checks "CPU quota", "no throttling above" and "memory limit above". Uses the record's cell,
 * slice and cpus_effective. Pure, on the record. */
void inspect_inherited(const struct inherited *before, const struct inherited *after, struct record *record);

/* What depends on the host: what else used the run's CPUs, and the settings of CPUs and memory; from the record's
 * disturbance, host and cpu. Adds nothing if the disturbance was not read. Pure, on the record; inspect_end() calls it.
 */
void inspect_disturbance(struct record *record);

/* Checks the slice's settings and counters at the end; then sets the grade. */
void inspect_end(struct record *record);

#endif
