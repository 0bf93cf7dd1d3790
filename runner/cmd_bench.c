#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/config.h"
#include "cell/function.h"
#include "cell/manual.h"
#include "cell/runtime.h"
#include "cell/scenarios.h"
#include "host/bench_cpus.h"
#include "host/topology.h"
#include "plan/matrix.h"
#include "report/bench_show.h"

#define WORKERS_MAX     16   /* numbers of them */
#define WORKERS_HIGH    4096 /* as --workers of the other commands */
#define INVOCATIONS     5    /* the fewest that give an interval */
#define INVOCATION_S    1.0  /* what the iterations of one are to take */
#define ITERATIONS_LOW  2
#define ITERATIONS_HIGH 100

/* A function on its way to its table. */
struct bench {
    struct config *c;
    struct function function;
    struct function_look look;
    struct runtime runtime; /* of the first mode */
    enum mode mode[3];
    size_t modes;
    int64_t workers[WORKERS_MAX];
    size_t counts; /* of workers */
    int cpus;      /* the benchmark's */
    struct temporary temporary;
    char python[PATH_MAX], scenario[PATH_MAX], plan[PATH_MAX], records[PATH_MAX];
};

/* --- what was asked for ------------------------------------------------------------------------------------------- */

static int take_mode(struct bench *b, const char *word, struct err *e)
{
    size_t m = 0;
    while (mode_names[m] && strcmp(mode_names[m], word) != 0)
        m++;
    for (size_t i = 0; mode_names[m] && i < b->modes; i++)
        if (b->mode[i] == m)
            return err_set(e, ERR_USAGE, -EEXIST, "--modes '%s': %s is there twice", b->c->bench.modes, word);
    if (!mode_names[m])
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--modes '%s': '%s' is no mode; what is allowed is a list of threads, processes, interpreters",
                       b->c->bench.modes, word);
    b->mode[b->modes++] = (enum mode)m;
    return 0;
}

static int take_workers(struct bench *b, const char *word, struct err *e)
{
    int64_t n = 0, before = b->counts ? b->workers[b->counts - 1] : 0;
    if (text_to_i64(word, &n) != 0 || n <= before || n > WORKERS_HIGH || b->counts == WORKERS_MAX)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--workers '%s': what is allowed are up to %d numbers from 1 to %d, each greater than the one "
                       "before, as 1,2,4",
                       b->c->bench.workers, WORKERS_MAX, WORKERS_HIGH);
    b->workers[b->counts++] = n;
    return 0;
}

static int take_list(struct bench *b, const char *list, int (*take)(struct bench *, const char *, struct err *),
                     struct err *e)
{
    for (const char *at = list;; at++) {
        cleanup_free char *word = text_printf("%.*s", (int)strcspn(at, ","), at);
        TRY(take(b, word, e));
        at += strlen(word);
        if (!*at)
            return 0;
    }
}

/* 1, 2, 4, … below the number of CPUs, and that; 2 at least, for what a second worker is worth. */
static void choose_workers(struct bench *b)
{
    int64_t most = b->cpus > 2 ? b->cpus : 2;
    for (int64_t n = 1; n < most && b->counts < WORKERS_MAX - 1; n *= 2)
        b->workers[b->counts++] = n;
    b->workers[b->counts++] = most > WORKERS_HIGH ? WORKERS_HIGH : most;
}

/* A path is of the working folder, wherever the plan is gone on with. */
static int take_python(struct bench *b, struct err *e)
{
    const char *named = b->c->bench.python;
    char here[PATH_MAX] = "";
    if (named && strcmp(named, "native") == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--python 'native': it calls no function of Python");
    if (!named || !strchr(named, '/')) {
        if (named && strlen(named) >= sizeof(b->python))
            return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--python '%.80s...': it is too long", named);
        text_format(b->python, sizeof(b->python), "%s", named ? named : "auto");
        return 0;
    }
    if (access(named, X_OK) != 0 || (*named != '/' && !getcwd(here, sizeof(here))))
        return err_sys(e, ERR_USAGE, "--python '%s'", named);
    int n = snprintf(b->python, sizeof(b->python), "%s%s%s", here, *here ? "/" : "", named);
    return n > 0 && (size_t)n < sizeof(b->python)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "--python '%s': the path is too long", named);
}

