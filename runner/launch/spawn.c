#include "launch/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/spawn_internal.h"

static const char EXECUTE[] = "execute it"; /* the last step */
static const char ENTER[] = "enter its folder";
static const char BEGIN[] = "start it"; /* the step to blame if it says nothing */

#define PATIENCE_NS     (60 * NS_PER_S) /* an exec may wait for a file system */
#define DESCRIPTORS_MAX (1 << 20)

/* Moves into the slice if clone3 is hidden, and sets *moved. Only memory touched from now on is charged there
 * (cgroup-v2.rst, "Memory Ownership"), but the exec replaces the rest. 0, or -1 with errno. */
static int child_enter_slice(int cgroup_fd, bool *moved)
{
    *moved = cgroup_fd >= 0 && spawn_clone3_is_hidden();
    if (!*moved)
        return 0;
    int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, "0", 1) == 1 ? 0 : -1;
}

static struct spawn_message complaint(int number, const char *step)
{
    struct spawn_message m = {.number = number};
    (void)strncpy(m.step, step, sizeof(m.step) - 1);
    return m;
}

__attribute__((noreturn)) void spawn_complain(int talk_fd, const char *step)
{
    const struct spawn_message m = complaint(errno, step);
    (void)send(talk_fd, &m, sizeof(m), MSG_NOSIGNAL);
    _exit(127);
}

static _Noreturn void child_complain(const struct spawn_birth *birth, const char *step)
{
    if (!birth->said)
        spawn_complain(birth->talk_fd, step);
    *birth->said = complaint(errno, step);
    _exit(127);
}

/* Even a kill -9 of the runner must end the workload. The parent may have died before the prctl. */
void spawn_die_with_parent(pid_t parent, int number)
{
    (void)prctl(PR_SET_PDEATHSIG, number);
    if (getppid() != parent)
        _exit(127);
}

/* dup2() onto the same number would keep FD_CLOEXEC. */
static int child_place(int fd, int number)
{
    if (fd == number)
        return fcntl(fd, F_SETFD, 0);
    return dup2(fd, number);
}

/* If the kernel lacks the call (before 5.9) or its flag (before 5.11), handles each descriptor up to the limit; higher
 * ones exist only if the limit was lowered. */
