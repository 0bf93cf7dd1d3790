#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/terminal.h"
#include "cell/carried.h"
#include "cell/workload.h"
#include "cgroups/inherited.h"
#include "host/host.h"
#include "run/inspect.h"
#include "run/judge.h"
#include "run/stage.h"

#define LEAVE_MS          2000 /* the time for a forkserver and a resource tracker to end after their parent */
#define LEAVE_MS_EMULATED (8 * LEAVE_MS)
#define KILL_MS           10000
#define ARGS_MAX          32

/* --- before the slice ------------------------------------------------------------------------------------------ */

/* A pipe for what a workload prints. */
static int prepare_messages(struct stage *s, struct err *e)
{
    if (pipe2(s->messages, O_CLOEXEC) != 0 || fcntl(s->messages[0], F_SETFL, O_NONBLOCK) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    s->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return s->null_fd < 0 ? err_sys(e, ERR_OURS, "/dev/null") : 0;
}

/* A scenario gets a ledger, a temporary folder, and a pipe for its messages. */
static int prepare_scenario(struct stage *s, const struct cell *cell, struct err *e)
{
    const uint64_t iterations = (uint64_t)cell->iterations, workers = (uint64_t)cell->workers + LEDGER_SPARE_WORKERS;
    TRY(ledger_create(iterations, workers, cell->profile == PROFILE_GROWTH, &s->ledger, e));
    TRY(workload_tmpdir_make(s->tmpdir, sizeof(s->tmpdir), e));
    return prepare_messages(s, e);
}

static int prepare_confinement(struct stage *s, const struct cell *cell, struct err *e)
{
    char folder[sizeof(s->tmpdir)];
    const char *needed[4 + CARRIED_MAX], *slash = strrchr(s->tmpdir, '/');
    size_t count = 0;
    if (cell->confinement == CONFINEMENT_OFF)
        return 0;
    if (s->command) {
        needed[count++] = s->command->path;
        needed[count++] = s->command->cwd;
        for (size_t i = 0; i < s->command->files; i++)
            needed[count++] = s->command->file[i].path;
    } else {
        needed[count++] = s->runtime->path;
        needed[count++] = cell->scenario->dir;
        needed[count++] = cell->scenario->lib;
    }
    if (*s->tmpdir) {
        text_format(folder, sizeof(folder), "%.*s", slash && slash != s->tmpdir ? (int)(slash - s->tmpdir) : 1,
                    s->tmpdir);
        needed[count++] = folder;
    }
    struct confine_request request = workload_confinement(cell, needed, count);
    request.has_streams = s->command != NULL;
    request.scratch = *s->tmpdir ? s->tmpdir : NULL;
    int failed = confine_prepare(&request, &s->confine, e);
    if (failed != 0 || cell->isolation != ISOLATION_STRICT || s->confine->user.uid != 0)
        return failed;
    return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: the workload would stay uid 0%s%s (--user)",
                   *s->confine->user.reason ? ": " : "", s->confine->user.reason);
}

static int specify_command(struct stage *s, const struct cell *cell, struct err *e)
{
    const bool silent = s->command->is_silent;
    const int out = silent ? s->messages[1] : s->command->output_fd;
    s->environment = workload_command_environment(cell);
    s->spec = (struct spawn_spec){
        .path = s->command->path,
        .argv = s->command->argv,
        .stdin_fd = silent ? s->null_fd : STDIN_FILENO,
        .stdout_fd = out >= 0 ? out : STDOUT_FILENO,
        .stderr_fd = out >= 0 ? out : STDERR_FILENO,
        .keep_fd = -1,
        .cwd = s->command->cwd,
    };
    return s->confine ? relay_open(&s->relay, &s->spec.stdout_fd, &s->spec.stderr_fd, e) : 0;
}

static void specify_workload(struct stage *s, const struct cell *cell)
{
    s->argv = workload_argv(s->runtime, cell, s->record->mp_start_method);
    s->environment = workload_environment(cell, s->tmpdir, s->ledger.fd);
    s->spec = (struct spawn_spec){
        .path = s->runtime->path,
        .argv = s->argv.word,
        .stdin_fd = s->null_fd,
        .stdout_fd = s->messages[1],
        .stderr_fd = s->messages[1],
        .keep_fd = s->ledger.fd,
        .cwd = s->confine ? "/" : NULL,
    };
}

