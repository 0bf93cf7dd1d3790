#include "analysis/compare.h"

#include "analysis/noise.h"
#include "analysis/number.h"
#include "analysis/plan_size.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "record/records.h"
#include "report/compare_show.h"
#include "tests/unit/golden.h"
#include "tests/unit/near.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX];
static struct records a, b;
static struct comparison c;
static size_t serial;

static int open_root(void **state)
{
    (void)state;
    serial = 0;
    return fixture_open(NULL, root, sizeof(root));
}

static int close_root(void **state)
{
    (void)state;
    comparison_free(&c);
    records_free(&a);
    records_free(&b);
    fixture_close(root);
    return 0;
}

/* What a record is made of besides; the defaults where a field is NULL. */
struct made {
    const char *mode, *host, *extra, *reason;
    const char *knobs; /* members of the scenario, each with its comma */
    double pss;        /* 0: not sampled */
    bool grows;        /* of profile growth, with this slope */
    double slope;
};

static void put(const char *side, double avg_iter_s, const struct made *m)
{
    struct text t = {0};
    char path[80];
    text_add(
        &t,
        "{\"schema\": \"tare.record/1\", \"id\": \"id-%zu\", \"scenario\": {\"name\": \"scenario1\", \"mode\": \"%s\", "
        "\"profile\": \"%s\", %s\"workers\": 8, \"iterations\": 3, \"warmup\": 2}, \"runtime\": {\"name\": \"3.14t\", "
        "\"version\": \"3.14.6\"}, \"host\": {%s}, \"isolation\": {\"grade\": \"full\"}, %s "
        "\"termination\": {\"reason\": \"%s\"}, \"iterations\": {\"start_ns\": [0,10000000,20000000], \"end_ns\": "
        "[%.0f,%.0f,%.0f]}, \"result\": {\"avg_iter_s\": %.17g}",
        serial, m->mode ? m->mode : "threads",
        m->grows     ? "growth"
        : m->pss > 0 ? "memory"
                     : "overhead",
        m->knobs ? m->knobs : "",
        m->host ? m->host : "\"kernel_release\": \"6.12\", \"cpu_model\": \"Q\", \"emulated\": false",
        m->extra ? m->extra : "", m->reason ? m->reason : "ok", avg_iter_s * 1e9, 1e7 + 1.01e9 * avg_iter_s,
        2e7 + 0.99e9 * avg_iter_s, avg_iter_s);
    if (m->pss > 0)
        text_add(&t, ", \"memory\": {\"parent_and_workers\": {\"pss\": {\"avg\": %.0f}}}", m->pss);
    if (m->grows)
        text_add(&t, ", \"growth\": {\"slopes\": {\"pss_bytes\": %.0f}}", m->slope);
    text_add(&t, "}");
    text_format(path, sizeof(path), "/%s/%03zu.json", side, serial++);
    fixture_write(root, path, t.data);
    text_free(&t);
}

/* n invocations about this time, a percent apart, in a fixed pattern. */
static void put_some(const char *side, size_t n, double avg_iter_s, const struct made *m)
{
    for (size_t i = 0; i < n; i++)
        put(side, avg_iter_s * (1 + 0.01 * ((double)(i * 7 % n) / (double)n - 0.5)), m);
}

#define SOME(side, n, avg, ...) put_some(side, n, avg, &(const struct made){__VA_ARGS__})
#define PLAIN                   .reason = NULL

static int read_side(struct records *r, const char *side, struct err *e)
{
    char path[PATH_MAX + 16];
    text_format(path, sizeof(path), "%s/%s", root, side);
    return records_read(r, path, e);
}

static int compared(struct compare_options o, struct err *e)
{
    *e = (struct err){0};
    o.margin = o.margin > 0 ? o.margin : 0.02;
    o.seed = 1;
    if (!a.count && read_side(&a, "a", e) != 0)
        fail_msg("%s", e->text);
    if (!b.count && read_side(&b, "b", e) != 0)
        fail_msg("%s", e->text);
    comparison_free(&c);
    return compare_records(&a, &b, &o, &c, e);
}

static void compare_or_fail(struct compare_options o)
{
    struct err e;
    if (compared(o, &e) != 0)
        fail_msg("%s", e.text);
}

static void refused(struct compare_options o, const char *wanted)
{
    struct err e;
    if (compared(o, &e) == 0)
        fail_msg("'%s' was not refused", wanted);
    if (e.kind != ERR_USAGE || !strstr(e.text, wanted))
        fail_msg("'%s' is not in: %s", wanted, e.text);
}

#define OPTIONS(...) ((struct compare_options){__VA_ARGS__})
#define AS_USUAL     OPTIONS(.force = false)

/* --- cells and figures
 * ------------------------------------------------------------------------------------------------ */

static void the_same_is_called_so_from_fifteen_on(void **state)
{
    (void)state;
    SOME("a", 15, 2e-3, PLAIN);
    SOME("b", 15, 2.001e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.rows, 1);
    assert_string_equal(c.row[0].label, "scenario1 threads 3.14t overhead");
    assert_string_equal(c.row[0].figure, "avg_iter_s");
    assert_int_equal(c.row[0].a.used, 15);
    assert_near(c.row[0].verdict.ratio.at, 1.0005, 1e-6);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_SAME);
    assert_false(c.row[0].verdict.differs);
    assert_int_equal(c.differences, 0);
    assert_true(c.fields >= 5);
}