int spawn_close_range(int first, unsigned flags)
{
    struct rlimit limit;
    if (syscall(SYS_close_range, (unsigned)first, ~0U, flags) == 0)
        return 0;
    if ((errno != ENOSYS && errno != EINVAL) || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    for (int fd = first; (rlim_t)fd < limit.rlim_cur && fd < DESCRIPTORS_MAX; fd++)
        (void)(flags ? fcntl(fd, F_SETFD, FD_CLOEXEC) : close(fd));
    return 0;
}

/* Only keep_fd survives the exec: the workload must not see the caller's descriptors (a make's jobserver). */
static int child_keep_one(int keep_fd)
{
    if (spawn_close_range(3, CLOSE_RANGE_CLOEXEC) != 0)
        return -1;
    return keep_fd >= 0 ? fcntl(keep_fd, F_SETFD, 0) : 0;
}

/* CLONE_CLEAR_SIGHAND and exec keep ignored signals ignored: the runner's SIGPIPE, a nohup's SIGHUP. Uses the bare
 * system call, because the C library's refuses its own two signals, which its posix_spawn() leaves ignored in what make
 * starts. A zeroed struct (SIG_DFL, no flags, an empty mask) is valid in any kernel layout. */
void spawn_reset_signals(void)
{
    static const char standard[64];
    for (int n = 1; n < NSIG; n++)
        (void)syscall(SYS_rt_sigaction, n, standard, NULL, (size_t)((NSIG - 1) / 8));
}

void spawn_unblock_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts descriptors into a message; control is zeroed (cmsg(3)). */
static void pass(struct msghdr *msg, union passed *control, const int *fds, size_t count)
{
    msg->msg_control = control->room;
    msg->msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(msg);
    *head =
        (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
}

/* Reports that the exec comes next. With an init, the runner gets the pid from the socket's credentials (in its own
 * namespace: unix(7), SCM_CREDENTIALS) and a pidfd; with a filter, its listener. */
static int child_say_ready(const struct spawn_birth *birth, const struct confine_outcome *outcome, bool moved,
                           int listener)
{
    const bool has_init = birth->parent == 0;
    struct spawn_message m = {.outcome = *outcome, .moved = moved, .at_ns = clock_now_ns()};
    struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
    union passed control;
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    int fds[2];
    size_t n = 0;
    if (birth->said) {
        *birth->said = m;
        return 0;
    }
    if (has_init && (fds[n++] = (int)syscall(SYS_pidfd_open, getpid(), 0U)) < 0)
        return -1;
    if (listener >= 0)
        fds[n++] = listener;
    memset(&control, 0, sizeof(control));
    if (n > 0)
        pass(&msg, &control, fds, n);
    return sendmsg(birth->talk_fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(m) ? 0 : -1;
}

/* --isolation strict: fails if any layer was refused. */
static void child_insist(const struct spawn_birth *birth, const struct confine_outcome *outcome)
{
    for (int i = 0; i < CONFINE_LAYERS; i++) {
        if (outcome->refused[i] == 0)
            continue;
        errno = outcome->refused[i];
        child_complain(birth, confine_layer_names[i]);
    }
}

void spawn_child_run(void *of)
{
    const struct spawn_birth *birth = of;
    const struct spawn_spec *spec = birth->spec;
    const pid_t parent = birth->parent;
    struct confine_outcome outcome = birth->outcome;
    int listener = -1;
    bool moved = false;
    (void)setsid();
    if (child_enter_slice(birth->cgroup_fd, &moved) != 0)
        child_complain(birth, "enter the slice");
    const struct cpulist *cpus = birth->affinity;
    if (cpus && sched_setaffinity(0, sizeof(*cpus), (const cpu_set_t *)cpus->word) != 0)
        child_complain(birth, "set the CPU affinity");
    if (spec->cwd && chdir(spec->cwd) != 0)
        child_complain(birth, ENTER);
    if (child_place(spec->stdin_fd, 0) < 0 || child_place(spec->stdout_fd, 1) < 0 ||
        child_place(spec->stderr_fd, 2) < 0 || child_keep_one(spec->keep_fd) < 0)
        child_complain(birth, "place its descriptors");
    if (parent) {
        spawn_reset_signals();
        if (spec->confine)
            confine_drop_bounding(spec->confine, &outcome);
    }
    spawn_unblock_signals();
    if (spec->confine)
        listener = confine_drop(spec->confine, &outcome);
    if (parent) /* a change of user resets the death signal (prctl(2)) */
        spawn_die_with_parent(parent, SIGKILL);
    if (spec->insist)
        child_insist(birth, &outcome);
    if (child_say_ready(birth, &outcome, moved, listener) != 0)
        child_complain(birth, "be watched");
    (void)execve(spec->path, spec->argv, spec->envp);
    child_complain(birth, EXECUTE);
}

/* Whether the exec failed because of the program, its interpreter or its arguments. */
static bool is_the_callers(int number)
{
    static const int NUMBERS[] = {ENOENT, EACCES,  ENOEXEC, ELIBBAD, ENOTDIR, ELOOP,
                                  EISDIR, ETXTBSY, EINVAL,  EPERM,   E2BIG,   ENAMETOOLONG};
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++)
        if (number == NUMBERS[i])
            return true;
    return false;
}

/* Whether it ran out of the time that the caller gave it, before that in which any program starts. */
static bool is_short_of_time(const struct spawn_spec *spec)
{
    return spec->timeout_ns > 0 && spec->timeout_ns < PATIENCE_NS;
}

static int complain_of_start(const struct spawn_spec *spec, const struct spawn_message *m, struct err *e)
{
    const char *path = spec->path;
    bool executing = strcmp(m->step, EXECUTE) == 0;
    errno = m->number;
    if (m->number == ETIMEDOUT && is_short_of_time(spec))
        return err_set(e, ERR_WORKLOAD, -ETIMEDOUT, "'%s': it did not start within %g s (--timeout)", path,
                       (double)spec->timeout_ns / NS_PER_S);
    if (m->number == ETIMEDOUT)
        return err_set(e, ERR_OURS, -ETIMEDOUT, "'%s': it did not start in time", path);
    bool entering = strcmp(m->step, ENTER) == 0;
    int failed = err_sys(e, (executing || entering) && is_the_callers(m->number) ? ERR_USAGE : ERR_OURS,
                         "'%s': cannot %.55s", path, m->step);
    if (entering && m->number == EACCES)
        (void)err_remedy(e, "start tare in a folder that the workload's user may enter");
    if (executing && m->number == ENOENT)
        (void)err_remedy(e, "the program, or the interpreter that it names, does not exist");
    if (executing && m->number == ENOEXEC)
        (void)err_remedy(e, "not a program for this machine; a script must begin with #!");
    return failed;
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int spawn_complain_of_clone(int cgroup_fd, struct err *e)
{
    int number = errno;
    (void)err_sys(e, number == EAGAIN ? ERR_HOST : ERR_OURS, cgroup_fd >= 0 ? "clone3 into the slice" : "clone3");
    if (number == EAGAIN)
        (void)err_remedy(e, "a limit of processes was reached: ulimit -u, or pids.max of a cgroup");
    if (number == ENOSYS || number == E2BIG)
        (void)err_remedy(e, "it needs Linux 5.7, and no seccomp filter that hides it");
    return -number;
}

/* Takes the descriptors and the sender's pid from a message. */
static void take_passed(struct msghdr *msg, bool has_init, struct child *child)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred sender;
        int fds[2] = {-1, -1};
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS && has_init) {
            memcpy(&sender, CMSG_DATA(c), sizeof(sender));
            child->pid = sender.pid;
        }
        if (c->cmsg_type != SCM_RIGHTS)
            continue;
        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0) < sizeof(fds) ? c->cmsg_len - CMSG_LEN(0) : sizeof(fds));
        if (has_init)
            child->pidfd = fds[0];
        child->listener_fd = fds[has_init ? 1 : 0];
    }
}

