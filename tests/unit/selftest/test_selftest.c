/* selftest: that what is measured is judged by what was expected and by nothing else, and what is kept of it. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "host/last_selftest.h"
#include "selftest/selftest.h"

#define MIB ((int64_t)1 << 20)

static const struct selftest_scale TWO_CPUS = {
    .cpus = 2, .batch_bytes = 1000, .clocks_usec = 1900000, .ceiling_usec = 2000000, .alone = true};

static const struct selftest_check CHECK = {"anon", SELFTEST_ANON, SELFTEST_FIXED, 5000, 10, 20, 0, false, "because"};

static enum selftest_verdict verdict_of(const struct selftest_check *c, int64_t measured)
{
    struct selftest_result r = selftest_expect(c, &TWO_CPUS);
    selftest_judge(&r, measured);
    assert_true(r.has_measured);
    assert_int_equal(r.measured, measured);
    return r.verdict;
}

static void the_bounds_themselves_pass_and_what_is_outside_fails(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(&CHECK, 5000), SELFTEST_PASS);
    assert_int_equal(verdict_of(&CHECK, 4990), SELFTEST_PASS);
    assert_int_equal(verdict_of(&CHECK, 5020), SELFTEST_PASS);
    assert_int_equal(verdict_of(&CHECK, 4989), SELFTEST_FAIL);
    assert_int_equal(verdict_of(&CHECK, 5021), SELFTEST_FAIL);
    assert_int_equal(verdict_of(&CHECK, 0), SELFTEST_FAIL);
}

static void batches_widen_both_sides(void **state)
{
    struct selftest_check c = CHECK;
    (void)state;
    c.batches = 2;
    assert_int_equal(verdict_of(&c, 5000 - 2010), SELFTEST_PASS);
    assert_int_equal(verdict_of(&c, 5000 + 2020), SELFTEST_PASS);
    assert_int_equal(verdict_of(&c, 5000 - 2011), SELFTEST_FAIL);
    assert_int_equal(verdict_of(&c, 5000 + 2021), SELFTEST_FAIL);
}

static void a_tolerance_per_cpu_grows_with_the_cpus(void **state)
{
    struct selftest_check c = CHECK;
    (void)state;
    c.per_cpu = true;
    assert_int_equal(verdict_of(&c, 4980), SELFTEST_PASS);
    assert_int_equal(verdict_of(&c, 4979), SELFTEST_FAIL);
}

static void in_an_emulator_time_has_more_room_and_memory_has_not(void **state)
{
    struct selftest_scale emulator = TWO_CPUS;
    struct selftest_check c = CHECK;
    (void)state;
    emulator.emulated = true;
    assert_int_equal(selftest_expect(&c, &emulator).above, 20);
    c.figure = SELFTEST_CPU;
    assert_int_equal(selftest_expect(&c, &emulator).above, 160);
    assert_int_equal(selftest_expect(&c, &TWO_CPUS).above, 20);
}

static void the_truth_may_be_the_loads_own_clocks(void **state)
{
    struct selftest_check c = CHECK;
    (void)state;
    c.truth = SELFTEST_CLOCKS;
    assert_int_equal(verdict_of(&c, 1900000), SELFTEST_PASS);
    assert_int_equal(verdict_of(&c, 5000), SELFTEST_FAIL);
}

static void a_ceiling_need_only_be_reached_where_nobody_else_may_use_the_cpus(void **state)
{
    struct selftest_scale shared = TWO_CPUS;
    struct selftest_check c = CHECK;
    (void)state;
    c.truth = SELFTEST_CEILING;
    assert_int_equal(verdict_of(&c, 1000000), SELFTEST_FAIL);
    shared.alone = false;
    struct selftest_result r = selftest_expect(&c, &shared);
    selftest_judge(&r, 1000000);
    assert_int_equal(r.verdict, SELFTEST_PASS);
    selftest_judge(&r, 2000021);
    assert_int_equal(r.verdict, SELFTEST_FAIL);
    c.truth = SELFTEST_CPUS;
    c.above = 0;
    r = selftest_expect(&c, &shared);
    selftest_judge(&r, 1);
    assert_int_equal(r.verdict, SELFTEST_PASS);
    selftest_judge(&r, 3);
    assert_int_equal(r.verdict, SELFTEST_FAIL);
}

static void nothing_has_passed_before_it_is_measured(void **state)
{
    struct selftest_result r = selftest_expect(&CHECK, &TWO_CPUS);
    (void)state;
    assert_int_equal(r.verdict, SELFTEST_UNAVAILABLE);
    assert_false(r.has_measured);
}

static void every_row_of_the_table_is_whole_and_those_of_a_load_stand_together(void **state)
{
    (void)state;
    assert_true(selftest_count <= SELFTEST_CHECKS_MAX);
    for (size_t i = 0; i < selftest_count; i++) {
        const struct selftest_check *c = &selftest_checks[i];
        assert_non_null(selftest_load(c->load));
        assert_non_null(selftest_figures[c->figure].name);
        assert_non_null(selftest_figures[c->figure].unit);
        assert_true(strlen(c->why) > 0);
        assert_true(c->below >= 0 && c->above >= 0 && c->expected >= 0);
        for (size_t j = 0; j + 1 < i; j++)
            if (strcmp(selftest_checks[j].load, c->load) == 0)
                assert_string_equal(selftest_checks[i - 1].load, c->load);
    }
}

static void no_memory_check_would_let_a_load_of_nothing_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < selftest_count; i++) {
        const struct selftest_check *c = &selftest_checks[i];
        if (c->truth == SELFTEST_FIXED && c->expected >= MIB) {
            struct selftest_result r = selftest_expect(c, &TWO_CPUS);
            selftest_judge(&r, 0);
            assert_int_equal(r.verdict, SELFTEST_FAIL);
        }
    }
}

/* --- text and JSON ----------------------------------------------------------------------------------------------- */