static void a_shift_is_greater_and_beyond_the_margin(void **state)
{
    (void)state;
    SOME("a", 10, 2e-3, PLAIN);
    SOME("b", 10, 2.1e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_near(c.row[0].verdict.ratio.at, 1.05, 1e-6);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_true(c.row[0].verdict.is_outside);
    assert_near(c.row[0].dominance, 1, 0);
    assert_near(c.row[0].shift, 1e-4, 3e-6);
}

static void cells_find_each_other_by_what_they_are(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, .mode = "threads");
    SOME("a", 5, 4e-3, .mode = "processes");
    SOME("a", 5, 1, .mode = "threads", .pss = 36e6);
    SOME("b", 5, 4e-3, .mode = "processes");
    SOME("b", 5, 1, .mode = "threads", .pss = 72e6);
    SOME("b", 5, 1, .mode = "interpreters");
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.rows, 2);
    assert_string_equal(c.row[0].label, "scenario1 processes 3.14t overhead");
    assert_string_equal(c.row[1].figure, "pss_bytes"); /* what its profile is for */
    assert_near(c.row[1].verdict.ratio.at, 2, 1e-9);
    assert_int_equal(c.only_a.count, 1);
    assert_int_equal(c.only_b.count, 1);
    assert_non_null(strstr(c.only_b.list[0]->text, "mode=interpreters"));
}

static void one_cell_against_one_other_needs_no_key(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, .mode = "threads");
    SOME("b", 5, 4e-3, .mode = "processes");
    compare_or_fail(AS_USUAL);
    assert_string_equal(c.row[0].label, "scenario1 threads 3.14t overhead -> scenario1 processes 3.14t overhead");
    assert_near(c.row[0].verdict.ratio.at, 2, 1e-6);
}

static void across_drops_keys_and_refuses_what_then_is_one(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, .mode = "threads");
    SOME("a", 5, 1, .mode = "threads", .pss = 36e6);
    SOME("b", 5, 4e-3, .mode = "processes");
    SOME("b", 5, 1, .mode = "processes", .pss = 36e6);
    refused(AS_USUAL, "no cell in common");
    compare_or_fail(OPTIONS(.across = "mode"));
    assert_int_equal(c.rows, 2);
    refused(OPTIONS(.across = "mode,profile,mem_sample"), "are one cell; name fewer keys");
}

static void cells_of_one_folder_are_compared_between_two_values_of_a_key(void **state)
{
    (void)state;
    struct err e = {0};
    struct text out = {0};
    SOME("a", 5, 2e-3, .knobs = "\"pattern\": \"list\", \"sharing\": \"private\", ");
    SOME("a", 5, 6e-3, .knobs = "\"pattern\": \"list\", \"sharing\": \"shared\", ");
    SOME("a", 5, 1e-3, .knobs = "\"pattern\": \"lock\", \"sharing\": \"private\", ");
    SOME("a", 5, 4e-3, .knobs = "\"pattern\": \"lock\", \"sharing\": \"shared\", ");
    SOME("a", 5, 9e-3, .mode = "processes");
    assert_int_equal(read_side(&a, "a", &e), 0);
    assert_int_equal(read_side(&b, "a", &e), 0);
    records_keep(&a, "sharing", "private");
    records_keep(&b, "sharing", "shared");
    assert_int_equal(a.count, 10);
    assert_int_equal(b.count, 10);
    compare_or_fail(OPTIONS(.across = "sharing", .between = true));
    assert_int_equal(c.rows, 2);
    assert_string_equal(c.row[0].label, "scenario1 threads 3.14t overhead pattern=list");
    assert_near(c.row[0].verdict.ratio.at, 3, 1e-6);
    assert_near(c.row[1].verdict.ratio.at, 4, 1e-6);
    struct compare_headline h = {.a = "x",
                                 .b = "y",
                                 .margin = 0.02,
                                 .width = 80,
                                 .noise_why = "none",
                                 .failed = "",
                                 .unclear = "",
                                 .between = true};
    compare_text(&c, &h, &out);
    assert_non_null(strstr(out.data, "\ncells: scenario1 threads 3.14t overhead\n"));
    assert_non_null(strstr(out.data, "\npattern=lock "));
    text_free(&out);
    for (size_t pairs = 5; pairs <= 6; pairs++) { /* what is the same of all rows is said once */
        c.row[0].ratio.method = c.row[1].ratio.method = ANALYSIS_PAIRS;
        c.row[0].ratio.pairs = 5;
        c.row[1].ratio.pairs = pairs;
        compare_text(&c, &h, &out);
        assert_int_equal(!strstr(out.data, "* every row: over 5 blocks, each compared with itself"), pairs != 5);
        assert_int_equal(!strstr(out.data, "pattern=lock: over 6 blocks"), pairs != 6);
        text_free(&out);
    }
    records_keep(&b, "sharing", "nobody's");
    assert_int_equal(b.count, 0);
}

static void fewer_than_five_have_a_ratio_and_no_verdict(void **state)
{
    (void)state;
    SOME("a", 4, 2e-3, PLAIN);
    SOME("b", 10, 2.1e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_near(c.row[0].verdict.ratio.at, 1.05, 0.001);
    assert_string_equal(c.row[0].ratio.why_not, "fewer than 5 invocations on a side");
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_UNKNOWN);
}