static int complain(struct spawn_message *m, int number, const char *step)
{
    *m = complaint(number, step);
    return -1;
}

int spawn_await(int fd, int signal_fd, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
        int64_t left_ns = deadline_ns - clock_now_ns();
        struct timespec left = clock_timespec(left_ns > 0 ? left_ns : 0);
        int n = ppoll(p, 2, &left, NULL);
        if (n > 0)
            return p[1].revents ? -EINTR : 0;
        if (n == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

static void take_ready(const struct spawn_message *m, struct child *child)
{
    child->outcome = m->outcome;
    child->moved = m->moved;
    child->started_ns = m->at_ns;
}

/* Reads the child's messages until the exec closes its end of the socket. 0; or -1 with the failed step in *m. */
static int hear(int talk_fd, int64_t deadline_ns, struct child *child, struct spawn_message *m)
{
    bool ready = false;
    for (;;) {
        int waited = spawn_await(talk_fd, -1, deadline_ns);
        if (waited != 0)
            return complain(m, -waited, BEGIN);
        union passed control;
        struct iovec iov = {.iov_base = m, .iov_len = sizeof(*m)};
        struct msghdr msg = {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(talk_fd, &msg, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 && ready)
            return 0;
        if (n < 0)
            return complain(m, errno, BEGIN);
        if (n != (ssize_t)sizeof(*m))
            return complain(m, EPROTO, BEGIN);
        if (m->number != 0)
            return -1;
        take_passed(&msg, child->init > 0, child);
        if (msg.msg_flags & MSG_CTRUNC) /* no descriptor was free (unix(7)) */
            return complain(m, EMFILE, "be watched");
        take_ready(m, child);
        ready = true;
    }
}

/* What it left in shared memory before its exec, or its end. */
static int read_left(struct child *child, struct spawn_message *m)
{
    if (m->number != 0)
        return -1;
    take_ready(m, child);
    return m->at_ns != 0 ? 0 : complain(m, EPROTO, BEGIN);
}

static int socket_pair(int ends[2], struct err *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_sys(e, ERR_OURS, "socketpair");
    return 0;
}

/* Whether clone3 failed because of the namespaces: not permitted, at the limit, or unknown. */
static bool namespaces_refused(int number)
{
    return number == EPERM || number == ENOSPC || number == EUSERS || number == EINVAL || number == ENOSYS;
}

/* Starts the first process of new namespaces. Returns its pid; 0: the host refuses them, and child->refused says why;
 * negative: error. */
static pid_t clone_init(const struct spawn_spec *spec, const int talk[2], const int control[2], struct child *child)
{
    pid_t pid = spawn_clone(-1, spec->confine->namespaces, &child->init_pidfd);
    if (pid == 0) {
        (void)close(talk[0]);
        (void)close(control[0]);
        spawn_init_run(spec, talk[1], control[1]);
    }
    if (pid >= 0 || !namespaces_refused(errno) || spec->insist)
        return pid;
    child->refused = errno;
    return 0;
}

/* If there is an init, *child gets the runner's ends of the two sockets. */
static int start_init(const struct spawn_spec *spec, struct child *child, struct err *e)
{
    const int on = 1;
    int talk[2], control[2];
    TRY(socket_pair(talk, e));
    cleanup_close int heard = talk[0];
    cleanup_close int said __attribute__((unused)) = talk[1];
    TRY(socket_pair(control, e));
    cleanup_close int told = control[0];
    cleanup_close int asked __attribute__((unused)) = control[1];
    (void)setsockopt(heard, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
    child->init = clone_init(spec, talk, control, child);
    if (child->init < 0)
        return spawn_complain_of_clone(-1, e);
    if (child->init > 0) {
        child->talk_fd = STEAL_FD(heard);
        child->init_fd = STEAL_FD(told);
    }
    return 0;
}

/* Without an init: the workload is the caller's child, with the layers that need no namespace. It speaks through memory
 * that it shares with the caller until its exec; where it cannot share it, or has a filter's listener to pass, through
 * a socket. */
static int start_child(const struct spawn_spec *spec, struct child *child, struct spawn_message *m, struct err *e)
{
    struct spawn_birth birth = {.spec = spec,
                                .cgroup_fd = spec->cgroup_fd,
                                .talk_fd = -1,
                                .affinity = spec->affinity,
                                .parent = getpid(),
                                .outcome = CONFINE_NO_OUTCOME,
                                .said = spec->confine ? NULL : m};
    int talk[2];
    if (birth.said) {
        child->pid = spawn_clone_sharing(spec->cgroup_fd, &child->pidfd, spawn_child_run, &birth);
        if (child->pid >= 0 || errno != ENOSYS)
            return child->pid < 0 ? spawn_complain_of_clone(spec->cgroup_fd, e) : 0;
        birth.said = NULL;
    }
    for (int i = CONFINE_NAMESPACES; spec->confine && i <= CONFINE_HOSTNAME; i++)
        birth.outcome.refused[i] = spec->confine->wants[i] ? child->refused : 0;
    TRY(socket_pair(talk, e));
    child->talk_fd = talk[0];
    cleanup_close int said __attribute__((unused)) = birth.talk_fd = talk[1];
    child->pid = spawn_clone_until_exec(spec->cgroup_fd, &child->pidfd, spawn_child_run, &birth);
    return child->pid < 0 ? spawn_complain_of_clone(spec->cgroup_fd, e) : 0;
}

/* Tells the init to start the workload, and passes a descriptor of the slice. If the init has died, hear() reports it.
 */
static int tell_init(const struct child *child, const struct spawn_spec *spec, struct err *e)
{
    struct spawn_word word = {.has_affinity = spec->affinity != NULL};
    struct iovec iov = {.iov_base = &word, .iov_len = sizeof(word)};
    union passed control;
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (spec->affinity)
        word.affinity = *spec->affinity;
    memset(&control, 0, sizeof(control));
    if (spec->cgroup_fd >= 0)
        pass(&msg, &control, &spec->cgroup_fd, 1);
    if (sendmsg(child->init_fd, &msg, MSG_NOSIGNAL) >= 0 || errno == EPIPE)
        return 0;
    return err_sys(e, ERR_OURS, "cannot tell the first process of its namespaces to start it");
}

int spawn_prepare(const struct spawn_spec *spec, struct child *ret, struct err *e)
{
    *ret = SPAWN_NO_CHILD;
    return spec->confine ? start_init(spec, ret, e) : 0;
}

int spawn_go(const struct spawn_spec *spec, struct child *child, struct err *e)
{
    struct spawn_message m = {0};
    int64_t deadline_ns = clock_now_ns() + (is_short_of_time(spec) ? spec->timeout_ns : PATIENCE_NS);
    int failed = child->init > 0 ? tell_init(child, spec, e) : start_child(spec, child, &m, e);
    int heard = failed != 0          ? -1
                : child->talk_fd < 0 ? read_left(child, &m)
                                     : hear(child->talk_fd, deadline_ns, child, &m);
    if (heard == 0) {
        close_fd(&child->talk_fd);
        child->executed_ns = clock_now_ns();
        return 0;
    }
    if (child->init > 0)
        spawn_end(child);
    else if (child->pid > 0) {
        spawn_kill(child); /* it may have been executed although its messages were wrong */
        reap(child->pid);
    }
    close_fd(&child->pidfd);
    close_fd(&child->listener_fd);
    close_fd(&child->talk_fd);
    return failed != 0 ? failed : complain_of_start(spec, &m, e);
}

int spawn_start(const struct spawn_spec *spec, struct child *ret, struct err *e)
{
    struct child child;
    TRY(spawn_prepare(spec, &child, e));
    TRY(spawn_go(spec, &child, e));
    *ret = child;
    return 0;
}

void spawn_kill(const struct child *child)
{
    if (child->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0U);
}

void spawn_end(struct child *child)
{
    if (child->init <= 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, child->init_pidfd, SIGKILL, NULL, 0U);
    reap(child->init); /* ECHILD: spawn_kill_orphans() has reaped it */
    (void)close(STEAL_FD(child->init_pidfd));
    (void)close(STEAL_FD(child->init_fd));
    close_fd(&child->talk_fd); /* prepared but never started */
    child->init = 0;
}

int spawn_call(int cgroup_fd, int (*fn)(void *), void *arg, struct err *e)
{
    int pidfd = -1;
    pid_t parent = getpid();
    pid_t pid = spawn_clone(cgroup_fd, 0, &pidfd);
    if (pid < 0)
        return spawn_complain_of_clone(cgroup_fd, e);
    if (pid == 0) {
        bool moved = false;
        spawn_die_with_parent(parent, SIGKILL);
        _exit(child_enter_slice(cgroup_fd, &moved) == 0 ? fn(arg) : 127);
    }
    struct child child = {.pid = pid, .pidfd = pidfd};
    struct child_end end = {0};
    int r = spawn_wait(&child, &end, e);
    if (r < 0)
        return r;
    if (end.signalled)
        return err_set(e, ERR_OURS, -ECHILD, "a helper process was ended by signal %d (%s)", end.signal,
                       strsignal(end.signal));
    return end.exit_status;
}

/* Hears from the init how the workload ended. A killed init says nothing, and has taken the workload with it. */
static int wait_by_init(const struct child *child, siginfo_t *info, struct err *e)
{
    siginfo_t silent = {0};
    struct spawn_end_message end = {0};
    ssize_t n;
    do
        n = recv(child->init_fd, &end, sizeof(end), 0);
    while (n < 0 && errno == EINTR);
    bool told = n == (ssize_t)sizeof(end);
    info->si_code = told ? end.code : CLD_KILLED;
    info->si_status = told ? end.status : SIGKILL;
    if (told)
        (void)send(child->init_fd, "", 1, MSG_NOSIGNAL);
    else if (waitid(P_PID, (id_t)child->init, &silent, WEXITED | WNOWAIT) == 0 && silent.si_code == CLD_EXITED)
        return err_set(e, ERR_OURS, -EPROTO, "the first process of its namespaces could not tell how it ended");
    return 0;
}

int spawn_wait(struct child *child, struct child_end *ret, struct err *e)
{
    siginfo_t info = {0};
    int failed = child->init > 0 ? wait_by_init(child, &info, e) : 0;
    if (child->init <= 0)
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
    return failed;
}