/* Making namespaces takes longer than making a slice, so it begins as early as possible. */
static int prepare_start(struct stage *s, const struct cell *cell, struct err *e)
{
    if (s->command)
        TRY(specify_command(s, cell, e));
    else
        specify_workload(s, cell);
    s->spec.envp = s->environment.word;
    s->spec.cgroup_fd = -1;
    s->spec.confine = s->confine;
    s->spec.timeout_ns = cell->timeout_ms * NS_PER_MS;
    s->spec.insist = cell->isolation == ISOLATION_STRICT;
    return spawn_prepare(&s->spec, &s->child, e);
}

static int begin(struct stage *s, const struct cell *cell, struct err *e)
{
    TRY(prepare_confinement(s, cell, e));
    return prepare_start(s, cell, e);
}

int run_command_begin(const struct cell *cell, const struct run_command *command, struct run_ahead *ret, struct err *e)
{
    struct stage s = {.command = command, .child = SPAWN_NO_CHILD, .relay = RELAY_NONE};
    int failed = begin(&s, cell, e);
    *ret = (struct run_ahead){s.confine, s.environment, s.spec, s.child, s.relay};
    if (failed != 0)
        run_ahead_end(ret);
    return failed;
}

void run_ahead_end(struct run_ahead *a)
{
    spawn_end(&a->child);
    relay_close(&a->relay);
    confine_free(&a->confine);
    workload_words_free(&a->environment);
    *a = RUN_NOTHING_AHEAD;
}

static int prepare(struct stage *s, const struct cell *cell, struct run_ahead *ahead, struct err *e)
{
    const bool has_begun = ahead && ahead->spec.path;
    if (has_begun) {
        s->confine = ahead->confine;
        s->environment = ahead->environment;
        s->spec = ahead->spec;
        s->child = ahead->child;
        s->relay = ahead->relay;
        *ahead = RUN_NOTHING_AHEAD;
    }
    TRY(!s->command ? prepare_scenario(s, cell, e) : s->command->is_silent ? prepare_messages(s, e) : 0);
    if (!has_begun)
        TRY(begin(s, cell, e));
    if (!s->command && session_warm(s->session, s->runtime, e) != 0)
        return err_wrap(e, "cannot warm the runtime's files");
    if (!observe_is_inspected(s))
        return 0;
    s->has_steal = host_steal_ticks("", &s->steal_ticks) == 0;
    s->inherited = xcalloc(2, sizeof(*s->inherited));
    inherited_read("", slice_tree_root(s->session->tree), &s->inherited[0]);
    disturbance_read("", &s->session->cpus, &s->undisturbed);
    return 0;
}

/* --- in the slice ---------------------------------------------------------------------------------------------- */

static int make_slice(struct stage *s, const struct cell *cell, struct err *e)
{
    const struct session *session = s->session;
    const struct slice_limits limits = session_limits(session, cell);
    char name[32];
    text_format(name, sizeof(name), "cell-%llu", (unsigned long long)s->session->cells++);
    TRY(session_refuse_unlimited(slice_tree_root(session->tree), cell, e));
    fail_point("init waits");
    s->slice_at_ns = clock_now_ns();
    TRY(slice_create(session->tree, name, &limits, &s->slice, e));
    struct record_slice *slice = &s->record->slice;
    text_format(slice->path, sizeof(slice->path), "%s", s->slice->path);
    for (size_t i = 0; i < s->slice->count; i++) {
        slice->setting[slice->settings++] = s->slice->settings[i];
        TRY(session_refuse_lack(cell, &s->slice->settings[i], e));
    }
    return 0;
}

/* In namespaces all processes end with their init, and their /dev/shm with them. Otherwise a guard is needed, and
 * /dev/shm must be watched. */
static int start(struct stage *s, struct err *e)
{
    s->spec.cgroup_fd = s->slice->own ? s->slice->dirfd : -1;
    s->spec.affinity = &s->session->cpus.benchmark;
    int failed = 0;
    if (s->child.init == 0) {
        session_guard(s->session);
        failed = shm_objects_begin(s->confine ? s->confine->user.uid : geteuid(), &s->shm, e);
    }
    if (failed == 0)
        failed = spawn_go(&s->spec, &s->child, e);
    relay_started(&s->relay);
    close_fd(&s->messages[1]);
    if (failed == 0) {
        s->refusals.listener_fd = s->child.listener_fd;
        s->refusals.cpus = &s->session->cpus.benchmark;
    }
    return failed;
}

