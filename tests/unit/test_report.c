#include "report/report.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "record/record.h"
#include "tests/unit/golden.h"
#include "tests/unit/specimen.h"

#include <stdbool.h>
#include <unistd.h>

#define FILES_MAX 24

/* A folder with records, and their paths. */
static struct {
    char root[PATH_MAX];
    char path[FILES_MAX][PATH_MAX + 16];
    size_t count;
} shelf;

static int open_shelf(void **state)
{
    (void)state;
    shelf.count = 0;
    return fixture_open(NULL, shelf.root, sizeof(shelf.root));
}

static int close_shelf(void **state)
{
    (void)state;
    fixture_close(shelf.root);
    return 0;
}

static const char *next_path(void)
{
    char *path = shelf.path[shelf.count];
    text_format(path, sizeof(shelf.path[0]), "%s/%zu.json", shelf.root, shelf.count);
    shelf.count++;
    return path;
}

static void save(struct specimen *s)
{
    struct err e = {0};
    if (record_save(&s->record, next_path(), &e) != 0)
        fail_msg("%s", e.text);
    specimen_free(s);
}

static void save_made(void (*make)(struct specimen *))
{
    static struct specimen s;
    make(&s);
    save(&s);
}

static void save_text(const char *json)
{
    const char *path = next_path();
    fixture_write(shelf.root, path + strlen(shelf.root), json);
}

static int table(struct text *out, struct err *e)
{
    char *paths[FILES_MAX];
    for (size_t i = 0; i < shelf.count; i++)
        paths[i] = shelf.path[i];
    *out = (struct text){0};
    *e = (struct err){0};
    return report_table(paths, shelf.count, out, e);
}

static char *table_text(void)
{
    struct text out;
    struct err e;
    if (table(&out, &e) != 0)
        fail_msg("%s", e.text);
    return out.data;
}

/* One line that names the file, and nothing was crashed into. */
static void expect_refusal(const char *json, const char *words)
{
    struct text out;
    struct err e;
    save_text(json);
    int failed = table(&out, &e);
    text_free(&out);
    if (failed >= 0)
        fail_msg("this was accepted: %s", json);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_null(strchr(e.text, '\n'));
    if (!strstr(e.text, shelf.path[shelf.count - 1]) || !strstr(e.text, words))
        fail_msg("'%s' for %s", e.text, json);
    shelf.count--;
}

/* --- the table ------------------------------------------------------------------------------------------------------
 */

/* The seed's four cells: 10.5 ms threads, 31.5 ms processes; 36 MiB of PSS, 54 MiB. */
static void shelve_seed_with(bool emulated_processes)
{
    static struct specimen s;
    specimen_processes_overhead(&s);
    s.record.result = (struct stats_iterations){0.0315, 0.030, 0.045};
    if (emulated_processes)
        specimen_emulated(&s);
    save(&s);
    specimen_threads_memory(&s);
    s.record.cell.profile = PROFILE_OVERHEAD;
    s.record.result = (struct stats_iterations){0.0105, 0.0104, 0.0150};
    save(&s);
    save_made(specimen_threads_memory);
    specimen_processes_overhead(&s);
    s.record.cell.profile = PROFILE_MEMORY;
    specimen_samples(&s, 1);
    memset(s.record.memory.class, 0, sizeof(s.record.memory.class));
    s.record.memory.members.pss = (struct stats_range){1, 56623104, 56623104, 56623104, 1};
    save(&s);
}

static void shelve_seed(void)
{
    shelve_seed_with(false);
}

static void the_seeds_table_is_as_it_was_read(void **state)
{
    (void)state;
    shelve_seed();
    char *text = table_text();
    golden_check("report-seed", text);
    free(text);
}

