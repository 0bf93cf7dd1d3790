#include "cell/request.h"

#include <stddef.h>

#include "tests/unit/golden.h"

static void assert_quota(const char *text, int64_t usec, int64_t period_usec)
{
    struct quota q = {-1, -1};
    if (quota_parse(text, &q) != 0)
        fail_msg("'%s' was refused", text);
    assert_int_equal(q.usec, usec);
    assert_int_equal(q.period_usec, period_usec);
}

static void a_quota_is_a_share_a_number_of_cpus_or_the_kernels_words(void **state)
{
    (void)state;
    assert_quota(NULL, 0, 0);
    assert_quota("50%", 50000, 100000);
    assert_quota("150%", 150000, 100000);
    assert_quota("1", 100000, 100000);
    assert_quota("1.5", 150000, 100000);
    assert_quota(".25", 25000, 100000);
    assert_quota("1%", 1000, 100000);
    assert_quota("4096", 409600000, 100000);
    assert_quota("2000 10000", 2000, 10000);
    assert_quota("5000000 1000000", 5000000, 1000000);
}

static void what_the_kernel_would_refuse_is_none(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",     "0",         "0%",      "-1",           "nan",       "inf",     "x",
        "50 %", "max 10000", "0.9%",    "4097",         "999 10000", "5000",    "1e3",
        "0x10", "1000 999",  "1000 1 ", "5000 1000001", " 1000",     "1000 1k", "5000000000 1000"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++) {
        struct quota q = {-1, -1};
        if (quota_parse(BAD[i], &q) == 0)
            fail_msg("'%s' was accepted", BAD[i]);
        assert_int_equal(q.usec, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_a_share_a_number_of_cpus_or_the_kernels_words),
        cmocka_unit_test(what_the_kernel_would_refuse_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
