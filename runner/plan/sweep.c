#include "plan/sweep.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cell/scenarios.h"
#include "cgroups/cgfile.h"
#include "cgroups/slice.h"
#include "host/bench_cpus.h"
#include "host/topology.h"
#include "launch/spawn.h"
#include "record/records.h"
#include "run/session.h"

#define WORKERS_HIGH    4096 /* as for --workers of the other commands */
#define INVOCATION_S    1.0  /* the intended time of an invocation's iterations */
#define ITERATIONS_LOW  2
#define ITERATIONS_HIGH 100
#define KEEP_ALLOWED    "what is allowed is a new folder or an empty one" /* as file_folder_commit() says it */

/* --- what was asked for ------------------------------------------------------------------------------------------- */

static unsigned bits_of_modes(const struct sweep *s)
{
    unsigned modes = 0;
    for (size_t i = 0; i < s->modes; i++)
        modes |= 1U << s->mode[i];
    return modes;
}

static bool has_mode(const struct sweep *s, enum mode mode)
{
    return bits_of_modes(s) >> mode & 1;
}

static int refuse_twice(const char *option, const char *list, const char *word, struct err *e)
{
    return err_set(e, ERR_USAGE, -EEXIST, "%s '%s': %s is there twice", option, list, word);
}

static const char *nearest(const char *word, const char *names, char buf[SUGGEST_TEXT_MAX])
{
    struct suggest known = SUGGEST(word);
    suggest_offer_list(&known, names);
    return suggest_text(&known, "", buf);
}

static int take_mode(struct sweep *s, const char *word, struct err *e)
{
    static const char MODES[] = "threads, processes, interpreters";
    char near[SUGGEST_TEXT_MAX];
    const int m = text_index(word, mode_names);
    if (s->natives && strcmp(word, "native") == 0) { /* the scenario's program in C, with threads */
        TRY(s->native ? refuse_twice("--modes", s->c->bench.modes, word, e) : 0);
        s->native = true;
        return 0;
    }
    if (m < 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--modes '%s': '%s' is no mode; what is allowed is a list of %s%s%s",
                       s->c->bench.modes, word, s->natives ? "native, " : "", MODES, nearest(word, MODES, near));
    if (has_mode(s, (enum mode)m))
        return refuse_twice("--modes", s->c->bench.modes, word, e);
    s->mode[s->modes++] = (enum mode)m;
    return 0;
}

static int take_start(struct sweep *s, const char *word, struct err *e)
{
    static const char STARTS[] = "fork, forkserver, spawn";
    char near[SUGGEST_TEXT_MAX];
    const int of_all = text_index(word, start_names);
    const enum start_method start = (enum start_method)(START_FORK + of_all);
    if (of_all < 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--mp-start '%s': '%s' is no start method; what is allowed is a list of %s%s",
                       s->c->bench.starts, word, STARTS, nearest(word, STARTS, near));
    for (size_t i = 0; i < s->starts; i++)
        if (s->start[i] == start)
            return refuse_twice("--mp-start", s->c->bench.starts, word, e);
    s->start[s->starts++] = start;
    return 0;
}

static int take_workers(struct sweep *s, const char *word, struct err *e)
{
    int64_t n = 0, before = s->counts ? s->workers[s->counts - 1] : 0;
    if (text_to_i64(word, &n) != 0 || n <= before || n > WORKERS_HIGH || s->counts == SWEEP_WORKERS_MAX)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--workers '%s': what is allowed are up to %d numbers from 1 to %d, each greater than the one "
                       "before, as 1,2,4",
                       s->c->bench.workers, SWEEP_WORKERS_MAX, WORKERS_HIGH);
    s->workers[s->counts++] = n;
    return 0;
}

static int take_list(struct sweep *s, const char *list, int (*take)(struct sweep *, const char *, struct err *),
                     struct err *e)
{
    for (const char *at = list;; at++) {
        cleanup_free char *word = text_printf("%.*s", (int)strcspn(at, ","), at);
        TRY(take(s, word, e));
        at += strlen(word);
        if (!*at)
            return 0;
    }
}

