/* trust: what root takes from a file is what nobody else could have put there. */
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "base/trust.h"
#include "tests/unit/fixture.h"

#define NOBODY 65534

static void needs_root(void)
{
    if (geteuid() != 0)
        fixture_skip("only root is kept from what others could have put there");
}

static void assert_trusted(const char *path)
{
    struct err e = {0};
    assert_int_equal(trust_path(fixture_in_root(path), &e), 0);
}

static void assert_refused(const char *path, const char *why)
{
    struct err e = {0};
    assert_int_equal(trust_path(fixture_in_root(path), &e), -EPERM);
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, why));
    assert_non_null(strstr(e.text, "is not trusted by root"));
}

static void make_program(const char *path)
{
    fixture_write(fixture_root, path, "#!/bin/sh\n");
    assert_int_equal(chmod(fixture_in_root(path), 0755), 0);
}

static void roots_own_in_roots_own_is_trusted(void **state)
{
    (void)state;
    needs_root();
    make_program("/a/b/tool");
    assert_trusted("/a/b/tool");
    assert_trusted("/a/b/");
    assert_trusted("/a/../a/./b//tool");
    assert_trusted("/a/b/not/there/yet");
    assert_int_equal(symlink("b/tool", fixture_in_root("/a/link")), 0);
    assert_trusted("/a/link");
}

static void what_another_owns_or_may_write_to_is_not(void **state)
{
    (void)state;
    needs_root();
    make_program("/a/b/tool");
    assert_int_equal(chmod(fixture_in_root("/a/b"), 0777), 0);
    assert_refused("/a/b/tool", "/a/b' is writable by everybody");
    assert_int_equal(chmod(fixture_in_root("/a/b"), 0755), 0);
    assert_int_equal(chown(fixture_in_root("/a"), NOBODY, 0), 0);
    assert_refused("/a/b/tool", "/a' belongs to user 65534");
    assert_int_equal(chown(fixture_in_root("/a"), 0, NOBODY), 0);
    assert_int_equal(chmod(fixture_in_root("/a"), 0775), 0);
    assert_refused("/a/b/tool", "/a' is writable by its group");
    assert_int_equal(chown(fixture_in_root("/a"), 0, 0), 0);
    assert_trusted("/a/b/tool");
    assert_int_equal(chown(fixture_in_root("/a/b/tool"), NOBODY, 0), 0);
    assert_refused("/a/b/tool", "/a/b/tool' belongs to user 65534");
}

static void a_link_leads_to_what_is_looked_at_too(void **state)
{
    (void)state;
    needs_root();
    make_program("/open/tool");
    make_program("/a/mine");
    assert_int_equal(chmod(fixture_in_root("/open"), 0777), 0);
    assert_int_equal(symlink("../open/tool", fixture_in_root("/a/link")), 0);
    assert_refused("/a/link", "/open' is writable by everybody");
    assert_int_equal(symlink("mine", fixture_in_root("/a/theirs")), 0);
    assert_int_equal(lchown(fixture_in_root("/a/theirs"), NOBODY, NOBODY), 0);
    assert_refused("/a/theirs", "/a/theirs' belongs to user 65534");
    assert_int_equal(symlink("loop", fixture_in_root("/a/loop")), 0);
    assert_int_equal(trust_path(fixture_in_root("/a/loop"), NULL), -ELOOP);
}

/* In a sticky folder nobody else can replace what is root's; but whoever comes first makes what is not there. */
static void a_sticky_folder_is_passed_and_not_trusted(void **state)
{
    (void)state;
    needs_root();
    make_program("/tmp/own/tool");
    assert_int_equal(chmod(fixture_in_root("/tmp"), 01777), 0);
    assert_trusted("/tmp/own/tool");
    assert_refused("/tmp", "/tmp' is writable by everybody");
    assert_refused("/tmp/none", "/tmp' is writable by everybody");
    assert_int_equal(chown(fixture_in_root("/tmp/own"), NOBODY, NOBODY), 0);
    assert_refused("/tmp/own/tool", "/tmp/own' belongs to user 65534");
}

static void a_helper_is_the_first_on_path_that_is_trusted(void **state)
{
    (void)state;
    needs_root();
    char path[3 * PATH_MAX], found[PATH_MAX];
    struct err e = {0};
    make_program("/open/tool");
    make_program("/a/tool");
    make_program("/open/other");
    assert_int_equal(chmod(fixture_in_root("/open"), 0777), 0);
    text_format(path, sizeof(path), ":.:%s/open:%s/a", fixture_root, fixture_root);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(trust_find_program("tool", found, sizeof(found), &e), 0);
    assert_string_equal(found, fixture_in_root("/a/tool"));
    assert_int_equal(trust_find_program("other", found, sizeof(found), &e), -EPERM);
    assert_non_null(strstr(e.text, "other: root trusts none on PATH: "));
    assert_non_null(strstr(e.text, "/open' is writable by everybody"));
    assert_int_equal(trust_find_program("none", found, sizeof(found), &e), -ENOENT);
}

static void a_variable_that_is_not_trusted_is_as_if_not_set(void **state)
{
    (void)state;
    needs_root();
    fixture_write(fixture_root, "/open/x", "");
    assert_int_equal(setenv("TARE_STATE", fixture_in_root("/open"), 1), 0);
    assert_string_equal(trust_variable("TARE_STATE"), fixture_in_root("/open"));
    assert_int_equal(chmod(fixture_in_root("/open"), 0777), 0);
    assert_null(trust_variable("TARE_STATE"));
    assert_int_equal(unsetenv("TARE_STATE"), 0);
    assert_null(trust_variable("TARE_STATE"));
}

static void whoever_is_not_root_names_what_he_likes(void **state)
{
    (void)state;
    int status = 0;
    fixture_write(fixture_root, "/open/x", "");
    assert_int_equal(chmod(fixture_in_root("/open"), 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(NOBODY) != 0)
            _exit(2);
        _exit(trust_path(fixture_in_root("/open/x"), NULL) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(roots_own_in_roots_own_is_trusted),
        fixture_rooted(what_another_owns_or_may_write_to_is_not),
        fixture_rooted(a_link_leads_to_what_is_looked_at_too),
        fixture_rooted(a_sticky_folder_is_passed_and_not_trusted),
        fixture_rooted(a_helper_is_the_first_on_path_that_is_trusted),
        fixture_rooted(a_variable_that_is_not_trusted_is_as_if_not_set),
        fixture_rooted(whoever_is_not_root_names_what_he_likes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
