#include "selftest/planted.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "run/why.h"
#include "tests/unit/knobs.h"
#include "tests/unit/near.h"

static void each_is_a_pattern_of_a_scenario_that_came_with_tare(void **state)
{
    size_t none = 0;
    (void)state;
    for (size_t i = 0; i < planted_count; i++) {
        const struct planted *p = &planted_causes[i];
        const struct scenario_knob *knob = scenario_knob_find(shipped(p->scenario), "pattern");
        assert_non_null(knob);
        if (scenario_knob_check(knob, p->pattern, NULL) != 0)
            fail_msg("%s has no pattern '%s'", p->scenario, p->pattern);
        none += p->cause == NULL;
    }
    assert_int_equal(planted_count, 11);
    assert_int_equal(none, 2);
}

/* What nothing is planted for would be a pattern that no verdict is held against. */
static void each_pattern_of_causes_is_planted(void **state)
{
    (void)state;
    const struct scenario_knob *knob = scenario_knob_find(shipped("causes"), "pattern");
    for (size_t i = 0; knob->choice[i]; i++) {
        size_t k = 0;
        while (k < planted_count && strcmp(planted_causes[k].pattern, knob->choice[i]) != 0)
            k++;
        if (k == planted_count)
            fail_msg("nothing is planted for '%s'", knob->choice[i]);
    }
}

/* --- the judgement ------------------------------------------------------------------------------------------------ */

#define MS 1000000LL

static const struct planted LIST = {"scenario4", "list", "object_lock", NULL},
                            GARBAGE = {"causes", "garbage", "garbage_collection", "world_stopped"},
                            PURE = {"causes", "pure", NULL, NULL};

/* 100 ms are lost, as the list says, of 200; the first of it is what is named. */
static struct planted_result judged(const struct planted *p, struct cause *list, size_t count, double stretch)
{
    struct planted_result r;
    const struct why why = {
        .workers = 2,
        .stretch = stretch,
        .causes = {.list = list,
                   .count = count,
                   .sample_ns = MS,
                   .own_ns = 100 * MS,
                   .lost_ns = count ? 100 * MS : 0,
                   .samples = 1000},
    };
    for (size_t i = 0; i < count; i++)
        list[i].lost_ns = (int64_t)(list[i].share * 100 * (double)MS);
    planted_judge(p, &why, &r);
    return r;
}

#define JUDGED(p, stretch, ...)                                                                                        \
    judged(p, (struct cause[]){__VA_ARGS__}, sizeof((struct cause[]){__VA_ARGS__}) / sizeof(struct cause), stretch)

static void a_row_is_ok_where_what_is_planted_is_first_and_most(void **state)
{
    (void)state;
    const struct planted_result r = JUDGED(&LIST, 3, {.id = "object_lock", .share = 0.9}, {.id = "gil", .share = 0.1});
    assert_int_equal(r.verdict, PLANTED_OK);
    assert_string_equal(r.named, "object_lock");
    assert_true(fabs(r.share - 0.9) < 1e-9);
    assert_string_equal(r.reason, "");
}

static void one_objects_lock_is_a_row_for_each_kind_of_object(void **state)
{
    (void)state;
    const struct planted_result r = JUDGED(&LIST, 3, {.id = "object_lock", .share = 0.4},
                                           {.id = "object_lock", .share = 0.3}, {.id = "memory_map", .share = 0.3});
    assert_int_equal(r.verdict, PLANTED_OK);
    assert_true(fabs(r.share - 0.7) < 1e-9);
}

static void what_says_as_much_counts_with_it(void **state)
{
    (void)state;
    const struct planted_result r =
        JUDGED(&GARBAGE, 3, {.id = "world_stopped", .share = 0.5}, {.id = "garbage_collection", .share = 0.3});
    assert_int_equal(r.verdict, PLANTED_OK);
    assert_string_equal(r.named, "world_stopped");
}

