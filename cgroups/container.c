/* Whether our cgroup is a container's: the engine made it for the processes of our pid namespace alone. */
#include <stdio.h>
#include <string.h>

#include "base/namespaces.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"

/* The container's first process is in our cgroup, or in a leaf below it (slice_shelter() moves it there). */
bool slice_is_containers(const struct surroundings *s)
{
    char cgroup[CGFILE_CAP];
    char first[PATH_MAX];
    if (s->systemd || s->own[0] == '\0' || strcmp(s->own, "/") == 0 ||
        namespaces_look(s->sysroot, "pid") != NAMESPACES_OTHER)
        return false;
    slice_read_in(s->sysroot, "/proc/1", "cgroup", cgroup, sizeof(cgroup));
    return mounts_own_cgroup(cgroup, first, sizeof(first)) == 0 && text_is_below(first, s->own);
}
