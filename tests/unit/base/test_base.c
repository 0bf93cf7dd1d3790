/* base: lists, numbers, errors and facts keep what their headers promise. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "base/text.h"

/* --- clock --- */

static void a_date_is_the_c_librarys_for_every_month_and_leap_year(void **state)
{
    (void)state;
    for (int64_t at = -2000000000; at < 200000000000; at += 86399 * 7 + 3) {
        const time_t then = (time_t)at;
        const struct tm ours = clock_utc(at);
        struct tm theirs = {0};
        (void)gmtime_r(&then, &theirs);
        if (ours.tm_year != theirs.tm_year || ours.tm_mon != theirs.tm_mon || ours.tm_mday != theirs.tm_mday ||
            ours.tm_hour != theirs.tm_hour || ours.tm_min != theirs.tm_min || ours.tm_sec != theirs.tm_sec)
            fail_msg("%lld s is not %d-%02d-%02d", (long long)at, ours.tm_year + 1900, ours.tm_mon + 1, ours.tm_mday);
    }
    assert_int_equal(clock_utc(951782400).tm_mday, 29); /* 2000-02-29 */
    assert_int_equal(clock_utc(951868800).tm_mon, 2);
}

/* --- cpulist --- */

static void assert_round_trip(const char *text, const char *want)
{
    struct cpulist set = {0}, again = {0};
    char out[512];
    assert_int_equal(cpulist_parse(text, &set), 0);
    assert_int_equal(cpulist_format(&set, out, sizeof(out)), strlen(want));
    assert_string_equal(out, want);
    assert_int_equal(cpulist_parse(out, &again), 0);
    assert_true(cpulist_equal(&set, &again));
}

static void cpulist_comes_back_as_the_kernel_writes_it(void **state)
{
    (void)state;
    assert_round_trip("", "");
    assert_round_trip("\n", "");
    assert_round_trip("0", "0");
    assert_round_trip("0-3,8,10-11\n", "0-3,8,10-11");
    assert_round_trip(" 5 , 1-2 ", "1-2,5");
    assert_round_trip("3,2,1,2-3", "1-3");
    assert_round_trip("63-64,127-128", "63-64,127-128");
    assert_round_trip("8191", "8191");
    assert_round_trip("0-8191", "0-8191");
}

static void cpulist_refuses_what_is_no_list(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"a",      "-1",  "1-",  "1--2", "3-1",  "1,,2",
                                        ",1",     "1,",  "1 2", "1-2x", "8192", "99999999999999999999",
                                        "0-8192", "1.5", "0x1", "+1",   "1-,2", "(null)"};
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        struct cpulist set = {.word[0] = 42};
        if (cpulist_parse(WRONG[i], &set) != -EINVAL)
            fail_msg("'%s' was taken for a list", WRONG[i]);
        assert_true(set.word[0] == 42);
    }
}

static void cpulist_that_does_not_fit_is_ended_by_nul(void **state)
{
    (void)state;
    struct cpulist set = {0};
    char out[6];
    assert_int_equal(cpulist_parse("10,20,30", &set), 0);
    for (size_t cap = 0; cap <= sizeof(out); cap++) {
        memset(out, 'x', sizeof(out));
        assert_int_equal(cpulist_format(&set, out, cap), -ENOSPC);
        assert_true(cap == 0 || memchr(out, '\0', cap) != NULL);
    }
    assert_int_equal(cpulist_parse("10,20", &set), 0);
    assert_int_equal(cpulist_format(&set, out, sizeof(out)), 5);
}

static void cpulist_walks_its_members_in_order(void **state)
{
    (void)state;
    struct cpulist set = {0};
    static const int WANT[] = {0, 63, 64, 8191};
    size_t n = 0;
    assert_int_equal(cpulist_parse("0,63-64,8191", &set), 0);
    for (int c = cpulist_next(&set, 0); c >= 0; c = cpulist_next(&set, c + 1))
        assert_int_equal(c, WANT[n++]);
    assert_int_equal(n, 4);
    assert_int_equal(cpulist_count(&set), 4);
    assert_int_equal(cpulist_next(&set, -1), -1);
    assert_int_equal(cpulist_next(&set, CPULIST_MAX), -1);
}

