#include "record/records.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/csv.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/file.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "record/record.h"
#include "tests/unit/fixture.h"
#include "tests/unit/near.h"
#include "tests/unit/specimen.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *path_of(const char *name)
{
    static char path[PATH_MAX + 64];
    text_format(path, sizeof(path), "%s/%s", fixture_root, name);
    return path;
}

/* A record as a run writes it, by the writer itself. */
static void save(const char *name, const char *id, void (*make)(struct specimen *))
{
    static struct specimen s;
    make(&s);
    text_format(s.record.id, sizeof(s.record.id), "%s", id);
    specimen_save(&s, path_of(name));
    specimen_free(&s);
}

static struct records accepted(const char *name, bool with_iterations)
{
    struct records r = {.reader.with_iterations = with_iterations};
    struct err e = {0};
    if (records_read(&r, path_of(name), &e) != 0)
        fail_msg("%s", e.text);
    return r;
}

/* Usage, in one line that holds `wanted` and the file's name. */
static void refused(const char *name, const char *wanted)
{
    struct records r = {.reader.with_iterations = true};
    struct err e = {0};
    if (records_read(&r, path_of(name), &e) == 0)
        fail_msg("%s was accepted", name);
    if (e.kind != ERR_USAGE || strchr(e.text, '\n') || !strstr(e.text, wanted) || !strstr(e.text, name))
        fail_msg("'%s' is not in: %s", wanted, e.text);
    records_free(&r);
}

static double figure(const struct records *r, size_t i, const char *name)
{
    int at = records_figure(r, name);
    assert_true(at >= 0);
    return invocation_figure(&r->list[i], (size_t)at).value;
}

/* --- what a record gives ------------------------------------------------------------------------------------------ */

/* Of one record in this shape: host: members of it; scenario: likewise. */
static void shelve(const char *name, const char *host, const char *scenario)
{
    cleanup_text struct text t = {0};
    text_add(&t,
             "{\"schema\": \"tare.record/1\", \"id\": \"%s\", \"host\": {%s}, \"scenario\": {%s}, \"runtime\": "
             "{\"name\": \"3.14t\"}, \"termination\": {\"reason\": \"ok\"}, \"result\": {}}",
             name, host, scenario);
    fixture_write(fixture_root, name, t.data);
}

static void a_host_is_quoted_without_what_changes_from_moment_to_moment(void **state)
{
    (void)state;
    shelve("/a.json", "\"os\": \"Debian\", \"boot_id\": \"b1\", \"load_1min\": 0.5, \"cpus\": [1, 2]", "");
    shelve("/b.json", "\"os\": \"Debian\", \"steal_ticks\": 7, \"boot_id\": \"b2\", \"cpus\": [1, 2]", "");
    shelve("/c.json", "\"load_1min\": 3", "");
    struct records r = {.reader.with_sections = true};
    struct err e = {0};
    if (records_read(&r, fixture_root, &e) != 0)
        fail_msg("%s", e.text);
    const char *host = invocation_section_text(&r.list[0], "host");
    assert_string_equal(host, "{\"os\": \"Debian\",\"cpus\": [1, 2]}");
    assert_ptr_equal(invocation_section_text(&r.list[1], "host"), host);
    assert_string_equal(invocation_section_text(&r.list[2], "host"), "{}");
    assert_string_equal(r.list[0].boot, "b1");
    assert_string_equal(r.list[1].boot, "b2");
    assert_string_equal(r.list[2].boot, "");
    records_free(&r);
}

static void a_setting_makes_another_environment_and_no_other_cell(void **state)
{
    (void)state;
    shelve("/a.json", "", "\"workers\": 1, \"iterations\": 5");
    shelve("/b.json", "", "\"workers\": 1, \"iterations\": 6");
    shelve("/c.json", "", "\"workers\": 2, \"iterations\": 6, \"invocation\": 3, \"file\": \"/f\"");
    struct records r = {0};
    struct err e = {0};
    if (records_read(&r, fixture_root, &e) != 0)
        fail_msg("%s", e.text);
    assert_ptr_equal(r.list[0].cell, r.list[1].cell);
    assert_ptr_not_equal(r.list[0].environment, r.list[1].environment);
    assert_ptr_not_equal(r.list[1].cell, r.list[2].cell);
    assert_ptr_equal(r.list[1].environment, r.list[2].environment);
    assert_string_equal(keyset_find(r.list[2].cell, "workers"), "2");
    assert_string_equal(keyset_find(r.list[2].environment, "scenario.iterations"), "6");
    records_free(&r);
}