static int take_starts(struct sweep *s, struct err *e)
{
    if (!s->c->bench.starts)
        return 0;
    TRY(take_list(s, s->c->bench.starts, take_start, e));
    return has_mode(s, MODE_PROCESSES)
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL, "--mp-start '%s' goes with mode processes, which --modes '%s' has not",
                         s->c->bench.starts, s->c->bench.modes);
}

/* 1, 2, 4, … below the number of CPUs, and that number; at least up to 2, to show the gain of a second worker. */
static void choose_workers(struct sweep *s)
{
    int64_t most = s->cpus > 2 ? s->cpus : 2;
    for (int64_t n = 1; n < most && s->counts < SWEEP_WORKERS_MAX - 1; n *= 2)
        s->workers[s->counts++] = n;
    s->workers[s->counts++] = most > WORKERS_HIGH ? WORKERS_HIGH : most;
}

/* Makes a path absolute: the plan may be continued in another folder. */
static int take_python(struct sweep *s, struct err *e)
{
    const char *named = s->c->bench.python;
    char here[PATH_MAX] = "";
    if (named && strcmp(named, "native") == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--python 'native': it calls no function of Python");
    if (!named || !strchr(named, '/')) {
        if (named && strlen(named) >= sizeof(s->python))
            return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--python '%.80s...': it is too long", named);
        text_format(s->python, sizeof(s->python), "%s", named ? named : "auto");
        return 0;
    }
    if (access(named, X_OK) != 0 || (*named != '/' && !getcwd(here, sizeof(here))))
        return err_sys(e, ERR_USAGE, "--python '%s'", named);
    return text_fits(s->python, sizeof(s->python), "%s%s%s", here, *here ? "/" : "", named)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "--python '%s': the path is too long", named);
}

int sweep_take_options(struct sweep *s, bool scenarios, struct err *e)
{
    const struct bench_options *o = &s->c->bench;
    struct topology_choice cpus;
    s->natives = scenarios;
    s->is_function = !scenarios || strchr(s->c->positional, ':');
    if (s->is_function) {
        TRY(function_find(s->c->positional, &s->function, e));
        TRY(function_check_arguments(&o->arg, e));
        s->function.arg = &o->arg;
        s->function.returned = !o->discard;
    } else {
        TRY(scenarios_find(s->c->positional, &s->scenario, e));
    }
    TRY(take_list(s, o->modes ? o->modes : "threads,processes", take_mode, e));
    TRY(s->modes ? 0 : err_set(e, ERR_USAGE, -EINVAL, "--modes '%s': one of them has to run Python", o->modes));
    TRY(take_starts(s, e));
    TRY(take_python(s, e));
    TRY(bench_cpus_choose("", &s->c->cell, NULL, &cpus, e));
    s->cpus = (int)cpulist_count(&cpus.benchmark);
    if (o->workers)
        return take_list(s, o->workers, take_workers, e);
    choose_workers(s);
    return 0;
}

/* --- a look at the function --------------------------------------------------------------------------------------- */

static bool ran_out_of_memory(const struct slice *slice)
{
    char path[PATH_MAX], text[CGFILE_CAP];
    uint64_t killed = 0;
    text_format(path, sizeof(path), "%s/memory.events", slice->path);
    return slice->own && file_read("", path, text, sizeof(text)) > 0 && cgfile_key(text, "oom_kill", &killed) == 0 &&
           killed > 0;
}

/* Looks at it in a slice with a cell's limits, but for the CPUs' partition. */
static int look_in(struct sweep *s, const struct cell *cell, struct session *session, struct err *e)
{
    struct slice *slice = NULL;
    struct slice_limits limits = session_limits(session, cell);
    limits.partition = SLICE_PARTITION_NONE;
    TRY(slice_create(session->tree, "look", &limits, &slice, e));
    const struct function_place in = {slice->own ? slice->dirfd : -1, &session->cpus.benchmark, session->signal_fd};
    int failed = function_look(&s->function, cell, &s->runtime, &in, &s->look, e);
    if (failed == -ECHILD && ran_out_of_memory(slice)) {
        char most[32];
        (void)text_bytes((uint64_t)cell->memory_max_bytes, most, sizeof(most));
        failed = err_set(e, ERR_WORKLOAD, -ENOMEM,
                         "'%s' of '%s' was ended before it was weighed: it needs more memory than %s%s",
                         s->function.name, s->function.module,
                         cell->has_memory_max ? "--memory-max " : "this cgroup has", cell->has_memory_max ? most : "");
    }
    int left = slice_destroy(&slice, failed == 0 ? e : NULL);
    if (failed == -EINTR)
        return 128 + spawn_take_signal(session->signal_fd);
    return failed != 0 ? failed : left;
}

