/* Which records are invocations of one cell. */
#include "analysis/cells.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/unit/fixture.h"
#include "tests/unit/near.h"

#include <limits.h>
#include <string.h>

static int made;

/* A record of threads: plan_cell NULL: of no plan; settings: of its scenario, with a comma first; features: of the
 * build. */
static void shelve_build(const char *plan_cell, const char *settings, const char *features)
{
    char path[32];
    struct text t = {0};
    text_add(&t, "{\"schema\": \"tare.record/1\", \"id\": \"id-%d\", \"host\": {}, ", made);
    if (plan_cell)
        text_add(&t, "\"plan\": {\"cell\": \"%s\"}, ", plan_cell);
    text_add(
        &t,
        "\"scenario\": {\"name\": \"scenario1\", \"mode\": \"threads\", \"workers\": 8%s}, \"runtime\": {\"name\": "
        "\"3.14t\", \"build\": {\"features\": \"%s\"}}, \"termination\": {\"reason\": \"ok\"}, \"result\": "
        "{\"avg_iter_s\": 1}}",
        settings, features);
    text_format(path, sizeof(path), "/%d.json", made++);
    fixture_write(fixture_root, path, t.data);
    text_free(&t);
}

static void shelve(const char *plan_cell, const char *settings)
{
    shelve_build(plan_cell, settings, "plain");
}

/* "2 threads cpus=x1; 1 threads cpus=x2": how many invocations each cell has, and what tells it from the others. */
static void expect(const char *wanted)
{
    struct records r = {0};
    struct err e = {0};
    struct text said = {0};
    if (records_read(&r, fixture_root, &e) != 0)
        fail_msg("%s", e.text);
    struct cell_groups g = cells_group(&r, false);
    cleanup_free const struct keyset **all = calloc(g.count + 1, sizeof(const struct keyset *));
    assert_non_null(all);
    for (size_t i = 0; i < g.count; i++)
        all[i] = g.list[i].cell;
    size_t keys = 0;
    cleanup_free const char **key = cells_differing(all, g.count, &keys);
    for (size_t i = 0; i < g.count; i++) {
        char *label = cells_label(g.list[i].cell, key, keys);
        text_add(&said, "%s%zu %s", i ? "; " : "", g.list[i].count, label);
        free(label);
    }
    assert_string_equal(said.data, wanted);
    text_free(&said);
    cells_free(&g);
    records_free(&r);
}

#define IT "scenario1 threads 3.14t"

static void a_plans_cells_of_several_builds_are_several(void **state)
{
    (void)state;
    shelve_build("a", "", "plain");
    shelve_build("b", "", "jit");
    shelve_build("b", "", "jit");
    expect("2 " IT " build=jit; 1 " IT " build=plain");
}

static void the_same_cell_of_another_build_is_that_cell_still(void **state)
{
    (void)state;
    shelve_build(NULL, "", "plain");
    shelve_build(NULL, "", "jit");
    expect("2 " IT);
}

static void a_plans_cells_that_differ_in_settings_alone_are_several(void **state)
{
    (void)state;
    shelve("one", ", \"cpus\": \"x1\", \"iterations\": 50");
    shelve("two", ", \"cpus\": \"x2\", \"iterations\": 50");
    shelve("two", ", \"cpus\": \"x2\", \"iterations\": 50");
    expect("1 " IT " cpus=x1; 2 " IT " cpus=x2");
}

static void what_no_setting_tells_apart_the_plans_names_do(void **state)
{
    (void)state;
    shelve("small", ", \"cpus\": \"x1\"");
    shelve("large", ", \"cpus\": \"x1\"");
    shelve("large", ", \"cpus\": \"x1\"");
    expect("2 " IT " cell=large; 1 " IT " cell=small");
}

static void a_setting_that_changes_within_a_cell_tells_nothing(void **state)
{
    (void)state;
    shelve("one", ", \"iterations\": 50, \"cwd\": \"/a\"");
    shelve("one", ", \"iterations\": 50, \"cwd\": \"/b\"");
    shelve("two", ", \"iterations\": 99, \"cwd\": \"/a\"");
    expect("2 " IT " iterations=50; 1 " IT " iterations=99");
}

