/* scope_enter() executes tare-scope, which lies beside the program: the test runs a copy of itself in a folder of its
 * own, where a script stands for tare-scope. */
#include "cgroups/scope.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ASKED "--enter"

static char folder[PATH_MAX];

static int open_folder(void **state)
{
    char line[2 * PATH_MAX];
    (void)state;
    assert_int_equal(fixture_open(NULL, folder, sizeof(folder)), 0);
    text_format(line, sizeof(line), "cp /proc/%d/exe '%s/program'", (int)getpid(), folder);
    return system(line);
}

static int close_folder(void **state)
{
    (void)state;
    fixture_close(folder);
    return 0;
}

static void put_tare_scope(const char *content, mode_t mode)
{
    char path[PATH_MAX + 16];
    text_format(path, sizeof(path), "%s/tare-scope", folder);
    fixture_write(folder, "/tare-scope", content);
    assert_int_equal(chmod(path, mode), 0);
}

/* What scope_enter() returned and its reason, as main() prints them. */
static void expect_answer(int failed, const char *why)
{
    char line[PATH_MAX + 32], answer[600], wanted[600];
    text_format(wanted, sizeof(wanted), "%d: %s", failed, why);
    text_format(line, sizeof(line), "'%s/program' " ASKED, folder);
    FILE *out = popen(line, "r");
    assert_non_null(out);
    answer[fread(answer, 1, sizeof(answer) - 1, out)] = '\0';
    assert_int_equal(pclose(out), 0);
    assert_string_equal(answer, wanted);
}

static void a_program_that_is_not_there_says_so(void **state)
{
    (void)state;
    expect_answer(-ENOENT, "tare-scope is not beside tare ('make' builds it)");
}

static void a_program_that_may_not_be_executed_says_why(void **state)
{
    (void)state;
    put_tare_scope("#!/bin/sh\n", 0644);
    expect_answer(-ENOTSUP, "tare-scope cannot be executed: Permission denied");
}

static void what_the_loader_said_stays_and_has_its_remedy(void **state)
{
    (void)state;
    put_tare_scope("#!/bin/sh\necho 'libsystemd.so.0: cannot open shared object file' >&2\nexit 127\n", 0755);
    expect_answer(-ENOTSUP, "libsystemd.so.0: cannot open shared object file (apt-get install libsystemd0)");
    put_tare_scope("#!/bin/sh\necho 'libfoo.so.1: cannot open shared object file' >&2\nexit 127\n", 0755);
    expect_answer(-ENOTSUP, "libfoo.so.1: cannot open shared object file");
    put_tare_scope("#!/bin/sh\nexit 127\n", 0755);
    expect_answer(-ENOTSUP, "tare-scope does not start");
}

static void a_refusal_of_systemd_is_the_reason_and_a_scope_has_none(void **state)
{
    (void)state;
    put_tare_scope("#!/bin/sh\nprintf 'systemd refused a scope: no'\nexit 1\n", 0755);
    expect_answer(-ENOTSUP, "systemd refused a scope: no");
    put_tare_scope("#!/bin/sh\n[ \"$1\" = user ] && [ \"$2\" -eq $PPID ]\n", 0755);
    expect_answer(0, "");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], ASKED) == 0) {
        char why[400] = "";
        const int failed = scope_enter(true, why, sizeof(why));
        (void)printf("%d: %s", failed, why);
        return 0;
    }
#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)
    const struct CMUnitTest tests[] = {
        in_a_folder(a_program_that_is_not_there_says_so),
        in_a_folder(a_program_that_may_not_be_executed_says_why),
        in_a_folder(what_the_loader_said_stays_and_has_its_remedy),
        in_a_folder(a_refusal_of_systemd_is_the_reason_and_a_scope_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