static void a_record_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    save("one.json", "id-1", specimen_threads_memory);
    struct records r = accepted("one.json", false);
    const struct invocation *i = &r.list[0];
    assert_int_equal(r.count, 1);
    assert_string_equal(i->id, "id-1");
    assert_string_equal(i->grade, "full");
    assert_string_equal(i->node, "");
    assert_int_equal(i->kind, RECORD_SLICED);
    assert_true(i->ok);
    assert_null(i->iteration_s);
    assert_string_equal(keyset_find(i->cell, "mode"), "threads");
    assert_string_equal(keyset_find(i->cell, "runtime"), "3.14t");
    assert_string_equal(keyset_find(i->cell, "hold_ms"), "1000");
    assert_null(keyset_find(i->cell, "mp_start_method")); /* it has none */
    assert_null(keyset_find(i->cell, "iterations"));      /* how it was run, not what */
    assert_string_equal(keyset_find(i->environment, "scenario.iterations"), "30");
    assert_string_equal(keyset_find(i->environment, "runtime.version"), "3.14.6");
    assert_string_equal(keyset_find(i->environment, "host.cpus.governor"), "unavailable (there is no cpufreq here)");
    assert_near(figure(&r, 0, "avg_iter_s"), 0.0155, 1e-12); /* 1 to 30 ms */
    assert_near(figure(&r, 0, "total_wall_s"), 30.265476, 0);
    assert_near(figure(&r, 0, "peak_bytes"), 50331648, 0);
    assert_near(figure(&r, 0, "uss_bytes"), 30000000, 0);
    assert_near(figure(&r, 0, "cpu_usage_usec"), 28123456, 0);
    records_free(&r);
}

static void iterations_are_read_where_they_are_asked_for(void **state)
{
    (void)state;
    save("one.json", "id-1", specimen_threads_memory);
    struct records r = accepted("one.json", true);
    assert_int_equal(r.list[0].iterations, 30);
    for (size_t k = 0; k < 30; k++)
        assert_near(r.list[0].iteration_s[k], 1e-3 * (double)(k + 1), 1e-15);
    assert_true(isnan(r.list[0].overhead_s)); /* the specimen says prepare_ns alone */
    records_free(&r);
}

static void an_absent_figure_has_the_records_reason(void **state)
{
    (void)state;
    save("one.json", "id-1", specimen_native);
    struct records r = accepted("one.json", false);
    struct figure p95 = invocation_figure(&r.list[0], (size_t)records_figure(&r, "p95_iter_s"));
    struct figure rss = invocation_figure(&r.list[0], (size_t)records_figure(&r, "rss_bytes"));
    assert_true(isnan(p95.value) && isnan(rss.value));
    assert_string_equal(p95.why_not, "3 iterations are too few (20)");
    assert_string_equal(rss.why_not, "memory is not sampled in this run");
    assert_int_equal(r.list[0].kind, RECORD_UNSLICED);
    assert_int_equal(records_figure(&r, "no_such"), -1);
    assert_true(isnan(invocation_figure(&r.list[0], 999).value));
    records_free(&r);
}

/* Sets the member at "memory.slice.anon" to 7. */
static void set_seven(json_t *whole, const char *path)
{
    char *words = xstrdup(path), *rest = words;
    for (const char *word = strsep(&rest, "."); word; word = strsep(&rest, ".")) {
        if (!json_is_object(json_object_get(whole, word)))
            assert_int_equal(json_object_set_new(whole, word, rest ? json_object() : json_integer(7)), 0);
        else if (!rest)
            assert_int_equal(json_object_set_new(whole, word, json_integer(7)), 0);
        whole = json_object_get(whole, word);
    }
    free(words);
}

/* A section that a row of FIGURES names has to be in SECTION_TABLE of invocation.c, and its member has to be loaded. */
static void every_figure_is_read_where_its_row_says(void **state)
{
    const struct figure_about *own;
    (void)state;
    save("one.json", "id-1", specimen_threads_memory);
    json_t *whole = json_load_file(path_of("one.json"), 0, NULL);
    assert_non_null(whole);
    for (size_t i = 0; (own = figure_of_records(i)); i++)
        if (own->path)
            set_seven(whole, own->path);
    assert_int_equal(json_dump_file(whole, path_of("one.json"), JSON_COMPACT), 0);
    json_decref(whole);
    struct records r = accepted("one.json", false);
    for (size_t i = 0; (own = figure_of_records(i)); i++)
        if (own->path)
            if (figure(&r, 0, own->name) != 7)
                fail_msg("%s is not read from %s", own->name, own->path);
    records_free(&r);
}

