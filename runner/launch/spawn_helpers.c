/* Starts and ends processes other than the workload: helper commands, the user's shell commands, orphans. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/trust.h"
#include "launch/spawn_internal.h"

#define CAPTURE_MAX ((size_t)1 << 20)
#define LIST_MAX    ((size_t)1 << 16)

/* A pipe from child to parent. 0 or a negative errno. */
static int open_pipe(int *from_child, int *to_parent)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    *from_child = ends[0];
    *to_parent = ends[1];
    return 0;
}

/* Appends what fd brings until its end, the deadline or a signal, which end_capture() tells. -EFBIG: more than
 * CAPTURE_MAX. */
static int drain(int fd, int signal_fd, int64_t deadline_ns, struct text *ret)
{
    char chunk[4096];
    while (spawn_await(fd, signal_fd, deadline_ns) == 0) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (ret->len + (size_t)n > CAPTURE_MAX)
            return -EFBIG;
        text_add_bytes(ret, chunk, (size_t)n);
    }
    return 0;
}

/* Finds argv[0] on PATH. Reports a program that root does not trust, and treats it as missing. */
static int find_helper(const char *name, char path[PATH_MAX])
{
    struct err why = {0};
    if (strchr(name, '/') && strlen(name) < PATH_MAX) {
        text_format(path, PATH_MAX, "%s", name);
        return 0;
    }
    int failed = trust_find_program(name, path, PATH_MAX, &why);
    if (failed == -EPERM)
        (void)fprintf(stderr, "tare: %s\n", why.text);
    return failed == 0 ? 0 : -ENOENT;
}

/* Waits for the child's end, and kills it at the deadline (-ETIMEDOUT) or a signal (-EINTR). -ECHILD: e says how it
 * ended. */
static int end_capture(struct child *child, int signal_fd, int64_t deadline_ns, struct err *e)
{
    struct child_end end = {0};
    int waited = spawn_await(child->pidfd, signal_fd, deadline_ns);
    if (waited != 0)
        spawn_kill(child);
    int r = spawn_wait(child, &end, NULL);
    if (waited == -EINTR || waited == -ETIMEDOUT || r != 0)
        return waited == -EINTR || waited == -ETIMEDOUT ? waited : r;
    if (end.signalled)
        return err_set(e, ERR_WORKLOAD, -ECHILD, "signal %d ended it (%s)", end.signal, strsignal(end.signal));
    return end.exit_status == 0 ? 0 : err_set(e, ERR_WORKLOAD, -ECHILD, "exit status %d", end.exit_status);
}

int spawn_capture(char *const argv[], int timeout_ms, struct text *ret)
{
    char path[PATH_MAX];
    cleanup_close int from_child = -1, to_parent = -1;
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    if (find_helper(argv[0], path) != 0)
        return -ENOENT;
    TRY(open_pipe(&from_child, &to_parent));
    cleanup_close int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int pidfd = -1;
    pid_t parent = getpid();
    pid_t pid = spawn_clone(-1, 0, &pidfd);
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        spawn_die_with_parent(parent, SIGKILL);
        signals_for_exec();
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(to_parent, 1) < 0 || dup2(nothing, 2) < 0)
            _exit(127);
        (void)execvp(path, argv);
        _exit(127);
    }
    (void)close(STEAL_FD(to_parent));
    int failed = drain(from_child, -1, deadline_ns, ret);
    (void)close(STEAL_FD(from_child)); /* a child that prints on gets SIGPIPE now, not the deadline */
    struct child child = {.pid = pid, .pidfd = pidfd};
    int ended = end_capture(&child, -1, deadline_ns, NULL);
    return failed != 0 ? failed : ended;
}

