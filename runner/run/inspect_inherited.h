/* inspect_inherited: what the cgroups above held a run to, as facts of its record and as checks of its verdict. */
#ifndef TARE_INSPECT_INHERITED_H
#define TARE_INSPECT_INHERITED_H

#include "cgroups/inherited.h"
#include "record/record.h"

/* before, after: read before the slice is made and once the workload has ended. Fills in record->inherited:
 * cpus (real; so many CPUs' time), memory_max_bytes, pids_max (int), each with <key>_by, the file that sets it, and
 * nr_throttled (int: in between, of all cgroups in sight above) with its file; absent with the reason where there is
 * none. Adds "CPU quota", "no throttling above" and "memory limit above". The record's cell, slice and cpus_effective
 * count. */
void inspect_inherited(const struct inherited *before, const struct inherited *after, struct record *record);

#endif