/* The figures of the row that begins with name, in the order of the columns; "-" as NaN. */
static void figures_of(const char *text, const char *name, double figure[10])
{
    const char *row = strstr(text, name);
    if (!row)
        fail_msg("no row '%s' in:\n%s", name, text);
    row += 30;
    for (int i = 0; i < 10; i++) {
        char word[64];
        int used = 0;
        if (sscanf(row, "%63s%n", word, &used) != 1)
            fail_msg("column %d is missing in:\n%s", i, text);
        figure[i] = strcmp(word, "-") == 0 ? NAN : strtod(word, NULL);
        row += used;
    }
}

static void a_row_joins_a_modes_times_and_its_bytes(void **state)
{
    double threads[10], processes[10];
    (void)state;
    shelve_seed();
    char *text = table_text();
    figures_of(text, "\nthreads, 3.14t", threads);
    figures_of(text, "\nprocesses forkserver, 3.14 ", processes);
    free(text);
    assert_true(threads[0] == 10.5 && threads[1] == 10.4 && threads[2] == 15.0 && threads[3] == 1.0);
    assert_true(processes[0] == 31.5 && processes[1] == 30.0 && processes[2] == 45.0 && processes[3] == 3.0);
    assert_true(threads[4] == 39.0 && threads[5] == 28.6 && threads[6] == 36.0 && threads[7] == 1.0);
    assert_true(processes[6] == 54.0 && processes[7] == 1.5);
    assert_true(threads[8] == 32.3); /* anon and kernel of the slice, as test_show's golden file has them */
    assert_true(threads[9] == 48.0);
    assert_true(isnan(processes[8]) && isnan(processes[9]));
}

static void without_threads_there_is_no_ratio(void **state)
{
    double figure[10];
    (void)state;
    save_made(specimen_processes_overhead);
    char *text = table_text();
    figures_of(text, "\nprocesses forkserver", figure);
    free(text);
    assert_true(figure[0] == 10.5 && isnan(figure[3]) && isnan(figure[4]) && isnan(figure[7]));
}

static void why_a_figure_is_missing_is_said_once(void **state)
{
    static const char WHY[] = "* memory accounting, no OOM kill: " SPECIMEN_V1 "\n"; /* both checks have this one */
    (void)state;
    save_made(specimen_processes_overhead);
    save_made(specimen_processes_overhead);
    char *text = table_text();
    const char *first = strstr(text, WHY);
    assert_non_null(first);
    assert_null(strstr(first + 1, WHY));
    free(text);
}

static void a_run_that_failed_says_why_under_the_table(void **state)
{
    double figure[10];
    (void)state;
    save_made(specimen_failed);
    char *text = table_text();
    figures_of(text, "\nthreads, 3.14t", figure);
    for (int i = 0; i < 9; i++)
        assert_true(isnan(figure[i]));
    assert_non_null(
        strstr(text, "* threads memory: signal: the workload was ended by signal 11 (Segmentation fault)\n"));
    free(text);
}

static void emulated_times_are_said_to_be(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_native(&s);
    specimen_emulated(&s);
    save(&s);
    char *text = table_text();
    assert_non_null(strstr(text, "* the times are emulated, by QEMU TCG (TARE_VM=tcg): they show order, not size"));
    assert_non_null(strstr(text, "\nthreads, native"));
    free(text);
}

static void emulated_times_have_no_ratio_and_memory_has(void **state)
{
    double threads[10], processes[10];
    (void)state;
    shelve_seed_with(true);
    char *text = table_text();
    figures_of(text, "\nthreads, 3.14t", threads);
    figures_of(text, "\nprocesses forkserver, 3.14 ", processes);
    assert_true(threads[3] == 1.0 && threads[7] == 1.0);
    assert_true(processes[0] == 31.5 && isnan(processes[3]) && processes[7] == 1.5);
    assert_non_null(strstr(text, "emulated"));
    free(text);
}

/* As records were written before they had a section for it. */
static void an_older_records_host_tells_of_emulation_too(void **state)
{
    (void)state;
    save_text("{\"schema\": \"tare.record/1\", \"scenario\": {\"mode\": \"threads\", \"profile\": \"overhead\"},"
              "\"runtime\": {\"name\": \"3.14t\"}, \"host\": {\"emulated\": true}, \"result\": {\"avg_iter_s\": 1}}");
    char *text = table_text();
    assert_non_null(strstr(text, "emulated, by an emulator that is not named"));
    free(text);
}

