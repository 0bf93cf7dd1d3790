/* The search for the root. Pure under a sysroot. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/namespaces.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/scope.h"
#include "cgroups/search.h"

bool slice_lacking(char *why, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why, cap, fmt, ap);
    va_end(ap);
    return false;
}

bool slice_join(char *ret, size_t cap, const char *dir, const char *name)
{
    return text_fits(ret, cap, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
}

bool slice_exists(const char *sysroot, const char *dir, const char *name)
{
    char path[PATH_MAX];
    return slice_join(path, sizeof(path), dir, name) && beneath_exists(sysroot, path);
}

/* access(2) would check the real user, not the effective one. For root only a read-only mount fails the check. The
 * permissions of a fixture mean nothing. */
bool slice_writable(const struct surroundings *s, const char *dir)
{
    return s->mount.writable && (s->sysroot[0] != '\0' || faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0);
}

/* A mount from another cgroup namespace has a root of "/.." or below (cgroup_namespaces(7)). */
bool slice_is_outside(const struct surroundings *s)
{
    return strncmp(s->mount.root, "/..", 3) == 0 && (s->mount.root[3] == '/' || s->mount.root[3] == '\0');
}

/* A frozen cgroup would freeze us as we enter it. Below a threaded one no domain cgroup can be made (cgroup-v2.rst,
 * "Threads", "Core Interface Files"). The host's root has neither file. */
static int refuse_state(const struct surroundings *s, struct err *e)
{
    char text[CGFILE_CAP];
    uint64_t frozen = 0;
    slice_read_in(s->sysroot, s->given, "cgroup.type", text, sizeof(text));
    text[strcspn(text, "\n")] = '\0';
    if (*text && strcmp(text, "domain") != 0)
        return err_set(e, ERR_HOST, -EOPNOTSUPP, "%s '%s': its cgroup.type is '%.40s', where 'domain' is needed",
                       s->given_by, s->given, text);
    slice_read_in(s->sysroot, s->given, "cgroup.events", text, sizeof(text));
    if (cgfile_key(text, "frozen", &frozen) == 0 && frozen != 0)
        return err_set(e, ERR_HOST, -EBUSY,
                       "%s '%s': the cgroup is frozen ('frozen 1' in cgroup.events) and would freeze tare too (write 0 "
                       "to cgroup.freeze, its own or an ancestor's)",
                       s->given_by, s->given);
    return 0;
}

static int take_given(const struct surroundings *s, struct slice_root *ret, struct err *e)
{
    if (!slice_writable(s, s->given)) {
        (void)err_set(e, ERR_HOST, -EACCES, "%s '%s': cannot be written", s->given_by, s->given);
        return err_remedy(e,
                          "run as root, or have the directory delegated: systemd's Delegate=yes, or chown it and its "
                          "cgroup.procs and cgroup.subtree_control");
    }
    TRY(refuse_state(s, e));
    ret->provenance = SLICE_GIVEN;
    text_format(ret->path, sizeof(ret->path), "%s", s->given);
    return 0;
}

/* A systemd scope, if systemd can be asked. */
static bool step_scope(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap)
{
    char dir[64];
    bool named = s->sysroot[0] == '\0' && getenv("DBUS_SESSION_BUS_ADDRESS");
    if (!s->systemd)
        return slice_lacking(why, cap, "systemd does not run this host");
    if (s->refused || s->entered)
        return slice_lacking(why, cap, "%.300s", s->refused ? s->refused : "cannot write to systemd's scope");
    text_format(dir, sizeof(dir), "/run/user/%u", s->uid);
    if (s->superuser && !slice_exists(s->sysroot, "/run/dbus", "system_bus_socket"))
        return slice_lacking(why, cap, "no system bus (/run/dbus/system_bus_socket)");
    if (!s->superuser && !named && !slice_exists(s->sysroot, dir, "bus"))
        return slice_lacking(why, cap, "no user bus (%s/bus: log in, or as root: loginctl enable-linger)", dir);
    ret->path[0] = '\0'; /* slice_root_enter() asks for it */
    return true;
}

/* systemd must be the only writer of its tree (systemd.io/CGROUP_DELEGATION): it may remove a directory of ours at the
 * root. */
