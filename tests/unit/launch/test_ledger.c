#include "launch/ledger.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { ITERATIONS = 4, WORKERS = 3 };

static int with_ledger(void **state)
{
    static struct ledger_map map;
    struct err e = {0};
    if (ledger_create(ITERATIONS, WORKERS, false, &map, &e) < 0)
        return -1;
    *state = &map;
    return 0;
}

static int end_ledger(void **state)
{
    ledger_close(*state);
    return 0;
}

static const struct ledger_run RUN = {.from_ns = 500, .to_ns = 2000};

/* Four iterations as they should be: 1000 to 1900, each 100 long, 100 between them. */
static void stamp_well(struct ledger_map *map)
{
    map->page->wall_start_ns = 1000;
    for (uint64_t i = 0; i < ITERATIONS; i++)
        ledger_stamp(map->page, i, (int64_t)(1100 + 200 * i), (int64_t)(1200 + 200 * i));
    map->page->wall_end_ns = 1900;
}

static void expect_disorder(const struct ledger_map *map, const char *words)
{
    struct err e = {0};
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, &e), -EPROTO);
    assert_int_equal(e.code, -EPROTO);
    assert_int_equal(e.kind, ERR_WORKLOAD);
    assert_non_null(strstr(e.text, words));
}

/* --- layout -------------------------------------------------------------------------------------------------- */

static void the_head_holds_the_layout(void **state)
{
    const struct ledger_map *map = *state;
    const struct ledger *l = map->page;
    assert_int_equal(l->magic, LEDGER_MAGIC);
    assert_int_equal(l->starts_offset, 128 + 2048 + 8 + 32 * 48 + 32 + 32 + 8 * 120);
    assert_int_equal(l->figure_count, 0);
    assert_int_equal(l->ends_offset, l->starts_offset + 8 * ITERATIONS);
    assert_int_equal(l->workers_offset, l->ends_offset + 8 * ITERATIONS);
    assert_int_equal(l->ready_offset, l->workers_offset + 8 * WORKERS);
    assert_int_equal(l->size_bytes, l->ready_offset + 8 * ITERATIONS);
    assert_int_equal(l->phase, LEDGER_STARTING);
    assert_int_equal(lseek(map->fd, 0, SEEK_END), l->size_bytes);
}

static void the_fields_stand_where_the_header_says(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct ledger, gil), 64);
    assert_int_equal(offsetof(struct ledger, iterations_done), 80);
    assert_int_equal(offsetof(struct ledger, wall_start_ns), 88);
    assert_int_equal(offsetof(struct ledger, main_pid), 104);
    assert_int_equal(offsetof(struct ledger, worker_count), 112);
    assert_int_equal(offsetof(struct ledger, check), 120);
}

static void what_the_workload_stamps_the_runner_reads(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    assert_int_equal(ledger_iterations_done(map), ITERATIONS);
    assert_int_equal(ledger_starts(map)[3], 1700);
    assert_int_equal(ledger_ends(map)[3], 1800);
}