static void a_table_of_nothing_has_its_heads(void **state)
{
    (void)state;
    char *text = table_text();
    assert_non_null(strstr(text, "avg ms"));
    free(text);
}

/* --- what is no record -------------------------------------------------------------------------------------------- */

#define HEAD "{\"schema\": \"tare.record/1\""

static void broken_json_names_the_file_and_the_line(void **state)
{
    static const char *const BROKEN[] = {
        "",
        " ",
        "{",
        "}",
        HEAD,
        HEAD ",}",
        "{\"schema\" \"tare.record/1\"}",
        "\"tare.record/1\"",
        "nul",
        "42",
        HEAD ", \"a\": nan}",
        HEAD ", \"a\": \"\xff\"}",
        HEAD ", \"a\": \"line\nbreak\"}",
        HEAD ", \"a\": \"\x01\"}",
        HEAD ", \"a\": \"\\u0000\"}",
        HEAD ", \"a\": 01}",
        HEAD "} {}",
        HEAD ", \"a\": 1, \"a\": 2}",
        HEAD ", \"a\": \"\\ud800\"}",
        HEAD ", \"a\": 99999999999999999999}",
        HEAD ", \"a\": 1e999}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++)
        expect_refusal(BROKEN[i], "line ");
    expect_refusal("\n\n{\"a\": x}", "line 3");
}

static void another_schema_is_named(void **state)
{
    (void)state;
    expect_refusal("{\"schema\": \"tare.record/2\"}", "'tare.record/2'");
    expect_refusal("{\"schema\": \"tare.record/10\"}", "'tare.record/10'");
    expect_refusal("{}", "schema");
    expect_refusal("[]", "schema");
    expect_refusal("{\"schema\": 1}", "schema");
    expect_refusal("{\"schema\": null}", "schema");
    expect_refusal("[{\"schema\": \"tare.record/1\"}]", "schema");
}

static void a_deep_nest_is_refused(void **state)
{
    (void)state;
    char *deep = malloc(200001);
    assert_non_null(deep);
    memset(deep, '[', 200000);
    deep[200000] = '\0';
    expect_refusal(deep, "line ");
    free(deep);
}

static void a_file_that_is_not_there_is_named_without_a_line(void **state)
{
    struct text out = {0};
    struct err e = {0};
    char *const paths[] = {"/nowhere/r.json"};
    (void)state;
    assert_true(report_table(paths, 1, &out, &e) < 0);
    text_free(&out);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_non_null(strstr(e.text, "'/nowhere/r.json'"));
    assert_non_null(strstr(e.text, "No such file"));
    assert_null(strstr(e.text, "line -1"));
}

static void a_folder_is_no_record(void **state)
{
    struct text out = {0};
    struct err e = {0};
    char *const paths[] = {shelf.root};
    (void)state;
    assert_true(report_table(paths, 1, &out, &e) < 0);
    text_free(&out);
    assert_non_null(strstr(e.text, shelf.root));
    assert_null(strchr(e.text, '\n'));
}

static void one_bad_file_among_good_ones_is_an_error(void **state)
{
    (void)state;
    save_made(specimen_threads_memory);
    expect_refusal("{", "line ");
    save_made(specimen_processes_overhead);
    free(table_text()); /* without it they are good */
}

/* --- records that are strange ------------------------------------------------------------------------------------ */

static void missing_keys_are_dashes(void **state)
{
    static const char *const STRANGE[] = {
        HEAD "}",
        HEAD ", \"scenario\": null, \"result\": [], \"memory\": 5, \"isolation\": \"x\"}",
        HEAD ", \"scenario\": {\"mode\": 5, \"profile\": {}}, \"result\": {\"avg_iter_s\": \"fast\"}}",
        HEAD ", \"result\": {\"avg_iter_s\": null, \"p50_iter_s\": true}}",
        HEAD ", \"isolation\": {\"checks\": [null, 5, {}, {\"ok\": false}, {\"ok\": 0, \"name\": 1}]}}",
        HEAD ", \"isolation\": {\"checks\": {\"a\": {}}}}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(STRANGE); i++) {
        double figure[10];
        shelf.count = 0;
        save_text(STRANGE[i]);
        char *text = table_text();
        const char *row = strchr(text, '\n');
        assert_non_null(row);
        char name[32];
        text_format(name, sizeof(name), "%.12s", row); /* whatever the row is called */
        figures_of(text, name, figure);
        for (int c = 0; c < 10; c++)
            assert_true(isnan(figure[c]));
        free(text);
    }
}

static void huge_and_odd_numbers_do_no_harm(void **state)
{
    static const char *const FIGURES[] = {
        "1e308", "-1e308", "1e-320", "0", "-0.0", "9223372036854775807", "-9223372036854775808"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
        struct text json = {0};
        shelf.count = 0;
        text_add(&json,
                 HEAD
                 ", \"scenario\": {\"mode\": \"threads\", \"profile\": \"overhead\"}, \"termination\": {\"reason\": "
                 "\"ok\"}, \"result\": {\"avg_iter_s\": %s, \"p50_iter_s\": %s}}",
                 FIGURES[i], FIGURES[i]);
        save_text(json.data);
        save_text(json.data);
        text_free(&json);
        char *text = table_text();
        assert_non_null(strstr(text, "threads"));
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf"));
        free(text);
    }
}

static void long_names_are_cut_and_long_reasons_are_not(void **state)
{
    struct text json = {0};
    char name[3001];
    (void)state;
    memset(name, 'n', 3000);
    name[3000] = '\0';
    text_add(&json,
             HEAD ", \"scenario\": {\"mode\": \"%s\", \"mp_start_method\": \"%s\", \"profile\": \"%s\"}, \"runtime\": "
                  "{\"name\": \"%s\"}, \"termination\": {\"reason\": \"%s\", \"detail\": \"%s\"}}",
             name, name, name, name, name, name);
    save_text(json.data);
    text_free(&json);
    char *text = table_text();
    assert_non_null(strstr(text, "\nnnnnnnnnnnnnnnn nnnnnnnnnnnn, nnnnnnnnnn "));
    assert_non_null(strstr(text, name));
    free(text);
}

static void more_rows_and_notes_than_fit_overrun_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct text json = {0};
        text_add(&json, HEAD ", \"scenario\": {\"mode\": \"mode%d\"}, \"termination\": {\"reason\": \"why%d\"}}", i, i);
        save_text(json.data);
        text_free(&json);
    }
    char *text = table_text();
    assert_non_null(strstr(text, "mode0"));
    free(text);
}

