/* Which records are invocations of one cell. */
#include "analysis/cells.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/unit/fixture.h"
#include "tests/unit/near.h"

#include <limits.h>
#include <string.h>

static char root[PATH_MAX];
static int made;

static int open_root(void **state)
{
    (void)state;
    made = 0;
    return fixture_open(NULL, root, sizeof(root));
}

static int close_root(void **state)
{
    (void)state;
    fixture_close(root);
    return 0;
}

/* A record of threads: plan_cell NULL: of no plan; settings: of its scenario, with a comma first. */
static void shelve(const char *plan_cell, const char *settings)
{
    char path[32];
    struct text t = {0};
    text_add(&t, "{\"schema\": \"tare.record/1\", \"id\": \"id-%d\", \"host\": {}, ", made);
    if (plan_cell)
        text_add(&t, "\"plan\": {\"cell\": \"%s\"}, ", plan_cell);
    text_add(
        &t,
        "\"scenario\": {\"name\": \"scenario1\", \"mode\": \"threads\", \"workers\": 8%s}, \"runtime\": {\"name\": "
        "\"3.14t\"}, \"termination\": {\"reason\": \"ok\"}, \"result\": {\"avg_iter_s\": 1}}",
        settings);
    text_format(path, sizeof(path), "/%d.json", made++);
    fixture_write(root, path, t.data);
    text_free(&t);
}

/* "2 threads cpus=x1; 1 threads cpus=x2": how many invocations each cell has, and what tells it from the others. */
static void expect(const char *wanted)
{
    struct records r = {0};
    struct err e = {0};
    struct text said = {0};
    if (records_read(&r, root, &e) != 0)
        fail_msg("%s", e.text);
    struct cell_groups g = cells_group(&r);
    cleanup_free const struct keyset **all = calloc(g.count + 1, sizeof(const struct keyset *));
    assert_non_null(all);
    for (size_t i = 0; i < g.count; i++)
        all[i] = g.list[i].cell;
    for (size_t i = 0; i < g.count; i++) {
        char *label = cells_label(g.list[i].cell, all, g.count);
        text_add(&said, "%s%zu %s", i ? "; " : "", g.list[i].count, label);
        free(label);
    }
    assert_string_equal(said.data, wanted);
    text_free(&said);
    cells_free(&g);
    records_free(&r);
}

#define IT "scenario1 threads 3.14t"

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

/* A group of two invocations with these ids, of the plan with this digest. */
static bool are_of_one_run(const char *a_plan, const char *a_first, const char *a_last, const char *b_plan,
                           const char *b_first, const char *b_last)
{
    const struct invocation list[] = {{.id = a_first, .plan_sha256 = a_plan},
                                      {.id = a_last, .plan_sha256 = a_plan},
                                      {.id = b_first, .plan_sha256 = b_plan},
                                      {.id = b_last, .plan_sha256 = b_plan}};
    const struct invocation *a[] = {&list[1], &list[0]}, *b[] = {&list[2], &list[3]};
    return cells_are_of_one_run(&(struct cell_group){NULL, a, 2}, &(struct cell_group){NULL, b, 2});
}

static void cells_of_one_plan_that_took_turns_are_of_one_run(void **state)
{
    (void)state;
    assert_true(are_of_one_run("aa", "1", "3", "aa", "2", "4"));
    assert_true(are_of_one_run("aa", "2", "3", "aa", "1", "4"));
    assert_false(are_of_one_run("aa", "1", "2", "aa", "3", "4")); /* the plan was run again */
    assert_false(are_of_one_run("aa", "1", "3", "bb", "2", "4"));
    assert_false(are_of_one_run("", "1", "3", "", "2", "4")); /* of no plan */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plans_cells_that_differ_in_settings_alone_are_several, open_root, close_root),
        cmocka_unit_test_setup_teardown(what_no_setting_tells_apart_the_plans_names_do, open_root, close_root),
        cmocka_unit_test_setup_teardown(a_setting_that_changes_within_a_cell_tells_nothing, open_root, close_root),
        cmocka_unit_test_setup_teardown(runs_of_no_plan_are_of_one_cell_however_they_were_set, open_root, close_root),
        cmocka_unit_test(cells_of_one_plan_that_took_turns_are_of_one_run),
        cmocka_unit_test_setup_teardown(blocks_of_a_plan_are_of_one_cell, open_root, close_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
