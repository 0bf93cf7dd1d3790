#include "plan/matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/summary.h"
#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "host/bench_cpus.h"
#include "plan/campaign.h"
#include "plan/campaign_meter.h"
#include "plan/handover.h"
#include "plan/plan_runtimes.h"
#include "plan/slurm.h"
#include "record/output.h"
#include "record/record.h"
#include "record/show.h"
#include "report/summary_show.h"
#include "report/summary_tables.h"
#include "run/run.h"

/* An invocation: its block and position, from 0, and the unit there. */
struct place_in_plan {
    uint64_t block;
    size_t position, unit;
};

/* A running plan, and what its invocations share. */
struct matrix {
    struct campaign *campaign;
    const struct matrix_shows *shows; /* NULL: print the table */
    struct plan_runtimes runtimes;
    char cwd[PATH_MAX]; /* the working folder of commands */
    bool checked;       /* the host has what the plan needs, and the runtimes are found */
    struct session session;
    const struct cell *session_of; /* NULL: no session is open */
    struct campaign_meter meter;
    size_t run; /* invocations run by this process, or by Slurm for it */
    int interrupted_by;
};

/* --- one invocation --- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether one cell's session also serves the other. */
static bool same_host_options(const struct cell *a, const struct cell *b)
{
    return same_text(a->cpus, b->cpus) && same_text(a->cgroup_root, b->cgroup_root) && a->smt == b->smt &&
           a->numa == b->numa && a->isolation == b->isolation;
}

/* As session_close(). */
static int close_session(struct matrix *s, int status, struct err *e)
{
    const bool is_open = STEAL(s->session_of);
    return is_open ? session_close(&s->session, status, e) : status;
}

static int open_session(struct matrix *s, const struct cell *cell, struct err *e)
{
    if (s->session_of && same_host_options(s->session_of, cell))
        return 0;
    TRY(close_session(s, 0, e));
    TRY(session_open(cell, &s->session, e));
    s->session_of = cell;
    return 0;
}

static void describe_node(enum engine engine, struct facts *plan)
{
    static const char *const SLURM[][2] = {{"SLURM_JOB_ID", "slurm.job_id"},
                                           {"SLURM_ARRAY_JOB_ID", "slurm.array_job_id"},
                                           {"SLURM_ARRAY_TASK_ID", "slurm.array_task_id"},
                                           {"SLURM_RESTART_COUNT", "slurm.restarts"},
                                           {"SLURM_CLUSTER_NAME", "slurm.cluster"}};
    const char *node = getenv("SLURMD_NODENAME");
    char host[256] = "";
    (void)gethostname(host, sizeof(host) - 1);
    facts_text(plan, "engine", engine == ENGINE_SLURM ? "slurm" : "local");
    facts_text(plan, "node", node ? node : host);
    if (!getenv("SLURM_JOB_ID"))
        facts_absent(plan, "slurm", "it is no job of Slurm's");
    for (size_t i = 0; getenv("SLURM_JOB_ID") && i < ARRAY_LEN(SLURM); i++)
        if (getenv(SLURM[i][0]))
            facts_text(plan, SLURM[i][1], getenv(SLURM[i][0]));
}

static void describe_plan(const struct matrix *s, const struct place_in_plan *at, int64_t elapsed_ns,
                          struct facts *plan)
{
    const struct campaign *c = s->campaign;
    const char *label = tally_label_names[tally_label(&c->tally, at->unit)];
    facts_text(plan, "name", c->plan.name);
    facts_text(plan, "sha256", c->bound.sha256);
    facts_int(plan, "seed", c->bound.seed);
    facts_text(plan, "order", c->plan.order == ORDER_BLOCKS ? "blocks" : "listed");
    facts_text(plan, "cell", c->plan.cell[tally_cell(&c->tally, at->unit)].id);
    if (label)
        facts_text(plan, "label", label);
    else
        facts_absent(plan, "label", "each cell is run once a block (--aa runs it as A and A')");
    facts_int(plan, "block", (int64_t)at->block + 1);
    facts_int(plan, "position", (int64_t)at->position + 1);
    facts_int(plan, "elapsed_ns", elapsed_ns);
    describe_node((enum engine)c->engine, plan);
}

