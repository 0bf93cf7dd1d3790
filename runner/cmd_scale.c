#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/scaling.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/config.h"
#include "cell/scenarios.h"
#include "plan/plan.h"
#include "plan/sweep.h"
#include "record/output.h"
#include "report/scale_show.h"
#include "report/why_show.h"
#include "run/meter.h"
#include "run/session.h"
#include "run/why.h"

#define ITERATIONS_MOST 50  /* of an invocation, where a scenario's default is made for one cell alone */
#define STARTS          20  /* iterations of the cells that tell what starting takes */
#define ITERATION_S     0.1 /* what the calls of one worker are to take at least: more than its start does */
#define KNOB_HIGH       1000000000

/* What the command was given, and what it makes of that. */
struct scale {
    struct config c;           /* without the knobs */
    struct config_given knobs; /* of the scenario, which the cells that tell of starting do not have */
    struct sweep sweep;
    const struct scenario *of; /* the scenario, also a function's */
    int64_t calls;             /* of a function, by a worker in an iteration, where they are not shared */
    int64_t whole;             /* with --strong: what the workers share */
    bool all_modes;            /* --modes was not given */
    bool printed;              /* JSON was asked for on standard output, in place of the text */
    const struct plan *plan;   /* once it is read */
    bool is_whole;             /* all of it was run, and ended well */
};

/* --- what was asked for ------------------------------------------------------------------------------------------- */

/* Options that only the scenario can know are its knobs, and go to its cells alone. */
static void part_knobs(struct scale *s)
{
    struct config_given *given = &s->c.given, kept = {0};
    for (size_t i = 0; i < given->count; i++) {
        struct config_given *to = config_has_option(CONFIG_SCALE, given->option[i].name) ? &kept : &s->knobs;
        to->option[to->count++] = given->option[i];
    }
    *given = kept;
}

/* NULL: it was not given. */
static const char *knob_given(const struct scale *s, const char *name)
{
    for (size_t i = s->knobs.count; i > 0; i--)
        if (strcmp(s->knobs.option[i - 1].name, name) == 0)
            return s->knobs.option[i - 1].value;
    return NULL;
}

/* What is wrong with a knob is said before the plan, which nobody wrote, is read. */
static int check_knobs(struct scale *s, struct err *e)
{
    struct cell cell = s->c.cell;
    TRY(scenarios_find(s->sweep.place, &s->of, e));
    cell.scenario = s->of;
    for (size_t i = 0; i < s->knobs.count; i++) {
        const struct config_option *o = &s->knobs.option[i];
        const struct scenario_knob *knob = scenario_knob_find(s->of, o->name);
        TRY(cell_set(&cell, o->name, o->value, e));
        if (knob && *knob->empty && strcmp(knob->empty, o->value) == 0)
            return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': the workers would do nothing, which does not scale",
                           o->name, o->value);
    }
    return 0;
}

/* All that there are of the scenario, or of a function; what the interpreter has not is left out when it is known. */
static const char *all_modes(const struct config *c, struct text *out, struct err *e)
{
    const struct scenario *scenario = NULL;
    if (strchr(c->positional, ':'))
        return "threads,processes,interpreters";
    if (scenarios_find(c->positional, &scenario, e) != 0)
        return NULL;
    for (unsigned m = 0; mode_names[m]; m++)
        if (scenario->modes >> m & 1)
            text_add(out, "%s%s", out->len ? "," : "", mode_names[m]);
    if (scenario->command[RUNTIME_NATIVE][0] && scenario->modes >> MODE_THREADS & 1)
        text_add(out, ",native");
    return out->data;
}

/* What --why looks at: threads, and without them interpreters, which are threads too. */
static enum mode explained_mode(const struct scale *s)
{
    enum mode mode = MODE_PROCESSES;
    for (size_t i = 0; i < s->sweep.modes; i++)
        if (s->sweep.mode[i] == MODE_THREADS || (s->sweep.mode[i] == MODE_INTERPRETERS && mode == MODE_PROCESSES))
            mode = s->sweep.mode[i];
    return mode;
}

