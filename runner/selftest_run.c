/* The selftest's conductor: session, slice, known load, sampler and accounts, the objects that a run is made of. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "accounts.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "loads.h"
#include "record.h"
#include "runtime.h"
#include "sample.h"
#include "selftest.h"
#include "session.h"
#include "spawn.h"

#define STATE_MS  120000 /* what a state may take to stand; emulated machines are slow */
#define SETTLE_MS 2100   /* memory.stat is flushed every 2 s at the latest (mm/memcontrol.c, FLUSH_TIME) */
#define KILL_MS   10000
#define PIDS_MAX  16

/* What is read of one state. */
struct reading {
    struct sample sample;
    struct record *accounts; /* cpu and peak; owned */
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
    bool exclusive;      /* the slice's CPUs are taken from everybody else */
    bool loaded;         /* both states were read */
    bool has_clocks;     /* scale.clocks_usec and ceiling_usec */
    int64_t found, left; /* processes; -1: not looked for */
    struct cpulist used; /* CPUs that the load was on */
    char lacks[240];     /* what the machine has not got for this load; "" otherwise */
    char trouble[300];   /* why there are no figures; "" otherwise */
};

/* --- the slice --------------------------------------------------------------------------------------------------- */

/* As `tare run` asks for it. */
static int make_slice(struct stage *s, struct err *e)
{
    static const enum slice_partition OF[] = {
        [PARTITION_AUTO] = SLICE_PARTITION_AUTO,
        [PARTITION_ROOT] = SLICE_PARTITION_ROOT,
        [PARTITION_ISOLATED] = SLICE_PARTITION_ISOLATED,
        [PARTITION_NONE] = SLICE_PARTITION_NONE,
    };
    const struct session *session = s->session;
    const struct slice_limits limits = {
        .partition = s->cell->isolation == ISOLATION_OFF ? SLICE_PARTITION_NONE : OF[s->cell->partition],
        .cpus = session->cpus.benchmark,
        .mems = topology_nodes_of(&session->topology, &session->cpus.benchmark),
        .swap_off = true,
        .oom_group = true,
        .has_pids_max = true,
        .pids_max = 4 * (uint64_t)s->scale.cpus + 256,
    };
    char name[32];
    size_t count = 0;
    text_format(name, sizeof(name), "selftest-%s", s->name);
    int failed = slice_create(session->tree, name, &limits, &s->slice, e);
    if (failed != 0)
        return failed;
    const struct slice_setting *setting = slice_settings(s->slice, &count);
    for (size_t i = 0; s->cell->isolation == ISOLATION_STRICT && i < count; i++)
        if (!setting[i].ok)
            return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: %s: wanted %s, got %s: %s", setting[i].file,
                           setting[i].requested, *setting[i].achieved ? setting[i].achieved : "nothing",
                           setting[i].reason);
    const struct slice_setting *partition = slice_check_partition(s->slice);
    s->exclusive = partition && partition->ok && strcmp(partition->requested, partition->achieved) == 0;
    s->scale.alone = s->exclusive && strcmp(partition->achieved, "root") == 0;
    return 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static int take(struct stage *s, struct reading *to, struct err *e)
{
    int pids[PIDS_MAX];
    const struct slice_root *root = slice_tree_root(s->session->tree);
    size_t count = load_pids(&s->load, pids, PIDS_MAX);
    sampler_take(s->sampler, clock_now_ns(), pids, count, true, &to->sample);
    to->accounts = calloc(1, sizeof(*to->accounts));
    if (!to->accounts)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for the accounts");
    to->accounts->slice.provenance = root->provenance;
    text_format(to->accounts->slice.reason, sizeof(to->accounts->slice.reason), "%s", root->reason);
    memcpy(to->accounts->slice.controller, root->controller, sizeof(root->controller));
    accounts_read(slice_dirfd(s->slice), NULL, to->accounts);
    return 0;
}