/* Keeps an interrupted invocation's record aside, so that the invocation runs again. */
static int keep_record(const struct matrix *s, const struct place_in_plan *at, const struct record *r, char *name,
                       struct err *e)
{
    const struct campaign *c = s->campaign;
    char path[PATH_MAX], aside[NAME_MAX + 64];
    const struct plan_cell *cell = &c->plan.cell[tally_cell(&c->tally, at->unit)];
    (void)folder_record_name(at->block + 1, cell->id, tally_label(&c->tally, at->unit), name);
    if (r->termination != TERMINATION_INTERRUPTED) {
        text_format(path, sizeof(path), "%s/%s", c->folder.path, name);
        return record_save_at(r, c->folder.fd, name, path, e);
    }
    cleanup_close int fd = folder_aside(&c->folder, e);
    if (fd < 0)
        return fd;
    text_format(aside, sizeof(aside), "%s.%s", name, r->id);
    text_format(path, sizeof(path), "%s/aside/%s", c->folder.path, aside);
    return record_save_at(r, fd, aside, path, e);
}

static int take_record(struct matrix *s, const struct place_in_plan *at, struct record *r, int64_t elapsed_ns,
                       struct err *e)
{
    char name[NAME_MAX];
    s->run++;
    s->interrupted_by = r->interrupted_by;
    describe_plan(s, at, elapsed_ns, &r->plan);
    TRY(keep_record(s, at, r, name, e));
    if (r->termination != TERMINATION_INTERRUPTED) {
        tally_add(&s->campaign->tally, at->block, at->unit, name, r, (double)elapsed_ns / (double)NS_PER_S);
        campaign_meter_ended(&s->meter, tally_at(&s->campaign->tally, at->block, at->unit));
    }
    cleanup_text struct text shown = {0};
    const struct terminal_look look = terminal_look_of(STDOUT_FILENO);
    if (look.verbose) {
        show_record(r, &look, &shown);
        (void)printf("%s%s\n", s->run > 1 ? "\n" : "", shown.data);
        (void)fflush(stdout);
    }
    return *r->trouble ? err_set(e, ERR_OURS, -EBUSY, "%s", r->trouble) : 0;
}

static int run_one(struct matrix *s, size_t which, const struct progress *progress, struct record **ret, struct err *e)
{
    const struct plan_cell *of = &s->campaign->plan.cell[which];
    const struct cell *cell = &of->cell;
    if (!cell->argv)
        return run_cell(&s->session, cell, plan_runtimes_of(&s->runtimes, which), NULL, progress, ret, e);
    const struct run_command command = {
        .path = s->runtimes.program[which],
        .argv = (char *const *)(void *)of->run,
        .said = cell->argv,
        .file = of->file,
        .files = of->files,
        .cwd = s->cwd,
        .output_fd = -1,
        .is_silent = true,
    };
    return run_command(&s->session, cell, &command, NULL, ret, e);
}

static int run_unit(struct matrix *s, const struct place_in_plan *at, struct err *e)
{
    struct campaign *c = s->campaign;
    struct record *record;
    size_t i = tally_cell(&c->tally, at->unit);
    const struct plan_cell *cell = &c->plan.cell[i];
    int64_t began_ns = clock_now_ns();
    int failed = open_session(s, &cell->cell, e);
    if (failed != 0)
        return err_wrap(e, "cell '%s'", cell->id);
    const struct progress *progress = campaign_meter_running(
        &s->meter, cell, tally_label_names[tally_label(&c->tally, at->unit)], at->block + 1, (uint64_t)c->blocks);
    failed = run_one(s, i, progress, &record, e);
    campaign_meter_clear(&s->meter);
    if (failed != 0)
        return err_wrap(e, "cell '%s'", cell->id);
    failed = take_record(s, at, record, clock_now_ns() - began_ns, e);
    record_free(record);
    return failed;
}

/* --- what it needs --- */