static int take_options(struct scale *s, struct text *modes, struct err *e)
{
    s->all_modes = !s->c.bench.modes;
    if (s->all_modes)
        s->c.bench.modes = all_modes(&s->c, modes, e);
    if (!s->c.bench.modes)
        return -ENOENT;
    TRY(sweep_take_options(&s->sweep, true, e));
    if (s->sweep.native && s->sweep.is_function)
        return err_set(e, ERR_USAGE, -EINVAL, "--modes '%s': a function of Python has no native", s->c.bench.modes);
    if (s->sweep.counts < 2 && !s->c.why)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "--workers '%s': what is allowed are two numbers or more: the speed-up is over the first of them",
            s->c.bench.workers);
    if (s->c.why && explained_mode(s) == MODE_PROCESSES)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--why names what the threads of one interpreter wait for, and --modes '%s' has none (threads, "
                       "interpreters)",
                       s->c.bench.modes);
    if (s->c.bench.keep && !s->sweep.is_function)
        return err_set(e, ERR_USAGE, -EINVAL, "--keep: '%s' is a scenario already", s->c.positional);
    if (s->c.bench.arg.count && !s->sweep.is_function)
        return err_set(e, ERR_USAGE, -EINVAL, "--arg: '%s' is a scenario; its knobs are options ('tare run %s --help')",
                       s->c.positional, s->c.positional);
    return 0;
}

/* --- strong scaling ----------------------------------------------------------------------------------------------- */

/* The value of NAME=VALUE among the function's arguments; NULL: it has none. */
static const char *argument_given(const struct scale *s, const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < s->c.bench.arg.count; i++)
        if (strncmp(s->c.bench.arg.word[i], name, len) == 0 && s->c.bench.arg.word[i][len] == '=')
            return s->c.bench.arg.word[i] + len + 1;
    return NULL;
}

/* What the workers are to share, as it was given or as the scenario has it by itself. NULL: there is no such knob. */
static const char *shared_value(const struct scale *s)
{
    const char *name = s->c.bench.strong, *given = knob_given(s, name);
    if (given)
        return given;
    if (s->sweep.is_function)
        return strcmp(name, "calls") == 0 ? "1" : argument_given(s, name);
    const struct scenario_knob *knob = scenario_knob_find(s->sweep.scenario, name);
    return knob && knob->type == SCENARIO_INTEGER ? knob->fallback[PROFILE_OVERHEAD] : NULL;
}

static int64_t divisor(int64_t a, int64_t b)
{
    return b == 0 ? a : divisor(b, a % b);
}

/* The least number that every number of workers divides; one above KNOB_HIGH: there is none that could be shared. */
static long long least_multiple(const struct sweep *s)
{
    long long multiple = 1;
    for (size_t i = 0; i < s->counts && multiple <= KNOB_HIGH; i++) {
        const int64_t common = divisor(multiple, s->workers[i]);
        multiple *= s->workers[i] / (common > 0 ? common : 1);
    }
    return multiple > 0 ? multiple : 1;
}

/* Each number of workers has to have a whole share: nobody does more than another. */
static int take_strong(struct scale *s, struct err *e)
{
    const char *name = s->c.bench.strong;
    if (!name)
        return 0;
    const char *value = shared_value(s);
    if (!value)
        return err_set(e, ERR_USAGE, -EINVAL,
                       s->sweep.is_function
                           ? "--strong '%s': what is allowed is calls, or the name of a whole number that --arg gives"
                           : "--strong '%s': what is allowed is a knob of the scenario that takes a whole number",
                       name);
    if (text_to_i64(value, &s->whole) != 0 || s->whole < 1 || s->whole > KNOB_HIGH)
        return err_set(e, ERR_USAGE, -EINVAL, "--strong %s: '%s' cannot be shared; what is allowed is 1 to %d", name,
                       value, KNOB_HIGH);
    const long long whole = s->whole, multiple = least_multiple(&s->sweep);
    if (whole % multiple != 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "--strong %s: %lld cannot be shared evenly by every number of workers; a multiple of %lld can, as "
            "%lld",
            name, whole, multiple, (whole / multiple + 1) * multiple);
    return 0;
}

/* --- the plan ----------------------------------------------------------------------------------------------------- */

/* So many that starting is the smaller part, where nothing else was asked for. */
static int64_t choose_calls(const struct scale *s)
{
    const char *given = knob_given(s, "calls");
    int64_t n = 0;
    if (given && text_to_i64(given, &n) == 0 && n > 0)
        return n;
    const double enough = ITERATION_S / s->sweep.look.call_s;
    return enough < 1 ? 1 : enough > KNOB_HIGH ? KNOB_HIGH : (int64_t)enough + 1;
}