static void failed_runs_are_left_out_and_counted(void **state)
{
    (void)state;
    SOME("a", 6, 2e-3, PLAIN);
    SOME("b", 6, 2e-3, PLAIN);
    SOME("b", 2, 9e-3, .reason = "oom");
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].b.used, 6);
    assert_int_equal(c.row[0].b.failed, 2);
    assert_string_equal(c.row[0].b.why_not, "oom");
}

static void an_unknown_figure_names_what_is_allowed(void **state)
{
    (void)state;
    static const char *const FIGURE[] = {"speed"};
    SOME("a", 5, 2e-3, PLAIN);
    SOME("b", 5, 2e-3, PLAIN);
    refused(OPTIONS(.figure = FIGURE, .figures = 1), "--figure 'speed': what is allowed is total_wall_s, avg_iter_s");
}

/* --- nodes
 * -------------------------------------------------------------------------------------------------------------- */

#define NODE(n) .extra = "\"plan\": {\"node\": \"" n "\"},"

static void nodes_are_compared_each_with_itself(void **state)
{
    (void)state;
    SOME("a", 6, 2e-3, NODE("n1"));
    SOME("a", 3, 20e-3, NODE("n2"));
    SOME("b", 3, 2.2e-3, NODE("n1"));
    SOME("b", 6, 22e-3, NODE("n2"));
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].ratio.nodes, 2);
    assert_near(c.row[0].verdict.ratio.at, 1.1, 0.005);
    assert_int_equal(c.row[0].ratio.method, ANALYSIS_NODES);
    assert_true(c.row[0].verdict.ratio.low > 1.05 && c.row[0].verdict.ratio.high < 1.15);
}

static void other_nodes_on_either_side_are_said(void **state)
{
    (void)state;
    SOME("a", 6, 2e-3, NODE("n1"));
    SOME("b", 6, 2e-3, NODE("n2"));
    compare_or_fail(AS_USUAL);
    assert_non_null(strstr(c.row[0].ratio.note, "different nodes"));
    assert_int_equal(c.row[0].ratio.nodes, 0);
}

static void five_nodes_are_five_pairs(void **state)
{
    (void)state;
    static const char *const EXTRA[] = {"\"plan\": {\"node\": \"n1\"},", "\"plan\": {\"node\": \"n2\"},",
                                        "\"plan\": {\"node\": \"n3\"},", "\"plan\": {\"node\": \"n4\"},",
                                        "\"plan\": {\"node\": \"n5\"},"};
    for (size_t n = 0; n < ARRAY_LEN(EXTRA); n++) {
        SOME("a", 4, 2e-3 * (1 + 0.01 * (double)n), .extra = EXTRA[n]);
        SOME("b", 4, 2.2e-3 * (1 + 0.01 * (double)n), .extra = EXTRA[n]);
    }
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].ratio.pairs, 5);
    assert_int_equal(c.row[0].ratio.nodes, 5);
    assert_true(c.row[0].verdict.ratio.low < 1.1 && 1.1 < c.row[0].verdict.ratio.high);
}

/* --- environments and kinds
 * ------------------------------------------------------------------------------------------------- */

static void environments_differ_field_by_field(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, PLAIN);
    SOME("b", 4, 2e-3,
         .host = "\"kernel_release\": \"6.1\", \"cpu_model\": \"Q\", \"emulated\": false, \"load_1min\": 3");
    SOME("b", 1, 2e-3, .host = "\"kernel_release\": \"6.12\", \"cpu_model\": \"Q\", \"emulated\": false, \"extra\": 1");
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.differences, 2);
    assert_string_equal(c.difference[0].key, "host.extra");
    assert_string_equal(c.difference[0].a, "not recorded");
    assert_string_equal(c.difference[0].b, "not recorded (4), 1 (1)");
    assert_string_equal(c.difference[1].key, "host.kernel_release");
    assert_string_equal(c.difference[1].a, "6.12");
    assert_string_equal(c.difference[1].b, "6.1 (4), 6.12 (1)");
}

static void kinds_are_not_compared_without_force_and_force_is_told(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, PLAIN);
    SOME("b", 5, 40e-3, .host = "\"kernel_release\": \"6.12\", \"emulated\": true");
    refused(AS_USUAL, "in a slice (5) and emulated (5) are not comparable");
    compare_or_fail(OPTIONS(.force = true));
    assert_string_equal(c.forced, "in a slice (5) and emulated (5)");
    assert_true(c.emulated);
}

static void emulated_times_are_not_compared(void **state)
{
    (void)state;
    static const char EMULATED[] = "\"kernel_release\": \"6.12\", \"emulated\": true";
    SOME("a", 5, 2e-3, .host = EMULATED);
    SOME("b", 5, 40e-3, .host = EMULATED);
    compare_or_fail(AS_USUAL);
    assert_true(isnan(c.row[0].verdict.ratio.at));
    assert_non_null(strstr(c.row[0].ratio.why_not, "emulated"));
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_UNKNOWN);
    assert_true(c.row[0].a.mean > 0); /* what there is to see is shown */
    compare_or_fail(OPTIONS(.force = true));
    assert_true(c.row[0].verdict.ratio.at > 1);
    assert_string_equal(c.forced, "times of emulated machines");
}

static void emulated_memory_is_compared(void **state)
{
    (void)state;
    SOME("a", 5, 1, .host = "\"emulated\": true", .pss = 10e6);
    SOME("b", 5, 1, .host = "\"emulated\": true", .pss = 20e6);
    compare_or_fail(AS_USUAL);
    assert_string_equal(c.row[0].figure, "pss_bytes");
    assert_near(c.row[0].verdict.ratio.at, 2, 1e-9);
}

