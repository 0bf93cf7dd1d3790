#include "analysis/scaling.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "tests/unit/near.h"
#include "tests/unit/swept.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>
#include <string.h>

static struct summary s;
static struct scaling all;

static void forget(void)
{
    scaling_free(&all);
    summary_free(&s);
}

/* The same in each block, so that every number is exact. */
static void make(const struct made *m, size_t cells, int blocks)
{
    struct err e = {0};
    const char *path = fixture_root;
    for (int b = 0; b < blocks; b++)
        for (size_t i = 0; i < cells; i++)
            write_record(&m[i], i, b);
    if (summary_read(&path, 1, false, &s, &e) != 0)
        fail_msg("%s", e.text);
    scaling_make(&s, &all);
}

static const struct scaling_split *only_split(void)
{
    assert_int_equal(all.sweeps, 1);
    assert_int_equal(all.sweep[0].splits, 1);
    return &all.sweep[0].split[0];
}

static void assert_adds_up(const struct scaling_loss *l, bool has_start)
{
    const double start = has_start ? l->part[SCALING_START].at : 0;
    assert_near(l->got.at + l->lost.at, l->workers, 1e-9);
    assert_near(l->part[SCALING_CEILING].at + l->part[SCALING_SHARING].at + start, l->lost.at, 1e-9);
}

/* --- what is told ------------------------------------------------------------------------------------------------- */

static void the_parts_are_the_planted_ones_and_add_up(void **state)
{
    struct made m[16];
    (void)state;
    make(m, planted(m, 4, 0), 5);
    const struct scaling_split *split = only_split();
    assert_string_equal(split->why_not, "");
    assert_int_equal(split->losses, 3);
    assert_near(split->one.at, 1 / 1.2, 1e-9);
    for (size_t i = 0; i < split->losses; i++) {
        const struct scaling_loss *l = &split->loss[i];
        const double w = l->workers, p = w * 0.010 / process_s((int)w), t = w * thread_s(1) / thread_s((int)w);
        assert_near(l->got.at, t, 1e-9);
        assert_near(l->part[SCALING_CEILING].at, w - p, 1e-9);
        assert_near(l->part[SCALING_SHARING].at, p - t, 1e-9);
        assert_near(l->part[SCALING_SERIAL].at, (p - t) * SIGMA / (SIGMA + KAPPA * w), 1e-6);
        assert_near(l->part[SCALING_SERIAL].at + l->part[SCALING_COHERENCY].at, p - t, 1e-9);
        assert_near(l->cpus, 4, 0);
        assert_true(isnan(l->part[SCALING_START].at));
        assert_string_equal(l->part[SCALING_START].why_not, split->no_start);
        assert_adds_up(l, false);
    }
    assert_near(split->fit.sigma.at, SIGMA, 1e-7);
    assert_near(split->fit.kappa.at, KAPPA, 1e-7);
    assert_near(split->fit.law.r2, 1, 1e-7);
    assert_string_equal(split->fit.why_not, "");
    forget();
}

/* Starting takes 0.5 ms of each thread and 5 ms of each process: neither is in the ceiling or in the tax. */
static void starting_is_a_part_of_its_own(void **state)
{
    struct made m[16];
    (void)state;
    make(m, planted(m, 4, 0.0005), 5);
    const struct scaling_split *split = only_split();
    assert_true(split->has_start);
    for (size_t i = 0; i < split->losses; i++) {
        const struct scaling_loss *l = &split->loss[i];
        const double w = l->workers, p = w * 0.010 / process_s((int)w), t = w * thread_s(1) / thread_s((int)w);
        assert_near(l->got.at, w * (thread_s(1) + 0.0005) / (thread_s((int)w) + w * 0.0005), 1e-9);
        assert_near(l->part[SCALING_CEILING].at, w - p, 1e-9);
        assert_near(l->part[SCALING_SHARING].at, p - t, 1e-9);
        assert_near(l->part[SCALING_START].at, t - l->got.at, 1e-9);
        assert_true(l->part[SCALING_START].at > 0);
        assert_adds_up(l, true);
    }
    forget();
}

