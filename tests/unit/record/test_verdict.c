#include "record/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum grade grade_of(enum slice_provenance provenance, bool first_ok, bool second_ok)
{
    struct verdict v = {0};
    verdict_add(&v, LEVEL_REQUIRED, "one", first_ok, "a", "a", "read(2)", "not one");
    verdict_add(&v, LEVEL_REQUIRED, "two", second_ok, "b", "b", "read(2)", "not two");
    verdict_grade(&v, provenance);
    return v.grade;
}

static void a_slice_of_our_own_with_every_check_ok_is_full(void **state)
{
    (void)state;
    assert_int_equal(grade_of(SLICE_GIVEN, true, true), GRADE_FULL);
    assert_int_equal(grade_of(SLICE_DELEGATED, true, true), GRADE_FULL);
    assert_int_equal(grade_of(SLICE_SCOPE, true, true), GRADE_FULL);
    assert_int_equal(grade_of(SLICE_CREATED, true, true), GRADE_FULL);
}

static void one_check_that_failed_makes_it_partial_whichever_it_is(void **state)
{
    (void)state;
    for (enum slice_provenance p = SLICE_GIVEN; p <= SLICE_CREATED; p++) {
        assert_int_equal(grade_of(p, false, true), GRADE_PARTIAL);
        assert_int_equal(grade_of(p, true, false), GRADE_PARTIAL);
    }
}

static void a_container_that_is_the_slice_is_borrowed_at_best_and_at_worst(void **state)
{
    (void)state;
    assert_int_equal(grade_of(SLICE_BORROWED, true, true), GRADE_BORROWED);
    assert_int_equal(grade_of(SLICE_BORROWED, false, false), GRADE_BORROWED);
}

static void without_a_slice_the_grade_is_none_whatever_the_checks_say(void **state)
{
    (void)state;
    assert_int_equal(grade_of(SLICE_NONE, true, true), GRADE_NONE);
    assert_int_equal(grade_of(SLICE_NONE, false, true), GRADE_NONE);
}

static void the_grades_are_called_what_the_design_calls_them(void **state)
{
    (void)state;
    assert_string_equal(verdict_grades[GRADE_FULL].name, "full");
    assert_string_equal(verdict_grades[GRADE_PARTIAL].name, "partial");
    assert_string_equal(verdict_grades[GRADE_BORROWED].name, "borrowed");
    assert_string_equal(verdict_grades[GRADE_NONE].name, "none");
}

static void the_first_check_that_failed_is_found(void **state)
{
    (void)state;
    struct verdict v = {0};
    assert_null(verdict_first_failed(&v));
    verdict_add(&v, LEVEL_REQUIRED, "fine", true, "", "", "", "");
    assert_null(verdict_first_failed(&v));
    verdict_add(&v, LEVEL_REQUIRED, "bad", false, "", "", "", "so");
    verdict_add(&v, LEVEL_REQUIRED, "worse", false, "", "", "", "so too");
    assert_string_equal(verdict_first_failed(&v)->name, "bad");
}

static void a_recorded_check_that_failed_takes_nothing_from_the_grade(void **state)
{
    (void)state;
    struct verdict v = {0};
    verdict_add(&v, LEVEL_REQUIRED, "born in the slice", true, "", "", "", "");
    verdict_add(&v, LEVEL_RECORDED, "governor", false, "performance", "", "", "a VM has none");
    verdict_grade(&v, SLICE_CREATED);
    assert_int_equal(v.grade, GRADE_FULL);
    assert_null(verdict_first_failed(&v));
    assert_string_equal(verdict_levels[v.check[0].level], "required");
    assert_string_equal(verdict_levels[v.check[1].level], "recorded");
}

static void of_the_checks_that_failed_the_first_required_one_decides(void **state)
{
    (void)state;
    struct verdict v = {0};
    verdict_add(&v, LEVEL_RECORDED, "governor", false, "", "", "", "");
    verdict_add(&v, LEVEL_REQUIRED, "memory.max", false, "", "", "", "so");
    verdict_grade(&v, SLICE_CREATED);
    assert_int_equal(v.grade, GRADE_PARTIAL);
    assert_string_equal(verdict_first_failed(&v)->name, "memory.max");
}

static void a_check_keeps_what_was_asked_got_and_by_what_it_was_seen(void **state)
{
    (void)state;
    struct verdict v = {0};
    verdict_add(&v, LEVEL_REQUIRED, "cpuset.cpus", false, "0-3", "0-1", "cpuset.cpus.effective", "someone holds 2-3");
    assert_int_equal(v.count, 1);
    assert_string_equal(v.check[0].requested, "0-3");
    assert_string_equal(v.check[0].achieved, "0-1");
    assert_string_equal(v.check[0].verified_by, "cpuset.cpus.effective");
    assert_string_equal(v.check[0].reason, "someone holds 2-3");
    assert_false(v.check[0].ok);
}

static void a_check_that_is_ok_has_no_reason(void **state)
{
    (void)state;
    struct verdict v = {0};
    verdict_add(&v, LEVEL_REQUIRED, "x", true, "1", "1", "f", "would be why not");
    assert_string_equal(v.check[0].reason, "");
}

static void texts_that_are_too_long_are_cut_and_ended(void **state)
{
    (void)state;
    char text[2000];
    struct verdict v = {0};
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    verdict_add(&v, LEVEL_REQUIRED, text, false, text, text, text, text);
    const struct check *c = &v.check[0];
    assert_int_equal(strlen(c->name), sizeof(c->name) - 1);
    assert_int_equal(strlen(c->requested), sizeof(c->requested) - 1);
    assert_int_equal(strlen(c->achieved), sizeof(c->achieved) - 1);
    assert_int_equal(strlen(c->verified_by), sizeof(c->verified_by) - 1);
    assert_int_equal(strlen(c->reason), sizeof(c->reason) - 1);
}

static void more_checks_than_fit_overrun_nothing(void **state)
{
    (void)state;
    struct {
        struct verdict v;
        char after[64];
    } here = {0};
    for (int i = 0; i < VERDICT_CHECKS_MAX + 5; i++)
        verdict_add(&here.v, LEVEL_REQUIRED, "x", true, "", "", "", "");
    assert_int_equal(here.v.count, VERDICT_CHECKS_MAX);
    for (size_t i = 0; i < sizeof(here.after); i++)
        assert_int_equal(here.after[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_of_our_own_with_every_check_ok_is_full),
        cmocka_unit_test(one_check_that_failed_makes_it_partial_whichever_it_is),
        cmocka_unit_test(a_container_that_is_the_slice_is_borrowed_at_best_and_at_worst),
        cmocka_unit_test(without_a_slice_the_grade_is_none_whatever_the_checks_say),
        cmocka_unit_test(the_grades_are_called_what_the_design_calls_them),
        cmocka_unit_test(the_first_check_that_failed_is_found),
        cmocka_unit_test(a_recorded_check_that_failed_takes_nothing_from_the_grade),
        cmocka_unit_test(of_the_checks_that_failed_the_first_required_one_decides),
        cmocka_unit_test(a_check_keeps_what_was_asked_got_and_by_what_it_was_seen),
        cmocka_unit_test(a_check_that_is_ok_has_no_reason),
        cmocka_unit_test(texts_that_are_too_long_are_cut_and_ended),
        cmocka_unit_test(more_checks_than_fit_overrun_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
