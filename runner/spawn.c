#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

/* What the child could not do, sent through the pipe: small enough to arrive whole. */
struct complaint {
    int number; /* errno */
    char step[32];
};

static pid_t clone_into(int cgroup_fd, int *pidfd)
{
    struct clone_args args = {
        .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (__u64)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    if (cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (__u64)cgroup_fd;
    }
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

__attribute__((noreturn)) static void child_complain(int pipe_fd, const char *step)
{
    struct complaint c = {.number = errno};
    (void)strncpy(c.step, step, sizeof(c.step) - 1);
    (void)!write(pipe_fd, &c, sizeof(c));
    _exit(127);
}

/* A kill -9 of the runner must not leave the workload behind. The parent may have died before the request. */
static void child_die_with_parent(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
}

/* dup2() onto the same number leaves FD_CLOEXEC on, so that case is asked for by fcntl. */
static int child_place(int fd, int number)
{
    if (fd == number)
        return fcntl(fd, F_SETFD, 0);
    return dup2(fd, number);
}

/* What the caller was itself started with (a make's jobserver, a shell's) is hidden from the workload: only the kept
 * descriptor passes the exec. Before Linux 5.11 (close_range(2), CLOSE_RANGE_CLOEXEC) it is not. */
static int child_keep_one(int keep_fd)
{
    (void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    return keep_fd >= 0 ? fcntl(keep_fd, F_SETFD, 0) : 0;
}

/* CLONE_CLEAR_SIGHAND leaves ignored signals ignored, as exec does: the runner's SIGPIPE, a nohup's SIGHUP. */
static void child_reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int n = 1; n < NSIG; n++)
        (void)sigaction(n, &standard, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void child_run(const struct spawn_spec *spec, pid_t parent, int pipe_fd)
{
    child_die_with_parent(parent);
    (void)setsid();
    if (spec->affinity && sched_setaffinity(0, sizeof(*spec->affinity), (const cpu_set_t *)spec->affinity->word) != 0)
        child_complain(pipe_fd, "set the CPU affinity");
    if (child_place(spec->stdin_fd, 0) < 0 || child_place(spec->stdout_fd, 1) < 0 ||
        child_place(spec->stderr_fd, 2) < 0 || child_keep_one(spec->keep_fd) < 0)
        child_complain(pipe_fd, "place its descriptors");
    child_reset_signals();
    (void)execve(spec->path, spec->argv, spec->envp);
    child_complain(pipe_fd, "execute it");
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* clone3 itself failed: say which of its two reasons it is. */
static int complain_of_clone(int cgroup_fd, struct err *e)
{
    int number = errno;
    (void)err_sys(e, ERR_OURS, cgroup_fd >= 0 ? "clone3 into the slice" : "clone3");
    if (number == ENOSYS || number == E2BIG)
        (void)err_remedy(e, "a kernel of 5.7 or newer has it; a seccomp filter may hide it");
    return -number;
}

int spawn_start(const struct spawn_spec *spec, struct child *ret, struct err *e)
{
    int ends[2];
    int pidfd = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    cleanup_close int from_child = ends[0];
    cleanup_close int to_parent = ends[1];
    pid_t parent = getpid();
    pid_t pid = clone_into(spec->cgroup_fd, &pidfd);
    if (pid < 0)
        return complain_of_clone(spec->cgroup_fd, e);
    if (pid == 0)
        child_run(spec, parent, to_parent);
    (void)close(STEAL_FD(to_parent));
    struct complaint c;
    ssize_t n;
    do /* end of file: the pipe's other end was closed by the exec */
        n = read(from_child, &c, sizeof(c));
    while (n < 0 && errno == EINTR);
    if (n != 0) {
        reap(pid);
        (void)close(pidfd);
        errno = n == (ssize_t)sizeof(c) ? c.number : EPROTO;
        return err_sys(e, ERR_OURS, "'%s': cannot %.31s", spec->path, n == (ssize_t)sizeof(c) ? c.step : "start it");
    }
    *ret = (struct child){.pid = pid, .pidfd = pidfd, .executed_ns = clock_now_ns()};
    return 0;
}

int spawn_call(int cgroup_fd, int (*fn)(void *), void *arg, struct err *e)
{
    int pidfd = -1;
    pid_t parent = getpid();
    pid_t pid = clone_into(cgroup_fd, &pidfd);
    if (pid < 0)
        return complain_of_clone(cgroup_fd, e);
    if (pid == 0) {
        child_die_with_parent(parent);
        _exit(fn(arg));
    }
    struct child child = {.pid = pid, .pidfd = pidfd};
    struct child_end end;
    int r = spawn_wait(&child, &end, e);
    if (r < 0)
        return r;
    if (end.signalled)
        return err_set(e, ERR_OURS, -ECHILD, "a helper process was ended by signal %d (%s)", end.signal,
                       strsignal(end.signal));
    return end.exit_status;
}

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
    pid_t pid = clone_into(-1, &pidfd);
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        child_die_with_parent(parent);
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

int spawn_wait(struct child *child, struct child_end *ret, struct err *e)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED) != 0)
        if (errno != EINTR)
            return err_sys(e, ERR_OURS, "waiting for pid %d", (int)child->pid);
    *ret = (struct child_end){0};
    ret->signalled = info.si_code != CLD_EXITED;
    if (ret->signalled)
        ret->signal = info.si_status;
    else
        ret->exit_status = info.si_status;
    (void)close(STEAL_FD(child->pidfd));
    return 0;
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
