#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/standard.h"
#include "base/stats.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "cell/profiled.h"
#include "host/host.h"
#include "launch/spawn.h"
#include "record/output.h"
#include "record/timing.h"
#include "run/run.h"

/* The limits that can be asked for on the command line, by the slice's file that says what came of each. */
enum { MEMORY_MAX, PIDS_MAX, CPUS, CPUS_PARTITION, LIMITS };

static const struct {
    const char *option, *file;
} limits[LIMITS] = {
    [MEMORY_MAX] = {"memory-max", "memory.max"},
    [PIDS_MAX] = {"pids-max", "pids.max"},
    [CPUS] = {"cpus", "cpuset.cpus"},
    [CPUS_PARTITION] = {"partition", "cpuset.cpus.partition"},
};

/* What is kept of the measured invocations. */
struct tally {
    const struct output_places *places; /* where their records go */
    double *wall_s;
    size_t count;
    bool has_peak;
    uint64_t peak_bytes;
    char peak_reason[240];
    int64_t usage_usec;
    bool has_usage;
    int64_t refused;
    char lacked[LIMITS][240]; /* why a limit took no effect, in whichever invocation it did not first; "": it did */
};

/* Why a file is none to execute; NULL: so far it may be one. */
static const char *why_no_program(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return strerror(errno);
    if (S_ISDIR(st.st_mode))
        return "it is a folder";
    return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? NULL : "it is not executable";
}

/* A name with a slash in it. */
static int find_named(const char *name, char *ret, struct err *e)
{
    char path[PATH_MAX];
    if (!realpath(name, path))
        return err_sys(e, ERR_USAGE, "'%s'", name);
    const char *why = why_no_program(path);
    if (why)
        return err_set(e, ERR_USAGE, -EACCES, "'%s': %s", name, why);
    text_format(ret, PATH_MAX, "%s", path);
    return 0;
}

/* What execvp(3) would run; absolute. */
static int find_program(const char *name, char *ret, struct err *e)
{
    char candidate[PATH_MAX];
    const char *path = getenv("PATH");
    if (!*name)
        return err_set(e, ERR_USAGE, -ENOENT, "'': the command's name is empty");
    if (strchr(name, '/'))
        return find_named(name, ret, e);
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at;
         at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int n = snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)strcspn(at, ":"), at, name);
        if (n > 0 && (size_t)n < sizeof(candidate) && candidate[0] == '/' && !why_no_program(candidate)) {
            text_format(ret, PATH_MAX, "%s", candidate);
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, -ENOENT, "'%s': no such command on PATH", name);
}

/* --- one invocation ---------------------------------------------------------------------------------------------- */

/* 0 where it went well or there is none; above 0: the exit code that a signal to us, which ended it, stands for. */
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

static void note_lacks(struct tally *t, const struct record *r)
{
    for (size_t i = 0; i < LIMITS; i++) {
        const struct slice_setting *set = find_setting(r, limits[i].file);
        if (!*t->lacked[i] && !(set && set->ok))
            text_format(t->lacked[i], sizeof(t->lacked[i]), "%s",
                        set && *set->reason ? set->reason : "no slice was asked for (--isolation off)");
    }
}

static void count(struct tally *t, const struct record *r)
{
    const struct fact *peak = facts_find(&r->peak, "peak");
    const struct fact *usage = facts_find(&r->cpu, "usage_usec");
    const struct fact *refused = facts_find(&r->events, "seccomp_refused.total");
    t->wall_s[t->count++] = r->total_wall_s;
    if (peak && peak->kind == FACT_INT) {
        t->peak_bytes = (uint64_t)peak->integer > t->peak_bytes ? (uint64_t)peak->integer : t->peak_bytes;
        t->has_peak = true;
    } else if (peak && peak->text) {
        (void)snprintf(t->peak_reason, sizeof(t->peak_reason), "%s", peak->text);
    }
    t->has_usage = usage && usage->kind == FACT_INT;
    t->usage_usec += t->has_usage ? usage->integer : 0;
    t->refused += refused && refused->kind == FACT_INT ? refused->integer : 0;
}