static void make_counted(struct specimen *s)
{
    specimen_threads_memory(s);
    facts_int(&s->record.counters, "instructions", 123456789);
    facts_real(&s->record.counters, "running_share.instructions", 0.5);
    facts_absent(&s->record.counters, "cycles", "no PMU");
    facts_int(&s->record.counters, "page_faults", 77);
}

static void counters_are_figures_of_records_that_were_to_count_and_of_no_others(void **state)
{
    (void)state;
    save("one.json", "id-1", make_counted);
    struct records r = accepted("one.json", false);
    assert_near(figure(&r, 0, "instructions"), 123456789, 0);
    assert_near(figure(&r, 0, "page_faults"), 77, 0);
    struct figure cycles = invocation_figure(&r.list[0], (size_t)records_figure(&r, "cycles"));
    assert_true(isnan(cycles.value));
    assert_string_equal(cycles.why_not, "no PMU");
    records_free(&r);
    save("one.json", "id-1", specimen_threads_memory);
    r = accepted("one.json", false);
    assert_int_equal(records_figure(&r, "instructions"), -1);
    records_free(&r);
}

static void a_failed_run_is_no_figure_and_says_how_it_ended(void **state)
{
    (void)state;
    save("one.json", "id-1", specimen_failed);
    struct records r = accepted("one.json", false);
    assert_false(r.list[0].ok);
    assert_string_equal(r.list[0].termination, "signal");
    assert_string_equal(r.list[0].detail, "the workload was ended by signal 11 (Segmentation fault)");
    records_free(&r);
}

static void records_of_a_machine_share_what_they_ran_in(void **state)
{
    (void)state;
    save("1.json", "id-1", specimen_threads_memory);
    save("2.json", "id-2", specimen_threads_memory);
    save("3.json", "id-3", specimen_processes_overhead);
    struct records r = accepted("", false);
    assert_int_equal(r.count, 3);
    assert_ptr_equal(r.list[0].cell, r.list[1].cell);
    assert_ptr_equal(r.list[0].environment, r.list[1].environment);
    assert_ptr_not_equal(r.list[0].cell, r.list[2].cell);
    assert_string_equal(r.list[1].id, "id-2");
    records_free(&r);
}

/* --- small records by hand ---------------------------------------------------------------------------------------- */

#define HEAD                                                                                                           \
    "{\"schema\": \"tare.record/1\", \"id\": \"x\",\n\"scenario\": {\"name\": \"s\", \"workers\": 2},\n\"runtime\": "  \
    "{\"name\": \"r\"}, \"termination\": {\"reason\": \"ok\"},\n"
#define HOST   "\"host\": {\"emulated\": false}, "
#define RESULT "\"result\": {\"avg_iter_s\": 1.5, \"ops_per_s\": 7}, "
#define STAMPS "\"iterations\": {\"start_ns\": [1, 5], \"end_ns\": [3, 9]}}"

static void write_file(const char *name, const char *text)
{
    char path[300];
    text_format(path, sizeof(path), "/%s", name);
    fixture_write(fixture_root, path, text);
}

/* A scenario's own figures were not read at all; what they are is in the record, and else in their names. */
static void a_scenarios_figures_are_read_with_what_they_are(void **state)
{
    (void)state;
    write_file(
        "a.json", HEAD HOST
        "\"result\": {\"avg_iter_s\": 3e-9, \"figures\": {\"attempts\": 12, \"wait_ns\": null, \"wait_ns_reason\": "
        "\"not seen\", \"tries_per_s\": 4}, \"figures_declared\": {\"attempts\": {\"title\": \"ids drawn\", "
        "\"unit\": \"1\", \"kind\": \"count\", \"better\": \"more\"}}}, " STAMPS);
    struct records r = accepted("a.json", false);
    assert_near(figure(&r, 0, "attempts"), 12, 0);
    assert_near(figure(&r, 0, "tries_per_s"), 4, 0);
    assert_string_equal(invocation_figure(&r.list[0], (size_t)records_figure(&r, "wait_ns")).why_not, "not seen");
    assert_int_equal(records_figure(&r, "wait_ns_reason"), -1);
    assert_int_equal(records_about(&r, "attempts").better, BETTER_MORE);
    assert_string_equal(records_about(&r, "attempts").title, "ids drawn");
    assert_int_equal(records_about(&r, "tries_per_s").kind, FIGURE_RATE);
    assert_int_equal(records_about(&r, "wait_ns").better, BETTER_LESS);
    records_free(&r);
}

#define DECLARING(id, words)                                                                                           \
    "{\"schema\": \"tare.record/1\", \"id\": \"" id                                                                    \
    "\", \"scenario\": {\"name\": \"s\"}, \"termination\": {\"reason\": \"ok\"}, "                                     \
    "\"host\": {}, \"result\": {\"figures\": {\"heap\": 7}" words "}, " STAMPS

