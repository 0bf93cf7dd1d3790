#include "launch/memory.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Two iterations with a gap between them. */
static const int64_t STARTS[] = {100, 300}, ENDS[] = {200, 400};

static struct sample sample_at(int64_t at_ns, uint64_t bytes)
{
    struct sample s = {.at_ns = at_ns, .has_rollup = true, .members_count = 1, .all_count = 2};
    s.members = (struct sample_sums){.rss_bytes = bytes, .uss_bytes = bytes / 4, .pss_bytes = bytes / 2};
    s.all = (struct sample_sums){.rss_bytes = 10 * bytes, .uss_bytes = 10 * bytes / 4, .pss_bytes = 10 * bytes / 2};
    s.has_class[SAMPLE_CURRENT] = true;
    s.class_bytes[SAMPLE_CURRENT] = bytes + 1;
    return s;
}

static struct memory_summary summarise(const struct sample *samples, size_t count)
{
    return memory_summarise(samples, count, STARTS, ENDS, 2, MEMORY_BY_TIME);
}

static void samples_before_between_and_after_iterations_do_not_count(void **state)
{
    (void)state;
    const struct sample samples[] = {sample_at(99, 4000),  sample_at(150, 8000),  sample_at(201, 4000),
                                     sample_at(299, 4000), sample_at(350, 16000), sample_at(401, 4000)};
    struct memory_summary m = summarise(samples, ARRAY_LEN(samples));
    assert_int_equal(m.in_iterations, 2);
    assert_int_equal(m.members.rss.n, 2);
    assert_int_equal(m.members.rss.min, 8000);
    assert_int_equal(m.members.rss.max, 16000);
    assert_int_equal(stats_range_mean(&m.members.rss), 12000);
    assert_int_equal(stats_range_mean(&m.members.uss), 3000);
    assert_int_equal(stats_range_mean(&m.members.pss), 6000);
    assert_int_equal(m.all.rss.min, 80000);
    assert_int_equal(stats_range_mean(&m.all.uss), 30000);
    assert_int_equal(m.all.pss.max, 80000);
    assert_int_equal(m.class[SAMPLE_CURRENT].max, 16001);
}

static void samples_at_the_very_edges_of_an_iteration_count(void **state)
{
    (void)state;
    const struct sample samples[] = {sample_at(100, 4), sample_at(200, 4), sample_at(300, 4), sample_at(400, 4)};
    assert_int_equal(summarise(samples, ARRAY_LEN(samples)).in_iterations, 4);
}

static void a_sample_where_two_iterations_meet_counts_once(void **state)
{
    (void)state;
    const int64_t starts_ns[] = {100, 200}, ends_ns[] = {200, 300};
    const struct sample one = sample_at(200, 4);
    assert_int_equal(memory_summarise(&one, 1, starts_ns, ends_ns, 2, MEMORY_BY_TIME).members.rss.n, 1);
}

static void many_samples_of_one_iteration_all_count(void **state)
{
    (void)state;
    struct sample samples[50];
    for (int i = 0; i < 50; i++)
        samples[i] = sample_at(310 + i, 4);
    assert_int_equal(summarise(samples, 50).in_iterations, 50);
}

static void iterations_without_samples_are_passed_over(void **state)
{
    (void)state;
    int64_t starts_ns[100], ends_ns[100];
    for (int i = 0; i < 100; i++) {
        starts_ns[i] = 10 * i;
        ends_ns[i] = 10 * i + 5;
    }
    const struct sample samples[] = {sample_at(502, 4), sample_at(507, 4), sample_at(992, 4)};
    assert_int_equal(memory_summarise(samples, 3, starts_ns, ends_ns, 100, MEMORY_BY_TIME).in_iterations, 2);
}

static void a_partial_sum_is_left_out_of_its_own_figures_only(void **state)
{
    (void)state;
    struct sample samples[] = {sample_at(110, 8000), sample_at(120, 400), sample_at(130, 400), sample_at(140, 400)};
    samples[1].members_partial = true;
    samples[2].all_partial = true;
    samples[3].members_partial = samples[3].all_partial = true;
    struct memory_summary m = summarise(samples, ARRAY_LEN(samples));
    assert_int_equal(m.partial, 3);
    assert_int_equal(m.members.rss.n, 2);
    assert_int_equal(m.members.rss.min, 400);
    assert_int_equal(m.all.rss.n, 2);
    assert_int_equal(m.all.rss.max, 80000);
    assert_int_equal(m.class[SAMPLE_CURRENT].n, 4);
}

