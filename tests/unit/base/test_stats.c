#include "base/stats.h"

#include "base/cleanup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 1000 };

/* What Python's statistics module says of durations in ns that a linear congruential generator gives; below % m: ties.
 *
 *     python3 -c '
 *     import statistics as s
 *     for n, m in ((20, 10**6), (21, 10**6), (30, 10**6), (59, 10**6), (1000, 10**6), (20, 3), (30, 3), (1000, 3)):
 *         x, t = n, []
 *         for _ in range(n):
 *             x = (x * 1103515245 + 12345) % 2**32
 *             t.append(((x >> 8) % m + 1) / 1e9)
 *         print(n, m, repr(s.fmean(t)), repr(s.median(t)), repr(s.quantiles(t, n=20)[18]))' */
static const struct oracle {
    unsigned n, m;
    double mean_s, median_s, p95_s;
} PYTHON[] = {
    {20, 1000000, 0.000447762, 0.000500637, 0.0008896576500000001},
    {21, 1000000, 0.00040873247619047624, 0.000333969, 0.0009369488999999998},
    {30, 1000000, 0.0005150397666666667, 0.0005847624999999999, 0.00097016275},
    {59, 1000000, 0.0005679082881355933, 0.000614383, 0.000957825},
    {1000, 1000000, 0.0005178535549999999, 0.0005314499999999999, 0.0009574277500000001},
    {20, 3, 2.25e-09, 2e-09, 2.9999999999999996e-09},
    {30, 3, 2.2666666666666667e-09, 2.5e-09, 2.9999999999999996e-09},
    {1000, 3, 1.9450000000000002e-09, 2e-09, 2.9999999999999996e-09},
};

static void assert_close(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-13 * fabs(wanted)))
        fail_msg("%.17g is not %.17g", got, wanted);
}

/* Fills in n stamps, the durations as in the comment above, each beginning at its own time. */
static void stamp(unsigned n, unsigned m, int64_t *start_ns, int64_t *end_ns)
{
    uint32_t x = n;
    for (unsigned i = 0; i < n; i++) {
        x = x * 1103515245U + 12345U;
        start_ns[i] = 8000000000000000000LL + 2000000LL * i; /* where a double no longer holds every ns */
        end_ns[i] = start_ns[i] + (int64_t)((x >> 8) % m + 1);
    }
}

static struct stats_iterations of_oracle(const struct oracle *o)
{
    int64_t start_ns[MOST], end_ns[MOST];
    stamp(o->n, o->m, start_ns, end_ns);
    return stats_of_iterations(start_ns, end_ns, o->n);
}

static void p95_is_what_python_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PYTHON); i++)
        assert_close(of_oracle(&PYTHON[i]).p95_s, PYTHON[i].p95_s);
}

static void mean_and_median_are_what_python_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PYTHON); i++) {
        assert_close(of_oracle(&PYTHON[i]).mean_s, PYTHON[i].mean_s);
        assert_close(of_oracle(&PYTHON[i]).median_s, PYTHON[i].median_s);
    }
}

static void p95_of_nineteen_iterations_is_printed_as_nan(void **state)
{
    (void)state;
    int64_t start_ns[20], end_ns[20];
    char printed[32];
    stamp(20, 1000, start_ns, end_ns);
    struct stats_iterations r = stats_of_iterations(start_ns, end_ns, 19);
    (void)snprintf(printed, sizeof(printed), "%.9f", r.p95_s);
    assert_string_equal(printed, "nan"); /* and not "-nan" */
    assert_true(isfinite(r.mean_s) && isfinite(r.median_s));
    assert_true(isfinite(stats_of_iterations(start_ns, end_ns, 20).p95_s));
}

static void no_iteration_gives_no_figure(void **state)
{
    (void)state;
    struct stats_iterations r = stats_of_iterations(NULL, NULL, 0);
    assert_true(isnan(r.mean_s) && isnan(r.median_s) && isnan(r.p95_s));
}

static void one_iteration_is_its_own_mean_and_has_no_median(void **state)
{
    (void)state;
    const int64_t start_ns[] = {7}, end_ns[] = {1500000007};
    struct stats_iterations r = stats_of_iterations(start_ns, end_ns, 1);
    assert_close(r.mean_s, 1.5);
    assert_true(isnan(r.median_s) && isnan(r.p95_s));
}

static void two_iterations_have_the_middle_of_them_as_median(void **state)
{
    (void)state;
    const int64_t start_ns[] = {0, 10}, end_ns[] = {3, 11}; /* 3 and 1 ns, the longer first */
    struct stats_iterations r = stats_of_iterations(start_ns, end_ns, 2);
    assert_close(r.mean_s, 2e-9);
    assert_close(r.median_s, 2e-9);
}

static void iterations_of_no_length_are_zero_and_not_absent(void **state)
{
    (void)state;
    int64_t stamps_ns[20] = {0};
    struct stats_iterations r = stats_of_iterations(stamps_ns, stamps_ns, 20);
    assert_true(r.mean_s == 0 && r.median_s == 0 && r.p95_s == 0);
}