static void cpulist_beyond_its_end_holds_nothing(void **state)
{
    (void)state;
    struct cpulist set = {0};
    cpulist_add(&set, CPULIST_MAX);
    cpulist_add(&set, UINT_MAX);
    assert_int_equal(cpulist_count(&set), 0);
    assert_false(cpulist_has(&set, CPULIST_MAX));
}

static void cpulist_sets_have_their_algebra(void **state)
{
    (void)state;
    struct cpulist a = {0}, b = {0}, both = {0}, rest = {0};
    assert_int_equal(cpulist_parse("0-5", &a), 0);
    assert_int_equal(cpulist_parse("4-7", &b), 0);
    assert_int_equal(cpulist_parse("4-5", &both), 0);
    assert_int_equal(cpulist_parse("0-3", &rest), 0);
    struct cpulist got = cpulist_and(&a, &b);
    assert_true(cpulist_equal(&got, &both));
    got = cpulist_minus(&a, &b);
    assert_true(cpulist_equal(&got, &rest));
    assert_true(cpulist_subset(&both, &a));
    assert_false(cpulist_subset(&a, &both));
    got = cpulist_minus(&a, &a);
    assert_true(cpulist_subset(&got, &b)); /* the empty set is in every one */
}

static void cpulist_of_the_caller_is_its_affinity(void **state)
{
    (void)state;
    struct cpulist mine = {0}, other = {0};
    assert_int_equal(cpulist_of_task(0, &mine), 0);
    assert_true(cpulist_count(&mine) >= 1);
    assert_int_equal(cpulist_of_task(INT_MAX, &other), -ESRCH);
    assert_int_equal(cpulist_count(&other), 0);
}

/* --- text --- */

static void text_grows_and_stays_ended_by_nul(void **state)
{
    (void)state;
    struct text t = {0};
    for (int i = 0; i < 1000; i++)
        text_add(&t, "%d,", i % 10);
    text_add_bytes(&t, "a\0b", 3);
    text_add_bytes(&t, NULL, 0);
    assert_int_equal(t.len, 2003);
    assert_memory_equal(t.data + 2000, "a\0b", 4);
    text_free(&t);
    assert_null(t.data);
    text_add(&t, "%s", "");
    assert_string_equal(t.data, "");
    text_free(&t);
}

static void a_list_has_whole_words_only(void **state)
{
    (void)state;
    assert_true(text_has_word("cpuset cpu io memory pids\n", " \n", "cpu"));
    assert_true(text_has_word("cpuset cpu io memory pids\n", " \n", "cpuset"));
    assert_true(text_has_word("cpuset cpu io memory pids\n", " \n", "pids"));
    assert_true(text_has_word("memory", " \n", "memory"));
    assert_false(text_has_word("cpuset io\n", " \n", "cpu"));
    assert_false(text_has_word("cpu\n", " \n", "cpuset"));
    assert_false(text_has_word("", " \n", "cpu"));
    assert_false(text_has_word("\n", " \n", "cpu"));
    assert_false(text_has_word("cpu\n", " \n", ""));
    assert_true(text_has_word("rw,nosuid,cpu,cpuacct", ",", "cpuacct"));
    assert_false(text_has_word("rw,nosuid,cpuacct", ",", "cpu"));
}

static void assert_i64(const char *text, int code, int64_t want)
{
    int64_t got = 4711;
    if (text_to_i64(text, &got) != code)
        fail_msg("'%s' as a signed number", text);
    assert_true(got == (code == 0 ? want : 4711));
}

static void assert_u64(const char *text, int code, uint64_t want)
{
    uint64_t got = 4711;
    if (text_to_u64(text, &got) != code)
        fail_msg("'%s' as an unsigned number", text);
    assert_true(got == (code == 0 ? want : 4711));
}

static void assert_bytes(const char *text, int code, uint64_t want)
{
    uint64_t got = 4711;
    if (text_to_bytes(text, &got) != code)
        fail_msg("'%s' as bytes", text);
    assert_true(got == (code == 0 ? want : 4711));
}