static void another_cause_first_is_misnamed(void **state)
{
    (void)state;
    const struct planted_result r =
        JUDGED(&LIST, 3, {.id = "memory_map", .share = 0.7}, {.id = "object_lock", .share = 0.3});
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
    assert_string_equal(r.named, "memory_map");
    assert_non_null(strstr(r.reason, "30 %"));
}

static void too_small_a_share_is_misnamed(void **state)
{
    (void)state;
    const struct planted_result r = JUDGED(&LIST, 3, {.id = "object_lock", .share = 0.5});
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
    assert_non_null(strstr(r.reason, "60 %"));
}

/* Nothing is named: that is a fault where threads do lose, and no knowledge where they do not. */
static void nothing_named_is_judged_by_what_threads_lose(void **state)
{
    (void)state;
    const struct planted_result slow = judged(&LIST, NULL, 0, 2), quick = judged(&LIST, NULL, 0, 1.02),
                                unknown = judged(&LIST, NULL, 0, NAN);
    assert_int_equal(slow.verdict, PLANTED_MISNAMED);
    assert_string_equal(slow.named, "");
    assert_int_equal(quick.verdict, PLANTED_UNAVAILABLE);
    assert_non_null(strstr(quick.reason, "1.02 times"));
    assert_int_equal(unknown.verdict, PLANTED_MISNAMED);
}

static void where_time_is_emulated_only_a_wrong_name_is_misnamed(void **state)
{
    (void)state;
    struct planted_result none = judged(&LIST, NULL, 0, 2.5), quick = judged(&LIST, NULL, 0, 1.02),
                          wrong = JUDGED(&LIST, 2.5, {.id = "memory_map", .share = 1}),
                          right = JUDGED(&LIST, 2.5, {.id = "object_lock", .share = 1});
    planted_allow_for_emulation(&none);
    assert_int_equal(none.verdict, PLANTED_UNAVAILABLE);
    assert_non_null(strstr(none.reason, "2.50 times"));
    planted_allow_for_emulation(&quick);
    assert_non_null(strstr(quick.reason, "nothing to name"));
    planted_allow_for_emulation(&wrong);
    assert_int_equal(wrong.verdict, PLANTED_MISNAMED);
    planted_allow_for_emulation(&right);
    assert_int_equal(right.verdict, PLANTED_OK);
}

/* Where no sample tells of an atomic instruction, it is no fault that shared reference counts are not named; of other
 * causes it is one. */
static void what_samples_do_not_tell_of_is_unavailable(void **state)
{
    (void)state;
    static const struct planted COUNT = {"scenario4", "refcount", "shared_reference_count", NULL};
    struct planted_result r;
    char unseen[] = "of 128 samples 0 lay behind it";
    struct why why = {.workers = 2, .stretch = 2, .causes = {.own_ns = 100 * MS, .samples = 1000}};
    why.no_atomic = (struct text){.data = unseen, .len = strlen(unseen)};
    planted_judge(&COUNT, &why, &r);
    assert_int_equal(r.verdict, PLANTED_UNAVAILABLE);
    assert_non_null(strstr(r.reason, unseen));
    planted_judge(&LIST, &why, &r);
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
    struct cause wrong = {.id = "memory_map", .share = 1, .lost_ns = 100 * MS};
    why.causes.list = &wrong;
    why.causes.count = 1;
    why.causes.lost_ns = 100 * MS;
    planted_judge(&COUNT, &why, &r);
    assert_int_equal(r.verdict, PLANTED_UNAVAILABLE);
    why.no_atomic = (struct text){0};
    planted_judge(&COUNT, &why, &r);
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
    why.causes = (struct causes){.own_ns = 100 * MS, .samples = 1000};
    planted_judge(&COUNT, &why, &r);
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
}

/* A wrong name stays one, however little is lost. */
static void a_wrong_name_is_never_unavailable(void **state)
{
    (void)state;
    const struct planted_result r = JUDGED(&LIST, 1.0, {.id = "memory_map", .share = 1});
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
}