/* The workload reports pids of its own namespace. */
static void translate_pids(struct stage *s)
{
    char proc[64] = "";
    if (s->child.init <= 0 || !s->sampler)
        return;
    if (s->child.outcome.refused[CONFINE_PROC] == 0)
        text_format(proc, sizeof(proc), "/proc/%d/root/proc", (int)s->child.init);
    sampler_translate(s->sampler, proc);
}

/* Opens a file of the slice whose changes the kernel notifies; -1: none. */
static int open_events(const struct stage *s, const char *file)
{
    char buf[256];
    int fd = s->slice->own ? openat(s->slice->dirfd, file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        (void)!read(fd, buf, sizeof(buf)); /* poll(2) reports changes since the last read */
    return fd;
}

/* Waiting that a knob asks for is not a stall. */
static void set_stall(const struct stage *s, const struct cell *cell)
{
    struct record *r = s->record;
    const char *why = s->command            ? "a command has no ledger that shows progress"
                      : cell->stall_ms == 0 ? "none was set (--stall 0)"
                      : s->cpu_stat_fd < 0
                          ? "it has no slice of its own, whose CPU time would distinguish work from a stall"
                          : NULL;
    r->stall_ms = why ? 0 : cell->stall_ms + cell_knobs_ms(cell);
    text_format(r->stall_reason, sizeof(r->stall_reason), "%s", why ? why : "");
}

/* The interpreter is the first of the runtime's files; its libraries are among the others. */
static int begin_trace(struct stage *s, struct err *e)
{
    struct run_tracing *t = s->tracing;
    cleanup_text struct text files = {0};
    if (!t)
        return 0;
    text_add(&files, "%s\n%s", s->runtime->path, s->runtime->files.data ? s->runtime->files.data : "");
    return trace_start(s->child.pid, &s->session->cpus.benchmark, files.data, t->probe, t->probes, t->period_ns,
                       &t->trace, e);
}

/* --until-slope: whether the slope will be known precisely enough. */
static void look_at_growth(void *arg)
{
    struct stage *s = arg;
    const uint64_t enough = s->ledger.enough ? 0 : growth_enough(&s->ledger, &s->target, &s->readings_asked);
    if (enough)
        ledger_end_after(&s->ledger, enough);
}

/* While workers hold still to be weighed, a walk slows nothing. */
static unsigned shared_cpus(const struct cell *cell, const struct topology_choice *cpus)
{
    return cell->profile == PROFILE_MEMORY || cpulist_count(&cpus->housekeeping) > 0 ? 0
                                                                                     : cpulist_count(&cpus->benchmark);
}

static int weigh(struct stage *s, const struct cell *cell, const struct progress *progress, struct err *e)
{
    if (cell->counters && s->slice->own)
        s->counters = counters_open(s->slice->dirfd, &s->session->topology.online);
    if (cell->counters)
        energy_read("", &s->energy);
    TRY(start(s, e));
    fail_point("workload started");
    TRY(begin_trace(s, e));
    if (observe_is_inspected(s)) {
        inspect_supervisor(slice_tree_supervisor_cpus(s->session->tree), s->record);
        inspect_born(s->slice, s->child.pid, s->child.moved, s->record);
        inspect_cpus(s->slice, s->child.pid, &s->session->cpus.benchmark, s->record);
        inspect_confinement(s->confine, &s->child, s->record);
    }
    if (cell->mem_sample)
        s->sampler = sampler_open(s->slice->dirfd);
    translate_pids(s);
    s->pids_events_fd = open_events(s, "pids.events");
    const struct slice_setting *partition = slice_check_partition(s->slice);
    bool has_partition = partition && strcmp(partition->requested, partition->achieved) == 0;
    s->partition_fd = has_partition ? open_events(s, partition->file) : -1;
    bool may_stall = !s->command && s->slice->own;
    s->cpu_stat_fd = may_stall ? openat(s->slice->dirfd, "cpu.stat", O_RDONLY | O_CLOEXEC) : -1;
    set_stall(s, cell);
    const struct watch_request request = {
        .child = &s->child,
        .ledger = s->command ? NULL : &s->ledger,
        .refusals = s->refusals.listener_fd >= 0 ? &s->refusals : NULL,
        .sampler = s->sampler,
        .tick_ns = s->record->tick_ns,
        .rollup_ns = s->record->rollup_ns,
        .shared_cpus = shared_cpus(cell, &s->session->cpus),
        .timeout_ns = cell->timeout_ms * NS_PER_MS,
        .stall_ns = s->record->stall_ms * NS_PER_MS,
        .cpu_stat_fd = s->cpu_stat_fd,
        .messages_fd = s->messages[0],
        .line_with = INSPECT_GIL_WARNS,
        .relay = &s->relay,
        .signal_fd = s->session->signal_fd,
        .pids_events_fd = s->pids_events_fd,
        .partition_fd = s->partition_fd,
        .partition = has_partition ? partition->requested : NULL,
        .progress = progress,
        .look = cell->until_slope && growth_target_parse(cell->until_slope, &s->target) == 0 ? look_at_growth : NULL,
        .look_arg = s,
    };
    int failed = watch_child(&request, &s->watched, e);
    if (s->tracing)
        trace_stop(s->tracing->trace);
    return failed;
}

/* --- the end --------------------------------------------------------------------------------------------------- */

/* Whether other processes of the workload still exist. */
static bool others_left(const struct stage *s)
{
    if (s->slice->own)
        return slice_populated(s->slice) > 0;
    return waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
}

/* Emulated CPUs need more time. */
static int leave_ms(const struct stage *s)
{
    return record_emulated_by(&s->session->host) ? LEAVE_MS_EMULATED : LEAVE_MS;
}

/* Gives the helpers of an ended workload time to end too. Returns whether one stayed. */
static bool wait_for_others(const struct stage *s)
{
    int64_t deadline_ns = clock_now_ns() + leave_ms(s) * NS_PER_MS;
    while (others_left(s)) {
        if (clock_now_ns() > deadline_ns)
            return true;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

/* Call it before any process of the workload is killed. */
static void note_shared(struct stage *s)
{
    shm_objects_note(s->shm, s->slice->own ? s->slice->dirfd : -1);
}

static int kill_all(struct stage *s, struct err *e)
{
    if (s->slice->own && slice_populated(s->slice) == 0)
        return 0;
    note_shared(s);
    if (s->slice->own)
        return slice_kill(s->slice, KILL_MS, e);
    spawn_end(&s->child);
    int ended = spawn_kill_orphans(KILL_MS, e);
    return ended < 0 ? ended : 0;
}

/* The measurement stays valid if the workload could not be ended or the slice not removed: the record says so. */
static void note_trouble(struct record *r, const struct err *e)
{
    size_t len = strlen(r->trouble);
    (void)snprintf(r->trouble + len, sizeof(r->trouble) - len, "%s%s", len ? "; " : "", e->text);
}

static void finish_relay(struct stage *s)
{
    struct err e = {0};
    int failed = relay_finish(&s->relay);
    if (failed == 0)
        return;
    (void)err_set(&e, ERR_OURS, failed, "cannot write the command's output: %s", strerror(-failed));
    note_trouble(s->record, &e);
}

/* Prints what it removes, because it may be a user's file. */
static void remove_shared(struct stage *s)
{
    cleanup_text struct text names = {0};
    struct facts *events = &s->record->events;
    if (!s->shm) {
        facts_absent(events, "shm_removed", "it had a /dev/shm of its own, or there is none");
        return;
    }
    int count = shm_objects_remove(s->shm, &names);
    facts_int(events, "shm_removed", count);
    if (count > 0)
        terminal_say("removed %d object%s from /dev/shm that ended processes shared:%s", count, count == 1 ? "" : "s",
                     names.data);
}

/* Kills what is left, reads the counters while the slice exists, and judges the end. */
static void finish(struct stage *s, struct err *why)
{
    struct child_end end = {0};
    struct record *r = s->record;
    struct err e = {0};
    bool ended = s->watched.why == WATCH_ENDED;
    if (!ended) {
        note_shared(s);
        spawn_kill(&s->child);
    }
    if (!ended && s->slice->own && slice_kill(s->slice, KILL_MS, &e) != 0)
        note_trouble(r, &e);
    observe_describe_refused(s); /* before the wait, after which the init may be gone */
    s->unknown = spawn_wait(&s->child, &end, why);
    r->exited = !end.signalled;
    r->exit_status = end.exit_status;
    r->signalled = end.signalled;
    r->signal = end.signal;
    bool killed = ended && end.signalled;
    if (killed)
        note_shared(s);
    /* After a kill, Python's resource tracker removes the shared objects once all their users have ended. */
    bool waits = ended && (!killed || s->shm);
    bool stayed = waits && wait_for_others(s);
    bool is_empty = waits && !stayed && s->slice->own;
    if (!is_empty && kill_all(s, &e) != 0)
        note_trouble(r, &e);
    remove_shared(s);
    finish_relay(s);
    if (observe_is_inspected(s))
        disturbance_read_pressure(s->slice->dirfd, &s->pressure);
    struct accounts accounts = {.peak = r->peak, .cpu = r->cpu, .events = r->events}; /* which have some already */
    accounts_read(s->slice->dirfd, s->slice->own ? NULL : &s->baseline, slice_tree_root(s->session->tree), &accounts);
    r->peak = accounts.peak;
    r->cpu = accounts.cpu;
    r->events = accounts.events;
    observe_describe_counters(s);
    counters_close(&s->counters); /* a cgroup stays while events are of it */
    inspect_partition(s->slice, &s->watched, s->child.executed_ns, &s->session->cpus.benchmark, r);
    if (s->messages[0] >= 0)
        watch_drain(s->messages[0], INSPECT_GIL_WARNS, &s->watched);
    const struct ending end_as =
        judge_end(r, &(struct judge_evidence){.watched = &s->watched,
                                              .ledger = s->command ? NULL : &s->ledger,
                                              .started_ns = s->child.started_ns,
                                              .stayed_ms = stayed && !killed ? leave_ms(s) : 0});
    r->termination = end_as.why;
    r->interrupted_by = end_as.interrupted_by;
    text_format(r->detail, sizeof(r->detail), "%s", end_as.detail);
    if (slice_destroy(&s->slice, &e) != 0)
        note_trouble(r, &e);
    s->removed_at_ns = clock_now_ns();
    spawn_end(&s->child); /* last: its namespaces take a while to go */
}

static void release(struct stage *s)
{
    int *const fds[] = {&s->messages[0],    &s->messages[1],  &s->null_fd,
                        &s->pids_events_fd, &s->partition_fd, &s->cpu_stat_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close_fd(fds[i]);
    if (s->child.pidfd >= 0) { /* tare failed while it ran */
        spawn_kill(&s->child);
        (void)spawn_wait(&s->child, &(struct child_end){0}, NULL);
    }
    spawn_end(&s->child);
    relay_close(&s->relay);
    refusals_close(&s->refusals);
    counters_close(&s->counters);
    if (s->slice)
        (void)slice_destroy(&s->slice, NULL);
    shm_objects_free(&s->shm);
    sampler_close(&s->sampler);
    accounts_free(&s->baseline);
    ledger_close(&s->ledger);
    confine_free(&s->confine);
    free(s->inherited);
    workload_words_free(&s->argv);
    workload_words_free(&s->environment);
    free(s->watched.samples);
    workload_tmpdir_remove();
}

static int run_stages(struct stage *s, const struct cell *cell, struct run_ahead *ahead,
                      const struct progress *progress, struct err *e)
{
    TRY(prepare(s, cell, ahead, e));
    TRY(make_slice(s, cell, e));
    if (!s->slice->own && s->slice->dirfd >= 0) {
        accounts_baseline_read(s->slice->dirfd, &s->baseline);
        disturbance_read_pressure(s->slice->dirfd, &s->pressure_before);
    }
    fail_point("slice made");
    TRY(weigh(s, cell, progress, e));
    fail_point("workload ended");
    finish(s, e);
    fail_point("slice removed");
    TRY(s->unknown);
    observe_take(s);
    return 0;
}

static int run_stage(struct stage *s, const struct cell *cell, struct run_ahead *ahead, const struct progress *progress,
                     struct record **ret, struct err *e)
{
    *ret = NULL;
    s->record = record_new();
    s->messages[0] = s->messages[1] = -1;
    s->child = SPAWN_NO_CHILD;
    s->relay = RELAY_NONE;
    s->ledger.fd = s->null_fd = s->pids_events_fd = s->partition_fd = s->cpu_stat_fd = s->refusals.listener_fd = -1;
    record_make_id(s->record->id, s->record->started_at);
    observe_describe_start(s, cell);
    int failed = run_stages(s, cell, ahead, progress, e);
    release(s);
    if (failed != 0)
        record_free(s->record);
    else
        *ret = s->record;
    return failed;
}

int run_cell(struct session *session, const struct cell *cell, const struct runtime *runtime,
             struct run_tracing *tracing, const struct progress *progress, struct record **ret, struct err *e)
{
    struct stage s = {.session = session, .runtime = runtime, .tracing = tracing};
    return run_stage(&s, cell, NULL, progress, ret, e);
}

int run_command(struct session *session, const struct cell *cell, const struct run_command *command,
                struct run_ahead *ahead, struct record **ret, struct err *e)
{
    struct stage s = {.session = session, .command = command};
    return run_stage(&s, cell, ahead, NULL, ret, e);
}
