#include "record/growth.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "launch/sample.h"
#include "tests/unit/near.h"

#include <stdlib.h>
#include <string.h>

#define STRIDE 10
#define KEPT   16384.0 /* bytes that an iteration keeps */

static struct growth g;
static struct ledger_map ledger;
static struct sample sample[400];
static int64_t start_ns[2560], end_ns[2560];

/* A byte more or less, so that no series lies on one line. */
static int64_t wobble(size_t i)
{
    return (int64_t)(i * 7919 % 4096);
}

/* Readings of a process that keeps KEPT an iteration: live objects, and every fourth has the split. */
static void plant(double kept)
{
    g = (struct growth){.stride = STRIDE, .readings = LEDGER_READINGS};
    for (size_t i = 0; i < LEDGER_READINGS; i++) {
        struct ledger_reading *r = &g.reading[i];
        const int64_t grown = (int64_t)(kept * STRIDE * (double)i);
        r->iteration = (int64_t)(i + 1) * STRIDE;
        r->bytes[LEDGER_PSS] = (20 << 20) + grown + wobble(i);
        r->bytes[LEDGER_FILES] = 4 << 20;
        r->bytes[LEDGER_CHILDREN] = 0;
        r->bytes[LEDGER_PAGE_TABLES] = 100000 + grown / 512;
        const bool has_split = i % 4 == 3;
        r->bytes[LEDGER_LIVE] = has_split ? (10 << 20) + grown : LEDGER_UNKNOWN;
        r->bytes[LEDGER_CYCLES] = has_split ? 0 : LEDGER_UNKNOWN;
        r->bytes[LEDGER_FREE] = has_split ? 5 << 20 : LEDGER_UNKNOWN;
        r->bytes[LEDGER_STACKS] = has_split ? 1 << 20 : LEDGER_UNKNOWN;
    }
}

static const struct growth_sources NO_SAMPLES = {.no_class = "v1 holds it"};

static void expect_said(const char *wanted)
{
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_string_equal(said.data, wanted);
}

static void a_planted_slope_is_found_and_told_in_its_parts(void **state)
{
    (void)state;
    plant(KEPT);
    growth_derive(&NO_SAMPLES, &g);
    assert_int_equal(g.shape, GROWTH_GROWS);
    assert_near(g.slope[GROWTH_PSS].bytes, KEPT * 1000, 0.01 * KEPT * 1000);
    assert_true(g.slope[GROWTH_PSS].low < KEPT * 1000 && KEPT * 1000 < g.slope[GROWTH_PSS].high);
    assert_near(g.slope[GROWTH_LIVE].bytes, KEPT * 1000, 1);
    assert_near(g.slope[GROWTH_PAGE_TABLES].bytes, KEPT * 1000 / 512, 1);
    expect_said("grows by 15.6 MiB (15.6 to 15.6) per 1,000 iterations: live objects 15.6, not told apart 0.00");
}

static void the_parts_and_what_is_not_told_apart_add_up_to_the_whole(void **state)
{
    (void)state;
    double sum = 0;
    plant(KEPT);
    for (size_t i = 0; i < LEDGER_READINGS; i++)
        g.reading[i].bytes[LEDGER_PSS] += 3000 * (int64_t)i; /* that no part has */
    growth_derive(&NO_SAMPLES, &g);
    assert_near(g.slope[GROWTH_REST].bytes, 3000 * 1000 / STRIDE, 0.02 * 3000 * 1000 / STRIDE);
    for (int f = GROWTH_LIVE; f <= GROWTH_REST; f++)
        sum += g.slope[f].bytes;
    assert_near(sum, g.slope[GROWTH_PSS].bytes, 0.01 * g.slope[GROWTH_PSS].bytes);
}

static void a_flat_series_is_called_flat_with_its_bound(void **state)
{
    (void)state;
    plant(0);
    growth_derive(&NO_SAMPLES, &g);
    assert_int_equal(g.shape, GROWTH_FLAT);
    assert_true(g.slope[GROWTH_PSS].low <= 0 && 0 <= g.slope[GROWTH_PSS].high);
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_true(strncmp(said.data, "flat: within +-", 15) == 0);
    assert_non_null(strstr(said.data, " per 1,000 iterations"));
    assert_null(strstr(said.data, "rose"));
}