/* Checks that this host has the CPUs that the cells name. */
static int check_cpus(const struct campaign *c, struct err *e)
{
    const struct cell *checked = NULL;
    for (size_t i = 0; i < c->plan.cells; i++) {
        const struct cell *cell = &c->plan.cell[i].cell;
        struct topology_choice choice;
        if (checked && same_host_options(checked, cell))
            continue;
        checked = cell;
        if (bench_cpus_choose("", cell, NULL, &choice, e) != 0) {
            (void)err_wrap(e, "cell '%s'", c->plan.cell[i].id);
            return err_remedy(e, "or leave it out: below 'exclude': - {id: %s}", c->plan.cell[i].id);
        }
    }
    return 0;
}

static int check_root(const struct cell *cell, struct err *e)
{
    struct slice_root root;
    TRY(slice_root_find("", cell->cgroup_root, &root, e));
    TRY(cell->isolation == ISOLATION_STRICT ? session_refuse_less(&root, e) : 0);
    return session_refuse_unlimited(&root, cell, e);
}

/* Checks what a cell insists on, as far as it shows before a slice is made; session_open() checks the rest. */
static int check_isolation(const struct campaign *c, struct err *e)
{
    for (size_t i = 0; i < c->plan.cells; i++) {
        const struct cell *cell = &c->plan.cell[i].cell;
        bool insists = cell->isolation == ISOLATION_STRICT || cell->quota.usec || cell->has_memory_high;
        if (insists && check_root(cell, e) != 0)
            return err_wrap(e, "cell '%s'", c->plan.cell[i].id);
    }
    return 0;
}

/* Refuses a workload that could write to its own records. A folder that a dry run did not make is checked by the
 * existing part of its path. */
static int check_writable(const struct campaign *c, struct err *e)
{
    char part[PATH_MAX];
    text_format(part, sizeof(part), "%.*s", (int)file_part_there(c->folder.path), c->folder.path);
    bool whole = strlen(part) == strlen(c->folder.path);
    cleanup_close int fd = open(*part ? part : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "--out '%s'", c->folder.path);
    for (size_t i = 0; i < c->plan.cells; i++) {
        const struct cell *cell = &c->plan.cell[i].cell;
        if (output_refuse_writable(cell, fd, whole ? NULL : ".lock", c->folder.path, e) != 0)
            return err_wrap(e, "cell '%s'", c->plan.cell[i].id);
    }
    return 0;
}

static bool is_handed_over(const struct campaign *c)
{
    return c->engine == ENGINE_SLURM && c->options->task < 0;
}

static bool is_part(const struct matrix *s)
{
    return s->shows && s->shows->is_part;
}

/* A part with cells left out shows nothing, so none of its other cells is run. */
static int check_whole(const struct matrix *s, struct err *e)
{
    const struct plan *plan = &s->campaign->plan;
    for (size_t i = 0; is_part(s) && i < plan->cells; i++)
        if (plan->cell[i].not_run)
            return err_set(e, ERR_HOST, -ENOTSUP, "cell '%s': %s; nothing was run", plan->cell[i].id,
                           plan->cell[i].not_run);
    return 0;
}

/* Checks once that this host has what the plan needs. A cluster's nodes check for themselves. */
static int check_host(struct matrix *s, struct err *e)
{
    struct campaign *c = s->campaign;
    if (s->checked)
        return 0;
    s->checked = true;
    if (is_handed_over(c))
        return slurm_find(e);
    TRY(check_cpus(c, e));
    TRY(check_isolation(c, e));
    text_format(s->cwd, sizeof(s->cwd), "/"); /* a foreign plan's commands do not start in the caller's folder */
    if (!c->is_foreign && !getcwd(s->cwd, sizeof(s->cwd)))
        return err_sys(e, ERR_USAGE, "the working folder");
    TRY(plan_runtimes_find(&c->plan, &s->runtimes, e));
    return check_whole(s, e);
}

/* --- all of them --- */

static int run_block(struct matrix *s, uint64_t block, struct err *e)
{
    struct campaign *c = s->campaign;
    campaign_order(c, block);
    for (size_t p = 0; !s->interrupted_by && p < c->tally.units; p++) {
        const struct place_in_plan at = {block, p, c->order[p]};
        const struct tally_one *one = tally_at(&c->tally, block, at.unit);
        if (tally_is_run(&c->tally, at.unit) && (!one || !one->file))
            TRY(run_unit(s, &at, e));
    }
    return 0;
}

