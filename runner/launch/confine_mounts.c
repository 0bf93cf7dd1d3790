#include "launch/confine_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"
#include "launch/confine_user.h"

/* Before glibc 2.37 <sys/mount.h> conflicts with <linux/mount.h>, which has the newer calls. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

#define SHM       "/dev/shm" /* mount_private() makes it */
#define BINDS_MAX 64

/* Replaced by private empty folders. /run has the sockets of root's services. */
static const char *const PRIVATE[] = {"/tmp", "/dev", "/run", "/var/run"};

/* File systems that inspect or control the kernel. Without them no slice can be seen or entered. */
static const char *const KERNELS[] = {"cgroup",   "cgroup2",    "bpf",    "tracefs", "debugfs",
                                      "configfs", "securityfs", "pstore", "efivarfs"};

#define EMPTY "mode=0755,size=64k,nr_inodes=1k" /* options of a folder that is only hidden */

/* The only visible devices of the host, bind-mounted because a user namespace cannot make devices. With the whole /dev,
 * root's uid could write to a disk even without capabilities. */
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
        return device ? 0 : err_sys(e, ERR_USAGE, "'%s'", path); /* the host lacks this device */
    if (is_planned(m, path, writable))
        return 0;
    if (m->count == BINDS_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "'%s': more paths than %d", path, BINDS_MAX);
    m->bind[m->count++] = (struct confine_bind){
        .path = xstrdup(path), .folder = S_ISDIR(st.st_mode), .writable = writable, .device = device};
    return 0;
}

static int hide(struct confine_mounts *m, const char *path, const char *options, struct err *e)
{
    struct stat st;
    for (size_t i = 0; i < m->hidden_count; i++)
        if (strcmp(m->hidden[i].path, path) == 0)
            return 0;
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)) /* /var/run is usually a link */
        return 0;
    if (m->hidden_count == CONFINE_HIDDEN_MAX)
        return err_set(e, ERR_HOST, -E2BIG, "'%s': more folders to hide than %d", path, CONFINE_HIDDEN_MAX);
    m->hidden[m->hidden_count++] = (struct confine_hidden){xstrdup(path), options};
    return 0;
}

/* Hides all mounts of these types. */
static int hide_kernels(struct confine_mounts *m, struct err *e)
{
    cleanup_text struct text mounts = {0};
    struct mountinfo one;
    TRY(err_code(e, ERR_HOST, file_read_all("", "/proc/self/mountinfo", &mounts), "/proc/self/mountinfo"));
    for (const char *rest = mounts.data; rest && mountinfo_next(&rest, &one);)
        for (size_t i = 0; i < ARRAY_LEN(KERNELS); i++)
            if (strcmp(KERNELS[i], one.type) == 0)
                TRY(hide(m, strncmp(one.point, "/sys/fs/cgroup/", 15) == 0 ? "/sys/fs/cgroup" : one.point, EMPTY, e));
    return 0;
}

/* The length of the innermost hidden folder above path; 0: none. */
static size_t hidden_above(const struct confine_mounts *m, const char *path)
{
    size_t len = 0;
    for (size_t i = 0; i < m->hidden_count; i++)
        if (is_below(path, m->hidden[i].path) && strlen(m->hidden[i].path) > len)
            len = strlen(m->hidden[i].path);
    return len;
}

/* The same for shown folders. */
static size_t shown_above(const struct confine_mounts *m, const char *path)
{
    size_t len = 0;
    for (size_t i = 0; i < m->count; i++)
        if (is_below(path, m->bind[i].path) && strlen(m->bind[i].path) > len)
            len = strlen(m->bind[i].path);
    return len;
}

/* The length of the part of path to show: the entry below its hidden folder (an interpreter needs the files beside it).
 * 0: no hidden folder above it. */
static size_t shown_len(const struct confine_mounts *m, const char *path)
{
    if (strcmp(path, SHM) == 0) /* it has its own; of the host's only needed files are shown */
        return 0;
    size_t len = hidden_above(m, path);
    if (is_below(path, SHM) && len < strlen(SHM))
        len = strlen(SHM);
    return len == 0 ? 0 : len + 1 + strcspn(path + len + 1, "/");
}