static struct selftest_report report_of(const char *boot_id)
{
    static struct selftest_report report;
    struct selftest_result pass = selftest_expect(&CHECK, &TWO_CPUS), fail = pass, lacks = pass;
    report = (struct selftest_report){0};
    text_format(report.at, sizeof(report.at), "2026-11-22T12:00:00Z");
    text_format(report.boot_id, sizeof(report.boot_id), "%s", boot_id);
    text_format(report.provenance, sizeof(report.provenance), "created");
    text_format(report.cpus, sizeof(report.cpus), "0-1");
    selftest_judge(&pass, 5001);
    selftest_judge(&fail, 1);
    text_format(lacks.reason, sizeof(lacks.reason), "no memory controller");
    selftest_add(&report, &pass);
    selftest_add(&report, &fail);
    selftest_add(&report, &lacks);
    return report;
}

static void the_text_says_what_was_expected_and_why_it_fails(void **state)
{
    const struct selftest_report report = report_of("b");
    struct text out = {0};
    (void)state;
    selftest_text(&report, &out);
    assert_non_null(strstr(out.data, "expected 5000 bytes (-10 +20), measured 5001\n"));
    assert_non_null(strstr(out.data, "FAIL "));
    assert_non_null(strstr(out.data, "tolerance: because\n"));
    assert_non_null(strstr(out.data, "(no memory controller)\n"));
    assert_non_null(strstr(out.data, "tare selftest: 1 passed, 1 failed, 1 unavailable\n"));
    text_free(&out);
}

static void the_json_has_a_null_where_there_is_no_figure(void **state)
{
    const struct selftest_report report = report_of("b");
    struct text out = {0};
    (void)state;
    selftest_json(&report, &out);
    json_t *whole = json_loads(out.data, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(whole, "schema")), "tare.selftest/1");
    const json_t *checks = json_object_get(whole, "checks");
    assert_int_equal(json_array_size(checks), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(checks, 0), "measured")), 5001);
    assert_true(json_is_null(json_object_get(json_array_get(checks, 0), "reason")));
    assert_true(json_is_null(json_object_get(json_array_get(checks, 2), "measured")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(checks, 2), "reason")),
                        "no memory controller");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(whole, "counts"), "failed")), 1);
    json_decref(whole);
    text_free(&out);
}

/* --- the last one ------------------------------------------------------------------------------------------------ */