/* --- the null beside the others ---------------------------------------------------------------------------------- */

static void save_cell(const char *scenario, const char *mode, int workers, double avg_s)
{
    char json[600];
    text_format(json, sizeof(json),
                HEAD ", \"scenario\": {\"name\": \"%s\", \"mode\": \"%s\", \"profile\": \"overhead\", "
                     "\"workers\": %d}, \"runtime\": {\"name\": \"native\"}, \"termination\": {\"reason\": "
                     "\"ok\"}, \"result\": {\"avg_iter_s\": %g}}",
                scenario, mode, workers, avg_s);
    save_text(json);
}

static void the_nulls_figure_stands_beside_those_of_its_mode_and_workers(void **state)
{
    (void)state;
    shelf.count = 0;
    save_cell("scenario0", "threads", 4, 0.002);
    save_cell("scenario1", "threads", 4, 0.005);
    save_cell("scenario1", "threads", 8, 0.007);
    save_cell("scenario1", "processes", 4, 0.009);
    char *text = table_text();
    assert_non_null(strstr(text, "avg ms   null ms    p50 ms"));
    assert_non_null(strstr(text, "    5.000     2.000         -"));
    assert_non_null(strstr(text, "    2.000         -         -")); /* not beside itself */
    assert_non_null(strstr(text, "    7.000         -         -")); /* other workers */
    assert_non_null(strstr(text, "    9.000         -         -")); /* another mode */
    free(text);
    shelf.count = 0;
    save_cell("scenario1", "threads", 4, 0.005);
    text = table_text();
    assert_null(strstr(text, "null ms"));
    free(text);
}

