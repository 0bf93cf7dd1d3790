#include "analysis/stats_levels.h"

#include "analysis/stats_interval.h"
#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#define VALUES(...)                                                                                                    \
    {                                                                                                                  \
        .value = (const double[]){__VA_ARGS__}, .n = sizeof((double[]){__VA_ARGS__}) / sizeof(double)                  \
    }
#define UNITS(...)                                                                                                     \
    {                                                                                                                  \
        .unit = (const struct stats_unit[]){__VA_ARGS__},                                                              \
        .n = sizeof((struct stats_unit[]){__VA_ARGS__}) / sizeof(struct stats_unit)                                    \
    }

/* The worked example of Kalibera and Jones 2013, three binaries, two executions each, two iterations each, with the
 * figures to one decimal that their corrected printing and its other implementation (libkalibera) give. */
static void variance_components_are_those_of_the_papers_three_level_example(void **state)
{
    (void)state;
    const struct stats_unit b1 = UNITS(VALUES(9, 5), VALUES(8, 3));
    const struct stats_unit b2 = UNITS(VALUES(10, 6), VALUES(7, 11));
    const struct stats_unit b3 = UNITS(VALUES(1, 12), VALUES(2, 4));
    const struct stats_unit root = UNITS(b1, b2, b3);
    struct stats_components c = stats_variance_components(&root, 3);
    assert_null(c.why_not);
    assert_near(c.mean, 6.5, 1e-12);
    const double s2[] = {16.5, 2.6, 3.6}, t2[] = {16.5, -5.7, 2.3}, r[] = {2, 2, 3};
    for (size_t i = 0; i < 3; i++) {
        assert_near(c.s2[i], s2[i], 0.0501);
        assert_near(c.t2[i], t2[i], 0.0501);
        assert_near(c.r[i], r[i], 1e-12);
    }
}

static void variance_components_are_those_of_the_papers_two_level_example(void **state)
{
    (void)state;
    const struct stats_unit root = UNITS(VALUES(9, 5, 8, 3), VALUES(10, 6, 7, 11), VALUES(1, 12, 2, 4));
    struct stats_components c = stats_variance_components(&root, 2);
    assert_near(c.mean, 6.5, 1e-12);
    assert_near(c.s2[0], 12.7, 0.0501);
    assert_near(c.s2[1], 3.6, 0.0501);
    assert_near(c.t2[1], 0.4, 0.0501);
}

/* libkalibera's own example: T^2 0.72667, 0.26278, 0.7747; costs 3, 20, 100 s; r_1 4.2937 -> 5, r_2 1.3023 -> 2. */
static void optimal_repetitions_are_those_of_the_other_implementation(void **state)
{
    (void)state;
    const struct stats_unit c1 = UNITS(VALUES(3, 4, 3), VALUES(1.2, 3.1, 3));
    const struct stats_unit c2 = UNITS(VALUES(0.2, 1, 1.5), VALUES(1, 2, 3));
    const struct stats_unit root = UNITS(c1, c2);
    struct stats_components c = stats_variance_components(&root, 3);
    assert_near(c.t2[0], 0.7266667, 1e-4);
    assert_near(c.t2[1], 0.262777778, 1e-4);
    assert_near(c.t2[2], 0.7747, 1e-4);
    assert_near(stats_optimal_repetitions(c.t2[0], c.t2[1], 3, 20), 5, 0);
    assert_near(stats_optimal_repetitions(c.t2[1], c.t2[2], 20, 100), 2, 0);
}

static void components_below_nothing_give_one_repetition_or_no_number(void **state)
{
    (void)state;
    assert_near(stats_optimal_repetitions(-1, 2, 1, 1), 1, 0);
    assert_near(stats_optimal_repetitions(2, -1, 1, 1), 0, 0);
    assert_near(stats_optimal_repetitions(0, 0, 1, 1), 0, 0);
    assert_near(stats_optimal_repetitions(1e-9, 2, 1, 1), 1, 0);
}

static void a_level_that_was_not_repeated_has_no_component_and_says_so(void **state)
{
    (void)state;
    const struct stats_unit once = UNITS(VALUES(9, 5, 8, 3));
    const struct stats_unit single = UNITS(VALUES(9), VALUES(5), VALUES(8));
    const struct stats_unit empty = {0};
    assert_string_equal(stats_variance_components(&once, 2).why_not, "a level was not repeated");
    assert_string_equal(stats_variance_components(&single, 2).why_not, "a level was not repeated");
    assert_non_null(stats_variance_components(&empty, 2).why_not);
    assert_non_null(stats_variance_components(&once, 4).why_not);
}

/* R, for s = 10, mean 100: n <- 5:200; qt(.975, n-1) * 10 * sqrt(qchisq(.8, n-1)/(n-1)/n): of 22 values 4.95, of 21
 * 5.09 (without the assurance 18 would do). */
static void units_for_a_precision_are_the_least_that_reach_it_in_80_of_100(void **state)
{
    (void)state;
    for (double relative = 0.01; relative < 0.2; relative += 0.01) {
        size_t n = stats_units_for_precision(100, 100, relative, 100000);
        const double df = (double)n - 1,
                     q[] = {gsl_cdf_chisq_Pinv(0.8, df) / df, gsl_cdf_chisq_Pinv(0.8, df - 1) / (df - 1)};
        double half = stats_student(0.975, df) * 10 * sqrt(q[0] / (df + 1));
        double before = stats_student(0.975, df - 1) * 10 * sqrt(q[1] / df);
        assert_true(half <= relative * 100);
        assert_true(n == 5 || before > relative * 100);
    }
    assert_int_equal(stats_units_for_precision(100, 100, 0.05, 100000), 22);
    assert_int_equal(stats_units_for_precision(0, 100, 0.01, 100000), 5);
    assert_int_equal(stats_units_for_precision(100, 100, 1e-9, 1000), 1000); /* no more than the cap */
}

