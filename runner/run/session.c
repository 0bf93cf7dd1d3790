#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fail_point.h"
#include "base/signals.h"
#include "base/source.h"
#include "base/terminal.h"
#include "cgroups/leftovers.h"
#include "host/bench_cpus.h"
#include "host/host.h"
#include "host/image.h"
#include "launch/spawn.h"

/* The controllers of a full slice. */
static const enum slice_controller NEEDED[] = {SLICE_CPUSET, SLICE_MEMORY, SLICE_PIDS};

static int find_root(const struct cell *cell, struct session *s, struct err *e)
{
    if (cell->isolation != ISOLATION_OFF) {
        TRY(slice_root_find("", cell->cgroup_root, &s->root, e));
        return slice_root_enter(&s->root, e);
    }
    static const char OFF[] = "not asked for: --isolation off";
    s->root = (struct slice_root){.provenance = SLICE_NONE};
    text_format(s->root.reason, sizeof(s->root.reason), OFF);
    for (size_t i = 0; i < SLICE_CONTROLLERS; i++)
        text_format(s->root.controller[i].reason, sizeof(s->root.controller[i].reason), OFF);
    return 0;
}

static bool is_without_slice(const struct slice_root *root)
{
    return root->provenance == SLICE_NONE || root->provenance == SLICE_BORROWED;
}

/* -ENOTSUP if a slice could not have the controller that the option takes. */
static int refuse_without(const struct slice_root *root, const char *option, enum slice_controller of, struct err *e)
{
    if (is_without_slice(root))
        return err_set(e, ERR_HOST, -ENOTSUP, "--%s: the slice would be '%s': %s", option,
                       slice_provenance_names[root->provenance], root->reason);
    if (!root->controller[of].available)
        return err_set(e, ERR_HOST, -ENOTSUP, "--%s: no %s controller: %s", option, slice_controller_names[of],
                       root->controller[of].reason);
    return 0;
}

int session_refuse_less(const struct slice_root *root, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(NEEDED); i++)
        TRY(refuse_without(root, "isolation strict", NEEDED[i], e));
    return 0;
}

int session_refuse_unlimited(const struct slice_root *root, const struct cell *cell, struct err *e)
{
    if (cell->quota.usec > 0)
        TRY(refuse_without(root, "cpu-max", SLICE_CPU, e));
    return cell->has_memory_high ? refuse_without(root, "memory-high", SLICE_MEMORY, e) : 0;
}

/* The guard's arguments, and a stack for a few system calls. */
static struct {
    int kill_fd;
    pid_t runner;
    _Alignas(16) char stack[16384];
} guarded;

/* The guard: waits for the runner's death, then kills all processes in the run's cgroup, itself included. It has its
 * own session, so that what kills the runner's process group does not kill it first. It shares the runner's memory
 * instead of copying it, so it may only make system calls. */
static int guard(void *arg)
{
    sigset_t all, death;
    (void)arg;
    /* Closes the runner's descriptors: they and their locks must end with the runner. */
    const int kill_fd = dup2(guarded.kill_fd, 0) == 0 ? 0 : guarded.kill_fd;
    if (kill_fd == 0)
        (void)syscall(SYS_close_range, 1U, ~0U, 0U);
    (void)setsid();
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)sigemptyset(&death);
    (void)sigaddset(&death, SIGUSR1);
    (void)prctl(PR_SET_PDEATHSIG, SIGUSR1);
    while (getppid() == guarded.runner)
        (void)sigwaitinfo(&death, NULL);
    (void)!write(kill_fd, "1", 1);
    _exit(0);
}

/* A kill -9 of the runner ends only the workload's main process (PR_SET_PDEATHSIG), not its children. */
void session_guard(struct session *s)
{
    char path[PATH_MAX + sizeof(s->id) + 32];
    if (s->guard > 0 || is_without_slice(&s->root))
        return;
    text_format(path, sizeof(path), "%s/tare-%s/cgroup.kill", slice_tree_path(s->tree), s->id);
    cleanup_close int kill_fd = open(path, O_WRONLY | O_CLOEXEC);
    guarded.kill_fd = kill_fd;
    guarded.runner = getpid();
    if (kill_fd >= 0)
        s->guard = clone(guard, guarded.stack + sizeof(guarded.stack), CLONE_VM | SIGCHLD, NULL);
}

