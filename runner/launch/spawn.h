/* spawn: a child born in a slice by clone3, watched by a pidfd. Between clone3 and exec it only makes system calls. */
#ifndef TARE_SPAWN_H
#define TARE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpulist.h"
#include "launch/confine.h"

struct err;
struct text;

/* What to start. Everything in it is prepared by the caller; the child only applies it. */
struct spawn_spec {
    const char *path; /* absolute */
    char *const *argv;
    char *const *envp;
    int cgroup_fd;                  /* the slice's directory, or -1: born where the caller is */
    const struct cpulist *affinity; /* NULL: as cpuset or the caller has it */
    int stdin_fd, stdout_fd, stderr_fd;
    int keep_fd;                   /* one descriptor more, under its own number; -1: none */
    int64_t timeout_ns;            /* how long its start may take; 0: as long as any may */
    const char *cwd;               /* where it starts; NULL: where the caller is */
    const struct confine *confine; /* NULL: not confined */
    bool insist;                   /* fail where the host refuses a part of the confinement */
};

/* In namespaces of its own the workload is not their first process: that is an init, the runner's child, in the
 * runner's cgroup, which reaps orphans and with whose end all of them end. */
struct child {
    pid_t pid;           /* as the caller counts */
    int pidfd;           /* readable once the child has ended; closed by spawn_wait() */
    int64_t started_ns;  /* CLOCK_MONOTONIC just before its exec, by its own clock */
    int64_t executed_ns; /* CLOCK_MONOTONIC when its exec was seen to have succeeded */
    pid_t init;          /* 0: there is none */
    int init_pidfd, init_fd;
    int refused;     /* errno of why there is none where one was wanted */
    int talk_fd;     /* until its exec: what it says */
    int listener_fd; /* what its filter refuses is told here (seccomp_unotify(2)); -1: no filter. The caller closes it
                      */
    struct confine_outcome outcome;
    bool moved; /* clone3 is hidden by a filter: it was moved into its slice before its exec */
};

#define SPAWN_NO_CHILD ((struct child){.pidfd = -1, .init_pidfd = -1, .init_fd = -1, .talk_fd = -1, .listener_fd = -1})

/* The first half of spawn_start(), for who has something else to do meanwhile: starts the init, which makes its
 * namespaces ready and waits. spec has to be complete but for the cgroup and the affinity.
 * spawn_end() ends what is never told to go. */
int spawn_prepare(const struct spawn_spec *spec, struct child *ret, struct err *e);

/* The second half, with those: returns when the exec has succeeded or failed. Where it fails nobody is left, and the
 * error is one of usage where it is for the program or its arguments that it fails. */
int spawn_go(const struct spawn_spec *spec, struct child *child, struct err *e);

/* Starts it in a session of its own, SIGKILLed should the caller die, with default signal handling, and waits for the
 * exec to succeed or fail.
 * -ENOENT, -EACCES, …: what the step that failed answered (clone3, affinity, exec), named in e; the child is reaped.
 * Sources: clone(2), cgroups(7), Documentation/admin-guide/cgroup-v2.rst "Populating". */
int spawn_start(const struct spawn_spec *spec, struct child *ret, struct err *e);

/* Runs fn(arg) in a child born in the slice (cgroup_fd as above) and waits for it. fn may only make system calls; what
 * it returns is the child's exit status, which is returned here (0–255). Negative errno where it could not be started.
 */
int spawn_call(int cgroup_fd, int (*fn)(void *), void *arg, struct err *e);

/* Runs argv (argv[0] looked up on PATH) outside any slice, its standard input and error closed to it, and appends what
 * it printed to ret, at most 1 MiB. 0 where it exited 0 within timeout_ms; -ECHILD: it did not; else what starting it
 * gave. */
int spawn_capture(char *const argv[], int timeout_ms, struct text *ret);

/* The same of a program that may be anybody's, confined as spec->confine says: path, argv, envp and confine of spec
 * count. */
int spawn_capture_confined(const struct spawn_spec *spec, int timeout_ms, struct text *ret, struct err *e);

/* How a child ended. */
struct child_end {
    bool signalled;
    int exit_status; /* where not signalled */
    int signal;      /* where signalled */
};

/* Runs a shell command outside any slice and waits for its end, though not for the end of whom it leaves in the
 * background: in a session of its own, ended with all that it started should the caller die, with default signal
 * handling, its standard input closed to it, all that it prints to the caller's standard error. A signal in signal_fd
 * (signalfd(2)) meanwhile ends it and all that it started, as far as they are found. 0: *ret says how it ended. Above
 * 0: the signal, which is taken. -EAGAIN, …: it could not be started. */
int spawn_shell(const char *command, int signal_fd, struct child_end *ret, struct err *e);

/* Starts argv (argv[0] looked up on PATH) outside any slice, in the caller's process group, with its standard input and
 * environment; all that it prints goes to said_fd. Should the caller die, it gets SIGTERM. Returns 0 once it is
 * executed; what starting it gave where it cannot be. The caller ends *ret with spawn_wait(). */
int spawn_companion(char *const argv[], int said_fd, struct child *ret);

/* Takes the signals that wait in a signalfd(2), non-blocking or known to be readable. Returns the first; 0: there is
 * none. */
int spawn_take_signal(int signal_fd);

/* Reaps a child that has ended (its pidfd is readable) or waits for it. Closes the pidfd. Its init, where there is one,
 * goes on until nobody is left. */
int spawn_wait(struct child *child, struct child_end *ret, struct err *e);

/* SIGKILL to the child, which has not been waited for. */
void spawn_kill(const struct child *child);

/* Ends the init and with it whoever is left in the namespaces; nothing where there is none. */
void spawn_end(struct child *child);

/* Where there is no slice to kill: makes the caller the reaper of orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so that a
 * daemon cannot slip away. */
int spawn_adopt_orphans(struct err *e);

/* Calls fn for each child of the caller's and each of theirs, as far as /proc lists them (proc(5), task/TID/children):
 * of a child that starts others in threads only those of its main thread. */
void spawn_each_descendant(void (*fn)(pid_t pid, void *context), void *context);

/* Kills and reaps every child and adopted orphan of the caller until there is none, for at most timeout_ms.
 * Returns how many were ended, or -ETIMEDOUT. */
int spawn_kill_orphans(int timeout_ms, struct err *e);

#endif
