#include "cell/workload.h"

#include "base/text.h"
#include "tests/unit/knobs.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct cell cell_of(enum mode mode, enum profile profile)
{
    struct cell c = cell_unset();
    c.scenario = shipped("scenario1");
    c.mode = mode;
    c.profile = profile;
    assert_int_equal(cell_complete(&c, NULL), 0);
    return c;
}

static void expect_words(const struct workload_words *w, const char *const *wanted)
{
    size_t n = 0;
    for (; wanted[n]; n++) {
        assert_true(n < w->count);
        assert_string_equal(w->word[n], wanted[n]);
    }
    assert_int_equal(w->count, n);
    assert_null(w->word[n]); /* as execve(2) takes it */
}

static void a_python_workload_is_isolated_from_folder_and_user(void **state)
{
    (void)state;
    struct runtime r = {.path = "/opt/python3.14t"};
    struct cell c = cell_of(MODE_THREADS, PROFILE_OVERHEAD);
    char script[PATH_MAX + 16];
    text_format(script, sizeof(script), "%s/scenario1.py", c.scenario->dir);
    struct workload_words w = workload_argv(&r, &c, "");
    expect_words(&w, (const char *const[]){"/opt/python3.14t",
                                           "-P",
                                           "-s",
                                           "-B",
                                           script,
                                           "--mode",
                                           "threads",
                                           "--profile",
                                           "overhead",
                                           "--iterations",
                                           "1000",
                                           "--warmup",
                                           "5",
                                           "--workers",
                                           "8",
                                           "--pids",
                                           "0",
                                           "--work-iters",
                                           "20000",
                                           "--hold-ms",
                                           "0",
                                           "--lifecycle",
                                           "fresh",
                                           "--main-imports",
                                           "original",
                                           "--preload",
                                           "none",
                                           "--gc-freeze",
                                           "no",
                                           "--lazy-imports",
                                           "no",
                                           NULL});
    workload_words_free(&w);
    assert_int_equal(w.count, 0);
}

static void a_native_workload_is_the_executable_itself(void **state)
{
    (void)state;
    struct runtime r = {.native = true, .path = "/lib/scenario1"};
    struct cell c = cell_of(MODE_PROCESSES, PROFILE_MEMORY);
    char program[PATH_MAX + 16];
    text_format(program, sizeof(program), "%s/scenario1", c.scenario->dir);
    struct workload_words w = workload_argv(&r, &c, "forkserver");
    expect_words(
        &w, (const char *const[]){program, "--mode",      "processes",  "--profile",      "memory",   "--iterations",
                                  "30",    "--warmup",    "2",          "--workers",      "8",        "--pids",
                                  "1",     "--mp-start",  "forkserver", "--work-iters",   "20000",    "--hold-ms",
                                  "1000",  "--lifecycle", "fresh",      "--main-imports", "original", "--preload",
                                  "none",  "--gc-freeze", "no",         "--lazy-imports", "no",       NULL});
    workload_words_free(&w);
}

static void a_fault_is_asked_for_by_the_environment_alone(void **state)
{
    (void)state;
    struct runtime r = {.native = true, .path = "/x"};
    struct cell c = cell_of(MODE_THREADS, PROFILE_OVERHEAD);
    (void)setenv("TARE_FAULT", "hang", 1);
    struct workload_words w = workload_argv(&r, &c, "");
    (void)setenv("TARE_FAULT", "", 1);
    struct workload_words none = workload_argv(&r, &c, "");
    (void)unsetenv("TARE_FAULT");
    assert_string_equal(w.word[w.count - 2], "--fault");
    assert_string_equal(w.word[w.count - 1], "hang");
    assert_int_equal(none.count, w.count - 2);
    workload_words_free(&w);
    workload_words_free(&none);
}

static void the_largest_of_everything_fits(void **state)
{
    (void)state;
    struct runtime r = {0};
    struct cell c = cell_of(MODE_PROCESSES, PROFILE_MEMORY);
    memset(r.path, 'p', sizeof(r.path) - 1);
    c.iterations = c.warmup = c.workers = INT64_MAX;
    (void)setenv("TARE_FAULT", "x", 1);
    struct workload_words w = workload_argv(&r, &c, "forkserver");
    (void)unsetenv("TARE_FAULT");
    assert_int_equal(strlen(w.word[0]), PATH_MAX - 1);
    assert_string_equal(w.word[10], "9223372036854775807");
    assert_null(w.word[w.count]);
    workload_words_free(&w);
}

static void the_environment_is_the_same_wherever_it_is_run_from(void **state)
{
    (void)state;
    (void)setenv("PYTHONPATH", "/evil", 1);
    (void)setenv("LD_PRELOAD_X", "/evil", 1);
    (void)setenv("PYTHON_GIL", "1", 1);
    (void)setenv("LANG", "de_DE", 1);
    (void)setenv("PATH", "/p:/q", 1);
    (void)setenv("HOME", "/home/of mine", 1);
    const struct cell c = {0};
    struct workload_words w = workload_environment(&c, "/tmp/tare.1", 7);
    expect_words(&w, (const char *const[]){"PATH=/p:/q", "HOME=/home/of mine", "LC_ALL=C.UTF-8", "TZ=UTC",
                                           "PYTHONHASHSEED=0", "TMPDIR=/tmp/tare.1", "TARE_LEDGER_FD=7", NULL});
    workload_words_free(&w);
}