/* --- noise ------------------------------------------------------------------------------------------------------- */

/* The invocations differ by a percent, the two runs by 1.5%: what a run adds is in every interval from then on, and a
 * gate that it silences says so. */
static void noise_is_in_the_interval_and_a_gate_says_so(void **state)
{
    (void)state;
    struct noise n = {0}, again = {0};
    struct err e = {0};
    char path[PATH_MAX + 32];
    const struct compare_condition gate = {"slower:1%", CONDITION_SLOWER, 0.01};
    const struct compare_condition both[] = {gate, {"unclear", CONDITION_UNCLEAR, 0}};
    struct text held = {0}, unclear = {0};
    SOME("a", 10, 2e-3, PLAIN);
    SOME("b", 10, 2.03e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_int_equal(compare_noise(&c, &a.list[0], false, &n, &e), 0); /* as if both were the same */
    text_format(path, sizeof(path), "%s/noise-floor.json", root);
    assert_int_equal(noise_write(&n, path, &e), 0);
    assert_int_equal(noise_read(path, &again, &e), 0);
    assert_near(again.row[0].variance, n.row[0].variance, 1e-20);
    assert_null(noise_other_host(&again, &b.list[0]));
    struct analysis_noise of = noise_of(&again, "avg_iter_s");
    assert_int_equal(of.cells, 1);
    assert_near(of.variance, n.row[0].log * n.row[0].log - n.row[0].variance, 1e-15);
    assert_int_equal(noise_of(&again, "pss_bytes").cells, 0);
    compare_or_fail(OPTIONS(.noise = &again));
    assert_near(c.row[0].ratio.noise_variance, of.variance, 1e-15);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_UNCLEAR);
    assert_true(c.row[0].verdict.is_noise);
    assert_false(compare_conditions_hold(&gate, 1, &c, &held, &unclear));
    assert_int_equal(held.len, 0);
    assert_non_null(
        strstr(unclear.data, "slower:1%: cannot tell: scenario1 threads 3.14t overhead avg_iter_s: B/A is"));
    assert_non_null(strstr(unclear.data, "without this host's noise (A/A) the interval would tell"));
    assert_true(compare_conditions_hold(both, 2, &c, &held, &unclear));
    assert_non_null(strstr(held.data, "unclear: another condition cannot tell"));
    text_free(&held);
    text_free(&unclear);
    noise_free(&n);
    noise_free(&again);
}

#define NOISE_HEAD                                                                                                     \
    "{\"schema\": \"tare.noise/2\", \"within_run\": false, \"host\": {\"kernel_release\": \"6.12\", "                  \
    "\"cpu_model\": \"other\", \"node\": \"\"}, \"rows\": ["
#define NOISE_OF(log, variance, df)                                                                                    \
    "{\"cell\": \"c\", \"figure\": \"f\", \"invocations\": [5, 5], \"log_ratio\": " log ", \"variance\": " variance    \
    ", \"df\": " df "}"
#define NOISE_ROW(variance, df) NOISE_OF("0", variance, df)

#define NOISE_OF_SLOPE(what)                                                                                           \
    "{\"cell\": \"c\", \"figure\": \"growth_pss_bytes\", \"invocations\": [5, 5], \"" what                             \
    "\": 0.1, \"variance\": 0.01, \"df\": 8}"