int spawn_capture_confined(const struct spawn_spec *spec, int timeout_ms, int signal_fd, struct text *ret,
                           struct err *e)
{
    cleanup_close int from_child = -1, to_parent = -1;
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    TRY(err_code(e, ERR_OURS, open_pipe(&from_child, &to_parent), "pipe"));
    cleanup_close int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct child child = SPAWN_NO_CHILD;
    struct spawn_spec whole = *spec;
    whole.keep_fd = -1;
    whole.stdin_fd = whole.stderr_fd = nothing;
    whole.stdout_fd = to_parent;
    int failed = nothing < 0 ? err_sys(e, ERR_OURS, "/dev/null") : spawn_start(&whole, &child, e);
    (void)close(STEAL_FD(to_parent));
    if (failed != 0)
        return failed;
    close_fd(&child.listener_fd); /* without a listener, refused calls get ENOSYS (seccomp_unotify(2)) */
    failed = drain(from_child, signal_fd, deadline_ns, ret);
    (void)close(STEAL_FD(from_child));
    int ended = end_capture(&child, signal_fd, deadline_ns, e);
    spawn_end(&child);
    return failed == 0 ? ended
                       : err_set(e, ERR_WORKLOAD, failed, "what '%s' prints cannot be read: %s", spec->path,
                                 failed == -EFBIG ? "it is more than 1 MiB" : strerror(-failed));
}

/* Calls fn for each child of a process that /proc lists (proc(5), task/TID/children). */
static void each_child(pid_t parent, void (*fn)(pid_t pid, void *context), void *context)
{
    char path[64];
    cleanup_free char *list = xcalloc(LIST_MAX, 1);
    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
    if (file_read(NULL, path, list, LIST_MAX) <= 0)
        return;
    char *rest = NULL;
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        pid_t pid = (pid_t)strtol(word, NULL, 10);
        if (pid > 1)
            fn(pid, context);
    }
}

static void kill_one(pid_t pid, void *context)
{
    (void)context;
    (void)kill(pid, SIGKILL);
}

/* Stops it first: it then cannot start new children, nor reap one whose pid could be reused. */
static void kill_tree(pid_t pid, void *context)
{
    (void)kill(pid, SIGSTOP);
    each_child(pid, kill_tree, context);
    kill_one(pid, context);
}

struct each {
    void (*fn)(pid_t pid, void *context);
    void *context;
};

static void each_descendant(pid_t pid, void *context)
{
    const struct each *e = context;
    e->fn(pid, e->context);
    each_child(pid, each_descendant, context);
}

void spawn_each_descendant(void (*fn)(pid_t pid, void *context), void *context)
{
    each_child(getpid(), each_descendant, &(struct each){fn, context});
}

int spawn_take_signal(int signal_fd)
{
    struct signalfd_siginfo info[8];
    ssize_t n = read(signal_fd, info, sizeof(info));
    return n >= (ssize_t)sizeof(*info) ? (int)info[0].ssi_signo : 0;
}

