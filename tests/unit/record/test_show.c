#include "record/show.h"

#include "base/terminal.h"
#include "base/text.h"
#include "record/record.h"
#include "tests/unit/golden.h"
#include "tests/unit/specimen.h"

#include <stdbool.h>

static struct terminal_look look = {.width = 80};

static void shown(const struct specimen *s, struct text *out)
{
    *out = (struct text){0};
    show_record(&s->record, &look, out);
}

static void expect_golden(void (*make)(struct specimen *), const char *name)
{
    static struct specimen s;
    struct text out;
    make(&s);
    shown(&s, &out);
    specimen_free(&s);
    golden_check(name, out.data);
    text_free(&out);
}

static void threads_memory_in_a_full_slice_is_shown_as_read(void **state)
{
    (void)state;
    expect_golden(specimen_threads_memory, "show-threads-memory");
}

static void processes_overhead_in_a_partial_slice_is_shown_as_read(void **state)
{
    (void)state;
    expect_golden(specimen_processes_overhead, "show-processes-overhead");
}

static void a_workload_that_failed_is_shown_as_read(void **state)
{
    (void)state;
    expect_golden(specimen_failed, "show-failed");
}

static void a_native_workload_is_shown_as_read(void **state)
{
    (void)state;
    expect_golden(specimen_native, "show-native");
}

static void emulated_times_are_marked_below_the_originals_lines(void **state)
{
    static struct specimen s;
    struct text out;
    (void)state;
    specimen_native(&s);
    shown(&s, &out);
    assert_null(strstr(out.data, "emulated"));
    text_free(&out);
    specimen_emulated(&s);
    shown(&s, &out);
    const char *mark = strstr(out.data, "\n--- timing: emulated ---\nby QEMU TCG (TARE_VM=tcg): ");
    assert_non_null(mark);
    assert_true(strstr(out.data, "\nmemory: (disabled)\n") < mark);
    text_free(&out);
    specimen_free(&s);
}

/* --- the original's lines: the design's block, not the golden files -------------------------------------------- */

/* Every line of `wanted` must come in its order, whatever is between them; a line ending in "…" by its beginning. */
static void expect_lines_in_order(const char *text, const char *const *wanted)
{
    const char *line = text;
    for (; *wanted; wanted++) {
        size_t len = strlen(*wanted);
        const char *more = strstr(*wanted, "…");
        for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            if (strncmp(line, *wanted, more ? (size_t)(more - *wanted) : len) == 0 && (more || line[len] == '\n'))
                break;
        if (!line || !*line)
            fail_msg("no line '%s' in its place in:\n%s", *wanted, text);
    }
}

/* The whole text up to the original's last line, in the design's words. */
static void expect_original_part(const char *text, const char *const *wanted)
{
    for (; *wanted; wanted++) {
        const char *more = strstr(*wanted, "…");
        size_t len = more ? (size_t)(more - *wanted) : strlen(*wanted);
        size_t line = strcspn(text, "\n");
        if (strncmp(text, *wanted, len) != 0 || (!more && line != len))
            fail_msg("'%.*s' where '%s' belongs", (int)line, text, *wanted);
        text += line + 1;
    }
}

static void the_originals_lines_of_profile_memory_are_kept_exactly(void **state)
{
    static const char *const DESIGN[] = {
        "=== environment ===",
        "Python (cpython): 3.14.6 free-threading build (main, …",
        "OS: Linux-6.12.95-x86_64-with-glibc2.36, arch x86_64",
        "Mode: threads",
        "Profile: memory",
        "gil_enabled: False",
        "workers: 8  iterations: 30  warmup: 2  work_iters: 20000",
        "hold_ms: 1000  mem_sample: True  mem_interval_ms: 50",
        "===================",
        "",
        "=== result ===",
        "total_wall_s: 30.265476",
        "avg_iter_s: 0.015500000", /* 1 … 30 ms */
        "p50_iter_s: 0.015500000",
        "p95_iter_s: 0.029450000", /* python3 -c 'import statistics as s; print(s.quantiles(range(1,31), n=20)[18])' */
        "",
        "--- memory (bytes) via /proc/PID/smaps_rollup ---",
        "rss_min: …",
        "uss_min: 30000000  uss_max: 30000000  uss_avg: 30000000",
        "pss_min: 37748736  pss_max: 37748736  pss_avg: 37748736",
        "---------------------------------------------------",
        NULL,
    };
    static struct specimen s;
    struct text out;
    (void)state;
    specimen_threads_memory(&s);
    shown(&s, &out);
    specimen_free(&s);
    expect_original_part(out.data, DESIGN);
    text_free(&out);
}