/* What it wrote it reads again: the variance of slopes is in bytes squared. */
static void noise_of_slopes_is_of_their_difference(void **state)
{
    (void)state;
    struct noise n, again;
    struct err e = {0};
    char path[PATH_MAX + 32];
    for (size_t i = 0; i < 8; i++) {
        put("a", 2e-3, &(const struct made){.grows = true, .slope = 100e3 + 1e3 * (double)(i * 5 % 8)});
        put("b", 2e-3, &(const struct made){.grows = true, .slope = 190e3 + 1e3 * (double)(i * 3 % 8)});
    }
    compare_or_fail(OPTIONS(.growth_margin = 65536));
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_int_equal(compare_noise(&c, &a.list[0], false, &n, &e), 0);
    text_format(path, sizeof(path), "%s/noise-floor.json", root);
    assert_int_equal(noise_write(&n, path, &e), 0);
    if (noise_read(path, &again, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(again.left_out, 0);
    struct analysis_noise of = noise_of(&again, "growth_pss_bytes");
    assert_in_range((size_t)sqrt(of.variance), 80000, 100000);
    compare_or_fail(OPTIONS(.growth_margin = 65536, .noise = &again));
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_UNCLEAR);
    assert_true(c.row[0].verdict.is_noise);
    noise_free(&n);
    noise_free(&again);
    fixture_write(root, "/noise-floor.json", NOISE_HEAD NOISE_OF_SLOPE("log_ratio") "]}"); /* of an earlier tare */
    assert_int_equal(noise_read(path, &n, &e), 0);
    assert_int_equal(n.left_out, 1);
    assert_int_equal(n.rows, 0);
    noise_free(&n);
    fixture_write(root, "/noise-floor.json", NOISE_HEAD NOISE_OF_SLOPE("difference") "]}");
    assert_int_equal(noise_read(path, &n, &e), 0);
    assert_int_equal(n.left_out, 0);
    assert_int_equal(n.rows, 1);
    noise_free(&n);
}

static void noise_of_another_host_or_of_no_schema_is_not_taken(void **state)
{
    (void)state;
    struct err e = {0};
    struct noise n = {0};
    char path[PATH_MAX + 32];
    text_format(path, sizeof(path), "%s/noise-floor.json", root);
    assert_int_equal(noise_read(path, &n, &e), -ENOENT);
    static const char *const BAD[] = {"",
                                      "{",
                                      "[]",
                                      "{\"schema\": \"tare.noise/3\"}",
                                      "{\"schema\": \"tare.noise/2\"}",
                                      NOISE_HEAD "{}]}",
                                      NOISE_HEAD NOISE_ROW("-1", "8") "]}",
                                      NOISE_HEAD NOISE_ROW("1", "0") "]}",
                                      NOISE_HEAD NOISE_OF("1e300", "0.001", "8") "]}",
                                      NOISE_HEAD NOISE_ROW("1e300", "8") "]}"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        fixture_write(root, "/noise-floor.json", BAD[i]);
        e = (struct err){0};
        assert_int_equal(noise_read(path, &n, &e), -EINVAL);
        assert_int_equal(e.kind, ERR_USAGE);
    }
    fixture_write(root, "/noise-floor.json", "{\"schema\": \"tare.noise/1\", \"rows\": []}");
    assert_int_equal(noise_read(path, &n, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "measure it again ('tare compare --noise' over the same records)"));
    fixture_write(root, "/noise-floor.json", NOISE_HEAD NOISE_ROW("0.001", "8") "]}");
    SOME("a", 1, 2e-3, PLAIN);
    assert_int_equal(read_side(&a, "a", &e), 0);
    assert_int_equal(noise_read(path, &n, &e), 0);
    assert_string_equal(noise_other_host(&n, &a.list[0]), "CPU model");
    noise_free(&n);
}

static void noise_that_is_no_file_is_not_opened(void **state)
{
    (void)state;
    struct err e = {0};
    struct noise n = {0};
    char path[PATH_MAX + 32];
    text_format(path, sizeof(path), "%s/noise-floor.json", root);
    const int device = fixture_device(path);
    assert_int_equal(noise_read(path, &n, &e), -EINVAL);
    assert_false(fixture_device_was_opened(device));
    (void)close(device);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(noise_read(path, &n, &e), -EINVAL); /* and nobody waits for it */
    assert_non_null(strstr(e.text, "noise-floor.json': is not a regular file"));
}

/* --- conditions
 * ---------------------------------------------------------------------------------------------------------- */

/* 1: it holds; 0: it does not; -1: it cannot tell; 2: it concerns nothing, and is refused. */
static int outcome(const char *text)
{
    struct compare_condition condition;
    struct text held = {0}, unclear = {0};
    struct err e = {0};
    if (compare_condition(text, &condition, &e) != 0)
        fail_msg("%s", e.text);
    if (compare_conditions_check(&condition, 1, &c, &e) != 0)
        return e.kind == ERR_USAGE && strstr(e.text, text) ? 2 : -2;
    bool holds = compare_conditions_hold(&condition, 1, &c, &held, &unclear);
    assert_true(holds == (held.len > 0));
    int ret = holds ? 1 : unclear.len ? -1 : 0;
    text_free(&held);
    text_free(&unclear);
    return ret;
}

static void conditions_hold_where_the_difference_is_shown_and_beyond_the_share(void **state)
{
    (void)state;
    SOME("a", 10, 2e-3, PLAIN);
    SOME("b", 10, 2.1e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(outcome("slower:4%"), 1);
    assert_int_equal(outcome("slower:0.04"), 1);
    assert_int_equal(outcome("slower:5.1%"), -1); /* the interval goes beyond, and the estimate does not */
    assert_int_equal(outcome("slower:6%"), 0);
    assert_int_equal(outcome("faster:1%"), 0);
    assert_int_equal(outcome("different"), 1);
    assert_int_equal(outcome("not-same"), 1);
    assert_int_equal(outcome("not-reproduced"), 1); /* its name before */
    assert_int_equal(outcome("unclear"), 0);
    assert_int_equal(outcome("inconclusive"), 0);
    assert_int_equal(outcome("memory:5%"), 2); /* it was not weighed: nothing is there that could be judged */
}

static void what_the_interval_leaves_open_is_said(void **state)
{
    (void)state;
    SOME("a", 5, 2e-3, PLAIN);
    SOME("b", 5, 2.001e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_UNCLEAR);
    assert_int_equal(outcome("slower:0.1%"), -1);
    assert_int_equal(outcome("different"), -1);
    assert_int_equal(outcome("not-same"), -1);
    assert_int_equal(outcome("unclear"), 1);
    assert_int_equal(outcome("slower:5%"), 0);
}

/* 2.1 % apart, and the interval goes from within the margin to beyond it: who asks whether they are the same is not
 * told. */
static void what_differs_and_may_be_within_the_margin_leaves_not_same_open(void **state)
{
    (void)state;
    SOME("a", 20, 2e-3, PLAIN);
    SOME("b", 20, 2.0415e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_false(c.row[0].verdict.is_outside);
    assert_int_equal(outcome("not-same"), -1);
    assert_int_equal(outcome("different"), 1);
}

/* Slopes about 0 on one side, of a leak on the other. */
static void growth_is_compared_by_the_difference_of_slopes(void **state)
{
    struct compare_headline h = {
        .a = "x", .b = "y", .margin = 0.02, .width = 100, .noise_why = "none", .failed = "", .unclear = ""};
    cleanup_text struct text out = {0}, json = {0}, csv = {0};
    (void)state;
    for (int i = -3; i <= 3; i++) {
        put("a", 2e-3, &(const struct made){.grows = true, .slope = i * 1000});
        put("b", 2e-3, &(const struct made){.grows = true, .slope = 200000 + i * 1000});
    }
    compare_or_fail(OPTIONS(.growth_margin = 65536));
    assert_int_equal(c.rows, 1);
    assert_string_equal(c.row[0].figure, "growth_pss_bytes");
    assert_true(c.row[0].ratio.is_difference);
    assert_near(c.row[0].verdict.ratio.at, 200000, 1e-6);
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_int_equal(outcome("growth:64K"), 1);
    assert_int_equal(outcome("growth:300K"), 0);
    assert_int_equal(outcome("growth:196K"), -1); /* the interval goes beyond, and the estimate does not */
    assert_int_equal(outcome("different"), 1);
    assert_int_equal(outcome("not-same"), 1);
    assert_int_equal(outcome("memory:5%"), 2);
    assert_int_equal(outcome("slower:5%"), 2);
    compare_text(&c, &h, &out);
    assert_non_null(strstr(out.data, "B − A"));
    assert_non_null(strstr(out.data, "+195.3 KiB"));
    assert_null(strstr(out.data, "÷"));
    compare_csv(&c, &h, &csv);
    assert_non_null(strstr(csv.data, "difference,difference_low,difference_high"));
    compare_json(&c, &h, &json);
    cleanup_json json_t *whole = json_loads(json.data, 0, NULL);
    const json_t *row = json_array_get(json_object_get(whole, "rows"), 0);
    assert_true(json_is_null(json_object_get(json_object_get(row, "ratio"), "at")));
    assert_near(json_real_value(json_object_get(json_object_get(row, "difference"), "at")), 200000, 1e-6);
    assert_near(json_real_value(json_object_get(json_object_get(row, "a"), "arithmetic_mean")), 0, 1e-9);
    compare_or_fail(OPTIONS(.growth_margin = 65536, .as_ratios = true)); /* what a claim of a ratio says */
    assert_string_equal(c.row[0].ratio.why_not, "a figure is not above 0: there is no ratio");
}

static void more_memory_is_worse_and_a_greater_rate_is_better(void **state)
{
    (void)state;
    SOME("a", 6, 2e-3, .mode = "threads", .pss = 36e6);
    SOME("b", 6, 2e-3, .mode = "threads", .pss = 40e6);
    compare_or_fail(AS_USUAL); /* all the same on either side: decided */
    assert_int_equal(c.row[0].verdict.word, ANALYSIS_GREATER);
    assert_int_equal(outcome("memory:5%"), 1);
    assert_int_equal(outcome("memory:20%"), 0);
    c.row[0].about = figure_about("ops_per_s");
    assert_int_equal(outcome("faster:5%"), 1);
    assert_int_equal(outcome("slower:5%"), 0);
    c.row[0].about = figure_about("throughput_mb_s");
    assert_int_equal(outcome("faster:5%"), 1);
    c.row[0].about = figure_about("attempts"); /* neither better nor worse: no figure of that kind was compared */
    assert_int_equal(outcome("different"), 1);
    assert_int_equal(outcome("slower:5%"), 2);
}

static void what_cannot_be_judged_does_not_pass(void **state)
{
    (void)state;
    SOME("a", 3, 2e-3, PLAIN);
    SOME("b", 3, 2e-3, PLAIN);
    compare_or_fail(AS_USUAL);
    assert_int_equal(outcome("slower:5%"), 1);
}

static void a_condition_that_is_none_names_what_is_allowed(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",           "slow:5%",    "slower",     "slower:",    "slower:x",   "different:5%",
        "slower:5%%", "slower:nan", "slower:-1%", "slower: 5%", "slower:1e9", "faster:0x5"};
    struct compare_condition condition;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err e = {0};
        if (compare_condition(BAD[i], &condition, &e) == 0)
            fail_msg("'%s' was accepted", BAD[i]);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "what is allowed is slower:SHARE"));
    }
}

