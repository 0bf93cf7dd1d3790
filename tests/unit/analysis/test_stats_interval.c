#include "analysis/stats_interval.h"

#include "base/cleanup.h"
#include "base/stats.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <stdio.h>
#include <string.h>

/* Confidence Intervals for the Population Median (a textbook's table A.7; Le Boudec 2010, Appendix A, has the same
 * ranks): the narrowest of each n with at least 95%, and what it covers, in percent. */
static const struct {
    size_t n, low, high;
    double percent;
} MEDIANS[] = {
    {6, 1, 6, 96.9},   {7, 1, 7, 98.4},   {8, 1, 8, 99.2},   {9, 2, 8, 96.1},   {10, 2, 9, 97.9},
    {11, 2, 10, 98.8}, {12, 3, 10, 96.1}, {13, 3, 11, 97.8}, {14, 3, 12, 98.7}, {15, 4, 12, 96.5},
    {16, 4, 13, 97.9}, {17, 5, 13, 95.1}, {18, 5, 14, 96.9}, {19, 5, 15, 98.1}, {20, 6, 15, 95.9},
};

static void ranks_of_the_median_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MEDIANS); i++) {
        struct stats_ranks r = stats_quantile_ranks(MEDIANS[i].n, 0.5, 0.95);
        assert_null(r.why_not);
        assert_int_equal(r.low, MEDIANS[i].low);
        assert_int_equal(r.high, MEDIANS[i].high);
        assert_near(100 * r.confidence, MEDIANS[i].percent, 0.051);
    }
    struct stats_ranks thirty = stats_quantile_ranks(30, 0.5, 0.95);
    assert_int_equal(thirty.low, 10);
    assert_int_equal(thirty.high, 21);
}

static void a_median_of_five_has_no_interval_and_says_so(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 4, 5};
    struct stats_interval i = stats_quantile_interval(values, 5, 0.5, 0.95);
    assert_string_equal(i.why_not, "fewer values than an interval by ranks takes (6 for a median, 59 for a p95)");
    assert_near(i.at, 3, 0);
    assert_true(isnan(i.low) && isnan(i.high));
    for (size_t n = 0; n < 6; n++)
        assert_non_null(stats_quantile_ranks(n, 0.5, 0.95).why_not);
}

/* 1 - 0.95^58 = 0.949, 1 - 0.95^59 = 0.9515 */
static void a_p95_has_an_interval_from_59_values_on(void **state)
{
    (void)state;
    for (size_t n = 0; n < 59; n++)
        assert_non_null(stats_quantile_ranks(n, 0.95, 0.95).why_not);
    struct stats_ranks r = stats_quantile_ranks(59, 0.95, 0.95);
    assert_null(r.why_not);
    assert_int_equal(r.high, 59);
    for (size_t n = 59; n < 1000; n++) {
        r = stats_quantile_ranks(n, 0.95, 0.95);
        assert_null(r.why_not);
        assert_true(r.low >= 1 && r.low < r.high && r.high <= n && r.confidence >= 0.95 && r.confidence < 0.985);
    }
}

static void the_interval_by_ranks_is_the_values_at_them(void **state)
{
    (void)state;
    double values[20];
    for (int i = 0; i < 20; i++)
        values[i] = 10 * (i + 1);
    struct stats_interval i = stats_quantile_interval(values, 20, 0.5, 0.95);
    assert_near(i.low, 60, 0);
    assert_near(i.high, 150, 0);
    assert_near(i.at, 105, 1e-12);
}

/* python3 -c 'import statistics as s; print(s.quantiles([3, 1, 4, 1.5, 9, 2.6], n=20, method="inclusive"))' */
static void type_7_is_pythons_inclusive_method(void **state)
{
    (void)state;
    double values[] = {3, 1, 4, 1.5, 9, 2.6};
    gsl_sort(values, 1, 6);
    assert_near(stats_quantile7(values, 6, 0.05), 1.125, 1e-12);
    assert_near(stats_quantile7(values, 6, 0.25), 1.775, 1e-12);
    assert_near(stats_quantile7(values, 6, 0.95), 7.75, 1e-12);
    assert_near(stats_quantile7(values, 6, 1), 9, 0);
}

