/* What is told of how far threads scale. */
#include "report/scale_show.h"

#include "base/err.h"
#include "tests/unit/golden.h"
#include "tests/unit/near.h"
#include "tests/unit/swept.h"

#include <jansson.h>
#include <string.h>

/* Invocations a few per cent apart, in a fixed pattern. */
static void write_cells(const struct made *m, size_t cells, int blocks)
{
    for (int b = 0; b < blocks; b++)
        for (size_t i = 0; i < cells; i++) {
            struct made one = m[i];
            one.seconds *= 1 + 0.004 * (double)((b * 3 + (int)i * 5) % 7) + 0.03 * (double)(b % 3);
            write_record(&one, i, b);
        }
}

/* The caller frees it. */
static char *told(const struct made *m, size_t cells, int blocks, bool json)
{
    struct err e = {0};
    struct summary s;
    struct scaling all;
    struct text out = {0};
    const char *path = fixture_root;
    write_cells(m, cells, blocks);
    if (summary_read(&path, 1, false, &s, &e) != 0)
        fail_msg("%s", e.text);
    scaling_make(&s, &all);
    if (json)
        scale_json(&all, NULL, "it was not asked for", &out);
    else
        scale_text(&all, 80, &out);
    scaling_free(&all);
    summary_free(&s);
    return out.data;
}

/* Wherever the lines are broken. */
static void expect(const char *text, const char *wanted)
{
    cleanup_text struct text flat = {0};
    for (const char *at = text; *at; at++)
        if (*at != '\n' && !(*at == ' ' && at[1] == ' '))
            text_add_bytes(&flat, at, 1);
        else if (*at == '\n' && at[1] != ' ')
            text_add(&flat, " ");
    if (!flat.data || !strstr(flat.data, wanted))
        fail_msg("there is no '%s' in:\n%s", wanted, text);
}

static void who_has_never_seen_a_split_reads_where_the_rest_went(void **state)
{
    struct made m[16];
    (void)state;
    cleanup_free char *text = told(m, planted(m, 4, 0.0005), 5, false);
    golden_check("scale-text", text);
    golden_fits(text, 80);
}

static void without_intervals_it_is_said(void **state)
{
    struct made m[16];
    (void)state;
    cleanup_free char *text = told(m, planted(m, 2, 0), 3, false);
    expect(text, "At 2 threads you get 1.65 of 2");
    expect(text, "None of this is shown to differ from chance, since there are no intervals: fewer than 5 invocations "
                 "of a cell.");
    expect(text, "* no start: no cells with nothing to do tell what starting takes");
}

/* Of threads with scenario0 beside them, which take this long to start one and two. */
static char *told_with_start(double one_s, double two_s, bool json)
{
    const struct made m[] = {
        {"scenario1", "threads", "3.14t", 1, 9000, 0.011, 0},   {"scenario1", "threads", "3.14t", 2, 9000, 0.012, 0},
        {"scenario1", "processes", "3.14t", 1, 9000, 0.060, 0}, {"scenario1", "processes", "3.14t", 2, 9000, 0.110, 0},
        {"scenario0", "threads", "3.14t", 1, 0, one_s, 0},      {"scenario0", "threads", "3.14t", 2, 0, two_s, 0},
        {"scenario0", "processes", "3.14t", 1, 0, 0.025, 0},    {"scenario0", "processes", "3.14t", 2, 0, 0.05, 0},
    };
    return told(m, ARRAY_LEN(m), 5, json);
}

static void the_start_of_another_program_is_told(void **state)
{
    (void)state;
    cleanup_free char *text = told_with_start(0.001, 0.002, false), *json = told_with_start(0.001, 0.002, true);
    expect(text, "* start is scenario0's, whose processes import next to nothing: ");
    expect(json, "\"start_by\": \"scenario0\"");
}

static void what_threads_gain_is_no_loss(void **state)
{
    static const struct made M[] = {
        {"scenario1", "threads", "3.14t", 1, 0, 0.010, 0},
        {"scenario1", "threads", "3.14t", 8, 0, 0.011, 0},
        {"scenario1", "processes", "3.14", 1, 0, 0.010, 0},
        {"scenario1", "processes", "3.14", 8, 0, 0.020, 0},
    };
    (void)state;
    cleanup_free char *text = told(M, ARRAY_LEN(M), 6, false);
    expect(text, "is gained: threads lose less than processes");
    expect(text, "* 8 workers had 4 CPUs: the ceiling has their waiting for one in it");
    expect(text, "* the processes ran on 3.14 and the threads on 3.14t");
}

static void what_would_be_written_as_nothing_is_not_told_as_a_loss(void **state)
{
    (void)state;
    cleanup_free char *text = told_with_start(0.000010, 0.000012, false);
    expect(text, "; not shown: a cost of starting (0.000)");
}

static void json_has_every_number_and_a_reason_beside_each_null(void **state)
{
    struct made m[16];
    json_error_t why;
    (void)state;
    cleanup_free char *text = told(m, planted(m, 4, 0), 5, true);
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    const json_t *sweep = json_array_get(json_object_get(whole, "sweeps"), 0);
    const json_t *split = json_array_get(json_object_get(sweep, "splits"), 0);
    const json_t *loss = json_array_get(json_object_get(split, "losses"), 2);
    const json_t *start = json_object_get(loss, "start");
    assert_string_equal(json_string_value(json_object_get(whole, "schema")), SCALE_SCHEMA);
    assert_true(json_is_real(json_object_get(json_object_get(loss, "ceiling"), "at")));
    assert_true(json_is_null(json_object_get(start, "at")));
    assert_true(json_is_string(json_object_get(start, "at_reason")));
    assert_true(json_is_null(json_object_get(whole, "why")));
    assert_string_equal(json_string_value(json_object_get(whole, "why_reason")), "it was not asked for");
    json_decref(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(who_has_never_seen_a_split_reads_where_the_rest_went),
        fixture_rooted(without_intervals_it_is_said),
        fixture_rooted(the_start_of_another_program_is_told),
        fixture_rooted(what_threads_gain_is_no_loss),
        fixture_rooted(what_would_be_written_as_nothing_is_not_told_as_a_loss),
        fixture_rooted(json_has_every_number_and_a_reason_beside_each_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