static void a_figure_that_two_records_declare_as_something_else_each_is_refused(void **state)
{
    (void)state;
    write_file("1.json", DECLARING("1", ""));
    write_file("2.json", DECLARING("2", ", \"figures_declared\": {\"heap\": {\"unit\": \"B\", \"kind\": \"memory\"}}"));
    write_file(
        "3.json",
        DECLARING("3",
                  ", \"figures_declared\": {\"heap\": {\"title\": \"h\", \"unit\": \"B\", \"kind\": \"memory\"}}"));
    struct records r = accepted("", false); /* one that declares nothing, or another title, contradicts nothing */
    assert_int_equal(records_about(&r, "heap").kind, FIGURE_MEMORY);
    records_free(&r);
    write_file("4.json",
               DECLARING("4", ", \"figures_declared\": {\"heap\": {\"unit\": \"KiB\", \"kind\": \"memory\"}}"));
    refused(
        "",
        "4.json': line 1: result.figures_declared: 'heap' is a memory in 'KiB', neither better nor worse, and in '");
    refused("", "2.json' a memory in 'B', neither better nor worse: these are two figures (keep their records apart)");
}

static void every_number_of_the_result_is_a_figure(void **state)
{
    (void)state;
    write_file("a.json", HEAD HOST RESULT STAMPS);
    struct records r = accepted("a.json", true);
    assert_near(figure(&r, 0, "ops_per_s"), 7, 0);
    assert_int_equal(records_about(&r, "ops_per_s").better, BETTER_MORE);
    assert_int_equal(records_about(&r, "avg_iter_s").better, BETTER_LESS);
    assert_near(r.list[0].iteration_s[1], 4e-9, 1e-20);
    records_free(&r);
}

static void an_emulated_machine_is_told_by_either_key(void **state)
{
    (void)state;
    write_file("a.json", HEAD "\"host\": {\"emulated\": true}, " RESULT STAMPS);
    write_file("b.json", HEAD "\"timing\": {\"emulated\": true}, " HOST RESULT STAMPS);
    write_file("c.json", HEAD "\"slice\": {\"provenance\": \"borrowed\"}, " HOST RESULT STAMPS);
    const enum record_kind wanted[] = {RECORD_EMULATED, RECORD_EMULATED, RECORD_BORROWED};
    const char *const name[] = {"a.json", "b.json", "c.json"};
    for (size_t i = 0; i < 3; i++) {
        struct records r = accepted(name[i], false);
        assert_int_equal(r.list[0].kind, wanted[i]);
        records_free(&r);
    }
}

static void the_node_and_the_label_are_the_plans(void **state)
{
    (void)state;
    write_file("a.json", HEAD "\"plan\": {\"node\": \"n7\", \"label\": \"A'\"}, " HOST RESULT STAMPS);
    struct records r = accepted("a.json", false);
    assert_string_equal(r.list[0].node, "n7");
    assert_string_equal(r.list[0].label, "A'");
    records_free(&r);
    struct records other = {.only_label = "A"};
    struct err e = {0};
    assert_int_equal(records_read(&other, path_of("a.json"), &e), -EINVAL);
    assert_non_null(strstr(e.text, "labelled A"));
    records_free(&other);
}

static void a_shells_list_may_name_what_lies_beside_records(void **state)
{
    (void)state;
    write_file("w.json", HEAD HOST RESULT STAMPS);
    write_file("w.why.json", "{\"schema\": \"tare.why/1\"}");
    char record[PATH_MAX], beside[PATH_MAX];
    text_format(record, sizeof(record), "%s", path_of("w.json"));
    text_format(beside, sizeof(beside), "%s", path_of("w.why.json"));
    const char *const first[] = {record, beside}, *const last[] = {beside, record}, *const alone[] = {beside, beside};
    struct records r = {0}, other = {0}, none = {0};
    struct err e = {0};
    assert_int_equal(records_read_all(&r, first, 2, &e), 0);
    assert_int_equal(r.count, 1);
    assert_int_equal(records_read_all(&other, last, 2, &e), 0);
    assert_int_equal(other.count, 1);
    assert_true(records_read_all(&none, alone, 2, &e) < 0);
    records_free(&r);
    records_free(&other);
    records_free(&none);
}