static int open_stage(struct matrix *s, struct err *e)
{
    int failed = check_host(s, e);
    campaign_meter_open(&s->meter, &s->campaign->tally);
    return failed;
}

static int run_here(struct matrix *s, struct err *e)
{
    struct campaign *c = s->campaign;
    int failed = campaign_is_done(c) && !campaign_goes_on(c) ? 0 : open_stage(s, e);
    for (uint64_t b = 0; failed == 0 && !s->interrupted_by && (b < (uint64_t)c->blocks || campaign_goes_on(c)); b++)
        failed = run_block(s, b, e);
    return close_session(s, failed, e);
}

/* --- how it ended --- */
static int show_order(struct campaign *c, struct err *e)
{
    cleanup_text struct text out = {0};
    campaign_describe(c, terminal_width(STDOUT_FILENO), &out);
    if (c->engine == ENGINE_SLURM)
        TRY(handover_script(c, &out, e));
    (void)fputs(out.data, stdout);
    return 0;
}

/* Adds the cells that the table lacks, and why. */
static size_t tell_not_run(const struct campaign *c, struct text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < c->plan.cells; i++) {
        const struct plan_cell *cell = &c->plan.cell[i];
        if (cell->not_run)
            text_add(out, "* not run: %s: %s\n", cell->id, cell->not_run);
        n += cell->not_run ? 1 : 0;
    }
    return n;
}

/* Prints the table of the records found at the start and of those that were run since. */
static int print_table(const struct matrix *s, struct err *e)
{
    struct campaign *c = s->campaign;
    cleanup_text struct text text = {0};
    int failed = tally_read_rest(&c->tally, e);
    size_t n = c->tally.records.count;
    if (failed != 0 || n == 0)
        return failed;
    if (s->shows) /* this may be JSON; stderr already named the cells left out */
        return s->shows->fn(&c->tally.records, c->folder.path, s->shows->to, e);
    cleanup_text struct text left_out = {0}, notes = {0};
    (void)tell_not_run(c, &left_out);
    text_add(&left_out, "* plan %s, seed %lld, %zu record%s: %s\n", c->plan.name, (long long)c->bound.seed, n,
             n == 1 ? "" : "s", c->folder.path);
    terminal_wrap_lines(left_out.data, terminal_width(STDOUT_FILENO), 2, &notes);
    cleanup_summary struct summary summary;
    summary_make(&c->tally.records, &summary);
    cleanup_tables struct tables tables = summary_tables_make(&summary, TABLES_TEXT);
    summary_text(&summary, &tables, terminal_width(STDOUT_FILENO), &text);
    (void)printf("%s\n%s", text.data, notes.data);
    return 0;
}

static int exit_of(const struct matrix *s, struct err *e)
{
    const struct campaign *c = s->campaign;
    size_t failed = tally_failed(&c->tally, c->tally.blocks), done = tally_done(&c->tally, c->tally.blocks);
    if (s->interrupted_by)
        return 128 + s->interrupted_by;
    if (failed && is_part(s))
        return err_set(e, ERR_WORKLOAD, -ECANCELED,
                       "%zu of %zu invocations did not end well: 'tare report %s' says why (--retry runs them again)",
                       failed, done, c->folder.path);
    if (failed)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "%zu of %zu invocations did not end well; the table says why%s",
                       failed, done, s->shows ? "" : " (--retry runs them again)");
    cleanup_text struct text ignored = {0};
    size_t left_out = tell_not_run(c, &ignored);
    if (left_out)
        return err_set(e, ERR_HOST, -ENOTSUP,
                       "%zu of %zu cells were not run: their interpreters lack what they ask for%s; the others were",
                       left_out, c->plan.cells, s->shows ? "" : " (leave them out: 'exclude')");
    return 0;
}

/* The table has the same form, whether or not all of it was run. */
static void say_interrupted(const struct matrix *s)
{
    const struct campaign *c = s->campaign;
    const size_t done = tally_done(&c->tally, c->tally.blocks);
    cleanup_text struct text remedy = {0};
    if (!s->shows) {
        text_add(&remedy, "; 'tare matrix ");
        text_add_shell_word(&remedy, c->folder.path);
        text_add(&remedy, "' goes on");
    }
    terminal_say("interrupted: %zu invocation%s had ended, and nothing is told of others%s", done, done == 1 ? "" : "s",
                 remedy.data ? remedy.data : "");
}

