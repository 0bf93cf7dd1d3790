#include "analysis/summary.h"

#include "analysis/number.h"
#include "base/err.h"
#include "report/summary_show.h"
#include "report/summary_tables.h"
#include "tests/unit/golden.h"
#include "tests/unit/near.h"
#include "tests/unit/shelf.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

static char root[PATH_MAX];
static struct summary s;

static int open_root(void **state)
{
    (void)state;
    s = (struct summary){0};
    return fixture_open(NULL, root, sizeof(root));
}

static int close_root(void **state)
{
    (void)state;
    summary_free(&s);
    fixture_close(root);
    return 0;
}

static void read_shelf(const struct shelf_cell *cell, size_t cells, bool as_bundle)
{
    struct err e = {0};
    const char *path = root;
    shelf_write(root, cell, cells, as_bundle);
    if (summary_read(&path, 1, true, &s, &e) != 0)
        fail_msg("%s", e.text);
}

static const struct summary_cell *cell(const char *id)
{
    for (size_t i = 0; i < s.cells; i++)
        if (strcmp(s.cell[i].id, id) == 0)
            return &s.cell[i];
    fail_msg("there is no cell '%s'", id);
    return NULL;
}

static void cells_are_told_threads_first_and_natives_last(void **state)
{
    static const char *const IDS[] = {"threads-workers-2-overhead",
                                      "threads-workers-8-overhead",
                                      "processes-forkserver-workers-2-overhead",
                                      "processes-forkserver-workers-8-overhead",
                                      "threads-native-workers-8-overhead",
                                      "threads-memory",
                                      "processes-forkserver-memory"};
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    assert_int_equal(s.cells, SHELF_CELLS);
    for (size_t i = 0; i < s.cells; i++)
        assert_string_equal(s.cell[i].id, IDS[i]);
}

static void a_cell_is_weighed_against_free_threaded_threads_of_as_many_workers(void **state)
{
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    assert_ptr_equal(cell("processes-forkserver-workers-8-overhead")->base, cell("threads-workers-8-overhead"));
    assert_ptr_equal(cell("processes-forkserver-workers-2-overhead")->base, cell("threads-workers-2-overhead"));
    assert_ptr_equal(cell("threads-native-workers-8-overhead")->base, cell("threads-workers-8-overhead"));
    assert_ptr_equal(cell("processes-forkserver-memory")->base, cell("threads-memory"));
    assert_ptr_equal(cell("threads-memory")->base, cell("threads-memory"));
}

static void what_was_told_of_its_gil_is_weighed_against_the_build_as_it_is(void **state)
{
    static const struct shelf_cell CELLS[] = {
        {"threads", "", "3.14t", true, false, 8, 9, 0, 5, 0, NULL, "on"},
        {"threads", "", "3.14t", true, false, 8, 5, 0, 5, 0, NULL, NULL},
    };
    (void)state;
    read_shelf(CELLS, 2, false);
    assert_int_equal(s.cells, 2);
    for (size_t i = 0; i < s.cells; i++)
        assert_null(keyset_find(s.cell[i].base->cell, "gil"));
}

/* Every invocation of the two has the same pattern, so that the ratio is exact: 5 ms to 2 ms. */
static void the_ratio_is_the_one_that_compare_gives(void **state)
{
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    const struct summary_figure *f = summary_figure(&s, cell("processes-forkserver-workers-8-overhead"), "avg_iter_s");
    assert_non_null(f);
    assert_near(f->verdict.ratio.at, 2.5, 1e-6);
    assert_null(f->verdict.ratio.why_not);
    assert_true(f->verdict.ratio.low < 2.5 && f->verdict.ratio.high > 2.5);
    assert_true(f->verdict.differs);
}

static void a_failed_invocation_gives_no_figure_and_is_named(void **state)
{
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    const struct summary_cell *c = cell("processes-forkserver-workers-2-overhead");
    assert_int_equal(c->count, 5);
    assert_int_equal(c->ok, 4);
    assert_int_equal(summary_figure(&s, c, "avg_iter_s")->used, 4);
    assert_non_null(summary_figure(&s, c, "avg_iter_s")->is.mean.why_not);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    assert_int_equal(t.of[TABLES_FAILED].rows, 1);
    assert_string_equal(table_at(&t.of[TABLES_FAILED], 0, 5)->text, "oom");
    tables_free(&t);
}

