#include "base/stats_trend.h"

#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <string.h>

enum { MOST = 256 };

static gsl_rng *rng;
static double y[MOST];

static int open_rng(void **state)
{
    (void)state;
    rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 11);
    return 0;
}

static int close_rng(void **state)
{
    (void)state;
    gsl_rng_free(rng);
    return 0;
}

#define TIMES  ((size_t)(NEAR_SLOW ? 400 : 4000))
#define STRAY  (3 * sqrt(0.05 * 0.95 / (double)TIMES))
#define LEVEL  5e7
#define STEADY 1024.0 /* the slope of every series here */

/* A level, a slope and noise of the first order with this coefficient. */
static void noisy(double *to, size_t n, double slope, double coefficient)
{
    double e = gsl_ran_gaussian(rng, 1 / sqrt(1 - coefficient * coefficient));
    for (size_t i = 0; i < n; i++) {
        to[i] = LEVEL + slope * (double)i + 4096 * e;
        e = coefficient * e + gsl_ran_gaussian(rng, 1);
    }
}

/* What an allocator holds that asks for a whole arena when the last one is full. */
static void staircase(double *to, size_t n, double arena, double noise)
{
    double used = gsl_rng_uniform(rng) * arena;
    for (size_t i = 0; i < n; i++, used += STEADY)
        to[i] = LEVEL + ceil(used / arena) * arena + gsl_ran_gaussian(rng, noise);
}

static bool holds(struct stats_trend t, double slope)
{
    assert_null(t.why_not);
    return t.low <= slope && slope <= t.high;
}

/* --- what it covers ----------------------------------------------------------------------------------------------- */

static void intervals_cover_the_slope_beside_noise_that_depends_on_itself(void **state)
{
    (void)state;
    static const double COEFFICIENTS[] = {0, 0.3, 0.6, 0.9};
    for (size_t c = 0; c < ARRAY_LEN(COEFFICIENTS); c++) {
        size_t hits = 0;
        for (size_t k = 0; k < TIMES; k++) {
            noisy(y, 128, STEADY, COEFFICIENTS[c]);
            hits += holds(stats_trend(y, 128, 0.95), STEADY);
        }
        const double share = (double)hits / (double)TIMES;
        if (share < 0.93 - STRAY || share > 0.97 + STRAY)
            fail_msg("coefficient %g: %g", COEFFICIENTS[c], share);
    }
}

static void intervals_cover_the_slope_of_a_staircase_of_arenas(void **state)
{
    (void)state;
    static const double ARENAS[] = {3 * STEADY, 10 * STEADY, 30 * STEADY}, NOISES[] = {0, 0.3};
    for (size_t a = 0; a < ARRAY_LEN(ARENAS); a++)
        for (size_t b = 0; b < ARRAY_LEN(NOISES); b++) {
            size_t hits = 0;
            for (size_t k = 0; k < TIMES; k++) {
                staircase(y, 128, ARENAS[a], NOISES[b] * ARENAS[a]);
                hits += holds(stats_trend(y, 128, 0.95), STEADY);
            }
            if ((double)hits / (double)TIMES < 0.93 - STRAY)
                fail_msg("arena %g, noise %g: %g", ARENAS[a], NOISES[b], (double)hits / (double)TIMES);
        }
}

static void a_flat_series_is_called_growing_five_times_in_a_hundred_at_most(void **state)
{
    (void)state;
    static const double COEFFICIENTS[] = {0, 0.6, 0.9};
    for (size_t c = 0; c < ARRAY_LEN(COEFFICIENTS); c++) {
        size_t alarms = 0;
        for (size_t k = 0; k < TIMES; k++) {
            noisy(y, 128, 0, COEFFICIENTS[c]);
            alarms += stats_trend(y, 128, 0.95).low > 0;
        }
        if ((double)alarms / (double)TIMES > 0.05)
            fail_msg("coefficient %g: %g", COEFFICIENTS[c], (double)alarms / (double)TIMES);
    }
}

/* A reading of a queue in the free-threaded build, in KiB: after each fourth, which forks, 64 KiB more are there, and
 * at times also elsewhere. */
static double reading_beside_forks(size_t i)
{
    const bool more = i % 4 == 0 || gsl_rng_uniform(rng) < 0.15;
    return (more ? 64 : 0) + (i % 4 == 0 && gsl_rng_uniform(rng) < 0.2 ? 64 : 0);
}

static void what_comes_back_with_every_fourth_value_makes_no_interval_too_narrow(void **state)
{
    (void)state;
    size_t missed = 0, missed_before = 0;
    for (size_t k = 0; k < TIMES; k++) {
        for (size_t i = 0; i < 128; i++)
            y[i] = reading_beside_forks(i);
        missed_before += !holds(stats_trend(y, 128, 0.95), 0);
        stats_trend_take_out(y, 128, 4);
        missed += !holds(stats_trend(y, 128, 0.95), 0);
    }
    assert_true((double)missed / (double)TIMES <= 0.07 + STRAY);
    assert_true(missed * 3 < missed_before * 2);
}

