/* spawn: starts processes: the workload in its slice by clone3, helpers and shell commands outside. A pidfd watches
 * each. Between clone3 and exec the child only makes system calls. */
#ifndef TARE_SPAWN_H
#define TARE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "launch/confine.h"

struct err;
struct text;

/* What to start. The caller owns it; the child only applies it. */
struct spawn_spec {
    const char *path; /* absolute */
    char *const *argv;
    char *const *envp;
    int cgroup_fd;                  /* the slice's directory; -1: the caller's cgroup */
    const struct cpulist *affinity; /* NULL: inherited */
    int stdin_fd, stdout_fd, stderr_fd;
    int keep_fd;                   /* one more descriptor to inherit, under its own number; -1: none */
    int64_t timeout_ns;            /* for its start; 0: the default of 60 s */
    const char *cwd;               /* its working folder; NULL: the caller's */
    const struct confine *confine; /* NULL: not confined */
    bool insist;                   /* fail if the host refuses a layer of the confinement */
};

/* In own namespaces the first process is an init, not the workload: a child of the runner, in the runner's cgroup. It
 * reaps orphans, and all processes of the namespaces end with it. */
struct child {
    pid_t pid;           /* in the caller's pid namespace */
    int pidfd;           /* readable once the child has ended; closed by spawn_wait() */
    int64_t started_ns;  /* CLOCK_MONOTONIC just before its exec, by its own clock */
    int64_t executed_ns; /* CLOCK_MONOTONIC when the runner saw its exec succeed */
    pid_t init;          /* 0: none */
    int init_pidfd, init_fd;
    int refused;     /* errno: why there is no init although one was wanted */
    int talk_fd;     /* its messages, until its exec */
    int listener_fd; /* its filter's notifications (seccomp_unotify(2)); -1: none. The caller closes it */
    struct confine_outcome outcome;
    bool moved; /* clone3 was hidden: it moved into its slice before its exec */
};

#define SPAWN_NO_CHILD ((struct child){.pidfd = -1, .init_pidfd = -1, .init_fd = -1, .talk_fd = -1, .listener_fd = -1})

/* The first half of spawn_start(), to overlap it with other work: starts the init, which makes its namespaces and
 * waits. spec must be complete except for cgroup and affinity. spawn_end() ends a child that never gets spawn_go(). */
int spawn_prepare(const struct spawn_spec *spec, struct child *ret, struct err *e);

/* The second half, with cgroup and affinity: returns when the exec has succeeded or failed. After a failure no process
 * is left; the error is a usage error if the program or its arguments are the cause. */
int spawn_go(const struct spawn_spec *spec, struct child *child, struct err *e);

/* Starts it in its own session, with default signal handling, and waits until its exec succeeds or fails. If the caller
 * dies, it gets SIGKILL. -ENOENT, -EACCES, …: the error of the failed step (clone3, affinity, exec), which e names; the
 * child is reaped. Sources: clone(2), cgroups(7), Documentation/admin-guide/cgroup-v2.rst "Populating". */
int spawn_start(const struct spawn_spec *spec, struct child *ret, struct err *e);

/* Runs fn(arg) in a child born in the slice (cgroup_fd as above) and waits for it. fn may only make system calls.
 * Returns fn's result (0–255), or a negative errno if it could not be started. */
int spawn_call(int cgroup_fd, int (*fn)(void *), void *arg, struct err *e);

/* Runs argv (argv[0] looked up on PATH) outside any slice, with /dev/null as standard input and error, and appends what
 * it prints to ret. 0: it exited 0. -ECHILD: it ended otherwise. -ETIMEDOUT: it did not within timeout_ms, and was
 * killed. -EFBIG: it printed more than 1 MiB. Else the error of its start or of reading what it prints. */
int spawn_capture(char *const argv[], int timeout_ms, struct text *ret);

/* The same for an untrusted program, confined by spec->confine, in the slice spec->cgroup_fd. Uses path, argv, envp,
 * cwd, affinity, confine and cgroup_fd of spec. -ECHILD: e says how it ended. -EINTR: a signal in signal_fd
 * (signalfd(2); below 0: none) ended it; the caller takes it. -EFBIG (workload). */
int spawn_capture_confined(const struct spawn_spec *spec, int timeout_ms, int signal_fd, struct text *ret,
                           struct err *e);

/* How a child ended. */
struct child_end {
    bool signalled;
    int exit_status; /* where not signalled */
    int signal;      /* where signalled */
};

/* Runs a shell command outside any slice and waits for its end, but not for its background processes. It has its own
 * session, default signal handling, no standard input, and prints to the caller's standard error. If the caller dies,
 * it ends with all that it started. A signal in signal_fd (signalfd(2)) also ends it and the descendants that can be
 * found. 0: *ret says how it ended. Above 0: the signal, which is consumed. -EAGAIN, …: it could not be started. */
int spawn_shell(const char *command, int signal_fd, struct child_end *ret, struct err *e);

/* Starts argv (argv[0] looked up on PATH) outside any slice, in the caller's process group, with its standard input and
 * environment; its output goes to said_fd. If the caller dies, it gets SIGTERM. 0 once it is executed, else the error
 * of its start. The caller ends *ret with spawn_wait(). */
int spawn_companion(char *const argv[], int said_fd, struct child *ret);

/* Reads the pending signals of a signalfd(2), which is non-blocking or readable. Returns the first; 0: none. */
int spawn_take_signal(int signal_fd);

/* Reaps a child that has ended (its pidfd is readable) or waits for it. Closes the pidfd. An init
 * goes on until no process is left. */
int spawn_wait(struct child *child, struct child_end *ret, struct err *e);

/* Sends SIGKILL to the child, which must not have been waited for. */
void spawn_kill(const struct child *child);

/* Ends the init, if there is one, and with it all processes of the namespaces. */
void spawn_end(struct child *child);

/* For runs without a slice: makes the caller the reaper of orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so that no
 * daemon escapes. */
int spawn_adopt_orphans(struct err *e);

/* Calls fn for each descendant of the caller, as /proc lists them (proc(5), task/TID/children): only the main thread's
 * children of each process. */
void spawn_each_descendant(void (*fn)(pid_t pid, void *context), void *context);

/* Kills and reaps all children and adopted orphans of the caller, for at most timeout_ms. Returns how many ended, or
 * -ETIMEDOUT. */
int spawn_kill_orphans(int timeout_ms, struct err *e);

#endif
