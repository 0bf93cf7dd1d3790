#include "selftest/selftest.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "host/last_selftest.h"

#define MIB  ((int64_t)1 << 20)
#define KIB  ((int64_t)1 << 10)
#define MSEC ((int64_t)1000)

/* The reasons for the tolerances. */
#define WALK    "page tables are walked exactly; code that is used for the first time is mapped 64 KiB at a time"
#define FAMILY  "exact page walks: 64 KiB of each of the five processes' own, and each PSS rounded down to 1 KiB"
#define CHARGED "both ends within a batch of 64 pages a CPU (mm/memcontrol.c, MEMCG_CHARGE_BATCH), and some own pages"
#define TABLES  CHARGED "; page tables are 8 bytes a page"
#define CLOCK   "the kernel counts in ns; the rest is starting, printing and ending"
#define FORKS   "the kernel counts in ns; the rest is forking and the kernel's part of two exits"
#define COUNT   "a count"

/* In an emulated machine, time that the host takes away seems used: its times mean nothing, but the selftest can still
 * show that they are counted. */
#define EMULATED_TIMES 8

/* In the order of running, grouped by load. */
/* clang-format off */
const struct selftest_check selftest_checks[] = {
    {"anon", SELFTEST_RSS, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"anon", SELFTEST_USS, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"anon", SELFTEST_PSS, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"anon", SELFTEST_PSS_ALL, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"anon", SELFTEST_ANON, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"anon", SELFTEST_CURRENT, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 512 * KIB, 2, false, TABLES},
    {"anon", SELFTEST_PEAK, SELFTEST_FIXED, 50 * MIB, 64 * KIB, 512 * KIB, 2, false, TABLES},
    {"shared", SELFTEST_PSS, SELFTEST_FIXED, 20 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"shared", SELFTEST_SHMEM, SELFTEST_FIXED, 20 * MIB, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"shared", SELFTEST_ANON, SELFTEST_FIXED, 0, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"file", SELFTEST_FILE, SELFTEST_FIXED, 20 * MIB, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"file", SELFTEST_ANON, SELFTEST_FIXED, 0, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"thp", SELFTEST_USS, SELFTEST_FIXED, 16 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"thp", SELFTEST_ANON, SELFTEST_FIXED, 16 * MIB, 64 * KIB, 64 * KIB, 2, false, CHARGED},
    {"hugetlb", SELFTEST_USS, SELFTEST_FIXED, 8 * MIB, 64 * KIB, 256 * KIB, 0, false, WALK},
    {"family", SELFTEST_PSS, SELFTEST_FIXED, 60 * MIB, 320 * KIB, 320 * KIB, 0, false, FAMILY},
    {"family", SELFTEST_PSS_ALL, SELFTEST_FIXED, 60 * MIB, 320 * KIB, 320 * KIB, 0, false, FAMILY},
    {"family", SELFTEST_USS, SELFTEST_FIXED, 25 * MIB, 320 * KIB, 320 * KIB, 0, false, FAMILY},
    {"family", SELFTEST_RSS, SELFTEST_FIXED, 200 * MIB, 320 * KIB, 320 * KIB, 0, false, FAMILY},
    {"family", SELFTEST_ANON, SELFTEST_FIXED, 60 * MIB, 320 * KIB, 320 * KIB, 2, false, CHARGED},
    {"burn", SELFTEST_CPU, SELFTEST_CLOCKS, 0, 5 * MSEC, 30 * MSEC, 0, false, CLOCK},
    {"sleeper", SELFTEST_CPU, SELFTEST_FIXED, 0, 0, 30 * MSEC, 0, false, CLOCK},
    {"reaped", SELFTEST_CPU, SELFTEST_CLOCKS, 0, 5 * MSEC, 60 * MSEC, 0, false, FORKS},
    {"daemon", SELFTEST_FOUND, SELFTEST_FIXED, 1, 0, 0, 0, false, COUNT},
    {"daemon", SELFTEST_LEFT, SELFTEST_FIXED, 0, 0, 0, 0, false, COUNT},
    {"spinners", SELFTEST_CPUS_OUTSIDE, SELFTEST_FIXED, 0, 0, 0, 0, false, COUNT},
    {"spinners", SELFTEST_CPUS_USED, SELFTEST_CPUS, 0, 0, 0, 0, false,
     "a count: twice as many spinners as CPUs fill all of them; fewer are acceptable on CPUs shared with others"},
    {"spinners", SELFTEST_CPU, SELFTEST_CLOCKS, 0, 5 * MSEC, 30 * MSEC, 0, true,
     "two kernel clocks for the same time; the rest is the exits of two spinners per CPU"},
    {"spinners", SELFTEST_CPU, SELFTEST_CEILING, 0, 100 * MSEC, 30 * MSEC, 0, true,
     "a tenth for the time until all are forked; no lower limit on CPUs shared with others"},
};
/* clang-format on */