static int64_t iterations_of(const struct scale *s)
{
    if (s->sweep.is_function)
        return sweep_iterations(&s->sweep, s->calls);
    struct cell cell = s->c.cell;
    cell.scenario = s->sweep.scenario;
    cell.profile = PROFILE_OVERHEAD;
    return cell_complete(&cell, NULL) == 0 && cell.iterations < ITERATIONS_MOST ? cell.iterations : ITERATIONS_MOST;
}

static void add_knob(const char *name, const char *value, struct text *out)
{
    text_add(out, "    %s: ", name);
    yaml_add_quoted(value, out);
    text_add(out, "\n");
}

/* Whether the knob is one by which workers do nothing. */
static bool is_emptied(const struct scale *s, const char *name)
{
    const struct scenario_knob *k = scenario_knob_find(s->of, name);
    return k && *k->empty;
}

/* empty: its workers do nothing. */
static void add_scenario(const struct scale *s, bool empty, struct text *out)
{
    text_add(out, "  - scenario: ");
    yaml_add_quoted(s->sweep.place, out);
    text_add(out, "%s\n    iterations: %lld\n", empty ? "\n    id: start" : "",
             empty ? (long long)STARTS : (long long)iterations_of(s));
    const bool shares_calls = s->c.bench.strong && strcmp(s->c.bench.strong, "calls") == 0;
    if (s->sweep.is_function && !empty && !shares_calls && !knob_given(s, "calls"))
        text_add(out, "    calls: %lld\n", (long long)s->calls);
    for (size_t i = 0; i < s->knobs.count; i++) {
        const struct config_option *o = &s->knobs.option[i];
        bool is_shared = s->c.bench.strong && strcmp(o->name, s->c.bench.strong) == 0;
        if (is_shared || knob_given(s, o->name) != o->value || (empty && is_emptied(s, o->name)))
            continue;
        add_knob(o->name, o->value, out);
    }
    for (size_t i = 0; empty && i < s->of->knobs; i++)
        if (*s->of->knob[i].empty)
            add_knob(s->of->knob[i].name, s->of->knob[i].empty, out);
}

/* As options have it: of the argument max_size the knob is max-size. */
static void add_share(const struct scale *s, int64_t workers, bool empty, struct text *out)
{
    cleanup_free char *name = text_printf("%s", s->c.bench.strong);
    for (char *at = name; *at; at++)
        *at = (char)(*at == '_' ? '-' : *at);
    if (!empty || !is_emptied(s, name))
        text_add(out, "    %s: %lld\n", name, (long long)(s->whole / workers));
}

/* The cells of one runtime; native: threads of the scenario in C. */
static void add_cells(const struct scale *s, bool native, bool empty, struct text *out)
{
    cleanup_text struct text modes = {0}, workers = {0};
    sweep_add_modes(&s->sweep, &modes);
    sweep_add_workers(&s->sweep, &workers);
    const char *of = native ? "[threads]" : modes.data;
    for (size_t i = 0; i < (s->whole ? s->sweep.counts : 1); i++) {
        add_scenario(s, empty, out);
        if (native)
            text_add(out, "    runtime: native\n");
        if (s->whole)
            add_share(s, s->sweep.workers[i], empty, out);
        if (s->whole)
            text_add(out, "    each: {mode: %s, workers: [%lld]}\n", of, (long long)s->sweep.workers[i]);
        else
            text_add(out, "    each: {mode: %s, workers: %s}\n", of, workers.data);
    }
}

#define STARTS_ALONE "scenario0" /* which does nothing else */

/* Of what is measured, starting takes none in a pool, whose workers are there before the clock starts; nor of a rate by
 * the scenario's own clock. Where it is all that is measured it is there already. */
static bool starts_workers(const struct scale *s)
{
    const char *lifecycle = knob_given(s, "lifecycle");
    const struct scenario *of = s->sweep.scenario;
    for (size_t i = 0; of && i < of->figures; i++)
        if (strcmp(of->figure[i].kind, "rate") == 0 && strcmp(of->figure[i].better, "more") == 0 &&
            !scaling_has_start(of->figure[i].name))
            return false;
    if (of && strcmp(of->name, STARTS_ALONE) == 0)
        return false;
    return !lifecycle || strcmp(lifecycle, "fresh") == 0;
}

static void add_starts(const struct scale *s, struct text *out)
{
    cleanup_text struct text modes = {0}, workers = {0};
    if (!starts_workers(s))
        return;
    if (scenario_can_be_empty(s->of)) {
        add_cells(s, false, true, out);
        return;
    }
    sweep_add_modes(&s->sweep, &modes);
    sweep_add_workers(&s->sweep, &workers);
    text_add(out, "  - scenario: " STARTS_ALONE "\n    iterations: %d\n    each: {mode: %s, workers: %s}\n", STARTS,
             modes.data, workers.data);
}

