/* What --why left beside records: read back, and as a section of the page. */
#include "report/why_section.h"

#include "analysis/why.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "tests/unit/fixture.h"
#include "tests/unit/swept.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORD_ID "20261125T000000Z-00000000" /* of write_record()'s first */

static const struct made THREADS = {"scenario1", "threads", "3.14t", 4, 0, 0.010, 0};

/* A record of --why as it is written; its names are what a program calls its functions. */
static const char WHY[] =
    "{\"schema\": \"tare.why/1\", \"id\": \"b\", \"of\": \"" RECORD_ID "\", \"workers\": 4, \"iterations\": 9, "
    "\"interpreter\": \"/opt/p\", \"slowdown\": 1.25, \"verdict\": \"thread_lock\", \"times\": {\"thread_ns\": "
    "1000000000, \"own_ns\": 200000000, "
    "\"lost_ns\": 800000000, \"unattributed_ns\": 80000000, \"runnable_ns\": 0, \"idle_ns\": 5}, \"causes\": [{\"id\": "
    "\"thread_lock\", \"title\": \"a lock of the program\", \"share\": 0.9, \"lost_ns\": 720000000, \"cpu_ns\": 0, "
    "\"count\": 12, \"wait_p50_ns\": 2000000, \"wait_p95_ns\": 3000000, \"function\": \"<script>alert(1)</script>\", "
    "\"file\": \"/tmp/\\u202e\\\"><img src=x>.py\", \"line\": 7, \"function_share\": 1, \"path\": \"f < g & h\", "
    "\"remedy\": \"hold it shorter\", \"source\": \"https://docs.python.org/\"}], \"unattributed_path\": \"x\", "
    "\"flame\": {\"ns\": 1000, \"lost_ns\": 800, \"calls\": [{\"name\": \"run\", \"place\": \"python\", \"file\": "
    "\"a.py\", \"ns\": 1000, \"lost_ns\": 800, \"calls\": [{\"name\": \"</text></svg><script>alert(2)</script>\", "
    "\"place\": \"python\", \"file\": \"b.py\", \"ns\": 800, \"lost_ns\": 800, \"calls\": []}, {\"name\": \"memcpy\", "
    "\"place\": \"c\", \"ns\": 200, \"lost_ns\": 0, \"calls\": []}]}]}, \"probes\": [{\"symbol\": \"take_gil\", "
    "\"is_set\": false, \"reason\": \"the GIL is off\"}], \"samples\": 900, \"python_share\": 0.97, \"events\": 5000, "
    "\"lost_events\": 0, \"page_faults\": 3, \"without_symbols\": \"\"}";

static void write_why(const char *text)
{
    write_record(&THREADS, 0, 0);
    fixture_write(fixture_root, "/01-c0.why.json", text);
}

/* The text with a part in place of another, which it has to have. */
static void write_changed(const char *from, const char *to)
{
    const char *at = strstr(WHY, from);
    if (!at)
        fail_msg("there is no %s", from);
    cleanup_free char *changed = text_printf("%.*s%s%s", (int)(at - WHY), WHY, to, at + strlen(from));
    write_why(changed);
}

/* Returns as whys_read(). */
static int section(bool as_page, struct text *out, struct text *notes, struct err *e)
{
    const char *path = fixture_root;
    struct summary s;
    struct whys whys;
    assert_int_equal(summary_read(&path, 1, false, &s, e), 0);
    int failed = whys_read(&s, &whys, notes, e);
    text_add(out, "%s", "");
    if (failed == 0) {
        if (as_page)
            why_section(&whys, out);
        else
            why_section_text(&whys, 80, out);
        whys_free(&whys);
    }
    summary_free(&s);
    return failed;
}

static void expect(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("there is no '%s' in:\n%s", wanted, text ? text : "nothing");
}

static void the_page_has_the_causes_and_no_name_is_a_tag(void **state)
{
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    write_why(WHY);
    assert_int_equal(section(true, &out, &notes, &e), 0);
    expect(out.data, "<section id=\"why\"");
    expect(out.data,
           "diagnostic run: 9 iterations of 4 workers, in the same Python built with frame pointers, 1.25 times "
           "as long each as the timed ones");
    expect(out.data, "20 % own work, 80 % lost");
    expect(out.data, "&lt;script&gt;alert(1)&lt;/script&gt; (/tmp/\\xe2\\x80\\xae&quot;&gt;&lt;img src=x&gt;.py:7)");
    expect(out.data, "f &lt; g &amp; h");
    expect(out.data, "hold it shorter. <a href=\"https://docs.python.org/\">");
    expect(out.data, "&lt;/text&gt;&lt;/svg&gt;&lt;script&gt;alert(2)");
    expect(out.data, "x=\"80.000%\" y=\"0\" width=\"20.000%\""); /* memcpy, beside what takes 80 % */
    expect(out.data, "no probe on take_gil: the GIL is off");
    assert_null(strstr(out.data, "<script"));
    assert_null(strstr(out.data, "<img"));
    assert_null(strstr(out.data, "\xe2\x80\xae"));
}