/* Were each compared with each for every setting of each, this would not end. */
static void many_cells_that_differ_in_settings_alone_are_as_many(void **state)
{
    enum { CELLS = 1500 };
    struct records r = {0};
    struct err e = {0};
    (void)state;
    for (int i = 0; i < CELLS; i++) {
        char id[16], settings[64];
        text_format(id, sizeof(id), "c%d", i);
        text_format(settings, sizeof(settings), ", \"iterations\": %d, \"timeout_ms\": %d", i / 40, i % 40);
        shelve(id, settings);
    }
    if (records_read(&r, fixture_root, &e) != 0)
        fail_msg("%s", e.text);
    struct cell_groups g = cells_group(&r, false);
    assert_int_equal(g.count, CELLS);
    for (size_t i = 0; i < g.count; i++) {
        assert_int_equal(g.list[i].count, 1);
        assert_non_null(keyset_find(g.list[i].cell, "iterations"));
        assert_non_null(keyset_find(g.list[i].cell, "timeout_ms"));
        assert_null(keyset_find(g.list[i].cell, "cell"));
    }
    cells_free(&g);
    records_free(&r);
}

/* --- by what they have -------------------------------------------------------------------------------------------- */

/* A pool's set of "key=value" words. */
static const struct keyset *set_of(struct pool *pool, const char *words)
{
    struct pair list[8];
    size_t n = 0;
    cleanup_free char *copy = strdup(words);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        list[n++] = (struct pair){pool_keep(pool, word), pool_keep(pool, value)};
    }
    return pool_keep_keyset(pool, list, n);
}

static void a_cell_finds_those_that_have_nothing_else_than_it_has(void **state)
{
    static const char *const CELLS[] = {
        "mode=threads workers=1",         "mode=threads workers=2", "gil=off mode=threads workers=2",
        "mode=threads pause=5 workers=2", "mode=threads",           "mode=processes workers=2"};
    static const struct {
        const char *cell, *wanted;
    } ASKED[] = {{"mode=processes start=fork workers=2", "1 2 5 4"},
                 {"mode=threads pause=5 workers=2", "1 2 5 3 4"},
                 {"mode=threads workers=1", "0 4"},
                 {"mode=interpreters workers=3", "4"},
                 {"mode=interpreters", "4"}};
    struct pool *pool = pool_new();
    const struct keyset *cell[ARRAY_LEN(CELLS)];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CELLS); i++)
        cell[i] = set_of(pool, CELLS[i]);
    struct cells_index *x = cells_index_new(cell, ARRAY_LEN(CELLS), "mode,gil");
    for (size_t i = 0; i < ARRAY_LEN(ASKED); i++) {
        cleanup_text struct text said = {0};
        size_t count = 0;
        const size_t *number = cells_index_find(x, set_of(pool, ASKED[i].cell), &count);
        for (size_t k = 0; k < count; k++)
            text_add(&said, "%s%zu", k ? " " : "", number[k]);
        assert_string_equal(said.data, ASKED[i].wanted);
    }
    cells_index_free(x);
    pool_free(pool);
}

static void runs_of_no_plan_are_of_one_cell_however_they_were_set(void **state)
{
    (void)state;
    shelve(NULL, ", \"cpus\": \"x1\"");
    shelve(NULL, ", \"cpus\": \"x2\"");
    expect("2 " IT);
}

static void blocks_of_a_plan_are_of_one_cell(void **state)
{
    (void)state;
    shelve("one", ", \"cpus\": \"x1\"");
    shelve("one", ", \"cpus\": \"x1\"");
    expect("2 " IT);
}

/* Of a plan, a seed and a cell: its first two blocks, begun at these seconds. */
struct side {
    const char *plan, *seed, *cell, *ids[2];
};