static int show(struct confine_mounts *m, const char *path, struct err *e)
{
    char entry[PATH_MAX];
    size_t len = shown_len(m, path);
    if (len == 0)
        return 0;
    if (len >= sizeof(entry))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s'", path);
    memcpy(entry, path, len);
    entry[len] = '\0';
    return access(entry, F_OK) == 0 ? add_bind(m, entry, false, false, e) : 0;
}

static int show_needed(struct confine_mounts *m, const char *path, struct err *e)
{
    char real[PATH_MAX];
    TRY(show(m, path, e));
    return realpath(path, real) ? show(m, real, e) : 0;
}

/* Hides every closed folder on a path: another path may show one of them. */
static int veil_way(struct confine_mounts *m, const struct confine_user *u, const char *path, struct err *e)
{
    char closed[PATH_MAX];
    for (size_t len = 0; (len = confine_user_closed(path, u->uid, u->gid, len)) > 0;) {
        text_format(closed, sizeof(closed), "%.*s", (int)len, path);
        TRY(hide(m, closed, EMPTY, e));
    }
    return 0;
}

/* The same for a needed path and the target of its links. */
static int veil(struct confine_mounts *m, const struct confine_user *u, const char *path, struct err *e)
{
    char real[PATH_MAX];
    TRY(veil_way(m, u, path, e));
    return realpath(path, real) ? veil_way(m, u, real, e) : 0;
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

/* A read-only mount does not prevent connecting to a socket. Masks each socket of this network namespace
 * (/proc/net/unix, proc(5)) whose path is visible inside. */
static int mask_sockets(struct confine_mounts *m, struct err *e)
{
    char line[PATH_MAX + 128];
    struct stat st;
    cleanup_file FILE *f = fopen("/proc/net/unix", "re");
    if (!f)
        return err_sys(e, ERR_HOST, "/proc/net/unix");
    while (fgets(line, sizeof(line), f)) {
        char *path = strchr(line, '/');
        if (!path || path == line || path[-1] != ' ')
            continue;
        path[strcspn(path, "\n")] = '\0';
        bool seen = lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && shown_above(m, path) >= hidden_above(m, path);
        for (size_t i = 0; i < m->masked_count && seen; i++)
            seen = strcmp(m->masked[i], path) != 0;
        m->more_sockets |= seen && m->masked_count == CONFINE_MASKED_MAX;
        if (seen && !m->more_sockets)
            m->masked[m->masked_count++] = xstrdup(path);
    }
    return 0;
}

/* Shows the resolver's file if it lies in a hidden folder, but not the sockets beside it. */
static int show_resolver(struct confine_mounts *m, struct err *e)
{
    char real[PATH_MAX];
    if (!realpath("/etc/resolv.conf", real))
        return 0;
    return hidden_above(m, real) > 0 ? add_bind(m, real, false, false, e) : 0;
}

static int plan_hidden(const struct confine_request *q, const struct confine_user *u, struct confine_mounts *m,
                       struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(PRIVATE); i++)
        TRY(hide(m, PRIVATE[i], i < 2 ? NULL : EMPTY, e));
    TRY(hide_kernels(m, e));
    for (size_t i = 0; u->veils && i < q->needed_count; i++)
        TRY(veil(m, u, q->needed[i], e));
    for (size_t i = 0; u->veils && i < q->writable_count; i++)
        TRY(veil(m, u, q->writable[i], e));
    return 0;
}

static int plan_shown(const struct confine_request *q, struct confine_mounts *m, struct err *e)
{
    if (q->host_network)
        TRY(show_resolver(m, e));
    for (size_t i = 0; i < ARRAY_LEN(DEVICES); i++)
        TRY(add_bind(m, DEVICES[i], false, true, e));
    for (size_t i = 0; i < q->needed_count; i++)
        TRY(show_needed(m, q->needed[i], e));
    for (size_t i = 0; i < q->writable_count; i++)
        TRY(add_writable(m, q->writable[i], e));
    return q->scratch ? add_writable(m, q->scratch, e) : 0;
}

/* Parents first (strcmp(3)); of the same path, the writable one last. */
static int by_path(const void *a, const void *b)
{
    const struct confine_bind *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order != 0 ? order : (int)x->writable - (int)y->writable;
}

static int by_hidden_path(const void *a, const void *b)
{
    return strcmp(((const struct confine_hidden *)a)->path, ((const struct confine_hidden *)b)->path);
}

