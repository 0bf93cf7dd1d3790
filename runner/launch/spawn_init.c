#include "launch/spawn_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The init: the first process of a pid namespace gets only signals that it handles, reaps every orphan, and all others
 * end with it (pid_namespaces(7)). So it is not part of the workload and stays in the runner's cgroup. */

/* SIGKILL from outside does reach it, so that everything ends with the runner, which may already have died. */
static void die_with_runner(int control_fd)
{
    struct pollfd gone = {.fd = control_fd, .events = 0};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&gone, 1, 0) > 0)
        _exit(127);
}

/* Reports the end, and keeps the zombie until the runner has inspected it. */
static void tell(int control_fd, const siginfo_t *info)
{
    const struct spawn_end_message end = {.code = info->si_code, .status = info->si_status};
    char go_on;
    if (send(control_fd, &end, sizeof(end), MSG_NOSIGNAL) != (ssize_t)sizeof(end))
        _exit(127); /* all others end too, and the runner notices the silence */
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

/* Waits for the word, which brings the slice's descriptor, or -1, and the CPUs. Exits if the runner has died. */
static void wait_for_word(int control_fd, struct spawn_birth *birth)
{
    static struct spawn_word word;
    union passed control;
    struct iovec iov = {.iov_base = &word, .iov_len = sizeof(word)};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control)};
    ssize_t n;
    do
        n = recvmsg(control_fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < (ssize_t)sizeof(word))
        _exit(127);
    birth->affinity = word.has_affinity ? &word.affinity : NULL;
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(&birth->cgroup_fd, CMSG_DATA(c), sizeof(birth->cgroup_fd));
}

__attribute__((noreturn)) void spawn_init_run(const struct spawn_spec *spec, int talk_fd, int control_fd)
{
    struct spawn_birth birth = {.spec = spec, .cgroup_fd = -1, .talk_fd = talk_fd, .outcome = CONFINE_NO_OUTCOME};
    int pidfd = -1;
    die_with_runner(control_fd);
    (void)setsid();
    confine_enter(spec->confine, &birth.outcome);
    spawn_reset_signals(); /* here, while it waits anyway, instead of in the workload's process */
    confine_drop_bounding(spec->confine, &birth.outcome);
    wait_for_word(control_fd, &birth);
    pid_t workload = spawn_clone_until_exec(birth.cgroup_fd, &pidfd, spawn_child_run, &birth);
    if (workload < 0)
        spawn_complain(talk_fd, birth.cgroup_fd >= 0 ? "clone3 into the slice" : "clone3");
    /* Closes the caller's descriptors: readers of the workload's pipes must see their end. */
    if (dup2(control_fd, 0) != 0 || dup2(talk_fd, 1) != 1 || spawn_close_range(2, 0) != 0)
        spawn_complain(talk_fd, "have its first process close the caller's descriptors");
    (void)close(1); /* end of file for the runner */
    reap_all(workload, 0);
}
