/* cgfile: the kernel's formats are read to the letter, and nothing else is taken for a figure. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cgroups/cgfile.h"

#define UNTOUCHED 4711u

static void assert_value(const char *text, uint64_t want)
{
    uint64_t got = UNTOUCHED;
    assert_int_equal(cgfile_value(text, &got), 0);
    assert_true(got == want);
}

static void assert_no_value(const char *text, int code)
{
    uint64_t got = UNTOUCHED;
    assert_int_equal(cgfile_value(text, &got), code);
    assert_true(got == UNTOUCHED);
}

static void assert_no_key(const char *text, const char *key, int code)
{
    uint64_t got = UNTOUCHED;
    assert_int_equal(cgfile_key(text, key, &got), code);
    assert_true(got == UNTOUCHED);
}

static void assert_nested(const char *text, const char *key, const char *field, double want)
{
    double got = -1;
    assert_int_equal(cgfile_nested(text, key, field, &got), 0);
    assert_float_equal(got, want, 1e-9);
}

static void assert_no_nested(const char *text, const char *key, const char *field, int code)
{
    double got = -1;
    assert_int_equal(cgfile_nested(text, key, field, &got), code);
    assert_float_equal(got, -1, 0);
}

static void cgfile_reads_a_value_with_its_newline(void **state)
{
    (void)state;
    assert_value("4096\n", 4096);
    assert_value("0\n", 0);
}

static void cgfile_reads_a_value_without_its_newline(void **state)
{
    (void)state;
    assert_value("4096", 4096);
}

static void cgfile_reads_max_as_the_largest_value(void **state)
{
    (void)state;
    assert_value("max\n", CGFILE_MAX);
    assert_value("max", CGFILE_MAX);
}

static void cgfile_refuses_a_word_that_only_begins_with_max(void **state)
{
    (void)state;
    assert_no_value("maximum\n", -EINVAL);
    assert_no_value("max 100000\n", -EINVAL);
}

static void cgfile_refuses_a_negative_value(void **state)
{
    (void)state;
    assert_no_value("-1\n", -EINVAL);
    assert_no_value("+1\n", -EINVAL);
}

static void cgfile_reads_the_largest_64_bit_value_and_refuses_the_next(void **state)
{
    (void)state;
    assert_value("18446744073709551615\n", UINT64_MAX);
    assert_no_value("18446744073709551616\n", -ERANGE);
    assert_no_value("99999999999999999999999\n", -ERANGE);
}

static void cgfile_refuses_an_empty_file(void **state)
{
    (void)state;
    assert_no_value("", -EINVAL);
    assert_no_value("\n", -EINVAL);
    assert_no_key("", "anon", -ENOENT);
}

static void cgfile_refuses_what_the_kernel_does_not_write(void **state)
{
    (void)state;
    assert_no_value("4096\r\n", -EINVAL);
    assert_no_value(" 4096\n", -EINVAL);
    assert_no_value("4096 \n", -EINVAL);
    assert_no_value("1 2\n", -EINVAL);
    assert_no_value("1\n2\n", -EINVAL);
    assert_no_value("0x10\n", -EINVAL);
    assert_no_value("1.5\n", -EINVAL);
    assert_no_key("anon 5\r\n", "anon", -EINVAL);
}

static void cgfile_finds_a_key_wherever_its_line_stands(void **state)
{
    (void)state;
    static const char STAT[] = "anon 1\nfile 2\nkernel 3";
    uint64_t v = 0;
    assert_int_equal(cgfile_key(STAT, "anon", &v), 0);
    assert_true(v == 1);
    assert_int_equal(cgfile_key(STAT, "file", &v), 0);
    assert_true(v == 2);
    assert_int_equal(cgfile_key(STAT, "kernel", &v), 0);
    assert_true(v == 3);
}

static void cgfile_does_not_match_a_key_inside_a_longer_key(void **state)
{
    (void)state;
    static const char STAT[] = "inactive_file 1\nfile_mapped 2\nworkingset_refault_file 3\n";
    assert_no_key(STAT, "file", -ENOENT);
    assert_no_key(STAT, "file_map", -ENOENT);
    assert_no_key(STAT, "inactive_file_", -ENOENT);
}

static void cgfile_does_not_take_a_value_for_a_key(void **state)
{
    (void)state;
    assert_no_key("state oom 3\n", "oom", -ENOENT);
    assert_no_key("oom\n", "oom", -ENOENT);
}

static void cgfile_reads_max_after_a_key(void **state)
{
    (void)state;
    uint64_t v = 0;
    assert_int_equal(cgfile_key("res_a max\nres_b 4\n", "res_a", &v), 0);
    assert_true(v == CGFILE_MAX);
}

static void cgfile_refuses_a_key_whose_value_is_no_number(void **state)
{
    (void)state;
    assert_no_key("oom -3\n", "oom", -EINVAL);
    assert_no_key("oom \n", "oom", -EINVAL);
    assert_no_key("oom 3 4\n", "oom", -EINVAL);
    assert_no_key("oom 18446744073709551616\n", "oom", -ERANGE);
}

static void cgfile_keeps_the_lines_of_a_nested_file_apart(void **state)
{
    (void)state;
    static const char PRESSURE[] = "some avg10=1.50 avg60=0.25 avg300=0.00 total=123456\n"
                                   "full avg10=0.07 avg60=0.00 avg300=0.00 total=9\n";
    assert_nested(PRESSURE, "some", "avg10", 1.5);
    assert_nested(PRESSURE, "some", "total", 123456);
    assert_nested(PRESSURE, "full", "avg10", 0.07);
    assert_nested(PRESSURE, "full", "total", 9);
}

static void cgfile_finds_a_device_of_io_stat(void **state)
{
    (void)state;
    static const char IO[] = "8:160 rbytes=1 wbytes=2\n8:16 rbytes=3 wbytes=4 dios=0";
    assert_nested(IO, "8:16", "wbytes", 4);
    assert_nested(IO, "8:16", "dios", 0);
    assert_nested(IO, "8:160", "rbytes", 1);
}

static void cgfile_says_which_nested_thing_is_not_there(void **state)
{
    (void)state;
    assert_no_nested("some avg10=0.00\n", "full", "avg10", -ENOENT);
    assert_no_nested("some avg10=0.00\nfull avg60=1.00\n", "some", "avg60", -ENOENT);
    assert_no_nested("some avg10=0.00\n", "some", "avg1", -ENOENT);
    assert_no_nested("some xavg10=0.00\n", "some", "avg10", -ENOENT);
    assert_no_nested("", "some", "avg10", -ENOENT);
}

static void cgfile_refuses_a_nested_value_that_is_no_decimal(void **state)
{
    (void)state;
    assert_no_nested("8:0 rbps=max\n", "8:0", "rbps", -EINVAL);
    assert_no_nested("some avg10=-1.0\n", "some", "avg10", -EINVAL);
    assert_no_nested("some avg10=1.\n", "some", "avg10", -EINVAL);
    assert_no_nested("some avg10=1,5\n", "some", "avg10", -EINVAL);
    assert_no_nested("some avg10=\n", "some", "avg10", -EINVAL);
    assert_no_nested("some avg10=1.0\r\n", "some", "avg10", -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgfile_reads_a_value_with_its_newline),
        cmocka_unit_test(cgfile_reads_a_value_without_its_newline),
        cmocka_unit_test(cgfile_reads_max_as_the_largest_value),
        cmocka_unit_test(cgfile_refuses_a_word_that_only_begins_with_max),
        cmocka_unit_test(cgfile_refuses_a_negative_value),
        cmocka_unit_test(cgfile_reads_the_largest_64_bit_value_and_refuses_the_next),
        cmocka_unit_test(cgfile_refuses_an_empty_file),
        cmocka_unit_test(cgfile_refuses_what_the_kernel_does_not_write),
        cmocka_unit_test(cgfile_finds_a_key_wherever_its_line_stands),
        cmocka_unit_test(cgfile_does_not_match_a_key_inside_a_longer_key),
        cmocka_unit_test(cgfile_does_not_take_a_value_for_a_key),
        cmocka_unit_test(cgfile_reads_max_after_a_key),
        cmocka_unit_test(cgfile_refuses_a_key_whose_value_is_no_number),
        cmocka_unit_test(cgfile_keeps_the_lines_of_a_nested_file_apart),
        cmocka_unit_test(cgfile_finds_a_device_of_io_stat),
        cmocka_unit_test(cgfile_says_which_nested_thing_is_not_there),
        cmocka_unit_test(cgfile_refuses_a_nested_value_that_is_no_decimal),
    };
    return cmocka_run_group_tests_name("cgfile", tests, NULL, NULL);
}