/* Sorts, parents first, and drops hidden folders inside hidden ones unless a shown folder contains them. */
static void arrange(struct confine_mounts *m)
{
    size_t kept = 0;
    if (m->count > 0)
        qsort(m->bind, m->count, sizeof(*m->bind), by_path);
    if (m->hidden_count > 0)
        qsort(m->hidden, m->hidden_count, sizeof(*m->hidden), by_hidden_path);
    cleanup_free bool *drop = xcalloc(m->hidden_count, sizeof(*drop));
    for (size_t i = 0; i < m->hidden_count; i++)
        drop[i] = hidden_above(m, m->hidden[i].path) > shown_above(m, m->hidden[i].path);
    for (size_t i = 0; i < m->hidden_count; i++)
        if (drop[i])
            free(m->hidden[i].path);
        else
            m->hidden[kept++] = m->hidden[i];
    m->hidden_count = kept;
}

/* Notes standard input if it is a regular file that can still be written (a sealed memfd cannot: memfd_create(2)). */
static void plan_input(struct confine_mounts *m)
{
    char path[PATH_MAX];
    struct stat st;
    if (fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode) || (fcntl(STDIN_FILENO, F_GET_SEALS) & F_SEAL_WRITE) > 0)
        return;
    ssize_t n = readlink("/proc/self/fd/0", path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    m->input = xstrdup(path);
}

int confine_mounts_plan(const struct confine_request *q, const struct confine_user *user, struct confine_mounts *ret,
                        struct err *e)
{
    __attribute__((cleanup(confine_mounts_free))) struct confine_mounts m = {.read_only_root = q->read_only_root};
    m.bind = xcalloc(BINDS_MAX, sizeof(*m.bind));
    text_format(m.tmp_options, sizeof(m.tmp_options), "mode=1777,size=%lld,nr_inodes=1m", (long long)q->tmp_bytes);
    TRY(plan_hidden(q, user, &m, e));
    TRY(plan_shown(q, &m, e));
    if (!q->host_network)
        TRY(mask_sockets(&m, e));
    if (q->has_streams && q->read_only_root)
        plan_input(&m);
    arrange(&m);
    *ret = m;
    m = (struct confine_mounts){0};
    return 0;
}

void confine_mounts_free(struct confine_mounts *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->bind[i].path);
    for (size_t i = 0; i < m->hidden_count; i++)
        free(m->hidden[i].path);
    for (size_t i = 0; i < m->masked_count; i++)
        free(m->masked[i]);
    free(STEAL(m->bind));
    free(STEAL(m->input));
    m->count = m->hidden_count = m->masked_count = 0;
}

/* --- in the child ----------------------------------------------------------------------------------------------- */

static int make_read_only(int dirfd, const char *path, unsigned flags)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, dirfd, path, flags | AT_RECURSIVE, &attr, sizeof(attr));
}

/* Clones the mount before other mounts cover it or it becomes read-only. A descriptor or a negative errno. */
static int clone_of(const struct confine_bind *b)
{
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, b->path,
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (b->folder ? AT_RECURSIVE : 0));
    return tree < 0 ? -errno : tree;
}

static void make_folders_above(const char *path)
{
    char part[PATH_MAX];
    for (size_t i = 1; i < sizeof(part) && path[i]; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        (void)mkdir(part, 0755); /* most exist; the mount below reports failures */
    }
}

static int place(const struct confine_bind *b, int tree, bool read_only)
{
    if (read_only && make_read_only(tree, "", AT_EMPTY_PATH) != 0)
        return -1;
    if (!b->device) /* devices lie directly in the new /dev */
        make_folders_above(b->path);
    if (b->folder)
        (void)mkdir(b->path, 0755);
    else
        (void)mknod(b->path, S_IFREG | 0444, 0);
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, b->path, MOVE_MOUNT_F_EMPTY_PATH);
}