static int run_all(struct matrix *s, struct err *e)
{
    struct campaign *c = s->campaign;
    int failed = c->engine == ENGINE_SLURM ? handover_run(c, &s->run, &s->interrupted_by, e) : run_here(s, e);
    if (failed == 0 && s->run == 0 && !s->interrupted_by && !is_part(s))
        terminal_say("matrix: all %zu invocations are in '%s' already: nothing was run (another --out "
                     "measures again)",
                     tally_done(&c->tally, c->tally.blocks), c->folder.path);
    if (s->interrupted_by)
        say_interrupted(s);
    struct err shown = {0}; /* results are shown, however the plan ended */
    if (s->shows && s->shows->is_whole)
        *s->shows->is_whole = failed == 0 && exit_of(s, NULL) == 0;
    int untold = print_table(s, failed == 0 ? e : &shown);
    if (failed != 0 || untold != 0)
        return failed != 0 ? failed : untold;
    return exit_of(s, e);
}

/* Runs one job of the array. The record says how the workload ended, so Slurm need not run it again. */
static int run_task(struct matrix *s, uint64_t task, struct err *e)
{
    struct campaign *c = s->campaign;
    const uint64_t block = task / c->tally.units;
    if (block >= PLAN_INVOCATIONS_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "--task '%llu': the plan has no such invocation",
                       (unsigned long long)task);
    campaign_order(c, block);
    const size_t position = (size_t)(task % c->tally.units);
    const struct place_in_plan at = {block, position, c->order[position]};
    const struct plan_cell *cell = &c->plan.cell[tally_cell(&c->tally, at.unit)];
    char name[NAME_MAX];
    (void)folder_record_name(block + 1, cell->id, tally_label(&c->tally, at.unit), name);
    TRY(tally_read_one(&c->tally, name, e));
    const struct tally_one *one = tally_at(&c->tally, block, at.unit);
    int failed = one && one->file ? 0 : open_stage(s, e);
    if (cell->not_run)
        handover_note_left_out(c, tally_cell(&c->tally, at.unit), cell->not_run);
    if (failed == 0 && cell->not_run)
        failed = err_set(e, ERR_HOST, -ENOTSUP, "cell '%s': %s", cell->id, cell->not_run);
    if (failed == 0 && !(one && one->file))
        failed = run_unit(s, &at, e);
    return close_session(s, failed == 0 && s->interrupted_by ? 128 + s->interrupted_by : failed, e);
}

/* Checks the plan before it makes and binds the folder. A finished folder needs no check. */
static int open_plan(struct matrix *s, const struct config *config, struct err *e)
{
    struct campaign *c = s->campaign;
    TRY(campaign_open(c, config, e));
    if (s->shows && s->shows->check)
        TRY(s->shows->check(&c->plan, s->shows->to, e));
    c->tally.records.reader.with_iterations = s->shows != NULL;
    s->checked = config->host.dry_run && is_handed_over(c); /* any host can print the script */
    if (!folder_is_begun(&c->folder))
        TRY(check_host(s, e));
    TRY(campaign_bind(c, config, e));
    TRY(check_writable(c, e));
    if (is_handed_over(c))
        handover_take_left_out(c, config->campaign.retry && !config->host.dry_run);
    bool looks = config->host.dry_run || is_handed_over(c);
    return looks && !campaign_is_done(c) ? check_host(s, e) : 0;
}

int matrix_run(const struct config *config, const struct matrix_shows *shows, struct err *e)
{
    struct campaign c = {.folder = {.fd = -1, .lock_fd = -1}};
    struct matrix s = {.campaign = &c, .shows = shows};
    int status = open_plan(&s, config, e);
    if (status == 0 && config->host.dry_run)
        status = show_order(&c, e);
    else if (status == 0)
        status = config->campaign.task >= 0 ? run_task(&s, (uint64_t)config->campaign.task, e) : run_all(&s, e);
    if (status < 0)
        folder_take_back(&c.folder);
    plan_runtimes_free(&s.runtimes);
    campaign_close(&c);
    return status;
}
