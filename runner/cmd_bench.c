#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/config.h"
#include "plan/sweep.h"
#include "report/bench_show.h"

/* Those of profile overhead with every number of workers, and those of profile memory with the greatest. */
static void add_cells(const struct sweep *s, const struct text *each, struct text *out)
{
    cleanup_text struct text workers = {0};
    sweep_add_workers(s, &workers);
    text_add(out,
             "  - profile: overhead\n    each: {%s, workers: %s}\n"
             "  - profile: memory\n    workers: %lld\n    each: {%s}\n",
             each->data, workers.data, (long long)s->workers[s->counts - 1], each->data);
}

static void add_plan(const struct sweep *s, struct text *out)
{
    cleanup_text struct text modes = {0}, starts = {0};
    const int64_t asked = s->c->campaign.invocations;
    text_add(out, "schema: tare.plan/1\nname: bench\ninvocations: %lld\ndefaults:\n  scenario: ",
             (long long)(asked > 0 ? asked : SWEEP_INVOCATIONS));
    yaml_add_quoted(s->place, out);
    text_add(out, "\n  runtime: ");
    yaml_add_quoted(s->python, out);
    text_add(out, "\n  iterations: %lld\n  warmup: 1\ncells:\n", (long long)sweep_iterations(s, s->c->bench.calls));
    if (s->starts > 0) {
        text_add(&starts, "mode: [processes], mp-start: ");
        sweep_add_starts(s, &starts);
        add_cells(s, &starts, out);
    }
    if (s->starts > 0 && s->modes == 1)
        return;
    text_add(&modes, "mode: ");
    sweep_add_modes(s, &modes);
    add_cells(s, &modes, out);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

static void add_head(const struct sweep *s, struct text *out)
{
    const struct bench_options *o = &s->c->bench;
    sweep_add_function(s, out);
    text_add(out, "%lld call%s a worker and iteration, results %s, %s, %d CPU%s\n", (long long)o->calls,
             o->calls == 1 ? "" : "s", o->discard ? "discarded" : "returned",
             o->pool ? "workers in a pool, whose start is not timed" : "fresh workers, whose start is timed", s->cpus,
             s->cpus == 1 ? "" : "s");
}

static int show(struct records *r, const char *folder, void *to, struct err *e)
{
    const struct sweep *b = to;
    const size_t width = terminal_width(STDOUT_FILENO);
    cleanup_summary struct summary s;
    cleanup_text struct text head = {0}, text = {0}, places = {0};
    (void)e;
    summary_make(r, &s);
    add_head(b, &head);
    terminal_wrap_lines(head.data, width, 2, &text);
    text_add(&text, "\n");
    bench_text(&s, width, &text);
    sweep_add_missing(b, r, &places);
    sweep_add_places(b, folder, &places);
    terminal_wrap_lines(places.data, width, 2, &text);
    (void)fputs(text.data, stdout);
    return 0;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static int run(struct sweep *s, struct err *e)
{
    const struct matrix_shows shows = {.fn = show, .to = s};
    cleanup_text struct text plan = {0};
    TRY(sweep_take_options(s, false, e));
    TRY(sweep_look(s, e));
    TRY(sweep_begin(s, e));
    TRY(sweep_keep(s, e));
    add_plan(s, &plan);
    return sweep_run(s, "bench", &plan, &shows, e);
}

int cmd_bench(struct config *c, struct err *e)
{
    if (!c->positional)
        return err_set(e, ERR_USAGE, -EINVAL, "no function was named: tare bench FILE.py:FUNCTION | MODULE:FUNCTION");
    struct sweep s = {.c = c, .temporary = TEMPORARY_NONE};
    int status = run(&s, e);
    sweep_end(&s);
    return status;
}