static void drop(struct reading *r)
{
    if (r->accounts)
        record_free(r->accounts);
    free(STEAL(r->accounts));
}

static bool reads_statistics(enum selftest_figure f)
{
    return f == SELFTEST_ANON || f == SELFTEST_FILE || f == SELFTEST_SHMEM;
}

static bool is_of_memory(enum selftest_figure f)
{
    return reads_statistics(f) || f == SELFTEST_CURRENT || f == SELFTEST_PEAK;
}

/* What the slice cannot have of this figure, whatever the load; NULL: it has it. */
static const char *lacking(const struct stage *s, enum selftest_figure f)
{
    const struct slice_root *root = slice_tree_root(s->session->tree);
    const bool none = root->provenance == SLICE_NONE, own = !none && root->provenance != SLICE_BORROWED;
    if (is_of_memory(f) && !root->controller[SLICE_MEMORY].available)
        return root->controller[SLICE_MEMORY].reason;
    if (none && (f == SELFTEST_PSS_ALL || f == SELFTEST_CPU))
        return root->reason;
    if (!own && (f == SELFTEST_PSS_ALL || f == SELFTEST_PEAK))
        return "the slice is borrowed: others are in it, too";
    return NULL;
}

/* The rows of the table for this load. */
static bool next_check(const struct stage *s, size_t *i, const struct selftest_check **ret)
{
    while (*i < selftest_count()) {
        *ret = &selftest_checks[(*i)++];
        if (strcmp((*ret)->load, s->name) == 0)
            return true;
    }
    return false;
}

/* Whether any figure of the load can be had, and whether one is of the statistics that lag. */
static bool is_worth_it(const struct stage *s, bool *lags)
{
    const struct selftest_check *c = NULL;
    bool any = false;
    *lags = false;
    for (size_t i = 0; next_check(s, &i, &c);) {
        if (lacking(s, c->figure))
            continue;
        any = true;
        *lags |= reads_statistics(c->figure);
    }
    return any;
}

/* --- the load ---------------------------------------------------------------------------------------------------- */

static void hear(struct stage *s)
{
    char cpus[4096];
    int64_t wall_usec = 0;
    (void)load_word(&s->load, "lacks", s->lacks, sizeof(s->lacks));
    s->has_clocks =
        load_number(&s->load, "cpu_usec", &s->scale.clocks_usec) && load_number(&s->load, "wall_usec", &wall_usec);
    s->scale.ceiling_usec = s->scale.cpus * wall_usec;
    if (load_word(&s->load, "cpus", cpus, sizeof(cpus)))
        (void)cpulist_parse(cpus, &s->used);
}

/* A daemon that is the slice's is found there; without one it has become our child (PR_SET_CHILD_SUBREAPER). */
static int end_others(struct stage *s, struct err *e)
{
    struct sample rest;
    if (!slice_is_own(s->slice)) {
        int ended = spawn_kill_orphans(KILL_MS, e);
        s->found = ended;
        s->left = ended < 0 ? -1 : 0; /* it returns when there is no child any more */
        return ended < 0 ? ended : 0;
    }
    sampler_take(s->sampler, clock_now_ns(), NULL, 0, true, &rest);
    s->found = slice_populated(s->slice) > 0 ? rest.all_count : 0;
    int failed = slice_kill(s->slice, KILL_MS, e);
    s->left = slice_populated(s->slice);
    return failed;
}

/* From state to state. */
static int follow(struct stage *s, bool lags, struct err *e)
{
    int failed = load_ready(&s->load, STATE_MS, e);
    if (failed == 0)
        failed = take(s, &s->before, e);
    if (failed != 0)
        return failed;
    load_go(&s->load);
    failed = load_ready(&s->load, STATE_MS, e);
    if (failed != 0)
        return failed;
    hear(s);
    if (lags && !*s->lacks)
        (void)poll(NULL, 0, SETTLE_MS);
    failed = take(s, &s->after, e);
    if (failed == 0)
        failed = load_end(&s->load, STATE_MS, e);
    if (failed == 0 && strcmp(s->name, "daemon") == 0)
        failed = end_others(s, e);
    s->loaded = failed == 0;
    return failed;
}