static bool are_of_one_run(struct side a, struct side b)
{
    const struct side *const side[] = {&a, &b};
    struct invocation list[4];
    const struct invocation *of[4];
    for (size_t i = 0; i < 4; i++) {
        const struct side *s = side[i / 2];
        list[i] = (struct invocation){.id = s->ids[i % 2],
                                      .plan_sha256 = s->plan,
                                      .plan_seed = s->seed,
                                      .plan_cell = s->cell,
                                      .series = "",
                                      .label = "",
                                      .block = i % 2 + 1};
        of[i] = &list[i];
    }
    return cells_are_of_one_run(&(struct cell_group){NULL, of, 2}, &(struct cell_group){NULL, of + 2, 2});
}

#define AT(second, salt) "20261129T1435" second "Z-" salt

static void cells_of_one_plan_that_took_turns_are_of_one_run(void **state)
{
    (void)state;
    const struct side one = {"aa", "7", "x", {AT("01", "5"), AT("03", "5")}};
    struct side other = {"aa", "7", "y", {AT("02", "5"), AT("04", "5")}};
    assert_true(are_of_one_run(one, other));
    assert_true(are_of_one_run(other, one));
    other.plan = "bb";
    assert_false(are_of_one_run(one, other));
    other.plan = "aa";
    other.seed = "8"; /* another run of it, at the same time */
    assert_false(are_of_one_run(one, other));
    assert_false(are_of_one_run((struct side){"", "7", "x", {one.ids[0], one.ids[1]}},
                                (struct side){"", "7", "y", {other.ids[0], other.ids[1]}})); /* of no plan */
    assert_false(are_of_one_run((struct side){"aa", "", "x", {one.ids[0], one.ids[1]}},
                                (struct side){"aa", "", "y", {other.ids[0], other.ids[1]}}));
}

/* The seed was named, so that both runs have it. */
static void two_runs_of_one_plan_and_seed_are_never_taken_for_one(void **state)
{
    (void)state;
    const struct side first = {"aa", "7", "x", {AT("01", "1"), AT("02", "9")}};
    assert_false(are_of_one_run(first, (struct side){"aa", "7", "y", {AT("03", "5"), AT("04", "5")}}));
    /* the second began in the second in which the first ended: an id's other part is random and tells no order */
    assert_false(are_of_one_run(first, (struct side){"aa", "7", "y", {AT("02", "1"), AT("03", "5")}}));
    /* at the same time in two folders: the same cell has each block once in a run */
    assert_false(are_of_one_run(first, (struct side){"aa", "7", "x", {AT("01", "5"), AT("03", "5")}}));
}

static bool are_of_one_series(const char *a, const char *b)
{
    struct invocation list[] = {{.series = a, .plan_sha256 = ""}, {.series = b, .plan_sha256 = ""}};
    const struct invocation *const of[] = {&list[0], &list[1]};
    return cells_are_of_one_run(&(struct cell_group){NULL, (const struct invocation **)of, 1},
                                &(struct cell_group){NULL, (const struct invocation **)of + 1, 1});
}

/* Which may take less than a second: their names decide, not the time. */
static void commands_that_one_exec_ran_by_turns_are_of_one_run(void **state)
{
    (void)state;
    assert_true(are_of_one_series(AT("01", "1"), AT("01", "1")));
    assert_false(are_of_one_series(AT("01", "1"), AT("01", "2")));
    assert_false(are_of_one_series("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_plans_cells_of_several_builds_are_several),
        fixture_rooted(the_same_cell_of_another_build_is_that_cell_still),
        fixture_rooted(a_plans_cells_that_differ_in_settings_alone_are_several),
        fixture_rooted(what_no_setting_tells_apart_the_plans_names_do),
        fixture_rooted(a_setting_that_changes_within_a_cell_tells_nothing),
        fixture_rooted(many_cells_that_differ_in_settings_alone_are_as_many),
        cmocka_unit_test(a_cell_finds_those_that_have_nothing_else_than_it_has),
        fixture_rooted(runs_of_no_plan_are_of_one_cell_however_they_were_set),
        cmocka_unit_test(cells_of_one_plan_that_took_turns_are_of_one_run),
        cmocka_unit_test(two_runs_of_one_plan_and_seed_are_never_taken_for_one),
        cmocka_unit_test(commands_that_one_exec_ran_by_turns_are_of_one_run),
        fixture_rooted(blocks_of_a_plan_are_of_one_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