/* --- as it is shown
 * --------------------------------------------------------------------------------------------------------- */

static void expect_shown(const char *golden,
                         void (*show)(const struct comparison *, const struct compare_headline *, struct text *))
{
    static const struct compare_condition FAIL_IF = {"slower:1%", CONDITION_SLOWER, 0.01};
    struct text out = {0}, why = {0}, unclear = {0};
    assert_true(compare_conditions_hold(&FAIL_IF, 1, &c, &why, &unclear));
    const struct compare_headline h = {.a = "before",
                                       .b = "after",
                                       .a_records = a.count,
                                       .b_records = b.count,
                                       .margin = 0.02,
                                       .growth_margin = 65536,
                                       .width = 80,
                                       .noise_why = "none was measured here",
                                       .seed = 1,
                                       .condition = &FAIL_IF,
                                       .conditions = 1,
                                       .failed = why.data,
                                       .unclear = ""};
    show(&c, &h, &out);
    golden_check(golden, out.data);
    text_free(&out);
    text_free(&why);
}

static void the_result_is_as_it_was_read(void **state)
{
    (void)state;
    SOME("a", 6, 2e-3, .mode = "threads");
    SOME("a", 3, 4e-3, .mode = "processes");
    SOME("a", 1, 4e-3, .mode = "interpreters");
    SOME("b", 6, 2.1e-3, .mode = "threads",
         .host = "\"kernel_release\": \"6.1\", \"cpu_model\": \"Q\", \"emulated\": false");
    SOME("b", 3, 4e-3, .mode = "processes",
         .host = "\"kernel_release\": \"6.1\", \"cpu_model\": \"Q\", \"emulated\": false");
    SOME("b", 1, 4e-3, .mode = "processes", .reason = "timeout",
         .host = "\"kernel_release\": \"6.1\", \"cpu_model\": \"Q\", \"emulated\": false");
    compare_or_fail(AS_USUAL);
    expect_shown("compare-text", compare_text);
    expect_shown("compare-markdown", compare_markdown);
    expect_shown("compare-json", compare_json);
    expect_shown("compare-csv", compare_csv);
}