/* What many records have in common is read once. */
static void a_member_is_its_own_sections_whatever_another_section_or_record_says(void **state)
{
    (void)state;
    static const char BEGIN[] = "{\"schema\": \"tare.record/1\", \"termination\": {\"reason\": \"ok\"}, ",
                      END[] = RESULT STAMPS;
    static const char *const OWN[] = {
        "\"id\": \"1\", \"scenario\": {\"name\": \"x\"}, \"runtime\": {\"name\": \"x\"}, \"host\": {\"a\": 1}, ",
        "\"id\": \"2\", \"scenario\": {\"name\": \"x\"}, \"runtime\": {\"name\": \"y\"}, \"host\": {\"a\": 1}, ",
        "\"id\": \"3\", \"scenario\": {\"name\": \"x\"}, \"runtime\": {\"name\": \"x\"}, \"host\": {\"a\": null, "
        "\"a_reason\": \"none\"}, ",
        "\"id\": \"4\", \"scenario\": {\"name\": \"x\"}, \"runtime\": {\"name\": \"x\"}, \"host\": {\"a\": null, "
        "\"a_reason\": \"other\"}, ",
        "\"id\": \"5\", \"scenario\": {\"name\": \"x\"}, \"runtime\": {\"name\": \"x\"}, \"host\": {\"boot_id\": 7, "
        "\"a\": 1}, ",
    };
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++) {
        char text[sizeof(BEGIN) + sizeof(END) + 300], name[16];
        text_format(text, sizeof(text), "%s%s%s", BEGIN, OWN[i], END);
        text_format(name, sizeof(name), "%zu.json", i + 1);
        write_file(name, text);
    }
    struct records r = accepted("", false);
    assert_int_equal(r.count, ARRAY_LEN(OWN));
    assert_string_equal(r.list[0].cell->text, "name=x runtime=x");
    assert_string_equal(r.list[1].cell->text, "name=x runtime=y");
    assert_ptr_equal(r.list[2].cell, r.list[0].cell);
    assert_string_equal(keyset_find(r.list[0].environment, "host.a"), "1");
    assert_string_equal(keyset_find(r.list[2].environment, "host.a"), "unavailable (none)");
    assert_string_equal(keyset_find(r.list[3].environment, "host.a"), "unavailable (other)");
    assert_ptr_equal(r.list[4].environment, r.list[0].environment); /* what is of the moment explains nothing */
    records_free(&r);
}

/* --- what is hostile
 * -------------------------------------------------------------------------------------------------- */

static void a_file_cut_off_anywhere_is_said_to_be_cut_off(void **state)
{
    (void)state;
    static const char WHOLE[] = HEAD HOST RESULT STAMPS;
    char part[sizeof(WHOLE)];
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
        memcpy(part, WHOLE, len);
        part[len] = '\0';
        write_file("cut.json", part);
        refused("cut.json", len == 0 ? "it is empty" : "cut off");
    }
    write_file("cut.json", HEAD HOST);
    refused("cut.json", "line 4: it ends in the middle: the file is cut off");
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } BAD[] = {
        {"", "it is empty"},
        {"[]", "line 1: it is not a JSON object"},
        {"{}", "it has no schema"},
        {"{\"schema\": \"tare.record/2\"}", "its schema is \"tare.record/2\"; this tare reads tare.record/1"},
        {"{\"schema\": \"tare.compare/1\"}", "its schema is \"tare.compare/1\""},
        {"{\"schema\": 1}", "its schema is 1"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": NaN}, " STAMPS, "line 4: neither a number nor a word of JSON"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": Infinity}, " STAMPS, "line 4: neither a number"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": 1e999}, " STAMPS, "line 4: real number overflow"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": \"1\"}, " STAMPS, "line 4: result.avg_iter_s is neither a number nor"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": 1e308}, " STAMPS,
         "result.avg_iter_s is neither a number nor null; a number is 0"},
        {HEAD HOST "\"result\": {\"own\": 1e-320}, " STAMPS, "result.own is neither"},
        {HEAD HOST "\"result\": {\"own\": -1e61}, " STAMPS,
         "result.own is neither a number nor null; a number is 0, or from 1e-60 to 1e60"},
        {HEAD HOST "\"result\": [1], " STAMPS, "result is no object"},
        {HEAD HOST "\"result\": {\"avg_iter_s\": 1, \"avg_iter_s\": 2}, " STAMPS, "a key that is there already"},
        {HEAD HOST RESULT RESULT STAMPS, "a key that is there already"},
        {HEAD HOST RESULT "\"memory\": {\"slice\": {\"peak\": \"a lot\"}}, " STAMPS, "memory.slice.peak is neither"},
        {HEAD HOST RESULT "\"plan\": {\"node\": 7}, " STAMPS, "plan.node is no text"},
        {HEAD HOST RESULT STAMPS " x", "there is something after its end"},
        {HEAD HOST STAMPS, "it has no 'result'"},
        {HEAD RESULT STAMPS, "it has no 'host'"},
        {HEAD HOST "\"result\": null, " STAMPS, "it has no 'result'"},
        {HEAD HOST RESULT "\"image\": 7, " STAMPS, "image is no object"},
        {HEAD HOST RESULT "\"iterations\": {\"start_ns\": [1, 2], \"end_ns\": [3]}}", "not as many whole numbers each"},
        {HEAD HOST RESULT "\"iterations\": {\"start_ns\": [1.5], \"end_ns\": [3]}}", "not as many whole numbers each"},
        {HEAD HOST RESULT "\"iterations\": {\"start_ns\": [5], \"end_ns\": [3]}}", "before start_ns"},
        {HEAD HOST RESULT "\"iterations\": {\"start_ns\": [99999999999999999999], \"end_ns\": [3]}}",
         "not as many whole"},
        {HEAD HOST RESULT "\"iterations\": [}}", "a bracket that was not opened"},
        {HEAD "\"host\": {\"a\": \"\xff\"}, " RESULT STAMPS, "line 4: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        write_file("bad.json", BAD[i].text);
        refused("bad.json", BAD[i].wanted);
    }
}

