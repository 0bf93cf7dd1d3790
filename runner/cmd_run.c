#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
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
    struct text list = {0};
    int failed = scenarios_list(&list, e);
    if (failed == 0)
        (void)fputs(list.data ? list.data : "", stdout);
    text_free(&list);
    return failed;
}

static int write_results(const struct record *r, const struct output_places *places, struct err *e)
{
    int failed = output_save(r, places, e);
    if (failed != 0)
        return failed;
    if (output_on_stdout(places->asked))
        return record_write(r, stdout, e);
    struct text shown = {0};
    const struct terminal_look look = terminal_look_of(STDOUT_FILENO);
    show_record(r, &look, &shown);
    (void)fputs(shown.data, stdout);
    text_free(&shown);
    return 0;
}

/* The exit code that a record stands for; where it is not 0, e says why. */
static int exit_of(const struct record *r, struct err *e)
{
    const struct check *failed = verdict_first_failed(&r->isolation);
    if (r->termination == TERMINATION_INTERRUPTED)
        return 128 + (r->interrupted_by ? r->interrupted_by : 2);
    if (r->termination != TERMINATION_OK)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "%s: %s", termination_name(r->termination), r->detail);
    if (*r->trouble)
        return err_set(e, ERR_OURS, -EBUSY, "%s", r->trouble);
    if (r->cell.isolation == ISOLATION_STRICT && r->isolation.grade != GRADE_FULL)
        return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: %s: wanted %s, got %s: %s",
                       failed ? failed->name : "slice", failed ? failed->requested : "full",
                       failed ? failed->achieved : grade_name(r->isolation.grade), failed ? failed->reason : "");
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
    int failed = session_open(&c->cell, &session, e);
    if (failed != 0)
        return failed;
    tuning_describe(tuning, &session.host);
    meter_open(&meter, &c->cell, 1);
    failed = run_cell(&session, &c->cell, job->runtime, meter_cell(&meter, 0), &record, e);
    meter_clear(&meter);
    int status = failed;
    if (failed == 0) {
        status = write_results(record, job->places, e);
        if (status == 0)
            status = exit_of(record, e);
        record_free(record);
    }
    int left = session_close(&session, status >= 0 ? e : NULL);
    return left != 0 && status >= 0 ? left : status;
}

/* With --tune the host is set before the session looks at it, and put back after, however the run ends. */
static int run_tuned(const struct job *job, struct err *e)
{
    struct tuning tuning = {0};
    int failed = job->c->host.tune ? tuning_begin(&job->c->cell, &tuning, e) : 0;
    if (failed != 0)
        return failed;
    int status = run_in_session(job, &tuning, e);
    int left = tuning_end(&tuning, status == 0 ? e : NULL);
    return left != 0 && status == 0 ? left : status;
}

/* Everything that can be known before anything is made. */
static int prepare(struct config *c, struct limit_profile *profile, struct output_places *places,
                   struct runtime *runtime, struct err *e)
{
    int failed = cell_complete(&c->cell, e);
    if (failed == 0)
        failed = profiled_apply_aloud(&c->cell, profile, e);
    if (failed == 0)
        failed = output_open(&c->output, &c->cell, places, e);
    if (failed != 0)
        return failed;
    failed = runtime_find(&c->cell, runtime, e);
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