/* --- plan-size
 * ------------------------------------------------------------------------------------------------------------- */

static void a_plan_is_sized_from_its_pilot(void **state)
{
    (void)state;
    struct err e = {0};
    struct plan_size p;
    struct text out = {0};
    SOME("a", 10, 2e-3, PLAIN);
    SOME("a", 1, 2e-3, .mode = "processes");
    a.reader.with_iterations = true;
    assert_int_equal(read_side(&a, "a", &e), 0);
    assert_int_equal(plan_size(&a, NULL, 0, 0.02, &p, &e), 0);
    assert_int_equal(p.rows, 2);
    assert_int_equal(p.row[0].invocations, 10);
    assert_int_equal(p.row[0].iterations, 3);
    assert_null(p.row[0].why_not);
    assert_int_equal(p.row[0].want_iterations, 3); /* the records do not say what an invocation costs */
    assert_non_null(p.row[0].iterations_why);
    assert_int_equal(p.row[0].want_invocations, 5);
    assert_string_equal(p.row[1].why_not, "fewer than two invocations: nothing tells how they differ");
    plan_size_text(&p, 80, &out);
    golden_check("plan-size-text", out.data);
    text_free(&out);
    plan_size_json(&p, &out);
    json_t *o = json_loads(out.data, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "schema")), "tare.plan-size/1");
    assert_int_equal(json_array_size(json_object_get(o, "cells")), 2);
    json_decref(o);
    text_free(&out);
    plan_size_free(&p);
}

/* Of 1 s an invocation's three iterations take about 30 ms: all else is what it costs to begin one more, the
 * interpreter's start-up included, whether the record tells the whole or its parts. */
static void what_an_invocation_takes_besides_its_iterations_has_its_start_up_in_it(void **state)
{
    (void)state;
    static const char *const EXTRA[] = {
        "\"plan\": {\"elapsed_ns\": 1000000000}, \"instrument\": {\"exec_to_exit_ns\": 7},",
        "\"instrument\": {\"prepare_ns\": 100000000, \"slice_to_exec_ns\": 200000000, \"exec_to_exit_ns\": "
        "500000000, \"exit_to_removed_ns\": 200000000},",
        "\"instrument\": {\"prepare_ns\": 100000000, \"slice_to_exec_ns\": 200000000, \"exit_to_removed_ns\": "
        "200000000},"};
    static const char *const SIDE[] = {"whole", "parts", "lacking"};
    for (size_t i = 0; i < ARRAY_LEN(EXTRA); i++) {
        struct err e = {0};
        struct plan_size p;
        struct records r = {.reader.with_iterations = true};
        for (int k = -2; k <= 2; k++)
            put(SIDE[i], 10e-3 + k * 1e-3, &(const struct made){.extra = EXTRA[i]});
        assert_int_equal(read_side(&r, SIDE[i], &e), 0);
        assert_int_equal(plan_size(&r, NULL, 0, 0.02, &p, &e), 0);
        const struct size_row *row = &p.row[0];
        assert_near(row->iteration_s, 10e-3, 1e-8);
        if (i < 2) {
            assert_near(row->overhead_s, 1 - 3 * 10e-3, 1e-7);
            assert_null(row->iterations_why);
            assert_near(row->total_s,
                        (double)row->want_invocations * (0.97 + (double)row->want_iterations * row->iteration_s), 1e-4);
        } else {
            assert_true(isnan(row->overhead_s) && isnan(row->total_s));
            assert_non_null(strstr(row->iterations_why, "do not say what an invocation takes"));
        }
        plan_size_free(&p);
        records_free(&r);
    }
}

static void finer_precision_takes_more_invocations(void **state)
{
    (void)state;
    struct err e = {0};
    struct plan_size p;
    size_t before = 0;
    SOME("a", 20, 2e-3, PLAIN);
    a.reader.with_iterations = true;
    assert_int_equal(read_side(&a, "a", &e), 0);
    const double precision[] = {0.02, 0.002, 0.0005};
    for (size_t i = 0; i < ARRAY_LEN(precision); i++) {
        assert_int_equal(plan_size(&a, NULL, 0, precision[i], &p, &e), 0);
        assert_true(p.row[0].want_invocations > before);
        assert_int_equal(p.row[0].want_invocations, number_enough(p.row[0].want_invocations)); /* it is an estimate */
        before = p.row[0].want_invocations;
        plan_size_free(&p);
    }
}