static int mount_private(const struct confine_mounts *m)
{
    static const char *const LINKS[][2] = {{"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"},
                                           {"pts/ptmx", "/dev/ptmx"}};
    const unsigned long flags = MS_NOSUID | MS_NODEV;
    if (mount("tmpfs", "/tmp", "tmpfs", flags, m->tmp_options) != 0)
        return -1;
    if (mount("tmpfs", "/dev", "tmpfs", flags | MS_NOEXEC, "mode=0755,size=64k") != 0)
        return -1;
    (void)mkdir("/dev/shm", 01777);
    (void)mkdir("/dev/pts", 0755);
    for (size_t i = 0; i < ARRAY_LEN(LINKS); i++)
        if (symlink(LINKS[i][0], LINKS[i][1]) != 0)
            return -1;
    if (mount("tmpfs", "/dev/shm", "tmpfs", flags, m->tmp_options) != 0)
        return -1;
    return mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

/* Reopens the same file at the same offset on a read-only mount, so that /proc/self/fd/0 cannot be opened for writing.
 */
static int reopen_input(const char *path)
{
    struct stat was, is;
    struct statvfs fs;
    cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(STDIN_FILENO, &was) != 0 || fstat(fd, &is) != 0 || fstatvfs(fd, &fs) != 0)
        return -1;
    errno = ESTALE;
    if (was.st_dev != is.st_dev || was.st_ino != is.st_ino || !(fs.f_flag & ST_RDONLY))
        return -1;
    off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
    return at >= 0 && lseek(fd, at, SEEK_SET) == at && dup2(fd, STDIN_FILENO) == STDIN_FILENO ? 0 : -1;
}

/* Sockets that have gone meanwhile are ignored. */
static void mask(const struct confine_mounts *m, struct confine_outcome *outcome)
{
    errno = E2BIG;
    confine_note(outcome, CONFINE_SOCKETS, m->more_sockets ? -1 : 0);
    for (size_t i = 0; i < m->masked_count; i++) {
        int null = (int)syscall(SYS_open_tree, AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        long moved = null < 0 ? -1 : syscall(SYS_move_mount, null, "", AT_FDCWD, m->masked[i], MOVE_MOUNT_F_EMPTY_PATH);
        confine_note(outcome, CONFINE_SOCKETS, moved < 0 && errno == ENOENT ? 0 : moved);
        close_fd(&null);
    }
}

/* Without options: mount_private() mounts it (/tmp, /dev). A missing folder needs no hiding. */
static void conceal(const struct confine_hidden *h, struct confine_outcome *outcome)
{
    if (h->options && mount("tmpfs", h->path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, h->options) != 0)
        confine_note(outcome, CONFINE_PRIVATE, errno == ENOENT ? 0 : -1);
}

static void show_bind(const struct confine_mounts *m, const struct confine_bind *b, int tree,
                      struct confine_outcome *outcome)
{
    bool read_only = m->read_only_root && !b->writable && !b->device;
    errno = tree < 0 ? -tree : 0;
    confine_note(outcome, CONFINE_PRIVATE, tree < 0 ? -1 : place(b, tree, read_only));
    close_fd(&tree);
}

/* Merges both sorted lists, parents first: a shown folder may contain folders to hide, and those again folders to show.
 */
static void lay_over(const struct confine_mounts *m, const int *tree, struct confine_outcome *outcome)
{
    for (size_t h = 0, b = 0; h < m->hidden_count || b < m->count;) {
        bool hides = b == m->count || (h < m->hidden_count && strcmp(m->hidden[h].path, m->bind[b].path) <= 0);
        if (hides)
            conceal(&m->hidden[h++], outcome);
        else
            show_bind(m, &m->bind[b], tree[b], outcome);
        b += !hides;
    }
}

void confine_mounts_apply(const struct confine_mounts *m, struct confine_outcome *outcome)
{
    int tree[BINDS_MAX];
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) { /* else the mounts would propagate to the host */
        confine_note(outcome, CONFINE_PRIVATE, -1);
        outcome->refused[CONFINE_PROC] = outcome->refused[CONFINE_PRIVATE];
        outcome->refused[CONFINE_ROOT] = m->read_only_root ? outcome->refused[CONFINE_PRIVATE] : 0;
        return;
    }
    const mode_t mask_of_caller = umask(022); /* all users must be able to enter the new folders */
    for (size_t i = 0; i < m->count; i++)
        tree[i] = clone_of(&m->bind[i]);
    if (m->read_only_root)
        confine_note(outcome, CONFINE_ROOT, make_read_only(AT_FDCWD, "/", 0));
    if (m->input)
        confine_note(outcome, CONFINE_STREAMS, reopen_input(m->input));
    confine_note(outcome, CONFINE_PRIVATE, mount_private(m));
    confine_note(outcome, CONFINE_PROC,
                 mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL));
    lay_over(m, tree, outcome);
    mask(m, outcome);
    (void)umask(mask_of_caller);
}
