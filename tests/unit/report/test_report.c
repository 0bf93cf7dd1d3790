/* What a terminal is shown of records: tables that fit, notes, the answer. */
#include "report/summary_show.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "record/record.h"
#include "report/summary_tables.h"
#include "report/table.h"
#include "tests/unit/golden.h"
#include "tests/unit/specimen.h"

static int serial;

static void save(struct specimen *s)
{
    char path[PATH_MAX + 32];
    text_format(s->record.id, sizeof(s->record.id), "20261122T114043Z-%08x", (unsigned)serial);
    text_format(path, sizeof(path), "%s/%04d.json", fixture_root, serial++);
    specimen_save(s, path);
    specimen_free(s);
}

static void save_made(void (*make)(struct specimen *))
{
    static struct specimen s;
    make(&s);
    save(&s);
}

/* A record of scenario1 in threads; scenario, runtime, result, plan and the end of it: more members of these. */
struct made {
    const char *scenario, *runtime, *result, *plan, *more;
};

static void save_record(struct made m)
{
    char path[64];
    struct text t = {0};
    text_add(&t,
             "{\"schema\": \"tare.record/1\", \"id\": \"20261124T000000Z-%08d\", \"host\": {}, \"scenario\": {%s, "
             "\"profile\": \"overhead\"}, \"runtime\": {%s}, \"result\": {%s}, \"plan\": {%s}, \"iterations\": "
             "{\"start_ns\": [1, 5], \"end_ns\": [2, 6]}, \"termination\": {\"reason\": \"ok\"}%s}",
             serial, m.scenario, m.runtime ? m.runtime : "\"name\": \"3.14t\"", m.result, m.plan ? m.plan : "",
             m.more ? m.more : "");
    text_format(path, sizeof(path), "/%04d.json", serial++);
    fixture_write(fixture_root, path, t.data);
    text_free(&t);
}

#define THREADS(workers) "\"name\": \"scenario1\", \"mode\": \"threads\", \"workers\": " #workers
#define AVG(s)           "\"avg_iter_s\": " #s

static char *text_in(size_t width)
{
    struct summary s;
    struct err e = {0};
    struct text out = {0};
    const char *path = fixture_root;
    if (summary_read(&path, 1, false, &s, &e) != 0)
        fail_msg("%s", e.text);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    summary_text(&s, &t, width, &out);
    tables_free(&t);
    summary_free(&s);
    return out.data;
}

static void expect(const char *words)
{
    cleanup_free char *text = text_in(200);
    if (!strstr(text, words))
        fail_msg("no '%s' in:\n%s", words, text);
}

static void expect_none(const char *words)
{
    cleanup_free char *text = text_in(200);
    if (strstr(text, words))
        fail_msg("'%s' in:\n%s", words, text);
}

/* --- what is shown ------------------------------------------------------------------------------------------------ */

/* Four cells: 10.5 ms threads, 31.5 ms processes; 36 MiB of PSS, 54 MiB. */
static void save_seed(bool emulated_processes)
{
    static struct specimen s;
    specimen_processes_overhead(&s);
    s.record.result = (struct stats_iterations){0.0315, 0.030, 0.045};
    if (emulated_processes)
        specimen_emulated(&s);
    save(&s);
    specimen_threads_memory(&s);
    specimen_cell(&s, MODE_THREADS, PROFILE_OVERHEAD, 30);
    s.record.result = (struct stats_iterations){0.0105, 0.0104, 0.0150};
    save(&s);
    save_made(specimen_threads_memory);
    specimen_processes_overhead(&s);
    specimen_cell(&s, MODE_PROCESSES, PROFILE_MEMORY, 20);
    specimen_samples(&s, 1);
    memset(s.record.memory.class, 0, sizeof(s.record.memory.class));
    s.record.memory.members.pss = (struct stats_range){1, 56623104, 56623104, 56623104, 1};
    save(&s);
}

static void the_seeds_table_is_as_it_was_read(void **state)
{
    (void)state;
    save_seed(false);
    cleanup_free char *text = text_in(80);
    golden_check("report-seed", text);
}