static void deep_nesting_is_refused_wherever_it_is(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "%s\"deep\": ", HEAD);
    for (int i = 0; i < 100000; i++)
        text_add_bytes(&t, "[", 1);
    write_file("deep.json", t.data);
    refused("deep.json", "line 4: it is nested too deeply");
    text_free(&t);
}

static void a_folder_without_a_record_is_refused(void **state)
{
    (void)state;
    write_file("notes.json", "{\"schema\": \"tare.noise/1\"}");
    refused("", "there is no record in it");
    refused("nowhere", "No such file or directory");
}

static void other_json_of_a_folder_is_counted_and_a_broken_record_is_not_passed_over(void **state)
{
    (void)state;
    write_file("noise-floor.json", "{\"schema\": \"tare.noise/1\"}");
    write_file("a.json", HEAD HOST RESULT STAMPS);
    write_file(".hidden.json", "{");
    write_file("readme.txt", "no record");
    struct records r = accepted("", false);
    assert_int_equal(r.count, 1);
    records_free(&r);
    write_file("b.json", HEAD HOST);
    refused("", "b.json");
}

static void a_record_that_is_there_twice_is_refused(void **state)
{
    (void)state;
    write_file("a.json", HEAD HOST RESULT STAMPS);
    write_file("copy.json", HEAD HOST RESULT STAMPS);
    refused("", "are one record: both have the id x");
}

static void a_plans_folder_keeps_its_records_in_one_below(void **state)
{
    (void)state;
    write_file("records/a.json", HEAD HOST RESULT STAMPS);
    write_file("plan.json", "{\"schema\": \"tare.plan/1\"}");
    struct records r = accepted("", false);
    assert_int_equal(r.count, 1);
    records_free(&r);
}

/* --- the scanner
 * ------------------------------------------------------------------------------------------------------- */

static const char *count_member(struct json_span key, struct json_span value, void *to)
{
    (void)key;
    (void)value;
    ++*(size_t *)to;
    return NULL;
}

static void quotes_behind_backslashes_do_not_end_a_string(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"a\\\"}\": \"\\\\\", \"b\": \"\\\\\\\"{\", \"c\": [\"]\", {\"d\": \"}\"}]}";
    struct json_scan_error why = {NULL, NULL};
    size_t members = 0;
    assert_int_equal(json_scan_object((struct json_span){TEXT, strlen(TEXT)}, count_member, &members, &why), 0);
    assert_int_equal(members, 3);
}

static void a_byte_order_mark_is_passed_over_and_another_encoding_is_named(void **state)
{
    (void)state;
    static const char MARKED[] = "\xef\xbb\xbf {\"a\": 1}", INSIDE[] = "{\"a\": \xef\xbb\xbf{}}",
                      WIDE[] = "\xff\xfe{\0";
    struct json_scan_error why = {NULL, NULL};
    size_t members = 0;
    assert_int_equal(json_scan_object((struct json_span){MARKED, strlen(MARKED)}, count_member, &members, &why), 0);
    assert_int_equal(members, 1);
    assert_int_equal(json_scan_object((struct json_span){INSIDE, strlen(INSIDE)}, count_member, &members, &why),
                     -EINVAL);
    assert_int_equal(json_scan_object((struct json_span){WIDE, sizeof(WIDE)}, count_member, &members, &why), -EINVAL);
    assert_string_equal(why.why, "it is UTF-16; what is allowed is UTF-8");
}

