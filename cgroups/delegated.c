/* Our own cgroup as the root: whether it is delegated to us, and moving its processes into a leaf. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/namespaces.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"
#include "cgroups/tree_internal.h"

/* Marks a leaf that tare made: a later run then knows that the parent is the delegated directory, and the last run may
 * remove the leaf. */
#define SHELTER_MARK "user.tare.shelter"

/* Under a sysroot a file stands for the attribute, because a checkout keeps no attributes. */
static bool has_mark(const struct surroundings *s, const char *dir, const char *name)
{
    char value[16];
    if (s->sysroot[0] != '\0')
        return slice_exists(s->sysroot, dir, name);
    ssize_t n = getxattr(dir, name, value, sizeof(value));
    return n > 0 && value[0] == '1';
}

/* systemd marks what it delegates: trusted.delegate, which only root can read, and since version 251 user.delegate
 * (systemd.io/CGROUP_DELEGATION). */
static bool is_marked(const struct surroundings *s, const char *dir)
{
    return has_mark(s, dir, "user.delegate") || has_mark(s, dir, "trusted.delegate");
}

/* Delegation gives write access to three things (cgroup-v2.rst, "Model of Delegation"). */
static bool is_handed_over(const struct surroundings *s, const char *dir)
{
    static const char *const FILES[] = {"cgroup.procs", "cgroup.subtree_control"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        if (!slice_exists(s->sysroot, dir, FILES[i]) || !slice_join(path, sizeof(path), dir, FILES[i]))
            return false;
        if (s->sysroot[0] == '\0' && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
            return false;
    }
    return slice_writable(s, dir);
}

/* false at the mount point: its parents are not visible. */
static bool parent_of(const struct surroundings *s, const char *dir, char *ret, size_t cap)
{
    if (strlen(dir) <= strlen(s->mount.point) || !text_is_below(dir, s->mount.point))
        return false;
    return text_fits(ret, cap, "%.*s", (int)(strrchr(dir, '/') - dir), dir);
}

bool slice_is_namespace_root(const struct surroundings *s)
{
    return strcmp(s->own, "/") == 0 && strcmp(s->mount.root, "/") == 0 && !s->hierarchy_root;
}

/* The container's first process is in our cgroup, or in a leaf below it (slice_shelter() moves it there). */
bool slice_is_containers(const struct surroundings *s)
{
    char cgroup[CGFILE_CAP];
    char first[PATH_MAX];
    if (s->systemd || s->own[0] == '\0' || strcmp(s->own, "/") == 0 ||
        namespaces_look(s->sysroot, "pid") != NAMESPACES_OTHER)
        return false;
    slice_read_in(s->sysroot, "/proc/1", "cgroup", cgroup, sizeof(cgroup));
    return mounts_own_cgroup(cgroup, "", first, sizeof(first)) == 0 && text_is_below(first, s->own);
}

/* In a container the remedy is an option of its engine. */
static bool say_closed(const struct surroundings *s, char *why, size_t cap)
{
    bool container = slice_is_namespace_root(s) || s->containers;
    if (container && !s->mount.writable)
        return slice_lacking(why, cap,
                             "the container's cgroupfs is read-only (Docker Engine 28: --security-opt "
                             "writable-cgroups=true; Podman: --security-opt unmask=/sys/fs/cgroup --cgroups=split)");
    if (container && !s->superuser)
        return slice_lacking(why, cap, "the container's cgroup cannot be written by uid %u (--user 0)", s->uid);
    return slice_lacking(why, cap, "our cgroup '%.200s' cannot be written", s->own);
}

/* Write access alone does not make a directory ours. Root can write everywhere. The user's systemd owns all that the
 * user can write, except what it delegated; but the topmost directory that a user can write was given to them. */
static bool is_ours(const struct surroundings *s, const char *dir, char *why, size_t cap)
{
    char parent[PATH_MAX];
    if (!is_handed_over(s, dir))
        return say_closed(s, why, cap);
    if (slice_is_namespace_root(s) || s->containers || is_marked(s, dir) || s->entered)
        return true;
    if (s->superuser)
        return slice_lacking(why, cap, "our cgroup '%.200s' is not marked as delegated, and root can write anywhere",
                             s->own);
    if (s->systemd && parent_of(s, dir, parent, sizeof(parent)) && is_handed_over(s, parent))
        return slice_lacking(why, cap, "our cgroup '%.200s' belongs to the user's systemd (Delegate=no)", s->own);
    return true;
}

/* We may be in a leaf of the delegated directory: systemd's DelegateSubgroup=, or the leaf into which another run of
 * tare moved us. */
static bool parent_is_ours(const struct surroundings *s, const char *own, char *ret, size_t cap)
{
    return parent_of(s, own, ret, cap) && is_handed_over(s, ret) &&
           (is_marked(s, ret) || has_mark(s, own, SHELTER_MARK));
}

bool slice_step_delegated(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap)
{
    char parent[PATH_MAX];
    const char *dir = ret->own;
    if (slice_is_outside(s))
        return slice_lacking(why, cap,
                             "%.200s shows what is outside of our cgroup namespace (docker run --cgroupns host)",
                             s->mount.point);
    if (dir[0] == '\0')
        return slice_lacking(why, cap, "our cgroup '%.200s' is not below %.200s", s->own, s->mount.point);
    if (s->hierarchy_root && strcmp(s->own, "/") == 0)
        return slice_lacking(why, cap, "we are in the hierarchy's root");
    if (parent_is_ours(s, dir, parent, sizeof(parent)))
        dir = parent;
    else if (!is_ours(s, dir, why, cap))
        return false;
    text_format(ret->path, sizeof(ret->path), "%s", dir);
    return true;
}

/* Makes the leaf, or opens one of this name that exists, whoever made it. */
static int open_shelter(struct slice_tree *t, struct err *e)
{
    bool made = mkdirat(t->base_fd, SLICE_SHELTER, 0755) == 0;
    if (!made && errno != EEXIST)
        return err_sys(e, ERR_HOST, "cannot make '%s/%s'", t->root.path, SLICE_SHELTER);
    int fd = openat(t->base_fd, SLICE_SHELTER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_HOST, "cannot open '%s/%s'", t->root.path, SLICE_SHELTER);
    if (made)
        (void)fsetxattr(fd, SHELTER_MARK, "1", 1, 0);
    return fd;
}

int slice_shelter(struct slice_tree *t, struct err *e)
{
    char procs[8];
    /* -EOPNOTSUPP: a threaded cgroup has no list of processes; slice_enable() reports that. */
    ssize_t len = slice_is_delegated(t) ? file_read_at(t->base_fd, "cgroup.procs", procs, sizeof(procs)) : 0;
    if (len == 0 || len == -EOPNOTSUPP)
        return 0;
    cleanup_close int fd = open_shelter(t, e);
    if (fd < 0)
        return fd;
    (void)cgdir_move_all(t->base_fd, fd); /* slice_enable() reports processes that stayed */
    return 0;
}

void slice_unshelter(struct slice_tree *t)
{
    char mark[4];
    if (!slice_is_delegated(t))
        return;
    cleanup_dir DIR *children = cgdir_children(t->base_fd);
    const struct dirent *d = cgdir_next_child(children);
    while (d && (strncmp(d->d_name, "tare-", 5) != 0 || strcmp(d->d_name, t->name) == 0))
        d = cgdir_next_child(children);
    if (d || errno != 0) /* another run, or unknown */
        return;
    cleanup_close int fd = openat(t->base_fd, SLICE_SHELTER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fgetxattr(fd, SHELTER_MARK, mark, sizeof(mark)) <= 0)
        return;
    if (cgdir_move_all(fd, t->base_fd) == 0) /* -EBUSY: another process uses the controllers */
        (void)unlinkat(t->base_fd, SLICE_SHELTER, AT_REMOVEDIR);
}