static void two_numbers_of_workers_are_split_but_no_curve_is_fitted(void **state)
{
    struct made m[16];
    (void)state;
    make(m, planted(m, 3, 0), 5);
    const struct scaling_split *split = only_split();
    assert_string_equal(split->why_not, "");
    assert_int_equal(split->losses, 2);
    assert_non_null(strstr(split->fit.why_not, "3 numbers of workers, and it takes 4"));
    assert_true(isnan(split->loss[1].part[SCALING_SERIAL].at));
    assert_adds_up(&split->loss[1], false);
    forget();
}

static void a_curve_that_the_law_does_not_hold_for_is_not_split(void **state)
{
    struct made m[16];
    (void)state;
    const size_t n = planted(m, 4, 0);
    for (size_t i = 0; i < n; i++) /* a step at three */
        if (strcmp(m[i].mode, "threads") == 0 && m[i].workers == 3)
            m[i].seconds *= 1.5;
    make(m, n, 5);
    const struct scaling_split *split = only_split();
    assert_non_null(strstr(split->fit.why_not, "the law does not hold: at "));
    assert_true(isnan(split->loss[2].part[SCALING_SERIAL].at));
    forget();
}

static void threads_without_processes_have_a_speed_up_and_no_split(void **state)
{
    static const struct made M[] = {{"scenario1", "threads", "3.14t", 1, 0, 0.01, 0},
                                    {"scenario1", "threads", "3.14t", 2, 0, 0.015, 0}};
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    const struct scaling_split *split = only_split();
    assert_string_equal(split->why_not, "there are no processes of the same work beside the threads");
    assert_int_equal(split->losses, 0);
    assert_near(all.sweep[0].curve[0].point[1].speed_up.at, 2 * 0.01 / 0.015, 1e-9);
    forget();
}