/* --- simulated data of two levels, whose truth is known ----------------------------------------------------------- */

enum { ITERATIONS_MAX = 40, INVOCATIONS_MAX = 60 };

struct simulated {
    double value[INVOCATIONS_MAX][ITERATIONS_MAX];
    struct stats_unit invocation[INVOCATIONS_MAX];
    struct stats_unit root;
};

static void simulate(gsl_rng *rng, size_t invocations, size_t iterations, double sd2, double sd1, struct simulated *s)
{
    for (size_t i = 0; i < invocations; i++) {
        double mean = 100 + gsl_ran_gaussian(rng, sd2);
        for (size_t k = 0; k < iterations; k++)
            s->value[i][k] = mean + gsl_ran_gaussian(rng, sd1);
        s->invocation[i] = (struct stats_unit){.value = s->value[i], .n = iterations};
    }
    s->root = (struct stats_unit){.unit = s->invocation, .n = invocations};
}

static void known_components_are_found_again(void **state)
{
    (void)state;
    enum { TIMES = NEAR_SLOW ? 100 : 1000 };
    static struct simulated s;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double t1 = 0, t2 = 0;
    for (int t = 0; t < TIMES; t++) {
        simulate(rng, 30, 10, 2, 5, &s);
        struct stats_components c = stats_variance_components(&s.root, 2);
        t1 += c.t2[0] / TIMES;
        t2 += c.t2[1] / TIMES;
    }
    gsl_rng_free(rng);
    assert_near(t1, 25, NEAR_SLOW ? 1 : 0.3);
    assert_near(t2, 4, NEAR_SLOW ? 0.8 : 0.25);
}

/* The plan that it recommends reaches the precision that was asked for. */
static void a_recommended_size_reaches_its_precision(void **state)
{
    (void)state;
    static struct simulated s;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    simulate(rng, 60, 40, 2, 5, &s);
    struct stats_components c = stats_variance_components(&s.root, 2);
    size_t r1 = (size_t)stats_optimal_repetitions(c.t2[0], c.t2[1], 1, 10); /* sqrt(10 * 25/4) = 7.9 */
    assert_in_range(r1, 5, 14);
    size_t n = stats_units_for_precision(c.t2[1] + c.t2[0] / (double)r1, c.mean, 0.01, 60);
    assert_in_range(n, 15, 59);
    size_t good = 0;
    for (int t = 0; t < 200; t++) {
        double means[INVOCATIONS_MAX];
        simulate(rng, n, r1, 2, 5, &s);
        for (size_t i = 0; i < n; i++)
            means[i] = stats_unit_mean(&s.invocation[i]);
        struct stats_interval i = stats_mean_interval(means, n, 0.95);
        good += (i.high - i.low) / 2 <= 0.01 * i.at;
    }
    gsl_rng_free(rng);
    assert_in_range(good, 140, 200); /* 80 of 100; sd of the count 6, and the pilot's own spread */
}

/* 93 to 97 of 100 intervals have the truth in them; sd of the count of 2000: 0.5 of 100. */
static void t_intervals_of_two_level_data_cover_the_truth(void **state)
{
    (void)state;
    enum { TIMES = NEAR_SLOW ? 400 : 2000 };
    static struct simulated s;
    const size_t invocations[] = {5, 10, 20};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t k = 0; k < ARRAY_LEN(invocations); k++) {
        size_t covered = 0;
        for (int t = 0; t < TIMES; t++) {
            double means[INVOCATIONS_MAX];
            simulate(rng, invocations[k], 10, 2, 5, &s);
            for (size_t i = 0; i < invocations[k]; i++)
                means[i] = stats_unit_mean(&s.invocation[i]);
            struct stats_interval i = stats_mean_interval(means, invocations[k], 0.95);
            covered += i.low <= 100 && 100 <= i.high;
        }
        assert_near((double)covered / TIMES, 0.95, NEAR_SLOW ? 0.04 : 0.02);
    }
    gsl_rng_free(rng);
}

/* What the t interval of the iterations, taken for independent, would do: why they are not. */
static void iterations_taken_for_independent_cover_far_too_little(void **state)
{
    (void)state;
    enum { TIMES = 200 };
    static struct simulated s;
    size_t covered = 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (int t = 0; t < TIMES; t++) {
        simulate(rng, 10, ITERATIONS_MAX, 2, 5, &s);
        struct stats_interval i = stats_mean_interval(s.value[0], 10 * ITERATIONS_MAX, 0.95);
        covered += i.low <= 100 && 100 <= i.high;
    }
    gsl_rng_free(rng);
    assert_true(covered < TIMES * 70 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variance_components_are_those_of_the_papers_three_level_example),
        cmocka_unit_test(variance_components_are_those_of_the_papers_two_level_example),
        cmocka_unit_test(optimal_repetitions_are_those_of_the_other_implementation),
        cmocka_unit_test(components_below_nothing_give_one_repetition_or_no_number),
        cmocka_unit_test(a_level_that_was_not_repeated_has_no_component_and_says_so),
        cmocka_unit_test(units_for_a_precision_are_the_least_that_reach_it_in_80_of_100),
        cmocka_unit_test(known_components_are_found_again),
        cmocka_unit_test(a_recommended_size_reaches_its_precision),
        cmocka_unit_test(t_intervals_of_two_level_data_cover_the_truth),
        cmocka_unit_test(iterations_taken_for_independent_cover_far_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