static void a_partial_sample_outside_the_iterations_is_not_counted_as_left_out(void **state)
{
    (void)state;
    struct sample s = sample_at(50, 4);
    s.members_partial = true;
    assert_int_equal(summarise(&s, 1).partial, 0);
}

static void a_tick_without_rollup_still_gives_the_slices_classes(void **state)
{
    (void)state;
    struct sample s = sample_at(150, 4000);
    s.has_rollup = false;
    struct memory_summary m = summarise(&s, 1);
    assert_int_equal(m.members.rss.n, 0);
    assert_int_equal(m.all.rss.n, 0);
    assert_int_equal(m.class[SAMPLE_CURRENT].n, 1);
}

static void an_absent_class_has_no_figure_and_a_zero_has_one(void **state)
{
    (void)state;
    struct sample s = sample_at(150, 4000);
    s.has_class[SAMPLE_SHMEM] = true; /* zero bytes */
    s.class_bytes[SAMPLE_ANON] = 77;  /* not said to be there */
    struct memory_summary m = summarise(&s, 1);
    assert_int_equal(m.class[SAMPLE_SHMEM].n, 1);
    assert_int_equal(m.class[SAMPLE_SHMEM].max, 0);
    assert_int_equal(m.class[SAMPLE_ANON].n, 0);
    assert_int_equal(m.class[SAMPLE_KERNEL].n, 0);
}

static void a_sum_over_no_process_is_no_figure(void **state)
{
    (void)state;
    struct sample s = sample_at(150, 0);
    s.members_count = s.all_count = 0;
    struct memory_summary m = summarise(&s, 1);
    assert_int_equal(m.members.rss.n, 0);
    assert_int_equal(m.all.rss.n, 0);
    assert_int_equal(m.in_iterations, 1);
}

static void costs_lateness_and_failed_reads_are_over_all_samples(void **state)
{
    (void)state;
    struct sample samples[] = {sample_at(1, 4), sample_at(150, 4), sample_at(999, 4)};
    const int64_t cost_ns[] = {50, 10, 30}, late_ns[] = {5, 900, 7};
    for (size_t i = 0; i < 3; i++) {
        samples[i].cost_ns = cost_ns[i];
        samples[i].late_ns = late_ns[i];
        samples[i].failed_reads = (uint32_t)i;
    }
    struct memory_summary m = summarise(samples, 3);
    assert_int_equal(m.tick_cost_p50_ns, 30);
    assert_int_equal(m.tick_cost_max_ns, 50);
    assert_int_equal(m.late_p50_ns, 7);
    assert_int_equal(m.late_max_ns, 900);
    assert_int_equal(m.failed_reads, 3);
}

static void without_samples_there_are_no_figures(void **state)
{
    (void)state;
    struct memory_summary m = summarise(NULL, 0);
    assert_int_equal(m.in_iterations, 0);
    assert_int_equal(m.members.rss.n, 0);
    assert_int_equal(m.tick_cost_p50_ns, -1);
    assert_int_equal(m.tick_cost_max_ns, -1);
    assert_int_equal(m.late_p50_ns, -1);
    assert_int_equal(m.late_max_ns, -1);
}

static void without_iterations_no_sample_counts(void **state)
{
    (void)state;
    const struct sample s = sample_at(150, 4);
    struct memory_summary m = memory_summarise(&s, 1, NULL, NULL, 0, MEMORY_BY_TIME);
    assert_int_equal(m.in_iterations, 0);
    assert_int_equal(m.members.rss.n, 0);
    assert_int_equal(m.tick_cost_max_ns, 0);
}

static struct sample class_at(int64_t at_ns, uint64_t bytes)
{
    struct sample s = {.at_ns = at_ns};
    s.has_class[SAMPLE_ANON] = true;
    s.class_bytes[SAMPLE_ANON] = bytes;
    return s;
}

/* 1000 bytes for 100 ns of 200: nine ticks see the small half and one the large, as where ticks are missed while a
 * process is large. */
