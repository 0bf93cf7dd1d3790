#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/file.h"
#include "base/standard.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/commands.h"
#include "cell/config.h"
#include "cell/profiled.h"
#include "host/host.h"
#include "launch/spawn.h"
#include "plan/order.h"
#include "record/output.h"
#include "record/show.h"
#include "report/series.h"
#include "run/run.h"

#define REPEAT_OF_SEVERAL 10

/* The limits of the command line, each with the slice's file that shows its effect. */
enum { MEMORY_MAX, PIDS_MAX, CPUS, CPUS_PARTITION, LIMITS };

static const struct {
    const char *option, *file;
} limits[LIMITS] = {
    [MEMORY_MAX] = {"memory-max", "memory.max"},
    [PIDS_MAX] = {"pids-max", "pids.max"},
    [CPUS] = {"cpus", "cpuset.cpus"},
    [CPUS_PARTITION] = {"partition", "cpuset.cpus.partition"},
};

/* What is run, and its results so far. */
struct job {
    const struct config *c;
    struct commands commands;
    struct run_command *command; /* by command, as are all lists here */
    char (*path)[PATH_MAX];
    struct series *series;
    struct output_places places;
    int output_fd; /* for their output; -1: the caller's descriptors */
    uint64_t seed;
    char series_id[RECORD_ID_MAX]; /* in the records of several commands */
    int64_t repeat;                /* measured invocations per command */
    int64_t measured, counted;     /* measured so far; those whose figures count */
    int64_t refused;               /* refused system calls */
    char lacked[LIMITS][240];      /* why a limit had no effect, from the first invocation where it had none; "" */
    struct text counters;          /* shown counters, if there is a single invocation */
    char ended[300];               /* how the last invocation ended, if that ends the job */
};

/* --- one invocation ---------------------------------------------------------------------------------------------- */

/* Runs a shell command around an invocation. 0: it succeeded, or there is none; above 0: the exit code for a signal to
 * us that ended it. */
static int hook(const char *name, const char *command, int signal_fd, struct err *e)
{
    struct child_end end = {0};
    if (!command)
        return 0;
    int interrupted_by = spawn_shell(command, signal_fd, &end, e);
    if (interrupted_by < 0)
        return interrupted_by;
    if (interrupted_by > 0)
        return 128 + interrupted_by;
    if (end.signalled)
        return err_set(e, ERR_USAGE, -ECHILD, "--%s '%s' failed: it was ended by signal %d (%s)", name, command,
                       end.signal, strsignal(end.signal));
    if (end.exit_status != 0)
        return err_set(e, ERR_USAGE, -ECHILD, "--%s '%s' failed: it exited with status %d", name, command,
                       end.exit_status);
    return 0;
}

static const struct slice_setting *find_setting(const struct record *r, const char *file)
{
    for (size_t i = 0; i < r->slice.settings; i++)
        if (strcmp(r->slice.setting[i].file, file) == 0)
            return &r->slice.setting[i];
    return NULL;
}

static void note_lacks(struct job *job, const struct record *r)
{
    for (size_t i = 0; i < LIMITS; i++) {
        const struct slice_setting *set = find_setting(r, limits[i].file);
        if (!*job->lacked[i] && !(set && set->ok))
            text_format(job->lacked[i], sizeof(job->lacked[i]), "%s",
                        set && *set->reason ? set->reason : "no slice was asked for (--isolation off)");
    }
}

static int64_t wanted(const struct job *job)
{
    return job->repeat * (int64_t)job->commands.count;
}

