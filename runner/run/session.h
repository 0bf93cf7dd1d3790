/* session: what is done once for all cells of a command: capture the host, choose CPUs, find the slices' root, warm the
 * page cache. */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/facts.h"
#include "cell/config.h"
#include "cgroups/slice.h"
#include "host/topology.h"
#include "record/record.h"

struct err;
struct runtime;

struct session {
    char id[RECORD_ID_MAX];
    struct slice_tree *tree;
    struct topology topology;
    struct topology_choice cpus;
    struct cpulist came_from; /* the caller's CPUs before; empty: unchanged */
    struct facts host;
    struct facts image;     /* the container image around us */
    int signal_fd;          /* SIGINT, SIGTERM, SIGHUP, SIGQUIT */
    pid_t guard;            /* kills the run's processes if the runner is killed; <= 0: none */
    struct text warmed;     /* runtimes already warmed, one path per line */
    int64_t idle_ns;        /* CLOCK_MONOTONIC: the end of the last cell */
    uint64_t cells;         /* cells run; names the next slice */
    bool recorded;          /* records will be written, so the host is captured */
    struct slice_root root; /* the last one: session.c */
};

/* Finds the root, chooses the CPUs, captures the host, makes the run's directory, moves the caller into it and onto the
 * housekeeping CPUs, and blocks the signals that end a run. Uses the cell's --cpus, --cgroup-root and --isolation.
 * -ENOTSUP (host): --isolation strict, and the host gives no full slice; nothing was created. The caller ends it with
 * session_close(). */
int session_open(const struct cell *cell, struct session *ret, struct err *e);

/* The same in two halves, for `tare exec`, which works in between. The host is captured only if recorded, and the
 * caller stays in its cgroup if that is outside of the root. one_slice: a single slice is made in this session, see
 * struct slice_root. session_find() finds the root. After a failure of either, nothing has to be closed. */
int session_find(const struct cell *cell, bool recorded, bool one_slice, struct session *ret, struct err *e);
int session_open_found(const struct cell *cell, struct session *s, struct err *e);

/* --isolation strict, checked before anything is made: -ENOTSUP (host) if this root gives no full slice. */
int session_refuse_less(const struct slice_root *root, struct err *e);

/* --cpu-max and --memory-high have no substitute: -ENOTSUP (host) if this root has no slice or no controller for them.
 */
int session_refuse_unlimited(const struct slice_root *root, const struct cell *cell, struct err *e);

/* The limits of a cell's slice: this session's CPUs and their memory nodes, and the cell's own limits. */
struct slice_limits session_limits(const struct session *s, const struct cell *cell);

/* -ENOTSUP (host): the setting is not as asked for, and --isolation is strict or it is --cpu-max or --memory-high. */
int session_refuse_lack(const struct cell *cell, const struct slice_setting *setting, struct err *e);

/* Starts the guard: if the runner is killed, it kills all processes in the run's cgroup. For a workload without its own
 * pid namespace. Needs cgroup.kill (Linux 5.14); without it, or without a process to spare, there is no guard. */
void session_guard(struct session *s);

/* Removes what session_open() made and restores the caller's CPUs; another session can then be opened. Returns
 * `status`, what came of the session, or, unless that is a failure, an error that names what is left. */
int session_close(struct session *s, int status, struct err *e);

/* Reads the runtime's files once, in a separate slice, so that no cell is charged for their page cache. */
int session_warm(struct session *s, const struct runtime *runtime, struct err *e);

#endif