static int look_at_function(struct sweep *s, const struct cell *cell, struct err *e)
{
    struct session session;
    TRY(session_find(cell, false, false, &session, e));
    TRY(session_open_found(cell, &session, e));
    int failed = session_close(&session, look_in(s, cell, &session, e), e);
    char *rest = s->look.trace.data;
    while (failed == -ECANCELED && rest && *rest) { /* the function's text steers no terminal */
        cleanup_free char *shown = text_printable(strsep(&rest, "\n"));
        (void)fprintf(stderr, "%s\n", shown);
    }
    return failed;
}

int sweep_look(struct sweep *s, struct err *e)
{
    struct cell cell = s->c->cell;
    /* whose interpreter is used: for a function, whose modes may have different ones, the first's; else threads' */
    cell.mode = s->natives && has_mode(s, MODE_THREADS) ? MODE_THREADS : s->mode[0];
    cell.runtime = s->python;
    if (s->scenario)
        cell.scenario = s->scenario;
    TRY(cell_complete(&cell, e));
    TRY(runtime_find(&cell, &s->runtime, e));
    int failed = s->is_function ? look_at_function(s, &cell, e) : 0;
    if (failed < 0 && getenv("PYTHONPATH") && strstr(e->text, "there is no module"))
        return err_remedy(e, "PYTHONPATH is not passed on: --env PYTHONPATH=FOLDER, by its whole path, is");
    return failed;
}

/* --- its folder and its plan -------------------------------------------------------------------------------------- */

void sweep_leave_out(struct sweep *s, enum mode mode)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->modes; i++)
        if (s->mode[i] != mode)
            s->mode[kept++] = s->mode[i];
    s->modes = kept;
}

static int write_scenario(const struct sweep *s, const char *place, struct err *e)
{
    struct file_folder folder;
    TRY(file_folder_open(place, &folder, e));
    int failed = function_write(&s->function, &s->look, bits_of_modes(s), &s->c->bench, folder.fd, e);
    if (failed != 0) {
        file_folder_abandon(&folder);
        return failed;
    }
    return file_folder_commit(&folder, e) != 0 ? err_wrap(e, "'%s'", place) : 0;
}

int sweep_begin(struct sweep *s, struct err *e)
{
    TRY(temporary_make(temporary_base(), "tare.", &s->temporary, e));
    if (s->is_function) {
        text_format(s->place, sizeof(s->place), "%.3800s/%s", s->temporary.path, s->function.name);
        return write_scenario(s, s->place, e);
    }
    text_format(s->place, sizeof(s->place), "%s", s->scenario->installed ? s->scenario->name : s->scenario->dir);
    return 0;
}

static bool is_one_folder(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return strcmp(a, b) == 0 ||
           (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino);
}

int sweep_keep(struct sweep *s, struct err *e)
{
    const char *keep = s->c->bench.keep, *out = s->c->output.dir;
    if (!keep)
        return 0;
    if (out && is_one_folder(keep, out))
        return err_set(e, ERR_USAGE, -EEXIST, "--keep '%s': --out '%s' is the same folder", keep, out);
    if (write_scenario(s, keep, e) != 0) {
        (void)err_wrap(e, "--keep");
        return strstr(e->text, KEEP_ALLOWED) ? e->code : err_remedy(e, KEEP_ALLOWED);
    }
    return realpath(keep, s->place) ? 0 : err_sys(e, ERR_USAGE, "--keep '%s'", keep);
}

int64_t sweep_iterations(const struct sweep *s, int64_t calls)
{
    double most = (double)s->workers[s->counts - 1];
    double shared = fmax(1, most / s->cpus) * (double)calls;
    double n = INVOCATION_S / (s->look.call_s * shared);
    return (int64_t)fmin(fmax(n, ITERATIONS_LOW), ITERATIONS_HIGH);
}

static void add_listed(const char *word, struct text *out)
{
    text_add(out, "%s%s", out->len ? ", " : "[", word);
}