const size_t selftest_count = ARRAY_LEN(selftest_checks);

const char *selftest_load(const char *name)
{
    static const char *const LOADS[][2] = {
        {"anon", "50 MiB of anonymous memory, every page written"},
        {"shared", "20 MiB of shared memory, every page written"},
        {"file", "a file of 20 MiB, written: its page cache"},
        {"thp", "8 transparent huge pages of 2 MiB, a byte of each written"},
        {"hugetlb", "4 reserved huge pages of 2 MiB, a byte of each written"},
        {"family", "a parent with 40 MiB and 4 forked children that each write to 5 MiB of them"},
        {"burn", "1 s of CPU by the thread's own clock"},
        {"sleeper", "half a second of sleep"},
        {"reaped", "2 children of 0.5 s CPU each that nobody waits for: the kernel reaps them"},
        {"daemon", "a daemon, forked twice, that outlives the load's main process"},
        {"spinners", "two spinners per CPU for 1 s"},
    };
    for (size_t i = 0; i < ARRAY_LEN(LOADS); i++)
        if (strcmp(LOADS[i][0], name) == 0)
            return LOADS[i][1];
    return NULL;
}

const struct selftest_figure_words selftest_figures[] = {
    [SELFTEST_RSS] = {"smaps_rollup rss", "bytes"},
    [SELFTEST_USS] = {"smaps_rollup uss", "bytes"},
    [SELFTEST_PSS] = {"smaps_rollup pss", "bytes"},
    [SELFTEST_PSS_ALL] = {"smaps_rollup pss of all pids", "bytes"},
    [SELFTEST_CURRENT] = {"memory.current", "bytes"},
    [SELFTEST_ANON] = {"memory.stat anon", "bytes"},
    [SELFTEST_FILE] = {"memory.stat file", "bytes"},
    [SELFTEST_SHMEM] = {"memory.stat shmem", "bytes"},
    [SELFTEST_PEAK] = {"memory.peak", "bytes"},
    [SELFTEST_CPU] = {"cpu.stat usage", "us"},
    [SELFTEST_CPUS_OUTSIDE] = {"CPUs outside of the slice's", "CPUs"},
    [SELFTEST_CPUS_USED] = {"CPUs used", "CPUs"},
    [SELFTEST_FOUND] = {"processes found", "processes"},
    [SELFTEST_LEFT] = {"processes left", "processes"},
};

const char *const selftest_verdict_names[] = {"FAIL", "unavailable", "pass"};

struct selftest_result selftest_expect(const struct selftest_check *check, const struct selftest_scale *scale)
{
    const int64_t truths[] = {
        [SELFTEST_FIXED] = check->expected,
        [SELFTEST_CPUS] = scale->cpus,
        [SELFTEST_CLOCKS] = scale->clocks_usec,
        [SELFTEST_CEILING] = scale->ceiling_usec,
    };
    const bool stolen = scale->emulated && check->figure == SELFTEST_CPU;
    const int64_t times = (check->per_cpu ? scale->cpus : 1) * (stolen ? EMULATED_TIMES : 1);
    const int64_t lag = check->batches * scale->batch_bytes;
    struct selftest_result r = {
        .check = check,
        .verdict = SELFTEST_UNAVAILABLE,
        .has_expected = true,
        .expected = truths[check->truth],
        .below = check->below * times + lag,
        .above = check->above * times + lag,
    };
    if ((check->truth == SELFTEST_CEILING || check->truth == SELFTEST_CPUS) && !scale->alone)
        r.below = r.expected; /* others may use these CPUs: only the maximum is known */
    return r;
}

