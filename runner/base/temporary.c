#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#define TRIES           1000
#define TRIES_TO_REMOVE 3

const char *temporary_base(void)
{
    const char *base = getenv("TMPDIR");
    return base && *base ? base : "/tmp";
}

/* Locks a new folder. false: it is gone, since `tare clean` may remove it before it is locked. */
static bool lock(int fd)
{
    struct stat st;
    return flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0 ||
           st.st_nlink > 0; /* without file locks nothing removes it */
}

/* Makes, opens and locks a new folder. -EAGAIN: try again. */
static int make_one(int parent_fd, const char *prefix, char name[TEMPORARY_NAME_MAX])
{
    char path[64 + TEMPORARY_NAME_MAX];
    text_format(path, sizeof(path), "/proc/self/fd/%d/%sXXXXXX", parent_fd, prefix);
    if (!mkdtemp(path))
        return -errno;
    text_format(name, TEMPORARY_NAME_MAX, "%s", strrchr(path, '/') + 1);
    cleanup_close int fd = beneath_open(parent_fd, name, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && fd != -ENOENT) {
        (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
        return fd;
    }
    return fd >= 0 && lock(fd) ? STEAL_FD(fd) : -EAGAIN;
}

int temporary_make(const char *base, const char *prefix, struct temporary *ret, struct err *e)
{
    cleanup_close int parent_fd = -1;
    int fd = -EAGAIN;
    *ret = TEMPORARY_NONE;
    if (strlen(base) > TEMPORARY_BASE_MAX)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s…': the path is too long", base);
    int failed = beneath_open_folder(base, false, &parent_fd, e);
    if (failed != 0) {
        if (e)
            e->kind = ERR_HOST; /* the environment names base */
        return base == getenv("TMPDIR") ? err_wrap(e, "$TMPDIR") : failed;
    }
    for (int i = 0; fd == -EAGAIN && i < TRIES; i++)
        fd = make_one(parent_fd, prefix, ret->name);
    if (err_code(e, ERR_HOST, fd, "cannot make a folder in '%s'", base) != 0) {
        if (strcmp(base, temporary_base()) == 0)
            (void)err_remedy(e, "$TMPDIR names another place");
        return fd;
    }
    text_format(ret->path, sizeof(ret->path), "%s/%s", base, ret->name);
    ret->fd = fd;
    ret->parent_fd = STEAL_FD(parent_fd);
    return 0;
}

/* Whether its name still leads to it: anybody who may write to the base can have replaced it. 1: yes. 0: replaced or
 * gone. A negative errno: unknown. */
static int is_in_place(const struct temporary *t)
{
    struct stat own, there;
    if (fstat(t->fd, &own) != 0)
        return -errno;
    if (fstatat(t->parent_fd, t->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : -errno;
    return own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

void temporary_remove(struct temporary *t)
{
    if (t->fd < 0)
        return;
    int failed = 0, there = 1;
    for (int i = 0; i < TRIES_TO_REMOVE && there != 0; i++) { /* a process may still write to it */
        there = is_in_place(t);
        failed = there > 0 ? file_remove_tree(t->parent_fd, t->name) : there;
    }
    if (failed != 0)
        (void)fprintf(stderr, "tare: cannot remove '%s': %s ('tare clean' removes it)\n", t->path, strerror(-failed));
    (void)close(t->fd);
    (void)close(t->parent_fd);
    *t = TEMPORARY_NONE;
}