static void integers_are_read_with_their_signs_and_limits(void **state)
{
    (void)state;
    static const char TEXT[] = "[ 0, -5 ,9223372036854775807]";
    long long n[3] = {0};
    assert_int_equal(json_scan_integers((struct json_span){TEXT, strlen(TEXT)}, n, 3), 3);
    assert_true(n[0] == 0 && n[1] == -5 && n[2] == 9223372036854775807LL);
    static const char *const BAD[] = {"[1,]",  "[,1]",    "[1 2]", "[9223372036854775808]", "[1", "1",
                                      "[1.0]", "[\"1\"]", "[-]"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++)
        assert_int_equal(json_scan_integers((struct json_span){BAD[i], strlen(BAD[i])}, n, 3), -EINVAL);
}

/* --- CSV
 * ----------------------------------------------------------------------------------------------------------------- */

/* RFC 4180, section 2, rules 5 to 7. */
static void csv_quotes_what_has_to_be_quoted(void **state)
{
    (void)state;
    struct text t = {0};
    csv_text(&t, true, "plain");
    csv_text(&t, false, "a,b");
    csv_text(&t, false, "say \"x\"");
    csv_text(&t, false, "two\nlines");
    csv_text(&t, false, "");
    csv_number(&t, 0.1);
    csv_number(&t, 1.0 / 3);
    csv_number(&t, NAN);
    csv_end(&t);
    assert_string_equal(t.data, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",,0.1,0.3333333333333333,\r\n");
    text_free(&t);
}

static void the_table_has_a_row_a_record_and_as_many_fields_in_each(void **state)
{
    (void)state;
    struct text t = {0};
    save("1.json", "id-1", specimen_threads_memory);
    save("2.json", "id-2", specimen_failed);
    write_file("3.json", HEAD HOST RESULT STAMPS);
    struct records r = accepted("", false);
    records_csv(&r, &t);
    records_free(&r);
    size_t lines = 0, commas = 0, first = 0;
    for (const char *p = t.data; *p; p++) {
        commas += *p == ',';
        if (*p != '\n')
            continue;
        assert_true(p[-1] == '\r');
        first = lines == 0 ? commas : first;
        assert_int_equal(commas, first);
        commas = 0;
        lines++;
    }
    assert_int_equal(lines, 4);
    assert_non_null(strstr(t.data, ",ops_per_s,")); /* the column of one record alone */
    assert_non_null(strstr(t.data, "id-2,2026-11-22T11:40:43Z,,,,,in a slice,full,signal,"));
    text_free(&t);
}

/* --- what others wrote ------------------------------------------------------------------------------------------- */

static void assert_plain(const char *text)
{
    if (!text_is_printable(text))
        fail_msg("it would steer a terminal: %s", text);
}

static const char STRANGE[] = "\\u001b[2J\\u009b1m\\u202e\\nx";

/* Puts what steers a terminal behind the first letter of each text that a record has below its schema. */
static void make_hostile(const char *from, const char *to)
{
    cleanup_text struct text whole = {0}, made = {0};
    assert_int_equal(file_read_all(NULL, path_of(from), &whole), 0);
    const char *at = strstr(whole.data, "\"id\"");
    text_add_bytes(&made, whole.data, (size_t)(at - whole.data));
    for (bool is_value = false; *at; at++) {
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL; /* the specimen has none behind a backslash */
        if (end) {
            is_value = end[1] != ':';
            text_add_bytes(&made, at, (size_t)(end - at));
            text_add(&made, "%s", is_value && end > at + 1 ? STRANGE : "");
            at = end;
        }
        text_add_bytes(&made, at, 1);
    }
    fixture_write(fixture_root, to, made.data);
}

static void no_text_of_a_record_steers_a_terminal_or_makes_a_line(void **state)
{
    (void)state;
    save("a.json", "id-1", specimen_threads_memory);
    make_hostile("a.json", "/a.json");
    struct records r = {.reader = {.with_details = true, .with_iterations = true}};
    struct err e = {0};
    if (records_read(&r, path_of("a.json"), &e) != 0)
        fail_msg("%s", e.text);
    const struct invocation *one = &r.list[0];
    const char *const words[] = {one->id,         one->started_at, one->grade,       one->termination,
                                 one->detail,     one->label,      one->plan_cell,   one->node,
                                 one->cell->text, one->plan_seed,  one->plan_sha256, one->details.selftest};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_plain(words[i]);
    for (size_t i = 0; i < one->environment->count; i++)
        assert_plain(one->environment->list[i].value);
    for (size_t i = 0; i < one->figures; i++)
        assert_plain(one->figure[i].why_not ? one->figure[i].why_not : "");
    for (size_t i = 0; i < one->details.unmets; i++)
        assert_plain(one->details.unmet[i].reason);
    assert_non_null(strstr(one->id, "id-1\\x1b[2J\\xc2\\x9b1m\\xe2\\x80\\xae\\x0ax"));
    records_free(&r);
}

