#include "report/bench_show.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "tests/unit/golden.h"
#include "tests/unit/shelf.h"

/* A second's share of an iteration is its workers' calls. */
static void put(const struct shelf_cell *c, int serial, int k)
{
    static const char BEFORE[] = ", \"p50_iter_s\"";
    char path[80];
    struct text plain = shelf_record(c, serial, k), t = {0};
    const char *at = strstr(plain.data, BEFORE);
    double mean_ms = c->ms * (1 + 0.01 * (double)(k * 3 % 7) + 0.04);
    text_add(&t,
             "%.*s, \"figures\": {\"calls_per_s\": %.9f}, \"figures_declared\": {\"calls_per_s\": {\"title\": \"calls "
             "in a second\", \"unit\": \"1/s\", \"kind\": \"rate\", \"better\": \"more\"}}%s",
             (int)(at - plain.data), plain.data, 1e3 * c->workers / mean_ms, at);
    text_format(path, sizeof(path), "/%04d.json", serial);
    fixture_write(fixture_root, path, t.data);
    text_free(&plain);
    text_free(&t);
}

/* What is said of these cells, whose invocations come by turns. */
static char *said(const struct shelf_cell *cell, size_t cells)
{
    struct summary s;
    struct err e = {0};
    const char *path = fixture_root;
    struct text out = {0};
    int serial = 0;
    for (int k = 0; k < 15; k++)
        for (size_t i = 0; i < cells; i++)
            if (k < cell[i].invocations)
                put(&cell[i], serial++, k);
    if (summary_read(&path, 1, true, &s, &e) != 0)
        fail_msg("%s", e.text);
    bench_text(&s, 80, &out);
    summary_free(&s);
    return out.data;
}

#define THREADS(workers, ms)                                                                                           \
    {                                                                                                                  \
        "threads", "", "3.14t", true, false, workers, ms, 0, 5, 0, NULL, NULL                                          \
    }
#define PROCESSES(workers, ms)                                                                                         \
    {                                                                                                                  \
        "processes", "forkserver", "3.14", false, false, workers, ms, 0, 5, 0, NULL, NULL                              \
    }

static void expect(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("there is no '%s' in\n%s", what, text);
}

static void each_cell_has_a_row_and_the_winner_a_sentence(void **state)
{
    static const struct shelf_cell CELLS[] = {
        THREADS(1, 10),
        THREADS(4, 11),
        PROCESSES(1, 14),
        PROCESSES(4, 44),
        {"threads", "", "3.14t", true, true, 4, 1000, 30, 5, 0, NULL, NULL},
        {"processes", "forkserver", "3.14", false, true, 4, 1010, 75, 5, 0, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    golden_check("bench-text", text);
}

static void a_difference_is_told_in_percent_of_the_winner(void **state)
{
    static const struct shelf_cell CELLS[] = {THREADS(2, 12.5), PROCESSES(2, 10)};
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "With 2 workers, processes win here:\n  threads: ");
    expect(text, " % slower (");
}

static void two_modes_that_cannot_be_told_apart_have_no_winner(void **state)
{
    static const struct shelf_cell CELLS[] = {THREADS(2, 10), PROCESSES(2, 10.05)};
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "With 2 workers, it is open which mode wins here; against threads:\n");
    expect(text, "  processes: cannot tell: ");
}