static void emulated_times_get_no_ratio_and_memory_does(void **state)
{
    static const struct shelf_cell EMULATED[] = {
        {"threads", "", "3.14t", true, false, 8, 2, 0, 5, 0, "true", NULL},
        {"processes", "fork", "3.14", false, false, 8, 5, 0, 5, 0, "true", NULL},
        {"threads", "", "3.14t", true, true, 8, 2, 30, 5, 0, "true", NULL},
        {"processes", "fork", "3.14", false, true, 8, 5, 60, 5, 0, "true", NULL},
    };
    (void)state;
    read_shelf(EMULATED, 4, false);
    const struct summary_figure *time = summary_figure(&s, cell("processes-fork-overhead"), "avg_iter_s");
    const struct summary_figure *memory = summary_figure(&s, cell("processes-fork-memory"), "pss_bytes");
    assert_true(isnan(time->verdict.ratio.at));
    assert_non_null(strstr(time->verdict.ratio.why_not, "emulated"));
    assert_near(memory->verdict.ratio.at, 2, 1e-6);
}

static void where_records_lie_changes_nothing(void **state)
{
    struct text flat = {0}, bundled = {0};
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    summary_json(&s, &t, &flat);
    tables_free(&t);
    (void)close_root(state);
    (void)open_root(state);
    read_shelf(SHELF, SHELF_CELLS, true);
    t = summary_tables_make(&s, TABLES_ALL);
    summary_json(&s, &t, &bundled);
    tables_free(&t);
    assert_string_equal(flat.data, bundled.data);
    text_free(&flat);
    text_free(&bundled);
}

static void details_are_the_records(void **state)
{
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    const struct invocation_details *d = &cell("threads-memory")->invocation[0]->details;
    assert_int_equal(d->checks, 2);
    assert_int_equal(d->unmets, 1);
    assert_string_equal(d->unmet[0].reason, "v1 holds it");
    assert_int_equal(d->points, 6);
    assert_near(d->point[5].at_s, 0.05, 1e-12);
    assert_near(d->point[0].pss, 1.1 * 30 * 1048576, 1);
    assert_true(isnan(d->point[1].pss));
    assert_near(d->elapsed_s, 3, 1e-12);
    assert_string_equal(d->plan, "shelf");
    assert_string_equal(cell("threads-memory")->invocation[0]->plan_seed, "7");
}

static void digits_are_those_of_the_shorter_arm(void **state)
{
    static const struct {
        double at, low, high;
        const char *said;
    } CASES[] = {{107.4, 16.8, 198.0, "107"},         {8.8746, 3.0945, 25.45, "8.9"},     {1065, 10.4, 2119, "1100"},
                 {0.030805, 0.0149, 0.0636, "0.031"}, {13.5812, 13.466, 13.696, "13.58"}, {5, 4, 6, "5.0"}};
    char buf[64];
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct stats_interval one = {CASES[i].at, CASES[i].low, CASES[i].high, 0.95, NULL};
        assert_string_equal(number_text(one.at, number_decimals(&one, 1), buf, sizeof(buf)), CASES[i].said);
    }
    struct stats_interval none = stats_no_interval(0.0123456, 0.95, "too few");
    assert_string_equal(number_text(none.at, number_decimals(&none, 1), buf, sizeof(buf)), "0.0123");
    assert_string_equal(number_text(-0.0001, 1, buf, sizeof(buf)), "0.0");
    assert_string_equal(number_text(NAN, 1, buf, sizeof(buf)), "");
}

static void the_answer_is_as_it_was_read(void **state)
{
    struct text out = {0};
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    summary_text(&s, &t, 80, &out);
    text_add(&out, "\n");
    summary_markdown(&s, &t, &out);
    golden_check("report-markdown", out.data);
    tables_free(&t);
    text_free(&out);
}

static void json_has_a_reason_beside_each_null(void **state)
{
    struct text out = {0};
    size_t i, nulls = 0;
    json_t *row, *value;
    const char *key;
    (void)state;
    read_shelf(SHELF, SHELF_CELLS, false);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    summary_json(&s, &t, &out);
    json_t *whole = json_loads(out.data, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(whole, "schema")), "tare.report/1");
    json_array_foreach(json_object_get(whole, "time"), i, row)
    {
        json_object_foreach(row, key, value)
        {
            char why[80];
            text_format(why, sizeof(why), "%s_reason", key);
            if (!json_is_null(value))
                continue;
            nulls++;
            assert_true(json_is_string(json_object_get(row, why)));
        }
    }
    assert_true(nulls > 0);
    json_decref(whole);
    tables_free(&t);
    text_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cells_are_told_threads_first_and_natives_last),
        TEST(a_cell_is_weighed_against_free_threaded_threads_of_as_many_workers),
        TEST(what_was_told_of_its_gil_is_weighed_against_the_build_as_it_is),
        TEST(the_ratio_is_the_one_that_compare_gives),
        TEST(a_failed_invocation_gives_no_figure_and_is_named),
        TEST(emulated_times_get_no_ratio_and_memory_does),
        TEST(where_records_lie_changes_nothing),
        TEST(details_are_the_records),
        TEST(digits_are_those_of_the_shorter_arm),
        TEST(the_answer_is_as_it_was_read),
        TEST(json_has_a_reason_beside_each_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