static void the_memfd_cannot_be_resized_nor_unsealed(void **state)
{
    const struct ledger_map *map = *state;
    assert_int_equal(ftruncate(map->fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(map->fd, 1 << 20), -1);
    assert_int_equal(fcntl(map->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    assert_int_equal(fcntl(map->fd, F_GETFD), FD_CLOEXEC);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    static const uint64_t iterations[] = {UINT64_MAX, UINT64_MAX / 8, UINT64_MAX / 16, (uint64_t)1 << 40, 1, 1};
    static const uint64_t workers[] = {1, 1, 1, 1, UINT64_MAX, UINT64_MAX / 8};
    for (size_t i = 0; i < ARRAY_LEN(iterations); i++) {
        struct ledger_map map = {.fd = -7};
        struct err e = {0};
        assert_int_equal(ledger_create(iterations[i], workers[i], false, &map, &e), -EOVERFLOW);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_int_equal(map.fd, -7);
    }
}

static void closing_twice_does_nothing(void **state)
{
    (void)state;
    struct ledger_map map;
    assert_int_equal(ledger_create(1, 1, false, &map, NULL), 0);
    ledger_close(&map);
    assert_null(map.page);
    ledger_close(&map);
}

/* --- a workload that cannot be trusted ----------------------------------------------------------------------- */

static void a_hostile_count_of_iterations_is_clamped(void **state)
{
    struct ledger_map *map = *state;
    map->page->iterations_done = UINT64_MAX;
    assert_int_equal(ledger_iterations_done(map), ITERATIONS);
    map->page->iteration_capacity = UINT64_MAX;
    assert_int_equal(ledger_iterations_done(map), ITERATIONS);
}

static void hostile_offsets_do_not_lead_the_runner_astray(void **state)
{
    struct ledger_map *map = *state;
    const char *page = (const char *)map->page;
    map->page->starts_offset = map->page->ends_offset = map->page->workers_offset = UINT64_MAX / 2;
    map->page->size_bytes = UINT64_MAX;
    map->page->worker_capacity = UINT64_MAX;
    map->page->worker_count = UINT64_MAX;
    assert_ptr_equal(ledger_starts(map), page + sizeof(struct ledger));
    assert_ptr_equal(ledger_ends(map), page + sizeof(struct ledger) + 8 * ITERATIONS);
    int pids[16];
    assert_int_equal(ledger_members(map, pids, ARRAY_LEN(pids)), 0);
}

static void an_unknown_phase_is_a_failure(void **state)
{
    struct ledger_map *map = *state;
    map->page->phase = 5;
    assert_int_equal(ledger_phase(map), LEDGER_FAILED);
    map->page->phase = UINT64_MAX;
    assert_int_equal(ledger_phase(map), LEDGER_FAILED);
}

static void members_are_the_main_process_and_its_workers(void **state)
{
    struct ledger_map *map = *state;
    int pids[8];
    map->page->main_pid = 100;
    ledger_set_worker(map->page, 0, 101);
    ledger_set_worker(map->page, 1, 102);
    assert_int_equal(ledger_members(map, pids, ARRAY_LEN(pids)), 1); /* the count says how many run */
    ledger_set_worker_count(map->page, 2);
    assert_int_equal(ledger_members(map, pids, ARRAY_LEN(pids)), 3);
    assert_int_equal(pids[0], 100);
    assert_int_equal(pids[1], 101);
    assert_int_equal(pids[2], 102);
}

static void members_leave_out_what_is_no_pid(void **state)
{
    struct ledger_map *map = *state;
    int pids[8];
    map->page->main_pid = 100;
    ledger_set_worker(map->page, 0, 0);
    ledger_set_worker(map->page, 1, -1);
    ledger_set_worker(map->page, 2, 100);
    ledger_set_worker_count(map->page, 1000000);
    assert_int_equal(ledger_members(map, pids, ARRAY_LEN(pids)), 1);
    assert_int_equal(pids[0], 100);
}

static void members_stay_within_the_callers_array(void **state)
{
    struct ledger_map *map = *state;
    int pids[3] = {0, 0, -5};
    map->page->main_pid = 100;
    for (int i = 0; i < WORKERS; i++)
        ledger_set_worker(map->page, (uint64_t)i, 101 + i);
    ledger_set_worker_count(map->page, WORKERS);
    assert_int_equal(ledger_members(map, pids, 2), 2);
    assert_int_equal(pids[2], -5);
    assert_int_equal(ledger_members(map, pids, 0), 0);
}

/* --- figures -------------------------------------------------------------------------------------------------- */

/* A figure as a workload that does without the helpers may write it. */
static struct ledger_figure *raw_figure(struct ledger_map *map, uint64_t i, const char *name, size_t len)
{
    struct ledger_figure *f = &map->page->figure[i];
    *f = (struct ledger_figure){.kind = LEDGER_FIGURE_INTEGER, .integer = (int64_t)i};
    memcpy(f->name, name, len);
    map->page->figure_count = i + 1;
    return f;
}

static void expect_bad_figure(struct ledger_map *map, const char *words)
{
    stamp_well(map);
    expect_disorder(map, words);
}

static void figures_come_out_as_they_were_given(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    stamp_well(map);
    ledger_figure_integer(map->page, "inserts", INT64_MIN);
    ledger_figure_real(map->page, "dup_rate_pct", 0.1);
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, NULL), 0);
    assert_int_equal(ledger_figures(map, got), 2);
    assert_string_equal(got[0].name, "inserts");
    assert_int_equal(got[0].kind, LEDGER_FIGURE_INTEGER);
    assert_true(got[0].integer == INT64_MIN);
    assert_string_equal(got[1].name, "dup_rate_pct");
    assert_int_equal(got[1].kind, LEDGER_FIGURE_REAL);
    assert_true(got[1].real == 0.1);
}

static void a_figure_that_is_given_again_is_replaced(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    ledger_figure_integer(map->page, "attempts", 1);
    ledger_figure_integer(map->page, "attempts_of", 2);
    ledger_figure_real(map->page, "attempts", 3.5);
    assert_int_equal(ledger_figures(map, got), 2);
    assert_int_equal(got[0].kind, LEDGER_FIGURE_REAL);
    assert_true(got[0].real == 3.5);
    assert_int_equal(got[1].integer, 2);
}

static void the_thirty_third_figure_is_refused(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES + 1];
    char name[8];
    for (int i = 0; i <= LEDGER_FIGURES; i++) {
        (void)snprintf(name, sizeof(name), "f%d", i);
        ledger_figure_integer(map->page, name, i);
    }
    assert_int_equal(ledger_figures(map, got), LEDGER_FIGURES);
    assert_string_equal(got[31].name, "f31");
    assert_int_equal(ledger_starts(map)[0], 0);
    expect_bad_figure(map, "figure_count is 33, where there is room for 32");
}

