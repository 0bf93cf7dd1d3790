/* Runs the selftest with the parts of a run: session, slice, known load, sampler and accounts; and judges its figures.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "cell/runtime.h"
#include "launch/sample.h"
#include "launch/spawn.h"
#include "record/accounts.h"
#include "record/record.h"
#include "run/session.h"
#include "selftest/loads.h"
#include "selftest/selftest.h"

#define STATE_MS  120000 /* the time limit for a state; emulated machines are slow */
#define SETTLE_MS 2100   /* memory.stat is flushed every 2 s at the latest (mm/memcontrol.c, FLUSH_TIME) */
#define KILL_MS   10000
#define PIDS_MAX  16

/* The readings of one state. */
struct reading {
    struct sample sample;
    struct accounts accounts; /* owned */
};

/* One load in its slice. */
struct stage {
    struct session *session;
    const struct cell *cell;
    const char *program, *dir;
    const char *name; /* of the load */
    struct slice *slice;
    struct sampler *sampler;
    struct load load;
    struct reading before, after;
    struct selftest_scale scale;
    bool exclusive;      /* the slice has its CPUs exclusively */
    bool loaded;         /* both states were read */
    bool has_clocks;     /* scale.clocks_usec and ceiling_usec */
    int64_t found, left; /* processes; -1: not looked for */
    struct cpulist used; /* CPUs that the load used */
    char lacks[240];     /* what the machine lacks for this load; else "" */
    char trouble[300];   /* why there are no figures; else "" */
};

/* --- availability ------------------------------------------------------------------------------------------------ */

/* Whether the figure comes from memory.stat, which lags. */
static bool is_lagging(enum selftest_figure f)
{
    return f == SELFTEST_ANON || f == SELFTEST_FILE || f == SELFTEST_SHMEM;
}

static bool is_of_memory(enum selftest_figure f)
{
    return is_lagging(f) || f == SELFTEST_CURRENT || f == SELFTEST_PEAK;
}

/* Why the slice cannot have this figure with any load; NULL: it can. */
static const char *lacking(const struct stage *s, enum selftest_figure f)
{
    const struct slice_root *root = slice_tree_root(s->session->tree);
    const bool none = root->provenance == SLICE_NONE, own = !none && root->provenance != SLICE_BORROWED;
    if (is_of_memory(f) && !root->controller[SLICE_MEMORY].available)
        return root->controller[SLICE_MEMORY].reason;
    if (none && (f == SELFTEST_PSS_ALL || f == SELFTEST_CPU))
        return root->reason;
    if (!own && (f == SELFTEST_PSS_ALL || f == SELFTEST_PEAK))
        return "the slice is borrowed: it has other processes too";
    return NULL;
}

/* --- the slice --------------------------------------------------------------------------------------------------- */

