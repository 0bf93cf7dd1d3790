/* Which controllers the root can delegate to slices, and why it cannot delegate the others. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"

const char *const slice_controller_names[SLICE_CONTROLLERS] = {"cpuset", "cpu", "memory", "pids", "io"};

void slice_read_in(const char *sysroot, const char *dir, const char *name, char *buf, size_t cap)
{
    char path[PATH_MAX];
    if (!text_fits(path, sizeof(path), "%s/%s", dir, name) || file_read(sysroot, path, buf, cap) < 0)
        buf[0] = '\0';
}

/* A line of /proc/cgroups: "name hierarchy number enabled" (cgroups(7)); the first line is a heading. */
static bool find_in_proc(const struct surroundings *s, const char *controller, int *enabled)
{
    char text[CGFILE_CAP], pattern[64];
    text_format(pattern, sizeof(pattern), "\n%s\t", controller);
    slice_read_in(s->sysroot, "/proc", "cgroups", text, sizeof(text));
    const char *line = strstr(text, pattern);
    return line && sscanf(line + strlen(pattern), "%*d %*d %d", enabled) == 1;
}

/* Why a directory below the hierarchy's root lacks a controller: the nearest visible ancestor that has it does not
 * enable it for its children. Where systemd runs, only systemd may change that. */
static void not_delegated(const struct surroundings *s, const char *path, const char *controller, char *why, size_t cap)
{
    char dir[PATH_MAX];
    char listed[CGFILE_CAP];
    text_format(dir, sizeof(dir), "%s", path);
    while (!s->systemd && text_is_below(dir, s->mount.point) && strlen(dir) > strlen(s->mount.point)) {
        *strrchr(dir, '/') = '\0';
        slice_read_in(s->sysroot, dir, "cgroup.controllers", listed, sizeof(listed));
        if (text_has_word(listed, " \n", controller)) {
            (void)snprintf(why, cap, "not handed down (as root: echo +%s > %.120s/cgroup.subtree_control)", controller,
                           dir);
            return;
        }
    }
    if (slice_is_namespace_root(s) || s->containers) {
        (void)snprintf(why, cap,
                       "not handed down to this container (on its host: +%s in every cgroup.subtree_control above it; "
                       "where that is systemd's, Delegate=cpuset cpu io memory pids)",
                       controller);
        return;
    }
    (void)snprintf(why, cap, "not delegated to this cgroup (by systemd: Delegate=cpuset cpu io memory pids%s)",
                   s->superuser ? "" : " of user@.service, as tare's drop-in has it");
}

static void why_missing(const struct surroundings *s, const struct slice_root *root, enum slice_controller c, char *why,
                        size_t cap)
{
    int enabled = 1;
    const char *name = slice_controller_names[c];
    bool is_top = s->hierarchy_root && strcmp(root->path, s->mount.point) == 0;
    if (s->v1_holds[c]) {
        (void)snprintf(why, cap, "v1 holds it; boot with cgroup_no_v1=all");
        return;
    }
    bool listed = find_in_proc(s, c == SLICE_IO ? "blkio" : name, &enabled);
    if (!enabled)
        (void)snprintf(why, cap, "disabled at boot (boot without cgroup_disable=%s, or with cgroup_enable=%s)", name,
                       name);
    else if (root->provenance == SLICE_NONE)
        (void)snprintf(why, cap, "no directory of a cgroup v2 hierarchy is ours");
    else if (!is_top && root->provenance != SLICE_CREATED)
        not_delegated(s, root->path, name, why, cap);
    else
        (void)snprintf(why, cap, "the kernel %s", listed ? "does not offer it in v2" : "was built without it");
}

/* What a scope would get, before it exists: all controllers that its manager has. */
static void read_in_manager(const struct surroundings *s, char *buf, size_t cap)
{
    char dir[PATH_MAX];
    const bool fits = text_fits(dir, sizeof(dir), s->superuser ? "%s" : "%s/user.slice/user-%u.slice/user@%u.service",
                                s->mount.point, s->uid, s->uid);
    slice_read_in(s->sysroot, fits ? dir : "", "cgroup.controllers", buf, cap);
}

void slice_find_controllers(const struct surroundings *s, struct slice_root *root)
{
    char listed[CGFILE_CAP];
    listed[0] = '\0';
    if (root->provenance == SLICE_CREATED) /* may not exist yet; it gets what the hierarchy's root has */
        slice_read_in(s->sysroot, root->mount, "cgroup.controllers", listed, sizeof(listed));
    else if (root->provenance == SLICE_SCOPE && root->path[0] == '\0')
        read_in_manager(s, listed, sizeof(listed));
    else if (root->provenance != SLICE_NONE)
        slice_read_in(s->sysroot, root->path, "cgroup.controllers", listed, sizeof(listed));
    for (int c = 0; c < SLICE_CONTROLLERS; c++) {
        struct slice_availability *a = &root->controller[c];
        a->available = text_has_word(listed, " \n", slice_controller_names[c]);
        if (!a->available)
            why_missing(s, root, (enum slice_controller)c, a->reason, sizeof(a->reason));
    }
}
