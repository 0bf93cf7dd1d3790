/* why: a second, diagnostic run of a cell that was timed, traced from outside: what its threads lose their time to. No
 * figure of it goes into the timed record. Record: tare.why/1, tare-why.schema.json. */
#ifndef TARE_WHY_H
#define TARE_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/causes.h"
#include "base/text.h"
#include "record/record.h"

struct err;
struct progress;
struct session;

#define WHY_SCHEMA "tare.why/1"

struct why {
    char id[RECORD_ID_MAX]; /* of the diagnostic run */
    char of[RECORD_ID_MAX]; /* of the timed one */
    int64_t workers, iterations;
    struct causes causes;
    struct trace_probe *probe; /* and which of them could not be set */
    size_t probes;
    double slowdown;       /* median of its iterations / median of the timed ones; NaN: unknown */
    double stretch;        /* what a thread works and loses in an iteration / what one alone does; NaN: unknown */
    int interrupted_by;    /* of a failure with -EINTR: the signal */
    uint64_t events, lost; /* that were read; that the kernel or tare dropped */
    bool has_page_faults;
    uint64_t page_faults;
    const char *no_python, *no_kernel; /* why no function of Python, of the kernel, has a name; NULL: they have */
    struct text strangers;             /* files without their symbols, one a line */
};

/* -EINVAL (usage): a cell in which no threads share an interpreter (--mode processes, --runtime native), so that there
 * is nothing to name. */
int why_refuse(const struct cell *cell, const struct runtime *runtime, struct err *e);

/* Marks the probes that tell nothing of a run such as the timed one: that of the GIL, where it was off from begin to
 * end, since there its function returns at once. */
void why_leave_out(const struct record *timed, struct trace_probe *probe, size_t count);

/* Runs a cell twice more, traced, first with one worker, then with all, for at most the timed run's iterations and some
 * seconds, and finds the causes. timed: the record of the same cell. -EPERM, … (host): the caller may not trace, or the
 * kernel cannot. -ECHILD (workload): the diagnostic run did not end well; -EINTR: a signal ended it, ret->interrupted_by.
 * The caller ends *ret with why_free(). */
int why_run(struct session *session, const struct cell *cell, const struct runtime *runtime, const struct record *timed,
            const struct progress *progress, struct why *ret, struct err *e);
void why_free(struct why *w);

/* Appends the record as JSON. */
void why_json(const struct why *w, struct text *out);

#endif
