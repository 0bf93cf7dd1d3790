/* run: runs one cell or command. The only file that knows all stages and their order: slice, spawn, watch, statistics,
 * record. */
#ifndef TARE_RUN_H
#define TARE_RUN_H

#include "cell/runtime.h"
#include "cell/workload.h"
#include "launch/relay.h"
#include "launch/spawn.h"
#include "launch/trace.h"
#include "launch/watch.h"
#include "record/record.h"
#include "run/command.h"
#include "run/session.h"

struct err;

/* How a cell is traced, and what came of it. */
struct run_tracing {
    struct trace_probe *probe; /* the caller's; each says why it could not be set */
    size_t probes;
    int64_t period_ns;   /* between two samples of a CPU */
    struct trace *trace; /* NULL: none was begun. The caller ends it with trace_free() */
};

/* Runs one cell in a fresh slice of the session and removes the slice again; traced, unless tracing is NULL, from just
 * after its exec to its end.
 * 0: *ret is complete; its termination tells how the workload ended. -ENOTSUP (host): --isolation strict, and a limit
 * did not take effect. -EPERM, ... (host): the caller may not trace. Other errors are tare's own.
 * *ret borrows runtime and the session's host; the caller ends it with record_free(). On failure it is NULL. */
int run_cell(struct session *session, const struct cell *cell, const struct runtime *runtime,
             struct run_tracing *tracing, const struct progress *progress, struct record **ret, struct err *e);

/* The part of a command's invocation that can be done before its session is open. */
struct run_ahead {
    struct confine *confine;
    struct workload_words environment;
    struct spawn_spec spec;
    struct child child;
    struct relay relay;
};

#define RUN_NOTHING_AHEAD ((struct run_ahead){.child = SPAWN_NO_CHILD, .relay = RELAY_NONE})

/* Begins an invocation: makes its namespaces while the caller opens the session. Only if the caller then stays in its
 * cgroup (slice_root_leaves_caller()), since the begun child is in it too. run_command() takes what is in *ret;
 * run_ahead_end() ends it otherwise. */
int run_command_begin(const struct cell *cell, const struct run_command *command, struct run_ahead *ret, struct err *e);
void run_ahead_end(struct run_ahead *a);

/* The same for one invocation of a command, which counts as one iteration. *ret borrows the command. ahead: what was
 * begun, empty afterwards; NULL or empty: nothing. */
int run_command(struct session *session, const struct cell *cell, const struct run_command *command,
                struct run_ahead *ahead, struct record **ret, struct err *e) __attribute__((nonnull(3)));

#endif
