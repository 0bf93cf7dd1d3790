#include "cell/function.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "cell/scenarios.h"
#include "tests/unit/fixture.h"

static struct function found(const char *named)
{
    struct function f;
    struct err e = {0};
    if (function_find(named, &f, &e) != 0)
        fail_msg("%s: %s", named, e.text);
    return f;
}

static void refused(const char *named, const char *why)
{
    struct function f;
    struct err e = {0};
    if (function_find(named, &f, &e) == 0)
        fail_msg("'%s' was taken", named);
    assert_int_equal(e.kind, ERR_USAGE);
    if (!strstr(e.text, why))
        fail_msg("there is no '%s' in '%s'", why, e.text);
}

static void a_file_is_a_module_of_its_folder(void **state)
{
    (void)state;
    fixture_write(fixture_root, "/work.py", "");
    cleanup_free char *named = text_printf("%s/work.py:encode", fixture_root);
    struct function f = found(named);
    assert_string_equal(f.module, "work");
    assert_string_equal(f.name, "encode");
    cleanup_free char *root = realpath(fixture_root, NULL);
    assert_string_equal(f.root, root);
}

static void a_file_of_a_package_is_looked_for_from_above_its_packages(void **state)
{
    (void)state;
    fixture_write(fixture_root, "/top/__init__.py", "");
    fixture_write(fixture_root, "/top/below/__init__.py", "");
    fixture_write(fixture_root, "/top/below/work.py", "");
    cleanup_free char *named = text_printf("%s/top/below/work.py:Class.method", fixture_root);
    struct function f = found(named);
    assert_string_equal(f.module, "top.below.work");
    assert_string_equal(f.name, "Class.method");
    cleanup_free char *root = realpath(fixture_root, NULL);
    assert_string_equal(f.root, root);
}

static void a_module_is_looked_for_from_the_working_folder(void **state)
{
    char here[PATH_MAX];
    (void)state;
    struct function f = found("json.decoder:scanstring");
    assert_string_equal(f.module, "json.decoder");
    assert_string_equal(f.file, "");
    assert_non_null(getcwd(here, sizeof(here)));
    assert_string_equal(f.root, here);
}

static void what_names_no_function_is_refused(void **state)
{
    (void)state;
    refused("work.py", "what is allowed is FILE.py:FUNCTION or MODULE:FUNCTION");
    refused("", "what is allowed is");
    refused(":f", "what is allowed is");
    refused("work:", "what is allowed is");
    refused("work:f()", "what is allowed is");
    refused("work:1f", "what is allowed is");
    refused("a..b:f", "what is allowed is");
    refused("../work:f", "what is allowed is");
    refused("/nowhere/work.py:f", "No such file or directory");
    fixture_write(fixture_root, "/my-work.py", "");
    cleanup_free char *named = text_printf("%s/my-work.py:f", fixture_root);
    refused(named, "'my-work' is no name that Python can import");
}