static void add_plan(const struct scale *s, struct text *out)
{
    const int64_t asked = s->c.campaign.invocations;
    text_add(out, "schema: tare.plan/1\nname: scale\ninvocations: %lld\ndefaults:\n  runtime: ",
             (long long)(asked > 0 ? asked : SWEEP_INVOCATIONS));
    yaml_add_quoted(s->sweep.python, out);
    text_add(out, "\n  profile: overhead\n  warmup: 1\ncells:\n");
    add_cells(s, false, false, out);
    if (s->sweep.native)
        add_cells(s, true, false, out);
    add_starts(s, out);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

static void add_head(const struct scale *s, struct text *out)
{
    const struct runtime *r = &s->sweep.runtime;
    if (s->sweep.is_function)
        sweep_add_function(&s->sweep, out);
    else
        text_add(out, "%s: %s\n", s->sweep.scenario->name, s->sweep.scenario->summary);
    if (s->whole)
        text_add(out, "strong scaling: the workers share %s %lld", s->c.bench.strong, (long long)s->whole);
    else if (s->sweep.is_function)
        text_add(out, "weak scaling: each worker makes %lld call%s", (long long)s->calls, s->calls == 1 ? "" : "s");
    else
        text_add(out, "weak scaling: each worker does the same work");
    text_add(out, "; %s on %d CPU%s, in blocks\n", r->name, s->sweep.cpus, s->sweep.cpus == 1 ? "" : "s");
}

/* why: NULL: there is none, for the reason no_why. */
static int put_json(const struct scale *s, const struct scaling *found, const struct why *why, const char *no_why,
                    struct err *e)
{
    cleanup_text struct text json = {0};
    const char *path = s->c.output.json;
    if (!path)
        return 0;
    scale_json(found, why ? why_json_tree(why) : NULL, no_why, &json);
    if (!s->printed)
        return file_replace(path, json.data, json.len, e);
    (void)fputs(json.data, stdout);
    return 0;
}

static void print(const struct scale *s, const struct summary *of, const struct scaling *found, const char *folder)
{
    const size_t width = terminal_width(STDOUT_FILENO);
    cleanup_text struct text head = {0}, text = {0}, notes = {0};
    add_head(s, &head);
    terminal_wrap_lines(head.data, width, 2, &text);
    text_add(&text, "\n");
    summary_notes(of, &notes);
    sweep_add_missing(&s->sweep, &of->records, &notes);
    sweep_add_places(&s->sweep, folder, &notes);
    scale_text(found, width, &text);
    text_add(&text, "\n");
    terminal_wrap_lines(notes.data, width, 2, &text);
    (void)fputs(text.data, stdout);
}

/* --- --why -------------------------------------------------------------------------------------------------------- */

/* Of the mode that is looked at, with the most workers: what is measured, which comes before what tells of starts. */
static const struct plan_cell *explained_cell(const struct scale *s)
{
    const struct plan_cell *most = NULL;
    for (size_t i = 0; i < s->plan->cells; i++) {
        const struct plan_cell *c = &s->plan->cell[i];
        const bool is_native = c->cell.runtime && strcmp(c->cell.runtime, "native") == 0;
        if (!is_native && c->cell.mode == explained_mode(s) && (!most || c->cell.workers > most->cell.workers))
            most = c;
    }
    return most;
}

static int diagnose(const struct scale *s, const struct summary *summary, struct why *ret, struct err *e)
{
    const struct plan_cell *cell = explained_cell(s);
    const struct invocation *of = NULL; /* the record that it is held against: of those of the cell the middle one */
    char path[PATH_MAX + sizeof(OUTPUT_WHY)];
    cleanup_text struct text json = {0};
    for (size_t i = 0; cell && !of && i < summary->cells; i++)
        if (strcmp(summary->cell[i].invocation[0]->plan_cell, cell->id) == 0)
            of = summary->cell[i].typical;
    struct session session;
    struct meter meter;
    if (!of)
        return err_set(e, ERR_OURS, -ENOENT, "no record is of the cell that is to be explained");
    const struct why_timed timed = why_timed_of_invocation(&summary->records, of);
    TRY(session_open(&cell->cell, &session, e));
    meter_open(&meter, &cell->cell, 1);
    const int ran = why_run(&session, &cell->cell, &s->sweep.runtime, &timed, meter_cell(&meter, 0), ret, e);
    meter_clear(&meter);
    int failed = session_close(&session, ran, e);
    if (failed == 0 && s->sweep.is_function)
        why_move_files(ret, cell->cell.scenario->dir, s->sweep.function.root);
    if (failed == 0) {
        why_json(ret, &json);
        output_why_of(of->path, path, sizeof(path));
        failed = file_replace(path, json.data, json.len, e);
    }
    if (ran == 0 && failed != 0)
        why_free(ret);
    return failed;
}

/* The diagnostic run, of which no figure is that was shown before; then the JSON, which has both. 128 + n: signal n
 * ended it. */
static int explain(const struct scale *s, const struct summary *summary, const struct scaling *found, struct err *e)
{
    struct why why = {0};
    cleanup_text struct text shown = {0};
    int failed = diagnose(s, summary, &why, e);
    if (failed == -EINTR && why.interrupted_by) {
        failed = put_json(s, found, NULL, "it was interrupted", e);
        return failed != 0 ? failed : 128 + why.interrupted_by;
    }
    if (failed != 0) {
        (void)err_wrap(e, "--why");
        (void)put_json(s, found, NULL, e->text, NULL); /* that is told in any case */
        return failed;
    }
    why_text(&why, terminal_width(STDOUT_FILENO), &shown);
    if (!s->printed)
        (void)fputs(shown.data, stdout);
    failed = put_json(s, found, &why, NULL, e);
    why_free(&why);
    return failed;
}

static int check(const struct plan *plan, void *to, struct err *e)
{
    struct scale *s = to;
    (void)e;
    s->plan = plan;
    return 0;
}

static int show(struct records *r, const char *folder, void *to, struct err *e)
{
    const struct scale *s = to;
    cleanup_summary struct summary summary;
    cleanup_scaling struct scaling found;
    summary_make(r, &summary);
    scaling_make(&summary, &found);
    if (!s->printed)
        print(s, &summary, &found, folder);
    (void)fflush(stdout); /* what follows takes a while */
    if (s->c.why && s->is_whole)
        return explain(s, &summary, &found, e);
    return put_json(s, &found, NULL, s->c.why ? "not all was run, or not all ended well" : "--why was not given", e);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

/* The output must not replace the scenario, nor what the function imported and opened when it was looked at. */
static int refuse_weighed(const struct scale *s, struct err *e)
{
    const char *output = s->printed ? NULL : s->c.output.json, *line = s->sweep.look.files.data;
    if (output && !s->sweep.is_function)
        return output_refuse_scenario("--json", output, s->sweep.scenario, e);
    for (; output && line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        cleanup_free char *file = text_printf("%s/%.*s", s->sweep.function.root, (int)strcspn(line, "\n"), line);
        TRY(file_refuse_input("--json", output, file, e));
    }
    return 0;
}

static int run(struct scale *s, struct err *e)
{
    const struct matrix_shows shows = {.fn = show, .to = s, .check = check, .is_whole = &s->is_whole};
    cleanup_text struct text plan = {0}, modes = {0};
    TRY(take_options(s, &modes, e));
    TRY(take_strong(s, e));
    TRY(sweep_look(&s->sweep, e));
    TRY(refuse_weighed(s, e));
    if (s->all_modes && !s->sweep.runtime.interpreters && s->sweep.modes > 1)
        sweep_leave_out(&s->sweep, MODE_INTERPRETERS);
    text_format(s->sweep.python, sizeof(s->sweep.python), "%s", s->sweep.runtime.path);
    TRY(sweep_begin(&s->sweep, e));
    TRY(check_knobs(s, e));
    TRY(sweep_keep(&s->sweep, e));
    s->calls = choose_calls(s);
    add_plan(s, &plan);
    return sweep_run(&s->sweep, "scale", &plan, &shows, e);
}

int cmd_scale(struct config *c, struct err *e)
{
    struct scale s = {.c = *c, .sweep = {.c = &s.c, .temporary = TEMPORARY_NONE}};
    if (!s.c.positional)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "nothing was named: tare scale SCENARIO | FILE.py:FUNCTION | MODULE:FUNCTION");
    s.printed = s.c.output.json && strcmp(s.c.output.json, "-") == 0;
    part_knobs(&s);
    const char *results = knob_given(&s, "results");
    s.c.bench.discard = !results || strcmp(results, "returned") != 0;
    int status = run(&s, e);
    sweep_end(&s.sweep);
    return status;
}
