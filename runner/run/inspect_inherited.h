/* inspect_inherited: the limits that cgroups above set for a run, as facts and as checks. Pure, on the record. */
#ifndef TARE_INSPECT_INHERITED_H
#define TARE_INSPECT_INHERITED_H

#include "cgroups/inherited.h"
#include "record/record.h"

/* before, after: read before the slice is made and after the workload's end. Fills in record->inherited: cpus (real, in
 * CPUs), memory_max_bytes, pids_max (int), each with <key>_by, the file that sets it, and nr_throttled (int: during the
 * run, over all visible cgroups above) with its file; absent ones with the reason. Adds the checks "CPU quota", "no
 * throttling above" and "memory limit above". Uses the record's cell, slice and cpus_effective. */
void inspect_inherited(const struct inherited *before, const struct inherited *after, struct record *record);

#endif
