#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accounts.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "host.h"
#include "inspect.h"
#include "ledger.h"
#include "selftest.h"
#include "spawn.h"
#include "workload.h"

#define TICKS_PER_ROLLUP 5    /* the slice's files are cheap: they are read so many times as often as the rollups */
#define LEAVE_MS         2000 /* what a forkserver and a resource tracker may take to follow their parent */
#define KILL_MS          10000
#define ARGS_MAX         32

/* What one cell holds while it runs. */
struct stage {
    struct session *session;
    const struct runtime *runtime;
    struct record *record;
    struct ledger_map ledger;
    struct slice *slice;
    struct sampler *sampler;
    struct accounts_baseline baseline;
    struct child child;
    struct watch_result watched;
    char tmpdir[64]; /* the workload's $TMPDIR; "" not made */
    int messages[2]; /* the pipe of the workload's messages: read end, write end */
    int null_fd, pids_events_fd, partition_fd;
    int64_t slice_at_ns, removed_at_ns;
    long long steal_ticks;
    bool has_steal;
};

/* --- before the slice ------------------------------------------------------------------------------------------ */

static int prepare(struct stage *s, const struct cell *cell, struct err *e)
{
    int failed = session_warm(s->session, s->runtime, e);
    if (failed != 0)
        return err_wrap(e, "reading the runtime's files beforehand");
    failed = ledger_create((uint64_t)cell->iterations, (uint64_t)cell->workers, &s->ledger, e);
    if (failed == 0)
        failed = workload_tmpdir_make(s->tmpdir, sizeof(s->tmpdir), e);
    if (failed != 0)
        return failed;
    if (pipe2(s->messages, O_CLOEXEC) != 0 || fcntl(s->messages[0], F_SETFL, O_NONBLOCK) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    s->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (s->null_fd < 0)
        return err_sys(e, ERR_OURS, "/dev/null");
    s->has_steal = host_steal_ticks("", &s->steal_ticks) == 0;
    return 0;
}

static void describe_start(struct stage *s, const struct cell *cell)
{
    struct record *r = s->record;
    const struct session *session = s->session;
    r->cell = *cell;
    r->runtime = s->runtime;
    r->host = &session->host;
    r->gil_enabled = -1;
    if (cell->mode == MODE_PROCESSES) {
        const char *named = start_method_name((enum start_method)cell->start_method);
        text_format(r->mp_start_method, sizeof(r->mp_start_method), "%s", named ? named : s->runtime->default_start);
    }
    r->sampled = cell->mem_sample;
    r->rollup_ns = cell->mem_interval_ms * NS_PER_MS;
    r->tick_ns = r->rollup_ns / TICKS_PER_ROLLUP;
    if (!r->sampled)
        text_format(r->memory_reason, sizeof(r->memory_reason), "memory is not sampled in this run (--mem-sample)");
    struct record_slice *slice = &r->slice;
    const struct slice_root *root = slice_tree_root(session->tree);
    slice->provenance = root->provenance;
    text_format(slice->reason, sizeof(slice->reason), "%s", root->reason);
    memcpy(slice->controller, root->controller, sizeof(slice->controller));
    (void)cpulist_format(&session->cpus.benchmark, slice->cpus_requested, sizeof(slice->cpus_requested));
    (void)cpulist_format(&session->cpus.housekeeping, slice->housekeeping, sizeof(slice->housekeeping));
    text_format(slice->cpus_reason, sizeof(slice->cpus_reason), "%s", session->cpus.reason);
}

/* --- in the slice ---------------------------------------------------------------------------------------------- */

/* auto: a workload with more threads than pins, as all of scenario1 is, needs the balancing that `isolated` lacks. */
static enum slice_partition partition_of(const struct cell *cell)
{
    static const enum slice_partition OF[] = {
        [PARTITION_AUTO] = SLICE_PARTITION_AUTO,
        [PARTITION_ROOT] = SLICE_PARTITION_ROOT,
        [PARTITION_ISOLATED] = SLICE_PARTITION_ISOLATED,
        [PARTITION_NONE] = SLICE_PARTITION_NONE,
    };
    return cell->isolation == ISOLATION_OFF ? SLICE_PARTITION_NONE : OF[cell->partition];
}

static int make_slice(struct stage *s, const struct cell *cell, struct err *e)
{
    const struct session *session = s->session;
    struct slice_limits limits = {
        .partition = partition_of(cell),
        .cpus = session->cpus.benchmark,
        .mems = topology_nodes_of(&session->topology, &session->cpus.benchmark),
        .has_memory_max = cell->has_memory_max,
        .memory_max_bytes = (uint64_t)cell->memory_max_bytes,
        .swap_off = true,
        .oom_group = true,
        .has_pids_max = true,
        .pids_max = (uint64_t)cell->pids_max,
    };
    char name[32];
    size_t count = 0;
    text_format(name, sizeof(name), "cell-%llu", (unsigned long long)s->session->cells++);
    s->slice_at_ns = clock_now_ns();
    int failed = slice_create(session->tree, name, &limits, &s->slice, e);
    if (failed != 0)
        return failed;
    const struct slice_setting *settings = slice_settings(s->slice, &count);
    struct record_slice *slice = &s->record->slice;
    text_format(slice->path, sizeof(slice->path), "%s", slice_path(s->slice));
    for (size_t i = 0; i < count && i < SLICE_SETTINGS_MAX; i++) {
        slice->setting[slice->settings++] = settings[i];
        if (cell->isolation == ISOLATION_STRICT && !settings[i].ok)
            return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: %s: wanted %s, got %s: %s", settings[i].file,
                           settings[i].requested, *settings[i].achieved ? settings[i].achieved : "nothing",
                           settings[i].reason);
    }
    return 0;
}