static void what_came_to_an_end_is_a_plateau_and_says_how_far_it_rose(void **state)
{
    (void)state;
    plant(0);
    for (size_t i = 0; i < LEDGER_READINGS; i++)
        g.reading[i].bytes[LEDGER_PSS] += (int64_t)(i < 100 ? i : 100) * 65536;
    growth_derive(&NO_SAMPLES, &g);
    assert_int_equal(g.shape, GROWTH_PLATEAU);
    assert_near(g.rose_bytes, 100 * 65536, 8192);
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_non_null(strstr(said.data, ", after it rose by 6.2"));
}

static void what_shrinks_is_told_without_a_sign(void **state)
{
    (void)state;
    plant(-1024);
    growth_derive(&NO_SAMPLES, &g);
    assert_int_equal(g.shape, GROWTH_SHRINKS);
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_true(strncmp(said.data, "shrinks by 1000 KiB (", 21) == 0);
}

static void a_part_that_nobody_reads_is_null_with_its_reason_and_in_the_rest(void **state)
{
    (void)state;
    plant(KEPT);
    assert_int_equal(ledger_create(2560, 1, true, &ledger, NULL), 0);
    strcpy(ledger.page->reading_why[LEDGER_LIVE], "no\tctypes");
    for (size_t i = 0; i < LEDGER_READINGS; i++)
        g.reading[i].bytes[LEDGER_LIVE] = LEDGER_UNKNOWN;
    growth_derive(&(struct growth_sources){.ledger = &ledger, .no_class = "v1 holds it"}, &g);
    assert_true(isnan(g.slope[GROWTH_LIVE].bytes));
    assert_null(strchr(g.slope[GROWTH_LIVE].why_not, '\t'));
    assert_near(g.slope[GROWTH_REST].bytes, KEPT * 1000, 0.02 * KEPT * 1000);
    assert_string_equal(g.slope[GROWTH_ANON].why_not, "v1 holds it");
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_non_null(strstr(said.data, "; unknown: live objects"));
    ledger_close(&ledger);
}

static void a_part_that_is_read_no_longer_has_no_slope_and_the_reason_of_that(void **state)
{
    (void)state;
    plant(KEPT);
    assert_int_equal(ledger_create(2560, 1, true, &ledger, NULL), 0);
    strcpy(ledger.page->reading_why[LEDGER_LIVE], "a forked copy had not told after 60 s");
    for (size_t i = 200; i < LEDGER_READINGS; i++)
        g.reading[i].bytes[LEDGER_LIVE] = g.reading[i].bytes[LEDGER_CYCLES] = LEDGER_UNKNOWN;
    growth_derive(&(struct growth_sources){.ledger = &ledger, .no_class = "v1 holds it"}, &g);
    assert_true(isnan(g.slope[GROWTH_LIVE].bytes) && isnan(g.slope[GROWTH_CYCLES].bytes));
    assert_string_equal(g.slope[GROWTH_LIVE].why_not, "a forked copy had not told after 60 s");
    assert_string_equal(g.slope[GROWTH_CYCLES].why_not, "the last readings do not have it");
    assert_true(isfinite(g.slope[GROWTH_STACKS].bytes));
    ledger_close(&ledger);
}

static void a_missing_reading_leaves_its_figure_without_a_slope(void **state)
{
    (void)state;
    plant(KEPT);
    g.reading[200].bytes[LEDGER_PSS] = LEDGER_UNKNOWN;
    growth_derive(&NO_SAMPLES, &g);
    assert_int_equal(g.shape, GROWTH_UNKNOWN);
    expect_said("growth unknown: a reading is missing");
    assert_true(isfinite(g.slope[GROWTH_LIVE].bytes));
}

static void few_readings_have_no_interval(void **state)
{
    (void)state;
    plant(KEPT);
    g.readings = 60;
    growth_derive(&NO_SAMPLES, &g);
    expect_said("growth unknown: there are too few readings");
    assert_true(isfinite(g.slope[GROWTH_PSS].bytes));
    plant(KEPT);
    g.readings = 3; /* two in the second half */
    growth_derive(&NO_SAMPLES, &g);
    expect_said("growth unknown: there are too few readings");
    for (int f = GROWTH_PSS; f < GROWTH_ANON; f++)
        assert_true(isnan(g.slope[f].bytes));
    assert_string_equal(g.slope[GROWTH_PSS].why_not, "there are too few readings");
}

/* --- the runner's samples ----------------------------------------------------------------------------------------- */

