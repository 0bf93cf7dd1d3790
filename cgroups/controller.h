/* controller: the cgroup controllers that tare uses, and whether each is available. */
#ifndef TARE_CONTROLLER_H
#define TARE_CONTROLLER_H

#include <stdbool.h>

/* In the order in which they are enabled and reported. */
enum slice_controller { SLICE_CPUSET, SLICE_CPU, SLICE_MEMORY, SLICE_PIDS, SLICE_IO, SLICE_CONTROLLERS };

extern const char *const slice_controller_names[SLICE_CONTROLLERS]; /* as cgroup.controllers spells it */

/* Whether a controller is available below the root. */
struct slice_availability {
    bool available;
    char reason[240]; /* why not, and the remedy: "v1 holds it; boot with cgroup_no_v1=all"; "" if available */
};

#endif