static void a_hostile_count_of_figures_is_bounded(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    map->page->figure_count = UINT64_MAX;
    assert_int_equal(ledger_figures(map, got), 0);
    expect_bad_figure(map, "figure_count is 18446744073709551615, where");
}

static void what_is_beyond_the_given_figures_stays_as_it_was(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES] = {[2] = {.name = "untouched"}};
    ledger_figure_integer(map->page, "one", 1);
    ledger_figure_integer(map->page, "two", 2);
    assert_int_equal(ledger_figures(map, got), 2);
    assert_string_equal(got[2].name, "untouched");
}

static void a_name_without_an_end_is_refused(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    ledger_figure_integer(map->page, "a_name_of_thirty_two_letters_is_too_long", 1);
    ledger_figure_integer(map->page, "a_name_of_31_letters_still_fits", 2);
    assert_int_equal(ledger_figures(map, got), 1);
    assert_int_equal(got[0].integer, 2);
    expect_bad_figure(map, "figure[0] ('a_name_of_thirty_two_letters_is'): its name is not 1 to 31 of a-z, 0-9 and _");
}

static void a_name_of_other_letters_is_refused(void **state)
{
    struct ledger_map *map = *state;
    static const char *const names[] = {"", "Inserts", "ops/s", "a b", "é", "x\n"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)raw_figure(map, 0, names[i], strlen(names[i]));
        expect_bad_figure(map, "figure[0] ('");
    }
}

static void a_name_that_comes_twice_is_refused(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    (void)raw_figure(map, 0, "twice", 5);
    (void)raw_figure(map, 1, "twice", 5);
    assert_int_equal(ledger_figures(map, got), 1);
    assert_int_equal(got[0].integer, 0);
    expect_bad_figure(map, "figure[1] ('twice'): it is given twice");
}

static void a_real_that_is_not_finite_is_refused(void **state)
{
    struct ledger_map *map = *state;
    struct ledger_figure got[LEDGER_FIGURES];
    static const double reals[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
        ledger_figure_real(map->page, "rate", reals[i]);
        assert_int_equal(ledger_figures(map, got), 0);
        expect_bad_figure(map, "figure[0] ('rate'): it is not a finite number");
    }
    ledger_figure_integer(map->page, "rate", (int64_t)0x7ff8000000000000); /* a NaN's bits are a number here */
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, NULL), 0);
}

static void a_kind_that_is_none_is_refused(void **state)
{
    struct ledger_map *map = *state;
    raw_figure(map, 0, "x", 1)->kind = LEDGER_FIGURE_UNSET;
    expect_bad_figure(map, "figure[0] ('x'): it has no value");
    raw_figure(map, 0, "x", 1)->kind = 3;
    expect_bad_figure(map, "figure[0] ('x'): it is neither an integer nor a real");
}

/* --- readings ------------------------------------------------------------------------------------------------ */

static struct ledger_reading *readings(const struct ledger_map *map)
{
    return (struct ledger_reading *)((char *)map->page + map->page->readings_offset);
}

/* A ledger of 600 iterations with room for readings, one every third, of which two are there. */
static struct ledger_map two_readings(void)
{
    struct ledger_map map;
    assert_int_equal(ledger_create(600, WORKERS, true, &map, NULL), 0);
    for (int64_t i = 0; i < 2; i++) {
        readings(&map)[i] =
            (struct ledger_reading){.iteration = 3 * (i + 1), .bytes = {1 << 20, 5, LEDGER_UNKNOWN, -7}};
        map.page->readings_done++;
    }
    return map;
}