static int take_options(struct bench *b, struct err *e)
{
    const struct bench_options *o = &b->c->bench;
    struct topology_choice cpus;
    TRY(function_find(b->c->positional, &b->function, e));
    TRY(function_check_arguments(&o->arg, e));
    b->function.arg = &o->arg;
    b->function.returned = !o->discard;
    TRY(take_list(b, o->modes ? o->modes : "threads,processes", take_mode, e));
    TRY(take_python(b, e));
    TRY(bench_cpus_choose("", &b->c->cell, NULL, &cpus, e));
    b->cpus = (int)cpulist_count(&cpus.benchmark);
    if (o->workers)
        return take_list(b, o->workers, take_workers, e);
    choose_workers(b);
    return 0;
}

/* --- a look at the function --------------------------------------------------------------------------------------- */

static int look(struct bench *b, struct err *e)
{
    struct cell cell = b->c->cell;
    cell.mode = b->mode[0];
    cell.runtime = b->python;
    TRY(cell_complete(&cell, e));
    TRY(runtime_find(&cell, &b->runtime, e));
    int failed = function_look(&b->function, &cell, &b->runtime, &b->look, e);
    if (failed == -ECANCELED)
        (void)fprintf(stderr, "%s", b->look.trace.data ? b->look.trace.data : "");
    return failed;
}

/* --- its folder and its plan -------------------------------------------------------------------------------------- */

static int write_scenario(struct bench *b, struct err *e)
{
    struct file_folder folder;
    const char *keep = b->c->bench.keep;
    unsigned modes = 0;
    for (size_t i = 0; i < b->modes; i++)
        modes |= 1U << b->mode[i];
    text_format(b->scenario, sizeof(b->scenario), "%.4000s/scenario", b->temporary.path);
    TRY(file_folder_open(keep ? keep : b->scenario, &folder, e));
    int failed = function_write(&b->function, &b->look, modes, &b->c->bench, folder.fd, e);
    if (failed != 0) {
        file_folder_abandon(&folder);
        return failed;
    }
    if (file_folder_commit(&folder, e) != 0)
        return keep ? err_wrap(e, "--keep '%s'", keep) : err_wrap(e, "'%s'", b->scenario);
    return keep && !realpath(keep, b->scenario) ? err_sys(e, ERR_USAGE, "--keep '%s'", keep) : 0;
}

/* About INVOCATION_S, by what a call took, where each CPU has its share of the workers. */
static int64_t iterations_of(const struct bench *b)
{
    double most = (double)b->workers[b->counts - 1];
    double shared = fmax(1, most / b->cpus) * (double)b->c->bench.calls;
    double n = INVOCATION_S / (b->look.call_s * shared);
    return (int64_t)fmin(fmax(n, ITERATIONS_LOW), ITERATIONS_HIGH);
}

static void add_plan(const struct bench *b, struct text *out)
{
    cleanup_text struct text modes = {0}, workers = {0};
    const int64_t asked = b->c->campaign.invocations;
    for (size_t i = 0; i < b->modes; i++)
        text_add(&modes, "%s%s", i ? ", " : "", mode_name(b->mode[i]));
    for (size_t i = 0; i < b->counts; i++)
        text_add(&workers, "%s%lld", i ? ", " : "", (long long)b->workers[i]);
    text_add(out, "schema: tare.plan/1\nname: bench\ninvocations: %lld\ndefaults:\n  scenario: ",
             (long long)(asked > 0 ? asked : INVOCATIONS));
    yaml_add_quoted(b->scenario, out);
    text_add(out, "\n  runtime: ");
    yaml_add_quoted(b->python, out);
    text_add(out,
             "\n  iterations: %lld\n  warmup: 1\ncells:\n"
             "  - profile: overhead\n    each: {mode: [%s], workers: [%s]}\n"
             "  - profile: memory\n    workers: %lld\n    each: {mode: [%s]}\n",
             (long long)iterations_of(b), modes.data, workers.data, (long long)b->workers[b->counts - 1], modes.data);
}