static void arguments_are_names_with_values_each_once(void **state)
{
    static const struct {
        struct config_words words;
        const char *why; /* NULL: they are taken */
    } WANTED[] = {
        {{{"size=1", "name=a=b", "empty="}, 3}, NULL},
        {{{"size"}, 1}, "--arg 'size': what is allowed is NAME=VALUE"},
        {{{"=1"}, 1}, "--arg '=1'"},
        {{{"a.b=1"}, 1}, "--arg 'a.b=1'"},
        {{{"a=1", "a=2"}, 2}, "--arg 'a=2': a is given twice"},
        {{{"a=1", "ab=2"}, 2}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        struct err e = {0};
        int failed = function_check_arguments(&WANTED[i].words, &e);
        assert_int_equal(failed != 0, WANTED[i].why != NULL);
        if (failed != 0 && !strstr(e.text, WANTED[i].why))
            fail_msg("there is no '%s' in '%s'", WANTED[i].why, e.text);
    }
}

/* Into the folder "made"; what function_write() gives. */
static int write_it(const struct function *f, const char *files, struct err *e)
{
    struct function_look look = {.call_s = 1};
    const struct bench_options o = {.pool = 1, .calls = 7};
    cleanup_free char *path = text_printf("%s/made", fixture_root);
    struct file_folder folder;
    text_add(&look.files, "%s", files);
    assert_int_equal(file_folder_open(path, &folder, e), 0);
    int failed = function_write(f, &look, 1U << MODE_THREADS | 1U << MODE_PROCESSES, &o, folder.fd, e);
    if (failed == 0)
        assert_int_equal(file_folder_commit(&folder, e), 0);
    else
        file_folder_abandon(&folder);
    function_look_free(&look);
    return failed;
}

static void its_folder_is_a_scenario_with_its_files_and_arguments(void **state)
{
    (void)state;
    const struct config_words arg = {{"name=it's \"quoted\"\\\t: x"}, 1};
    const struct scenario *s = NULL;
    struct err e = {0};
    fixture_write(fixture_root, "/pkg/__init__.py", "");
    fixture_write(fixture_root, "/pkg/work.py", "def encode(): pass\n");
    fixture_write(fixture_root, "/pkg/other.py", "");
    cleanup_free char *named = text_printf("%s/pkg/work.py:encode", fixture_root);
    struct function f = found(named);
    f.arg = &arg;
    assert_int_equal(write_it(&f, "pkg/__init__.py\npkg/work.py\n", &e), 0);
    cleanup_free char *made = text_printf("%s/made", fixture_root);
    if (scenarios_find(made, &s, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(s->name, "encode");
    assert_int_equal(s->modes, 1U << MODE_THREADS | 1U << MODE_PROCESSES);
    assert_string_equal(s->command[RUNTIME_PYTHON][5], "{dir}/pkg.work:encode");
    assert_string_equal(s->command[RUNTIME_PYTHON][6], arg.word[0]);
    assert_string_equal(s->knob[0].fallback[PROFILE_OVERHEAD], "pool");
    assert_string_equal(s->knob[2].fallback[PROFILE_OVERHEAD], "7");
    assert_string_not_equal(s->content_sha256, "");
    cleanup_free char *other = text_printf("%s/made/pkg/other.py", fixture_root);
    assert_int_equal(access(other, F_OK), -1);
    scenarios_free();
}

/* What the look answers is the function's word: it could name any file. */
static void a_file_outside_of_the_modules_folder_is_not_copied(void **state)
{
    static const char *const OUTSIDE[] = {"../secret\n", "/etc/passwd\n", "link/secret\n", "lone\n"};
    (void)state;
    const struct config_words none = {.count = 0};
    fixture_write(fixture_root, "/in/work.py", "");
    fixture_write(fixture_root, "/secret", "x");
    cleanup_free char *named = text_printf("%s/in/work.py:f", fixture_root);
    cleanup_free char *link = text_printf("%s/in/link", fixture_root), *lone = text_printf("%s/in/lone", fixture_root);
    assert_int_equal(symlink("..", link), 0);
    assert_int_equal(symlink("../secret", lone), 0);
    struct function f = found(named);
    f.arg = &none;
    for (size_t i = 0; i < ARRAY_LEN(OUTSIDE); i++) {
        struct err e = {0};
        if (write_it(&f, OUTSIDE[i], &e) == 0)
            fail_msg("'%s' was copied", OUTSIDE[i]);
        assert_int_equal(access(fixture_in_root("/made"), F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_file_is_a_module_of_its_folder),
        fixture_rooted(a_file_of_a_package_is_looked_for_from_above_its_packages),
        cmocka_unit_test(a_module_is_looked_for_from_the_working_folder),
        fixture_rooted(what_names_no_function_is_refused),
        cmocka_unit_test(arguments_are_names_with_values_each_once),
        fixture_rooted(its_folder_is_a_scenario_with_its_files_and_arguments),
        fixture_rooted(a_file_outside_of_the_modules_folder_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
