/* What is started and ended besides the workload: commands that are asked something, and orphans. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "spawn/spawn_internal.h"

#define CAPTURE_MAX ((size_t)1 << 20)

/* Appends what comes until the end of the file or the deadline. */
static void drain(int fd, int64_t deadline_ns, struct text *ret)
{
    char chunk[4096];
    for (;;) {
        int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
            return;
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n <= 0 || ret->len + (size_t)n > CAPTURE_MAX)
            return;
        text_add_bytes(ret, chunk, (size_t)n);
    }
}

int spawn_capture(char *const argv[], int timeout_ms, struct text *ret)
{
    int ends[2];
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    cleanup_close int from_child = ends[0];
    cleanup_close int to_parent = ends[1];
    cleanup_close int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int pidfd = -1;
    pid_t parent = getpid();
    pid_t pid = spawn_clone(-1, 0, &pidfd);
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        spawn_die_with_parent(parent);
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(to_parent, 1) < 0 || dup2(nothing, 2) < 0)
            _exit(127);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    (void)close(STEAL_FD(to_parent));
    drain(from_child, deadline_ns, ret);
    (void)close(STEAL_FD(from_child)); /* whoever prints on is ended by SIGPIPE, not by the deadline */
    int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (poll(&ended, 1, left_ms > 0 ? (int)left_ms : 0) <= 0)
        (void)kill(pid, SIGKILL);
    struct child child = {.pid = pid, .pidfd = pidfd};
    struct child_end end = {0};
    int r = spawn_wait(&child, &end, NULL);
    return r != 0 ? r : end.signalled || end.exit_status != 0 ? -ECHILD : 0;
}

int spawn_adopt_orphans(struct err *e)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return err_sys(e, ERR_OURS, "prctl(PR_SET_CHILD_SUBREAPER)");
    return 0;
}

/* Kills the caller's direct children as /proc lists them (proc(5), task/TID/children). */
static void kill_children(void)
{
    char path[64];
    char list[65536];
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    if (file_read(NULL, path, list, sizeof(list)) <= 0)
        return;
    char *rest = NULL;
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        pid_t pid = (pid_t)strtol(word, NULL, 10);
        if (pid > 1)
            (void)kill(pid, SIGKILL);
    }
}

int spawn_kill_orphans(int timeout_ms, struct err *e)
{
    int ended = 0;
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return ended;
        if (pid > 0) {
            ended++;
            continue;
        }
        if (clock_now_ns() > deadline_ns)
            return err_set(e, ERR_OURS, -ETIMEDOUT, "processes of the workload are still there after %d ms of killing",
                           timeout_ms);
        kill_children();
        (void)poll(NULL, 0, 1);
    }
}