/* The exit code that an invocation stands for; where it is tare that ended it, e says why. */
static int exit_of(const struct record *r, struct err *e)
{
    if (r->termination == TERMINATION_SIGNAL)
        return 128 + r->signal;
    if (r->termination == TERMINATION_WORKLOAD_ERROR && r->exited && r->exit_status != 0)
        return r->exit_status;
    return record_exit(r, e);
}

static int weigh(struct session *session, const struct config *c, const struct run_command *command,
                 struct run_ahead *ahead, bool measured, struct tally *tally, struct err *e)
{
    struct record *record;
    int failed = run_command(session, &c->cell, command, ahead, &record, e);
    if (failed != 0)
        return failed;
    int status = exit_of(record, e);
    note_lacks(tally, record);
    if (measured)
        count(tally, record);
    if (measured && output_wanted(&c->output)) {
        failed = output_save(record, tally->places, e);
        if (failed == 0 && output_on_stdout(&c->output))
            failed = record_write(record, stdout, e);
    }
    record_free(record);
    return failed != 0 && status >= 0 ? failed : status;
}

/* What has gone well so far is interrupted by a signal that nobody has seen yet. */
static int or_interrupted(int status, int signal_fd)
{
    int interrupted_by = spawn_take_signal(signal_fd);
    return status == 0 && interrupted_by ? 128 + interrupted_by : status;
}

/* Once its prepare has run, cleanup is, whatever came of the command. */
static int invoke(struct session *session, const struct config *c, const struct run_command *command,
                  struct run_ahead *ahead, bool measured, struct tally *tally, struct err *e)
{
    int signal_fd = session->signal_fd;
    TRY(hook("prepare", c->invocations.prepare, signal_fd, e));
    int status = or_interrupted(0, signal_fd);
    if (status == 0)
        status = weigh(session, c, command, ahead, measured, tally, e);
    status = or_interrupted(status, signal_fd); /* a signal from before is not the cleanup's */
    int cleaned = hook("cleanup", c->invocations.cleanup, signal_fd, status < 0 ? NULL : e);
    if (status == 0 || (status > 0 && cleaned < 0))
        status = cleaned;
    return or_interrupted(status, signal_fd);
}

/* --- the summary ----------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Asked here: a run that nobody records has not looked at its host. */
static void say_emulation(void)
{
    struct facts host = {0};
    host_capture_virt("", &host);
    const char *by = timing_emulated_by(&host);
    if (by)
        (void)fprintf(stderr, "  times emulated by %s", by);
    facts_free(&host);
}

static void summarise(struct tally *t)
{
    char peak[32];
    double sum = 0;
    if (t->count == 0)
        return;
    for (size_t i = 0; i < t->count; i++)
        sum += t->wall_s[i];
    qsort(t->wall_s, t->count, sizeof(*t->wall_s), by_size);
    if (t->count == 1)
        (void)fprintf(stderr, "tare: wall %.6f s", sum);
    else
        (void)fprintf(stderr, "tare: wall mean %.6f s  median %.6f s  min %.6f s  max %.6f s  of %zu invocations",
                      sum / (double)t->count, stats_median(t->wall_s, t->count), t->wall_s[0], t->wall_s[t->count - 1],
                      t->count);
    if (t->has_usage)
        (void)fprintf(stderr, "  cpu %.6f s", (double)t->usage_usec / 1e6 / (double)t->count);
    if (t->has_peak)
        (void)fprintf(stderr, "  peak memory %s", text_bytes(t->peak_bytes, peak, sizeof(peak)));
    else
        (void)fprintf(stderr, "  peak memory unavailable (%s)", t->peak_reason);
    say_emulation();
    if (t->refused)
        (void)fprintf(stderr, "  refused system calls %lld", (long long)t->refused);
    (void)fputc('\n', stderr);
}

/* A limit as the command line gave it; NULL: it did not ask for what could be lacking. */
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
                   ? partition_name((enum partition)cell->partition)
                   : NULL;
    }
}

