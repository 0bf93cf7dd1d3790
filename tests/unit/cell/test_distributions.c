#include "cell/distributions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define SHA "3caffb44c549e70a794f567f1e7cb474ae2d94505e0813e5734474d111b54da9"

static struct distributions d;

static int end(void **state)
{
    (void)state;
    distributions_free(&d);
    return 0;
}

static void those_of_an_answer_are_taken_by_name(void **state)
{
    (void)state;
    assert_true(
        distributions_take("dist zoo 1.0 -\ndist foo-bar 2.0+local " SHA "\nomitted 3\nrefused 2\nend .\n", &d));
    assert_int_equal(d.count, 2);
    assert_string_equal(d.list[0].name, "foo-bar");
    assert_string_equal(d.list[0].version, "2.0+local");
    assert_string_equal(d.list[0].record_sha256, SHA);
    assert_string_equal(d.list[1].record_sha256, "");
    assert_int_equal(d.omitted, 3);
    assert_int_equal(d.refused, 2);
}

static void of_two_of_a_name_the_first_is_kept(void **state)
{
    (void)state;
    assert_true(distributions_take("dist a 1 -\ndist a 2 -\nend .\n", &d));
    assert_int_equal(d.count, 1);
    assert_string_equal(d.list[0].version, "1");
}

static void what_is_no_distribution_is_counted_and_not_taken(void **state)
{
    static const char *const NOT[] = {
        "dist ../x 1 -",      "dist a 1",          "dist a 1 - more",   "dist A 1 -", "dist a_b 1 -",
        "dist a /etc -",      "dist a 1 deadbeef", "dist \x1b[31m 1 -", "hello",      "",
        "dist a 1 " SHA "00", "dist a.b 1 -",
    };
    struct text answer = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(NOT) / sizeof(NOT[0]); i++)
        text_add(&answer, "%s\n", NOT[i]);
    text_add(&answer, "dist %0200d 1 -\ndist a %0100d -\ndist %0400d\nend .\n", 1, 1, 1);
    assert_true(distributions_take(answer.data, &d));
    assert_int_equal(d.count, 0);
    assert_int_equal(d.refused, sizeof(NOT) / sizeof(NOT[0]) + 3);
    text_free(&answer);
}

static void an_answer_without_its_end_is_none(void **state)
{
    (void)state;
    assert_false(distributions_take("", &d));
    assert_false(distributions_take("dist a 1 -\nend", &d));
    assert_false(distributions_take("dist a 1 -\n", &d));
}

static void no_more_than_a_thousand_are_kept(void **state)
{
    struct text answer = {0};
    (void)state;
    for (int i = 0; i < DISTRIBUTIONS_MAX + 5; i++)
        text_add(&answer, "dist p%d 1 -\n", i);
    text_add(&answer, "omitted 99999999999999999999\nend .\n");
    assert_true(distributions_take(answer.data, &d));
    assert_int_equal(d.count, DISTRIBUTIONS_MAX);
    assert_true(d.omitted >= 5);
    text_free(&answer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, end)
    const struct CMUnitTest tests[] = {
        TEST(those_of_an_answer_are_taken_by_name),
        TEST(of_two_of_a_name_the_first_is_kept),
        TEST(what_is_no_distribution_is_counted_and_not_taken),
        TEST(an_answer_without_its_end_is_none),
        TEST(no_more_than_a_thousand_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
