/* The axis of a forest plot. */
#include "report/forest.h"

#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct axis {
    double low, high;
};

static struct axis axis_of(double at, double spread, double edge)
{
    struct forest_row row[] = {
        {"one", at, at - spread, at + spread, NAN, NAN, 0},
        {"all", at, at - spread, at + spread, at, at, 1},
    };
    struct drawings all = {0};
    struct axis a = {0, 0};
    forest_draw(&all, &(struct forest){"f", "title", "axis", row, ARRAY_LEN(row), edge, NAN});
    assert_int_equal(all.count, 1);
    const char *range = strstr(all.list[0].plot.data, "set xrange [");
    assert_non_null(range);
    assert_int_equal(sscanf(range, "set xrange [%lf:%lf]", &a.low, &a.high), 2);
    drawings_free(&all);
    return a;
}

/* gnuplot draws nothing on "set xrange [1:1]". */
static void figures_that_do_not_vary_have_an_axis_all_the_same(void **state)
{
    (void)state;
    static const double AT[] = {1, 0, 1e9, 1e-9, -3};
    for (size_t i = 0; i < ARRAY_LEN(AT); i++) {
        struct axis a = axis_of(AT[i], 0, AT[i]);
        assert_true(a.low < AT[i] && a.high > AT[i]);
        assert_true((a.high - a.low) > 1e-4 * fabs(AT[i]));
    }
}

static void an_axis_is_little_wider_than_its_intervals(void **state)
{
    (void)state;
    struct axis a = axis_of(2, 0.3, 1.5);
    assert_near(a.low, 1.468, 1e-9);
    assert_near(a.high, 2.332, 1e-9);
}

/* As a whole interval it would end where the axis does. */
static void an_interval_and_a_prediction_that_the_axis_cuts_end_in_arrows(void **state)
{
    (void)state;
    struct drawings all = {0};
    const struct forest_row row[] = {
        {.label = "one", .at = 2, .low = 1.9, .high = 90, .next_low = NAN, .next_high = NAN},
        {.label = "mean", .at = 2.2, .low = 2.1, .high = 2.3, .next_low = -50, .next_high = 80, .is_mean = 1}};
    const char *at;
    size_t arrows = 0, grey = 0;
    forest_draw(&all, &(struct forest){"x", "x", "x", row, 2, NAN, NAN});
    for (at = all.list[0].plot.data; (at = strstr(at, "head filled")); at++) {
        arrows++;
        grey += strncmp(strstr(at, "rgb '"), "rgb '#777777'", 13) == 0;
    }
    assert_int_equal(arrows, 3);
    assert_int_equal(grey, 2);
    drawings_free(&all);
}

/* A dashed line through a name, or a mark upon it, makes it hard to read: letters are a third of a row high. */
static void an_edge_crosses_no_name(void **state)
{
    (void)state;
    struct drawings all = {0};
    struct forest_row row[3];
    size_t names = 0, parts = 0;
    for (size_t i = 0; i < ARRAY_LEN(row); i++)
        row[i] = (struct forest_row){.label = "x", .at = 2, .low = 1, .high = 3, .next_low = NAN, .next_high = NAN};
    forest_draw(&all, &(struct forest){"x", "x", "x", row, ARRAY_LEN(row), 1, 3});
    const char *plot = all.list[0].plot.data;
    for (const char *label = plot; (label = strstr(label, "set label ")); label++, names++) {
        double middle;
        assert_int_equal(sscanf(label, "set label %*u 'x' at graph 0.01, first %lf", &middle), 1);
        parts = 0;
        for (const char *edge = plot; (edge = strstr(edge, "set arrow from first ")); edge++, parts++) {
            double top, bottom;
            assert_int_equal(
                sscanf(edge, "set arrow from first %*f, first %lf to first %*f, first %lf nohead", &top, &bottom), 2);
            assert_true(bottom < middle - 1.0 / 6 || top > middle + 1.0 / 6);
        }
    }
    assert_int_equal(names, 3);
    assert_int_equal(parts, 6);
    drawings_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_that_do_not_vary_have_an_axis_all_the_same),
        cmocka_unit_test(an_axis_is_little_wider_than_its_intervals),
        cmocka_unit_test(an_edge_crosses_no_name),
        cmocka_unit_test(an_interval_and_a_prediction_that_the_axis_cuts_end_in_arrows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