static int run_load(struct stage *s, bool lags, struct err *e)
{
    const struct load_spec spec = {
        .program = s->program,
        .name = s->name,
        .cpus = (int)s->scale.cpus,
        .dir = s->dir,
        .cgroup_fd = slice_is_own(s->slice) ? slice_dirfd(s->slice) : -1,
        .affinity = &s->session->cpus.benchmark,
        .signal_fd = s->session->signal_fd,
    };
    struct err trouble = {0};
    int failed = sampler_open(slice_dirfd(s->slice), &s->sampler, e);
    if (failed != 0)
        return failed;
    failed = load_start(&spec, &s->load, &trouble);
    if (failed == 0)
        failed = follow(s, lags, &trouble);
    if (failed == 0)
        return 0;
    (void)snprintf(s->trouble, sizeof(s->trouble), "%.299s", trouble.text);
    return failed == -EINTR ? failed : 0; /* a load that went wrong fails its checks, and the others go on */
}

/* --- the figures ------------------------------------------------------------------------------------------------- */

static bool class_of(const struct stage *s, enum sample_class class, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    *ret = (int64_t)(b->class_bytes[class] - a->class_bytes[class]);
    return a->has_class[class] && b->has_class[class];
}

static bool sums_of(const struct stage *s, enum selftest_figure f, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    switch (f) {
    case SELFTEST_RSS:
        *ret = (int64_t)(b->members.rss_bytes - a->members.rss_bytes);
        break;
    case SELFTEST_USS:
        *ret = (int64_t)(b->members.uss_bytes - a->members.uss_bytes);
        break;
    case SELFTEST_PSS:
        *ret = (int64_t)(b->members.pss_bytes - a->members.pss_bytes);
        break;
    default:
        *ret = (int64_t)(b->all.pss_bytes - a->all.pss_bytes);
        return a->all_count > 0 && b->all_count > 0 && !a->all_partial && !b->all_partial;
    }
    return a->members_count > 0 && b->members_count > 0 && !a->members_partial && !b->members_partial;
}

static bool account_of(const struct facts *facts, const char *key, int64_t *ret)
{
    const struct fact *f = facts_find(facts, key);
    if (f && f->kind == FACT_INT)
        *ret = f->integer;
    return f && f->kind == FACT_INT;
}

static bool cpu_of(const struct stage *s, int64_t *ret)
{
    int64_t before = 0, after = 0;
    bool has = account_of(&s->before.accounts->cpu, "usage_usec", &before) &&
               account_of(&s->after.accounts->cpu, "usage_usec", &after);
    *ret = after - before;
    return has;
}

static bool peak_of(const struct stage *s, int64_t *ret)
{
    bool has = account_of(&s->after.accounts->peak, "peak", ret) && s->before.sample.has_class[SAMPLE_CURRENT];
    *ret -= (int64_t)s->before.sample.class_bytes[SAMPLE_CURRENT];
    return has;
}

/* What cpuset says, or the affinity that the load was started with. */
static bool outside_of(const struct stage *s, int64_t *ret)
{
    struct cpulist allowed = {0};
    if (slice_effective_cpus(s->slice, &allowed) != 0)
        allowed = s->session->cpus.benchmark;
    const struct cpulist outside = cpulist_minus(&s->used, &allowed);
    *ret = cpulist_count(&outside);
    return cpulist_count(&s->used) > 0;
}

