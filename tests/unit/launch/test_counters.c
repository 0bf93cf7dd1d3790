#include "launch/counters.h"

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/facts.h"
#include "tests/unit/near.h"

#include <string.h>
#include <sys/resource.h>

static void each_cpu_is_extrapolated_by_its_own_times(void **state)
{
    (void)state;
    const struct perf_count planted[] = {{1000, 100, 100}, {300, 300, 100}, {0, 0, 0}};
    double sum = 0, share = 0;
    assert_true(counters_sum(planted, ARRAY_LEN(planted), &sum, &share));
    assert_near(sum, 1000 + 900, 1e-9);
    assert_near(share, 200.0 / 400, 1e-12);
}

static void a_cpu_on_which_the_counter_never_ran_tells_nothing_of_the_sum(void **state)
{
    (void)state;
    const struct perf_count planted[] = {{1000, 100, 100}, {0, 100, 0}};
    double sum = -1, share = -1;
    assert_false(counters_sum(planted, ARRAY_LEN(planted), &sum, &share));
    assert_near(sum, -1, 0); /* and is no zero */
}

static void a_slice_that_ran_nowhere_is_not_counted_and_is_no_zero(void **state)
{
    (void)state;
    const struct perf_count planted[] = {{0, 0, 0}, {0, 0, 0}};
    double sum = -1, share = -1;
    assert_false(counters_sum(planted, ARRAY_LEN(planted), &sum, &share));
    assert_near(sum, -1, 0);
    assert_near(share, -1, 0);
}

/* No directory of a cgroup: the kernel refuses each, and each says so. */
static void what_the_kernel_refuses_is_absent_with_the_reason(void **state)
{
    (void)state;
    struct cpulist cpus = {0};
    struct facts facts = {0};
    cpulist_add(&cpus, 0);
    struct counters *c = counters_open(-1, &cpus);
    counters_describe(c, &facts);
    assert_non_null(facts_find(&facts, "instructions"));
    for (size_t i = 0; i + 1 < facts.count; i++) { /* the last is the number of CPUs */
        assert_int_equal(facts.list[i].kind, FACT_ABSENT);
        assert_true(strlen(facts.list[i].text) > 5);
    }
    counters_close(&c);
    assert_null(c);
    facts_free(&facts);
}

/* The kernel, which here refuses all for another reason, is not asked. */
static void counters_leave_the_descriptors_that_the_cell_needs(void **state)
{
    (void)state;
    static const struct {
        rlim_t limit;
        bool is_too_few;
    } CASES[] = {{24, true}, {64 + 4 * 11, true}, {64 + 4 * 12, false}};
    struct cpulist cpus = {0};
    struct rlimit usual;
    for (unsigned cpu = 0; cpu < 12; cpu++)
        cpulist_add(&cpus, cpu);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    for (size_t n = 0; n < ARRAY_LEN(CASES); n++) {
        struct facts facts = {0};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){CASES[n].limit, usual.rlim_max}), 0);
        struct counters *c = counters_open(-1, &cpus);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
        counters_describe(c, &facts);
        assert_non_null(facts_find(&facts, "instructions"));
        for (size_t i = 0; i + 1 < facts.count; i++) { /* the last is the number of CPUs */
            const struct fact *f = &facts.list[i];
            assert_int_equal(f->kind, FACT_ABSENT);
            assert_true((strstr(f->text, "for each of 12 CPUs, and of the") != NULL) == CASES[n].is_too_few);
        }
        counters_close(&c);
        facts_free(&facts);
    }
}

static void without_a_slice_all_are_absent_for_its_reason(void **state)
{
    (void)state;
    struct facts facts = {0};
    counters_describe_absent("no slice here", &facts);
    assert_non_null(facts_find(&facts, "instructions"));
    for (size_t i = 0; i < facts.count; i++)
        assert_string_equal(facts.list[i].text, "no slice here");
    facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cpu_is_extrapolated_by_its_own_times),
        cmocka_unit_test(a_cpu_on_which_the_counter_never_ran_tells_nothing_of_the_sum),
        cmocka_unit_test(a_slice_that_ran_nowhere_is_not_counted_and_is_no_zero),
        cmocka_unit_test(counters_leave_the_descriptors_that_the_cell_needs),
        cmocka_unit_test(what_the_kernel_refuses_is_absent_with_the_reason),
        cmocka_unit_test(without_a_slice_all_are_absent_for_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
