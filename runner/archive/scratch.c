#include "archive/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/source.h"
#include "base/text.h"

#define SLOTS          4
#define CHILDREN_DEPTH 8

/* The folders there are, for whoever ends the process. */
static char standing[SLOTS][PATH_MAX / 2];

/* --- the end of the process, wherever it was: nothing here allocates --------------------------------------------- */

/* Ends what a process has started, and what those have (proc(5), task/TID/children). */
static void end_children(pid_t of, int depth)
{
    char path[64], list[4096];
    char *end = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)of, (int)of);
    if (depth == CHILDREN_DEPTH || file_read(NULL, path, list, sizeof(list)) <= 0)
        return;
    for (const char *p = list;; p = end) {
        pid_t pid = (pid_t)strtol(p, &end, 10);
        if (end == p || pid <= 1)
            return;
        end_children(pid, depth + 1);
        (void)kill(pid, SIGKILL);
        if (depth == 0)
            (void)waitpid(pid, NULL, 0);
    }
}

/* Like file_remove_tree(), of a folder that is our own. */
static void remove_tree(int dirfd, const char *name)
{
    _Alignas(struct dirent64) char entries[4096];
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    for (bool any = fd >= 0; any && lseek(fd, 0, SEEK_SET) == 0;) {
        ssize_t n = getdents64(fd, entries, sizeof(entries));
        any = false;
        for (ssize_t at = 0; at < n; at += ((struct dirent64 *)(entries + at))->d_reclen) {
            const char *entry = ((struct dirent64 *)(entries + at))->d_name;
            if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0)
                continue;
            if (unlinkat(fd, entry, 0) != 0)
                remove_tree(fd, entry);
            any = any || faccessat(fd, entry, F_OK, AT_SYMLINK_NOFOLLOW) != 0; /* else it cannot be removed at all */
        }
    }
    if (fd >= 0)
        (void)close(fd);
    (void)unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* What would still write into the folders goes first. Other signals wait meanwhile. */
static void on_end(int signal)
{
    end_children(getpid(), 0);
    for (size_t i = 0; i < SLOTS; i++)
        if (*standing[i])
            remove_tree(AT_FDCWD, standing[i]);
    (void)raise(signal); /* SA_RESETHAND: the default, once this has returned */
}

static void watch_for_the_end(void)
{
    struct sigaction act = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND};
    sigset_t ends;
    (void)sigfillset(&act.sa_mask);
    signals_of_end(&ends);
    for (int n = 1; n < NSIG; n++)
        if (sigismember(&ends, n) == 1)
            (void)sigaction(n, &act, NULL);
}

/* --- making and ending them -------------------------------------------------------------------------------------- */

/* Whoever is ended in between would leave a folder that nobody knows of, or remove one whose name is half written. */
static void hold_the_end(sigset_t *before)
{
    sigset_t held;
    signals_of_end(&held);
    (void)sigprocmask(SIG_BLOCK, &held, before);
}

static void stand(const char *path, const char *instead)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (strcmp(standing[i], path) == 0) {
            text_format(standing[i], sizeof(standing[i]), "%s", instead);
            return;
        }
}

/* A lock on the folder for as long as it is used: tare clean tells by it which are (workload_tmpdirs_clean()). false:
 * it was taken for one that was left, before it had its lock. */
static bool lock(const struct scratch *s)
{
    struct stat st;
    return s->fd < 0 || flock(s->fd, LOCK_EX) != 0 || fstat(s->fd, &st) != 0 || st.st_nlink > 0;
}

static bool make(const char *in, struct scratch *ret)
{
    do {
        text_format(ret->path, sizeof(ret->path), "%s/.tare-XXXXXX", in);
        if (!mkdtemp(ret->path))
            return false;
        ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (lock(ret))
            return true;
        (void)close(STEAL_FD(ret->fd));
    } while (true);
}

int scratch_begin(const char *beside, struct scratch *ret, struct err *e)
{
    sigset_t before;
    const char *tmp = getenv("TMPDIR");
    const char *in = beside ? beside : tmp && *tmp ? tmp : "/tmp";
    if (strlen(in) > sizeof(ret->path) - 32)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", in);
    hold_the_end(&before);
    bool made = make(in, ret);
    int failed = made && ret->fd >= 0 ? 0 : err_sys(e, ERR_HOST, "a folder in '%s'", in);
    if (made) {
        stand("", ret->path);
        watch_for_the_end();
    } else
        ret->path[0] = '\0';
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        scratch_end(ret);
    return failed;
}

void scratch_end(struct scratch *s)
{
    sigset_t before;
    if (!*s->path)
        return;
    if (s->fd >= 0)
        (void)close(STEAL_FD(s->fd));
    file_remove_temporary(s->path);
    hold_the_end(&before);
    stand(s->path, "");
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    s->path[0] = '\0';
}

int scratch_make_folders(int dirfd, const char *path)
{
    char part[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        text_format(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (mkdirat(dirfd, part, 0755) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

int scratch_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e)
{
    int failed = scratch_make_folders(dirfd, path);
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "%s: %s", path, strerror(-failed));
    return file_create_at(dirfd, path, bytes, len, e);
}

int scratch_read(int dirfd, const char *path, size_t max, struct text *ret)
{
    return source_read(dirfd, path, dirfd == AT_FDCWD, max - ret->len, ret, NULL);
}

int scratch_check_output(const char *path, struct err *e)
{
    char output[PATH_MAX];
    struct stat st;
    size_t len = strlen(path);
    if (len >= sizeof(output))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "-o: the name is too long");
    if (len <= 4 || strcmp(path + len - 4, ".tar") != 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "-o '%s': what is allowed is a name that ends in .tar ('zstd FILE.tar' compresses it afterwards)", path);
    text_format(output, sizeof(output), "%s", path);
    const char *in = dirname(output);
    if (stat(in, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(in, W_OK | X_OK) == 0)
        return stat(path, &st) != 0 || S_ISREG(st.st_mode)
                   ? 0
                   : err_set(e, ERR_USAGE, -EINVAL, "-o '%s' is no regular file", path);
    return err_sys(e, ERR_USAGE, "-o '%s': the folder '%s'", path, in);
}

static ssize_t read_block(int fd, char *buf, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = read(fd, buf + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

bool scratch_same(int a_fd, int b_fd, const char *path)
{
    char a_block[16384], b_block[16384];
    cleanup_close int a = openat(a_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    cleanup_close int b = openat(b_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    for (;;) {
        ssize_t n = a < 0 ? -1 : read_block(a, a_block, sizeof(a_block));
        ssize_t m = b < 0 ? -1 : read_block(b, b_block, sizeof(b_block));
        if (n < 0 || n != m || memcmp(a_block, b_block, (size_t)n) != 0)
            return false;
        if (n == 0)
            return true;
    }
}
