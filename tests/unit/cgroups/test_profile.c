/* profile_parse and profiled_apply: limits in libcgroup's format. */
#include "cgroups/profile.h"

#include "base/err.h"
#include "base/text.h"
#include "cell/profiled.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct limit_profile profile;
static struct err err;

static void expect_refused(const char *text, int code, const char *part)
{
    memset(&err, 0, sizeof(err));
    assert_int_equal(profile_parse(text, &profile, &err), code);
    assert_int_equal(err.kind, ERR_USAGE);
    if (!strstr(err.text, part))
        fail_msg("'%s' does not say '%s'", err.text, part);
}

static void the_first_group_is_taken_and_what_is_no_group_passed_over(void **state)
{
    (void)state;
    assert_int_equal(profile_parse("# one\nmount { cpu = /x; }\ndefault { perm { task { uid = a; } } }\n"
                                   "template t { cpu { a = b; } }\n"
                                   "group a/b { perm { admin { uid = root; } }\n"
                                   "  memory { memory.max = \"4096\"; memory.high=max; } pids { } }\n"
                                   "group c { memory { memory.max = 1; } }\n",
                                   &profile, &err),
                     0);
    assert_string_equal(profile.group, "a/b");
    assert_int_equal(profile.count, 2);
    assert_string_equal(profile.value[0].file, "memory.max");
    assert_string_equal(profile.value[0].value, "4096");
    assert_string_equal(profile.value[1].file, "memory.high");
    assert_string_equal(profile.value[1].value, "max");
}

static void marks_in_quotes_are_no_marks(void **state)
{
    (void)state;
    assert_int_equal(profile_parse("group \"a { b\" { cpuset { cpuset.cpus = \"0-1;#}\"; } }", &profile, &err), 0);
    assert_string_equal(profile.group, "a { b");
    assert_string_equal(profile.value[0].value, "0-1;#}");
}

static void what_is_not_of_the_form_is_named_with_its_line(void **state)
{
    (void)state;
    expect_refused("", -ENOENT, "no group");
    expect_refused("mount { a = b; }", -ENOENT, "no group");
    expect_refused("\n\nnonsense", -EINVAL, "line 3: expected a group, found 'nonsense'");
    expect_refused("group", -EINVAL, "the group's name");
    expect_refused("group a", -EINVAL, "'{'");
    expect_refused("group a {", -EINVAL, "a controller's name");
    expect_refused("group a { cpu { x 1; } }", -EINVAL, "'='");
    expect_refused("group a { cpu { x = ; } }", -EINVAL, "a value");
    expect_refused("group a { cpu { x = 1 } }", -EINVAL, "';'");
    expect_refused("group a { cpu { x = \"1\n; } }", -EINVAL, "a value");
    expect_refused("mount { a", -EINVAL, "'}'");
}

static int apply(const char *text, struct cell *cell, struct text *said)
{
    char root[PATH_MAX], path[PATH_MAX + 16];
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/p.conf", text);
    text_format(path, sizeof(path), "%s/p.conf", root);
    cell->profile_file = path;
    memset(&err, 0, sizeof(err));
    int failed = profiled_apply(cell, &profile, said, &err);
    cell->profile_file = NULL;
    fixture_close(root);
    return failed;
}

static void a_profile_s_limits_are_the_cell_s_where_no_option_is(void **state)
{
    struct cell cell = {.pids_max = 288};
    struct text said = {0};
    (void)state;
    assert_int_equal(apply("group g { cpuset { cpuset.cpus = \"2-3\"; cpuset.cpus.partition = isolated; }"
                           " memory { memory.max = 1G; memory.swap.max = 0; } pids { pids.max = 64; } }",
                           &cell, &said),
                     0);
    assert_null(said.data);
    assert_string_equal(cell.cpus, "2-3");
    assert_int_equal(cell.partition, PARTITION_ISOLATED);
    assert_true(cell.has_memory_max);
    assert_int_equal(cell.memory_max_bytes, 1 << 30);
    assert_int_equal(cell.pids_max, 64);
}

static void an_option_comes_before_the_profile_and_that_is_said(void **state)
{
    struct cell cell = {.cpus = "1", .has_pids_max = 1, .pids_max = 9, .partition = PARTITION_NONE};
    struct text said = {0};
    (void)state;
    assert_int_equal(apply("group g { cpuset { cpuset.cpus = 2; cpuset.cpus.partition = root; }"
                           " memory { memory.swap.max = max; } pids { pids.max = 64; } }",
                           &cell, &said),
                     0);
    assert_string_equal(said.data, "cpuset.cpus = 2 of the profile gives way to --cpus\n"
                                   "cpuset.cpus.partition = root of the profile gives way to --partition\n"
                                   "memory.swap.max = max of the profile gives way to 0, which is always set\n"
                                   "pids.max = 64 of the profile gives way to --pids-max\n");
    assert_string_equal(cell.cpus, "1");
    assert_int_equal(cell.pids_max, 9);
    text_free(&said);
}

static void what_tare_does_not_set_is_refused(void **state)
{
    struct cell cell = {0};
    struct text said = {0};
    (void)state;
    assert_int_equal(apply("group g { io { io.max = 1; } }", &cell, &said), -EINVAL);
    assert_non_null(strstr(err.text, "'io.max': what is allowed is cpuset.cpus"));
    assert_int_equal(apply("group g { cpuset { cpuset.cpus = all; } }", &cell, &said), -EINVAL);
    assert_int_equal(apply("group g { memory { memory.max = 1; } }", &cell, &said), -EINVAL);
}

static void the_profiles_that_are_installed_are_read(void **state)
{
    static const char *const FILES[] = {"overhead", "memory"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_MAX];
        struct cell cell = {.profile_file = path};
        struct text said = {0};
        text_format(path, sizeof(path), "%s/../cgroups/profiles/%s.conf", fixture_tests_dir(), FILES[i]);
        memset(&err, 0, sizeof(err));
        if (profiled_apply(&cell, &profile, &said, &err) != 0)
            fail_msg("%s", err.text);
        assert_null(said.data);
        assert_int_equal(cell.partition, PARTITION_ROOT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_group_is_taken_and_what_is_no_group_passed_over),
        cmocka_unit_test(marks_in_quotes_are_no_marks),
        cmocka_unit_test(what_is_not_of_the_form_is_named_with_its_line),
        cmocka_unit_test(a_profile_s_limits_are_the_cell_s_where_no_option_is),
        cmocka_unit_test(an_option_comes_before_the_profile_and_that_is_said),
        cmocka_unit_test(what_tare_does_not_set_is_refused),
        cmocka_unit_test(the_profiles_that_are_installed_are_read),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