static bool step_created(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap)
{
    if (s->systemd)
        return slice_lacking(
            why, cap,
            "systemd owns the tree (systemd-run %s--scope -p Delegate=yes sh -c 'exec tare … --cgroup-root "
            "%s$(grep ^0:: /proc/self/cgroup | cut -c4-)')",
            s->superuser ? "" : "--user ", s->mount.point);
    if (!s->superuser)
        return slice_lacking(why, cap, "not run as root");
    if (s->containers) /* it would escape the container's limits */
        return slice_lacking(why, cap, "the hierarchy is that of the container's host");
    if (slice_is_outside(s))
        return slice_lacking(why, cap, "%s shows what is outside of our cgroup namespace", s->mount.point);
    if (!s->hierarchy_root)
        return slice_lacking(why, cap, "%s is not the hierarchy's root but that of a cgroup namespace", s->mount.point);
    if (!slice_writable(s, s->mount.point))
        return slice_lacking(why, cap, "%s is read-only", s->mount.point);
    if (!slice_join(ret->path, sizeof(ret->path), s->mount.point, SLICE_CREATED_NAME))
        return slice_lacking(why, cap, "the mount point's name is too long");
    return true;
}

/* We are in a container: our cgroup is the root of our namespace but not of the hierarchy, or (host's cgroup namespace)
 * slice_is_containers(). */
static bool step_borrowed(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap)
{
    if (s->containers && ret->own[0] != '\0') {
        text_format(ret->path, sizeof(ret->path), "%s", ret->own);
        return true;
    }
    if (strcmp(s->own, "/") != 0)
        return slice_lacking(why, cap, "our cgroup '%s' is not the root of a cgroup namespace of our own", s->own);
    if (s->hierarchy_root || strcmp(s->mount.root, "/") != 0)
        return slice_lacking(why, cap, "our cgroup is the host's root, not a container's");
    text_format(ret->path, sizeof(ret->path), "%s", s->mount.point);
    return true;
}

static const struct {
    enum slice_provenance provenance;
    slice_step_fn *try;
} STEPS[] = {
    {SLICE_DELEGATED, slice_step_delegated},
    {SLICE_SCOPE, step_scope},
    {SLICE_CREATED, step_created},
    {SLICE_BORROWED, step_borrowed},
};

const char *const slice_provenance_names[] = {
    [SLICE_GIVEN] = "given",     [SLICE_DELEGATED] = "delegated", [SLICE_SCOPE] = "scope",
    [SLICE_CREATED] = "created", [SLICE_BORROWED] = "borrowed",   [SLICE_NONE] = "none",
};

/* The effective uid: the caller's; of a captured machine that of "Uid:\treal\teffective\t…", and nobody's (65534) if it
 * cannot be read. */
static unsigned read_uid(const char *sysroot)
{
    if (!*sysroot)
        return geteuid();
    char status[CGFILE_CAP];
    unsigned effective = 0;
    slice_read_in(sysroot, "/proc/self", "status", status, sizeof(status));
    const char *line = strstr(status, "\nUid:");
    return line && sscanf(line, "\nUid: %*u %u", &effective) == 1 ? effective : 65534;
}

/* The whole hierarchy, writable, at one of the two places that every init system uses. To list all mounts takes the
 * kernel ten times as long. What is believed is the type of the file system, not its place; its top directory alone
 * has no cgroup.type, and in the initial namespace that top is "/". */
static bool find_usual_mount(struct surroundings *s)
{
    static const char *const USUAL[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    if (*s->sysroot || namespaces_look("", "cgroup") != NAMESPACES_INITIAL)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(USUAL); i++) {
        struct statfs fs;
        if (statfs(USUAL[i], &fs) != 0 || fs.f_type != CGROUP2_SUPER_MAGIC || (fs.f_flags & ST_RDONLY) ||
            slice_exists("", USUAL[i], "cgroup.type"))
            continue;
        text_format(s->mount.root, sizeof(s->mount.root), "/");
        text_format(s->mount.point, sizeof(s->mount.point), "%s", USUAL[i]);
        s->mount.version = 2;
        s->mount.writable = s->mounted = s->hierarchy_root = true;
        return true;
    }
    return false;
}

