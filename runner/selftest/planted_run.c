/* Runs the planted causes with the parts of `tare run --why`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/text.h"
#include "cell/runtime.h"
#include "cell/scenarios.h"
#include "launch/trace.h"
#include "record/record.h"
#include "run/meter.h"
#include "run/run.h"
#include "run/session.h"
#include "run/why.h"
#include "selftest/planted.h"

#define ITERATIONS  8 /* measured ones of a row, about a tenth of a second each */
#define WORKERS_MIN 2
#define WORKERS_MAX 8 /* a cause that these do not show is none of one object */

/* Where time is emulated, work takes some ten to twenty times as long: a quarter of it has samples enough. In less of
 * it the start signal would count. */
#define ITERATIONS_EMULATED 4
#define OPERATIONS_EMULATED "250000" /* of a worker of scenario4 in an iteration, in place of 500,000 */
#define CALLS_EMULATED      "5"      /* of causes, in place of 10 */

/* --- a row's cell ------------------------------------------------------------------------------------------------- */

static int take_less(struct cell *cell, struct err *e)
{
    const bool has_operations = scenario_knob_find(cell->scenario, "operations") != NULL;
    cell->iterations = ITERATIONS_EMULATED;
    return has_operations ? cell_set(cell, "operations", OPERATIONS_EMULATED, e)
                          : cell_set(cell, "calls", CALLS_EMULATED, e);
}

static int cell_of(const struct planted *p, const struct cell *given, int64_t workers, bool emulated, struct cell *ret,
                   struct err *e)
{
    struct cell cell = cell_unset();
    cell.cpus = given->cpus;
    cell.numa = given->numa;
    cell.partition = given->partition;
    cell.cgroup_root = given->cgroup_root;
    cell.isolation = given->isolation;
    cell.runtime = given->runtime;
    cell.mode = MODE_THREADS;
    cell.workers = workers;
    cell.iterations = ITERATIONS;
    TRY(scenarios_find(p->scenario, &cell.scenario, e));
    TRY(cell_set(&cell, "pattern", p->pattern, e));
    /* Starting a thread is a cost of its own, which is not planted. */
    TRY(scenario_knob_find(cell.scenario, "lifecycle") ? cell_set(&cell, "lifecycle", "pool", e) : 0);
    TRY(emulated ? take_less(&cell, e) : 0);
    TRY(cell_complete(&cell, e));
    *ret = cell;
    return 0;
}

/* planted_count: none has this pattern. */
static size_t row_named(const char *pattern, size_t len)
{
    size_t i = 0;
    while (i < planted_count &&
           (strlen(planted_causes[i].pattern) != len || strncmp(planted_causes[i].pattern, pattern, len) != 0))
        i++;
    return i;
}

/* The numbers of the rows to run; owned. */
struct rows {
    size_t *row, count;
};

static void add_row(struct rows *rows, size_t row)
{
    rows->row = xgrow(rows->row, rows->count, sizeof(*rows->row));
    rows->row[rows->count++] = row;
}

static int choose_rows(const char *only, struct rows *ret, struct err *e)
{
    for (size_t i = 0; !only && i < planted_count; i++)
        add_row(ret, i);
    for (const char *p = only; p; p = p[strcspn(p, ",")] ? strchr(p, ',') + 1 : NULL) {
        const size_t row = row_named(p, strcspn(p, ","));
        if (row < planted_count) {
            add_row(ret, row);
            continue;
        }
        cleanup_text struct text all = {0};
        for (size_t i = 0; i < planted_count; i++)
            text_add(&all, "%s%s", i ? ", " : "", planted_causes[i].pattern);
        return err_set(e, ERR_USAGE, -EINVAL, "--only '%.*s': what is allowed is a list of %s", (int)strcspn(p, ","), p,
                       all.data);
    }
    return 0;
}

/* --- the interpreter ---------------------------------------------------------------------------------------------- */

/* The one that was named; else 3.14t, or rather its build with frame pointers, where there is one. */
static int find_runtime(const struct cell *given, struct runtime *ret, struct err *e)
{
    struct cell cell;
    struct runtime profiled = {0};
    TRY(cell_of(&planted_causes[0], given, 2, false, &cell, e));
    cell.runtime = given->runtime;
    TRY(runtime_find(&cell, ret, e));
    if (strcmp(given->runtime, "auto") == 0 && runtime_find_profiled(&cell, ret, &profiled)) {
        runtime_free(ret);
        *ret = profiled;
    }
    if (!ret->native && !ret->gil_enabled)
        return 0;
    runtime_free(ret);
    return err_set(e, ERR_USAGE, -EINVAL,
                   "--runtime '%s': what is allowed is a free-threaded interpreter without a GIL, as 3.14t",
                   given->runtime);
}