/* Misnamed or not: with the CPUs in others' hands it is not known. What is named right stays so. */
static void what_is_misnamed_on_crowded_cpus_is_unavailable(void **state)
{
    (void)state;
    struct cause wrong = {.id = "memory_map", .share = 1, .lost_ns = 100 * MS}, right = wrong;
    struct why why = {.workers = 2, .stretch = 3};
    why.causes = (struct causes){.count = 1, .list = &wrong, .own_ns = 100 * MS, .lost_ns = 100 * MS, .samples = 1000};
    why.causes.runnable_ns = 100 * MS;
    why.causes.thread_ns = 300 * MS;
    struct planted_result r;
    planted_judge(&LIST, &why, &r);
    assert_int_equal(r.verdict, PLANTED_UNAVAILABLE);
    assert_non_null(strstr(r.reason, "33 %"));
    right.id = "object_lock";
    why.causes.list = &right;
    planted_judge(&LIST, &why, &r);
    assert_int_equal(r.verdict, PLANTED_OK);
}

static void the_innocent_is_ok_where_nothing_is_named(void **state)
{
    (void)state;
    struct planted_result r = judged(&PURE, NULL, 0, 1);
    assert_int_equal(r.verdict, PLANTED_OK);
    r = JUDGED(&PURE, 1, {.id = "memory_map", .share = 1});
    assert_int_equal(r.verdict, PLANTED_MISNAMED);
    const struct why blind = {.workers = 2, .stretch = 1, .causes = {.samples = 5}};
    planted_judge(&PURE, &blind, &r);
    assert_int_equal(r.verdict, PLANTED_UNAVAILABLE);
    assert_non_null(strstr(r.reason, "5 samples"));
}

static void the_report_says_of_each_row_what_was_planted_and_what_named(void **state)
{
    (void)state;
    struct planted_result rows[] = {
        JUDGED(&LIST, 3, {.id = "object_lock", .share = 1}), judged(&PURE, NULL, 0, 1), {0}};
    planted_give_up(&LIST, "the workload failed", &rows[2]);
    const struct planted_report report = {
        .result = rows, .results = 3, .workers = 2, .count = {[PLANTED_OK] = 2, [PLANTED_UNAVAILABLE] = 1}};
    cleanup_text struct text said = {0};
    planted_json(&report, &said);
    json_t *o = json_loads(said.data, 0, NULL), *list = json_object_get(o, "rows");
    assert_string_equal(json_string_value(json_object_get(o, "schema")), PLANTED_SCHEMA);
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "verdict")), "ok");
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "planted")));
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "named")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "verdict")), "unavailable");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "reason")), "the workload failed");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "named_reason")),
                        "the workload failed");
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_a_pattern_of_a_scenario_that_came_with_tare),
        cmocka_unit_test(each_pattern_of_causes_is_planted),
        cmocka_unit_test(a_row_is_ok_where_what_is_planted_is_first_and_most),
        cmocka_unit_test(one_objects_lock_is_a_row_for_each_kind_of_object),
        cmocka_unit_test(what_says_as_much_counts_with_it),
        cmocka_unit_test(another_cause_first_is_misnamed),
        cmocka_unit_test(too_small_a_share_is_misnamed),
        cmocka_unit_test(nothing_named_is_judged_by_what_threads_lose),
        cmocka_unit_test(what_samples_do_not_tell_of_is_unavailable),
        cmocka_unit_test(where_time_is_emulated_only_a_wrong_name_is_misnamed),
        cmocka_unit_test(a_wrong_name_is_never_unavailable),
        cmocka_unit_test(what_is_misnamed_on_crowded_cpus_is_unavailable),
        cmocka_unit_test(the_innocent_is_ok_where_nothing_is_named),
        cmocka_unit_test(the_report_says_of_each_row_what_was_planted_and_what_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