/* What the instrument says; false: it says nothing, which is a failure where nothing is lacking. */
static bool measure(const struct stage *s, enum selftest_figure f, int64_t *ret)
{
    switch (f) {
    case SELFTEST_CURRENT:
        return class_of(s, SAMPLE_CURRENT, ret);
    case SELFTEST_ANON:
        return class_of(s, SAMPLE_ANON, ret);
    case SELFTEST_FILE:
        return class_of(s, SAMPLE_FILE, ret);
    case SELFTEST_SHMEM:
        return class_of(s, SAMPLE_SHMEM, ret);
    case SELFTEST_PEAK:
        return peak_of(s, ret);
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
    default:
        return sums_of(s, f, ret);
    }
}

static struct selftest_result judge(const struct stage *s, const struct selftest_check *c)
{
    int64_t measured = 0;
    struct selftest_result r = selftest_expect(c, &s->scale);
    const char *lack = lacking(s, c->figure);
    if (!s->has_clocks && (c->truth == SELFTEST_CLOCKS || c->truth == SELFTEST_CEILING))
        r.has_expected = false;
    if (lack || *s->lacks)
        (void)snprintf(r.reason, sizeof(r.reason), "%s", lack ? lack : s->lacks);
    else if (c->figure == SELFTEST_PEAK && s->loaded && !account_of(&s->after.accounts->peak, "peak", &measured))
        (void)snprintf(r.reason, sizeof(r.reason), "this kernel has no memory.peak (5.19 and newer have)");
    else if (s->loaded && r.has_expected && measure(s, c->figure, &measured))
        selftest_judge(&r, measured);
    else {
        r.verdict = SELFTEST_FAIL;
        (void)snprintf(r.reason, sizeof(r.reason), "%s", *s->trouble ? s->trouble : "it could not be read");
    }
    return r;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int release(struct stage *s, struct err *e)
{
    load_abandon(&s->load);
    sampler_close(&s->sampler);
    drop(&s->before);
    drop(&s->after);
    if (s->slice && !slice_is_own(s->slice))
        (void)spawn_kill_orphans(KILL_MS, NULL);
    return s->slice ? slice_destroy(&s->slice, e) : 0;
}

static int weigh(struct stage *s, struct selftest_report *report, struct err *e)
{
    const struct selftest_check *c = NULL;
    bool lags = false;
    int failed = make_slice(s, e);
    if (failed == 0 && is_worth_it(s, &lags))
        failed = run_load(s, lags, e);
    for (size_t i = 0; failed == 0 && next_check(s, &i, &c);) {
        const struct selftest_result r = judge(s, c);
        selftest_add(report, &r);
    }
    report->exclusive = s->exclusive;
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
    text_format(report->provenance, sizeof(report->provenance), "%s", slice_provenance_name(root->provenance));
    text_format(report->slice_reason, sizeof(report->slice_reason), "%s", root->reason);
    (void)cpulist_format(&session->cpus.benchmark, report->cpus, sizeof(report->cpus));
}

static int run_loads(struct session *session, const struct cell *cell, const char *program,
                     struct selftest_report *report, struct err *e)
{
    const char *tmpdir = getenv("TMPDIR");
    const char *done = "";
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < selftest_count(); i++) {
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
                      .batch_bytes = 64 * sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_ONLN)},
            .found = -1,
            .left = -1,
        };
        failed = weigh(&s, report, e);
    }
    return failed;
}

static int signal_of(const struct session *session)
{
    struct signalfd_siginfo info;
    return read(session->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : SIGINT;
}

int selftest_run(const struct cell *cell, struct selftest_report *ret, struct err *e)
{
    char program[PATH_MAX];
    struct session session;
    *ret = (struct selftest_report){0};
    int failed = runtime_find_workload("known-loads", program, sizeof(program), e);
    if (failed == 0)
        failed = session_open(cell, &session, e);
    if (failed != 0)
        return failed;
    describe(&session, ret);
    failed = run_loads(&session, cell, program, ret, e);
    if (failed == -EINTR) {
        ret->interrupted_by = signal_of(&session);
        failed = 0;
    }
    int left = session_close(&session, failed == 0 ? e : NULL);
    return failed != 0 ? failed : left;
}
