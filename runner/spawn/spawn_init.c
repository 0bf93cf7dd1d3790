#include "spawn/spawn_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first process of a pid namespace gets no signal that it does not handle, reaps every orphan, and with it all the
 * others end (pid_namespaces(7)): so it is no part of the workload and stays in the runner's cgroup, charged to that.
 */

/* From outside SIGKILL does reach it: all that was started ends with the runner. The runner may have died before. */
static void die_with_runner(int control_fd)
{
    struct pollfd gone = {.fd = control_fd, .events = 0};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&gone, 1, 0) > 0)
        _exit(127);
}

/* Tells of the end and leaves the zombie until the runner has looked at it. */
static void tell(int control_fd, const siginfo_t *info)
{
    const struct spawn_end_message end = {.code = info->si_code, .status = info->si_status};
    char go_on;
    if (send(control_fd, &end, sizeof(end), MSG_NOSIGNAL) == (ssize_t)sizeof(end))
        while (recv(control_fd, &go_on, 1, 0) < 0 && errno == EINTR)
            ;
}

__attribute__((noreturn)) static void reap_all(pid_t workload, int control_fd)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
            if (errno == EINTR)
                continue;
            _exit(0); /* ECHILD: nobody is left */
        }
        if (info.si_pid == workload)
            tell(control_fd, &info);
        (void)waitid(P_PID, (id_t)info.si_pid, &info, WEXITED);
    }
}

/* Waits until the slice is there. Returns its descriptor, which the word came with, or -1; ends where the runner did.
 */
static int wait_for_word(int control_fd)
{
    char go;
    int cgroup_fd = -1;
    union passed control;
    struct iovec iov = {.iov_base = &go, .iov_len = sizeof(go)};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control)};
    ssize_t n;
    do
        n = recvmsg(control_fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(go))
        _exit(127);
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(&cgroup_fd, CMSG_DATA(c), sizeof(cgroup_fd));
    return cgroup_fd;
}

__attribute__((noreturn)) void spawn_init_run(const struct spawn_spec *spec, int talk_fd, int control_fd)
{
    struct confine_outcome outcome = {{0}};
    int pidfd = -1;
    die_with_runner(control_fd);
    (void)setsid();
    confine_enter(spec->confine, &outcome);
    spawn_reset_signals(); /* here, where it waits anyway, and not in the workload's own process */
    confine_drop_bounding(spec->confine, &outcome);
    int cgroup_fd = wait_for_word(control_fd);
    pid_t workload = spawn_clone(cgroup_fd, 0, &pidfd);
    if (workload == 0)
        spawn_child_run(spec, cgroup_fd, &outcome, talk_fd, 0);
    if (workload < 0)
        spawn_complain(talk_fd, cgroup_fd >= 0 ? "clone3 into the slice" : "clone3");
    /* Nothing of the caller's stays open here: who reads from a pipe of the workload's sees its end. */
    if (control_fd == 0 || dup2(control_fd, 0) == 0)
        (void)syscall(SYS_close_range, 1U, ~0U, 0U);
    reap_all(workload, 0);
}
