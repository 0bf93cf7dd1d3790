#include "confine/confine_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

/* <sys/mount.h> and <linux/mount.h> define the same names before glibc 2.37: the latter has the newer calls. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

#define BINDS_MAX 64

/* Where a workload gets an empty folder of its own. */
static const char *const PRIVATE[] = {"/tmp", "/dev"};

/* All that it gets to see of the host's /dev: by mount, since a user namespace may make no device. Without them root's
 * own uid could write to a disk even where it has no capability. */
static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};

/* --- in the parent ---------------------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' && path[len + 1];
}

static bool is_planned(const struct confine_mounts *m, const char *path, bool writable)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->bind[i].writable == writable && strcmp(m->bind[i].path, path) == 0)
            return true;
    return false;
}

static int add_bind(struct confine_mounts *m, const char *path, bool writable, bool device, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return device ? 0 : err_sys(e, ERR_USAGE, "'%s'", path); /* a device that this host lacks */
    if (is_planned(m, path, writable))
        return 0;
    if (m->count == BINDS_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "'%s': more paths than %d", path, BINDS_MAX);
    char *own = strdup(path);
    if (!own)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for a path");
    m->bind[m->count++] =
        (struct confine_bind){.path = own, .folder = S_ISDIR(st.st_mode), .writable = writable, .device = device};
    return 0;
}

/* Shows the entry of a private folder that the path goes through: an interpreter needs what lies beside it. */
static int show(struct confine_mounts *m, const char *path, struct err *e)
{
    char entry[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(PRIVATE); i++) {
        if (!is_below(path, PRIVATE[i]))
            continue;
        size_t len = strlen(PRIVATE[i]) + 1;
        len += strcspn(path + len, "/");
        if (len >= sizeof(entry))
            return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s'", path);
        memcpy(entry, path, len);
        entry[len] = '\0';
        return access(entry, F_OK) == 0 ? add_bind(m, entry, false, false, e) : 0;
    }
    return 0;
}

static int show_needed(struct confine_mounts *m, const char *path, struct err *e)
{
    char real[PATH_MAX];
    int failed = show(m, path, e);
    if (failed == 0 && realpath(path, real))
        failed = show(m, real, e);
    return failed;
}

static int add_writable(struct confine_mounts *m, const char *path, struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return err_sys(e, ERR_USAGE, "--rw '%s'", path);
    if (strcmp(real, "/") == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--rw '%s': all of it is writable with --confine light", path);
    return add_bind(m, real, true, false, e);
}

int confine_mounts_plan(const struct confine_request *request, struct confine_mounts *ret, struct err *e)
{
    struct confine_mounts m = {.read_only_root = request->read_only_root};
    int failed = 0;
    m.bind = calloc(BINDS_MAX, sizeof(*m.bind));
    if (!m.bind)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for the mounts");
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(DEVICES); i++)
        failed = add_bind(&m, DEVICES[i], false, true, e);
    for (size_t i = 0; failed == 0 && i < request->needed_count; i++)
        failed = show_needed(&m, request->needed[i], e);
    for (size_t i = 0; failed == 0 && i < request->writable_count; i++)
        failed = add_writable(&m, request->writable[i], e);
    if (failed == 0 && request->scratch)
        failed = add_writable(&m, request->scratch, e);
    if (failed != 0)
        confine_mounts_free(&m);
    else
        *ret = m;
    return failed;
}

void confine_mounts_free(struct confine_mounts *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->bind[i].path);
    free(STEAL(m->bind));
    m->count = 0;
}

/* --- in the child ----------------------------------------------------------------------------------------------- */

static void note(struct confine_outcome *outcome, enum confine_layer layer, long result)
{
    if (result < 0 && outcome->refused[layer] == 0)
        outcome->refused[layer] = errno;
}

static int make_read_only(int dirfd, const char *path, unsigned flags)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, dirfd, path, flags | AT_RECURSIVE, &attr, sizeof(attr));
}

/* Taken before anything is mounted over them or made read-only. */
static int clone_of(const struct confine_bind *b)
{
    return (int)syscall(SYS_open_tree, AT_FDCWD, b->path,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (b->folder ? AT_RECURSIVE : 0));
}

static void make_folders_above(const char *path)
{
    char part[PATH_MAX];
    for (size_t i = 1; i < sizeof(part) && path[i]; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        (void)mkdir(part, 0755); /* most are there: what is not is missed below */
    }
}

static int place(const struct confine_bind *b, int tree, bool read_only)
{
    if (read_only && make_read_only(tree, "", AT_EMPTY_PATH) != 0)
        return -1;
    if (!b->device) /* they are in the new /dev itself */
        make_folders_above(b->path);
    if (b->folder)
        (void)mkdir(b->path, 0755);
    else
        (void)mknod(b->path, S_IFREG | 0444, 0);
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, b->path, MOVE_MOUNT_F_EMPTY_PATH);
}

static int mount_private(void)
{
    static const char *const LINKS[][2] = {{"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"},
                                           {"pts/ptmx", "/dev/ptmx"}};
    const unsigned long flags = MS_NOSUID | MS_NODEV;
    if (mount("tmpfs", "/tmp", "tmpfs", flags, "mode=1777") != 0)
        return -1;
    if (mount("tmpfs", "/dev", "tmpfs", flags | MS_NOEXEC, "mode=0755,size=64k") != 0)
        return -1;
    (void)mkdir("/dev/shm", 01777);
    (void)mkdir("/dev/pts", 0755);
    for (size_t i = 0; i < ARRAY_LEN(LINKS); i++)
        if (symlink(LINKS[i][0], LINKS[i][1]) != 0)
            return -1;
    if (mount("tmpfs", "/dev/shm", "tmpfs", flags, "mode=1777") != 0)
        return -1;
    return mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

void confine_mounts_apply(const struct confine_mounts *m, struct confine_outcome *outcome)
{
    int tree[BINDS_MAX];
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) { /* else it would be mounted on the host too */
        note(outcome, CONFINE_PRIVATE, -1);
        outcome->refused[CONFINE_PROC] = outcome->refused[CONFINE_PRIVATE];
        outcome->refused[CONFINE_ROOT] = m->read_only_root ? outcome->refused[CONFINE_PRIVATE] : 0;
        return;
    }
    for (size_t i = 0; i < m->count; i++)
        tree[i] = clone_of(&m->bind[i]);
    if (m->read_only_root)
        note(outcome, CONFINE_ROOT, make_read_only(AT_FDCWD, "/", 0));
    note(outcome, CONFINE_PRIVATE, mount_private());
    note(outcome, CONFINE_PROC, mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL));
    for (size_t i = 0; i < m->count; i++) {
        const struct confine_bind *b = &m->bind[i];
        bool read_only = m->read_only_root && !b->writable && !b->device;
        note(outcome, CONFINE_PRIVATE, tree[i] < 0 ? -1 : place(b, tree[i], read_only));
        if (tree[i] >= 0)
            (void)close(tree[i]);
    }
}