/* The affinity is set in any case, and the command can change it. */
static void say_lacks(const struct tally *t, const struct cell *cell)
{
    char buf[32];
    for (size_t i = 0; i < LIMITS; i++) {
        const char *asked = *t->lacked[i] ? limit_asked(cell, i, buf, sizeof(buf)) : NULL;
        if (asked)
            (void)fprintf(stderr, "tare: --%s %s %s: %s\n", limits[i].option, asked,
                          i == CPUS ? "took effect by affinity alone" : "did not take effect", t->lacked[i]);
    }
}

static int invoke_all(struct session *session, const struct config *c, struct run_command *command,
                      struct run_ahead *ahead, const struct output_places *places, off_t stdin_from, struct err *e)
{
    const struct invocations *asked = &c->invocations;
    cleanup_free double *wall_s = calloc((size_t)c->invocations.repeat, sizeof(double));
    struct tally tally = {.places = places, .wall_s = wall_s};
    int status = 0;
    if (!wall_s)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for the figures");
    for (int64_t i = 0; status == 0 && i < asked->warmup + asked->repeat; i++) {
        standard_input_again(stdin_from);
        command->series.invocation = i - asked->warmup + 1;
        status = invoke(session, c, command, ahead, i >= asked->warmup, &tally, e);
    }
    if (!c->shown.quiet) {
        summarise(&tally);
        say_lacks(&tally, &c->cell);
    }
    return status;
}

static int in_session(const struct config *c, struct run_command *command, const struct output_places *places,
                      struct err *e)
{
    struct session session;
    struct run_ahead ahead = RUN_NOTHING_AHEAD;
    off_t stdin_from = -1;
    if (c->invocations.repeat + c->invocations.warmup > 1)
        TRY(standard_input_keep(&stdin_from, e));
    int failed = session_find(&c->cell, output_wanted(&c->output), &session, e);
    /* What --prepare mounts is to be seen by the command: its namespaces come after that. */
    if (failed == 0 && !c->invocations.prepare && slice_root_leaves_caller(&session.root))
        failed = run_command_begin(&c->cell, command, &ahead, e);
    if (failed == 0 && (failed = session_open_found(&c->cell, &session, e)) != 0)
        run_ahead_end(&ahead);
    if (failed != 0)
        return failed;
    int status = invoke_all(&session, c, command, &ahead, places, stdin_from, e);
    run_ahead_end(&ahead);
    int left = session_close(&session, status >= 0 ? e : NULL);
    return left != 0 && status >= 0 ? left : status;
}

/* A file holds one record: the last would replace those before it. */
static int open_outputs(const struct config *c, struct output_places *ret, struct err *e)
{
    if (c->output.json && !output_on_stdout(&c->output) && c->invocations.repeat > 1)
        return err_set(e, ERR_USAGE, -EINVAL, "--json '%s' holds one record and --repeat %lld makes more (--out DIR)",
                       c->output.json, (long long)c->invocations.repeat);
    return output_open(&c->output, &c->cell, ret, e);
}

int cmd_exec(int argc, char **argv, struct err *e)
{
    struct config c;
    struct limit_profile profile = {0};
    struct output_places places;
    char path[PATH_MAX], cwd[PATH_MAX];
    TRY(config_begin(CONFIG_EXEC, argc, argv, &c, e));
    if (c.help)
        return manual_print(CONFIG_EXEC, NULL, NULL);
    if (!c.invocations.argv)
        return err_set(e, ERR_USAGE, -EINVAL, "no command given: tare exec [OPTION]... [--] COMMAND [ARG]...");
    if (!getcwd(cwd, sizeof(cwd)))
        return err_sys(e, ERR_USAGE, "the working folder");
    TRY(find_program(c.invocations.argv[0], path, e));
    TRY(profiled_apply_aloud(&c.cell, &profile, e));
    TRY(open_outputs(&c, &places, e));
    struct run_command command = {
        .path = path,
        .argv = c.invocations.argv,
        .cwd = cwd,
        .series = {.repeat = c.invocations.repeat,
                   .warmup = c.invocations.warmup,
                   .prepare = c.invocations.prepare,
                   .cleanup = c.invocations.cleanup},
    };
    int status = in_session(&c, &command, &places, e);
    output_close(&places);
    return status;
}