static void a_rate_is_what_counts_where_there_is_one(void **state)
{
    static const struct made M[] = {
        {"scenario2", "threads", "3.14t", 1, 0, 5, 1000},
        {"scenario2", "threads", "3.14t", 2, 0, 5, 1500},
        {"scenario2", "processes", "3.14t", 1, 0, 5, 500},
        {"scenario2", "processes", "3.14t", 2, 0, 5, 900},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    const struct scaling_split *split = only_split();
    assert_string_equal(all.sweep[0].figure, "ops_per_s");
    assert_near(split->loss[0].got.at, 1.5, 1e-9);
    assert_near(split->loss[0].part[SCALING_CEILING].at, 0.2, 1e-9);
    assert_near(split->loss[0].part[SCALING_SHARING].at, 0.3, 1e-9);
    assert_near(split->one.at, 2, 1e-9);
    forget();
}

/* Starting takes most of the iteration, and the rate leaves it out. */
static void a_rate_by_another_clock_has_no_start_in_it(void **state)
{
    static const struct made M[] = {
        {"scenario2", "threads", "3.14t", 1, 0, 5, 1000},  {"scenario2", "threads", "3.14t", 2, 0, 5, 1500},
        {"scenario2", "processes", "3.14t", 1, 0, 5, 500}, {"scenario2", "processes", "3.14t", 2, 0, 5, 900},
        {"scenario0", "threads", "3.14t", 1, 0, 4, 0},     {"scenario0", "threads", "3.14t", 2, 0, 4.5, 0},
        {"scenario0", "processes", "3.14t", 1, 0, 4, 0},   {"scenario0", "processes", "3.14t", 2, 0, 4.5, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    const struct scaling_split *split = only_split();
    assert_false(split->has_start);
    assert_non_null(strstr(split->no_start, "a clock of the scenario's own"));
    assert_near(split->loss[0].part[SCALING_CEILING].at, 0.2, 1e-9);
    assert_adds_up(&split->loss[0], false);
    forget();
}

/* Two workers of half the work each, in 0.6 of the time. */
static void work_that_is_shared_is_known_by_its_knob(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 1000, 0.010, 0},
        {"scenario1", "threads", "3.14t", 2, 500, 0.006, 0},
        {"scenario1", "processes", "3.14t", 1, 1000, 0.010, 0},
        {"scenario1", "processes", "3.14t", 2, 500, 0.005, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    const struct scaling_split *split = only_split();
    assert_string_equal(split->threads->shared, "work_iters");
    assert_near(split->loss[0].got.at, 1 / 0.6, 1e-9);
    assert_near(split->loss[0].part[SCALING_CEILING].at, 0, 1e-9);
    forget();
}

/* Every number of workers with every work: two sweeps of equal work, and none of shared work. */
static void equal_work_goes_before_shared_work(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 1000, 0.010, 0},
        {"scenario1", "threads", "3.14t", 2, 1000, 0.012, 0},
        {"scenario1", "threads", "3.14t", 1, 500, 0.005, 0},
        {"scenario1", "threads", "3.14t", 2, 500, 0.006, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    assert_int_equal(all.sweeps, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(all.sweep[i].curves, 1);
        assert_null(all.sweep[i].curve[0].shared);
        assert_int_equal(all.sweep[i].curve[0].points, 2);
    }
    forget();
}

static void what_is_all_start_is_not_split(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 0, 0.0010, 0},   {"scenario1", "threads", "3.14t", 2, 0, 0.0020, 0},
        {"scenario1", "processes", "3.14t", 1, 0, 0.010, 0},  {"scenario1", "processes", "3.14t", 2, 0, 0.020, 0},
        {"scenario0", "threads", "3.14t", 1, 0, 0.0010, 0},   {"scenario0", "threads", "3.14t", 2, 0, 0.0021, 0},
        {"scenario0", "processes", "3.14t", 1, 0, 0.0099, 0}, {"scenario0", "processes", "3.14t", 2, 0, 0.0199, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    assert_non_null(strstr(only_split()->why_not, "give them more to do"));
    forget();
}

/* A spawned process imports what the program does: of the same program starting takes more than of scenario0. */
static void starting_is_told_by_the_same_program_where_it_can_be_empty(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 9000, 0.011, 0},
        {"scenario1", "threads", "3.14t", 2, 9000, 0.012, 0},
        {"scenario1", "processes", "3.14t", 1, 9000, 0.060, 0},
        {"scenario1", "processes", "3.14t", 2, 9000, 0.110, 0},
        {"scenario1", "threads", "3.14t", 1, EMPTIED, 0.001, 0},
        {"scenario1", "threads", "3.14t", 2, EMPTIED, 0.002, 0},
        {"scenario1", "processes", "3.14t", 1, EMPTIED, 0.050, 0},
        {"scenario1", "processes", "3.14t", 2, EMPTIED, 0.1, 0},
        {"scenario0", "threads", "3.14t", 1, 0, 0.001, 0},
        {"scenario0", "threads", "3.14t", 2, 0, 0.002, 0},
        {"scenario0", "processes", "3.14t", 1, 0, 0.025, 0},
        {"scenario0", "processes", "3.14t", 2, 0, 0.05, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    const struct scaling_split *split = only_split();
    assert_true(split->has_start);
    assert_false(split->start_of_another);
    assert_near(split->loss[0].part[SCALING_CEILING].at, 0, 1e-9); /* 10 ms of work, with one worker and with two */
    assert_near(split->loss[0].part[SCALING_SHARING].at, 0, 1e-9);
    forget();
}

/* Without such cells it is scenario0's, and that is said. */
static void starting_of_another_program_is_told(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 9000, 0.011, 0},   {"scenario1", "threads", "3.14t", 2, 9000, 0.012, 0},
        {"scenario1", "processes", "3.14t", 1, 9000, 0.060, 0}, {"scenario1", "processes", "3.14t", 2, 9000, 0.110, 0},
        {"scenario0", "threads", "3.14t", 1, 0, 0.001, 0},      {"scenario0", "threads", "3.14t", 2, 0, 0.002, 0},
        {"scenario0", "processes", "3.14t", 1, 0, 0.025, 0},    {"scenario0", "processes", "3.14t", 2, 0, 0.05, 0},
    };
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    assert_true(only_split()->has_start && only_split()->start_of_another);
    assert_true(only_split()->loss[0].part[SCALING_CEILING].at > 0.1);
    forget();
}

/* One cell tells what starting takes, and is of another run; the blocks drift, which pairs alone take out. */
static void cells_that_are_not_used_cost_no_pairs(void **state)
{
    struct made m[16];
    struct err e = {0};
    const char *path = fixture_root;
    const struct made start = {"scenario0", "threads", "3.14t", 1, 0, 0.001, 0};
    (void)state;
    const size_t cells = planted(m, 4, 0);
    for (int b = 0; b < 5; b++) {
        write_record_of("cd", &start, cells, b);
        for (size_t i = 0; i < cells; i++) {
            write_record(&m[i], i, b);
            m[i].seconds *= 1.1;
        }
    }
    if (summary_read(&path, 1, false, &s, &e) != 0)
        fail_msg("%s", e.text);
    scaling_make(&s, &all);
    const struct scaling_split *split = only_split();
    const struct stats_interval *ceiling = &split->loss[0].part[SCALING_CEILING];
    assert_false(split->has_start);
    assert_null(ceiling->why_not);
    assert_near(ceiling->high, ceiling->low, 1e-6);
    forget();
}

/* Threads are in two sweeps by a knob that processes do not have. */
static void processes_are_beside_the_threads_of_every_knob(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 1000, 0.010, 0}, {"scenario1", "threads", "3.14t", 2, 1000, 0.012, 0},
        {"scenario1", "threads", "3.14t", 1, 300, 0.005, 0},  {"scenario1", "threads", "3.14t", 2, 300, 0.006, 0},
        {"scenario1", "processes", "3.14t", 1, 0, 0.010, 0},  {"scenario1", "processes", "3.14t", 2, 0, 0.011, 0},
    };
    size_t splits = 0;
    (void)state;
    make(M, ARRAY_LEN(M), 5);
    for (size_t i = 0; i < all.sweeps; i++)
        for (size_t k = 0; k < all.sweep[i].splits; k++, splits++)
            assert_string_equal(all.sweep[i].split[k].why_not, "");
    assert_int_equal(splits, 2);
    forget();
}