static const char *mounts_of(struct surroundings *s)
{
    if (!s->mountinfo.data)
        (void)file_read_all(s->sysroot, "/proc/self/mountinfo", &s->mountinfo);
    return s->mountinfo.data ? s->mountinfo.data : "";
}

/* Prefers a writable mount of the whole hierarchy. A later mount at the same point hides an earlier one. A mount hidden
 * by another file system has no cgroup.controllers. */
static void find_mount(struct surroundings *s)
{
    struct cgmount m;
    int best = 0;
    const char *text = mounts_of(s);
    while (mounts_next(&text, &m)) {
        int rank = 1 + m.writable + 2 * (strcmp(m.root, "/") == 0);
        if (m.version != 2 || !slice_exists(s->sysroot, m.point, "cgroup.controllers"))
            continue;
        if (rank > best || strcmp(m.point, s->mount.point) == 0) {
            s->mount = m;
            best = rank;
        }
    }
    s->mounted = best > 0;
    s->hierarchy_root = s->mounted && !slice_exists(s->sysroot, s->mount.point, "cgroup.type");
}

static void look_around(struct surroundings *s)
{
    char cgroup[CGFILE_CAP];
    if (!find_usual_mount(s))
        find_mount(s);
    slice_read_in(s->sysroot, "/proc/self", "cgroup", cgroup, sizeof(cgroup));
    if (mounts_own_cgroup(cgroup, "", s->own, sizeof(s->own)) != 0)
        s->own[0] = '\0';
    for (int c = 0; c < SLICE_CONTROLLERS; c++)
        s->v1_holds[c] =
            mounts_own_cgroup(cgroup, c == SLICE_IO ? "blkio" : slice_controller_names[c], NULL, 0) != -ENOENT;
    s->uid = read_uid(s->sysroot);
    s->superuser = s->uid == 0;
    s->systemd = slice_exists(s->sysroot, "/run/systemd", "system"); /* sd_booted(3) */
    s->containers = slice_is_containers(s);
}

/* Resolves symbolic links and removes the sysroot from the result. */
static int resolve_given(const char *sysroot, const char *given, char ret[PATH_MAX])
{
    char whole[PATH_MAX];
    if (!text_fits(whole, sizeof(whole), "%s%s", sysroot, given))
        return -ENAMETOOLONG;
    cleanup_free char *real = realpath(whole, NULL);
    if (!real)
        return -errno;
    cleanup_free char *prefix = sysroot[0] ? realpath(sysroot, NULL) : strdup("");
    struct stat st;
    if (!prefix || stat(real, &st) != 0)
        return -errno;
    if (!S_ISDIR(st.st_mode) || !text_is_below(real, prefix))
        return -ENOTDIR;
    text_format(ret, PATH_MAX, "%s", real + strlen(prefix));
    return 0;
}

/* A host can have several cgroup2 mounts: takes the one that shows the directory. */
static bool find_mount_of(struct surroundings *s, const char *dir)
{
    struct cgmount m;
    size_t deepest = 0;
    const char *text = mounts_of(s);
    while (mounts_next(&text, &m)) {
        size_t len = strlen(m.point);
        if (m.version != 2 || len < deepest || !text_is_below(dir, m.point))
            continue;
        s->mount = m;
        deepest = len;
    }
    return deepest > 0 && slice_exists(s->sysroot, dir, "cgroup.controllers");
}

static int look_at_given(struct surroundings *s, const char *given, struct err *e)
{
    char path[PATH_MAX];
    int failed = resolve_given(s->sysroot, given, path);
    if (failed != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': %s", s->given_by, given, strerror(-failed));
    if (!find_mount_of(s, path)) {
        int code =
            err_set(e, ERR_USAGE, -EINVAL, "%s '%s': not a directory on a cgroup2 file system", s->given_by, given);
        if (s->mounted)
            (void)err_remedy(e, "cgroup2 is mounted at %s", s->mount.point);
        return code;
    }
    s->mounted = true;
    s->hierarchy_root = !slice_exists(s->sysroot, s->mount.point, "cgroup.type");
    text_format(s->given, sizeof(s->given), "%s", path);
    return 0;
}

static void walk_steps(const struct surroundings *s, struct slice_root *ret)
{
    char why[sizeof(ret->reason)];
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        if (STEPS[i].try(s, ret, why, sizeof(why))) {
            ret->provenance = STEPS[i].provenance;
            return;
        }
        const size_t len = strlen(ret->reason);
        (void)snprintf(ret->reason + len, sizeof(ret->reason) - len, "%s%s: %s", len > 0 ? "; " : "",
                       slice_provenance_names[STEPS[i].provenance], why);
    }
}