static void readings_are_as_far_apart_as_their_number_needs(void **state)
{
    const struct ledger_map *none = *state;
    struct ledger_map map;
    assert_int_equal(none->page->reading_stride, 0);
    assert_int_equal(ledger_create(256, 1, true, &map, NULL), 0);
    assert_int_equal(map.page->reading_stride, 1);
    ledger_close(&map);
    assert_int_equal(ledger_create(257, 1, true, &map, NULL), 0);
    assert_int_equal(map.page->reading_stride, 2);
    assert_int_equal(map.page->size_bytes, map.page->readings_offset + LEDGER_READINGS * 80);
    ledger_close(&map);
}

static void sound_readings_are_taken_and_others_are_told(void **state)
{
    (void)state;
    struct ledger_reading out[LEDGER_READINGS];
    struct ledger_map map = two_readings();
    assert_int_equal(ledger_readings(&map, out), 2);
    assert_int_equal(out[1].iteration, 6);
    assert_true(out[1].bytes[LEDGER_CYCLES] == LEDGER_UNKNOWN && out[1].bytes[LEDGER_FREE] == -7);
    readings(&map)[1].bytes[LEDGER_PSS] = -1;
    assert_int_equal(ledger_readings(&map, out), 1);
    readings(&map)[0].iteration = 4;
    assert_int_equal(ledger_readings(&map, out), 0);
    map.page->readings_done = UINT64_MAX; /* a hostile count is bounded */
    assert_int_equal(ledger_readings(&map, out), 0);
    ledger_close(&map);
}

static void a_reading_lies_in_the_run_and_after_the_one_before(void **state)
{
    (void)state;
    struct ledger_reading out[LEDGER_READINGS];
    struct ledger_map map = two_readings();
    const int64_t now_ns = clock_now_ns();
    map.page->wall_start_ns = now_ns - 100;
    readings(&map)[0].at_ns = now_ns - 50;
    readings(&map)[1].at_ns = now_ns - 50;
    assert_int_equal(ledger_readings(&map, out), 2);
    readings(&map)[1].at_ns = now_ns - 51;
    assert_int_equal(ledger_readings(&map, out), 1);
    readings(&map)[1].at_ns = INT64_MAX;
    assert_int_equal(ledger_readings(&map, out), 1);
    readings(&map)[0].at_ns = now_ns - 101;
    assert_int_equal(ledger_readings(&map, out), 0);
    ledger_close(&map);
}

static void the_check_tells_a_reading_after_the_end_or_before_the_start(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ns[2];
        const char *why;
    } CASES[] = {
        {{101, 200}, NULL},
        {{99, 200}, "reading[0] (iteration 1): its time lies before wall_start_ns"},
        {{150, 149}, "reading[1] (iteration 2): its time lies before that of the one before it"},
        {{150, 201}, "reading[1] (iteration 2): its time lies after the end"},
    };
    for (size_t c = 0; c < sizeof(CASES) / sizeof(*CASES); c++) {
        struct ledger_map map;
        struct err e = {0};
        assert_int_equal(ledger_create(2, 1, true, &map, NULL), 0);
        map.page->wall_start_ns = 100;
        map.page->wall_end_ns = 200;
        for (int64_t i = 0; i < 2; i++) {
            ledger_stamp(map.page, (uint64_t)i, 100 + i, 101 + i);
            readings(&map)[i] = (struct ledger_reading){.iteration = i + 1, .at_ns = CASES[c].at_ns[i]};
        }
        map.page->readings_done = 2;
        const int failed = ledger_check(&map, 2, &(struct ledger_run){1, 1000}, &e);
        assert_int_equal(failed, CASES[c].why ? -EPROTO : 0);
        if (CASES[c].why)
            assert_non_null(strstr(e.text, CASES[c].why));
        ledger_close(&map);
    }
}

static void a_ledger_without_readings_has_none_whatever_it_says(void **state)
{
    const struct ledger_map *map = *state;
    struct ledger_reading out[LEDGER_READINGS];
    map->page->readings_done = 5;
    map->page->reading_stride = 1;
    assert_int_equal(ledger_readings(map, out), 0);
}

