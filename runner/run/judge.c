#include "run/judge.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "launch/ledger.h"
#include "launch/watch.h"
#include "record/record.h"

/* The last line that the workload printed: in a traceback, the exception. After a fatal error, CPython prints its state
 * behind the line with the reason (Py_FatalError()). */
static const char *last_message(char *messages)
{
    static const char FATAL[] = "Fatal Python error: ";
    char *fatal = NULL;
    for (char *at = messages; (at = strstr(at, FATAL)); at += sizeof(FATAL) - 1)
        fatal = at == messages || at[-1] == '\n' ? at : fatal;
    if (fatal) {
        fatal[strcspn(fatal, "\n")] = '\0';
        return fatal;
    }
    size_t len = strlen(messages);
    while (len > 0 && (messages[len - 1] == '\n' || messages[len - 1] == ' '))
        messages[--len] = '\0';
    char *newline = strrchr(messages, '\n');
    return newline ? newline + 1 : messages;
}

static void terminate(struct ending *end, enum termination why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void terminate(struct ending *end, enum termination why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    end->why = why;
    (void)vsnprintf(end->detail, sizeof(end->detail), fmt, ap);
    va_end(ap);
    text_blank(end->detail); /* the workload's text: one line, no terminal escapes */
}

/* Why a workload failed that ended by itself: its ledger's error, else its last message. A command is judged by its
 * exit status alone. */
static void blame(const struct record *r, const struct judge_evidence *seen, struct ending *end)
{
    char error[LEDGER_ERROR_MAX + 1] = "", status[80] = "";
    if (seen->ledger)
        memcpy(error, seen->ledger->page->error, LEDGER_ERROR_MAX);
    else
        text_format(status, sizeof(status), "the command exited with status %d", r->exit_status);
    const char *said = *error ? error : last_message(seen->watched->messages);
    if (r->signalled)
        terminate(end, TERMINATION_SIGNAL, "the %s was ended by signal %d (%s)%s%s",
                  seen->ledger ? "workload" : "command", r->signal, strsignal(r->signal), *said ? ": " : "", said);
    else if (seen->ledger && !*said)
        terminate(end, TERMINATION_WORKLOAD_ERROR, "it ended before it was done, without a message");
    else
        terminate(end, TERMINATION_WORKLOAD_ERROR, "%s%s%s", status, *status && *said ? ": " : "", said);
}

struct ending judge_end(const struct record *r, const struct judge_evidence *seen)
{
    const struct watch_result *w = seen->watched;
    struct err e = {0};
    const struct cell *cell = &r->cell;
    const struct ledger_run run = {seen->started_ns, w->ended_ns};
    bool clean = r->exited && (r->exit_status == 0 || r->series.any_exit) &&
                 (!seen->ledger || ledger_phase(seen->ledger) == LEDGER_DONE);
    struct ending end = {.why = TERMINATION_OK};
    end.interrupted_by = w->why == WATCH_INTERRUPTED ? w->signal : 0;
    if (end.interrupted_by)
        terminate(&end, TERMINATION_INTERRUPTED, "by signal %d (%s)", w->signal, strsignal(w->signal));
    else if (w->why == WATCH_TIMEOUT)
        terminate(&end, TERMINATION_TIMEOUT, "not finished after %g s (--timeout)", (double)cell->timeout_ms / 1000);
    else if (w->why == WATCH_STALLED)
        terminate(&end, TERMINATION_STALLED,
                  "no iteration, no message and next to no CPU time for %.1f s, in %s iteration %llu (--stall)",
                  (double)w->stalled_ns / (double)NS_PER_S, w->stalled_measuring ? "measured" : "warm-up",
                  (unsigned long long)w->stalled_iteration);
    else if (facts_integer(&r->events, "oom_kill", 0) > 0 || facts_integer(&r->events, "oom_group_kill", 0) > 0)
        terminate(&end, TERMINATION_OOM, "it needed more memory than memory.max allows%s",
                  cell->has_memory_max ? " (--memory-max)" : "");
    else if (w->why == WATCH_PIDS_MAX)
        terminate(&end, TERMINATION_WORKLOAD_ERROR, "it started more processes than pids.max %lld allows (--pids-max)",
                  (long long)cell->pids_max);
    else if (!clean)
        blame(r, seen, &end);
    else if (seen->ledger && (ledger_check(seen->ledger, (uint64_t)cell->iterations, &run, &e) != 0 ||
                              figures_check(seen->ledger, cell->scenario, &e) != 0))
        terminate(&end, TERMINATION_WORKLOAD_ERROR, "%s", e.text);
    else if (seen->stayed_ms)
        terminate(&end, TERMINATION_WORKLOAD_ERROR,
                  "it left processes behind that were still there %d ms after its end", seen->stayed_ms);
    return end;
}