static int search_root(struct surroundings *s, const char *given, struct slice_root *ret, struct err *e)
{
    look_around(s);
    if (given)
        TRY(look_at_given(s, given, e));
    text_format(ret->mount, sizeof(ret->mount), "%s", s->mount.point);
    if (!s->mounted || mounts_directory(&s->mount, s->own, ret->own, sizeof(ret->own)) != 0)
        ret->own[0] = '\0';
    if (!s->mounted)
        (void)slice_lacking(ret->reason, sizeof(ret->reason),
                            "no cgroup2 file system is mounted (mount -t cgroup2 none "
                            "/sys/fs/cgroup; in a container: its host has v1 only)");
    else if (given)
        TRY(take_given(s, ret, e));
    else
        walk_steps(s, ret);
    slice_find_controllers(s, ret);
    return 0;
}

/* Sets the strings' first characters only: to fill the pages of all of them takes as long as the whole search. */
static void clear_root(struct slice_root *r)
{
    r->provenance = SLICE_NONE;
    r->reason[0] = r->mount[0] = r->path[0] = r->own[0] = '\0';
    for (size_t i = 0; i < SLICE_CONTROLLERS; i++) {
        r->controller[i].available = false;
        r->controller[i].reason[0] = '\0';
    }
    r->caller_stays = r->one_slice = false;
}

/* Likewise. */
static void clear_surroundings(struct surroundings *s, const char *sysroot)
{
    s->sysroot = sysroot;
    s->given[0] = s->own[0] = s->mount.root[0] = s->mount.point[0] = s->mount.options[0] = '\0';
    s->given_by = "--cgroup-root";
    s->mountinfo = (struct text){0};
    s->mounted = s->hierarchy_root = s->entered = s->mount.writable = false;
    s->refused = NULL;
}

int slice_root_enter(struct slice_root *root, struct err *e)
{
    char why[400] = "";
    struct surroundings s;
    if (root->provenance != SLICE_SCOPE || *root->path)
        return 0;
    clear_surroundings(&s, "");
    s.entered = scope_enter(geteuid() != 0, why, sizeof(why)) == 0;
    s.refused = s.entered ? NULL : why;
    clear_root(root);
    int failed = search_root(&s, NULL, root, e);
    text_free(&s.mountinfo);
    if (failed == 0 && s.entered && root->provenance == SLICE_DELEGATED)
        root->provenance = SLICE_SCOPE;
    return failed;
}

int slice_root_find(const char *sysroot, const char *given, struct slice_root *ret, struct err *e)
{
    struct surroundings s;
    clear_surroundings(&s, sysroot ? sysroot : "");
    clear_root(ret);
    const char *usual = given || s.sysroot[0] ? NULL : getenv(SLICE_ROOT_VARIABLE);
    if (usual && *usual) {
        given = usual;
        s.given_by = "$" SLICE_ROOT_VARIABLE;
    }
    int failed = search_root(&s, given, ret, e);
    text_free(&s.mountinfo);
    return failed;
}

void slice_root_copy(struct slice_root *to, const struct slice_root *from)
{
    clear_root(to);
    to->provenance = from->provenance;
    text_format(to->reason, sizeof(to->reason), "%s", from->reason);
    text_format(to->mount, sizeof(to->mount), "%s", from->mount);
    text_format(to->path, sizeof(to->path), "%s", from->path);
    text_format(to->own, sizeof(to->own), "%s", from->own);
    memcpy(to->controller, from->controller, sizeof(to->controller));
    to->caller_stays = from->caller_stays;
    to->one_slice = from->one_slice;
}
