#include "cgroups/controller.h"

const char *slice_controller_name(enum slice_controller c)
{
    static const char *const NAMES[SLICE_CONTROLLERS] = {"cpuset", "cpu", "memory", "pids", "io"};
    return NAMES[c];
}