/* If both come together, the child's end wins and the signal stays pending. */
static int wait_or_interrupt(const struct child *child, int signal_fd)
{
    struct pollfd fds[] = {{.fd = child->pidfd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    int n;
    do
        n = poll(fds, ARRAY_LEN(fds), -1);
    while (n < 0 && errno == EINTR);
    int signal_number = n > 0 && !fds[0].revents ? spawn_take_signal(signal_fd) : 0;
    if (signal_number == 0)
        return 0;
    kill_tree(child->pid, NULL);
    (void)kill(-child->pid, SIGKILL); /* also those whose parents have gone */
    return signal_number;
}

__attribute__((noreturn)) static void shell_run(const char *command, int nothing)
{
    char *const argv[] = {"sh", "-c", (char *)command, NULL};
    spawn_reset_signals();
    spawn_unblock_signals();
    if (dup2(nothing, 0) == 0 && dup2(2, 1) == 1)
        (void)execv("/bin/sh", argv);
    _exit(127);
}

__attribute__((noreturn)) static void end_as(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        _exit(info->si_status);
    (void)prctl(PR_SET_DUMPABLE, 0UL); /* only the shell itself dumps core */
    spawn_reset_signals();
    spawn_unblock_signals();
    (void)raise(info->si_status);
    _exit(127);
}

/* A process between caller and shell, in the shell's session: PR_SET_PDEATHSIG would end only the shell, not what it
 * runs. Ends as the shell does; if the caller ends first, it kills all of them. */
__attribute__((noreturn)) static void shell_guard(const char *command, pid_t parent, int nothing)
{
    int pidfd = -1;
    sigset_t awaited;
    siginfo_t info = {0};
    (void)setsid();
    (void)sigemptyset(&awaited);
    (void)sigaddset(&awaited, SIGCHLD);
    (void)sigaddset(&awaited, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &awaited, NULL);
    spawn_die_with_parent(parent, SIGTERM);
    pid_t shell = spawn_clone(-1, 0, &pidfd);
    if (shell == 0)
        shell_run(command, nothing);
    if (shell < 0)
        _exit(127);
    while (getppid() == parent) {
        if (waitid(P_PID, (id_t)shell, &info, WEXITED | WNOHANG) == 0 && info.si_pid == shell)
            end_as(&info);
        (void)sigwaitinfo(&awaited, NULL);
    }
    kill_tree(shell, NULL);
    (void)kill(0, SIGKILL);
    _exit(127);
}

int spawn_shell(const char *command, int signal_fd, struct child_end *ret, struct err *e)
{
    struct child child = SPAWN_NO_CHILD;
    pid_t parent = getpid();
    int adopts = 0;
    cleanup_close int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* Its background processes must not become the caller's, which would count them as the workload's. */
    (void)prctl(PR_GET_CHILD_SUBREAPER, &adopts);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 0UL);
    child.pid = spawn_clone(-1, 0, &child.pidfd);
    if (child.pid == 0)
        shell_guard(command, parent, nothing);
    int failed = child.pid < 0 ? spawn_complain_of_clone(-1, e) : 0;
    int signal_number = failed == 0 ? wait_or_interrupt(&child, signal_fd) : 0;
    if (failed == 0)
        failed = spawn_wait(&child, ret, e);
    (void)prctl(PR_SET_CHILD_SUBREAPER, (unsigned long)adopts);
    return failed != 0 ? failed : signal_number;
}

/* SIGTERM, even if the caller ignores it, because it may have to clean up slices, mounts or a VM. */
__attribute__((noreturn)) static void companion_run(const char *path, char *const argv[], pid_t parent, int said_fd,
                                                    int failed_fd)
{
    spawn_die_with_parent(parent, SIGTERM);
    signals_for_exec();
    (void)signal(SIGTERM, SIG_DFL);
    if (dup2(said_fd, 2) == 2 && dup2(2, 1) == 1)
        (void)execvp(path, argv);
    const int number = errno;
    (void)!write(failed_fd, &number, sizeof(number));
    _exit(127);
}

int spawn_companion(char *const argv[], int said_fd, struct child *ret)
{
    cleanup_close int from_child = -1, to_parent = -1;
    int number = 0;
    pid_t parent = getpid();
    struct child child = SPAWN_NO_CHILD;
    char path[PATH_MAX];
    if (find_helper(argv[0], path) != 0)
        return -ENOENT;
    TRY(open_pipe(&from_child, &to_parent));
    child.pid = spawn_clone(-1, 0, &child.pidfd);
    if (child.pid < 0)
        return -errno;
    if (child.pid == 0)
        companion_run(path, argv, parent, said_fd, to_parent);
    (void)close(STEAL_FD(to_parent));
    ssize_t n;
    do /* ends with the exec, or with the child */
        n = read(from_child, &number, sizeof(number));
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(number)) {
        (void)spawn_wait(&child, &(struct child_end){0}, NULL);
        return -number;
    }
    *ret = child;
    return 0;
}

int spawn_adopt_orphans(struct err *e)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return err_sys(e, ERR_OURS, "prctl(PR_SET_CHILD_SUBREAPER)");
    return 0;
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
            return err_set(e, ERR_OURS, -ETIMEDOUT, "processes of the workload survived %d ms of SIGKILL", timeout_ms);
        each_child(getpid(), kill_one, NULL);
        (void)poll(NULL, 0, 1);
    }
}