static void why_a_figure_is_missing_is_said_once(void **state)
{
    static const char WHY[] = "memory accounting, no OOM kill failed (v1 holds it"; /* both checks have this reason */
    (void)state;
    save_made(specimen_processes_overhead);
    save_made(specimen_processes_overhead);
    cleanup_free char *text = text_in(200);
    const char *first = strstr(text, WHY);
    assert_non_null(first);
    assert_null(strstr(first + 1, WHY));
}

static void a_run_that_failed_says_why(void **state)
{
    (void)state;
    save_made(specimen_failed);
    cleanup_free char *text = text_in(200);
    assert_non_null(
        strstr(text, "* threads, 3.14t memory: signal: the workload was ended by signal 11 (Segmentation fault)\n"));
}

/* A folder of others' records may give as many as it has records. */
static void thirty_reasons_are_shown_and_the_others_counted(void **state)
{
    static struct specimen s;
    (void)state;
    for (int i = 0; i < 40; i++) {
        specimen_failed(&s);
        text_format(s.record.detail, sizeof(s.record.detail), "reason %d", i);
        save(&s);
    }
    expect("* threads, 3.14t memory: signal: reason 29\n");
    expect_none("reason 30\n");
    expect("* and 10 more reasons of cells, which their records have\n");
}

static void emulated_times_have_no_ratio_and_memory_has(void **state)
{
    (void)state;
    save_seed(true);
    cleanup_free char *text = text_in(200);
    assert_non_null(strstr(text, "* the times are emulated, by QEMU TCG (TARE_VM=tcg): they show order, not size"));
    assert_non_null(strstr(text, "a PSS of 54.0 MiB; against threads (3.14t): 1.50 times"));
    assert_null(strstr(text, "3.00"));
}

/* As records were written before they had a section for it. */
static void an_older_records_host_tells_of_emulation_too(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(8), .result = AVG(1), .more = ", \"timing\": {\"emulated\": true}"});
    expect("emulated, by an emulator that is not named");
}

static void missed_samples_above_five_percent_are_said(void **state)
{
    (void)state;
    save_record((struct made){
        .scenario = THREADS(8), .result = AVG(1), .more = ", \"memory\": {\"walks\": 96, \"missed_walks\": 4}"});
    expect_none("missed");
    save_record((struct made){
        .scenario = THREADS(8),
        .result = AVG(1),
        .more = ", \"memory\": {\"missed_ticks\": 3, \"samples\": [{\"at_ns\": 1}, {\"at_ns\": 2}, {\"at_ns\": 3}]}"});
    expect("up to 50% of the moments at which memory is sampled were missed");
}

#define DISTURBANCE(ticks)                                                                                             \
    "\"disturbance\": {\"window_ns\": 2000000000, \"ticks_per_second\": 100, \"benchmark_cpus\": 2, "                  \
    "\"busy_ticks\": " #ticks "}"

/* Four seconds of two CPUs, of which the slice had one. */
static void work_of_others_above_five_percent_is_said(void **state)
{
    static const char *const UNSAID[] = {
        ", " DISTURBANCE(110) ", \"cpu\": {\"usage_usec\": 1000000}",  /* 0.1 s: 2.5 % */
        ", " DISTURBANCE(null) ", \"cpu\": {\"usage_usec\": 1000000}", /* not told is not none, and not much either */
        ", " DISTURBANCE(300), ", " DISTURBANCE(90) ", \"cpu\": {\"usage_usec\": 1000000}", /* the clocks differ */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(UNSAID); i++)
        save_record((struct made){.scenario = THREADS(8), .result = AVG(1), .more = UNSAID[i]});
    expect_none("others had");
    save_record((struct made){.scenario = THREADS(8),
                              .result = AVG(1),
                              .more = ", " DISTURBANCE(300) ", \"cpu\": {\"usage_usec\": 1000000}"});
    expect("* others had up to 50% of the benchmark's CPUs while it ran");
}

static void several_nodes_are_said(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(8), .result = AVG(1), .plan = "\"node\": \"a\""});
    expect_none("nodes");
    save_record((struct made){.scenario = THREADS(8), .result = AVG(1), .plan = "\"node\": \"b\""});
    expect("* the records are of 2 nodes");
}