void sweep_add_modes(const struct sweep *s, struct text *out)
{
    cleanup_text struct text list = {0};
    for (size_t i = 0; i < s->modes; i++)
        if (s->mode[i] != MODE_PROCESSES || s->starts == 0)
            add_listed(mode_names[s->mode[i]], &list);
    text_add(out, "%s]", list.data ? list.data : "[");
}

void sweep_add_starts(const struct sweep *s, struct text *out)
{
    cleanup_text struct text list = {0};
    for (size_t i = 0; i < s->starts; i++)
        add_listed(start_method_name(s->start[i]), &list);
    text_add(out, "%s]", list.data ? list.data : "[");
}

void sweep_add_workers(const struct sweep *s, struct text *out)
{
    for (size_t i = 0; i < s->counts; i++)
        text_add(out, "%s%lld", i ? ", " : "[", (long long)s->workers[i]);
    text_add(out, "]");
}

int sweep_run(struct sweep *s, const char *name, const struct text *plan, const struct matrix_shows *shows,
              struct err *e)
{
    struct config c = *s->c;
    text_format(s->plan, sizeof(s->plan), "%.4000s/%s.yml", s->temporary.path, name);
    TRY(file_replace(s->plan, plan->data, plan->len, e));
    c.positional = s->plan;
    if (!c.output.dir) {
        text_format(s->records, sizeof(s->records), "%.4000s/.records", s->temporary.path);
        c.output.dir = s->records;
    }
    return matrix_run(&c, shows, e);
}

void sweep_end(struct sweep *s)
{
    temporary_remove(&s->temporary);
    function_look_free(&s->look);
    runtime_free(&s->runtime);
    scenarios_free();
}

/* --- what is said of it ------------------------------------------------------------------------------------------- */

/* Adds a time in few digits: "4.6 ms". */
static void add_call(double seconds, struct text *out)
{
    static const char *const UNITS[] = {"s", "ms", "us", "ns"};
    size_t unit = 0;
    for (; seconds < 1 && unit + 1 < ARRAY_LEN(UNITS); unit++)
        seconds *= 1000;
    text_add(out, "a call takes %.3g %s", seconds, UNITS[unit]);
}

void sweep_add_function(const struct sweep *s, struct text *out)
{
    const struct bench_options *o = &s->c->bench;
    char size[32];
    text_add(out, "%s of %s", s->function.name, s->function.module);
    for (size_t i = 0; i < o->arg.count; i++)
        text_add(out, "%s%s%s", i ? ", " : " (", o->arg.word[i], i + 1 == o->arg.count ? ")" : "");
    text_add(out, ": ");
    add_call(s->look.call_s, out);
    if (s->function.returned)
        text_add(out, " and returns %s pickled", text_bytes(s->look.result_bytes, size, sizeof(size)));
    text_add(out, "\n");
}

void sweep_add_missing(const struct sweep *s, const struct records *r, struct text *out)
{
    bool missing = false;
    for (size_t i = 0; i < r->count; i++)
        missing |= strstr(r->list[i].detail, "FileNotFoundError") != NULL;
    if (missing && s->is_function)
        text_add(
            out,
            "* the function ran in a folder that has what it opened below %s when it was looked at, and no more: "
            "name by its whole path what it lists or looks for, what is hidden and what is elsewhere (and with --rw "
            "PATH what is below /tmp)\n",
            s->function.root);
}

void sweep_add_places(const struct sweep *s, const char *folder, struct text *out)
{
    const char *keep = s->c->bench.keep;
    cleanup_text struct text place = {0}, records = {0};
    text_add_shell_word(&records, folder);
    if (keep) {
        cleanup_free char *path = text_printf("%s%s", strchr(keep, '/') ? "" : "./", keep);
        text_add_shell_word(&place, path);
        text_add(out, "* the scenario: %s ('tare run %s'; with --profile growth: how its memory grows)\n", keep,
                 place.data);
    }
    if (*s->records)
        text_add(out, "* the records were not kept (--out DIR keeps them%s)\n",
                 keep ? "" : ", --keep DIR keeps a scenario to go on from");
    else
        text_add(out, "* the records: %s ('tare report %s')\n", folder, records.data);
}
