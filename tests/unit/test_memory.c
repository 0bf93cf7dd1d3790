#include "sample/memory.h"

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
    return memory_summarise(samples, count, STARTS, ENDS, 2);
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
    assert_int_equal(memory_summarise(&one, 1, starts_ns, ends_ns, 2).members.rss.n, 1);
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
    assert_int_equal(memory_summarise(samples, 3, starts_ns, ends_ns, 100).in_iterations, 2);
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
    struct memory_summary m = memory_summarise(&s, 1, NULL, NULL, 0);
    assert_int_equal(m.in_iterations, 0);
    assert_int_equal(m.members.rss.n, 0);
    assert_int_equal(m.tick_cost_max_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