static void the_gil_is_told_by_a_variable_that_reaches_every_process(void **state)
{
    (void)state;
    (void)setenv("PATH", "/p", 1);
    (void)setenv("HOME", "/h", 1);
    for (int64_t gil = GIL_ON; gil <= GIL_OFF; gil++) {
        const struct cell c = {.gil = gil};
        struct workload_words w = workload_environment(&c, "/tmp/tare.1", 7);
        expect_words(&w, (const char *const[]){"PATH=/p", "HOME=/h", "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0",
                                               "TMPDIR=/tmp/tare.1", "TARE_LEDGER_FD=7",
                                               gil == GIL_ON ? "PYTHON_GIL=1" : "PYTHON_GIL=0", NULL});
        workload_words_free(&w);
    }
}

static void a_named_variable_is_added_or_takes_the_place_of_the_fixed_one(void **state)
{
    (void)state;
    (void)setenv("PATH", "/p", 1);
    (void)setenv("HOME", "/h", 1);
    (void)unsetenv("TERM");
    const struct cell c = {.environment = {.word = {"A=1", "TZ=CET", "A=2", "B="}, .count = 4}};
    struct workload_words w = workload_command_environment(&c);
    expect_words(&w, (const char *const[]){"PATH=/p", "HOME=/h", "LC_ALL=C.UTF-8", "TZ=CET", "PYTHONHASHSEED=0", "A=2",
                                           "B=", NULL});
    workload_words_free(&w);
}

static void an_unconfined_command_has_the_callers_environment(void **state)
{
    (void)state;
    (void)clearenv();
    (void)setenv("X", "1", 1);
    (void)setenv("PATH", "/p", 1);
    const struct cell c = {.confinement = CONFINEMENT_OFF, .environment = {.word = {"X=2"}, .count = 1}};
    struct workload_words w = workload_command_environment(&c);
    expect_words(&w, (const char *const[]){"X=2", "PATH=/p", NULL});
    workload_words_free(&w);
}

static void without_path_and_home_there_are_plain_ones(void **state)
{
    (void)state;
    (void)unsetenv("PATH");
    (void)unsetenv("HOME");
    const struct cell c = {0};
    struct workload_words w = workload_environment(&c, "/t", 3);
    assert_string_equal(w.word[0], "PATH=/usr/local/bin:/usr/bin:/bin");
    assert_string_equal(w.word[1], "HOME=/");
    workload_words_free(&w);
}

/* --- the temporary folder ---------------------------------------------------------------------------------------- */

static void a_folder_of_its_own_is_made_and_removed_with_all_in_it(void **state)
{
    char root[PATH_MAX], outside[PATH_MAX + 32], link_path[128], path[64];
    struct stat st;
    struct err e = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/outside/kept", "x");
    (void)unsetenv("TMPDIR");
    assert_int_equal(workload_tmpdir_make(path, sizeof(path), &e), 0);
    assert_memory_equal(path, "/tmp/tare.", 10);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    fixture_write(path, "/a/b/c", "x");
    fixture_write(path, "/d", "x");
    text_format(outside, sizeof(outside), "%s/outside", root);
    text_format(link_path, sizeof(link_path), "%s/link", path);
    assert_int_equal(symlink(outside, link_path), 0);
    workload_tmpdir_remove();
    assert_int_equal(stat(path, &st), -1);
    text_format(outside, sizeof(outside), "%s/outside/kept", root);
    assert_int_equal(stat(outside, &st), 0); /* links are removed, not followed */
    fixture_close(root);
}

static void the_folder_is_below_tmpdir_where_that_is_short(void **state)
{
    char root[PATH_MAX], path[64];
    struct err e = {0};
    (void)state;
    (void)unsetenv("TMPDIR");
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    assert_true(strlen(root) <= 40);
    (void)setenv("TMPDIR", root, 1);
    assert_int_equal(workload_tmpdir_make(path, sizeof(path), &e), 0);
    assert_memory_equal(path, root, strlen(root));
    workload_tmpdir_remove();
    (void)setenv("TMPDIR", "/a/path/that/is/longer/than/forty/characters/is", 1); /* unix(7): 108 for a socket */
    assert_int_equal(workload_tmpdir_make(path, sizeof(path), &e), 0);
    assert_memory_equal(path, "/tmp/tare.", 10);
    workload_tmpdir_remove();
    (void)unsetenv("TMPDIR");
    fixture_close(root);
}

static void a_tmpdir_that_is_not_there_is_the_hosts_fault(void **state)
{
    char path[64] = "x";
    struct err e = {0};
    (void)state;
    (void)setenv("TMPDIR", "/nowhere", 1);
    assert_true(workload_tmpdir_make(path, sizeof(path), &e) < 0);
    (void)unsetenv("TMPDIR");
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, "$TMPDIR: '/nowhere'"));
    assert_string_equal(path, "");
    workload_tmpdir_remove(); /* there is none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_python_workload_is_isolated_from_folder_and_user),
        cmocka_unit_test(a_native_workload_is_the_executable_itself),
        cmocka_unit_test(a_fault_is_asked_for_by_the_environment_alone),
        cmocka_unit_test(the_largest_of_everything_fits),
        cmocka_unit_test(the_environment_is_the_same_wherever_it_is_run_from),
        cmocka_unit_test(the_gil_is_told_by_a_variable_that_reaches_every_process),
        cmocka_unit_test(a_named_variable_is_added_or_takes_the_place_of_the_fixed_one),
        cmocka_unit_test(an_unconfined_command_has_the_callers_environment),
        cmocka_unit_test(without_path_and_home_there_are_plain_ones),
        cmocka_unit_test(a_folder_of_its_own_is_made_and_removed_with_all_in_it),
        cmocka_unit_test(the_folder_is_below_tmpdir_where_that_is_short),
        cmocka_unit_test(a_tmpdir_that_is_not_there_is_the_hosts_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