/* A record with this behind the first place where it has `at`. */
static void save_with(const char *at, const char *more)
{
    cleanup_text struct text whole = {0}, made = {0};
    save("a.json", "id-1", specimen_threads_memory);
    assert_int_equal(file_read_all(NULL, path_of("a.json"), &whole), 0);
    const char *place = strstr(whole.data, at);
    assert_non_null(place);
    place += strlen(at);
    text_add(&made, "%.*s%s%s", (int)(place - whole.data), whole.data, more, place);
    fixture_write(fixture_root, "/a.json", made.data);
}

/* Each is looked for among all others: so many would take hours. */
static void more_than_any_tare_writes_is_refused_before_it_is_worked_through(void **state)
{
    cleanup_text struct text figures = {0}, checks = {0}, facts = {0};
    (void)state;
    for (int i = 0; i < 100000; i++) {
        text_add(&facts, "\"z%d\":\"%d\",", i, i);
        text_add(&figures, "\"z%d\":1,", i);
        text_add(&checks, "{\"name\":\"z%d\",\"ok\":false,\"reason\":\"%d\"},", i, i);
    }
    save_with("\"result\": {", figures.data);
    refused("a.json", "result is of more than 1000 members");
    save_with("\"host\": {", facts.data);
    refused("a.json", "it tells more of its cell or of where it ran than any tare writes");
    save_with("\"checks\": [", checks.data);
    struct records r = {.reader.with_details = true};
    struct err e = {0};
    assert_int_equal(records_read(&r, path_of("a.json"), &e), -EINVAL);
    assert_non_null(strstr(e.text, "isolation.checks has more than 1000 checks"));
    records_free(&r);
}

static void a_device_in_a_records_place_is_not_opened(void **state)
{
    (void)state;
    const int device = fixture_device(path_of("a.json"));
    refused("a.json", "what is allowed is a file of at most 1 GiB, or a folder");
    assert_false(fixture_device_was_opened(device));
    (void)close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_record_is_read_back_as_it_was_written),
        fixture_rooted(a_host_is_quoted_without_what_changes_from_moment_to_moment),
        fixture_rooted(a_setting_makes_another_environment_and_no_other_cell),
        fixture_rooted(iterations_are_read_where_they_are_asked_for),
        fixture_rooted(every_figure_is_read_where_its_row_says),
        fixture_rooted(counters_are_figures_of_records_that_were_to_count_and_of_no_others),
        fixture_rooted(an_absent_figure_has_the_records_reason),
        fixture_rooted(a_failed_run_is_no_figure_and_says_how_it_ended),
        fixture_rooted(records_of_a_machine_share_what_they_ran_in),
        fixture_rooted(a_scenarios_figures_are_read_with_what_they_are),
        fixture_rooted(a_figure_that_two_records_declare_as_something_else_each_is_refused),
        fixture_rooted(every_number_of_the_result_is_a_figure),
        fixture_rooted(an_emulated_machine_is_told_by_either_key),
        fixture_rooted(the_node_and_the_label_are_the_plans),
        fixture_rooted(a_shells_list_may_name_what_lies_beside_records),
        fixture_rooted(a_member_is_its_own_sections_whatever_another_section_or_record_says),
        fixture_rooted(a_file_cut_off_anywhere_is_said_to_be_cut_off),
        fixture_rooted(what_is_wrong_is_named_with_its_place),
        fixture_rooted(deep_nesting_is_refused_wherever_it_is),
        fixture_rooted(a_folder_without_a_record_is_refused),
        fixture_rooted(other_json_of_a_folder_is_counted_and_a_broken_record_is_not_passed_over),
        fixture_rooted(a_record_that_is_there_twice_is_refused),
        fixture_rooted(a_plans_folder_keeps_its_records_in_one_below),
        cmocka_unit_test(quotes_behind_backslashes_do_not_end_a_string),
        cmocka_unit_test(a_byte_order_mark_is_passed_over_and_another_encoding_is_named),
        cmocka_unit_test(integers_are_read_with_their_signs_and_limits),
        cmocka_unit_test(csv_quotes_what_has_to_be_quoted),
        fixture_rooted(the_table_has_a_row_a_record_and_as_many_fields_in_each),
        fixture_rooted(no_text_of_a_record_steers_a_terminal_or_makes_a_line),
        fixture_rooted(more_than_any_tare_writes_is_refused_before_it_is_worked_through),
        fixture_rooted(a_device_in_a_records_place_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
