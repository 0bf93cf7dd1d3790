/* What a verdict is called. */
#include "analysis/words.h"

#include "base/text.h"
#include "tests/unit/near.h"

#include <math.h>

static struct analysis_verdict verdict(enum analysis_word word, double low, double at, double high)
{
    return (struct analysis_verdict){
        .ratio = {.at = at, .low = low, .high = high, .confidence = 0.95}, .word = word, .used = 5};
}

/* Of a figure by its name, at 5 runs a side. */
static void expect(const char *figure, struct analysis_verdict v, const char *wanted)
{
    const struct figure_about about = figure_about(figure);
    char said[WORDS_MAX_VERDICT];
    assert_string_equal(words_verdict(&v, &about, 0.02, said), wanted);
}

static void a_longer_time_is_slower_and_a_shorter_one_faster(void **state)
{
    (void)state;
    expect("avg_iter_s", verdict(ANALYSIS_GREATER, 1.086, 1.105, 1.125), "10.5 % slower (8.6 to 12.5 %)");
    expect("avg_iter_s", verdict(ANALYSIS_LESS, 0.875, 0.895, 0.914), "10.5 % faster (8.6 to 12.5 %)");
}

static void a_greater_rate_is_faster_and_a_smaller_one_slower(void **state)
{
    (void)state;
    expect("requests_per_s", verdict(ANALYSIS_GREATER, 1.086, 1.105, 1.125), "10.5 % faster (8.6 to 12.5 %)");
    expect("requests_per_s", verdict(ANALYSIS_LESS, 0.875, 0.895, 0.914), "10.5 % slower (8.6 to 12.5 %)");
}

static void memory_is_more_or_less(void **state)
{
    (void)state;
    expect("pss_bytes", verdict(ANALYSIS_GREATER, 1.086, 1.105, 1.125), "10.5 % more (8.6 to 12.5 %)");
    expect("pss_bytes", verdict(ANALYSIS_LESS, 0.875, 0.895, 0.914), "10.5 % less (8.6 to 12.5 %)");
}

static void a_time_that_is_no_better_for_being_short_is_neither_slow_nor_fast(void **state)
{
    (void)state;
    const struct figure_about sleep = figure_about_declared("sleep_s", "time asleep", "s", "time", "none");
    const struct analysis_verdict v = verdict(ANALYSIS_GREATER, 1.086, 1.105, 1.125);
    char said[WORDS_MAX_VERDICT];
    assert_string_equal(words_verdict(&v, &sleep, 0.02, said), "10.5 % more (8.6 to 12.5 %)");
}

/* 45 % faster: 0.55 of the time, or 1.45 of the speed? 80 % slower: 1.8 of the time, or a fifth of the speed? */
static void slower_and_faster_are_told_in_times_before_a_percentage_is_read_two_ways(void **state)
{
    (void)state;
    expect("avg_iter_s", verdict(ANALYSIS_LESS, 0.52, 0.55, 0.58), "0.550 times as long (0.520 to 0.580)");
    expect("avg_iter_s", verdict(ANALYSIS_GREATER, 1.62, 1.8, 2), "1.80 times as long (1.62 to 2.00)");
    expect("avg_iter_s", verdict(ANALYSIS_GREATER, 1.15, 1.24, 1.34), "24.0 % slower (15.0 to 34.0 %)");
    expect("requests_per_s", verdict(ANALYSIS_LESS, 0.52, 0.55, 0.58), "0.550 times the rate (0.520 to 0.580)");
    expect("pss_bytes", verdict(ANALYSIS_LESS, 0.52, 0.55, 0.58), "45.0 % less (42.0 to 48.0 %)");
}

static void a_side_that_is_0_has_no_ratio_and_yet_a_direction(void **state)
{
    (void)state;
    struct analysis_verdict v = verdict(ANALYSIS_GREATER, NAN, NAN, NAN);
    v.ratio.why_not = "one side is 0 throughout and the other is not: there is no ratio";
    expect("migrations", v, "more (from 0)");
    v.word = ANALYSIS_LESS;
    expect("migrations", v, "less (to 0)");
    expect("requests_per_s", v, "slower (to 0)");
}

static void from_twice_and_from_half_on_it_is_told_in_times(void **state)
{
    (void)state;
    expect("avg_iter_s", verdict(ANALYSIS_GREATER, 2.93, 3, 3.07), "3.000 times as long (2.930 to 3.070)");
    expect("pss_bytes", verdict(ANALYSIS_LESS, 0.4, 0.5, 0.625), "0.50 times as much (0.40 to 0.62)");
    expect("requests_per_s", verdict(ANALYSIS_GREATER, 1.6, 2, 2.5), "2.00 times the rate (1.60 to 2.50)");
}

static void slopes_are_told_by_their_difference(void **state)
{
    struct analysis_verdict v = verdict(ANALYSIS_GREATER, 1.02e6, 1.07e6, 1.12e6);
    (void)state;
    v.is_difference = true;
    v.tolerance = 65536;
    expect("growth_pss_bytes", v, "1.020 MiB more (0.973 to 1.068)");
    v.word = ANALYSIS_LESS;
    v.ratio = (struct stats_interval){-3e4, -4e4, -2e4, 0.95, NULL};
    expect("growth_pss_bytes", v, "29.3 KiB less (19.5 to 39.1)");
    v.word = ANALYSIS_SAME;
    expect("growth_pss_bytes", v, "same within 64.0 KiB");
    v.word = ANALYSIS_UNCLEAR;
    v.half_width = 12345;
    v.runs = 29;
    expect("growth_pss_bytes", v, "cannot tell: ±12 KiB at 5 runs; about 29 runs would do");
    cleanup_text struct text at = {0}, interval = {0};
    words_difference(&v.ratio, &at, &interval);
    assert_string_equal(at.data, "-29.3 KiB");
    assert_string_equal(interval.data, "[-39.1, -19.5]");
}