static void a_reason_ends_whatever_the_workload_wrote(void **state)
{
    (void)state;
    char why[LEDGER_WHY_MAX];
    struct ledger_map map = two_readings();
    memset(map.page->reading_why[LEDGER_STACKS], 'x', LEDGER_WHY_MAX);
    ledger_reading_why(&map, LEDGER_STACKS, why);
    assert_int_equal(strlen(why), LEDGER_WHY_MAX - 1);
    ledger_reading_why(&map, LEDGER_LIVE, why);
    assert_string_equal(why, "");
    ledger_close(&map);
}

static void a_run_may_end_early_once_it_was_told_so_and_not_before(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->enough = ITERATIONS; /* by the workload itself: it counts for nothing */
    assert_int_equal(ledger_check(map, ITERATIONS + 1, &RUN, NULL), -EPROTO);
    ledger_end_after(map, ITERATIONS - 1);
    assert_int_equal(map->page->enough, ITERATIONS - 1);
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, NULL), 0);
    assert_int_equal(ledger_check(map, ITERATIONS + 1, &RUN, NULL), 0);
    ledger_end_after(map, ITERATIONS + 1);
    assert_int_equal(ledger_check(map, ITERATIONS + 2, &RUN, NULL), -EPROTO);
}

/* --- ledger_check -------------------------------------------------------------------------------------------- */

static void stamps_in_order_pass(void **state)
{
    struct ledger_map *map = *state;
    struct err e = {0};
    stamp_well(map);
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, &e), 0);
    assert_int_equal(e.code, 0);
}

static void touching_and_empty_iterations_pass(void **state)
{
    struct ledger_map *map = *state;
    map->page->wall_start_ns = map->page->wall_end_ns = 1000;
    for (uint64_t i = 0; i < ITERATIONS; i++)
        ledger_stamp(map->page, i, 1000, 1000);
    assert_int_equal(ledger_check(map, ITERATIONS, &RUN, NULL), 0);
}

static void too_few_and_too_many_iterations_are_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->iterations_done = ITERATIONS - 1;
    expect_disorder(map, "ledger: iterations_done is 3, where 4 are expected");
    map->page->iterations_done = ITERATIONS + 1;
    expect_disorder(map, "iterations_done is 5, where 4 are expected");
    assert_int_equal(ledger_check(map, ITERATIONS + 1, &RUN, NULL), -EPROTO); /* there is no room for them */
}

static void a_start_before_the_measuring_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->wall_start_ns = 1101;
    expect_disorder(map, "start_ns[0] is 1100, before wall_start_ns at 1101");
}

static void an_end_before_its_start_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    ledger_stamp(map->page, 3, 1700, 1699);
    expect_disorder(map, "end_ns[3] is 1699, before its start_ns at 1700");
}

static void a_start_before_the_end_of_the_one_before_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    ledger_stamp(map->page, 1, 1199, 1400);
    map->page->iterations_done = ITERATIONS;
    expect_disorder(map, "start_ns[1] is 1199, before end_ns[0] at 1200");
}

static void an_end_after_the_measuring_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->wall_end_ns = 1799;
    expect_disorder(map, "wall_end_ns is 1799, before end_ns[3] at 1800");
}

static void a_stamp_that_was_never_written_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    ledger_stamp(map->page, 3, 0, 0);
    expect_disorder(map, "start_ns[3] is 0");
}

static void a_wall_time_that_cannot_be_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->wall_start_ns = 0;
    expect_disorder(map, "wall_start_ns is 0, before the workload's start at 500");
    map->page->wall_start_ns = 1901;
    expect_disorder(map, "wall_end_ns is 1900, before wall_start_ns at 1901");
    map->page->wall_start_ns = INT64_MIN;
    expect_disorder(map, "wall_start_ns is -9223372036854775808");
}

static void stamps_of_another_time_are_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    map->page->wall_start_ns = 499;
    expect_disorder(map, "wall_start_ns is 499, before the workload's start at 500");
    stamp_well(map);
    map->page->wall_end_ns = INT64_MAX;
    expect_disorder(map, "wall_end_ns is 9223372036854775807, after the workload's end at 2000");
    stamp_well(map);
    ledger_stamp(map->page, 3, 1700, INT64_MAX);
    expect_disorder(map, "end_ns[3] is 9223372036854775807, after the end at 2000");
}