static void the_originals_lines_of_profile_overhead_are_kept_exactly(void **state)
{
    static const char *const DESIGN[] = {
        "=== environment ===",
        "Python (cpython): 3.14.6 (main, …",
        "OS: Linux-6.12.95-x86_64-with-glibc2.36, arch x86_64",
        "Mode: processes",
        "Profile: overhead",
        "mp_start_method: forkserver",
        "gil_enabled: True",
        "workers: 8  iterations: 20  warmup: 5  work_iters: 20000",
        "===================",
        "",
        "=== result ===",
        "total_wall_s: 0.250000",
        "avg_iter_s: 0.010500000", /* 1 … 20 ms */
        "p50_iter_s: 0.010500000",
        "p95_iter_s: 0.019950000", /* 19.95 of range(1, 21) */
        "",
        "memory: (disabled)",
        NULL,
    };
    static struct specimen s;
    struct text out;
    (void)state;
    specimen_processes_overhead(&s);
    shown(&s, &out);
    specimen_free(&s);
    expect_original_part(out.data, DESIGN);
    text_free(&out);
}

static void what_is_new_comes_below_in_blocks_of_its_own(void **state)
{
    static const char *const ORDER[] = {
        "---------------------------------------------------",
        "--- slice (bytes) via cgroup v2 ---",
        "current_min: …",
        "anon_min: …",
        "file_min: …",
        "kernel_min: …",
        "peak: 50331648",
        "pss_all_pids_min: 41943040  …",
        "cpu_usage_usec: 28123456",
        "nr_throttled: 0",
        "oom_kill: 0",
        "--- isolation: full ---",
        "ok     2 of 2 checks ('--verbose' lists each)",
        "==============",
        NULL,
    };
    static struct specimen s;
    struct text out;
    (void)state;
    specimen_threads_memory(&s);
    shown(&s, &out);
    specimen_free(&s);
    expect_lines_in_order(out.data, ORDER);
    text_free(&out);
}

static void counters_are_a_line_each_and_those_that_are_absent_for_one_reason_are_told_together(void **state)
{
    struct facts f = {0};
    cleanup_text struct text out = {0};
    (void)state;
    facts_int(&f, "instructions", 1000);
    facts_real(&f, "running_share.instructions", 0.25);
    facts_absent(&f, "cycles", "no PMU");
    facts_int(&f, "page_faults", 77);
    facts_real(&f, "running_share.page_faults", 1);
    facts_absent(&f, "branch_misses", "no PMU");
    facts_int(&f, "cpus", 2);
    show_counters(&f, 80, &out);
    assert_string_equal(out.data, "instructions: 1000 (counted in 25% of the time, extrapolated)\n"
                                  "cycles, branch_misses: unavailable (no PMU)\npage_faults: 77\n");
    facts_free(&f);
}

static bool says(const struct specimen *s, const char *words)
{
    struct text out;
    shown(s, &out);
    bool found = strstr(out.data, words) != NULL;
    text_free(&out);
    return found;
}

static void what_is_not_to_be_had_says_why_and_is_never_zero(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_processes_overhead(&s);
    assert_true(says(&s, "\nmemory: unavailable (" SPECIMEN_V1 ")\n"));
    assert_true(says(&s, "\nnr_throttled: unavailable (" SPECIMEN_V1 ")\n"));
    assert_true(says(&s, "\noom_kill: unavailable (" SPECIMEN_V1 ")\n"));
    assert_true(says(&s, "\nNO     memory accounting, no OOM kill: " SPECIMEN_V1 "\n"));
    assert_true(says(&s, "\n--- isolation: partial ---\n"));
    assert_false(says(&s, ": 0\n"));
    specimen_free(&s);
}