static void taking_out_leaves_a_slope_and_what_has_no_period(void **state)
{
    (void)state;
    double before[MOST];
    for (size_t i = 0; i < 126; i++)
        y[i] = LEVEL + STEADY * (double)i + (i % 4 == 1 ? 65536 : 0);
    stats_trend_take_out(y, 126, 4);
    const struct stats_trend t = stats_trend(y, 126, 0.95);
    assert_near(t.slope, STEADY, 1);
    assert_true(t.high - t.low < 2);
    for (size_t i = 0; i < 128; i++)
        before[i] = y[i] = LEVEL + STEADY * (double)i;
    stats_trend_take_out(y, 128, 4);
    assert_memory_equal(y, before, 128 * sizeof(*y)); /* on one line: nothing but rounding comes back */
    noisy(y, 128, STEADY, 0.5);
    memcpy(before, y, sizeof(before));
    stats_trend_take_out(y, 128, 0);
    stats_trend_take_out(y, 128, 1);
    stats_trend_take_out(y, 128, 64);
    assert_memory_equal(y, before, 128 * sizeof(*y));
}

static void a_staircase_is_known_to_a_few_per_cent(void **state)
{
    (void)state;
    for (size_t k = 0; k < 200; k++) {
        staircase(y, 128, 10 * STEADY, 0);
        assert_near(stats_trend(y, 128, 0.95).slope, STEADY, 0.05 * STEADY);
    }
}

/* --- stopping ----------------------------------------------------------------------------------------------------- */

/* As a run goes: it asks at each look, and is measured by what comes after the answer. Returns the values it took. */
static size_t stopped_run(double coefficient, double half_width, struct stats_trend *ret)
{
    size_t end = MOST;
    noisy(y, MOST, STEADY, coefficient);
    for (size_t n = 1; n < MOST && end == MOST; n++)
        if (stats_trend_is_look(n, MOST) && stats_trend_will_do(y, n, half_width, 0.95))
            end = 2 * n;
    *ret = stats_trend(y + end / 2, end - end / 2, 0.95);
    return end;
}

static void stopping_when_it_is_known_well_enough_leaves_the_coverage_as_it_is(void **state)
{
    (void)state;
    static const struct {
        double coefficient, half_width;
    } CASES[] = {{0, 30}, {0, 100}, {0.6, 50}, {0.6, 200}, {0.9, 200}, {0.9, 800}};
    for (size_t c = 0; c < ARRAY_LEN(CASES); c++) {
        size_t hits = 0, early = 0;
        for (size_t k = 0; k < TIMES; k++) {
            struct stats_trend t;
            early += stopped_run(CASES[c].coefficient, CASES[c].half_width, &t) < MOST;
            hits += holds(t, STEADY);
        }
        assert_true(early > 0);
        if ((double)hits / (double)TIMES < (CASES[c].coefficient > 0.6 ? 0.9 : 0.93) - STRAY)
            fail_msg("coefficient %g, +-%g: %g", CASES[c].coefficient, CASES[c].half_width,
                     (double)hits / (double)TIMES);
    }
}

static void looks_leave_room_for_as_many_values_again(void **state)
{
    (void)state;
    assert_true(stats_trend_is_look(64, 128));
    assert_false(stats_trend_is_look(64, 127));
    assert_true(stats_trend_is_look(128, 256));
    assert_false(stats_trend_is_look(127, 256));
    assert_false(stats_trend_is_look(32, 256));
}

/* --- edges -------------------------------------------------------------------------------------------------------- */

static void values_on_one_line_have_an_interval_of_no_width(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        y[i] = LEVEL + STEADY * (double)i;
    struct stats_trend t = stats_trend(y, 100, 0.95);
    assert_null(t.why_not);
    assert_near(t.slope, STEADY, 1e-6);
    assert_near(t.high - t.low, 0, 1e-6);
    for (size_t i = 0; i < 100; i++)
        y[i] = LEVEL;
    assert_true(holds(stats_trend(y, 100, 0.95), 0));
}

static void too_few_and_missing_values_have_no_interval(void **state)
{
    (void)state;
    noisy(y, 64, STEADY, 0);
    assert_string_equal(stats_trend(y, 31, 0.95).why_not, "there are too few readings");
    assert_true(isfinite(stats_trend(y, 31, 0.95).slope) && isnan(stats_trend(y, 31, 0.95).low));
    assert_true(isnan(stats_trend(y, 1, 0.95).slope));
    assert_null(stats_trend(y, 32, 0.95).why_not);
    y[40] = NAN;
    assert_string_equal(stats_trend(y, 64, 0.95).why_not, "a reading is missing");
    assert_false(stats_trend_will_do(y, 64, 1e9, 0.95));
    assert_false(stats_trend_will_do(y, 40, 1e9, 0.95));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover_the_slope_beside_noise_that_depends_on_itself),
        cmocka_unit_test(intervals_cover_the_slope_of_a_staircase_of_arenas),
        cmocka_unit_test(a_flat_series_is_called_growing_five_times_in_a_hundred_at_most),
        cmocka_unit_test(what_comes_back_with_every_fourth_value_makes_no_interval_too_narrow),
        cmocka_unit_test(taking_out_leaves_a_slope_and_what_has_no_period),
        cmocka_unit_test(a_staircase_is_known_to_a_few_per_cent),
        cmocka_unit_test(stopping_when_it_is_known_well_enough_leaves_the_coverage_as_it_is),
        cmocka_unit_test(looks_leave_room_for_as_many_values_again),
        cmocka_unit_test(values_on_one_line_have_an_interval_of_no_width),
        cmocka_unit_test(too_few_and_missing_values_have_no_interval),
    };
    return cmocka_run_group_tests(tests, open_rng, close_rng);
}