static void signed_numbers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_i64("0", 0, 0);
    assert_i64(" -42\n", 0, -42);
    assert_i64("+7", 0, 7);
    assert_i64("9223372036854775807", 0, INT64_MAX);
    assert_i64("-9223372036854775808", 0, INT64_MIN);
    assert_i64("9223372036854775808", -ERANGE, 0);
    assert_i64("-9223372036854775809", -ERANGE, 0);
    assert_i64("", -EINVAL, 0);
    assert_i64(" ", -EINVAL, 0);
    assert_i64("12x", -EINVAL, 0);
    assert_i64("1 2", -EINVAL, 0);
    assert_i64("0x10", -EINVAL, 0);
    assert_i64("1.0", -EINVAL, 0);
    assert_i64("--1", -EINVAL, 0);
}

static void unsigned_numbers_are_never_negative(void **state)
{
    (void)state;
    assert_u64("0", 0, 0);
    assert_u64(" 42 ", 0, 42);
    assert_u64("+42", 0, 42);
    assert_u64("18446744073709551615", 0, UINT64_MAX);
    assert_u64("18446744073709551616", -ERANGE, 0);
    assert_u64("-1", -EINVAL, 0);
    assert_u64(" -1", -EINVAL, 0);
    assert_u64("+-1", -EINVAL, 0);
    assert_u64("+ 1", -EINVAL, 0);
    assert_u64("", -EINVAL, 0);
    assert_u64("max", -EINVAL, 0);
}

static void sizes_take_units_of_1024(void **state)
{
    (void)state;
    assert_bytes("0", 0, 0);
    assert_bytes("512", 0, 512);
    assert_bytes("512B", 0, 512);
    assert_bytes("1K", 0, 1024);
    assert_bytes("1k", 0, 1024);
    assert_bytes("64MiB", 0, 64u << 20);
    assert_bytes("64MB", 0, 64u << 20);
    assert_bytes("2G", 0, (uint64_t)2 << 30);
    assert_bytes("16777215T", 0, (uint64_t)16777215 << 40);
}

static void sizes_that_are_none_are_refused(void **state)
{
    (void)state;
    assert_bytes("16777216T", -ERANGE, 0);
    assert_bytes("18446744073709551616", -ERANGE, 0);
    assert_bytes("", -EINVAL, 0);
    assert_bytes("M", -EINVAL, 0);
    assert_bytes("-1K", -EINVAL, 0);
    assert_bytes("1.5G", -EINVAL, 0);
    assert_bytes("1KK", -EINVAL, 0);
    assert_bytes("1iB", -EINVAL, 0);
    assert_bytes("1P", -EINVAL, 0);
    assert_bytes("1 M", -EINVAL, 0);
}

static void bytes_are_written_as_people_read_them(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(text_bytes(0, buf, sizeof(buf)), "0 B");
    assert_string_equal(text_bytes(1023, buf, sizeof(buf)), "1023 B");
    assert_string_equal(text_bytes(1024, buf, sizeof(buf)), "1.0 KiB");
    assert_string_equal(text_bytes(12897485, buf, sizeof(buf)), "12.3 MiB");
    assert_string_equal(text_bytes(1048575, buf, sizeof(buf)), "1.0 MiB"); /* never "1024.0 KiB" */
    assert_string_equal(text_bytes((uint64_t)5 << 50, buf, sizeof(buf)), "5120.0 TiB");
}

/* --- err --- */

static void an_error_reads_outermost_first_with_its_remedy_last(void **state)
{
    (void)state;
    struct err e = {0};
    errno = EACCES;
    assert_int_equal(err_sys(&e, ERR_HOST, "memory.%s", "stat"), -EACCES);
    assert_int_equal(err_wrap(&e, "slice '%s'", "b3"), -EACCES);
    assert_int_equal(err_wrap(&e, "run %d", 3), -EACCES);
    assert_int_equal(err_remedy(&e, "run as %s", "root"), -EACCES);
    assert_string_equal(e.text, "run 3: slice 'b3': memory.stat: Permission denied (run as root)");
    assert_int_equal(e.code, -EACCES);
    assert_int_equal(e.kind, ERR_HOST);
}

