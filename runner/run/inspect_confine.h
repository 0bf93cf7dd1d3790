/* inspect_confine: what a workload is kept from, as the kernel tells it of the running process. */
#ifndef TARE_INSPECT_CONFINE_H
#define TARE_INSPECT_CONFINE_H

#include "launch/confine.h"
#include "launch/spawn.h"
#include "record/record.h"

/* Adds a check for each layer that was asked for (NULL: none was), read from /proc of the workload and of its init; and
 * the facts of the confinement. network: what was asked of it. Call it while the child has not been waited for. */
void inspect_confinement(const struct confine *confine, const struct child *child, struct record *record);

/* How many sendings and connections found no route in a process's network namespace (OutNoRoutes of IPv4 and IPv6).
 * Returns 0 or a negative errno. */
int inspect_no_routes(pid_t pid, uint64_t *ret);

#endif
