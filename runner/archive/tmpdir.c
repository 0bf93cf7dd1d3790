#include "archive/tmpdir.h"

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

/* The existing folders, for on_end(). */
static char standing[SLOTS][PATH_MAX / 2];

/* --- in the signal handler: nothing here allocates ---------------------------------------------------------------- */

/* Kills all descendants of a process (proc(5), task/TID/children). */
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

/* Like file_remove_tree(), for our own folders. */
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
            any = any ||
                  faccessat(fd, entry, F_OK, AT_SYMLINK_NOFOLLOW) != 0; /* else it cannot be removed: do not loop */
        }
    }
    if (fd >= 0)
        (void)close(fd);
    (void)unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* First kills the processes that could still write to the folders. Other signals are blocked. */
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

/* --- making and removing ----------------------------------------------------------------------------------------- */

/* Blocks the signals while `standing` and the folders disagree. */
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

/* Locks a folder for as long as it is used; tare clean then keeps it (workload_tmpdirs_clean()). false: tare clean
 * removed it before it was locked. */
static bool lock(const struct tmpdir *s)
{
    struct stat st;
    return s->fd < 0 || flock(s->fd, LOCK_EX) != 0 || fstat(s->fd, &st) != 0 || st.st_nlink > 0;
}

static bool make(const char *in, struct tmpdir *ret)
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

int tmpdir_make(const char *beside, struct tmpdir *ret, struct err *e)
{
    sigset_t before;
    const char *tmp = getenv("TMPDIR");
    const char *in = beside ? beside : tmp && *tmp ? tmp : "/tmp";
    if (strlen(in) > sizeof(ret->path) - 32)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", in);
    hold_the_end(&before);
    bool made = make(in, ret);
    int failed = made && ret->fd >= 0 ? 0 : err_sys(e, ERR_HOST, "cannot make a folder in '%s'", in);
    if (made) {
        stand("", ret->path);
        watch_for_the_end();
    } else
        ret->path[0] = '\0';
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        tmpdir_remove(ret);
    return failed;
}

void tmpdir_remove(struct tmpdir *s)
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
