/* Which cause costs less on one side, and which more. */
#include "report/why_compare.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "tests/unit/fixture.h"
#include "tests/unit/swept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct made THREADS = {"scenario1", "threads", "3.14t", 4, 0, 0.010, 0};

/* A cause, as --why tells it: in 10 iterations. */
static void add_cause(const char *title, int lost_ms, struct text *out)
{
    text_add(out,
             "{\"id\": \"a\", \"title\": \"%s\", \"share\": 0.5, \"lost_ns\": %d000000, \"cpu_ns\": 0, \"count\": 1, "
             "\"wait_p50_ns\": null, \"wait_p95_ns\": null, \"function\": null, \"path\": \"f\", \"remedy\": null, "
             "\"source\": null}",
             title, lost_ms);
}

/* Of the record of this block: two causes, and what is not attributed. lost 0 of the second: it is not there. */
static void write_why(int block, int merging_ms, int lock_ms, int rest_ms)
{
    cleanup_text struct text t = {0}, path = {0};
    text_add(&t,
             "{\"schema\": \"tare.why/1\", \"id\": \"b\", \"of\": \"20261125T00%02d%02dZ-%08x\", \"workers\": 4, "
             "\"iterations\": 10, \"samples\": 9, \"times\": {\"thread_ns\": 5, \"unattributed_ns\": %d000000}, "
             "\"probes\": [], \"causes\": [",
             block * 64 / 60, block * 64 % 60, (unsigned)block * 64, rest_ms);
    add_cause("merging", merging_ms, &t);
    if (lock_ms) {
        text_add(&t, ", ");
        add_cause("a lock", lock_ms, &t);
    }
    text_add(&t, "]}");
    text_add(&path, "/%02d-c0.why.json", block + 1);
    write_record(&THREADS, 0, block);
    fixture_write(fixture_root, path.data, t.data);
}

/* Block 1 beside another. The caller frees what is told. */
static char *compared(const char *other)
{
    struct records a = {.reader.with_steady = true}, b = {.reader.with_steady = true};
    const struct compare_options options = {.margin = 0.02};
    struct comparison c;
    struct err e = {0};
    struct text out = {0};
    cleanup_text struct text notes = {0};
    text_add(&out, "%s", "");
    if (records_read(&a, fixture_in_root("/02-c0.json"), &e) != 0 ||
        records_read(&b, fixture_in_root(other), &e) != 0 || compare_records(&a, &b, &options, &c, &e) != 0 ||
        why_compare_text(&a, &b, &c, 80, &out, &notes, &e) != 0)
        fail_msg("%s", e.text);
    assert_null(notes.data);
    comparison_free(&c);
    records_free(&a);
    records_free(&b);
    return out.data;
}

static void expect(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("there is no '%s' in:\n%s", wanted, text ? text : "nothing");
}

static void the_cause_that_shrank_is_named_and_what_it_cost(void **state)
{
    (void)state;
    write_why(1, 4000, 0, 10);
    write_why(2, 1000, 500, 10);
    cleanup_free char *text = compared("/03-c0.json");
    expect(text, "What threads lose in an iteration");
    expect(text, "merging         400.00  100.00  -300.00\n");
    expect(text, "a lock            0.00   50.00    50.00\n");
    expect(text, "not attributed    1.00    1.00     0.00\n");
    expect(text, "* what shrank most in B: merging, by 300.00 ms of an iteration\n");
    expect(text, "without intervals");
}

static void where_one_side_was_not_explained_nothing_is_told(void **state)
{
    (void)state;
    write_why(1, 4000, 0, 10);
    write_record(&THREADS, 0, 2);
    cleanup_free char *text = compared("/03-c0.json");
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(the_cause_that_shrank_is_named_and_what_it_cost),
        fixture_rooted(where_one_side_was_not_explained_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