/* python3 -c 'import statistics as s; print(s.quantiles([1, 2, 4, 8, 16], n=4))' -> [1.5, 4.0, 12.0] */
static void quartiles_of_five_values_are_what_python_gives(void **state)
{
    (void)state;
    const double values[] = {1, 2, 4, 8, 16};
    assert_close(stats_quantile6(values, 5, 1, 4), 1.5);
    assert_close(stats_quantile6(values, 5, 2, 4), 4);
    assert_close(stats_quantile6(values, 5, 3, 4), 12);
}

/* python3 -c 'import statistics as s; q = s.quantiles([3, 10], n=20); print(q[0], q[1], q[17], q[18])'
 * Beyond both ends: why p95 is kept back below 20. */
static void quantiles_of_two_values_extrapolate_as_pythons_do(void **state)
{
    (void)state;
    const double values[] = {3, 10};
    assert_close(stats_quantile6(values, 2, 1, 20), -2.95);
    assert_close(stats_quantile6(values, 2, 2, 20), -1.9);
    assert_close(stats_quantile6(values, 2, 18, 20), 14.9);
    assert_close(stats_quantile6(values, 2, 19, 20), 15.95);
}

/* python3 -c 'import statistics as s; print(s.quantiles(range(1, 20), n=20))' -> [1.0, 2.0, … 19.0] */
static void quantiles_that_fall_on_a_value_are_that_value(void **state)
{
    (void)state;
    double values[19];
    for (unsigned i = 0; i < 19; i++)
        values[i] = i + 1;
    for (unsigned k = 1; k < 20; k++)
        assert_close(stats_quantile6(values, 19, k, 20), k);
}

static void median_sorts_what_it_is_given(void **state)
{
    (void)state;
    double odd[] = {9, -1, 4}, even[] = {8, 1, 2, 4}, one[] = {5};
    assert_close(stats_median(odd, 3), 4);
    assert_true(odd[0] == -1 && odd[1] == 4 && odd[2] == 9);
    assert_close(stats_median(even, 4), 3);
    assert_close(stats_median(one, 1), 5);
}

static void a_range_has_the_least_the_most_and_the_mean(void **state)
{
    (void)state;
    struct stats_range r = {0};
    stats_range_add(&r, 5, 1);
    stats_range_add(&r, 2, 1);
    stats_range_add(&r, 11, 1);
    assert_int_equal(r.n, 3);
    assert_int_equal(r.min, 2);
    assert_int_equal(r.max, 11);
    assert_int_equal(stats_range_mean(&r), 6);
}

static uint64_t mean_of(uint64_t a, uint64_t b, uint64_t c)
{
    struct stats_range r = {0};
    stats_range_add(&r, a, 1);
    stats_range_add(&r, b, 1);
    stats_range_add(&r, c, 1);
    return stats_range_mean(&r);
}

static void the_mean_of_a_range_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    struct stats_range half = {0};
    assert_int_equal(mean_of(1, 1, 2), 1); /* 1.33 */
    assert_int_equal(mean_of(1, 2, 2), 2); /* 1.67 */
    stats_range_add(&half, 1, 1);
    stats_range_add(&half, 2, 1);
    assert_int_equal(stats_range_mean(&half), 2); /* 1.5: away from zero, llround(3) */
}

static void zero_is_a_figure_of_a_range(void **state)
{
    (void)state;
    struct stats_range r = {0};
    assert_int_equal(stats_range_mean(&r), 0);
    assert_int_equal(r.n, 0);
    stats_range_add(&r, 0, 1);
    stats_range_add(&r, 10, 1);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.min, 0);
    assert_int_equal(r.max, 10);
}

static void a_range_holds_a_machine_of_many_tebibytes(void **state)
{
    (void)state;
    const uint64_t bytes = (uint64_t)64 << 40;
    struct stats_range r = {0};
    for (int i = 0; i < 100000; i++)
        stats_range_add(&r, bytes, 1);
    assert_true(stats_range_mean(&r) == bytes && r.min == bytes && r.max == bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p95_is_what_python_gives),
        cmocka_unit_test(mean_and_median_are_what_python_gives),
        cmocka_unit_test(p95_of_nineteen_iterations_is_printed_as_nan),
        cmocka_unit_test(no_iteration_gives_no_figure),
        cmocka_unit_test(one_iteration_is_its_own_mean_and_has_no_median),
        cmocka_unit_test(two_iterations_have_the_middle_of_them_as_median),
        cmocka_unit_test(iterations_of_no_length_are_zero_and_not_absent),
        cmocka_unit_test(quartiles_of_five_values_are_what_python_gives),
        cmocka_unit_test(quantiles_of_two_values_extrapolate_as_pythons_do),
        cmocka_unit_test(quantiles_that_fall_on_a_value_are_that_value),
        cmocka_unit_test(median_sorts_what_it_is_given),
        cmocka_unit_test(a_range_has_the_least_the_most_and_the_mean),
        cmocka_unit_test(the_mean_of_a_range_is_rounded_to_the_nearest),
        cmocka_unit_test(zero_is_a_figure_of_a_range),
        cmocka_unit_test(a_range_holds_a_machine_of_many_tebibytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
