/* spawn_internal: the messages between child and runner, and what the files of spawn share. */
#ifndef TARE_SPAWN_INTERNAL_H
#define TARE_SPAWN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "launch/confine.h"
#include "launch/spawn.h"

/* A datagram of the workload's process before its exec: ready, or the step that failed. */
struct spawn_message {
    int number; /* errno of the failed step; 0: ready */
    char step[56];
    int64_t at_ns; /* CLOCK_MONOTONIC */
    struct confine_outcome outcome;
    bool moved; /* it started outside of its slice and moved in */
};

/* Tells an init to start the workload; carries a descriptor of the slice. */
struct spawn_word {
    bool has_affinity;
    struct cpulist affinity;
};

/* How the workload ended, as waitid(2) told its init. */
struct spawn_end_message {
    int code, status;
};

/* Room for a message's two descriptors, and its sender's credentials. */
union passed {
    char room[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
};

/* clone3 failed: sets errno's message. -EAGAIN (host): a limit of processes. Else ours. */
int spawn_complain_of_clone(int cgroup_fd, struct err *e);

/* clone3 with CLONE_PIDFD and CLONE_CLEAR_SIGHAND, into the cgroup unless that is -1. If clone3 is hidden it uses
 * clone, and the child must enter the cgroup itself. */
pid_t spawn_clone(int cgroup_fd, uint64_t flags, int *pidfd);

/* Whether clone3 gave ENOSYS, in this process or the one it was cloned from. */
bool spawn_clone3_is_hidden(void);

/* close_range(2) from first on, with its flags: 0, or CLOSE_RANGE_CLOEXEC. Returns 0, or -1 with errno. */
int spawn_close_range(int first, unsigned flags);

/* Waits for something to read, or for the end of a pidfd, until the deadline or a signal in signal_fd (below 0: none);
 * a handled signal does not end it. 0; -ETIMEDOUT; -EINTR; or -errno. */
int spawn_await(int fd, int signal_fd, int64_t deadline_ns);

/* In the child: sends the failed step with errno, and exits. */
__attribute__((noreturn)) void spawn_complain(int talk_fd, const char *step);

/* In a child: gets this signal when its parent ends. */
void spawn_die_with_parent(pid_t parent, int number);

/* Sets all signals to their defaults: an exec keeps ignored ones ignored. */
void spawn_reset_signals(void);

void spawn_unblock_signals(void);

/* The task of the workload's process before its exec. */
struct spawn_birth {
    const struct spawn_spec *spec;
    int cgroup_fd, talk_fd;
    const struct cpulist *affinity; /* NULL: inherited */
    pid_t parent; /* must be alive; 0: an init watches over that, and has reset the signals and dropped the bounding set
                   */
    struct confine_outcome outcome; /* so far */
    struct spawn_message *said;     /* takes its message, in memory shared with the caller; NULL: it goes to talk_fd */
};

/* In that process: carries out a struct spawn_birth and does not return. It may share its parent's memory and does not
 * change it. */
__attribute__((noreturn)) void spawn_child_run(void *birth);

/* spawn_clone() for fn, which must end in an exec or _exit(): it shares the caller's memory, and the caller waits. -1
 * with ENOSYS: not on this architecture, or clone3 is hidden. Not thread-safe. */
pid_t spawn_clone_sharing(int cgroup_fd, int *pidfd, void (*fn)(void *), void *arg);

/* spawn_clone_sharing(), or with a copy of the caller's memory where that gives ENOSYS. */
pid_t spawn_clone_until_exec(int cgroup_fd, int *pidfd, void (*fn)(void *), void *arg);

/* In the first process of the new namespaces: sets them up, waits for the word, starts the workload, reaps processes,
 * reports the workload's end, and exits when none is left. */
__attribute__((noreturn)) void spawn_init_run(const struct spawn_spec *spec, int talk_fd, int control_fd);

#endif