/* One iteration has a mean; its median would be the same number under another name. */
static void one_iteration_has_no_median(void **state)
{
    (void)state;
    save_record((struct made){
        .scenario = "\"name\": \"exec\"", .result = "\"avg_iter_s\": 1, \"p50_iter_s\": 1", .more = ", \"x\": 0"});
    expect("median");
    char path[32], json[600];
    text_format(path, sizeof(path), "/%04d.json", serial - 1); /* in the place of the record before */
    text_format(json, sizeof(json),
                "{\"schema\": \"tare.record/1\", \"id\": \"x\", \"host\": {}, \"scenario\": {\"name\": \"exec\"}, "
                "\"result\": {\"avg_iter_s\": 1, \"p50_iter_s\": 1}, \"iterations\": {\"start_ns\": [1], \"end_ns\": "
                "[2]}, \"termination\": {\"reason\": \"ok\"}}");
    fixture_write(fixture_root, path, json);
    expect_none("median");
}

static void the_nulls_figure_stands_beside_those_of_its_mode_and_workers(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(4), .result = AVG(0.005)});
    expect_none("null");
    save_record((struct made){.scenario = "\"name\": \"scenario0\", \"mode\": \"threads\", \"workers\": 4",
                              .result = AVG(0.002)});
    save_record((struct made){.scenario = THREADS(8), .result = AVG(0.007)});
    struct summary s;
    struct err e = {0};
    const char *path = fixture_root;
    assert_int_equal(summary_read(&path, 1, false, &s, &e), 0);
    struct tables t = summary_tables_make(&s, TABLES_ALL);
    const struct table *time = &t.of[TABLES_TIME];
    size_t at = 0;
    while (strcmp(time->column[at].key, "null_iter_ms") != 0)
        at++;
    assert_int_equal(time->rows, 3);
    assert_null(table_at(time, 0, at)->text);                 /* not beside itself */
    assert_string_equal(table_at(time, 1, at)->text, "2.00"); /* of as many workers */
    assert_null(table_at(time, 2, at)->text);                 /* of others */
    tables_free(&t);
    summary_free(&s);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static void cells_of_a_plan_that_nothing_else_tells_apart_have_its_names(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(8), .result = AVG(0.01), .plan = "\"cell\": \"small\""});
    save_record((struct made){.scenario = THREADS(8), .result = AVG(0.02), .plan = "\"cell\": \"large\""});
    expect("threads, 3.14t, cell small");
    expect("threads, 3.14t, cell large");
}

static void what_cells_differ_in_is_in_their_names(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(1), .result = AVG(0.01)});
    save_record((struct made){.scenario = THREADS(4), .result = AVG(0.04)});
    expect("threads, 3.14t, workers 1 ");
    expect("threads, 3.14t, workers 4 ");
}

static void the_two_halves_of_an_a_a_plan_are_two_rows(void **state)
{
    (void)state;
    save_record((struct made){.scenario = THREADS(8), .result = AVG(0.010), .plan = "\"label\": \"A\""});
    save_record((struct made){.scenario = THREADS(8), .result = AVG(0.011), .plan = "\"label\": \"A'\""});
    expect("threads, 3.14t, half A ");
    expect("threads, 3.14t, half A' ");
}

/* A folder's order is the order that was drawn. */
static void threads_of_the_free_threaded_build_are_what_others_are_compared_with(void **state)
{
    (void)state;
    save_record((struct made){
        .scenario = THREADS(8), .runtime = "\"name\": \"native\", \"free_threaded\": null", .result = AVG(0.001)});
    save_record((struct made){
        .scenario = THREADS(8), .runtime = "\"name\": \"3.14\", \"free_threaded\": false", .result = AVG(0.030)});
    save_record((struct made){
        .scenario = THREADS(8), .runtime = "\"name\": \"3.14t\", \"free_threaded\": true", .result = AVG(0.020)});
    expect("1.50");
}

/* --- what fits ---------------------------------------------------------------------------------------------------- */