static int start_workload(struct stage *s, const struct cell *cell, struct err *e)
{
    struct workload_words argv = workload_argv(s->runtime, cell, s->record->mp_start_method);
    struct workload_words environment = workload_environment(s->tmpdir, s->ledger.fd);
    struct spawn_spec spec = {
        .path = s->runtime->path,
        .argv = argv.word,
        .envp = environment.word,
        .cgroup_fd = slice_is_own(s->slice) ? slice_dirfd(s->slice) : -1,
        .affinity = &s->session->cpus.benchmark,
        .stdin_fd = s->null_fd,
        .stdout_fd = s->messages[1],
        .stderr_fd = s->messages[1],
        .keep_fd = s->ledger.fd,
    };
    int failed = spawn_start(&spec, &s->child, e);
    workload_words_free(&argv);
    workload_words_free(&environment);
    (void)close(STEAL_FD(s->messages[1]));
    return failed;
}

/* A file of the slice that the kernel tells changes of. */
static int open_events(const struct stage *s, const char *file)
{
    char buf[256];
    int fd = slice_is_own(s->slice) ? openat(slice_dirfd(s->slice), file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        (void)!read(fd, buf, sizeof(buf)); /* poll(2) tells of changes since the last read */
    return fd;
}

static int weigh(struct stage *s, const struct cell *cell, const struct progress *progress, struct err *e)
{
    int failed = start_workload(s, cell, e);
    if (failed != 0)
        return failed;
    inspect_supervisor(slice_tree_supervisor_cpus(s->session->tree), &s->record->isolation);
    inspect_born(s->slice, s->child.pid, &s->record->isolation);
    inspect_cpus(s->slice, s->child.pid, &s->session->cpus.benchmark, s->record);
    if (cell->mem_sample)
        failed = sampler_open(slice_dirfd(s->slice), &s->sampler, e);
    s->pids_events_fd = open_events(s, "pids.events");
    const struct slice_setting *partition = slice_check_partition(s->slice);
    bool has_partition = partition && strcmp(partition->requested, partition->achieved) == 0;
    s->partition_fd = has_partition ? open_events(s, partition->file) : -1;
    const struct watch_request request = {
        .child = &s->child,
        .ledger = &s->ledger,
        .sampler = s->sampler,
        .tick_ns = s->record->tick_ns,
        .rollup_ns = s->record->rollup_ns,
        .timeout_ns = cell->timeout_ms * NS_PER_MS,
        .messages_fd = s->messages[0],
        .signal_fd = s->session->signal_fd,
        .pids_events_fd = s->pids_events_fd,
        .partition_fd = s->partition_fd,
        .partition = has_partition ? partition->requested : NULL,
        .progress = progress,
    };
    return failed != 0 ? failed : watch_child(&request, &s->watched, e);
}

/* --- the end --------------------------------------------------------------------------------------------------- */

/* Whether anyone but the main process is still there. */
static bool others_left(const struct stage *s)
{
    if (slice_is_own(s->slice))
        return slice_populated(s->slice) > 0;
    return waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
}

/* Gives the helpers of a workload that has ended well the time to follow it. Returns whether someone stayed. */
static bool wait_for_others(const struct stage *s)
{
    int64_t deadline_ns = clock_now_ns() + LEAVE_MS * NS_PER_MS;
    while (others_left(s)) {
        if (clock_now_ns() > deadline_ns)
            return true;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

static int kill_all(struct stage *s, struct err *e)
{
    if (slice_is_own(s->slice))
        return slice_populated(s->slice) == 0 ? 0 : slice_kill(s->slice, KILL_MS, e);
    int ended = spawn_kill_orphans(KILL_MS, e);
    return ended < 0 ? ended : 0;
}

/* The last line of what the workload printed: of a traceback, what it was. */
static const char *last_message(char *messages)
{
    size_t len = strlen(messages);
    while (len > 0 && (messages[len - 1] == '\n' || messages[len - 1] == ' '))
        messages[--len] = '\0';
    char *newline = strrchr(messages, '\n');
    return newline ? newline + 1 : messages;
}

static void terminate(struct record *r, enum termination why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void terminate(struct record *r, enum termination why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    r->termination = why;
    (void)vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
    va_end(ap);
    for (char *p = r->detail; *p; p++) /* the workload's words: one line, and no escapes for the terminal */
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
}

static int64_t event(const struct record *r, const char *key)
{
    const struct fact *f = facts_find(&r->events, key);
    return f && f->kind == FACT_INT ? f->integer : 0;
}

/* Why a workload that ended by itself did not end well; the ledger's word before its messages'. */
static void blame_workload(struct stage *s)
{
    struct record *r = s->record;
    char error[LEDGER_ERROR_MAX + 1];
    memcpy(error, s->ledger.page->error, LEDGER_ERROR_MAX);
    error[LEDGER_ERROR_MAX] = '\0';
    const char *said = *error ? error : last_message(s->watched.messages);
    if (r->signalled)
        terminate(r, TERMINATION_SIGNAL, "the workload was ended by signal %d (%s)%s%s", r->signal,
                  strsignal(r->signal), *said ? ": " : "", said);
    else
        terminate(r, TERMINATION_WORKLOAD_ERROR, "%s", *said ? said : "it ended before it was done and said nothing");
}

static void judge_end(struct stage *s, bool stayed)
{
    struct record *r = s->record;
    struct err e = {0};
    const struct cell *cell = &r->cell;
    bool clean = r->exited && r->exit_status == 0 && ledger_phase(&s->ledger) == LEDGER_DONE;
    r->interrupted_by = s->watched.why == WATCH_INTERRUPTED ? s->watched.signal : 0;
    if (r->interrupted_by)
        terminate(r, TERMINATION_INTERRUPTED, "by signal %d (%s)", s->watched.signal, strsignal(s->watched.signal));
    else if (s->watched.why == WATCH_TIMEOUT)
        terminate(r, TERMINATION_TIMEOUT, "it was not done after %g s (--timeout)", (double)cell->timeout_ms / 1000);
    else if (event(r, "oom_kill") > 0 || event(r, "oom_group_kill") > 0)
        terminate(r, TERMINATION_OOM, "it needed more memory than memory.max allows%s",
                  cell->has_memory_max ? " (--memory-max)" : "");
    else if (s->watched.why == WATCH_PIDS_MAX)
        terminate(r, TERMINATION_WORKLOAD_ERROR, "it started more processes than pids.max %lld allows (--pids-max)",
                  (long long)cell->pids_max);
    else if (!clean)
        blame_workload(s);
    else if (ledger_check(&s->ledger, (uint64_t)cell->iterations, &e) != 0)
        terminate(r, TERMINATION_WORKLOAD_ERROR, "%s", e.text);
    else if (stayed)
        terminate(r, TERMINATION_WORKLOAD_ERROR, "it left processes behind that were still there %d ms after its end",
                  LEAVE_MS);
}

/* A failure to end the workload or to remove the slice does not undo what was measured: it is said in the record. */
static void note_trouble(struct record *r, const struct err *e)
{
    size_t len = strlen(r->trouble);
    (void)snprintf(r->trouble + len, sizeof(r->trouble) - len, "%s%s", len ? "; " : "", e->text);
}

/* Ends whatever is left, reads the counters while the slice is still there, and says how it ended. */
static void finish(struct stage *s)
{
    struct child_end end = {0};
    struct record *r = s->record;
    struct err e = {0};
    bool ended = s->watched.why == WATCH_ENDED;
    if (!ended)
        (void)kill(s->child.pid, SIGKILL);
    if (!ended && slice_is_own(s->slice) && slice_kill(s->slice, KILL_MS, &e) != 0)
        note_trouble(r, &e);
    if (spawn_wait(&s->child, &end, &e) != 0)
        note_trouble(r, &e);
    r->exited = !end.signalled;
    r->exit_status = end.exit_status;
    r->signalled = end.signalled;
    r->signal = end.signal;
    bool stayed = ended && !end.signalled && wait_for_others(s);
    if (kill_all(s, &e) != 0)
        note_trouble(r, &e);
    accounts_read(slice_dirfd(s->slice), slice_is_own(s->slice) ? NULL : &s->baseline, r);
    inspect_partition(s->slice, &s->watched, s->child.executed_ns, &s->session->cpus.benchmark, r);
    watch_drain(s->messages[0], &s->watched);
    judge_end(s, stayed);
    if (slice_destroy(&s->slice, &e) != 0)
        note_trouble(r, &e);
    s->removed_at_ns = clock_now_ns();
}

/* --- what came of it ------------------------------------------------------------------------------------------- */

static int take_stamps(struct stage *s, struct err *e)
{
    struct record *r = s->record;
    size_t n = (size_t)ledger_iterations_done(&s->ledger);
    r->start_ns = calloc(n + 1, sizeof(*r->start_ns));
    r->end_ns = calloc(n + 1, sizeof(*r->end_ns));
    if (!r->start_ns || !r->end_ns)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %zu stamps", n);
    memcpy(r->start_ns, ledger_starts(&s->ledger), n * sizeof(*r->start_ns));
    memcpy(r->end_ns, ledger_ends(&s->ledger), n * sizeof(*r->end_ns));
    r->iterations = n;
    const struct ledger *page = s->ledger.page;
    r->has_wall = page->wall_end_ns > page->wall_start_ns;
    r->total_wall_s = (double)(page->wall_end_ns - page->wall_start_ns) / (double)NS_PER_S;
    r->gil_enabled = page->gil == LEDGER_GIL_ON ? 1 : page->gil == LEDGER_GIL_OFF ? 0 : -1;
    r->check = page->check;
    r->result = stats_of_iterations(r->start_ns, r->end_ns, n);
    return 0;
}

/* VmHWM, not ru_maxrss: that one survives exec and may be the caller's (proc(5)). */
static void weigh_ourselves(struct facts *instrument)
{
    char buf[4096];
    const char *line = file_read("", "/proc/self/status", buf, sizeof(buf)) > 0 ? strstr(buf, "\nVmHWM:") : NULL;
    if (line)
        facts_int(instrument, "peak_rss_bytes", strtoll(line + 7, NULL, 10) * 1024);
    else
        facts_absent(instrument, "peak_rss_bytes", "/proc/self/status has no VmHWM");
}

static void describe_instrument(struct stage *s)
{
    struct facts *f = &s->record->instrument;
    facts_int(f, "prepare_ns", s->slice_at_ns - s->session->idle_ns);
    facts_int(f, "slice_to_exec_ns", s->child.executed_ns - s->slice_at_ns);
    if (s->watched.why == WATCH_ENDED)
        facts_int(f, "exit_to_removed_ns", s->removed_at_ns - s->watched.ended_ns);
    else
        facts_absent(f, "exit_to_removed_ns", "the workload had to be ended");
    weigh_ourselves(f);
    selftest_last(f);
    s->session->idle_ns = s->removed_at_ns;
}

static void describe_steal(struct stage *s)
{
    long long now = 0;
    if (s->has_steal && host_steal_ticks("", &now) == 0)
        facts_int(&s->record->cpu, "steal_ticks", now - s->steal_ticks);
    else
        facts_absent(&s->record->cpu, "steal_ticks", "/proc/stat does not say");
}

static void release(struct stage *s)
{
    const int fds[] = {s->messages[0], s->messages[1], s->null_fd, s->pids_events_fd, s->partition_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    if (s->child.pidfd >= 0) { /* something of ours failed while it ran */
        (void)kill(s->child.pid, SIGKILL);
        (void)spawn_wait(&s->child, &(struct child_end){0}, NULL);
    }
    if (s->slice)
        (void)slice_destroy(&s->slice, NULL);
    sampler_close(&s->sampler);
    accounts_baseline_free(&s->baseline);
    ledger_close(&s->ledger);
    free(s->watched.samples);
    workload_tmpdir_remove(s->tmpdir);
}

static void take_samples(struct stage *s)
{
    struct record *r = s->record;
    r->samples = STEAL(s->watched.samples);
    r->sample_count = s->watched.count;
    r->missed_ticks = s->watched.missed_ticks;
    r->memory = memory_summarise(r->samples, r->sample_count, r->start_ns, r->end_ns, r->iterations);
}

static int run_stages(struct stage *s, const struct cell *cell, const struct progress *progress, struct err *e)
{
    int failed = prepare(s, cell, e);
    if (failed == 0)
        failed = make_slice(s, cell, e);
    if (failed != 0)
        return failed;
    if (!slice_is_own(s->slice) && slice_dirfd(s->slice) >= 0)
        accounts_baseline_read(slice_dirfd(s->slice), &s->baseline);
    failed = weigh(s, cell, progress, e);
    if (failed != 0)
        return failed;
    finish(s);
    describe_steal(s);
    describe_instrument(s);
    inspect_end(s->record);
    failed = take_stamps(s, e);
    if (failed == 0)
        take_samples(s);
    return failed;
}

int run_cell(struct session *session, const struct cell *cell, const struct runtime *runtime,
             const struct progress *progress, struct record *ret, struct err *e)
{
    struct stage s = {.session = session,
                      .runtime = runtime,
                      .record = ret,
                      .messages = {-1, -1},
                      .child = {.pidfd = -1},
                      .ledger = {.fd = -1},
                      .null_fd = -1,
                      .pids_events_fd = -1,
                      .partition_fd = -1};
    *ret = (struct record){0};
    record_make_id(ret->id, ret->started_at);
    describe_start(&s, cell);
    int failed = run_stages(&s, cell, progress, e);
    release(&s);
    if (failed != 0)
        record_free(ret);
    return failed;
}