/* Counts an invocation; a failed one gives no figure. */
static void count(struct job *job, size_t which, const struct record *r)
{
    struct series *s = &job->series[which];
    const struct fact *peak = facts_find(&r->peak, "peak");
    const struct fact *usage = facts_find(&r->cpu, "usage_usec");
    job->measured++;
    if (r->termination != TERMINATION_OK && wanted(job) > 1)
        return;
    s->wall_s = xgrow(s->wall_s, s->count, sizeof(*s->wall_s));
    s->wall_s[s->count++] = (struct analysis_value){.value = r->total_wall_s, .block = (uint64_t)r->series.invocation};
    if (peak && peak->kind == FACT_INT) {
        s->peak_bytes = (uint64_t)peak->integer > s->peak_bytes ? (uint64_t)peak->integer : s->peak_bytes;
        s->has_peak = true;
    } else if (peak && peak->text) {
        (void)snprintf(s->peak_reason, sizeof(s->peak_reason), "%s", peak->text);
    }
    if (usage && usage->kind == FACT_INT) {
        s->cpu_s += (double)usage->integer / 1e6;
        s->with_cpu++;
    }
    if (r->termination == TERMINATION_OK && r->exit_status != 0) {
        s->failed++;
        s->exit_status = r->exit_status;
    }
    job->refused += facts_integer(&r->events, "seccomp_refused.total", 0);
    if (r->cell.quota.usec) {
        s->periods += facts_integer(&r->cpu, "nr_periods", 0);
        s->throttled += facts_integer(&r->cpu, "nr_throttled", 0);
        s->throttled_usec += facts_integer(&r->cpu, "throttled_usec", 0);
    }
    s->has_high = r->cell.has_memory_high;
    s->high += s->has_high ? facts_integer(&r->events, "high", 0) : 0;
    if (wanted(job) == 1)
        show_counters(&r->counters, terminal_width(STDERR_FILENO), &job->counters);
    job->counted++;
}

/* The exit code for an invocation; if tare ended it, e says why. */
static int exit_of(const struct record *r, struct err *e)
{
    if (r->termination == TERMINATION_SIGNAL)
        return 128 + r->signal;
    if (r->termination == TERMINATION_WORKLOAD_ERROR && r->exited && r->exit_status != 0)
        return r->exit_status;
    return record_exit(r, e);
}

static void note_end(struct job *job, size_t which, const struct record *r)
{
    bool by_itself = r->termination == TERMINATION_WORKLOAD_ERROR && r->exited && r->exit_status != 0;
    text_format(job->ended, sizeof(job->ended), "'%.150s': ", job->commands.list[which].name);
    size_t len = strlen(job->ended);
    if (by_itself)
        text_format(job->ended + len, sizeof(job->ended) - len, "exit %d (--ignore-failure goes on)", r->exit_status);
    else if (r->termination == TERMINATION_SIGNAL)
        text_format(job->ended + len, sizeof(job->ended) - len, "signal %d", r->signal);
    else
        text_format(job->ended + len, sizeof(job->ended) - len, "%s", termination_names[r->termination]);
}

static int weigh(struct session *session, struct job *job, size_t which, struct run_ahead *ahead, struct err *e)
{
    const struct config *c = job->c;
    const struct run_command *command = &job->command[which];
    bool measured = command->series.invocation > 0;
    struct record *record;
    TRY(run_command(session, &c->cell, command, ahead, &record, e));
    int status = exit_of(record, e), failed = 0;
    note_lacks(job, record);
    if (status != 0)
        note_end(job, which, record);
    if (record->exited && record->exit_status != 0 && !command->series.any_exit && !terminal_is_quiet()) {
        /* It may have missed a file that exists for the user, but not for the command. */
        cleanup_free char *path = run_command_missed(command, &c->cell);
        if (path)
            terminal_say("the command does not see '%s': its /tmp, /dev/shm and /run are its own (--rw PATH)", path);
    }
    if (measured)
        count(job, which, record);
    if (measured && output_wanted(&c->output))
        failed = output_save(record, &job->places, e);
    if (failed == 0 && measured && output_on_stdout(&c->output))
        failed = record_write(record, stdout, e);
    record_free(record);
    return failed != 0 && status >= 0 ? failed : status;
}

/* Turns success into an interruption, if a signal came that nobody has read yet. */
static int or_interrupted(int status, int signal_fd)
{
    int interrupted_by = spawn_take_signal(signal_fd);
    return status == 0 && interrupted_by ? 128 + interrupted_by : status;
}

/* Runs an invocation. Once --prepare has run, --cleanup runs, too, however the command ended. */
static int invoke(struct session *session, struct job *job, size_t which, struct run_ahead *ahead, struct err *e)
{
    const struct record_series *series = &job->command[which].series;
    int signal_fd = session->signal_fd;
    TRY(hook("prepare", series->prepare, signal_fd, e));
    int status = or_interrupted(0, signal_fd);
    if (status == 0)
        status = weigh(session, job, which, ahead, e);
    status = or_interrupted(status, signal_fd); /* an earlier signal is not for the cleanup */
    int cleaned = hook("cleanup", series->cleanup, signal_fd, status < 0 ? NULL : e);
    if (status == 0 || (status > 0 && cleaned < 0))
        status = cleaned;
    return or_interrupted(status, signal_fd);
}