static void a_verbose_look_lists_each_check(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_processes_overhead(&s);
    look.verbose = true;
    assert_true(says(&s, "\nCPU affinity: 1-3 / 1-3  ok\n"));
    assert_true(says(&s, "\nmemory accounting: memory.current, memory.stat / unavailable  NO (" SPECIMEN_V1 ")\n"));
    look.verbose = false;
    specimen_free(&s);
}

static void a_coloured_look_has_the_same_words(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_processes_overhead(&s);
    look.colored = true;
    assert_true(says(&s, "--- isolation: \033[33mpartial\033[0m ---\na slice that lacks what is marked "
                         "NO\n\033[31mNO\033[0m     memory accounting, "));
    assert_true(says(&s, "\n\033[32mok\033[0m     1 of 3 checks"));
    look.colored = false;
    assert_false(says(&s, "\033"));
    specimen_free(&s);
}

static void iterations_that_were_not_finished_are_nan(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_failed(&s);
    assert_true(says(&s, "\ntotal_wall_s: unavailable (the measured iterations were not finished)\navg_iter_s: "
                         "nan\np50_iter_s: nan\np95_iter_s: nan\n"));
    assert_true(says(&s, "\nrss: unavailable (no whole sample of it fell into a measured iteration)\n"));
    assert_true(says(&s, "\ngil_enabled: n/a\n"));
    assert_true(says(&s, "--- termination: signal ---\nthe workload was ended by signal 11 (Segmentation fault)\n"));
    specimen_free(&s);
}

static void memory_that_is_sampled_in_profile_overhead_is_shown(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_processes_overhead(&s);
    specimen_samples(&s, 10);
    assert_true(says(&s, "\n--- memory (bytes) via /proc/PID/smaps_rollup ---\nrss_min: 40894464  rss_max: "));
    assert_false(says(&s, "(disabled)"));
    assert_false(says(&s, "hold_ms"));
    specimen_free(&s);
}

static void a_borrowed_slice_shows_its_baseline(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_threads_memory(&s);
    s.record.slice.provenance = SLICE_BORROWED;
    facts_int(&s.record.peak, "baseline", 777216);
    verdict_grade(&s.record.isolation, SLICE_BORROWED);
    assert_true(says(&s, "\npeak: 50331648\nbaseline: 777216\n"));
    assert_true(says(&s, "\n--- isolation: borrowed ---\nthe slice is the container's own cgroup, on loan: "));
    specimen_free(&s);
}

static void a_host_that_says_nothing_is_unknown(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_native(&s);
    facts_free(&s.host);
    facts_absent(&s.host, "platform", "uname failed");
    assert_true(says(&s, "\nOS: unknown, arch unknown\n"));
    specimen_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_memory_in_a_full_slice_is_shown_as_read),
        cmocka_unit_test(processes_overhead_in_a_partial_slice_is_shown_as_read),
        cmocka_unit_test(a_workload_that_failed_is_shown_as_read),
        cmocka_unit_test(a_native_workload_is_shown_as_read),
        cmocka_unit_test(emulated_times_are_marked_below_the_originals_lines),
        cmocka_unit_test(the_originals_lines_of_profile_memory_are_kept_exactly),
        cmocka_unit_test(the_originals_lines_of_profile_overhead_are_kept_exactly),
        cmocka_unit_test(counters_are_a_line_each_and_those_that_are_absent_for_one_reason_are_told_together),
        cmocka_unit_test(what_is_new_comes_below_in_blocks_of_its_own),
        cmocka_unit_test(what_is_not_to_be_had_says_why_and_is_never_zero),
        cmocka_unit_test(a_verbose_look_lists_each_check),
        cmocka_unit_test(a_coloured_look_has_the_same_words),
        cmocka_unit_test(iterations_that_were_not_finished_are_nan),
        cmocka_unit_test(memory_that_is_sampled_in_profile_overhead_is_shown),
        cmocka_unit_test(a_borrowed_slice_shows_its_baseline),
        cmocka_unit_test(a_host_that_says_nothing_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
