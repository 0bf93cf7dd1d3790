#include "run/why.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/keyset.h"
#include "launch/sight.h"
#include "record/records.h"
#include "run/definition.h"
#include "run/run.h"

#define LASTS_S    3.0
#define LEAST_ITER 5

int why_refuse(const struct cell *cell, const struct runtime *runtime, struct err *e)
{
    if (!runtime->native && cell->mode != MODE_PROCESSES)
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL,
                   "--why names what the threads of one interpreter wait for, and %s has none (--mode threads, --mode "
                   "interpreters)",
                   runtime->native ? "--runtime native" : "--mode processes");
}

/* --- the diagnostic run ------------------------------------------------------------------------------------------- */

/* The same cell with Python's frames told (-X perf), and no longer than it takes to see. */
static int diagnostic_cell(const struct cell *cell, const struct why_timed *timed, struct cell *ret, struct err *e)
{
    const double needed = timed->mean_s > 0 ? ceil(LASTS_S / timed->mean_s) : (double)cell->iterations;
    const int64_t enough = needed > LEAST_ITER ? (int64_t)fmin(needed, 1e6) : LEAST_ITER;
    *ret = *cell;
    ret->iterations = enough < cell->iterations ? enough : cell->iterations;
    ret->mem_sample = 0;
    if (ret->environment.count >= ARRAY_LEN(ret->environment.word))
        return err_set(e, ERR_USAGE, -E2BIG, "--why sets one more variable, and --env was given %zu times already",
                       ret->environment.count);
    ret->environment.word[ret->environment.count++] = "PYTHONPERFSUPPORT=1";
    return 0;
}

/* Every stack with its frames named; the caller frees *ret and *frame. */
static void name_stacks(struct trace *t, const struct trace_event *event, size_t events, struct cause_stack **ret,
                        struct frame **frame, size_t *stacks)
{
    size_t frames = 0, at = 0, count = 0;
    for (size_t i = 0; i < events; i++)
        count = event[i].stack >= count ? (size_t)event[i].stack + 1 : count;
    for (size_t i = 0; i < count; i++)
        frames += trace_stack(t, (uint32_t)i).count;
    struct frame *all = xcalloc(frames, sizeof(*all));
    struct cause_stack *list = xcalloc(count, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        const struct trace_stack s = trace_stack(t, (uint32_t)i);
        list[i] = (struct cause_stack){all + at, s.count};
        for (size_t f = 0; f < s.count; f++)
            /* A caller's address is the one to return to: the call lies before it. */
            all[at++] = frames_at(trace_seen(t)->frames, s.address[f] - (f > 0 && f != s.in_kernel), f < s.in_kernel);
    }
    *ret = list;
    *frame = all;
    *stacks = count;
}

static void find_causes(struct trace *t, const struct record *r, const struct causes *alone, struct why *w)
{
    size_t stacks;
    const struct trace_seen *seen = trace_seen(t);
    cleanup_free struct cause_stack *stack = NULL;
    cleanup_free struct frame *frame = NULL;
    name_stacks(t, seen->event, seen->events, &stack, &frame, &stacks);
    cleanup_free struct cause_spent *spent = xcalloc(stacks, sizeof(*spent));
    struct causes_request request = {
        .event = seen->event,
        .events = seen->events,
        .is_cut = seen->is_cut,
        .cut_ns = seen->cut_ns,
        .stack = stack,
        .stacks = stacks,
        .start_ns = r->start_ns,
        .end_ns = r->end_ns,
        .iterations = r->iterations,
        .period_ns = WHY_PERIOD_NS,
        .probe = w->probe,
        .probes = w->probes,
        .alone = alone,
        .spent = spent,
    };
    causes_find(&request, &w->causes);
    flame_make(stack, spent, stacks, &w->flame);
    for (size_t i = 0; i < w->causes.count; i++)
        if (w->causes.list[i].function)
            w->causes.list[i].line = definition_line(w->causes.list[i].file, w->causes.list[i].function);
    w->events = seen->events;
    w->lost = seen->lost;
    w->has_page_faults = seen->has_page_faults;
    w->page_faults = seen->page_faults;
    w->no_python = frames_no_python(seen->frames);
    w->no_kernel = frames_no_kernel(seen->frames);
    text_add(&w->strangers, "%s", frames_strangers(seen->frames));
}

struct why_timed why_timed_of(const struct record *r)
{
    struct why_timed t = {.mean_s = r->result.mean_s, .median_s = r->result.median_s};
    t.gil_was_off = r->gil_enabled == 0 && r->gil_at_end == 0; /* -1: it did not say */
    text_format(t.id, sizeof(t.id), "%s", r->id);
    return t;
}

static double figure_of(const struct records *r, const struct invocation *i, const char *name)
{
    const int known = records_figure(r, name);
    return known < 0 ? NAN : invocation_figure(i, (size_t)known).value;
}

static bool was_off(const struct invocation *i, const char *key)
{
    const char *said = keyset_find(i->environment, key);
    return said && strcmp(said, "false") == 0;
}

