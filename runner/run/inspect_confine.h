/* inspect_confine: checks the confinement of the running workload, read from the kernel. */
#ifndef TARE_INSPECT_CONFINE_H
#define TARE_INSPECT_CONFINE_H

#include "launch/confine.h"
#include "launch/spawn.h"
#include "record/record.h"

/* Adds a check for each requested layer, read from /proc of the workload and its init, and the facts of the
 * confinement. confine NULL: adds nothing. Call it before the child is waited for. */
void inspect_confinement(const struct confine *confine, const struct child *child, struct record *record);

/* How many packets and connections had no route in the process's network namespace (OutNoRoutes of IPv4 and IPv6; RFC
 * 4293). 0 or a negative errno. */
int inspect_no_routes(pid_t pid, uint64_t *ret);

#endif