static int in_a_folder_of_its_own(void **state)
{
    char dir[] = "/tmp/tare-selftest-XXXXXX";
    if (!mkdtemp(dir) || setenv("TARE_STATE", dir, 1) != 0)
        return -1;
    *state = strdup(dir);
    return 0;
}

static int and_without_it(void **state)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/selftest.json", (const char *)*state);
    (void)unlink(path);
    (void)rmdir(*state);
    free(*state);
    return unsetenv("TARE_STATE");
}

static void keep(const char *boot_id)
{
    const struct selftest_report report = report_of(boot_id);
    struct text json = {0};
    struct err e = {0};
    selftest_json(&report, &json);
    assert_int_equal(last_selftest_keep(&json, &e), 0);
    text_free(&json);
}

static const char *text_at(const struct facts *f, const char *key, enum fact_kind kind)
{
    const struct fact *found = facts_find(f, key);
    assert_non_null(found);
    assert_int_equal(found->kind, kind);
    return found->text;
}

static void a_machine_without_a_selftest_says_so(void **state)
{
    struct facts f = {0};
    (void)state;
    last_selftest_tell(&f);
    assert_string_equal(text_at(&f, "selftest", FACT_ABSENT), "none was run here (run 'tare selftest')");
    facts_free(&f);
}

static void the_last_selftest_of_this_boot_is_told(void **state)
{
    char boot_id[64];
    struct facts f = {0};
    (void)state;
    assert_true(file_read("", "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id)) > 0);
    keep(boot_id);
    last_selftest_tell(&f);
    assert_int_equal(strlen(text_at(&f, "selftest.digest", FACT_TEXT)), 64);
    assert_string_equal(text_at(&f, "selftest.at", FACT_TEXT), "2026-11-22T12:00:00Z");
    assert_int_equal(facts_find(&f, "selftest.passed")->integer, 1);
    assert_int_equal(facts_find(&f, "selftest.failed")->integer, 1);
    assert_int_equal(facts_find(&f, "selftest.unavailable")->integer, 1);
    assert_null(facts_find(&f, "selftest"));
    facts_free(&f);
}

static void another_boots_selftest_is_not_taken_for_this_ones(void **state)
{
    struct facts f = {0};
    (void)state;
    keep("another");
    last_selftest_tell(&f);
    assert_non_null(strstr(text_at(&f, "selftest", FACT_ABSENT), "another boot"));
    facts_free(&f);
}

static void a_file_that_is_no_report_is_not_taken_for_one(void **state)
{
    struct text junk = {0};
    struct facts f = {0};
    struct err e = {0};
    (void)state;
    text_add(&junk, "{\"schema\": 3");
    assert_int_equal(last_selftest_keep(&junk, &e), 0);
    last_selftest_tell(&f);
    assert_non_null(strstr(text_at(&f, "selftest", FACT_ABSENT), "tare.selftest/1"));
    text_free(&junk);
    facts_free(&f);
}

#define kept(test) cmocka_unit_test_setup_teardown(test, in_a_folder_of_its_own, and_without_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bounds_themselves_pass_and_what_is_outside_fails),
        cmocka_unit_test(batches_widen_both_sides),
        cmocka_unit_test(a_tolerance_per_cpu_grows_with_the_cpus),
        cmocka_unit_test(in_an_emulator_time_has_more_room_and_memory_has_not),
        cmocka_unit_test(the_truth_may_be_the_loads_own_clocks),
        cmocka_unit_test(a_ceiling_need_only_be_reached_where_nobody_else_may_use_the_cpus),
        cmocka_unit_test(nothing_has_passed_before_it_is_measured),
        cmocka_unit_test(every_row_of_the_table_is_whole_and_those_of_a_load_stand_together),
        cmocka_unit_test(no_memory_check_would_let_a_load_of_nothing_pass),
        cmocka_unit_test(the_text_says_what_was_expected_and_why_it_fails),
        cmocka_unit_test(the_json_has_a_null_where_there_is_no_figure),
        kept(a_machine_without_a_selftest_says_so),
        kept(the_last_selftest_of_this_boot_is_told),
        kept(another_boots_selftest_is_not_taken_for_this_ones),
        kept(a_file_that_is_no_report_is_not_taken_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