static void below_five_blocks_there_are_numbers_and_no_interval(void **state)
{
    struct made m[16];
    (void)state;
    make(m, planted(m, 4, 0), 4);
    const struct scaling_split *split = only_split();
    assert_string_equal(split->why_not, "");
    assert_non_null(split->loss[0].part[SCALING_CEILING].why_not);
    assert_near(split->loss[0].part[SCALING_CEILING].at, 2 - 2 / 1.1, 1e-9);
    assert_adds_up(&split->loss[0], false);
    forget();
}

/* --- how often the intervals hold --------------------------------------------------------------------------------- */

/* Blocks differ by 5 %, invocations within a block by 2 %; the parts' truth is the planted one. */
static void draw(const struct made *m, struct records *r, gsl_rng *rng, int blocks)
{
    double of_block[16];
    const size_t time = (size_t)records_figure(r, "avg_iter_s");
    for (int b = 0; b < blocks; b++)
        of_block[b] = gsl_ran_gaussian(rng, 0.05);
    for (size_t i = 0; i < r->count; i++) {
        const size_t cell = (size_t)strtoul(r->list[i].plan_cell + 1, NULL, 10);
        r->list[i].figure[time].value =
            m[cell].seconds * exp(of_block[r->list[i].block - 1] + gsl_ran_gaussian(rng, 0.02));
    }
}

