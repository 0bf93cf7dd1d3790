/* cmdline: a running kernel's words beside the locked ones, by the kernel's own rules. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "host/doctor/cmdline.h"
#include "tests/unit/fixture.h"

static void check(const char *running, const char *flag, enum cmdline_state want, const char *want_here)
{
    struct text here = {0};
    enum cmdline_state got = cmdline_compare(running, flag, &here);
    if (got != want || strcmp(here.data, want_here) != 0)
        fail_msg("'%s' on '%s': %d '%s'", flag, running, (int)got, here.data);
    text_free(&here);
}

static void a_flag_is_there_absent_or_different(void **state)
{
    (void)state;
    check("ro psi=1 quiet", "psi=1", CMDLINE_AS_LOCKED, "psi=1");
    check("ro quiet", "psi=1", CMDLINE_ABSENT, "");
    check("", "psi=1", CMDLINE_ABSENT, "");
    check("mitigations=off", "mitigations=auto", CMDLINE_DIFFERENT, "mitigations=off");
    check("mitigations=auto,nosmt", "mitigations=auto", CMDLINE_DIFFERENT, "mitigations=auto,nosmt");
}

static void a_flag_is_not_found_inside_a_longer_one(void **state)
{
    (void)state;
    check("xpsi=1 psi_not=1", "psi=1", CMDLINE_ABSENT, "");
    check("psi=10", "psi=1", CMDLINE_DIFFERENT, "psi=10");
    check("nowatchdogs no", "nowatchdog", CMDLINE_ABSENT, "");
    check("foo.psi=1", "psi=1", CMDLINE_ABSENT, "");
}

static void a_flag_without_a_value_is_not_one_with(void **state)
{
    (void)state;
    check("quiet nowatchdog", "nowatchdog", CMDLINE_AS_LOCKED, "nowatchdog");
    check("nowatchdog=1", "nowatchdog", CMDLINE_DIFFERENT, "nowatchdog=1");
    check("psi", "psi=1", CMDLINE_DIFFERENT, "psi");
    check("psi=", "psi=1", CMDLINE_DIFFERENT, "psi=");
}

/* obsolete or not, the kernel calls the handler for each, and the last one wins */
static void the_last_word_of_a_name_counts(void **state)
{
    (void)state;
    check("psi=1 ro psi=0", "psi=1", CMDLINE_DIFFERENT, "psi=0");
    check("psi=0 psi=1", "psi=1", CMDLINE_AS_LOCKED, "psi=1");
}

/* kernel/params.c, dash2underscore() */
static void a_dash_in_a_name_is_an_underscore(void **state)
{
    (void)state;
    check("cgroup-no-v1=all", "cgroup_no_v1=all", CMDLINE_AS_LOCKED, "cgroup-no-v1=all");
    check("x=a-b", "x=a_b", CMDLINE_DIFFERENT, "x=a-b");
}

/* lib/kstrtox.c, kstrtobool() */
static void two_spellings_of_a_truth_are_the_same(void **state)
{
    (void)state;
    check("psi=on", "psi=1", CMDLINE_AS_LOCKED, "psi=on");
    check("psi=y", "psi=1", CMDLINE_AS_LOCKED, "psi=y");
    check("psi=true", "psi=1", CMDLINE_AS_LOCKED, "psi=true");
    check("audit=off", "audit=0", CMDLINE_AS_LOCKED, "audit=off");
    check("psi=off", "psi=1", CMDLINE_DIFFERENT, "psi=off");
    check("transparent_hugepage=never", "transparent_hugepage=n", CMDLINE_DIFFERENT, "transparent_hugepage=never");
}

/* Documentation/admin-guide/kernel-parameters.rst: "param="spaces in here"; "--" ends what is the kernel's. */
static void quotes_hold_blanks_and_what_is_inits_is_not_the_kernels(void **state)
{
    (void)state;
    check("dyndbg=\"file a.c +p; psi=1\"", "psi=1", CMDLINE_ABSENT, "");
    check("x=\"psi=0 \" psi=1", "psi=1", CMDLINE_AS_LOCKED, "psi=1");
    check("psi=\"1\"", "psi=1", CMDLINE_AS_LOCKED, "psi=\"1\"");
    check("ro -- psi=1", "psi=1", CMDLINE_ABSENT, "");
    check("ro --psi psi=1", "psi=1", CMDLINE_AS_LOCKED, "psi=1");
    check("x=\"never closed psi=1", "psi=1", CMDLINE_ABSENT, "");
}

/* --- the lock ---------------------------------------------------------------------------------------------------- */