static size_t characters(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* Every number of the columns that are shown stands whole, with blanks about it. */
static void expect_whole(const char *text, const char *value)
{
    size_t len = strlen(value);
    for (const char *p = text; (p = strstr(p, value)); p += len)
        if ((p[-1] == ' ' || p[-1] == '\n') && (p[len] == ' ' || p[len] == '\n'))
            return;
    fail_msg("'%s' is not whole in:\n%s", value, text);
}

static void a_table_fits_and_nothing_in_it_runs_together(void **state)
{
    static const struct table_column COLUMNS[] = {
        {"cell", "cell", "", false, TABLE_BOTH, 0},       {"a", "mean", "ms", true, TABLE_BOTH, 0},
        {"b", "median", "ms", true, TABLE_BOTH, 3},       {"c", "95% quantile", "ms", true, TABLE_BOTH, 4},
        {"d", "time ÷ threads", "", true, TABLE_BOTH, 0}, {"e", "reason", "", false, TABLE_BOTH, 2}};
    (void)state;
    struct table t = table_new("t", "T", COLUMNS, ARRAY_LEN(COLUMNS));
    table_row(&t, NULL);
    table_text(&t, "processes forkserver, 3.14, payload 1048576, workers 8");
    table_number(&t, 124905.123, 3, NULL);
    table_number(&t, 124900.5, 3, NULL);
    table_number(&t, 99999999.0, 3, NULL);
    table_number(&t, 1234.567, 3, NULL);
    table_text(&t, "/sys/fs/cgroup/a-name-that-no-blank-divides/and-goes-on");
    for (size_t width = 50; width <= 200; width++) {
        struct text out = {0};
        table_as_text(&t, width, &out);
        for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1)
            if (characters(line, strcspn(line, "\n")) > width)
                fail_msg("beyond %zu characters:\n%s", width, out.data);
        expect_whole(out.data, "124905.123");
        expect_whole(out.data, "1234.567");
        if (width == 200) {
            expect_whole(out.data, "124900.500");
            expect_whole(out.data, "99999999.000");
            assert_non_null(strstr(out.data, "/sys/fs/cgroup/a-name-that-no-blank-divides/and-goes-on"));
        }
        text_free(&out);
    }
    table_free(&t);
}

static void times_of_minutes_are_apart_and_in_eighty_columns(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        char result[80];
        text_format(result, sizeof(result), "\"avg_iter_s\": %d.9%d, \"p50_iter_s\": 124.9, \"p95_iter_s\": 129.57",
                    124 + i % 2, i);
        save_record((struct made){.scenario = THREADS(8), .result = result});
    }
    cleanup_free char *text = text_in(80);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(characters(line, strcspn(line, "\n")) <= 80);
    expect_whole(text, "130000");
}

static void huge_and_odd_numbers_do_no_harm(void **state)
{
    static const char *const FIGURES[] = {"\"avg_iter_s\": 1e60", "\"avg_iter_s\": -1e60", "\"avg_iter_s\": 1e-59",
                                          "\"avg_iter_s\": 0", "\"avg_iter_s\": 9223372036854775807"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
        serial = 0;
        for (int k = 0; k < 5; k++)
            save_record((struct made){.scenario = THREADS(8), .result = FIGURES[i]});
        cleanup_free char *text = text_in(80);
        assert_non_null(strstr(text, "threads"));
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf"));
    }
}

#define TEST(name) fixture_rooted(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_seeds_table_is_as_it_was_read),
        TEST(why_a_figure_is_missing_is_said_once),
        TEST(a_run_that_failed_says_why),
        TEST(thirty_reasons_are_shown_and_the_others_counted),
        TEST(emulated_times_have_no_ratio_and_memory_has),
        TEST(an_older_records_host_tells_of_emulation_too),
        TEST(missed_samples_above_five_percent_are_said),
        TEST(work_of_others_above_five_percent_is_said),
        TEST(several_nodes_are_said),
        TEST(one_iteration_has_no_median),
        TEST(the_nulls_figure_stands_beside_those_of_its_mode_and_workers),
        TEST(cells_of_a_plan_that_nothing_else_tells_apart_have_its_names),
        TEST(what_cells_differ_in_is_in_their_names),
        TEST(the_two_halves_of_an_a_a_plan_are_two_rows),
        TEST(threads_of_the_free_threaded_build_are_what_others_are_compared_with),
        TEST(a_table_fits_and_nothing_in_it_runs_together),
        TEST(times_of_minutes_are_apart_and_in_eighty_columns),
        TEST(huge_and_odd_numbers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