static int write_plan(struct bench *b, struct err *e)
{
    cleanup_text struct text plan = {0};
    add_plan(b, &plan);
    text_format(b->plan, sizeof(b->plan), "%.4000s/bench.yml", b->temporary.path);
    return file_replace(b->plan, plan.data, plan.len, e);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

/* In digits that a reader takes in: "4.6 ms". */
static void add_call(double seconds, struct text *out)
{
    static const char *const UNITS[] = {"s", "ms", "us", "ns"};
    size_t unit = 0;
    for (; seconds < 1 && unit + 1 < ARRAY_LEN(UNITS); unit++)
        seconds *= 1000;
    text_add(out, "a call takes %.3g %s", seconds, UNITS[unit]);
}

static void add_head(const struct bench *b, struct text *out)
{
    const struct bench_options *o = &b->c->bench;
    char size[32];
    text_add(out, "%s of %s", b->function.name, b->function.module);
    for (size_t i = 0; i < o->arg.count; i++)
        text_add(out, "%s%s%s", i ? ", " : " (", o->arg.word[i], i + 1 == o->arg.count ? ")" : "");
    text_add(out, ": ");
    add_call(b->look.call_s, out);
    if (b->function.returned)
        text_add(out, " and returns %s", text_bytes(b->look.result_bytes, size, sizeof(size)));
    text_add(out, "\n%lld call%s a worker and iteration, results %s, %s, %d CPU%s\n", (long long)o->calls,
             o->calls == 1 ? "" : "s", o->discard ? "discarded" : "returned",
             o->pool ? "workers in a pool" : "fresh workers", b->cpus, b->cpus == 1 ? "" : "s");
}

static void add_places(const struct bench *b, const char *folder, struct text *out)
{
    const char *keep = b->c->bench.keep;
    if (keep)
        text_add(out, "* the scenario: %s ('tare run %s%s')\n", keep, strchr(keep, '/') ? "" : "./", keep);
    if (*b->records)
        text_add(out,
                 "* the records were not kept (--out DIR keeps them, --keep DIR keeps a scenario to go on from)\n");
    else
        text_add(out, "* the records: %s ('tare report %s')\n", folder, folder);
}

static int show(struct records *r, const char *folder, void *to, struct err *e)
{
    const struct bench *b = to;
    const size_t width = terminal_width(STDOUT_FILENO);
    struct summary s;
    cleanup_text struct text head = {0}, text = {0}, places = {0};
    (void)e;
    summary_make(r, &s);
    add_head(b, &head);
    terminal_wrap_lines(head.data, width, 2, &text);
    text_add(&text, "\n");
    bench_text(&s, width, &text);
    add_places(b, folder, &places);
    terminal_wrap_lines(places.data, width, 2, &text);
    (void)fputs(text.data, stdout);
    summary_free(&s);
    return 0;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static int run(struct bench *b, struct err *e)
{
    TRY(take_options(b, e));
    TRY(look(b, e));
    TRY(temporary_make(temporary_base(), "tare.", &b->temporary, e));
    TRY(write_scenario(b, e));
    TRY(write_plan(b, e));
    struct config c = *b->c;
    const struct matrix_shows shows = {show, b, false};
    c.positional = b->plan;
    if (!c.output.dir) {
        text_format(b->records, sizeof(b->records), "%.4000s/records", b->temporary.path);
        c.output.dir = b->records;
    }
    return matrix_run(&c, &shows, e);
}

int cmd_bench(int argc, char **argv, struct err *e)
{
    struct config c;
    TRY(config_begin(CONFIG_BENCH, argc, argv, &c, e));
    if (c.help)
        return manual_print(CONFIG_BENCH, NULL, NULL);
    if (!c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "no function was named: tare bench FILE.py:FUNCTION | MODULE:FUNCTION");
    struct bench b = {.c = &c, .temporary = TEMPORARY_NONE};
    int status = run(&b, e);
    temporary_remove(&b.temporary);
    function_look_free(&b.look);
    runtime_free(&b.runtime);
    scenarios_free();
    return status;
}