static void await_guard(struct session *s)
{
    while (s->guard > 0 && waitpid(s->guard, NULL, 0) < 0 && errno == EINTR)
        ;
    s->guard = 0;
}

/* Only reports them: the user decides on `tare clean`. */
static void say_leftovers(const struct slice_root *root)
{
    int dead = *root->path ? leftovers_count(root) : 0;
    if (dead > 0)
        terminal_say("%d run%s that %s killed left a cgroup in %s ('tare clean' removes it)", dead,
                     dead == 1 ? "" : "s", dead == 1 ? "was" : "were",
                     root->provenance == SLICE_CREATED ? root->mount : root->path);
}

/* A quota that the benchmark's CPUs cannot reach is likely a share whose "%" was forgotten. */
static void say_quota_without_effect(const struct cell *cell, const struct topology_choice *cpus)
{
    size_t have = cpulist_count(&cpus->benchmark);
    const struct quota *q = &cell->quota;
    if (q->usec > 0 && q->usec > q->period_usec * (int64_t)have)
        terminal_say("--cpu-max '%s' limits nothing: it is %g CPUs, and the benchmark has %zu", cell->cpu_max,
                     (double)q->usec / (double)q->period_usec, have);
}

static int open_stages(const struct cell *cell, struct session *s, struct err *e)
{
    char started_at[32];
    sigset_t ends;
    /* After the root: in a scope we may have other CPUs. */
    TRY(bench_cpus_choose("", cell, &s->topology, &s->cpus, e));
    if (cell->isolation == ISOLATION_STRICT)
        TRY(session_refuse_less(&s->root, e));
    TRY(session_refuse_unlimited(&s->root, cell, e));
    say_leftovers(&s->root);
    say_quota_without_effect(cell, &s->cpus);
    if (s->recorded) {
        host_capture("", &s->host);
        image_capture("", getenv("TARE_IMAGE_DIGEST"), &s->image);
    }
    record_make_id(s->id, started_at);
    signals_of_end(&ends);
    s->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0)
        return err_sys(e, ERR_OURS, "signalfd");
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    if (cpulist_of_task(0, &s->came_from) != 0)
        s->came_from = (struct cpulist){0};
    TRY(slice_tree_open(&s->root, s->id, &s->cpus.housekeeping, &s->tree, e));
    if (cell->isolation == ISOLATION_STRICT) /* a listed controller may still refuse to be enabled */
        TRY(session_refuse_less(slice_tree_root(s->tree), e));
    if (is_without_slice(&s->root))
        TRY(spawn_adopt_orphans(e));
    fail_point("session opened");
    if (cpulist_count(&s->cpus.housekeeping) > 0)
        (void)sched_setaffinity(0, sizeof(s->cpus.housekeeping), (const cpu_set_t *)s->cpus.housekeeping.word);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* 50 µs by default: prctl(2) */
    return 0;
}

int session_open(const struct cell *cell, struct session *ret, struct err *e)
{
    TRY(session_find(cell, true, false, ret, e));
    ret->root.caller_stays = false;
    return session_open_found(cell, ret, e);
}

/* The root is find_root()'s to fill: to clear the rooms of its paths first costs four pages. */
int session_find(const struct cell *cell, bool recorded, bool one_slice, struct session *ret, struct err *e)
{
    memset(ret, 0, offsetof(struct session, root));
    ret->signal_fd = -1;
    ret->idle_ns = clock_now_ns();
    ret->recorded = recorded;
    int failed = find_root(cell, ret, e);
    ret->root.caller_stays = true;
    ret->root.one_slice = one_slice;
    return failed;
}

int session_open_found(const struct cell *cell, struct session *s, struct err *e)
{
    int failed = open_stages(cell, s, e);
    return failed == 0 ? 0 : session_close(s, failed, e);
}