static void an_error_can_go_unheard(void **state)
{
    (void)state;
    errno = ENOENT;
    assert_int_equal(err_set(NULL, ERR_OURS, -EINVAL, "x"), -EINVAL);
    assert_int_equal(err_sys(NULL, ERR_OURS, "x"), -ENOENT);
    assert_true(err_wrap(NULL, "x") < 0);
    assert_true(err_remedy(NULL, "x") < 0);
}

/* Whether the text is UTF-8 without a character cut in two (of the lengths used here: 1 to 3 bytes). */
static bool is_utf8(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t len = *p < 0x80 ? 1 : (*p & 0xE0) == 0xC0 ? 2 : (*p & 0xF0) == 0xE0 ? 3 : 0;
        if (len == 0)
            return false;
        for (size_t i = 1; i < len; i++)
            if ((p[i] & 0xC0) != 0x80)
                return false;
        p += len;
    }
    return true;
}

static void assert_cut(const struct err *e)
{
    size_t len = strlen(e->text);
    assert_true(len < sizeof(e->text));
    assert_true(len >= sizeof(e->text) - 8);
    assert_string_equal(e->text + len - strlen("…"), "…");
    assert_true(is_utf8(e->text));
}

static void a_long_error_is_cut_visibly_and_between_characters(void **state)
{
    (void)state;
    static const char *const FILL[] = {"x", "é", "€"};
    for (size_t f = 0; f < ARRAY_LEN(FILL); f++)
        for (size_t shift = 0; shift < 4; shift++) {
            struct text longer = {0};
            struct err e = {0};
            text_add(&longer, "%.*s", (int)shift, "aaaa");
            while (longer.len < 1200)
                text_add(&longer, "%s", FILL[f]);
            (void)err_set(&e, ERR_OURS, -EIO, "%s", longer.data);
            assert_cut(&e);
            errno = EIO;
            (void)err_sys(&e, ERR_OURS, "%s", longer.data);
            assert_cut(&e);
            (void)err_wrap(&e, "outside");
            assert_cut(&e);
            (void)err_wrap(&e, "%s", longer.data);
            assert_cut(&e);
            (void)err_set(&e, ERR_OURS, -EIO, "short");
            (void)err_remedy(&e, "%s", longer.data);
            assert_cut(&e);
            text_free(&longer);
        }
}

static void a_name_in_an_error_steers_no_terminal(void **state)
{
    struct err e = {0};
    (void)state;
    (void)err_set(&e, ERR_USAGE, -EINVAL,
                  "'a\x1b[2J\n\xc2\x9b"
                  "1m\xe2\x80\xae\x9bz\xc3\xa9'");
    assert_string_equal(e.text, "'a [2J   1m   ?z\xc3\xa9'");
    (void)err_wrap(&e, "\xe2\x81\xa6x");
    assert_string_equal(e.text, "   x: 'a [2J   1m   ?z\xc3\xa9'");
}

static void an_error_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    struct err e = {0};
    (void)err_set(&e, ERR_OURS, -EIO, "%0999d", 1);
    assert_int_equal(strlen(e.text), 999);
    assert_int_equal(e.text[998], '1');
    (void)err_set(&e, ERR_OURS, -EIO, "%01000d", 1);
    assert_cut(&e);
}

/* --- facts --- */

static void facts_keep_order_kind_and_value(void **state)
{
    (void)state;
    struct facts f = {0};
    facts_int(&f, "a", INT64_MIN);
    facts_real(&f, "b", 0.25);
    facts_bool(&f, "c.d", true);
    facts_text(&f, "e", "");
    facts_absent(&f, "g", "%s: %d", "why", 7);
    assert_int_equal(f.count, 5);
    assert_true(f.list[0].kind == FACT_INT && f.list[0].integer == INT64_MIN);
    assert_true(f.list[1].kind == FACT_REAL && f.list[1].real == 0.25);
    assert_true(f.list[2].kind == FACT_BOOL && f.list[2].truth);
    assert_true(f.list[3].kind == FACT_TEXT);
    assert_string_equal(f.list[3].text, "");
    assert_true(f.list[4].kind == FACT_ABSENT);
    assert_string_equal(f.list[4].text, "why: 7");
    facts_free(&f);
    assert_int_equal(f.count, 0);
}

