#include "plan.h"

#include "tests/unit/knobs.h"

#include "base/cleanup.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct listed {
    struct cell cell[PLAN_CELLS_MAX];
    size_t count;
};

static struct listed cells_of(const char *plan, const struct cell *given)
{
    struct listed l = {0};
    struct err e = {0};
    if (plan_cells(plan, given, l.cell, &l.count, &e) != 0)
        fail_msg("%s", e.text);
    return l;
}

static void the_seed_is_the_originals_four_cells_with_its_defaults(void **state)
{
    static const struct {
        int64_t mode, profile, iterations, warmup;
        const char *hold_ms;
        int64_t mem_sample;
    } WANTED[] = {
        {MODE_THREADS, PROFILE_OVERHEAD, 1000, 5, "0", 0},
        {MODE_PROCESSES, PROFILE_OVERHEAD, 1000, 5, "0", 0},
        {MODE_THREADS, PROFILE_MEMORY, 30, 2, "1000", 1},
        {MODE_PROCESSES, PROFILE_MEMORY, 30, 2, "1000", 1},
    };
    (void)state;
    const struct cell given = cell_unset();
    struct listed l = cells_of("seed", &given);
    assert_int_equal(l.count, ARRAY_LEN(WANTED));
    for (size_t i = 0; i < l.count; i++) {
        const struct cell *c = &l.cell[i];
        assert_int_equal(c->mode, WANTED[i].mode);
        assert_int_equal(c->profile, WANTED[i].profile);
        assert_int_equal(c->iterations, WANTED[i].iterations);
        assert_int_equal(c->warmup, WANTED[i].warmup);
        assert_string_equal(knob_of(c, "hold-ms"), WANTED[i].hold_ms);
        assert_int_equal(c->mem_sample, WANTED[i].mem_sample);
        assert_int_equal(c->mem_interval_ms, 50);
        assert_int_equal(c->workers, 8);
        assert_string_equal(knob_of(c, "work-iters"), "20000");
        assert_int_equal(c->start_method, START_OWN);
        assert_string_equal(c->runtime, "auto");
        assert_string_equal(c->scenario->name, "scenario1");
    }
}

static void the_short_seed_differs_in_its_counts_alone(void **state)
{
    (void)state;
    const struct cell given = cell_unset();
    struct listed brief = cells_of("seed-short", &given), whole = cells_of("seed", &given);
    const int64_t iterations[] = {20, 20, 3, 3}; /* 20: the fewest that give a p95 */
    assert_int_equal(brief.count, 4);
    for (size_t i = 0; i < brief.count; i++) {
        assert_int_equal(brief.cell[i].iterations, iterations[i]);
        assert_int_equal(brief.cell[i].warmup, 1);
        brief.cell[i].iterations = whole.cell[i].iterations;
        brief.cell[i].warmup = whole.cell[i].warmup;
        assert_memory_equal(&brief.cell[i], &whole.cell[i], sizeof(struct cell));
    }
}

static void what_the_user_says_goes_before_the_plan(void **state)
{
    (void)state;
    struct cell given = cell_unset();
    given.iterations = 7;
    given.warmup = 0;
    given.workers = 3;
    given.runtime = "native";
    const char *const names[] = {"seed", "seed-short"};
    for (size_t n = 0; n < ARRAY_LEN(names); n++) {
        struct listed l = cells_of(names[n], &given);
        for (size_t i = 0; i < l.count; i++) {
            assert_int_equal(l.cell[i].iterations, 7);
            assert_int_equal(l.cell[i].warmup, 0);
            assert_int_equal(l.cell[i].workers, 3);
            assert_int_equal(l.cell[i].pids_max, 4 * 3 + 256);
            assert_string_equal(l.cell[i].runtime, "native");
        }
    }
}

static void a_hold_time_is_for_the_memory_cells(void **state)
{
    (void)state;
    struct cell given = cell_unset();
    assert_int_equal(cell_set(&given, "hold-ms", "250", NULL), 0);
    struct listed l = cells_of("seed", &given);
    assert_string_equal(knob_of(&l.cell[0], "hold-ms"), "0");
    assert_string_equal(knob_of(&l.cell[1], "hold-ms"), "0");
    assert_string_equal(knob_of(&l.cell[2], "hold-ms"), "250");
    assert_string_equal(knob_of(&l.cell[3], "hold-ms"), "250");
}

static void an_unknown_plan_names_those_that_there_are(void **state)
{
    static const char *const NOT[] = {"", "see", "seeds", "seed-", "scenario1", "SEED"};
    (void)state;
    const struct cell given = cell_unset();
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        struct listed l = {.count = 99};
        struct err e = {0};
        assert_int_equal(plan_cells(NOT[i], &given, l.cell, &l.count, &e), -ENOENT);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_int_equal(l.count, 99);
        assert_null(strchr(e.text, '\n'));
        for (const struct plan *p = plans; p->name; p++)
            assert_non_null(strstr(e.text, p->name));
    }
}

static void every_plan_that_is_listed_can_be_had(void **state)
{
    (void)state;
    const struct cell given = cell_unset();
    size_t n = 0;
    for (const struct plan *p = plans; p->name; p++, n++) {
        assert_non_null(p->summary);
        assert_in_range(cells_of(p->name, &given).count, 1, PLAN_CELLS_MAX);
    }
    assert_true(n > 0);
}

static void what_contradicts_itself_is_refused(void **state)
{
    (void)state;
    struct cell given = cell_unset();
    struct listed l = {0};
    struct err e = {0};
    given.cgroup_root = "/c";
    given.isolation = ISOLATION_OFF;
    assert_int_equal(plan_cells("seed", &given, l.cell, &l.count, &e), -EINVAL);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_non_null(strstr(e.text, "--cgroup-root '/c'"));
}

static void the_given_cell_is_left_as_it_is(void **state)
{
    (void)state;
    struct cell given = cell_unset();
    const struct cell before = given;
    (void)cells_of("seed-short", &given);
    assert_memory_equal(&given, &before, sizeof(given));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_is_the_originals_four_cells_with_its_defaults),
        cmocka_unit_test(the_short_seed_differs_in_its_counts_alone),
        cmocka_unit_test(what_the_user_says_goes_before_the_plan),
        cmocka_unit_test(a_hold_time_is_for_the_memory_cells),
        cmocka_unit_test(an_unknown_plan_names_those_that_there_are),
        cmocka_unit_test(every_plan_that_is_listed_can_be_had),
        cmocka_unit_test(what_contradicts_itself_is_refused),
        cmocka_unit_test(the_given_cell_is_left_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