static void a_lock_is_read_in_order(void **state)
{
    (void)state;
    struct cmdline_lock lock;
    assert_int_equal(cmdline_lock_parse("# head\n\n  quiet # boot: x\npsi=1\t# recorded:  why: it tells \n"
                                        "a=\"b # c\" # recommended: y",
                                        &lock, NULL),
                     0);
    assert_int_equal(lock.flags, 3);
    assert_string_equal(lock.flag[0].flag, "quiet");
    assert_int_equal(lock.flag[0].level, CMDLINE_BOOT);
    assert_string_equal(lock.flag[1].flag, "psi=1");
    assert_string_equal(lock.flag[1].id, "cmdline.psi");
    assert_string_equal(lock.flag[1].remedy, "boot with psi=1");
    assert_string_equal(lock.flag[1].why, "why: it tells");
    assert_int_equal(lock.flag[1].level, CMDLINE_RECORDED);
    assert_string_equal(lock.flag[2].flag, "a=\"b # c\"");
    assert_int_equal(lock.flag[2].level, CMDLINE_RECOMMENDED);
    cmdline_lock_free(&lock);
}

static void a_lock_with_a_fault_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } BAD[] = {
        {"psi=1", "line 1: 'psi=1': what is allowed is FLAG # LEVEL: WHY"},
        {"\npsi=1 #", "line 2: "},
        {"psi=1 # recorded", "line 1: "},
        {"psi=1 # recorded:", "line 1: "},
        {"psi=1 # recorded:\nquiet # boot: x", "line 1: 'psi=1 # recorded:'"},
        {"psi=1 # sometimes: why", "with the level boot, recommended or recorded"},
        {"psi=1 ro # boot: two of them", "line 1: "},
        {"x=\"open # boot: why\nro # boot: y", "line 1: "},
        {"psi=1 # boot: x\npsi=0 # boot: y", "line 2: 'psi=0 # boot: y': this flag is listed twice"},
        {"a-b=1 # boot: x\na_b=0 # boot: y", "line 2: "},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct cmdline_lock lock;
        struct err e = {0};
        assert_int_equal(cmdline_lock_parse(BAD[i].text, &lock, &e), -22);
        assert_int_equal(e.kind, ERR_USAGE);
        if (!strstr(e.text, BAD[i].says))
            fail_msg("'%s' says %s", BAD[i].text, e.text);
        assert_int_equal(lock.flags, 0);
    }
}

static void read_shipped(const char *name, struct cmdline_lock *ret)
{
    char path[PATH_MAX];
    struct text text = {0};
    struct err e = {0};
    text_format(path, sizeof(path), "%s/../images/vm/%s", fixture_tests_dir(), name);
    assert_int_equal(file_read_all("", path, &text), 0);
    if (cmdline_lock_parse(text.data, ret, &e) != 0)
        fail_msg("%s: %s", path, e.text);
    text_free(&text);
}

static void the_shipped_lock_is_one_and_the_variant_only_adds_to_it(void **state)
{
    (void)state;
    struct cmdline_lock lock, variant;
    struct text line = {0}, here = {0};
    read_shipped("cmdline", &lock);
    read_shipped("cmdline.isolated", &variant);
    for (size_t i = 0; i < lock.flags; i++)
        text_add(&line, "%s ", lock.flag[i].flag);
    for (size_t i = 0; i < lock.flags; i++)
        assert_int_equal(cmdline_compare(line.data, lock.flag[i].flag, &here), CMDLINE_AS_LOCKED);
    for (size_t i = 0; i < variant.flags; i++)
        assert_int_equal(cmdline_compare(line.data, variant.flag[i].flag, &here), CMDLINE_ABSENT);
    assert_int_equal(cmdline_compare(line.data, "cgroup_no_v1=all", &here), CMDLINE_AS_LOCKED);
    assert_int_equal(cmdline_compare(line.data, "psi=1", &here), CMDLINE_AS_LOCKED);
    assert_true(variant.flags > 0);
    text_free(&line);
    text_free(&here);
    cmdline_lock_free(&lock);
    cmdline_lock_free(&variant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_is_there_absent_or_different),
        cmocka_unit_test(a_flag_is_not_found_inside_a_longer_one),
        cmocka_unit_test(a_flag_without_a_value_is_not_one_with),
        cmocka_unit_test(the_last_word_of_a_name_counts),
        cmocka_unit_test(a_dash_in_a_name_is_an_underscore),
        cmocka_unit_test(two_spellings_of_a_truth_are_the_same),
        cmocka_unit_test(quotes_hold_blanks_and_what_is_inits_is_not_the_kernels),
        cmocka_unit_test(a_lock_is_read_in_order),
        cmocka_unit_test(a_lock_with_a_fault_names_its_line),
        cmocka_unit_test(the_shipped_lock_is_one_and_the_variant_only_adds_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
