/* why: a second, diagnostic run of a cell that was timed, traced from outside: what its threads lose their time to. No
 * figure of it goes into the timed record. Record: tare.why/1, tare-why.schema.json. */
#ifndef TARE_WHY_H
#define TARE_WHY_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/why.h"

struct err;
struct invocation;
struct progress;
struct records;
struct session;

/* The timed run that is explained. */
struct why_timed {
    char id[RECORD_ID_MAX];
    double mean_s, median_s; /* of its iterations; NaN: not known */
    bool gil_was_off;        /* from its begin to its end, as it said itself */
};

struct why_timed why_timed_of(const struct record *r);
/* The same for a record that was read back. */
struct why_timed why_timed_of_invocation(const struct records *r, const struct invocation *i);

/* -EINVAL (usage): a cell in which no threads share an interpreter (--mode processes, --runtime native), so that there
 * is nothing to name. */
int why_refuse(const struct cell *cell, const struct runtime *runtime, struct err *e);

/* Marks the probes that tell nothing about such a run: the GIL's, if the GIL was off from begin to end, because its
 * function then returns at once. */
void why_leave_out(const struct why_timed *timed, struct trace_probe *probe, size_t count);

/* Runs a cell twice more, traced, first with one worker, then with all, for at most the timed run's iterations and some
 * seconds, and finds the causes; in the interpreter's build with frame pointers, where there is one
 * (runtime_find_profiled()). timed: of the same cell. -EPERM, … (host): the caller may not trace, or the kernel
 * cannot. -ECHILD (workload): the diagnostic run did not end well; -EINTR: a signal ended it, ret->interrupted_by. The
 * caller ends *ret with why_free(). */
int why_run(struct session *session, const struct cell *cell, const struct runtime *runtime,
            const struct why_timed *timed, const struct progress *progress, struct why *ret, struct err *e);

#endif