/* --- what is said ------------------------------------------------------------------------------------------------ */

/* Prints the result of one invocation on a line, as far as the terminal has it. */
static void say_one(const struct job *job, const struct series *s, const char *emulated_by)
{
    char peak[32];
    cleanup_text struct text said = {0};
    text_add(&said, "wall %.6f s", s->wall_s[0].value);
    if (s->with_cpu)
        text_add(&said, "  cpu %.6f s", s->cpu_s);
    if (s->has_peak)
        text_add(&said, "  peak memory %s", text_bytes(s->peak_bytes, peak, sizeof(peak)));
    else
        text_add(&said, "  peak memory unavailable (%s)", s->peak_reason);
    if (emulated_by)
        text_add(&said, "  times emulated by %s", emulated_by);
    if (s->throttled)
        text_add(&said, "  throttled in %lld of %lld periods, %.3f s", (long long)s->throttled, (long long)s->periods,
                 (double)s->throttled_usec / 1e6);
    if (s->high)
        text_add(&said, "  memory.high reached %lld times", (long long)s->high);
    if (job->refused)
        text_add(&said, "  refused system calls %lld", (long long)job->refused);
    terminal_say("%s", said.data);
    (void)fputs(job->counters.data ? job->counters.data : "", stderr);
}

static void say_all(const struct job *job, const struct series_set *set)
{
    cleanup_text struct text said = {0};
    bool several = set->count > 1;
    const long long all = (long long)job->repeat * (long long)set->count;
    if (several && job->counted == all)
        terminal_say("%zu commands, %lld invocation%s of each in shuffled blocks (--random-seed %llu)", set->count,
                     (long long)job->repeat, job->repeat == 1 ? "" : "s", (unsigned long long)set->seed);
    else if (several)
        terminal_say("%zu commands, figures of %lld of %lld invocations in shuffled blocks (--random-seed %llu)",
                     set->count, (long long)job->counted, all, (unsigned long long)set->seed);
    else
        terminal_say("%lld invocation%s", (long long)job->counted, job->counted == 1 ? "" : "s");
    series_text(set, terminal_width(STDERR_FILENO), &said);
    (void)fputs(said.data ? said.data : "", stderr);
    if (job->refused)
        terminal_say("refused system calls %lld", (long long)job->refused);
    for (size_t i = 0; i < set->count; i++)
        if (set->list[i].count > 0 && !set->list[i].has_peak) {
            terminal_say("peak memory unavailable (%s)", set->list[i].peak_reason);
            return;
        }
}

/* A limit from the command line; NULL: not given. */
static const char *limit_asked(const struct cell *cell, size_t limit, char *buf, size_t cap)
{
    switch (limit) {
    case MEMORY_MAX:
        return cell->has_memory_max ? text_bytes((uint64_t)cell->memory_max_bytes, buf, cap) : NULL;
    case PIDS_MAX:
        text_format(buf, cap, "%lld", (long long)cell->pids_max);
        return cell->has_pids_max ? buf : NULL;
    case CPUS:
        return cell->cpus && strcmp(cell->cpus, "auto") != 0 && cell->isolation != ISOLATION_OFF ? cell->cpus : NULL;
    default:
        return cell->partition == PARTITION_ROOT || cell->partition == PARTITION_ISOLATED
                   ? partition_names[cell->partition]
                   : NULL;
    }
}

/* Reports limits without effect. The affinity is always set, but the command can change it. */
static void say_lacks(const struct job *job)
{
    char buf[32];
    for (size_t i = 0; i < LIMITS; i++) {
        const char *asked = *job->lacked[i] ? limit_asked(&job->c->cell, i, buf, sizeof(buf)) : NULL;
        if (asked)
            terminal_say("--%s %s %s: %s", limits[i].option, asked,
                         i == CPUS ? "took effect by affinity alone" : "did not take effect", job->lacked[i]);
    }
}