/* With the limits of `tare run`, but without memory.max. */
static int make_slice(struct stage *s, struct err *e)
{
    const struct session *session = s->session;
    struct slice_limits limits = session_limits(session, s->cell);
    limits.has_memory_max = false;
    limits.has_pids_max = true;
    limits.pids_max = 4 * (uint64_t)s->scale.cpus + 256;
    char name[32];
    text_format(name, sizeof(name), "selftest-%s", s->name);
    TRY(slice_create(session->tree, name, &limits, &s->slice, e));
    for (size_t i = 0; i < s->slice->count; i++)
        TRY(session_refuse_lack(s->cell, &s->slice->settings[i], e));
    const struct slice_setting *partition = slice_check_partition(s->slice);
    s->exclusive = partition && partition->ok && strcmp(partition->requested, partition->achieved) == 0;
    s->scale.alone = s->exclusive && strcmp(partition->achieved, "root") == 0;
    return 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static void take(struct stage *s, struct reading *to)
{
    int pids[PIDS_MAX];
    size_t count = load_pids(&s->load, pids, PIDS_MAX);
    sampler_take(s->sampler, clock_now_ns(), &to->sample);
    sampler_walk(s->sampler, pids, count, &to->sample);
    accounts_read(s->slice->dirfd, NULL, slice_tree_root(s->session->tree), &to->accounts);
}

/* The next row of the table for this load; false: none. */
static bool next_check(const struct stage *s, size_t *i, const struct selftest_check **ret)
{
    while (*i < selftest_count) {
        *ret = &selftest_checks[(*i)++];
        if (strcmp((*ret)->load, s->name) == 0)
            return true;
    }
    return false;
}

/* Whether any figure of the load is available, and (lags) whether one comes from statistics that lag. */
static bool is_worth_it(const struct stage *s, bool *lags)
{
    const struct selftest_check *c = NULL;
    bool any = false;
    *lags = false;
    for (size_t i = 0; next_check(s, &i, &c);) {
        if (lacking(s, c->figure))
            continue;
        any = true;
        *lags |= is_lagging(c->figure);
    }
    return any;
}

/* --- the load ---------------------------------------------------------------------------------------------------- */

static void hear(struct stage *s)
{
    char cpus[4096];
    int64_t wall_usec = 0;
    (void)load_word(&s->load, "lacks", s->lacks, sizeof(s->lacks));
    s->has_clocks = load_number(&s->load, "cpu_usec", &s->scale.clocks_usec);
    (void)load_number(&s->load, "wall_usec", &wall_usec);
    s->scale.ceiling_usec = s->scale.cpus * wall_usec;
    if (load_word(&s->load, "cpus", cpus, sizeof(cpus)))
        (void)cpulist_parse(cpus, &s->used);
}

/* Kills the daemon: in the slice, or without one as our adopted child (PR_SET_CHILD_SUBREAPER). */
static int end_others(struct stage *s, struct err *e)
{
    struct sample rest;
    if (!s->slice->own) {
        int ended = spawn_kill_orphans(KILL_MS, e);
        s->found = ended;
        s->left = ended < 0 ? -1 : 0; /* success means that no child is left */
        return ended < 0 ? ended : 0;
    }
    sampler_take(s->sampler, clock_now_ns(), &rest);
    sampler_walk(s->sampler, NULL, 0, &rest);
    s->found = slice_populated(s->slice) > 0 ? rest.all_count : 0;
    int failed = slice_kill(s->slice, KILL_MS, e);
    s->left = slice_populated(s->slice);
    return failed;
}

/* Steps the load through its states and reads each. */
static int follow(struct stage *s, bool lags, struct err *e)
{
    TRY(load_ready(&s->load, STATE_MS, e));
    take(s, &s->before);
    load_go(&s->load);
    TRY(load_ready(&s->load, STATE_MS, e));
    hear(s);
    if (lags && !*s->lacks)
        (void)poll(NULL, 0, SETTLE_MS);
    take(s, &s->after);
    TRY(load_end(&s->load, STATE_MS, e));
    if (strcmp(s->name, "daemon") == 0)
        TRY(end_others(s, e));
    s->loaded = true;
    return 0;
}

static int run_load(struct stage *s, bool lags)
{
    const struct load_spec spec = {
        .program = s->program,
        .name = s->name,
        .cpus = (int)s->scale.cpus,
        .dir = s->dir,
        .cgroup_fd = s->slice->own ? s->slice->dirfd : -1,
        .affinity = &s->session->cpus.benchmark,
        .signal_fd = s->session->signal_fd,
    };
    struct err trouble = {0};
    s->sampler = sampler_open(s->slice->dirfd);
    int failed = load_start(&spec, &s->load, &trouble);
    if (failed == 0)
        failed = follow(s, lags, &trouble);
    if (failed == 0)
        return 0;
    (void)snprintf(s->trouble, sizeof(s->trouble), "%.299s", trouble.text);
    return failed == -EINTR ? failed : 0; /* a failed load fails its checks; the others go on */
}

/* --- the figures ------------------------------------------------------------------------------------------------- */

static bool class_of(const struct stage *s, enum sample_class class, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    *ret = (int64_t)(b->class_bytes[class] - a->class_bytes[class]);
    return a->has_class[class] && b->has_class[class];
}

static bool cpu_of(const struct stage *s, int64_t *ret)
{
    const int64_t before = facts_integer(&s->before.accounts.cpu, "usage_usec", -1);
    const int64_t after = facts_integer(&s->after.accounts.cpu, "usage_usec", -1);
    *ret = after - before;
    return before >= 0 && after >= 0;
}

/* -1: it was not read. */
static int64_t peak_of(const struct stage *s)
{
    return facts_integer(&s->after.accounts.peak, "peak", -1);
}

/* Compares with the cpuset, or with the load's affinity. */
static bool outside_of(const struct stage *s, int64_t *ret)
{
    struct cpulist allowed = {0};
    if (slice_effective_cpus(s->slice, &allowed) != 0)
        allowed = s->session->cpus.benchmark;
    const struct cpulist outside = cpulist_minus(&s->used, &allowed);
    *ret = cpulist_count(&outside);
    return cpulist_count(&s->used) > 0;
}

/* The instrument's figure; false: it has none, a failure unless something is lacking. */
static bool measure(const struct stage *s, enum selftest_figure f, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    const bool walked = a->members_count > 0 && b->members_count > 0 && !a->members_partial && !b->members_partial;
    switch (f) {
    case SELFTEST_RSS:
        *ret = (int64_t)(b->members.rss_bytes - a->members.rss_bytes);
        return walked;
    case SELFTEST_USS:
        *ret = (int64_t)(b->members.uss_bytes - a->members.uss_bytes);
        return walked;
    case SELFTEST_PSS:
        *ret = (int64_t)(b->members.pss_bytes - a->members.pss_bytes);
        return walked;
    case SELFTEST_PSS_ALL:
        *ret = (int64_t)(b->all.pss_bytes - a->all.pss_bytes);
        return a->all_count > 0 && b->all_count > 0 && !a->all_partial && !b->all_partial;
    case SELFTEST_CURRENT:
        return class_of(s, SAMPLE_CURRENT, ret);
    case SELFTEST_ANON:
        return class_of(s, SAMPLE_ANON, ret);
    case SELFTEST_FILE:
        return class_of(s, SAMPLE_FILE, ret);
    case SELFTEST_SHMEM:
        return class_of(s, SAMPLE_SHMEM, ret);
    case SELFTEST_PEAK:
        *ret = peak_of(s) - (int64_t)a->class_bytes[SAMPLE_CURRENT];
        return peak_of(s) >= 0 && a->has_class[SAMPLE_CURRENT];
    case SELFTEST_CPU:
        return cpu_of(s, ret);
    case SELFTEST_CPUS_OUTSIDE:
        return outside_of(s, ret);
    case SELFTEST_CPUS_USED:
        *ret = cpulist_count(&s->used);
        return *ret > 0;
    case SELFTEST_FOUND:
        *ret = s->found;
        return s->found >= 0;
    case SELFTEST_LEFT:
        *ret = s->left;
        return s->left >= 0;
    case SELFTEST_FIGURES:
        break;
    }
    return false;
}

/* The verdict of one check. A figure that was not read although nothing is lacking fails. */
static struct selftest_result judge(const struct stage *s, const struct selftest_check *c)
{
    int64_t measured = 0;
    struct selftest_result r = selftest_expect(c, &s->scale);
    const char *lack = lacking(s, c->figure);
    if (!s->has_clocks && (c->truth == SELFTEST_CLOCKS || c->truth == SELFTEST_CEILING))
        r.has_expected = false;
    if (lack || *s->lacks)
        (void)snprintf(r.reason, sizeof(r.reason), "%s", lack ? lack : s->lacks);
    else if (c->figure == SELFTEST_PEAK && s->loaded && peak_of(s) < 0)
        (void)snprintf(r.reason, sizeof(r.reason), "this kernel has no memory.peak (needs 5.19)");
    else if (s->loaded && r.has_expected && measure(s, c->figure, &measured))
        selftest_judge(&r, measured);
    else {
        r.verdict = SELFTEST_FAIL;
        (void)snprintf(r.reason, sizeof(r.reason), "%s", *s->trouble ? s->trouble : "it could not be read");
    }
    return r;
}

/* --- the whole selftest ------------------------------------------------------------------------------------------ */

static int release(struct stage *s, struct err *e)
{
    load_abandon(&s->load);
    sampler_close(&s->sampler);
    accounts_free(&s->before.accounts);
    accounts_free(&s->after.accounts);
    if (s->slice && !s->slice->own)
        (void)spawn_kill_orphans(KILL_MS, NULL);
    return s->slice ? slice_destroy(&s->slice, e) : 0;
}

static int weigh(struct stage *s, struct selftest_report *report, struct err *e)
{
    const struct selftest_check *c = NULL;
    bool lags = false;
    int failed = make_slice(s, e);
    if (failed == 0 && is_worth_it(s, &lags))
        failed = run_load(s, lags);
    for (size_t i = 0; failed == 0 && next_check(s, &i, &c);) {
        const struct selftest_result r = judge(s, c);
        selftest_add(report, &r);
    }
    report->exclusive = s->exclusive;
    report->emulated = s->scale.emulated;
    int left = release(s, failed == 0 ? e : NULL);
    return failed != 0 ? failed : left;
}

static void describe(const struct session *session, struct selftest_report *report)
{
    char id[RECORD_ID_MAX];
    const struct slice_root *root = slice_tree_root(session->tree);
    record_make_id(id, report->at);
    if (file_read("", "/proc/sys/kernel/random/boot_id", report->boot_id, sizeof(report->boot_id)) <= 0)
        *report->boot_id = '\0';
    text_format(report->provenance, sizeof(report->provenance), "%s", slice_provenance_names[root->provenance]);
    text_format(report->slice_reason, sizeof(report->slice_reason), "%s", root->reason);
    (void)cpulist_format(&session->cpus.benchmark, report->cpus, sizeof(report->cpus));
}

static int run_loads(struct session *session, const struct cell *cell, const char *program,
                     struct selftest_report *report, struct err *e)
{
    const char *tmpdir = getenv("TMPDIR");
    const char *done = "";
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < selftest_count; i++) {
        if (strcmp(selftest_checks[i].load, done) == 0)
            continue;
        done = selftest_checks[i].load;
        struct stage s = {
            .session = session,
            .cell = cell,
            .program = program,
            .dir = tmpdir && *tmpdir ? tmpdir : "/tmp",
            .name = done,
            .load = {.child = {.pidfd = -1}, .go_fd = -1, .said_fd = -1},
            .scale = {.cpus = cpulist_count(&session->cpus.benchmark),
                      .batch_bytes = 64 * sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_ONLN),
                      .emulated = facts_truth(&session->host, "emulated")},
            .found = -1,
            .left = -1,
        };
        failed = weigh(&s, report, e);
    }
    return failed;
}

int selftest_run(const struct cell *cell, struct selftest_report *ret, struct err *e)
{
    char program[PATH_MAX];
    struct session session;
    *ret = (struct selftest_report){0};
    TRY(runtime_find_workload("known-loads", program, sizeof(program), e));
    TRY(session_open(cell, &session, e));
    session_guard(&session); /* the loads have no pid namespace that ends with us */
    describe(&session, ret);
    int failed = run_loads(&session, cell, program, ret, e);
    if (failed == -EINTR) {
        const int signal = spawn_take_signal(session.signal_fd);
        ret->interrupted_by = signal ? signal : SIGINT;
        failed = 0;
    }
    return session_close(&session, failed, e);
}