struct why_timed why_timed_of_invocation(const struct records *r, const struct invocation *i)
{
    struct why_timed t = {.mean_s = figure_of(r, i, "avg_iter_s"), .median_s = figure_of(r, i, "p50_iter_s")};
    t.gil_was_off = was_off(i, "runtime.gil_enabled") && was_off(i, "runtime.gil_enabled_at_end");
    text_format(t.id, sizeof(t.id), "%.*s", RECORD_ID_MAX - 1, i->id);
    return t;
}

void why_leave_out(const struct why_timed *timed, struct trace_probe *probe, size_t count)
{
    for (size_t i = 0; i < count && timed->gil_was_off; i++)
        if (strcmp(probe[i].symbol, "take_gil") == 0)
            text_format(probe[i].missing, sizeof(probe[i].missing), "the GIL is off");
}

/* Runs a cell traced; w gets the causes, and what was seen. */
static int diagnose(struct session *session, const struct cell *cell, const struct runtime *runtime,
                    const struct why_timed *timed, const struct causes *alone, const struct progress *progress,
                    struct why *w, struct record **ret, struct err *e)
{
    const struct trace_probe *known = causes_probes(&w->probes);
    w->probe = xcalloc(w->probes, sizeof(*w->probe));
    memcpy(w->probe, known, w->probes * sizeof(*w->probe));
    why_leave_out(timed, w->probe, w->probes);
    struct run_tracing tracing = {.probe = w->probe, .probes = w->probes, .period_ns = WHY_PERIOD_NS};
    int failed = run_cell(session, cell, runtime, &tracing, progress, ret, e);
    const struct record *r = *ret;
    if (failed == 0 && r->interrupted_by) {
        w->interrupted_by = r->interrupted_by;
        failed = err_set(e, ERR_WORKLOAD, -EINTR, "interrupted");
    }
    if (failed == 0 && (r->termination != TERMINATION_OK || r->iterations == 0))
        failed = err_set(e, ERR_WORKLOAD, -ECHILD, "the diagnostic run of %lld worker%s did not end well (%s): %s",
                         (long long)cell->workers, cell->workers == 1 ? "" : "s", termination_names[r->termination],
                         r->detail);
    if (failed == 0)
        find_causes(tracing.trace, r, alone, w);
    trace_free(tracing.trace);
    return failed;
}

/* What a thread works and loses in an iteration: by its switches, whatever the samples are taken for. NaN: too much was
 * not seen. */
static double busy_ns(const struct why *w, int64_t workers, size_t iterations)
{
    if (w->lost > w->events / 100)
        return NAN;
    return (double)(w->causes.own_ns + w->causes.lost_ns) / ((double)workers * (double)iterations);
}

static int run_both(struct session *session, struct cell *again, const struct runtime *runtime,
                    const struct why_timed *timed, const struct progress *progress, struct why *alone, struct why *w,
                    struct record **record, struct err *e)
{
    const int64_t workers = again->workers;
    again->workers = 1;
    int failed = diagnose(session, again, runtime, timed, NULL, progress, alone, record, e);
    const double alone_ns = failed == 0 ? busy_ns(alone, 1, (*record)->iterations) : NAN;
    record_free(STEAL(*record));
    again->workers = workers;
    if (failed == 0)
        failed = diagnose(session, again, runtime, timed, &alone->causes, progress, w, record, e);
    if (failed != 0)
        return failed;
    const struct record *r = *record;
    text_format(w->id, sizeof(w->id), "%s", r->id);
    text_format(w->of, sizeof(w->of), "%s", timed->id);
    w->workers = workers;
    w->iterations = (int64_t)r->iterations;
    w->stretch = alone_ns > 0 ? busy_ns(w, workers, r->iterations) / alone_ns : NAN;
    w->slowdown = timed->median_s > 0 ? r->result.median_s / timed->median_s : NAN;
    return 0;
}

int why_run(struct session *session, const struct cell *cell, const struct runtime *runtime,
            const struct why_timed *timed, const struct progress *progress, struct why *ret, struct err *e)
{
    struct record *record = NULL;
    struct cell again;
    struct runtime profiled = {0};
    struct why alone = {0}, w = {0};
    TRY(trace_possible(e));
    TRY(diagnostic_cell(cell, timed, &again, e));
    sight_of_atomics(&w.no_atomic);
    if (runtime_find_profiled(cell, runtime, &profiled))
        text_add(&w.interpreter, "%s", profiled.path);
    int failed =
        run_both(session, &again, *profiled.path ? &profiled : runtime, timed, progress, &alone, &w, &record, e);
    const int interrupted_by = w.interrupted_by ? w.interrupted_by : alone.interrupted_by;
    record_free(record);
    why_free(&alone);
    runtime_free(&profiled);
    if (failed != 0)
        why_free(&w);
    *ret = w;
    ret->interrupted_by = interrupted_by;
    return failed;
}