/* Asks itself whether the host is emulated: an unrecorded run has not examined it. */
static int conclude(const struct job *job, struct err *e)
{
    cleanup_facts struct facts host = {0};
    if (job->c->shown.quiet && !job->c->invocations.export.count)
        return 0;
    host_capture_emulation("", &host);
    const struct series_set set = {
        .list = job->series,
        .count = job->commands.count,
        .parameter = job->commands.parameter,
        .parameters = job->commands.parameters,
        .seed = job->seed,
        .emulated_by = record_emulated_by(&host),
    };
    if (job->counted > 0 && !job->c->shown.quiet) {
        if (wanted(job) == 1)
            say_one(job, &job->series[0], set.emulated_by);
        else
            say_all(job, &set);
    }
    for (size_t i = 0; i < job->c->invocations.export.count; i++) {
        const char *path = job->c->invocations.export.word[i];
        cleanup_text struct text document = {0};
        series_write(&set, path, &document);
        TRY(file_replace(path, document.data, document.len, e));
    }
    return 0;
}

static void say_stopped(const struct job *job)
{
    const int64_t all = wanted(job);
    const bool warming = job->measured == 0 && job->c->invocations.warmup > 0;
    if (all + job->c->invocations.warmup > 1 && *job->ended && !job->c->shown.quiet)
        terminal_say("stopped %s %lld of %lld: %s", warming ? "in the warm-up, with" : "after",
                     (long long)job->measured, (long long)all, job->ended);
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

/* Runs every command once, in the block's own order. */
static int run_block(struct session *session, struct job *job, int64_t block, struct run_ahead *ahead, off_t stdin_from,
                     struct err *e)
{
    cleanup_free size_t *order = xcalloc(job->commands.count, sizeof(*order));
    order_block(job->seed, (uint64_t)block, job->commands.count, order);
    for (size_t i = 0; i < job->commands.count; i++) {
        const size_t which = order[i];
        struct record_series *series = &job->command[which].series;
        series->invocation = block - job->c->invocations.warmup + 1;
        series->block = job->commands.count > 1 ? series->invocation : 0;
        standard_input_again(stdin_from);
        TRY(invoke(session, job, which, ahead, e));
    }
    return 0;
}

static int run_all(struct session *session, struct job *job, struct run_ahead *ahead, off_t stdin_from, struct err *e)
{
    int status = 0;
    for (int64_t i = 0; status == 0 && i < job->c->invocations.warmup + job->repeat; i++)
        status = run_block(session, job, i, ahead, stdin_from, e);
    if (status != 0)
        say_stopped(job);
    int failed = conclude(job, status >= 0 ? e : NULL);
    if (!job->c->shown.quiet)
        say_lacks(job);
    return status == 0 ? failed : status;
}

/* The first command to run: its namespaces can be made while the session opens. */
static const struct run_command *first_of(const struct job *job)
{
    cleanup_free size_t *order = xcalloc(job->commands.count, sizeof(*order));
    order_block(job->seed, 0, job->commands.count, order);
    return &job->command[order[0]];
}

static int in_session(struct job *job, struct err *e)
{
    const struct config *c = job->c;
    struct session session;
    struct run_ahead ahead = RUN_NOTHING_AHEAD;
    off_t stdin_from = -1;
    const bool is_single = wanted(job) + c->invocations.warmup == 1;
    if (!is_single)
        TRY(standard_input_keep(&stdin_from, e));
    int failed = session_find(&c->cell, output_wanted(&c->output), is_single, &session, e);
    /* The command must see what --prepare mounts, so its namespaces come after that. */
    if (failed == 0 && !c->invocations.prepare && slice_root_leaves_caller(&session.root))
        failed = run_command_begin(&c->cell, first_of(job), &ahead, e);
    if (failed == 0 && (failed = session_open_found(&c->cell, &session, e)) != 0)
        run_ahead_end(&ahead);
    if (failed != 0)
        return failed;
    int status = run_all(&session, job, &ahead, stdin_from, e);
    run_ahead_end(&ahead);
    return session_close(&session, status, e);
}

/* --- before anything runs ---------------------------------------------------------------------------------------- */

/* Opens the target of --output. */
static int open_output(struct job *job, struct err *e)
{
    const char *where = job->c->invocations.output;
    char name[NAME_MAX + 1];
    if (!where)
        where = job->commands.count > 1 ? "null" : "inherit";
    if (strcmp(where, "inherit") == 0)
        return 0;
    if (strcmp(where, "null") == 0) {
        job->output_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        return job->output_fd < 0 ? err_sys(e, ERR_OURS, "/dev/null") : 0;
    }
    cleanup_close int dir = -1;
    if (beneath_resolve(where, false, &dir, name, e) != 0)
        return err_wrap(e, "--output");
    TRY(output_refuse_writable(&job->c->cell, dir, name, where, e));
    job->output_fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    struct stat st;
    if (job->output_fd < 0 || fstat(job->output_fd, &st) != 0)
        return err_sys(e, ERR_USAGE, "--output '%s'", where);
    return S_ISREG(st.st_mode)
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL, "--output '%s': what is allowed is null, inherit or a file", where);
}