/* Under UBSan: the difference of two such stamps is none. */
static void of_a_run_that_ended_badly_only_what_can_be_is_taken(void **state)
{
    struct ledger_map *map = *state;
    int64_t wall_ns = 0;
    stamp_well(map);
    assert_int_equal(ledger_sound_iterations(map, &RUN), ITERATIONS);
    assert_true(ledger_wall_ns(map, &RUN, &wall_ns));
    assert_int_equal(wall_ns, 900);
    ledger_stamp(map->page, 2, INT64_MIN, INT64_MAX);
    map->page->iterations_done = UINT64_MAX;
    assert_int_equal(ledger_sound_iterations(map, &RUN), 2);
    map->page->wall_start_ns = INT64_MIN;
    map->page->wall_end_ns = INT64_MAX;
    assert_false(ledger_wall_ns(map, &RUN, &wall_ns));
    map->page->wall_start_ns = 1000;
    map->page->wall_end_ns = 0; /* not finished */
    assert_false(ledger_wall_ns(map, &RUN, &wall_ns));
}

static void a_ready_sign_or_a_hold_that_cannot_be_is_caught(void **state)
{
    struct ledger_map *map = *state;
    stamp_well(map);
    ((int64_t *)ledger_readies(map))[1] = 1299;
    expect_disorder(map, "ready_ns[1] is 1299, outside of its iteration: 1300 to 1400");
    ((int64_t *)ledger_readies(map))[1] = 1350;
    map->page->hold_ns = INT64_MAX;
    expect_disorder(map, "hold_ns is 9223372036854775807");
    map->page->hold_ns = -1;
    expect_disorder(map, "hold_ns is -1");
}

static void a_hostile_count_of_warm_up_iterations_is_bounded(void **state)
{
    struct ledger_map *map = *state;
    map->page->warmup_done = UINT64_MAX;
    assert_int_equal(ledger_warmup_done(map), UINT32_MAX);
}

/* --- a C workload's side ------------------------------------------------------------------------------------- */

/* What ledger_attach() would complain of on stderr is no part of a test's output. */
static struct ledger *attach_quietly(const char *descriptor)
{
    if (descriptor)
        assert_int_equal(setenv(LEDGER_ENV, descriptor, 1), 0);
    else
        assert_int_equal(unsetenv(LEDGER_ENV), 0);
    (void)fflush(stderr);
    cleanup_close int kept = dup(STDERR_FILENO);
    cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(null, STDERR_FILENO);
    struct ledger *l = ledger_attach();
    (void)dup2(kept, STDERR_FILENO);
    return l;
}

static struct ledger *attach_fd(int fd)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%d", fd);
    return attach_quietly(text);
}

static void a_workload_maps_the_same_page(void **state)
{
    struct ledger_map *map = *state;
    int inherited = dup(map->fd);
    struct ledger *l = attach_fd(inherited);
    assert_non_null(l);
    assert_ptr_not_equal(l, map->page);
    ledger_set_phase(l, LEDGER_MEASURING);
    ledger_stamp(l, 0, 7, 8);
    ledger_fail(l, "worker %d: %s", 3, "gone");
    assert_int_equal(ledger_phase(map), LEDGER_FAILED);
    assert_int_equal(ledger_iterations_done(map), 1);
    assert_string_equal(map->page->error, "worker 3: gone");
    assert_int_equal(fcntl(inherited, F_GETFD), -1); /* closed: workers need not inherit it */
    (void)munmap(l, map->size_bytes);
}

static void what_is_no_ledger_is_not_attached(void **state)
{
    (void)state;
    assert_null(attach_quietly(NULL));
    assert_null(attach_quietly(""));
    assert_null(attach_quietly("three"));
    assert_null(attach_quietly("99999999999"));
    assert_null(attach_fd(987654));
    cleanup_close int empty = memfd_create("empty", MFD_CLOEXEC);
    assert_null(attach_fd(empty));
    assert_int_equal(ftruncate(empty, 8192), 0);
    assert_null(attach_fd(empty));
}

static void a_head_that_does_not_fit_its_file_is_not_attached(void **state)
{
    struct ledger_map *map = *state;
    map->page->iteration_capacity = 1000000;
    assert_null(attach_fd(map->fd));
    map->page->iteration_capacity = ITERATIONS;
    map->page->ends_offset += 8;
    assert_null(attach_fd(map->fd));
}

