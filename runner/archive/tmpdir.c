#include "archive/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"
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

/* First kills the processes that could still write to the folders. Other signals are blocked. */
static void on_end(int signal)
{
    end_children(getpid(), 0);
    for (size_t i = 0; i < SLOTS; i++)
        if (*standing[i])
            (void)file_remove_tree(AT_FDCWD, standing[i]);
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

static void stand(const char *path, const char *instead)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (strcmp(standing[i], path) == 0) {
            text_format(standing[i], sizeof(standing[i]), "%s", instead);
            return;
        }
}

int tmpdir_make(const char *beside, struct temporary *ret, struct err *e)
{
    sigset_t before;
    const char *in = beside ? beside : temporary_base();
    if (strlen(in) > sizeof(standing[0]) - 32)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", in);
    signals_hold(&before); /* `standing` and the folders must agree */
    int failed = temporary_make(in, ".tare-", ret, e);
    if (failed == 0) {
        stand("", ret->path);
        watch_for_the_end();
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return failed;
}

void tmpdir_remove(struct temporary *t)
{
    sigset_t before;
    char path[PATH_MAX];
    if (!*t->path)
        return;
    text_format(path, sizeof(path), "%s", t->path);
    temporary_remove(t);
    signals_hold(&before);
    stand(path, "");
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}