/* Fifteen invocations, which "the same" takes. */
static void two_modes_that_are_the_same_have_no_winner_and_that_is_not_open(void **state)
{
    static const struct shelf_cell CELLS[] = {
        {"threads", "", "3.14t", true, false, 2, 10, 0, 15, 0, NULL, NULL},
        {"processes", "forkserver", "3.14", false, false, 2, 10, 0, 15, 0, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "With 2 workers, no mode wins here; against ");
}

static void start_methods_are_told_apart_where_there_are_several(void **state)
{
    static const struct shelf_cell CELLS[] = {
        THREADS(2, 10),
        PROCESSES(2, 20),
        {"processes", "spawn", "3.14", false, false, 2, 60, 0, 5, 0, NULL, NULL},
        {"processes", "spawn", "3.14", false, true, 2, 60, 30, 5, 0, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "\nprocesses forkserver        2 ");
    expect(text, "With 2 workers, threads win here:\n  processes forkserver: ");
    expect(text, "\n  processes spawn: ");
    expect(text, "[0.481, 0.520]         -\nprocesses spawn ");
    expect(text, "[0.1603, 0.1733]   30.95\n"); /* the memory is of spawn alone */
}

static void fewer_runs_than_an_interval_takes_are_told(void **state)
{
    static const struct shelf_cell CELLS[] = {
        {"threads", "", "3.14t", true, false, 2, 10, 0, 2, 0, NULL, NULL},
        {"processes", "forkserver", "3.14", false, false, 2, 30, 0, 2, 0, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "it is open which mode wins here; against threads:\n  processes: no interval: ");
}

static void a_mode_that_always_failed_is_told_and_keeps_nobody_from_winning(void **state)
{
    static const struct shelf_cell CELLS[] = {
        THREADS(2, 10),
        PROCESSES(2, 30),
        {"interpreters", "", "3.14", false, false, 2, 10, 0, 5, 5, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "With 2 workers, threads win here:\n");
    expect(text, "  interpreters: failed: no run ended well\n");
}

static void who_runs_against_failures_alone_does_not_win(void **state)
{
    static const struct shelf_cell CELLS[] = {
        THREADS(2, 10),
        {"processes", "forkserver", "3.14", false, false, 2, 10, 0, 5, 5, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "With 2 workers, only threads ended well:\n  processes: failed: no run ended well\n");
}

static void what_failed_has_no_speed_up_nor_has_what_is_over_it(void **state)
{
    static const struct shelf_cell CELLS[] = {
        {"threads", "", "3.14t", true, false, 1, 10, 0, 5, 5, NULL, NULL},
        THREADS(2, 10),
        {"threads", "", "3.14t", true, true, 2, 10, 0, 5, 5, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    assert_null(strstr(text, "speed-up"));
    assert_null(strstr(text, "memory is"));
    assert_null(strstr(text, "no memory of")); /* the note of what failed says it */
}

static void where_no_sample_was_taken_the_reason_is_told(void **state)
{
    static const struct shelf_cell CELLS[] = {
        THREADS(2, 10),
        {"threads", "", "3.14t", true, true, 2, 10, -1, 5, 0, NULL, NULL},
    };
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "\n* no memory of threads: no sample fell into it\n");
    assert_null(strstr(text, "memory is"));
}

static void one_mode_alone_has_its_rows_and_no_winner(void **state)
{
    static const struct shelf_cell CELLS[] = {THREADS(1, 10), THREADS(2, 10)};
    (void)state;
    cleanup_free char *text = said(CELLS, ARRAY_LEN(CELLS));
    expect(text, "threads        2");
    assert_null(strstr(text, "here"));
}

static void threads_that_take_turns_are_told_why(void **state)
{
    static const struct shelf_cell GIL[] = {{"threads", "", "3.14", false, false, 2, 10, 0, 5, 0, NULL, NULL},
                                            PROCESSES(2, 10)},
                                   NONE[] = {THREADS(2, 10), PROCESSES(2, 10)};
    (void)state;
    cleanup_free char *free_threaded = said(NONE, ARRAY_LEN(NONE));
    assert_null(strstr(free_threaded, "GIL"));
    cleanup_free char *text = said(GIL, ARRAY_LEN(GIL));
    expect(text, "\n* 3.14 has a GIL, so that one of its threads runs Python code at a time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(each_cell_has_a_row_and_the_winner_a_sentence),
        fixture_rooted(a_difference_is_told_in_percent_of_the_winner),
        fixture_rooted(two_modes_that_cannot_be_told_apart_have_no_winner),
        fixture_rooted(two_modes_that_are_the_same_have_no_winner_and_that_is_not_open),
        fixture_rooted(start_methods_are_told_apart_where_there_are_several),
        fixture_rooted(fewer_runs_than_an_interval_takes_are_told),
        fixture_rooted(a_mode_that_always_failed_is_told_and_keeps_nobody_from_winning),
        fixture_rooted(who_runs_against_failures_alone_does_not_win),
        fixture_rooted(what_failed_has_no_speed_up_nor_has_what_is_over_it),
        fixture_rooted(where_no_sample_was_taken_the_reason_is_told),
        fixture_rooted(one_mode_alone_has_its_rows_and_no_winner),
        fixture_rooted(threads_that_take_turns_are_told_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
