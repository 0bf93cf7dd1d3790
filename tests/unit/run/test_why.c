#include "run/why.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json_put.h"
#include "report/why_show.h"

static void the_gil_is_not_waited_for_only_where_it_was_off_from_begin_to_end(void **state)
{
    (void)state;
    static const struct {
        int at_start, at_end;
        bool left_out;
    } SAID[] = {{0, 0, true}, {0, 1, false}, {1, 1, false}, {1, 0, false}, {-1, -1, false}, {0, -1, false}};
    for (size_t i = 0; i < sizeof(SAID) / sizeof(*SAID); i++) {
        const struct record timed = {.gil_enabled = SAID[i].at_start, .gil_at_end = SAID[i].at_end};
        struct trace_probe probe[] = {{.symbol = "take_gil"}, {.symbol = "stop_the_world"}};
        const struct why_timed of = why_timed_of(&timed);
        why_leave_out(&of, probe, 2);
        assert_int_equal(*probe[0].missing != '\0', SAID[i].left_out);
        assert_string_equal(probe[1].missing, "");
    }
}

static json_t *record_of(const struct why *w)
{
    cleanup_text struct text said = {0};
    json_text_indented(why_json(w), 0, &said);
    json_t *o = json_loads(said.data, 0, NULL);
    assert_non_null(o);
    return o;
}

static void where_nothing_was_seen_no_figure_is_given(void **state)
{
    (void)state;
    const struct why w = {.id = "a", .of = "b", .iterations = 3, .slowdown = NAN, .causes = {.python_share = NAN}};
    cleanup_text struct text said = {0};
    why_text(&w, 80, &said);
    assert_non_null(strstr(said.data, "nothing is known"));
    assert_null(strstr(said.data, "0 %"));
    assert_null(strstr(said.data, "no cause"));
    json_t *o = record_of(&w), *times = json_object_get(o, "times");
    assert_true(json_is_null(json_object_get(times, "own_ns")));
    assert_true(json_is_string(json_object_get(times, "own_ns_reason")));
    assert_true(json_is_null(json_object_get(o, "verdict")));
    json_decref(o);
}

static void threads_that_only_waited_for_each_other_lost_nothing(void **state)
{
    (void)state;
    const struct why w = {.slowdown = NAN, .causes = {.idle_ns = 5, .python_share = NAN}};
    cleanup_text struct text said = {0};
    why_text(&w, 80, &said);
    assert_non_null(strstr(said.data, "only waited"));
    assert_null(strstr(said.data, "0 %"));
    json_t *o = record_of(&w);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "times"), "idle_ns")), 5);
    json_decref(o);
}

static void what_is_lost_to_nothing_known_is_told_with_its_path(void **state)
{
    (void)state;
    char path[] = "vfork";
    const struct why w = {
        .slowdown = NAN,
        .causes = {
            .own_ns = 1, .lost_ns = 9, .thread_ns = 10, .unattributed_ns = 9, .unattributed_path = path, .samples = 1}};
    cleanup_text struct text said = {0};
    why_text(&w, 200, &said);
    assert_non_null(strstr(said.data, "; 100 % of what is lost is not attributed, most of it by: vfork\n"));
}

static void functions_without_names_are_told_with_the_reason(void **state)
{
    (void)state;
    struct why w = {.slowdown = NAN, .causes = {.own_ns = 9, .thread_ns = 9, .samples = 1, .python_share = 0}};
    cleanup_text struct text frames = {0}, said = {0};
    why_text(&w, 200, &frames);
    assert_non_null(strstr(frames.data, "frame pointers"));
    w.no_python = "its map is too large";
    w.no_kernel = "the addresses are hidden";
    why_text(&w, 200, &said);
    assert_null(strstr(said.data, "frame pointers"));
    assert_non_null(strstr(said.data, "functions of Python have no names: its map is too large\n"));
    assert_non_null(strstr(said.data, ": the addresses are hidden\n"));
    json_t *o = record_of(&w);
    assert_string_equal(json_string_value(json_object_get(o, "python_unnamed")), w.no_python);
    assert_string_equal(json_string_value(json_object_get(o, "kernel_unnamed")), w.no_kernel);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gil_is_not_waited_for_only_where_it_was_off_from_begin_to_end),
        cmocka_unit_test(where_nothing_was_seen_no_figure_is_given),
        cmocka_unit_test(threads_that_only_waited_for_each_other_lost_nothing),
        cmocka_unit_test(what_is_lost_to_nothing_known_is_told_with_its_path),
        cmocka_unit_test(functions_without_names_are_told_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
