#include "base/mountinfo.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_line_is_taken_apart(void **state)
{
    const char *text =
        "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue\n"
        "25 1 0:23 / /sys/kernel/debug\\040here rw,nosuid - debugfs debugfs rw";
    struct mountinfo m;
    (void)state;
    assert_true(mountinfo_next(&text, &m));
    assert_int_equal(m.id, 36);
    assert_string_equal(m.device, "98:0");
    assert_string_equal(m.root, "/mnt1");
    assert_string_equal(m.point, "/mnt2");
    assert_string_equal(m.options, "rw,noatime");
    assert_string_equal(m.type, "ext3");
    assert_string_equal(m.fs_options, "rw,errors=continue");
    assert_true(mountinfo_next(&text, &m));
    assert_string_equal(m.point, "/sys/kernel/debug here");
    assert_string_equal(m.type, "debugfs");
    assert_false(mountinfo_next(&text, &m));
}

static void what_is_malformed_is_skipped(void **state)
{
    struct text text = {0};
    struct mountinfo m;
    (void)state;
    text_add(&text, "\nx\n1 2 3:4\n1 2 3:4 / /a rw\n1 2 3:4 / /a rw -\n1 2 3:4 / /a rw - ext4\n1 2 3:4 / /");
    for (int i = 0; i < PATH_MAX; i++)
        text_add(&text, "a");
    text_add(&text, " rw - ext4 x rw\n7 2 3:4 / /last rw - tmpfs none rw\n");
    const char *rest = text.data;
    assert_true(mountinfo_next(&rest, &m));
    assert_int_equal(m.id, 7);
    assert_string_equal(m.point, "/last");
    assert_false(mountinfo_next(&rest, &m));
    text_free(&text);
}

static void what_is_no_escape_is_kept(void **state)
{
    const char *text = "1 2 3:4 / /a\\b\\0\\400\\134c rw - tmpfs none rw\n";
    struct mountinfo m;
    (void)state;
    assert_true(mountinfo_next(&text, &m));
    assert_string_equal(m.point, "/a\\b\\0\\400\\c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart),
        cmocka_unit_test(what_is_malformed_is_skipped),
        cmocka_unit_test(what_is_no_escape_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
