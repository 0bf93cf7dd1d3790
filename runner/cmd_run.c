#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/terminal.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "cell/profiled.h"
#include "cell/scenarios.h"
#include "host/tune/tuning.h"
#include "record/output.h"
#include "record/show.h"
#include "run/meter.h"
#include "run/run.h"

static int list_scenarios(struct err *e)
{
    cleanup_text struct text list = {0};
    TRY(scenarios_list(&list, e));
    (void)fputs(list.data ? list.data : "", stdout);
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

/* What a run is of, and where its record goes. */
struct job {
    const struct config *c;
    const struct runtime *runtime;
    const struct output_places *places;
};

static int run_in_session(const struct job *job, const struct tuning *tuning, struct err *e)
{
    struct session session;
    struct record *record;
    struct meter meter;
    const struct config *c = job->c;
    TRY(session_open(&c->cell, &session, e));
    tuning_describe(tuning, &session.host);
    meter_open(&meter, &c->cell, 1);
    int failed = run_cell(&session, &c->cell, job->runtime, meter_cell(&meter, 0), &record, e);
    meter_clear(&meter);
    int status = failed;
    if (failed == 0) {
        status = write_results(record, job->places, e);
        if (status == 0)
            status = record_exit(record, e);
        record_free(record);
    }
    int left = session_close(&session, status >= 0 ? e : NULL);
    return left != 0 && status >= 0 ? left : status;
}

/* With --tune the host is set before the session looks at it, and put back after, however the run ends. */
static int run_tuned(const struct job *job, struct err *e)
{
    struct tuning tuning = {0};
    TRY(job->c->host.tune ? tuning_begin(&job->c->cell, &tuning, e) : 0);
    int status = run_in_session(job, &tuning, e);
    int left = tuning_end(&tuning, status == 0 ? e : NULL);
    return left != 0 && status == 0 ? left : status;
}

/* Everything that can be known before anything is made. */
static int prepare(struct config *c, struct limit_profile *profile, struct output_places *places,
                   struct runtime *runtime, struct err *e)
{
    TRY(cell_complete(&c->cell, e));
    TRY(profiled_apply_aloud(&c->cell, profile, e));
    TRY(output_open(&c->output, &c->cell, places, e));
    int failed = runtime_find(&c->cell, runtime, e);
    if (failed != 0)
        output_close(places);
    return failed;
}

static int run(struct config *c, struct err *e)
{
    struct limit_profile profile = {0};
    struct runtime runtime;
    struct output_places places;
    int status = c->positional ? scenarios_find(c->positional, &c->cell.scenario, e) : 0;
    if (status != 0)
        return status;
    if (c->help)
        return manual_print(CONFIG_RUN, c->cell.scenario, NULL);
    if (!c->positional)
        return list_scenarios(e);
    status = prepare(c, &profile, &places, &runtime, e);
    if (status != 0)
        return status;
    const struct job job = {c, &runtime, &places};
    status = run_tuned(&job, e);
    output_close(&places);
    runtime_free(&runtime);
    return status;
}

int cmd_run(int argc, char **argv, struct err *e)
{
    struct config c;
    int status = config_begin(CONFIG_RUN, argc, argv, &c, e);
    if (status != 0)
        return status;
    status = run(&c, e);
    scenarios_free();
    return status;
}
