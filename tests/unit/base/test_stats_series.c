#include "base/stats_series.h"

#include "analysis/stats_modes.h"
#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <string.h>

enum { MOST = 3000 };

static gsl_rng *rng;
static double x[MOST * 4];

static int open_rng(void **state)
{
    (void)state;
    rng = gsl_rng_alloc(gsl_rng_mt19937);
    return 0;
}

static int close_rng(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

/* --- autocorrelation and outliers --------------------------------------------------------------------------------- */

/* R: acf(lh), the luteinizing hormone of Diggle 1990: 1.000 0.576 0.182 -0.145 … */
static void autocorrelation_is_that_of_a_published_series(void **state)
{
    (void)state;
    const double lh[] = {2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2,
                         2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7, 3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3,
                         2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1, 3.4, 3.0, 2.9};
    assert_near(stats_autocorrelation(lh, 48, 0), 1, 1e-12);
    assert_near(stats_autocorrelation(lh, 48, 1), 0.576, 5e-4);
    assert_near(stats_autocorrelation(lh, 48, 2), 0.182, 5e-4);
    assert_near(stats_autocorrelation(lh, 48, 3), -0.145, 5e-4);
}

static void autocorrelation_of_nothing_is_no_number(void **state)
{
    (void)state;
    const double same[] = {3, 3, 3};
    assert_true(isnan(stats_autocorrelation(same, 3, 1)));
    assert_true(isnan(stats_autocorrelation(same, 0, 0)));
    assert_true(isnan(stats_autocorrelation((const double[]){1, 2}, 2, 2)));
}

/* median 10.5, MAD 1.5: beyond 10.5 -+ 10.3 */
static void outliers_are_named_by_their_place(void **state)
{
    (void)state;
    const double values[] = {9, 11, 10, 12, 8, 12, 10, 30, 11, -2};
    size_t where[4] = {0};
    assert_int_equal(stats_outliers(values, 10, where, 4), 2);
    assert_int_equal(where[0], 7);
    assert_int_equal(where[1], 9);
    assert_int_equal(stats_outliers(values, 10, where, 1), 2);
    assert_int_equal(stats_outliers(values, 7, NULL, 0), 0);
    assert_int_equal(stats_outliers(values, 0, NULL, 0), 0);
    assert_int_equal(stats_outliers((const double[]){1, 1, 1, 5}, 4, NULL, 0), 0); /* nothing to measure by */
}

/* --- changepoints ------------------------------------------------------------------------------------------------- */

static double segment_cost(const double *v, size_t begin, size_t end, double least)
{
    double n = (double)(end - begin), mean = 0, variance = 0;
    for (size_t i = begin; i < end; i++)
        mean += v[i] / n;
    for (size_t i = begin; i < end; i++)
        variance += (v[i] - mean) * (v[i] - mean) / n;
    return n * (log(2 * M_PI * fmax(variance, least)) + 1);
}

/* Optimal partitioning without any pruning (Jackson et al. 2005). */
static double best_cost(const double *v, size_t n, double penalty, double least)
{
    double best[64] = {-penalty, INFINITY};
    for (size_t t = 2; t <= n; t++) {
        best[t] = INFINITY;
        for (size_t s = 0; s + 2 <= t; s++)
            best[t] = fmin(best[t], best[s] + segment_cost(v, s, t, least) + penalty);
    }
    return best[n];
}

static void pelt_finds_the_cheapest_of_all_partitions(void **state)
{
    (void)state;
    for (int t = 0; t < (NEAR_SLOW ? 100 : 1000); t++) {
        size_t n = 2 + gsl_rng_uniform_int(rng, 58), ends[64], begin = 0;
        double level = 10, all = 0, mean = 0;
        for (size_t i = 0; i < n; i++) {
            level += t % 3 && gsl_rng_uniform(rng) < 0.1 ? gsl_ran_gaussian(rng, 5) : 0; /* a third are flat */
            x[i] = level + gsl_ran_gaussian(rng, 1);
            mean += x[i] / (double)n;
        }
        for (size_t i = 0; i < n; i++)
            all += (x[i] - mean) * (x[i] - mean) / (double)n;
        double penalty = (t % 2 ? 3 : 15) * log((double)n), cost = -penalty;
        size_t segments = stats_pelt(x, n, penalty, ends);
        for (size_t s = 0; s < segments; s++) {
            assert_true(ends[s] >= begin + 2);
            cost += segment_cost(x, begin, ends[s], 1e-6 * all) + penalty;
            begin = ends[s];
        }
        assert_int_equal(begin, n);
        assert_near(cost, best_cost(x, n, penalty, 1e-6 * all), 1e-6 * fabs(cost) + 1e-6);
    }
}

/* --- classes ------------------------------------------------------------------------------------------------------ */

/* n values about a level of ms, 2% of spread, times what is given from each index on. */
struct step {
    size_t from;
    double times;
};

static void make_series(size_t n, const struct step *steps, size_t count)
{
    double times = 1;
    for (size_t i = 0; i < n; i++) {
        for (size_t s = 0; s < count; s++)
            if (steps[s].from == i)
                times = steps[s].times;
        x[i] = 2e-3 * times * (1 + gsl_ran_gaussian(rng, 0.02));
    }
}

static void a_flat_series_is_flat(void **state)
{
    (void)state;
    enum { TIMES = NEAR_SLOW ? 10 : 30 };
    const size_t n[] = {20, 30, 100, 1000};
    for (size_t k = 0; k < ARRAY_LEN(n); k++) {
        size_t flat = 0;
        for (int t = 0; t < TIMES; t++) {
            make_series(n[k], NULL, 0);
            struct stats_steady_state s = stats_steady_state(x, n[k]);
            flat += s.class == STATS_FLAT && s.from == 0;
        }
        assert_true(flat + 1 >= TIMES);
    }
}

static void a_warmup_ends_where_it_ends(void **state)
{
    (void)state;
    const struct step steps[] = {{0, 1.5}, {60, 1.2}, {200, 1}};
    for (int t = 0; t < 20; t++) {
        make_series(1000, steps, 3);
        struct stats_steady_state s = stats_steady_state(x, 1000);
        assert_int_equal(s.class, STATS_WARMUP);
        assert_in_range(s.from, 195, 205);
        assert_near(s.mean, 2e-3, 2e-5);
        assert_true(s.changes >= 2);
    }
}

static void a_series_that_gets_slower_is_a_slowdown(void **state)
{
    (void)state;
    const struct step steps[] = {{0, 1}, {300, 1.1}};
    const struct step both[] = {{0, 1.5}, {100, 1}, {300, 1.2}};
    for (int t = 0; t < 20; t++) {
        make_series(1000, steps, 2);
        assert_int_equal(stats_steady_state(x, 1000).class, STATS_SLOWDOWN);
        make_series(1000, both, 3);
        assert_int_equal(stats_steady_state(x, 1000).class, STATS_SLOWDOWN);
    }
}

static void a_change_in_the_last_quarter_is_no_steady_state(void **state)
{
    (void)state;
    const struct step late[] = {{0, 1.3}, {850, 1}};
    const struct step in_time[] = {{0, 1.3}, {700, 1}};
    make_series(1000, late, 2);
    struct stats_steady_state s = stats_steady_state(x, 1000);
    assert_int_equal(s.class, STATS_NO_STEADY_STATE);
    assert_int_equal(s.from, 1000);
    assert_true(isnan(s.mean));
    make_series(1000, in_time, 2);
    assert_int_equal(stats_steady_state(x, 1000).class, STATS_WARMUP);
}

static void a_change_of_less_than_a_percent_does_not_matter(void **state)
{
    (void)state;
    const struct step steps[] = {{0, 1.005}, {300, 1}};
    make_series(1000, steps, 2);
    for (size_t i = 0; i < 1000; i++)
        x[i] += 1e-9 * gsl_rng_uniform(rng);
    assert_int_equal(stats_steady_state(x, 1000).class, STATS_FLAT);
}

static void lone_outliers_are_counted_and_change_no_class(void **state)
{
    (void)state;
    make_series(1000, NULL, 0);
    for (size_t i = 30; i < 1000; i += 97)
        x[i] *= 20;
    struct stats_steady_state s = stats_steady_state(x, 1000);
    assert_int_equal(s.class, STATS_FLAT);
    assert_int_equal(s.outliers, 10);
}

static void values_that_are_all_the_same_are_flat(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        x[i] = 0.25;
    assert_int_equal(stats_steady_state(x, 100).class, STATS_FLAT);
    memset(x, 0, sizeof(x));
    assert_int_equal(stats_steady_state(x, 100).class, STATS_FLAT);
}

static void few_iterations_are_of_no_class_and_it_is_said_why(void **state)
{
    (void)state;
    make_series(19, NULL, 0);
    struct stats_steady_state s = stats_steady_state(x, 19);
    assert_int_equal(s.class, STATS_STEADY_UNKNOWN);
    assert_string_equal(s.reason, "fewer than 20 iterations");
    assert_int_equal(stats_steady_state(NULL, 0).class, STATS_STEADY_UNKNOWN);
}

static void a_long_series_is_taken_in_blocks(void **state)
{
    (void)state;
    const struct step steps[] = {{0, 1.5}, {2000, 1}};
    make_series(11111, steps, 2);
    struct stats_steady_state s = stats_steady_state(x, 11111);
    assert_int_equal(s.class, STATS_WARMUP);
    assert_in_range(s.from, 1950, 2050);
}

static void invocations_that_differ_are_inconsistent(void **state)
{
    (void)state;
    assert_int_equal(stats_steady_of_all((const enum stats_steady[]){STATS_FLAT, STATS_FLAT}, 2), STATS_FLAT);
    assert_int_equal(stats_steady_of_all((const enum stats_steady[]){STATS_FLAT, STATS_WARMUP}, 2), STATS_INCONSISTENT);
    assert_int_equal(stats_steady_of_all((const enum stats_steady[]){STATS_STEADY_UNKNOWN, STATS_WARMUP}, 2),
                     STATS_WARMUP);
    assert_int_equal(stats_steady_of_all(NULL, 0), STATS_STEADY_UNKNOWN);
}

/* --- modes -------------------------------------------------------------------------------------------------------- */

/* Dips that R's diptest gives (tests/ex1.R of that package); statfaculty is the example of Hartigan and Hartigan 1985.
 */
static void dips_are_those_of_diptest(void **state)
{
    (void)state;
    const double two[] = {1, 1, 2, 2}, sums[] = {0, 1, 3, 6}, five[] = {0, 2, 3, 5, 6}, mirror[] = {0, 1, 3, 4, 6};
    const double tied[] = {1, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    const double statfaculty[] = {30, 33, 35, 36, 37, 37, 39, 39, 39, 39, 39, 40, 40, 40, 40, 41, 42, 43, 43, 43, 44,
                                  44, 45, 45, 46, 46, 47, 47, 48, 48, 48, 49, 50, 50, 51, 52, 52, 53, 53, 53, 53, 53,
                                  54, 54, 57, 57, 59, 60, 60, 60, 61, 61, 61, 61, 62, 62, 62, 62, 63, 66, 70, 72, 72};
    assert_near(stats_dip(two, 4), 0.25, 1e-12);
    assert_near(stats_dip(sums, 4), 0.125, 1e-12);
    assert_near(stats_dip(five, 5), 2.0 / 15, 1e-12);
    assert_near(stats_dip(mirror, 5), 2.0 / 15, 1e-12);
    assert_near(stats_dip(tied, 10), 0.05, 1e-12);
    assert_near(stats_dip(statfaculty, ARRAY_LEN(statfaculty)), 0.05952381, 5e-9);
    assert_near(stats_dip_p(0.05952381, ARRAY_LEN(statfaculty), 2000, 1), 0.08672, 0.02); /* R: p-value = 0.08672 */
    assert_near(stats_dip((const double[]){7}, 1), 0.5, 0);
    assert_near(stats_dip((const double[]){7, 7, 7}, 3), 1.0 / 6, 1e-12);
}

/* Table qDiptab of diptest (Maechler's simulation of a million samples each, after table 1 of Hartigan and Hartigan).
 */
static void p_values_of_dips_are_those_of_the_published_table(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double median, p95;
    } TABLE[] = {{10, 0.097782, 0.139611}, {20, 0.073344, 0.10513},   {30, 0.061451, 0.088169},
                 {50, 0.048851, 0.070274}, {200, 0.025584, 0.036842}, {1000, 0.011744, 0.016934}};
    enum { DRAWS = NEAR_SLOW ? 1000 : 4000 };
    for (size_t i = 0; i < ARRAY_LEN(TABLE); i++) {
        assert_near(stats_dip_p(TABLE[i].p95, TABLE[i].n, DRAWS, 1), 0.05, NEAR_SLOW ? 0.025 : 0.0125);
        assert_near(stats_dip_p(TABLE[i].median, TABLE[i].n, DRAWS, 1), 0.5, NEAR_SLOW ? 0.08 : 0.06);
    }
    assert_near(stats_dip_p(0.25, 3, DRAWS, 1), 1, 0);
}

static void two_clusters_have_two_modes_and_one_has_not(void **state)
{
    (void)state;
    size_t one_called_several = 0;
    for (int t = 0; t < 20; t++) {
        for (size_t i = 0; i < 30; i++)
            x[i] = gsl_ran_gaussian(rng, 1);
        gsl_sort(x, 1, 30);
        one_called_several += stats_dip_p(stats_dip(x, 30), 30, 500, 1) < 0.05;
        for (size_t i = 0; i < 15; i++)
            x[i] += 6;
        gsl_sort(x, 1, 30);
        assert_true(stats_dip_p(stats_dip(x, 30), 30, 500, 1) < 0.05);
    }
    assert_true(one_called_several <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(autocorrelation_is_that_of_a_published_series),
        cmocka_unit_test(autocorrelation_of_nothing_is_no_number),
        cmocka_unit_test(outliers_are_named_by_their_place),
        cmocka_unit_test(pelt_finds_the_cheapest_of_all_partitions),
        cmocka_unit_test(a_flat_series_is_flat),
        cmocka_unit_test(a_warmup_ends_where_it_ends),
        cmocka_unit_test(a_series_that_gets_slower_is_a_slowdown),
        cmocka_unit_test(a_change_in_the_last_quarter_is_no_steady_state),
        cmocka_unit_test(a_change_of_less_than_a_percent_does_not_matter),
        cmocka_unit_test(lone_outliers_are_counted_and_change_no_class),
        cmocka_unit_test(values_that_are_all_the_same_are_flat),
        cmocka_unit_test(few_iterations_are_of_no_class_and_it_is_said_why),
        cmocka_unit_test(a_long_series_is_taken_in_blocks),
        cmocka_unit_test(invocations_that_differ_are_inconsistent),
        cmocka_unit_test(dips_are_those_of_diptest),
        cmocka_unit_test(p_values_of_dips_are_those_of_the_published_table),
        cmocka_unit_test(two_clusters_have_two_modes_and_one_has_not),
    };
    return cmocka_run_group_tests(tests, open_rng, close_rng);
}