struct held {
    int speed_ups, parts, fits, times;
};

static void look(struct held *h)
{
    bool speed_ups = true, parts = true;
    const struct scaling_split *split = only_split();
    for (size_t i = 0; i < split->losses; i++) {
        const struct scaling_loss *l = &split->loss[i];
        const double w = l->workers, p = w * 0.010 / process_s((int)w), t = w * thread_s(1) / thread_s((int)w);
        const double got = w * (thread_s(1) + 0.0005) / (thread_s((int)w) + w * 0.0005);
        const double truth[] = {w - p, p - t, 0, 0, t - got};
        speed_ups &= l->got.low <= got && got <= l->got.high;
        for (int k = 0; k < SCALING_PARTS; k++)
            if (!scaling_is_within_sharing((enum scaling_part)k))
                parts &= l->part[k].low <= truth[k] && truth[k] <= l->part[k].high;
    }
    const struct scaling_fit *f = &split->fit;
    h->speed_ups += speed_ups;
    h->parts += parts;
    h->fits += *f->why_not ||
               (f->sigma.low <= SIGMA && SIGMA <= f->sigma.high && f->kappa.low <= KAPPA && KAPPA <= f->kappa.high);
    h->times++;
}

static void hold_in_95_of_100(int blocks, int times)
{
    struct made m[16];
    struct held h = {0};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const size_t cells = planted(m, 4, 0.0005);
    make(m, cells, blocks);
    struct records r = s.records;
    scaling_free(&all);
    for (int i = 0; i < times; i++) {
        struct summary own;
        draw(m, &r, rng, blocks);
        summary_make(&r, &own);
        scaling_make(&own, &all);
        look(&h);
        scaling_free(&all);
        summary_free(&own);
    }
    gsl_rng_free(rng);
    summary_free(&s);
    const double least = 0.95 - 3 * sqrt(0.05 * 0.95 / times);
    print_message("%d blocks: speed-ups %.3f, parts %.3f, fits %.3f of %d hold\n", blocks, (double)h.speed_ups / times,
                  (double)h.parts / times, (double)h.fits / times, times);
    assert_true(h.speed_ups >= least * times);
    assert_true(h.parts >= least * times);
    assert_true(h.fits >= least * times);
}

static void the_intervals_of_five_blocks_hold_in_95_of_100(void **state)
{
    (void)state;
    hold_in_95_of_100(5, NEAR_SLOW ? 60 : 500);
}

static void the_intervals_of_ten_blocks_hold_in_95_of_100(void **state)
{
    (void)state;
    hold_in_95_of_100(10, NEAR_SLOW ? 60 : 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(the_parts_are_the_planted_ones_and_add_up),
        fixture_rooted(starting_is_a_part_of_its_own),
        fixture_rooted(two_numbers_of_workers_are_split_but_no_curve_is_fitted),
        fixture_rooted(a_curve_that_the_law_does_not_hold_for_is_not_split),
        fixture_rooted(threads_without_processes_have_a_speed_up_and_no_split),
        fixture_rooted(a_rate_is_what_counts_where_there_is_one),
        fixture_rooted(a_rate_by_another_clock_has_no_start_in_it),
        fixture_rooted(starting_is_told_by_the_same_program_where_it_can_be_empty),
        fixture_rooted(starting_of_another_program_is_told),
        fixture_rooted(work_that_is_shared_is_known_by_its_knob),
        fixture_rooted(equal_work_goes_before_shared_work),
        fixture_rooted(what_is_all_start_is_not_split),
        fixture_rooted(cells_that_are_not_used_cost_no_pairs),
        fixture_rooted(processes_are_beside_the_threads_of_every_knob),
        fixture_rooted(below_five_blocks_there_are_numbers_and_no_interval),
        fixture_rooted(the_intervals_of_five_blocks_hold_in_95_of_100),
        fixture_rooted(the_intervals_of_ten_blocks_hold_in_95_of_100),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