/* 2560 iterations of 1 ms, and 400 samples evenly over them, of a slice that grows by KEPT an iteration. */
static struct growth_sources samples_of(bool with_rollup)
{
    for (int64_t i = 0; i < 2560; i++) {
        start_ns[i] = i * 1000000;
        end_ns[i] = start_ns[i] + 900000;
    }
    for (size_t i = 0; i < ARRAY_LEN(sample); i++) {
        const double at = 2560.0 * (double)i / (double)ARRAY_LEN(sample);
        sample[i] = (struct sample){.at_ns = (int64_t)(at * 1e6), .has_rollup = with_rollup};
        sample[i].has_class[SAMPLE_ANON] = true;
        sample[i].class_bytes[SAMPLE_ANON] = (uint64_t)(1e7 + KEPT * at + (double)wobble(i));
        sample[i].members.pss_bytes = sample[i].class_bytes[SAMPLE_ANON];
    }
    return (struct growth_sources){.samples = sample,
                                   .sample_count = ARRAY_LEN(sample),
                                   .start_ns = start_ns,
                                   .end_ns = end_ns,
                                   .iterations = 2560};
}

static void the_slices_memory_has_a_slope_of_its_own(void **state)
{
    (void)state;
    plant(KEPT);
    const struct growth_sources from = samples_of(false);
    growth_derive(&from, &g);
    assert_near(g.slope[GROWTH_ANON].bytes, KEPT * 1000, 0.01 * KEPT * 1000);
    assert_string_equal(g.slope[GROWTH_KERNEL].why_not, "no sample of the second half has it");
}

static void a_workload_without_readings_is_told_by_the_samples(void **state)
{
    (void)state;
    const struct growth_sources from = samples_of(true);
    g = (struct growth){.stride = STRIDE};
    growth_derive(&from, &g);
    assert_int_equal(g.shape, GROWTH_GROWS);
    assert_near(g.slope[GROWTH_PSS].bytes, KEPT * 1000, 0.01 * KEPT * 1000);
    assert_string_equal(g.slope[GROWTH_LIVE].why_not, "the workload takes no readings of its own");
}

/* --- stopping ----------------------------------------------------------------------------------------------------- */

static void fill_ledger(size_t readings)
{
    struct ledger_reading *to = (struct ledger_reading *)((char *)ledger.page + ledger.page->readings_offset);
    memcpy(to, g.reading, readings * sizeof(*to));
    ledger.page->readings_done = readings;
}

static void a_run_ends_at_twice_the_readings_that_told_that_it_may(void **state)
{
    (void)state;
    const struct growth_target one_percent = {.share = 0.01}, a_byte = {.bytes = 1};
    size_t asked = 0;
    plant(KEPT);
    assert_int_equal(ledger_create(2560, 1, true, &ledger, NULL), 0);
    fill_ledger(63);
    assert_int_equal(growth_enough(&ledger, &one_percent, &asked), 0);
    fill_ledger(70); /* the look at 64 comes late, and sees 64 */
    assert_int_equal(growth_enough(&ledger, &one_percent, &asked), 128 * STRIDE);
    asked = 0;
    fill_ledger(LEDGER_READINGS);
    assert_int_equal(growth_enough(&ledger, &a_byte, &asked), 0);
    assert_int_equal(growth_enough(&ledger, &one_percent, &asked), 0); /* each look is one */
    ledger_close(&ledger);
}

static void a_width_that_was_not_reached_is_said(void **state)
{
    (void)state;
    const struct growth_target a_byte = {.bytes = 1};
    plant(KEPT);
    growth_derive(&(struct growth_sources){.target = &a_byte, .no_class = "v1 holds it"}, &g);
    cleanup_text struct text said = {0};
    growth_say(&g, &said);
    assert_non_null(strstr(said.data, "; +-1.00 B was wanted: more iterations"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_slope_is_found_and_told_in_its_parts),
        cmocka_unit_test(the_parts_and_what_is_not_told_apart_add_up_to_the_whole),
        cmocka_unit_test(a_flat_series_is_called_flat_with_its_bound),
        cmocka_unit_test(what_came_to_an_end_is_a_plateau_and_says_how_far_it_rose),
        cmocka_unit_test(what_shrinks_is_told_without_a_sign),
        cmocka_unit_test(a_part_that_nobody_reads_is_null_with_its_reason_and_in_the_rest),
        cmocka_unit_test(a_part_that_is_read_no_longer_has_no_slope_and_the_reason_of_that),
        cmocka_unit_test(a_missing_reading_leaves_its_figure_without_a_slope),
        cmocka_unit_test(few_readings_have_no_interval),
        cmocka_unit_test(the_slices_memory_has_a_slope_of_its_own),
        cmocka_unit_test(a_workload_without_readings_is_told_by_the_samples),
        cmocka_unit_test(a_run_ends_at_twice_the_readings_that_told_that_it_may),
        cmocka_unit_test(a_width_that_was_not_reached_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