/* --- several invocations --------------------------------------------------------------------------------------------
 */

/* An invocation of threads whose iterations take so many seconds. */
static void shelve_run(double mean_s, const char *label, int workers, const char *reason)
{
    struct text json = {0};
    text_add(&json,
             HEAD ", \"plan\": {\"label\": %s%s%s}, \"scenario\": {\"name\": \"scenario1\", \"mode\": \"threads\", "
                  "\"profile\": \"overhead\", \"workers\": %d}, \"runtime\": {\"name\": \"3.14t\"}, "
                  "\"termination\": {\"reason\": \"%s\"}, \"result\": {\"avg_iter_s\": %.6f, \"p50_iter_s\": %.6f}}",
             label ? "\"" : "", label ? label : "null", label ? "\"" : "", workers, reason, mean_s, mean_s);
    save_text(json.data);
    text_free(&json);
}

/* Python: m = [10, 11, 12, 14, 18]; statistics.fmean(m) is 13, statistics.stdev(m) * 2.7764451 / 5**0.5 is 3.926; the
 * quantile is t(0.975, 4) of the tables. */
static void five_invocations_have_a_mean_and_an_interval(void **state)
{
    static const double MEANS[] = {0.010, 0.011, 0.012, 0.014, 0.018};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MEANS); i++)
        shelve_run(MEANS[i], NULL, 8, "ok");
    char *text = table_text();
    assert_non_null(strstr(text, " runs    avg ms    +-95%    p50 ms"));
    assert_non_null(strstr(text, "threads, 3.14t                     5    13.000    3.926    13.000"));
    free(text);
}

static void four_have_a_mean_alone(void **state)
{
    (void)state;
    for (int i = 1; i <= 4; i++)
        shelve_run(0.010 * i, NULL, 8, "ok");
    char *text = table_text();
    assert_null(strstr(text, "+-95%"));
    assert_non_null(strstr(text, "threads, 3.14t                     4    25.000    25.000"));
    free(text);
}

static void cells_of_a_plan_that_nothing_else_tells_apart_have_its_names(void **state)
{
    static const char *const CELLS[] = {"small", "large"};
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(CELLS); i++) {
        struct text json = {0};
        text_add(&json,
                 HEAD ", \"plan\": {\"cell\": \"%s\"}, \"scenario\": {\"name\": \"scenario1\", \"mode\": \"threads\", "
                      "\"profile\": \"overhead\", \"workers\": 8}, \"runtime\": {\"name\": \"3.14t\"}, "
                      "\"termination\": {\"reason\": \"ok\"}, \"result\": {\"avg_iter_s\": 0.0%zu0}}",
                 CELLS[i / 2], 1 + i / 2);
        save_text(json.data);
        text_free(&json);
    }
    char *text = table_text();
    assert_non_null(strstr(text, "threads, 3.14t, small              2    10.000"));
    assert_non_null(strstr(text, "threads, 3.14t, large              2    20.000"));
    free(text);
}