static void facts_are_found_by_their_whole_key(void **state)
{
    (void)state;
    struct facts f = {0};
    for (int i = 0; i < 100; i++) { /* past the first growth */
        char key[16];
        text_format(key, sizeof(key), "key%d", i);
        facts_int(&f, key, i);
    }
    assert_int_equal(facts_find(&f, "key99")->integer, 99);
    assert_int_equal(facts_find(&f, "key1")->integer, 1);
    assert_null(facts_find(&f, "key"));
    assert_null(facts_find(&f, "key100"));
    facts_free(&f);
}

static void a_fact_of_another_kind_is_as_if_absent(void **state)
{
    struct facts f = {0};
    (void)state;
    facts_int(&f, "n", 7);
    facts_bool(&f, "yes", true);
    facts_text(&f, "name", "KVM");
    facts_absent(&f, "none", "why");
    assert_string_equal(facts_word(&f, "name"), "KVM");
    assert_string_equal(facts_word(&f, "none"), "");
    assert_string_equal(facts_word(&f, "n"), "");
    assert_int_equal(facts_integer(&f, "n", 3), 7);
    assert_int_equal(facts_integer(&f, "yes", 3), 3);
    assert_int_equal(facts_integer(&f, "not there", 3), 3);
    assert_true(facts_truth(&f, "yes"));
    assert_false(facts_truth(&f, "n"));
    assert_false(facts_truth(&f, "not there"));
    facts_free(&f);
}

static void a_long_reason_is_kept_whole(void **state)
{
    (void)state;
    struct facts f = {0};
    facts_absent(&f, "a", "%01500d", 1);
    assert_int_equal(strlen(f.list[0].text), 1500);
    facts_free(&f);
}