static void a_figure_of_the_invocation_has_one_level(void **state)
{
    (void)state;
    static const char *const FIGURE[] = {"avg_iter_s", "p95_iter_s"}, *const NONE[] = {"speed"};
    struct err e = {0};
    struct plan_size p;
    SOME("a", 6, 2e-3, PLAIN);
    a.reader.with_iterations = true;
    assert_int_equal(read_side(&a, "a", &e), 0);
    assert_int_equal(plan_size(&a, FIGURE, 2, 0.02, &p, &e), 0);
    assert_int_equal(p.rows, 2);
    assert_int_equal(p.row[1].invocations, 0);
    assert_non_null(p.row[1].why_not);
    plan_size_free(&p);
    assert_int_equal(plan_size(&a, NONE, 1, 0.02, &p, &e), -EINVAL);
    assert_int_equal(e.kind, ERR_USAGE);
}

/* As compare's figure: a plan for memory is not sized by its times. A slope of 0 has no share of itself to be precise
 * to, and two of them can still be told apart. */
static void a_plan_is_sized_for_what_its_cells_are_run_for(void **state)
{
    (void)state;
    struct err e = {0};
    struct plan_size p;
    SOME("a", 6, 2e-3, PLAIN);
    for (int k = 0; k < 6; k++) {
        put("a", 1, &(const struct made){.mode = "processes", .pss = 36e6 + k * 1e5});
        put("a", 1, &(const struct made){.mode = "spawn", .grows = true, .slope = (k % 2 ? 1 : -1) * 20e3});
        put("a", 1, &(const struct made){.mode = "fork", .grows = true});
    }
    a.reader.with_iterations = true;
    assert_int_equal(read_side(&a, "a", &e), 0);
    assert_int_equal(plan_size(&a, NULL, 0, 0.02, &p, &e), 0);
    assert_int_equal(p.rows, 4);
    for (size_t i = 0; i < p.rows; i++) {
        const struct size_row *row = &p.row[i];
        const bool slopes = strstr(row->label, "spawn") || strstr(row->label, "fork");
        assert_string_equal(row->figure, slopes                            ? "growth_pss_bytes"
                                         : strstr(row->label, "processes") ? "pss_bytes"
                                                                           : "avg_iter_s");
        assert_int_equal(row->why_not != NULL, slopes);
        assert_true(row->compare_invocations > 0);
    }
    plan_size_free(&p);
}

/* --- help
 * --------------------------------------------------------------------------------------------------------------------
 */

static void expect_help(enum config_command command, const char *golden)
{
    struct text help = {0};
    manual_help(command, NULL, &help);
    golden_check(golden, help.data);
    text_free(&help);
}

static void the_help_of_what_reads_records_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_COMPARE, "compare-help");
    expect_help(CONFIG_PLAN_SIZE, "plan-size-help");
    expect_help(CONFIG_REPORT, "report-help");
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, open_root, close_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOT(the_same_is_called_so_from_fifteen_on),
        IN_ROOT(a_shift_is_greater_and_beyond_the_margin),
        IN_ROOT(cells_find_each_other_by_what_they_are),
        IN_ROOT(one_cell_against_one_other_needs_no_key),
        IN_ROOT(across_drops_keys_and_refuses_what_then_is_one),
        IN_ROOT(cells_of_one_folder_are_compared_between_two_values_of_a_key),
        IN_ROOT(fewer_than_five_have_a_ratio_and_no_verdict),
        IN_ROOT(failed_runs_are_left_out_and_counted),
        IN_ROOT(an_unknown_figure_names_what_is_allowed),
        IN_ROOT(nodes_are_compared_each_with_itself),
        IN_ROOT(other_nodes_on_either_side_are_said),
        IN_ROOT(five_nodes_are_five_pairs),
        IN_ROOT(environments_differ_field_by_field),
        IN_ROOT(kinds_are_not_compared_without_force_and_force_is_told),
        IN_ROOT(emulated_times_are_not_compared),
        IN_ROOT(emulated_memory_is_compared),
        IN_ROOT(noise_is_in_the_interval_and_a_gate_says_so),
        IN_ROOT(noise_of_slopes_is_of_their_difference),
        IN_ROOT(noise_of_another_host_or_of_no_schema_is_not_taken),
        IN_ROOT(noise_that_is_no_file_is_not_opened),
        IN_ROOT(conditions_hold_where_the_difference_is_shown_and_beyond_the_share),
        IN_ROOT(what_the_interval_leaves_open_is_said),
        IN_ROOT(what_differs_and_may_be_within_the_margin_leaves_not_same_open),
        IN_ROOT(more_memory_is_worse_and_a_greater_rate_is_better),
        IN_ROOT(growth_is_compared_by_the_difference_of_slopes),
        IN_ROOT(what_cannot_be_judged_does_not_pass),
        IN_ROOT(a_condition_that_is_none_names_what_is_allowed),
        IN_ROOT(the_result_is_as_it_was_read),
        IN_ROOT(a_plan_is_sized_from_its_pilot),
        IN_ROOT(what_an_invocation_takes_besides_its_iterations_has_its_start_up_in_it),
        IN_ROOT(finer_precision_takes_more_invocations),
        IN_ROOT(a_figure_of_the_invocation_has_one_level),
        IN_ROOT(a_plan_is_sized_for_what_its_cells_are_run_for),
        IN_ROOT(the_help_of_what_reads_records_is_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