static void a_terminal_is_told_the_same(void **state)
{
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    write_why(WHY);
    assert_int_equal(section(false, &out, &notes, &e), 0);
    expect(out.data, "=== why ===");
    expect(out.data, "  90 % a lock of the program");
    expect(out.data, "waits: 12, p50 2.0 ms, p95 3.0 ms");
    assert_null(strstr(out.data, "\xe2\x80\xae"));
}

static void a_link_that_is_none_of_the_webs_is_no_link(void **state)
{
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    write_changed("https://docs.python.org/", "javascript:alert(3)");
    assert_int_equal(section(true, &out, &notes, &e), 0);
    assert_null(strstr(out.data, "javascript:"));
}

static void one_of_an_earlier_tare_has_no_flame_graph_and_it_is_said(void **state)
{
    const char *begin = strstr(WHY, "\"flame\""), *end = strstr(WHY, "\"probes\"");
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    cleanup_free char *older = text_printf("%.*s%s", (int)(begin - WHY), WHY, end);
    write_why(older);
    assert_int_equal(section(true, &out, &notes, &e), 0);
    expect(out.data, "There is no flame graph");
}

static void one_of_another_record_is_left_out_and_it_is_said(void **state)
{
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    write_changed(RECORD_ID, "another\\u001b");
    assert_int_equal(section(true, &out, &notes, &e), -EINVAL); /* no control reaches a terminal */
    write_changed(RECORD_ID, "another");
    assert_int_equal(section(true, &out, &notes, &e), 0);
    assert_string_equal(out.data, "");
    expect(notes.data, "is of another record (another)");
}

