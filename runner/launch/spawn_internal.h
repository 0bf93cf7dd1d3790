/* spawn_internal: what a child says to the runner, and how the parts of spawn call each other. */
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

/* What the workload's process says before its exec, one datagram: that it is ready, or what it could not do. */
struct spawn_message {
    int number; /* errno of what it could not do; 0: ready */
    char step[56];
    int64_t at_ns; /* CLOCK_MONOTONIC */
    struct confine_outcome outcome;
    bool moved; /* it was born outside of its slice */
};

/* What tells an init to start the workload, with a descriptor of the slice. */
struct spawn_word {
    bool has_affinity;
    struct cpulist affinity;
};

/* How the workload ended, as its init was told by waitid(2). */
struct spawn_end_message {
    int code, status;
};

/* Room for a message's two descriptors, and its sender's credentials. */
union passed {
    char room[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
};

/* Puts descriptors into a message; control is zeroed (cmsg(3)). */
void spawn_pass(struct msghdr *msg, union passed *control, const int *fds, size_t count);

/* clone3 with CLONE_PIDFD and CLONE_CLEAR_SIGHAND, into the cgroup where that is not -1; clone where clone3 is hidden,
 * and then the child has to enter the cgroup. */
pid_t spawn_clone(int cgroup_fd, uint64_t flags, int *pidfd);

/* Whether it was found to be, in this process or the one that it was cloned from. */
bool spawn_clone3_is_hidden(void);

/* close_range(2) from first on, with its flags: 0, or CLOSE_RANGE_CLOEXEC. Returns 0, or -1 with errno. */
int spawn_close_range(int first, unsigned flags);

__attribute__((noreturn)) void spawn_complain(int talk_fd, const char *step);

/* In a child: this signal for it should this parent end. */
void spawn_die_with_parent(pid_t parent, int number);

/* Signals that are ignored are so after an exec, too: each to its default. */
void spawn_reset_signals(void);

/* Those that are blocked, too: none is. */
void spawn_unblock_signals(void);

/* What the workload's own process is to do. */
struct spawn_birth {
    const struct spawn_spec *spec;
    int cgroup_fd, talk_fd;
    const struct cpulist *affinity; /* NULL: as cpuset or the caller has it */
    pid_t parent;                   /* who must be alive; 0: an init sees to that, and has reset the signals and dropped
                                       the bounding set beforehand */
    struct confine_outcome outcome; /* so far */
};

/* In that process: does it, of a struct spawn_birth, and does not return. It may have its parent's memory, which it
 * leaves as it is. */
__attribute__((noreturn)) void spawn_child_run(void *birth);

/* spawn_clone() for fn, which has to end in an exec or in _exit(): where the architecture is known, without a copy of
 * the caller's memory, and the caller waits for that. Not for two threads at once. */
pid_t spawn_clone_until_exec(int cgroup_fd, int *pidfd, void (*fn)(void *), void *arg);

/* In the first process of the new namespaces: sets them up, waits for the word, starts the workload, reaps whoever
 * ends, tells of the workload's end and goes when nobody is left. */
__attribute__((noreturn)) void spawn_init_run(const struct spawn_spec *spec, int talk_fd, int control_fd);

#endif
