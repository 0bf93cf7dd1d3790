/* controller: which controllers there are, and whether one can be had. */
#ifndef TARE_CONTROLLER_H
#define TARE_CONTROLLER_H

#include <stdbool.h>

/* The controllers that tare asks for, in this order. */
enum slice_controller { SLICE_CPUSET, SLICE_CPU, SLICE_MEMORY, SLICE_PIDS, SLICE_IO, SLICE_CONTROLLERS };

const char *slice_controller_name(enum slice_controller c); /* as cgroup.controllers spells it */

/* Whether a controller can be had below the root, and if not why and what to do about it. */
struct slice_availability {
    bool available;
    char reason[240]; /* "" where available; "v1 holds it; boot with cgroup_no_v1=all" */
};

#endif
