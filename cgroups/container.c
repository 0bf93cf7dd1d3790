/* Whether our cgroup is a container's: the engine made it for the processes of our pid namespace alone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"

/* The initial pid namespace has a constant number (include/uapi/linux/nsfs.h, enum init_ns_ino). */
#define INITIAL_PIDS "pid:[4026531836]"

static bool has_pids_of_its_own(const struct surroundings *s)
{
    char link[64];
    return beneath_read_link(s->sysroot, "/proc/self/ns/pid", link, sizeof(link)) > 0 &&
           strcmp(link, INITIAL_PIDS) != 0;
}

/* The container's first process is in our cgroup, or in a leaf below it (slice_shelter() moves it there). */
bool slice_is_containers(const struct surroundings *s)
{
    char cgroup[CGFILE_CAP];
    char first[PATH_MAX];
    if (s->systemd || s->own[0] == '\0' || strcmp(s->own, "/") == 0 || !has_pids_of_its_own(s))
        return false;
    slice_read_in(s->sysroot, "/proc/1", "cgroup", cgroup, sizeof(cgroup));
    return mounts_own_cgroup(cgroup, first, sizeof(first)) == 0 && text_is_below(first, s->own);
}