static void one_that_is_not_whole_is_one_line_with_the_member(void **state)
{
    static const struct {
        const char *from, *to, *said;
    } BROKEN[] = {
        {"tare.why/1", "tare.why/2", "'schema' is not tare.why/1"},
        {"\"workers\": 4", "\"workers\": -4", "'workers' is no whole number"},
        {"\"own_ns\": 200000000", "\"own_ns\": 9007199254740992", "'own_ns' is no whole number"},
        {"\"workers\": 4", "\"workers\": \"4\"", "'workers'"},
        {"\"share\": 0.9", "\"share\": 9e99", "'share' is no number in its range"},
        {"\"title\": \"a lock", "\"title\": \"\\u001b[2J a lock", "'title' has control characters"},
        {"\"causes\": [{", "\"causes\": [5, {", "is no text"},
        {"\"ns\": 200,", "\"ns\": 201,", "'ns' is more than that which it is a part of"},
        {"\"lost_ns\": 0, \"calls\": []", "\"lost_ns\": 0", "'calls' is no list"},
        {"\"place\": \"c\"", "\"place\": \"moon\"", "'place' is none"},
        {"\"samples\": 900,", "", "'samples'"},
        {"{\"schema\"", "[\"schema\"", "it is no whole JSON"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
        cleanup_text struct text out = {0}, notes = {0};
        struct err e = {0};
        write_changed(BROKEN[i].from, BROKEN[i].to);
        if (section(true, &out, &notes, &e) != -EINVAL || e.kind != ERR_USAGE || !strstr(e.text, BROKEN[i].said))
            fail_msg("%s: %s", BROKEN[i].to, e.text);
        expect(e.text, "01-c0.why.json");
    }
}

static void a_tree_that_is_too_deep_is_refused(void **state)
{
    cleanup_text struct text calls = {0}, out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    for (int i = 0; i < 70; i++)
        text_add(&calls, "{\"name\": \"f\", \"place\": \"c\", \"ns\": 200, \"lost_ns\": 0, \"calls\": [");
    for (int i = 0; i < 70; i++)
        text_add(&calls, "]}");
    write_changed("{\"name\": \"memcpy\", \"place\": \"c\", \"ns\": 200, \"lost_ns\": 0, \"calls\": []}", calls.data);
    assert_int_equal(section(true, &out, &notes, &e), -EINVAL);
    expect(e.text, "'calls' is too deep");
}

static void a_fifo_in_its_place_holds_nobody_up(void **state)
{
    cleanup_text struct text out = {0}, notes = {0}, path = {0};
    struct err e = {0};
    (void)state;
    write_record(&THREADS, 0, 0);
    text_add(&path, "%s/01-c0.why.json", fixture_root);
    assert_int_equal(mkfifo(path.data, 0600), 0);
    assert_int_equal(section(true, &out, &notes, &e), -EINVAL);
    expect(e.text, "is not a regular file");
}

static void a_device_in_its_place_is_not_opened(void **state)
{
    cleanup_text struct text out = {0}, notes = {0};
    struct err e = {0};
    (void)state;
    write_record(&THREADS, 0, 0);
    const int device = fixture_device(fixture_in_root("/01-c0.why.json"));
    assert_int_equal(section(true, &out, &notes, &e), -EINVAL);
    assert_false(fixture_device_was_opened(device));
    (void)close(device);
}

static void what_is_written_is_read_back_the_same(void **state)
{
    struct err e = {0};
    struct why first, second;
    cleanup_text struct text one = {0}, two = {0}, path = {0};
    (void)state;
    write_why(WHY);
    text_add(&path, "%s/01-c0.why.json", fixture_root);
    assert_int_equal(why_read(path.data, &first, &e), 0);
    why_move_files(&first, "/tmp", "/home/me");
    expect(first.causes.list[0].file, "/home/me/");
    json_text_indented(why_json(&first), 0, &one);
    fixture_write(fixture_root, "/01-c0.why.json", one.data);
    assert_int_equal(why_read(path.data, &second, &e), 0);
    json_text_indented(why_json(&second), 0, &two);
    assert_string_equal(one.data, two.data);
    assert_string_equal(second.interpreter.data, "/opt/p");
    why_free(&first);
    why_free(&second);
}

/* --- held against itself ------------------------------------------------------------------------------------------ */

static void expect_contradiction(const char *from, const char *to, const char *wanted)
{
    struct why w;
    struct err e = {0};
    cleanup_text struct text path = {0};
    write_changed(from, to);
    text_add(&path, "%s/01-c0.why.json", fixture_root);
    assert_int_equal(why_read(path.data, &w, &e), 0);
    expect(why_contradiction(&w) ? why_contradiction(&w) : "none", wanted);
    why_free(&w);
}

static void figures_that_do_not_follow_from_one_another_are_found(void **state)
{
    (void)state;
    expect_contradiction("\"workers\": 4", "\"workers\": 4", "none");
    expect_contradiction("\"own_ns\": 200000000", "\"own_ns\": 200000001", "'thread_ns'");
    expect_contradiction("\"own_ns\": 200000000", "\"own_ns\": 9007199254740991", "'thread_ns'");
    expect_contradiction("\"share\": 0.9", "\"share\": 0.8", "'share'");
    expect_contradiction("\"cpu_ns\": 0", "\"cpu_ns\": 720000001", "'cpu_ns'");
    expect_contradiction("\"unattributed_ns\": 80000000", "\"unattributed_ns\": 80000001", "'causes' cost more");
    expect_contradiction("\"unattributed_ns\": 80000000", "\"unattributed_ns\": 79999999", "add up to");
    expect_contradiction("\"verdict\": \"thread_lock\"", "\"verdict\": \"gil\"", "'verdict'");
    expect_contradiction("\"verdict\": \"thread_lock\"", "\"verdict\": null", "'verdict'");
    /* of so few samples no cause is named */
    expect_contradiction("\"samples\": 900", "\"samples\": 9, \"sample_ns\": 100000000", "'verdict'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(the_page_has_the_causes_and_no_name_is_a_tag),
        fixture_rooted(a_terminal_is_told_the_same),
        fixture_rooted(a_link_that_is_none_of_the_webs_is_no_link),
        fixture_rooted(one_of_an_earlier_tare_has_no_flame_graph_and_it_is_said),
        fixture_rooted(one_of_another_record_is_left_out_and_it_is_said),
        fixture_rooted(one_that_is_not_whole_is_one_line_with_the_member),
        fixture_rooted(a_tree_that_is_too_deep_is_refused),
        fixture_rooted(a_fifo_in_its_place_holds_nobody_up),
        fixture_rooted(a_device_in_its_place_is_not_opened),
        fixture_rooted(what_is_written_is_read_back_the_same),
        fixture_rooted(figures_that_do_not_follow_from_one_another_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