static void the_same_names_its_margin(void **state)
{
    (void)state;
    const struct figure_about about = figure_about("avg_iter_s");
    const struct analysis_verdict v = verdict(ANALYSIS_SAME, 0.995, 1, 1.005);
    char said[WORDS_MAX_VERDICT];
    assert_string_equal(words_verdict(&v, &about, 0.02, said), "same within 2 %");
    assert_string_equal(words_verdict(&v, &about, 0.015, said), "same within 1.5 %");
}

static void what_cannot_be_told_says_how_wide_it_is_and_how_many_runs_would_do(void **state)
{
    (void)state;
    struct analysis_verdict v = verdict(ANALYSIS_UNCLEAR, 0.95, 1.01, 1.07);
    v.half_width = 0.06;
    v.runs = 30;
    expect("avg_iter_s", v, "cannot tell: ±6 % at 5 runs; about 30 runs would do");
    v.runs = 0;
    expect("avg_iter_s", v, "cannot tell: ±6 % at 5 runs");
    v.half_width = 1e209; /* two runs' worth in fifteen that follow one another, of 42 rows at once */
    expect("avg_iter_s", v, "cannot tell: more than ±1000 % at 5 runs");
    v.half_width = INFINITY;
    expect("avg_iter_s", v, "cannot tell: no bounds at 5 runs");
    v.half_width = 0.06;
    v.is_noise = true; /* no number of runs helps */
    expect("avg_iter_s", v, "cannot tell: ±6 % at 5 runs; this host's noise is in it");
}

static void nodes_are_counted_as_nodes(void **state)
{
    (void)state;
    struct analysis_verdict v = verdict(ANALYSIS_UNCLEAR, 0.95, 1.01, 1.07);
    v.half_width = 0.06;
    v.of_nodes = true;
    v.used = 3;
    v.runs = 9; /* of which each may have more invocations than this */
    expect("avg_iter_s", v, "cannot tell: ±6 % at 3 nodes; about 9 nodes would do");
}

static void too_few_runs_for_the_same_say_why(void **state)
{
    (void)state;
    struct analysis_verdict v = verdict(ANALYSIS_UNCLEAR, 1, 1, 1);
    v.half_width = 0;
    v.is_few = true;
    v.runs = 15;
    expect("pss_bytes", v, "cannot tell: 5 runs may miss a slow mode; about 15 runs would do");
}

static void without_an_interval_there_is_no_verdict(void **state)
{
    (void)state;
    expect("avg_iter_s", verdict(ANALYSIS_UNKNOWN, NAN, 1.1, NAN), "no interval");
}

static void says(struct analysis_verdict v, const char *wanted)
{
    struct text said = {0};
    words_times(&v, 0.02, "b", "a", &said);
    assert_string_equal(said.data, wanted);
    text_free(&said);
}

static void two_times_are_a_sentence(void **state)
{
    (void)state;
    says(verdict(ANALYSIS_GREATER, 1.086, 1.105, 1.125), "b is 10.5 % slower than a (8.6 to 12.5 %)");
    says(verdict(ANALYSIS_LESS, 0.875, 0.895, 0.914), "b is 10.5 % faster than a (8.6 to 12.5 %)");
    says(verdict(ANALYSIS_GREATER, 2.4, 2.5, 2.61), "b takes 2.50 times as long as a (2.40 to 2.61)");
    says(verdict(ANALYSIS_LESS, 0.38, 0.4, 0.42), "b is 2.50 times faster than a (2.38 to 2.63)");
    says(verdict(ANALYSIS_LESS, 0.6, 0.625, 0.65), "b is 1.600 times faster than a (1.538 to 1.667)");
    says(verdict(ANALYSIS_SAME, 0.99, 1, 1.01), "b and a: same within 2 %");
    says(verdict(ANALYSIS_UNKNOWN, NAN, 1.1, NAN), "b and a: no interval");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_longer_time_is_slower_and_a_shorter_one_faster),
        cmocka_unit_test(a_greater_rate_is_faster_and_a_smaller_one_slower),
        cmocka_unit_test(memory_is_more_or_less),
        cmocka_unit_test(a_time_that_is_no_better_for_being_short_is_neither_slow_nor_fast),
        cmocka_unit_test(from_twice_and_from_half_on_it_is_told_in_times),
        cmocka_unit_test(slower_and_faster_are_told_in_times_before_a_percentage_is_read_two_ways),
        cmocka_unit_test(a_side_that_is_0_has_no_ratio_and_yet_a_direction),
        cmocka_unit_test(nodes_are_counted_as_nodes),
        cmocka_unit_test(too_few_runs_for_the_same_say_why),
        cmocka_unit_test(slopes_are_told_by_their_difference),
        cmocka_unit_test(the_same_names_its_margin),
        cmocka_unit_test(what_cannot_be_told_says_how_wide_it_is_and_how_many_runs_would_do),
        cmocka_unit_test(without_an_interval_there_is_no_verdict),
        cmocka_unit_test(two_times_are_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