void selftest_judge(struct selftest_result *r, int64_t measured)
{
    bool within = measured >= r->expected - r->below && measured <= r->expected + r->above;
    r->has_measured = true;
    r->measured = measured;
    r->verdict = within ? SELFTEST_PASS : SELFTEST_FAIL;
}

void selftest_add(struct selftest_report *report, const struct selftest_result *result)
{
    if (report->results == SELFTEST_CHECKS_MAX)
        return;
    report->result[report->results++] = *result;
    report->count[result->verdict]++;
}

static void add_result(const struct selftest_result *r, struct text *out)
{
    const char *unit = selftest_figures[r->check->figure].unit;
    text_add(out, "%-11s  %-28s ", selftest_verdict_names[r->verdict], selftest_figures[r->check->figure].name);
    if (r->has_measured)
        text_add(out, "expected %lld %s (-%lld +%lld), measured %lld\n", (long long)r->expected, unit,
                 (long long)r->below, (long long)r->above, (long long)r->measured);
    else
        text_add(out, "(%s)\n", r->reason);
    if (r->verdict == SELFTEST_FAIL && r->has_measured)
        text_add(out, "%-11s  %-28s tolerance: %s\n", "", "", r->check->why);
}

void selftest_text(const struct selftest_report *report, struct text *out)
{
    const char *load = "";
    text_add(out, "slice: %s%s%s%s\nCPUs: %s%s%s\n", report->provenance, *report->slice_reason ? " (" : "",
             report->slice_reason, *report->slice_reason ? ")" : "", report->cpus,
             report->exclusive ? ", exclusive" : "", report->emulated ? ", emulated: wider tolerances for times" : "");
    for (size_t i = 0; i < report->results; i++) {
        const struct selftest_result *r = &report->result[i];
        if (strcmp(load, r->check->load) != 0)
            text_add(out, "\n%s: %s\n", r->check->load, selftest_load(r->check->load));
        load = r->check->load;
        add_result(r, out);
    }
    text_add(out, "\ntare selftest: %zu passed, %zu failed, %zu unavailable\n", report->count[SELFTEST_PASS],
             report->count[SELFTEST_FAIL], report->count[SELFTEST_UNAVAILABLE]);
}

/* --- as JSON ------------------------------------------------------------------------------------------------------ */

static json_t *text_or_null(const char *text)
{
    return *text ? json_of_bytes(text) : json_null();
}

static json_t *integer_or_null(bool has, int64_t value)
{
    return has ? json_integer(value) : json_null();
}

static json_t *json_of_result(const struct selftest_result *r)
{
    const struct selftest_check *c = r->check;
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "load", c->load, "what", selftest_load(c->load),
        "figure", selftest_figures[c->figure].name, "unit", selftest_figures[c->figure].unit, "verdict",
        selftest_verdict_names[r->verdict], "expected", integer_or_null(r->has_expected, r->expected), "measured",
        integer_or_null(r->has_measured, r->measured), "tolerance_below", integer_or_null(r->has_expected, r->below),
        "tolerance_above", integer_or_null(r->has_expected, r->above), "tolerance_why", c->why, "reason",
        text_or_null(r->reason));
}

static json_t *json_of_slice(const struct selftest_report *report)
{
    return json_pack("{s:s, s:o, s:s, s:b}", "provenance", report->provenance, "provenance_reason",
                     text_or_null(report->slice_reason), "cpus", report->cpus, "exclusive", report->exclusive);
}

void selftest_json(const struct selftest_report *report, struct text *out)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < report->results; i++)
        (void)json_array_append_new(checks, json_of_result(&report->result[i]));
    json_t *counts = json_pack("{s:I, s:I, s:I}", "passed", (json_int_t)report->count[SELFTEST_PASS], "failed",
                               (json_int_t)report->count[SELFTEST_FAIL], "unavailable",
                               (json_int_t)report->count[SELFTEST_UNAVAILABLE]);
    json_t *whole = json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o}", "schema", SELFTEST_SCHEMA, "at", report->at,
                              "tool", json_of_tool(), "boot_id", json_of_bytes(report->boot_id), "emulated",
                              report->emulated, "slice", json_of_slice(report), "counts", counts, "checks", checks);
    json_text_indented(whole, 0, out);
}