/* A folder's order is the order that was drawn. */
static void threads_of_the_free_threaded_build_are_what_others_are_compared_with(void **state)
{
    static const struct {
        const char *name, *free_threaded;
        int ms;
    } RUNS[] = {{"native", "null", 1}, {"3.14", "false", 30}, {"3.14t", "true", 20}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(RUNS); i++) {
        struct text json = {0};
        text_add(&json,
                 HEAD ", \"scenario\": {\"name\": \"scenario1\", \"mode\": \"threads\", \"profile\": \"overhead\", "
                      "\"workers\": 8}, \"runtime\": {\"name\": \"%s\", \"free_threaded\": %s}, \"termination\": "
                      "{\"reason\": \"ok\"}, \"result\": {\"avg_iter_s\": 0.%03d}}",
                 RUNS[i].name, RUNS[i].free_threaded, RUNS[i].ms);
        save_text(json.data);
        text_free(&json);
    }
    char *text = table_text();
    assert_non_null(strstr(text, "threads, 3.14                     30.000         -         -       1.50"));
    assert_non_null(strstr(text, "threads, 3.14t                    20.000         -         -       1.00"));
    free(text);
}

static void an_invocation_that_failed_is_left_out_of_the_mean(void **state)
{
    (void)state;
    shelve_run(0.010, NULL, 8, "ok");
    shelve_run(0.500, NULL, 8, "timeout");
    shelve_run(0.020, NULL, 8, "ok");
    char *text = table_text();
    assert_non_null(strstr(text, "threads, 3.14t                     2    15.000"));
    assert_non_null(strstr(text, "threads overhead: timeout"));
    free(text);
}

static void what_cells_differ_in_is_in_their_rows_names_and_each_has_its_own_threads(void **state)
{
    (void)state;
    shelve_run(0.010, NULL, 1, "ok");
    shelve_run(0.040, NULL, 4, "ok");
    char *text = table_text();
    assert_non_null(strstr(text, "\nthreads, 3.14t, workers 1 "));
    double figure[10];
    figures_of(text, "threads, 3.14t, workers 4", figure);
    assert_true(figure[0] == 40.0 && figure[3] == 1.0);
    free(text);
}

static void the_two_halves_of_an_a_a_plan_are_two_rows(void **state)
{
    (void)state;
    shelve_run(0.010, "A", 8, "ok");
    shelve_run(0.011, "A'", 8, "ok");
    char *text = table_text();
    assert_non_null(strstr(text, "\nthreads, 3.14t, A "));
    assert_non_null(strstr(text, "\nthreads, 3.14t, A' "));
    free(text);
}

int main(void)
{
#define shelved(test) cmocka_unit_test_setup_teardown(test, open_shelf, close_shelf)
    const struct CMUnitTest tests[] = {
        shelved(the_seeds_table_is_as_it_was_read),
        shelved(a_row_joins_a_modes_times_and_its_bytes),
        shelved(without_threads_there_is_no_ratio),
        shelved(why_a_figure_is_missing_is_said_once),
        shelved(a_run_that_failed_says_why_under_the_table),
        shelved(emulated_times_are_said_to_be),
        shelved(emulated_times_have_no_ratio_and_memory_has),
        shelved(an_older_records_host_tells_of_emulation_too),
        shelved(a_table_of_nothing_has_its_heads),
        shelved(five_invocations_have_a_mean_and_an_interval),
        shelved(four_have_a_mean_alone),
        shelved(cells_of_a_plan_that_nothing_else_tells_apart_have_its_names),
        shelved(threads_of_the_free_threaded_build_are_what_others_are_compared_with),
        shelved(an_invocation_that_failed_is_left_out_of_the_mean),
        shelved(what_cells_differ_in_is_in_their_rows_names_and_each_has_its_own_threads),
        shelved(the_two_halves_of_an_a_a_plan_are_two_rows),
        shelved(broken_json_names_the_file_and_the_line),
        shelved(another_schema_is_named),
        shelved(a_deep_nest_is_refused),
        shelved(a_file_that_is_not_there_is_named_without_a_line),
        shelved(a_folder_is_no_record),
        shelved(one_bad_file_among_good_ones_is_an_error),
        shelved(missing_keys_are_dashes),
        shelved(the_nulls_figure_stands_beside_those_of_its_mode_and_workers),
        shelved(huge_and_odd_numbers_do_no_harm),
        shelved(long_names_are_cut_and_long_reasons_are_not),
        shelved(more_rows_and_notes_than_fit_overrun_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