static void what_steers_a_terminal_is_written_as_bytes(void **state)
{
    static const struct {
        const char *bytes, *printed;
    } CASES[] = {
        {"plain text", "plain text"},
        {"\x1b[2J\nintegrity: good", "\\x1b[2J\\x0aintegrity: good"},
        {"\xc3\x97 caf\xc3\xa9", "\xc3\x97 caf\xc3\xa9"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* CSI as one character */
        {"\xe2\x80\xae"
         "dekorp",
         "\\xe2\\x80\\xaedekorp"}, /* from right to left */
        {"\xff\xc3", "\\xff\\xc3"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char *printed = text_printable(CASES[i].bytes);
        assert_string_equal(printed, CASES[i].printed);
        assert_int_equal(text_is_printable(CASES[i].bytes), strcmp(CASES[i].bytes, printed) == 0);
        free(printed);
    }
}

/* --- suggest --- */

static void a_mistyped_word_has_its_nearest_name(void **state)
{
    static const char *const NAMES[] = {"run", "matrix", "compare", "report", "plan-size", "restore", "mode", "margin"};
    static const struct {
        const char *word, *nearest;
    } TYPED[] = {{"matrx", "matrix"},
                 {"amtrix", "matrix"},
                 {"comapre", "compare"},
                 {"rapport", "report"},
                 {"plan_size", "plan-size"},
                 {"comp", "compare"},
                 {"nur", ""},
                 {"rn", "run"},
                 {"xyz", ""},
                 {"", ""},
                 {"mo", ""},
                 {"modes", "mode"},
                 {"reprt", "report"},
                 {"zzzzzzzzzzzz", ""}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TYPED); i++) {
        struct suggest s = SUGGEST(TYPED[i].word);
        for (size_t n = 0; n < ARRAY_LEN(NAMES); n++)
            suggest_offer(&s, NAMES[n]);
        if (strcmp(s.nearest, TYPED[i].nearest) != 0)
            fail_msg("'%s': '%s' where '%s' is wanted", TYPED[i].word, s.nearest, TYPED[i].nearest);
    }
}

static void a_suggestion_is_words_or_nothing(void **state)
{
    char buf[SUGGEST_TEXT_MAX], name[200];
    struct suggest s = SUGGEST("worker");
    (void)state;
    assert_string_equal(suggest_text(&s, "--", buf), "");
    memset(name, 'w', sizeof(name));
    name[sizeof(name) - 1] = 0;
    suggest_offer(&s, name);
    suggest_offer(&s, "workers");
    suggest_offer(&s, "workerz"); /* as near: the first stays */
    assert_string_equal(suggest_text(&s, "--", buf), "; did you mean '--workers'?");
}

static void durations_are_told_whatever_a_record_claims(void **state)
{
    static const struct {
        double seconds;
        const char *said;
    } CASES[] = {
        {0, "0 s"},
        {0.0004, "0 s"},
        {0.0214, "0.021 s"},
        {0.25, "0.25 s"},
        {0.96, "1 s"},
        {59.4, "59 s"},
        {59.6, "1 min 00 s"},
        {65, "1 min 05 s"},
        {11100, "3 h 05 min"},
        {1e291, "2.78e+287 h"},
        {-1e300, "-2.78e+296 h"},
        {9.9e14, "275000000000 h 00 min"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        cleanup_text struct text t = {0};
        text_add_seconds(&t, CASES[i].seconds);
        assert_string_equal(t.data, CASES[i].said);
    }
}

/* --- lines --- */

static void a_line_is_broken_at_blanks_alone_and_keeps_those_within_it(void **state)
{
    (void)state;
    struct text out = {0};
    terminal_wrap("folder /a  b and more", 0, 40, 2, &out);
    terminal_wrap("folder /a  b and more", 0, 12, 2, &out);
    terminal_wrap("/a-path-that-is-longer-than-a-line and", 0, 10, 2, &out);
    terminal_wrap_lines("  * one two three\n\nfour", 10, 4, &out);
    assert_string_equal(out.data, "folder /a  b and more\n"
                                  "folder /a  b\n  and more\n"
                                  "/a-path-that-is-longer-than-a-line\n  and\n"
                                  "  * one\n    two\n    three\n\nfour\n");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_told_whatever_a_record_claims),
        cmocka_unit_test(a_date_is_the_c_librarys_for_every_month_and_leap_year),
        cmocka_unit_test(cpulist_comes_back_as_the_kernel_writes_it),
        cmocka_unit_test(what_steers_a_terminal_is_written_as_bytes),
        cmocka_unit_test(cpulist_refuses_what_is_no_list),
        cmocka_unit_test(cpulist_that_does_not_fit_is_ended_by_nul),
        cmocka_unit_test(cpulist_walks_its_members_in_order),
        cmocka_unit_test(cpulist_beyond_its_end_holds_nothing),
        cmocka_unit_test(cpulist_sets_have_their_algebra),
        cmocka_unit_test(cpulist_of_the_caller_is_its_affinity),
        cmocka_unit_test(text_grows_and_stays_ended_by_nul),
        cmocka_unit_test(a_list_has_whole_words_only),
        cmocka_unit_test(signed_numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(unsigned_numbers_are_never_negative),
        cmocka_unit_test(sizes_take_units_of_1024),
        cmocka_unit_test(sizes_that_are_none_are_refused),
        cmocka_unit_test(bytes_are_written_as_people_read_them),
        cmocka_unit_test(an_error_reads_outermost_first_with_its_remedy_last),
        cmocka_unit_test(an_error_can_go_unheard),
        cmocka_unit_test(a_long_error_is_cut_visibly_and_between_characters),
        cmocka_unit_test(an_error_that_just_fits_is_not_cut),
        cmocka_unit_test(a_name_in_an_error_steers_no_terminal),
        cmocka_unit_test(facts_keep_order_kind_and_value),
        cmocka_unit_test(facts_are_found_by_their_whole_key),
        cmocka_unit_test(a_fact_of_another_kind_is_as_if_absent),
        cmocka_unit_test(a_long_reason_is_kept_whole),
        cmocka_unit_test(a_mistyped_word_has_its_nearest_name),
        cmocka_unit_test(a_suggestion_is_words_or_nothing),
        cmocka_unit_test(a_line_is_broken_at_blanks_alone_and_keeps_those_within_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