int session_close(struct session *s, int status, struct err *e)
{
    fail_point("session ends");
    /* The guard dies while the run's cgroup is removed; if it is inside the cgroup, it must die first. */
    if (s->guard > 0)
        (void)kill(s->guard, SIGKILL);
    if (!slice_root_leaves_caller(&s->root))
        await_guard(s);
    int left = s->tree ? slice_tree_close(&s->tree, status >= 0 ? e : NULL) : 0;
    await_guard(s);
    if (cpulist_count(&s->came_from) > 0)
        (void)sched_setaffinity(0, sizeof(s->came_from.word), (const cpu_set_t *)s->came_from.word);
    close_fd(&s->signal_fd);
    topology_free(&s->topology);
    facts_free(&s->host);
    facts_free(&s->image);
    text_free(&s->warmed);
    return left != 0 && status >= 0 ? left : status;
}

/* In the child: reads each file to its end, with system calls only. Splits the list in place. What is no regular file
 * is not opened: the interpreter itself names these. */
static int read_files(void *arg)
{
    static char sink[1 << 16];
    char *list = arg;
    for (char *path = list; *path;) {
        char *end = path + strcspn(path, "\n");
        bool last = *end == '\0';
        *end = '\0';
        int fd = source_open(AT_FDCWD, path, true, NULL);
        while (fd >= 0 && read(fd, sink, sizeof(sink)) > 0)
            ;
        if (fd >= 0)
            (void)close(fd);
        path = last ? end : end + 1;
    }
    return 0;
}

int session_warm(struct session *s, const struct runtime *runtime, struct err *e)
{
    char line[PATH_MAX + 3];
    struct slice *slice = NULL;
    text_format(line, sizeof(line), "\n%s\n", runtime->path);
    if (s->warmed.data && strstr(s->warmed.data, line))
        return 0;
    static const struct slice_limits NO_LIMITS;
    TRY(slice_create(s->tree, "warm", &NO_LIMITS, &slice, e));
    int failed = spawn_call(slice->own ? slice->dirfd : -1, read_files, runtime->files.data, e);
    int left = slice_destroy(&slice, failed == 0 ? e : NULL);
    if (failed == 0 && left == 0)
        text_add(&s->warmed, "%s", line);
    return failed != 0 ? failed : left;
}

struct slice_limits session_limits(const struct session *s, const struct cell *cell)
{
    /* auto: workloads that do not pin every thread, as scenario1, need load balancing, which `isolated` lacks. */
    static const enum slice_partition OF[] = {
        [PARTITION_AUTO] = SLICE_PARTITION_AUTO,
        [PARTITION_ROOT] = SLICE_PARTITION_ROOT,
        [PARTITION_ISOLATED] = SLICE_PARTITION_ISOLATED,
        [PARTITION_NONE] = SLICE_PARTITION_NONE,
    };
    return (struct slice_limits){
        .partition = cell->isolation == ISOLATION_OFF ? SLICE_PARTITION_NONE : OF[cell->partition],
        .cpus = s->cpus.benchmark,
        .mems = topology_nodes_of(&s->topology, &s->cpus.benchmark),
        .has_memory_max = cell->has_memory_max,
        .memory_max_bytes = (uint64_t)cell->memory_max_bytes,
        .has_memory_high = cell->has_memory_high,
        .memory_high_bytes = (uint64_t)cell->memory_high_bytes,
        .cpu_quota_usec = (uint64_t)cell->quota.usec,
        .cpu_period_usec = (uint64_t)cell->quota.period_usec,
        .swap_off = true,
        .oom_group = true,
        .has_pids_max = cell->pids_max > 0,
        .pids_max = (uint64_t)cell->pids_max,
    };
}

int session_refuse_lack(const struct cell *cell, const struct slice_setting *setting, struct err *e)
{
    bool insisted = strcmp(setting->file, "cpu.max") == 0 || strcmp(setting->file, "memory.high") == 0;
    if (setting->ok || (cell->isolation != ISOLATION_STRICT && !insisted))
        return 0;
    return err_set(e, ERR_HOST, -ENOTSUP, "%s%s: wanted %s, got %s: %s",
                   insisted ? "" : "--isolation strict: ", setting->file, setting->requested,
                   *setting->achieved ? setting->achieved : "nothing", setting->reason);
}