static void writes_beyond_the_capacity_are_dropped(void **state)
{
    struct ledger_map *map = *state;
    ledger_stamp(map->page, ITERATIONS, 1, 2);
    ledger_stamp(map->page, UINT64_MAX, 1, 2);
    ledger_set_worker(map->page, WORKERS, 5);
    assert_int_equal(map->page->iterations_done, 0);
    assert_int_equal(ledger_ends(map)[0], 0);
}

static void a_long_reason_is_cut_and_ended(void **state)
{
    struct ledger_map *map = *state;
    char reason[2 * LEDGER_ERROR_MAX];
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    ledger_fail(map->page, "%s", reason);
    assert_int_equal(strnlen(map->page->error, LEDGER_ERROR_MAX), LEDGER_ERROR_MAX - 1);
    assert_int_equal(ledger_starts(map)[0], 0);
}

#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, with_ledger, end_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(the_head_holds_the_layout),
        cmocka_unit_test(the_fields_stand_where_the_header_says),
        WITH_LEDGER(what_the_workload_stamps_the_runner_reads),
        WITH_LEDGER(the_memfd_cannot_be_resized_nor_unsealed),
        cmocka_unit_test(a_size_that_overflows_is_refused),
        cmocka_unit_test(closing_twice_does_nothing),
        WITH_LEDGER(readings_are_as_far_apart_as_their_number_needs),
        cmocka_unit_test(sound_readings_are_taken_and_others_are_told),
        cmocka_unit_test(a_reading_lies_in_the_run_and_after_the_one_before),
        cmocka_unit_test(the_check_tells_a_reading_after_the_end_or_before_the_start),
        WITH_LEDGER(a_ledger_without_readings_has_none_whatever_it_says),
        cmocka_unit_test(a_reason_ends_whatever_the_workload_wrote),
        WITH_LEDGER(a_run_may_end_early_once_it_was_told_so_and_not_before),
        WITH_LEDGER(a_hostile_count_of_iterations_is_clamped),
        WITH_LEDGER(hostile_offsets_do_not_lead_the_runner_astray),
        WITH_LEDGER(an_unknown_phase_is_a_failure),
        WITH_LEDGER(members_are_the_main_process_and_its_workers),
        WITH_LEDGER(members_leave_out_what_is_no_pid),
        WITH_LEDGER(members_stay_within_the_callers_array),
        WITH_LEDGER(figures_come_out_as_they_were_given),
        WITH_LEDGER(a_figure_that_is_given_again_is_replaced),
        WITH_LEDGER(the_thirty_third_figure_is_refused),
        WITH_LEDGER(a_hostile_count_of_figures_is_bounded),
        WITH_LEDGER(what_is_beyond_the_given_figures_stays_as_it_was),
        WITH_LEDGER(a_name_without_an_end_is_refused),
        WITH_LEDGER(a_name_of_other_letters_is_refused),
        WITH_LEDGER(a_name_that_comes_twice_is_refused),
        WITH_LEDGER(a_real_that_is_not_finite_is_refused),
        WITH_LEDGER(a_kind_that_is_none_is_refused),
        WITH_LEDGER(stamps_in_order_pass),
        WITH_LEDGER(touching_and_empty_iterations_pass),
        WITH_LEDGER(too_few_and_too_many_iterations_are_caught),
        WITH_LEDGER(a_start_before_the_measuring_is_caught),
        WITH_LEDGER(an_end_before_its_start_is_caught),
        WITH_LEDGER(a_start_before_the_end_of_the_one_before_is_caught),
        WITH_LEDGER(an_end_after_the_measuring_is_caught),
        WITH_LEDGER(a_stamp_that_was_never_written_is_caught),
        WITH_LEDGER(a_wall_time_that_cannot_be_is_caught),
        WITH_LEDGER(stamps_of_another_time_are_caught),
        WITH_LEDGER(of_a_run_that_ended_badly_only_what_can_be_is_taken),
        WITH_LEDGER(a_ready_sign_or_a_hold_that_cannot_be_is_caught),
        WITH_LEDGER(a_hostile_count_of_warm_up_iterations_is_bounded),
        WITH_LEDGER(a_workload_maps_the_same_page),
        WITH_LEDGER(what_is_no_ledger_is_not_attached),
        WITH_LEDGER(a_head_that_does_not_fit_its_file_is_not_attached),
        WITH_LEDGER(writes_beyond_the_capacity_are_dropped),
        WITH_LEDGER(a_long_reason_is_cut_and_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
