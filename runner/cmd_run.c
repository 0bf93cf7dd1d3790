#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "cell/profiled.h"
#include "cell/scenarios.h"
#include "host/tune/tuning.h"
#include "record/output.h"
#include "record/show.h"
#include "report/why_show.h"
#include "run/meter.h"
#include "run/run.h"
#include "run/why.h"

static int list_scenarios(struct err *e)
{
    cleanup_text struct text list = {0}, shown = {0};
    TRY(scenarios_list(&list, e));
    terminal_wrap_columns(list.data, terminal_width(STDOUT_FILENO), &shown);
    (void)fputs(shown.data ? shown.data : "", stdout);
    return 0;
}

static int list_runtimes(void)
{
    cleanup_text struct text shown = {0};
    const struct terminal_look look = terminal_look_of(STDOUT_FILENO);
    struct runtime_seen *seen;
    const size_t count = runtime_list(&seen);
    runtime_list_text(seen, count, &look, &shown);
    (void)fputs(shown.data ? shown.data : "", stdout);
    for (size_t i = 0; i < count; i++)
        runtime_free(&seen[i].runtime);
    free(seen);
    return 0;
}

static int write_results(const struct record *r, const struct output_places *places, struct err *e)
{
    TRY(output_save(r, places, e));
    if (output_on_stdout(places->asked))
        return record_write(r, stdout, e);
    cleanup_text struct text shown = {0};
    const struct terminal_look look = terminal_look_of(STDOUT_FILENO);
    show_record(r, &look, &shown);
    (void)fputs(shown.data, stdout);
    return 0;
}

/* A run, and where its record goes. */
struct job {
    const struct config *c;
    const struct runtime *runtime;
    const struct output_places *places;
};

/* Runs the diagnostic run, after the timed run's results are written. */
static int explain(const struct job *job, struct session *session, const struct record *timed, struct err *e)
{
    struct why why;
    struct meter meter;
    cleanup_text struct text shown = {0}, kept = {0};
    const struct why_timed of = why_timed_of(timed);
    meter_open(&meter, &job->c->cell, 1);
    int failed = why_run(session, &job->c->cell, job->runtime, &of, meter_cell(&meter, 0), &why, e);
    meter_clear(&meter);
    if (failed == -EINTR)
        return 128 + why.interrupted_by;
    if (failed != 0)
        return err_wrap(e, "--why");
    json_text_indented(why_json(&why), 0, &kept);
    failed = output_save_why(timed->id, &kept, job->places, e);
    why_text(&why, terminal_width(STDOUT_FILENO), &shown);
    (void)fputs(shown.data, stdout);
    why_free(&why);
    return failed;
}

static int run_in_session(const struct job *job, const struct tuning *tuning, struct err *e)
{
    struct session session;
    struct record *record;
    struct meter meter;
    const struct config *c = job->c;
    TRY(session_open(&c->cell, &session, e));
    tuning_describe(tuning, &session.host);
    meter_open(&meter, &c->cell, 1);
    int failed = run_cell(&session, &c->cell, job->runtime, NULL, meter_cell(&meter, 0), &record, e);
    meter_clear(&meter);
    int status = failed == 0 ? write_results(record, job->places, e) : failed;
    if (status == 0)
        status = record_exit(record, e);
    if (status == 0 && c->why)
        status = explain(job, &session, record, e);
    if (failed == 0)
        record_free(record);
    return session_close(&session, status, e);
}

/* With --tune the host is tuned before the session examines it, and restored afterwards, however the run ends. */
static int run_tuned(const struct job *job, struct err *e)
{
    struct tuning tuning = {0};
    TRY(job->c->host.tune ? tuning_begin(&job->c->cell, &tuning, e) : 0);
    int status = run_in_session(job, &tuning, e);
    int left = tuning_end(&tuning, status == 0 ? e : NULL);
    return left != 0 && status == 0 ? left : status;
}

/* Checks everything that can be checked before anything is made. */
static int prepare(struct config *c, struct limit_profile *profile, struct output_places *places,
                   struct runtime *runtime, struct err *e)
{
    if (c->why && output_on_stdout(&c->output))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--why writes a record of its own beside the run's, so that --json - has "
                       "no room for it (--json FILE or --out DIR)");
    TRY(cell_complete(&c->cell, e));
    TRY(profiled_apply_aloud(&c->cell, profile, e));
    TRY(output_open(&c->output, &c->cell, places, e));
    int failed = runtime_find(&c->cell, runtime, e);
    if (failed == 0 && c->why && (failed = why_refuse(&c->cell, runtime, e)) != 0)
        runtime_free(runtime);
    if (failed != 0)
        output_close(places);
    return failed;
}

static int run(struct config *c, struct err *e)
{
    struct limit_profile profile = {0};
    struct runtime runtime;
    struct output_places places = {0};
    if (c->positional)
        TRY(scenarios_find(c->positional, &c->cell.scenario, e));
    if (c->help)
        return manual_print(CONFIG_RUN, c->cell.scenario, NULL);
    if (c->cell.runtime && strcmp(c->cell.runtime, "list") == 0)
        return list_runtimes();
    if (!c->positional)
        return c->is_bare ? list_scenarios(e)
                          : err_set(e, ERR_USAGE, -EINVAL, "no scenario was named ('tare run' alone lists them)");
    TRY(prepare(c, &profile, &places, &runtime, e));
    const struct job job = {c, &runtime, &places};
    int status = run_tuned(&job, e);
    output_close(&places);
    runtime_free(&runtime);
    return status;
}

int cmd_run(struct config *c, struct err *e)
{
    int status = run(c, e);
    scenarios_free();
    return status;
}
