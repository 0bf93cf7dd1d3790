/* session: what is done once for all cells of a command: the host, the CPUs, the slices' root, the page cache. */
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
    struct slice_root root;
    struct slice_tree *tree;
    struct topology topology;
    struct topology_choice cpus;
    struct cpulist came_from; /* the caller's CPUs before it was moved; empty: it was not */
    struct facts host;
    struct facts image; /* that the run is in */
    int signal_fd;      /* SIGINT, SIGTERM, SIGHUP, SIGQUIT */
    pid_t guard;        /* ends the run's processes where the runner is killed; 0 or less: none */
    struct text warmed; /* runtimes whose files have been read, one path a line */
    int64_t idle_ns;    /* CLOCK_MONOTONIC since when the next cell is being prepared */
    uint64_t cells;     /* run so far: the next cell's name */
    bool recorded;      /* records will be written: the host is captured for them */
};

/* Finds the root, chooses the CPUs, captures the host, makes the run's directory and moves the caller into it and onto
 * the housekeeping CPUs; blocks the signals that end a run. The cell's --cpus, --cgroup-root and --isolation count.
 * With --isolation strict: -ENOTSUP (host) where a full slice is not to be had, and nothing has been created.
 * The caller ends it with session_close(). */
int session_open(const struct cell *cell, struct session *ret, struct err *e);

/* The same in two halves for `tare exec`, which is to be quick and has something to do in between: without capturing
 * the host where no record is wanted, and the caller stays in its own cgroup where that is outside of the root. The
 * first finds the root, and a failure of it, or of the second, leaves nothing to be closed. */
int session_find(const struct cell *cell, bool recorded, struct session *ret, struct err *e);
int session_open_found(const struct cell *cell, struct session *s, struct err *e);

/* --isolation strict, as far as it can be known before anything is made: -ENOTSUP (host) where this root gives no full
 * slice. */
int session_refuse_less(const struct slice_root *root, struct err *e);

/* --cpu-max and --memory-high, which nothing does in their place: -ENOTSUP (host) where this root has no slice or no
 * controller for them. */
int session_refuse_unlimited(const struct slice_root *root, const struct cell *cell, struct err *e);

/* What a slice of the cell is limited to: this session's CPUs and their memory, and what the cell asks for. */
struct slice_limits session_limits(const struct session *s, const struct cell *cell);

/* --isolation strict, and of --cpu-max and --memory-high always: -ENOTSUP (host) where this setting of a slice is not
 * what was asked for. */
int session_refuse_lack(const struct cell *cell, const struct slice_setting *setting, struct err *e);

/* From now on, should the runner be killed, whoever is in the run's cgroup ends with it; for a workload without a pid
 * namespace of its own. Without cgroup.kill (before Linux 5.14) or a process to spare there is no guard. */
void session_guard(struct session *s);

/* Removes what session_open() made and gives the caller its CPUs back, so that another can be opened. The error names
 * what is left behind. */
int session_close(struct session *s, struct err *e);

/* Reads the runtime's files from a slice of their own, once, so that no cell is charged for the page cache of another.
 */
int session_warm(struct session *s, const struct runtime *runtime, struct err *e);

#endif