/* Checks that the export files can be written, before an hour's work depends on it. */
static int try_exports(const struct config_words *exports, struct err *e)
{
    for (size_t i = 0; i < exports->count; i++) {
        struct file_draft draft;
        TRY(series_check_name(exports->word[i], e));
        if (file_draft_open(exports->word[i], &draft, e) != 0)
            return err_wrap(e, "--export");
        file_draft_abandon(&draft);
    }
    return 0;
}

/* A file holds one record, so a series needs a folder. */
static int open_outputs(struct job *job, struct err *e)
{
    const struct config *c = job->c;
    if (c->output.json && !output_on_stdout(&c->output) && wanted(job) > 1)
        return err_set(e, ERR_USAGE, -EINVAL, "--json '%s' holds one record and %lld are made (--out DIR)",
                       c->output.json, (long long)wanted(job));
    for (size_t i = 0; c->output.json && i < job->commands.count; i++)
        TRY(file_refuse_input("--json", c->output.json, job->path[i], e));
    TRY(try_exports(&c->invocations.export, e));
    const bool shown = c->cell.counters && wanted(job) == 1;
    if ((c->cell.counters || c->cell.mem_sample) && !shown && !output_wanted(&c->output))
        terminal_say("--%s: what it measures is in records alone, and none was asked for (--out DIR)",
                     c->cell.counters ? "counters" : "mem-sample");
    TRY(output_open(&c->output, &c->cell, &job->places, e));
    return open_output(job, e);
}

static int prepare(struct job *job, const char *cwd, struct err *e)
{
    const struct invocations *asked = &job->c->invocations;
    job->seed = asked->seed < 0 ? order_draw_seed() : (uint64_t)asked->seed;
    const size_t n = job->commands.count;
    char now[32];
    record_make_id(job->series_id, now);
    job->repeat = asked->repeat ? asked->repeat : n > 1 ? REPEAT_OF_SEVERAL : 1;
    job->command = xcalloc(n, sizeof(*job->command));
    job->series = xcalloc(n, sizeof(*job->series));
    job->path = xcalloc(n, sizeof(*job->path));
    for (size_t i = 0; i < n; i++) {
        const struct command *one = &job->commands.list[i];
        if (run_command_find(one->argv[0], job->path[i], e) != 0)
            return i == 0 ? e->code : err_remedy(e, "'--' parts commands; --command takes one with a '--' of its own");
        job->series[i] = (struct series){.name = one->name, .value = one->value};
        job->command[i] = (struct run_command){
            .path = job->path[i],
            .argv = one->argv,
            .cwd = cwd,
            .output_fd = -1,
            .series = {.repeat = job->repeat,
                       .warmup = asked->warmup,
                       .prepare = one->prepare,
                       .cleanup = one->cleanup,
                       .any_exit = asked->ignore_failure,
                       .id = job->series_id},
        };
    }
    TRY(open_outputs(job, e));
    for (size_t i = 0; i < n; i++)
        job->command[i].output_fd = job->output_fd;
    return 0;
}

static void job_free(struct job *job)
{
    output_close(&job->places);
    close_fd(&job->output_fd);
    for (size_t i = 0; job->series && i < job->commands.count; i++)
        free(job->series[i].wall_s);
    free(job->series);
    text_free(&job->counters);
    free(job->command);
    free(job->path);
    commands_free(&job->commands);
}

int cmd_exec(struct config *c, struct err *e)
{
    struct limit_profile profile = {0};
    char cwd[PATH_MAX];
    __attribute__((cleanup(job_free))) struct job job = {
        .c = c, .places = {.asked = &c->output, .json_fd = -1, .dir_fd = -1}, .output_fd = -1};
    TRY(commands_make(&c->invocations, &job.commands, e));
    if (!getcwd(cwd, sizeof(cwd)))
        return err_sys(e, ERR_USAGE, "the working folder");
    TRY(profiled_apply_aloud(&c->cell, &profile, e));
    TRY(prepare(&job, cwd, e));
    return in_session(&job, e);
}