/* --- a row -------------------------------------------------------------------------------------------------------- */

struct row {
    struct session *session;
    const struct cell *cell;
    const struct runtime *runtime;
    const struct progress *progress;
};

/* A workload that fails gives no knowledge of its row; 0. */
static int run_row(const struct row *row, const struct planted *p, struct planted_report *report,
                   struct planted_result *ret, struct err *e)
{
    struct record *timed = NULL;
    struct why why = {0};
    struct err trouble = {0};
    TRY(run_cell(row->session, row->cell, row->runtime, NULL, row->progress, &timed, e));
    report->interrupted_by = timed->interrupted_by;
    const struct why_timed of = why_timed_of(timed);
    int failed = timed->termination == TERMINATION_OK ? 0 : -ECHILD;
    if (failed != 0)
        (void)err_set(&trouble, ERR_WORKLOAD, failed, "%.200s", timed->detail);
    else
        failed = why_run(row->session, row->cell, row->runtime, &of, row->progress, &why, &trouble);
    if (failed == 0) {
        planted_judge(p, &why, ret);
        if (report->emulated)
            planted_allow_for_emulation(ret);
    } else {
        planted_give_up(p, trouble.text, ret);
    }
    if (failed == -EINTR)
        report->interrupted_by = why.interrupted_by;
    if (failed == 0)
        why_free(&why);
    record_free(timed);
    return 0;
}

static int run_rows(struct session *session, const struct cell *given, const struct runtime *runtime,
                    const struct rows *rows, struct planted_report *report, struct err *e)
{
    struct meter meter;
    cleanup_free struct cell *cell = xcalloc(rows->count, sizeof(*cell));
    for (size_t i = 0; i < rows->count; i++)
        TRY(cell_of(&planted_causes[rows->row[i]], given, report->workers, report->emulated, &cell[i], e));
    meter_open(&meter, cell, rows->count);
    int failed = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct planted_result result;
        const struct row row = {session, &cell[i], runtime, meter_cell(&meter, i)};
        failed = run_row(&row, &planted_causes[rows->row[i]], report, &result, e);
        if (failed != 0 || report->interrupted_by)
            break;
        report->result = xgrow(report->result, report->results, sizeof(*report->result));
        report->result[report->results++] = result;
        report->count[result.verdict]++;
    }
    meter_clear(&meter);
    return failed;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static void describe(const struct session *session, const struct runtime *runtime, struct planted_report *report)
{
    char id[RECORD_ID_MAX];
    const unsigned cpus = cpulist_count(&session->cpus.benchmark);
    record_make_id(id, report->at);
    text_format(report->interpreter, sizeof(report->interpreter), "%s", runtime->path);
    text_format(report->version, sizeof(report->version), "%s", runtime->version);
    report->frame_pointers = facts_truth(&runtime->build, "frame_pointers");
    report->emulated = facts_truth(&session->host, "emulated");
    (void)cpulist_format(&session->cpus.benchmark, report->cpus, sizeof(report->cpus));
    report->workers = cpus < WORKERS_MIN ? WORKERS_MIN : cpus > WORKERS_MAX ? WORKERS_MAX : cpus;
}

static int run_in_session(const struct cell *given, const struct runtime *runtime, const struct rows *rows,
                          struct planted_report *ret, struct err *e)
{
    struct session session;
    TRY(session_open(given, &session, e));
    describe(&session, runtime, ret);
    return session_close(&session, run_rows(&session, given, runtime, rows, ret, e), e);
}

int planted_run(const struct cell *given, const char *only, struct planted_report *ret, struct err *e)
{
    struct runtime runtime = {0};
    struct rows rows = {0};
    *ret = (struct planted_report){0};
    int failed = choose_rows(only, &rows, e);
    if (failed == 0)
        failed = trace_possible(e);
    if (failed == 0)
        failed = find_runtime(given, &runtime, e);
    if (failed == 0)
        failed = run_in_session(given, &runtime, &rows, ret, e);
    runtime_free(&runtime);
    free(rows.row);
    if (failed != 0)
        planted_free(ret);
    return failed;
}