/* Student's t in any table, two-sided 95%. */
static void t_is_that_of_the_tables(void **state)
{
    (void)state;
    assert_near(stats_student(0.975, 1), 12.706, 5e-4);
    assert_true(isnan(stats_student(0.975, 0)) && isnan(stats_student(0.975, -1)) && isnan(stats_student(0.975, NAN)));
    assert_near(stats_student(0.975, 4), 2.776, 5e-4);
    assert_near(stats_student(0.975, 9), 2.262, 5e-4);
    assert_near(stats_student(0.975, 29), 2.045, 5e-4);
}

/* R's t.test(extra) of the ten in group 1 of its data set sleep (Student 1908): mean 0.75, -0.5297804 to 2.0297804. */
static void the_interval_of_a_mean_is_students(void **state)
{
    (void)state;
    const double sleep1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    struct stats_interval i = stats_mean_interval(sleep1, 10, 0.95);
    assert_null(i.why_not);
    assert_near(i.at, 0.75, 1e-12);
    assert_near(i.low, -0.5297804, 5e-8);
    assert_near(i.high, 2.0297804, 5e-8);
}

static void below_five_invocations_there_is_a_mean_and_no_interval(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 6, 3};
    for (size_t n = 1; n < 5; n++) {
        struct stats_interval i = stats_mean_interval(values, n, 0.95);
        assert_string_equal(i.why_not, "fewer than 5 invocations");
        assert_true(isfinite(i.at) && isnan(i.low) && isnan(i.high));
    }
    assert_true(isnan(stats_mean_interval(values, 0, 0.95).at));
    assert_null(stats_mean_interval(values, 5, 0.95).why_not);
}

/* Of a skewed distribution (exponential): the median's interval by ranks covers at least what it says. */
static void intervals_by_ranks_cover_what_they_say(void **state)
{
    (void)state;
    enum { TIMES = NEAR_SLOW ? 1000 : 20000 };
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    size_t median = 0, p95 = 0;
    for (int t = 0; t < TIMES; t++) {
        double x[100];
        for (size_t i = 0; i < 100; i++)
            x[i] = gsl_ran_exponential(rng, 1);
        gsl_sort(x, 1, 100);
        struct stats_interval m = stats_quantile_interval(x, 100, 0.5, 0.95);
        struct stats_interval p = stats_quantile_interval(x, 100, 0.95, 0.95);
        median += m.low <= M_LN2 && M_LN2 <= m.high;
        p95 += p.low <= -log(0.05) && -log(0.05) <= p.high;
    }
    gsl_rng_free(rng);
    assert_near((double)median / TIMES, stats_quantile_ranks(100, 0.5, 0.95).confidence, NEAR_SLOW ? 0.03 : 0.006);
    assert_near((double)p95 / TIMES, stats_quantile_ranks(100, 0.95, 0.95).confidence, NEAR_SLOW ? 0.03 : 0.006);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_of_the_median_are_the_published_ones),
        cmocka_unit_test(a_median_of_five_has_no_interval_and_says_so),
        cmocka_unit_test(a_p95_has_an_interval_from_59_values_on),
        cmocka_unit_test(the_interval_by_ranks_is_the_values_at_them),
        cmocka_unit_test(type_7_is_pythons_inclusive_method),
        cmocka_unit_test(t_is_that_of_the_tables),
        cmocka_unit_test(the_interval_of_a_mean_is_students),
        cmocka_unit_test(below_five_invocations_there_is_a_mean_and_no_interval),
        cmocka_unit_test(intervals_by_ranks_cover_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
