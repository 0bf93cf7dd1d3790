#include "launch/shm_objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "launch/spawn.h"

#define SHM       "/dev/shm"
#define NAMED_MAX 4

struct object {
    char name[NAME_MAX + 1];
    ino_t inode;
    bool mapped; /* by a process of the run */
    bool in_use; /* by another process */
};

struct shm_objects {
    int dirfd;
    dev_t device;
    uid_t uid;
    ino_t *before; /* the inodes at the start of the run */
    size_t before_count;
    struct object *object; /* new since then */
    size_t count;
};

/* --- listing ----------------------------------------------------------------------------------------------------- */

/* By getdents64(2): a DIR is another descriptor, and 32 KiB that every start without namespaces would touch. */
static int each_entry(struct shm_objects *s, void (*fn)(struct shm_objects *s, const struct dirent *d))
{
    _Alignas(struct dirent) char room[2048];
    ssize_t len = lseek(s->dirfd, 0, SEEK_SET);
    while (len >= 0 && (len = getdents64(s->dirfd, room, sizeof(room))) > 0)
        for (const char *at = room; at < room + len; at += ((const struct dirent *)(const void *)at)->d_reclen)
            fn(s, (const struct dirent *)(const void *)at);
    return len < 0 ? -errno : 0;
}

static void add_before(struct shm_objects *s, const struct dirent *d)
{
    s->before = xgrow(s->before, s->before_count, sizeof(*s->before));
    s->before[s->before_count++] = d->d_ino;
}

static bool is_known(const struct shm_objects *s, ino_t inode)
{
    for (size_t i = 0; i < s->before_count; i++)
        if (s->before[i] == inode)
            return true;
    return false;
}

static void add_new(struct shm_objects *s, const struct dirent *d)
{
    struct stat st;
    if (is_known(s, d->d_ino) || fstatat(s->dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (!S_ISREG(st.st_mode) || st.st_uid != s->uid || st.st_dev != s->device || is_known(s, st.st_ino))
        return;
    for (size_t i = 0; i < s->count; i++)
        if (s->object[i].inode == st.st_ino && strcmp(s->object[i].name, d->d_name) == 0)
            return;
    s->object = xgrow(s->object, s->count, sizeof(*s->object));
    struct object *new = &s->object[s->count++];
    *new = (struct object){.inode = st.st_ino};
    text_format(new->name, sizeof(new->name), "%s", d->d_name);
}

int shm_objects_begin(uid_t uid, struct shm_objects **ret, struct err *e)
{
    struct statfs fs;
    struct stat st;
    *ret = NULL;
    cleanup_close int dirfd = open(SHM, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return 0;
    if (dirfd < 0 || fstatfs(dirfd, &fs) != 0 || fstat(dirfd, &st) != 0)
        return err_sys(e, ERR_HOST, "%s", SHM);
    if (fs.f_type != TMPFS_MAGIC) /* on other file systems /proc/PID/maps may show another device than st_dev */
        return 0;
    __attribute__((cleanup(shm_objects_free))) struct shm_objects *s = xcalloc(1, sizeof(*s));
    *s = (struct shm_objects){.dirfd = STEAL_FD(dirfd), .device = st.st_dev, .uid = uid};
    TRY(err_code(e, ERR_OURS, each_entry(s, add_before), "%s", SHM));
    *ret = STEAL(s);
    return 0;
}

/* --- their users ------------------------------------------------------------------------------------------------- */

static void mark(struct shm_objects *s, ino_t inode, bool ours)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->object[i].inode != inode)
            continue;
        s->object[i].mapped |= ours;
        s->object[i].in_use |= !ours;
    }
}

/* Compares device and inode (fields four and five of /proc/PID/maps, proc(5)), not paths: glibc's sem_open() maps a
 * file of another name first and then links it. */
static void mark_mapped(struct shm_objects *s, pid_t pid, bool ours)
{
    char path[64];
    cleanup_free char *line = NULL;
    size_t cap = 0;
    text_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
    cleanup_file FILE *f = fopen(path, "re");
    while (f && getline(&line, &cap, f) > 0) {
        unsigned major, minor;
        unsigned long long inode;
        if (sscanf(line, "%*s %*s %*s %x:%x %llu", &major, &minor, &inode) == 3 && makedev(major, minor) == s->device)
            mark(s, (ino_t)inode, ours);
    }
}

static void mark_open(struct shm_objects *s, pid_t pid)
{
    char path[64];
    struct stat st;
    text_format(path, sizeof(path), "/proc/%d/fd", (int)pid);
    cleanup_dir DIR *dir = opendir(path);
    for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        if (fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && st.st_dev == s->device)
            mark(s, st.st_ino, false);
}

static void note_process(pid_t pid, void *context)
{
    if (pid > 0)
        mark_mapped(context, pid, true);
}

void shm_objects_note(struct shm_objects *s, int slice_dirfd)
{
    if (!s)
        return;
    if (slice_dirfd >= 0)
        (void)cgdir_freeze(slice_dirfd);
    if (each_entry(s, add_new) == 0 && s->count > 0) {
        if (slice_dirfd >= 0)
            (void)cgdir_each_process(slice_dirfd, note_process, s);
        else
            spawn_each_descendant(note_process, s);
    }
    if (slice_dirfd >= 0)
        cgdir_thaw(slice_dirfd);
}

/* --- removing ---------------------------------------------------------------------------------------------------- */

static void look_for_others(struct shm_objects *s)
{
    cleanup_dir DIR *proc = opendir("/proc");
    for (const struct dirent *d = proc ? readdir(proc) : NULL; d; d = readdir(proc)) {
        int64_t pid = 0;
        if (text_to_i64(d->d_name, &pid) != 0 || pid == getpid())
            continue;
        mark_mapped(s, (pid_t)pid, false);
        mark_open(s, (pid_t)pid);
    }
}

static bool any_mapped(const struct shm_objects *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->object[i].mapped)
            return true;
    return false;
}

/* /dev/shm is sticky: between check and removal only root or the workload's user could replace the file. */
static bool remove_one(const struct shm_objects *s, const struct object *o)
{
    struct stat st;
    cleanup_close int fd = beneath_open(s->dirfd, o->name, O_PATH | O_NOFOLLOW, 0);
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == s->device && st.st_ino == o->inode && st.st_uid == s->uid &&
           S_ISREG(st.st_mode) && unlinkat(s->dirfd, o->name, 0) == 0;
}

int shm_objects_remove(struct shm_objects *s, struct text *removed)
{
    int count = 0;
    if (!s || !any_mapped(s))
        return 0;
    look_for_others(s);
    for (size_t i = 0; i < s->count; i++) {
        const struct object *o = &s->object[i];
        if (!o->mapped || o->in_use || !remove_one(s, o))
            continue;
        cleanup_free char *name = text_printable(o->name);
        if (count++ <= NAMED_MAX)
            text_add(removed, " %s", count <= NAMED_MAX ? name : "…");
    }
    return count;
}

void shm_objects_free(struct shm_objects **objects)
{
    struct shm_objects *s = STEAL(*objects);
    if (!s)
        return;
    (void)close(s->dirfd);
    free(s->before);
    free(s->object);
    free(s);
}