static void a_mean_counts_each_sample_for_the_time_that_it_stands_for(void **state)
{
    const int64_t start_ns = 0, end_ns = 200;
    struct sample samples[10];
    (void)state;
    for (int i = 0; i < 9; i++)
        samples[i] = class_at(10 * i, 0); /* the last at 80: half-way to 120 is 100 */
    samples[9] = class_at(120, 1000);
    struct memory_summary m = memory_summarise(samples, 10, &start_ns, &end_ns, 1, MEMORY_BY_TIME);
    assert_int_equal(stats_range_mean(&m.class[SAMPLE_ANON]), 500);
    m = memory_summarise(samples, 10, &start_ns, &end_ns, 1, MEMORY_BY_SAMPLE);
    assert_int_equal(stats_range_mean(&m.class[SAMPLE_ANON]), 100);
}

static void a_walk_stands_for_the_time_between_walks_and_not_between_ticks(void **state)
{
    const int64_t start_ns = 0, end_ns = 100;
    struct sample samples[] = {sample_at(10, 100), class_at(20, 1), class_at(30, 1), sample_at(70, 400)};
    (void)state;
    struct memory_summary m = memory_summarise(samples, ARRAY_LEN(samples), &start_ns, &end_ns, 1, MEMORY_BY_TIME);
    assert_int_equal(stats_range_mean(&m.members.rss), (40 * 100 + 60 * 400) / 100);
}

static void stamps_at_the_ends_of_time_overflow_nothing(void **state)
{
    const int64_t start_ns = INT64_MIN, end_ns = INT64_MAX;
    struct sample samples[] = {class_at(INT64_MIN, 2), class_at(INT64_MAX, 4)};
    (void)state;
    struct memory_summary m = memory_summarise(samples, 2, &start_ns, &end_ns, 1, MEMORY_BY_TIME);
    assert_int_equal(stats_range_mean(&m.class[SAMPLE_ANON]), 3);
}

static void a_plateau_has_neither_the_ramp_nor_the_ending(void **state)
{
    const int64_t ready_ns[] = {140, 0}, end_ns[] = {200, 400};
    struct sample samples[] = {sample_at(110, 40), sample_at(150, 800), sample_at(160, 800), sample_at(190, 40),
                               sample_at(350, 40)};
    (void)state;
    struct memory_summary m = memory_plateau(samples, ARRAY_LEN(samples), ready_ns, end_ns, 2, 30);
    assert_int_equal(m.in_iterations, 2);
    assert_int_equal(m.members.rss.min, 800);
    assert_int_equal(stats_range_mean(&m.members.rss), 800);
    m = memory_plateau(samples, ARRAY_LEN(samples), ready_ns, end_ns, 2, 0);
    assert_int_equal(m.in_iterations, 0);
    assert_int_equal(m.members.rss.n, 0);
}

static void a_plateau_ends_with_its_iteration_at_the_latest(void **state)
{
    const int64_t ready_ns[] = {140}, end_ns[] = {200};
    struct sample samples[] = {sample_at(199, 800), sample_at(201, 40)};
    (void)state;
    assert_int_equal(memory_plateau(samples, 2, ready_ns, end_ns, 1, INT64_MAX).members.rss.max, 800);
    assert_int_equal(memory_plateau(samples, 2, ready_ns, end_ns, 1, INT64_MAX).in_iterations, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_counts_each_sample_for_the_time_that_it_stands_for),
        cmocka_unit_test(a_walk_stands_for_the_time_between_walks_and_not_between_ticks),
        cmocka_unit_test(stamps_at_the_ends_of_time_overflow_nothing),
        cmocka_unit_test(a_plateau_has_neither_the_ramp_nor_the_ending),
        cmocka_unit_test(a_plateau_ends_with_its_iteration_at_the_latest),
        cmocka_unit_test(samples_before_between_and_after_iterations_do_not_count),
        cmocka_unit_test(samples_at_the_very_edges_of_an_iteration_count),
        cmocka_unit_test(a_sample_where_two_iterations_meet_counts_once),
        cmocka_unit_test(many_samples_of_one_iteration_all_count),
        cmocka_unit_test(iterations_without_samples_are_passed_over),
        cmocka_unit_test(a_partial_sum_is_left_out_of_its_own_figures_only),
        cmocka_unit_test(a_partial_sample_outside_the_iterations_is_not_counted_as_left_out),
        cmocka_unit_test(a_tick_without_rollup_still_gives_the_slices_classes),
        cmocka_unit_test(an_absent_class_has_no_figure_and_a_zero_has_one),
        cmocka_unit_test(a_sum_over_no_process_is_no_figure),
        cmocka_unit_test(costs_lateness_and_failed_reads_are_over_all_samples),
        cmocka_unit_test(without_samples_there_are_no_figures),
        cmocka_unit_test(without_iterations_no_sample_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
