#include "record/output.h"
#include "record/record.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"
#include "tests/unit/specimen.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The record as text; the caller frees it. */
static char *written(const struct record *r)
{
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    if (record_write(r, out, &e) != 0)
        fail_msg("%s", e.text);
    (void)fclose(out);
    return text;
}

static json_t *parsed(const struct record *r)
{
    json_error_t why;
    char *text = written(r);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!j)
        fail_msg("line %d: %s in:\n%s", why.line, why.text, text);
    free(text);
    return j;
}

static json_t *made(void (*make)(struct specimen *))
{
    static struct specimen s;
    make(&s);
    json_t *j = parsed(&s.record);
    specimen_free(&s);
    return j;
}

/* "a.b.c"; keys that hold a dot themselves are looked up by hand. */
static json_t *at(const json_t *j, const char *path)
{
    char key[64];
    json_t *v = NULL;
    for (; *path; j = v) {
        size_t len = strcspn(path, ".");
        text_format(key, sizeof(key), "%.*s", (int)len, path);
        v = json_object_get(j, key);
        if (!v)
            fail_msg("no key '%s'", path);
        path += len + (path[len] == '.');
    }
    return v;
}

#define assert_text(j, path, wanted) assert_string_equal(json_string_value(at(j, path)), wanted)
#define assert_integer(j, path, wanted)                                                                                \
    do {                                                                                                               \
        assert_true(json_is_integer(at(j, path)));                                                                     \
        assert_int_equal(json_integer_value(at(j, path)), wanted);                                                     \
    } while (0)
#define assert_real(j, path, wanted)                                                                                   \
    do {                                                                                                               \
        assert_true(json_is_real(at(j, path)));                                                                        \
        assert_true(fabs(json_real_value(at(j, path)) - (wanted)) < 1e-12);                                            \
    } while (0)

/* null, and a reason that says something beside it. */
static void assert_absent(const json_t *j, const char *path)
{
    char reason[128];
    assert_true(json_is_null(at(j, path)));
    text_format(reason, sizeof(reason), "%s_reason", path);
    assert_true(json_string_length(at(j, reason)) > 0);
}

/* --- the keys that others rely on (design, at its end)
 * ---------------------------------------------------------------- */

static void the_keys_are_the_designs(void **state)
{
    static const char *const KEYS[] = {
        "schema",
        "id",
        "tool.name",
        "tool.version",
        "tool.commit",
        "scenario.name",
        "scenario.mode",
        "scenario.profile",
        "scenario.mp_start_method",
        "scenario.workers",
        "scenario.iterations",
        "scenario.warmup",
        "scenario.work_iters",
        "scenario.hold_ms",
        "runtime.name",
        "runtime.version",
        "runtime.path",
        "runtime.sha256",
        "runtime.configure_args",
        "runtime.gil_enabled",
        "host",
        "slice.provenance",
        "slice.path",
        "slice.controllers",
        "slice.cpus_requested",
        "slice.cpus_effective",
        "slice.limits",
        "slice.inherited",
        "image",
        "isolation.grade",
        "isolation.checks",
        "iterations.start_ns",
        "iterations.end_ns",
        "result.total_wall_s",
        "result.avg_iter_s",
        "result.p50_iter_s",
        "result.p95_iter_s",
        "memory.parent_and_workers.rss",
        "memory.parent_and_workers.uss",
        "memory.parent_and_workers.pss",
        "memory.all_pids.rss",
        "memory.all_pids.uss",
        "memory.all_pids.pss",
        "memory.slice.current",
        "memory.slice.anon",
        "memory.slice.file",
        "memory.slice.kernel",
        "memory.slice.peak",
        "memory.samples",
        "memory.missed_ticks",
        "memory.failed_reads",
        "memory.tick_cost_ns",
        "memory.reason",
        "cpu.usage_usec",
        "cpu.user_usec",
        "cpu.system_usec",
        "cpu.nr_throttled",
        "events.oom_kill",
        "termination.reason",
        "termination.exit_status",
        "termination.signal",
    };
    static void (*const MAKE[])(struct specimen *) = {specimen_threads_memory, specimen_processes_overhead,
                                                      specimen_failed};
    (void)state;
    for (size_t m = 0; m < ARRAY_LEN(MAKE); m++) {
        json_t *j = made(MAKE[m]);
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            (void)at(j, KEYS[i]);
        assert_text(j, "schema", "tare.record/1");
        json_decref(j);
    }
}

static void a_run_that_went_well_is_all_there(void **state)
{
    (void)state;
    json_t *j = made(specimen_threads_memory);
    assert_text(j, "id", "20261122T114043Z-0badcafe");
    assert_text(j, "tool.name", "tare");
    assert_text(j, "scenario.mode", "threads");
    assert_integer(j, "scenario.hold_ms", 1000);
    assert_absent(j, "scenario.mp_start_method");
    assert_text(j, "runtime.name", "3.14t");
    assert_true(json_is_false(at(j, "runtime.gil_enabled")));
    assert_integer(j, "host.cpus.online", 16);
    assert_absent(j, "host.cpus.governor");
    assert_text(j, "slice.provenance", "created");
    assert_int_equal(json_array_size(at(j, "slice.controllers")), 5);
    assert_int_equal(json_array_size(at(j, "iterations.start_ns")), 30);
    assert_int_equal(json_integer_value(json_array_get(at(j, "iterations.end_ns"), 29)), 5000000000 + 320000000);
    assert_real(j, "result.total_wall_s", 30.265476);
    assert_real(j, "result.avg_iter_s", 0.0155);
    assert_real(j, "result.p95_iter_s", 0.02945);
    assert_text(j, "result.hash_check", "0x89abcdef");
    assert_integer(j, "memory.parent_and_workers.rss.min", 40894464);
    assert_integer(j, "memory.parent_and_workers.rss.max", 40894519);
    assert_integer(j, "memory.parent_and_workers.rss.avg", 40894502);
    assert_integer(j, "memory.slice.peak", 50331648);
    assert_integer(j, "memory.tick_cost_ns.p50", 2000);
    assert_integer(j, "memory.tick_cost_ns.max", 2000);
    assert_integer(j, "memory.walk_cost_ns.max", 400000);
    assert_integer(j, "memory.walks", 12);
    assert_text(j, "memory.weighted_by", "time");
    assert_true(json_is_null(at(j, "memory.reason")));
    assert_int_equal(json_array_size(at(j, "memory.samples")), 60);
    assert_text(j, "termination.reason", "ok");
    assert_integer(j, "termination.exit_status", 0);
    assert_absent(j, "termination.signal");
    json_decref(j);
}

static void the_image_of_a_run_is_an_object_of_what_is_known_of_it(void **state)
{
    static struct specimen s;
    struct facts image = {0};
    (void)state;
    specimen_threads_memory(&s);
    facts_absent(&image, "digest", "nobody said");
    facts_text(&image, "packages_sha256", "ab");
    facts_int(&image, "packages", 98);
    s.record.image = &image;
    facts_real(&s.record.inherited, "cpus", 1.5);
    json_t *j = parsed(&s.record);
    assert_absent(j, "image.digest");
    assert_text(j, "image.packages_sha256", "ab");
    assert_integer(j, "image.packages", 98);
    assert_null(json_object_get(j, "image_reason"));
    assert_real(j, "slice.inherited.cpus", 1.5);
    json_decref(j);
    facts_free(&image);
    specimen_free(&s);
}

static void a_run_in_no_image_says_why_there_is_none(void **state)
{
    static struct specimen s;
    struct facts image = {0};
    (void)state;
    specimen_threads_memory(&s);
    facts_absent(&image, "image", "not in an image of tare");
    s.record.image = &image;
    json_t *j = parsed(&s.record);
    assert_absent(j, "image");
    assert_text(j, "image_reason", "not in an image of tare");
    json_decref(j);
    facts_free(&image);
    specimen_free(&s);
}

static void a_sample_holds_what_its_tick_read(void **state)
{
    (void)state;
    json_t *j = made(specimen_threads_memory);
    const json_t *with = json_array_get(at(j, "memory.samples"), 5),
                 *without = json_array_get(at(j, "memory.samples"), 6);
    assert_integer(with, "at_ns", 5025000000);
    assert_integer(with, "current", 6 * 4194304 + 5 * 4096);
    assert_integer(with, "parent_and_workers.rss", 40894469);
    assert_integer(with, "all_pids.pids", 2);
    assert_integer(without, "sock", 4194304 + 6 * 4096);
    assert_null(json_object_get(without, "parent_and_workers"));
    json_decref(j);
}

static void a_sample_leaves_out_what_could_not_be_read(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_threads_memory(&s);
    struct sample *one = &s.record.samples[0];
    one->has_class[SAMPLE_CURRENT] = false;
    one->members_partial = true;
    one->failed_reads = 2;
    json_t *j = parsed(&s.record);
    const json_t *sample = json_array_get(at(j, "memory.samples"), 0);
    assert_null(json_object_get(sample, "current"));
    assert_true(json_is_true(at(sample, "parent_and_workers.partial")));
    assert_null(json_object_get(at(sample, "all_pids"), "partial"));
    assert_integer(sample, "failed_reads", 2);
    json_decref(j);
    specimen_free(&s);
}

static void what_was_not_sampled_is_null_with_a_reason(void **state)
{
    static const char *const ABSENT[] = {
        "memory.parent_and_workers.rss",
        "memory.parent_and_workers.uss",
        "memory.parent_and_workers.pss",
        "memory.all_pids.rss",
        "memory.all_pids.pss",
        "memory.slice.current",
        "memory.slice.anon",
        "memory.slice.peak",
        "memory.missed_ticks",
        "memory.failed_reads",
        "memory.tick_cost_ns",
        "cpu.nr_throttled",
        "events.oom_kill",
        "termination.signal",
    };
    (void)state;
    json_t *j = made(specimen_processes_overhead);
    for (size_t i = 0; i < ARRAY_LEN(ABSENT); i++)
        assert_absent(j, ABSENT[i]);
    assert_text(j, "memory.reason", "memory is not sampled in this run");
    assert_true(json_is_null(at(j, "memory.samples")));
    assert_text(j, "memory.slice.anon_reason", SPECIMEN_V1);
    assert_text(j, "scenario.mp_start_method", "forkserver");
    assert_int_equal(json_array_size(at(j, "slice.controllers")), 0);
    assert_text(j, "slice.controllers_unavailable.memory", SPECIMEN_V1);
    assert_text(j, "isolation.grade", "partial");
    json_decref(j);
}

static void a_run_without_iterations_has_no_result_and_says_so(void **state)
{
    static const char *const ABSENT[] = {
        "result.total_wall_s", "result.avg_iter_s",   "result.p50_iter_s",       "result.p95_iter_s",
        "result.hash_check",   "runtime.gil_enabled", "termination.exit_status", "memory.parent_and_workers.rss"};
    (void)state;
    json_t *j = made(specimen_failed);
    for (size_t i = 0; i < ARRAY_LEN(ABSENT); i++)
        assert_absent(j, ABSENT[i]);
    assert_text(j, "termination.reason", "signal");
    assert_integer(j, "termination.signal", SIGSEGV);
    assert_int_equal(json_array_size(at(j, "iterations.start_ns")), 0);
    assert_int_equal(json_array_size(at(j, "memory.samples")), 0);
    json_decref(j);
}

static void one_iteration_has_a_mean_and_no_median_and_says_so(void **state)
{
    static struct specimen one;
    (void)state;
    specimen_native(&one);
    one.record.iterations = 1;
    one.record.result = stats_of_iterations(one.record.start_ns, one.record.end_ns, 1);
    json_t *j = parsed(&one.record);
    specimen_free(&one);
    assert_real(j, "result.avg_iter_s", 0.001);
    assert_absent(j, "result.p50_iter_s");
    assert_text(j, "result.p50_iter_s_reason", "one iteration has no median");
    assert_text(j, "result.p95_iter_s_reason", "1 iteration is too few (20)");
    json_decref(j);
}

static void too_few_iterations_have_no_p95_and_say_so(void **state)
{
    (void)state;
    json_t *j = made(specimen_native);
    assert_real(j, "result.avg_iter_s", 0.002);
    assert_absent(j, "result.p95_iter_s");
    assert_non_null(strstr(json_string_value(at(j, "result.p95_iter_s_reason")), "3 iterations"));
    assert_absent(j, "runtime.gil_enabled");
    assert_absent(j, "runtime.configure_args");
    assert_absent(j, "slice.path");
    assert_text(j, "slice.provenance", "none");
    json_decref(j);
}

static void limits_say_what_was_asked_and_what_was_got(void **state)
{
    (void)state;
    json_t *j = made(specimen_threads_memory);
    const json_t *cpus = json_object_get(at(j, "slice.limits"), "cpuset.cpus");
    const json_t *max = json_object_get(at(j, "slice.limits"), "memory.max");
    assert_text(cpus, "achieved", "1-3");
    assert_true(json_is_true(at(cpus, "ok")));
    assert_absent(max, "achieved");
    assert_text(max, "reason", "no such file");
    json_decref(j);
}

static void checks_say_why_they_are_not_ok(void **state)
{
    (void)state;
    json_t *j = made(specimen_processes_overhead);
    const json_t *first = json_array_get(at(j, "isolation.checks"), 0),
                 *second = json_array_get(at(j, "isolation.checks"), 1);
    assert_true(json_is_true(at(first, "ok")));
    assert_true(json_is_null(at(first, "reason")));
    assert_true(json_is_false(at(second, "ok")));
    assert_text(second, "reason", SPECIMEN_V1);
    assert_text(second, "verified_by", "cgroup.controllers");
    json_decref(j);
}

/* --- what must never come out ------------------------------------------------------------------------------------- */

static void what_is_no_finite_number_is_never_written(void **state)
{
    static const double NOT[] = {NAN, -NAN, INFINITY, -INFINITY};
    static struct specimen s;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        specimen_threads_memory(&s);
        s.record.total_wall_s = NOT[i];
        s.record.result = (struct stats_iterations){NOT[i], NOT[i], NOT[i]};
        facts_real(&s.host, "load", NOT[i]);
        facts_real(&s.record.cpu, "pressure.avg10", NOT[i]);
        json_t *j = parsed(&s.record);
        assert_absent(j, "result.total_wall_s");
        assert_absent(j, "result.avg_iter_s");
        assert_absent(j, "host.load");
        assert_absent(j, "cpu.pressure.avg10");
        json_decref(j);
        char *text = written(&s.record);
        assert_null(strstr(text, ": nan"));
        assert_null(strstr(text, ": inf"));
        assert_null(strstr(text, ": -"));
        free(text);
        specimen_free(&s);
    }
}

static void strings_come_back_as_they_were(void **state)
{
    static const char *const STRANGE[] = {
        "a \"quoted\" \\ back/slash",
        "tab\tnewline\nreturn\r",
        "\x01\x02\x1b[31m\x7f",
        "ünï — 漢字 \xf0\x9f\x90\x8d",
        "",
        "</script>",
    };
    static struct specimen s;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(STRANGE); i++) {
        specimen_threads_memory(&s);
        facts_text(&s.host, "strange", STRANGE[i]);
        facts_absent(&s.host, "why", "%s", STRANGE[i]);
        text_format(s.record.detail, sizeof(s.record.detail), "x%s", STRANGE[i]);
        json_t *j = parsed(&s.record);
        assert_text(j, "host.strange", STRANGE[i]);
        assert_text(j, "host.why_reason", STRANGE[i]);
        assert_string_equal(json_string_value(at(j, "termination.detail")) + 1, STRANGE[i]);
        json_decref(j);
        specimen_free(&s);
    }
}

static void bytes_that_are_no_utf8_are_written_as_numbers_and_are_no_other_text(void **state)
{
    static const char *const BAD[][2] = {
        {"caf\xe9", "caf\\xe9"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc3\xbf", "\xc3\xbf"}, /* y with a diaeresis */
        {"\\xff", "\\x5cxff"},    /* four characters that look like the byte */
        {"\\n\\", "\\n\\"},
        {"\x80", "\\x80"},
        {"cut \xe2\x82", "cut \\xe2\\x82"},
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* an overlong slash */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* half a surrogate pair */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* behind the last character there is */
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };
    static struct specimen s;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        specimen_threads_memory(&s);
        facts_text(&s.host, "bad", BAD[i][0]);
        text_format(s.record.detail, sizeof(s.record.detail), "%s", BAD[i][0]);
        text_format(s.runtime.path, sizeof(s.runtime.path), "/%s", BAD[i][0]);
        json_t *j = parsed(&s.record);
        assert_text(j, "host.bad", BAD[i][1]);
        assert_text(j, "termination.detail", BAD[i][1]);
        assert_string_equal(json_string_value(at(j, "runtime.path")) + 1, BAD[i][1]);
        json_decref(j);
        specimen_free(&s);
    }
}

static void ten_thousand_samples_are_all_written(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_threads_memory(&s);
    free(STEAL(s.record.samples));
    specimen_samples(&s, 10000);
    json_t *j = parsed(&s.record);
    const json_t *samples = at(j, "memory.samples");
    assert_int_equal(json_array_size(samples), 10000);
    assert_integer(json_array_get(samples, 9999), "at_ns", 5000000000 + 9999 * 5000000LL);
    json_decref(j);
    specimen_free(&s);
}

static void stamps_keep_every_nanosecond(void **state)
{
    static struct specimen s;
    (void)state;
    specimen_threads_memory(&s);
    s.record.start_ns[0] = 9007199254740993; /* 2^53 + 1: no double */
    s.record.end_ns[0] = INT64_MAX;
    json_t *j = parsed(&s.record);
    assert_int_equal(json_integer_value(json_array_get(at(j, "iterations.start_ns"), 0)), 9007199254740993);
    assert_int_equal(json_integer_value(json_array_get(at(j, "iterations.end_ns"), 0)), INT64_MAX);
    json_decref(j);
    specimen_free(&s);
}

/* --- failing
 * ---------------------------------------------------------------------------------------------------------- */

static void a_full_device_is_an_error(void **state)
{
    static struct specimen s;
    struct err e = {0};
    (void)state;
    specimen_threads_memory(&s);
    cleanup_file FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_true(record_write(&s.record, full, &e) < 0);
    assert_true(e.code < 0);
    assert_int_equal(e.kind, ERR_OURS);
    specimen_free(&s);
}

/* A stream that loses one write and then goes on as if nothing had been. */
struct hiccup {
    unsigned writes;
};

static ssize_t write_with_hiccup(void *cookie, const char *bytes, size_t len)
{
    struct hiccup *h = cookie;
    (void)bytes;
    errno = 0;
    return h->writes++ == 0 ? 0 : (ssize_t)len; /* fopencookie(3): 0 is an error, and need not set errno */
}

static void one_write_that_was_lost_is_an_error_although_the_last_went_well(void **state)
{
    static struct specimen s;
    struct hiccup h = {0};
    struct err e = {0};
    (void)state;
    specimen_threads_memory(&s);
    FILE *out = fopencookie(&h, "w", (cookie_io_functions_t){.write = write_with_hiccup});
    assert_non_null(out);
    errno = 0;
    assert_int_equal(record_write(&s.record, out, &e), -EIO);
    assert_int_equal(e.code, -EIO);
    assert_true(h.writes > 1);
    (void)fclose(out);
    specimen_free(&s);
}

static size_t entries_of(const char *dir)
{
    size_t n = 0;
    cleanup_dir DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d))
        n++;
    return n - 2; /* . and .. */
}

/* Saves in a child that may write no more than so many bytes. Returns its exit status: 0 saved, 1 an error that names
 * the file, 2 another. */
static int save_limited(const struct record *r, int dirfd, const char *path, rlim_t bytes)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct err e = {0};
        const struct rlimit limit = {bytes, bytes};
        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(3);
        int failed = record_save_at(r, dirfd, "r.json", path, &e);
        _exit(failed == 0 ? 0 : failed < 0 && e.code == failed && strstr(e.text, path) ? 1 : 2);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_record_that_cannot_be_saved_leaves_the_old_file(void **state)
{
    static const rlim_t LIMITS[] = {0, 1, 4096, 10000};
    static struct specimen s;
    char root[PATH_MAX], path[PATH_MAX + 16];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/r.json", "the old one");
    text_format(path, sizeof(path), "%s/r.json", root);
    cleanup_close int dirfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dirfd >= 0);
    specimen_threads_memory(&s);
    for (size_t i = 0; i < ARRAY_LEN(LIMITS); i++) {
        struct text old = {0};
        assert_int_equal(save_limited(&s.record, dirfd, path, LIMITS[i]), 1);
        assert_int_equal(entries_of(root), 1);
        assert_int_equal(file_read_all("", path, &old), 0);
        assert_string_equal(old.data, "the old one");
        text_free(&old);
    }
    assert_int_equal(save_limited(&s.record, dirfd, path, 10 << 20), 0); /* the limit was the reason */
    specimen_free(&s);
    fixture_close(root);
}

static void a_saved_record_takes_the_old_ones_place(void **state)
{
    static struct specimen s;
    char root[PATH_MAX], path[PATH_MAX + 16];
    struct err e = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/r.json", "the old one");
    text_format(path, sizeof(path), "%s/r.json", root);
    cleanup_close int dirfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dirfd >= 0);
    specimen_threads_memory(&s);
    assert_int_equal(record_save_at(&s.record, dirfd, "r.json", path, &e), 0);
    assert_int_equal(entries_of(root), 1);
    char *text = written(&s.record);
    struct text saved = {0};
    assert_int_equal(file_read_all("", path, &saved), 0);
    assert_string_equal(saved.data, text);
    free(text);
    text_free(&saved);
    specimen_free(&s);
    fixture_close(root);
}

/* Opened and closed, as before a run that is then refused. */
static int open_output(const char *json, const char *dir, struct err *e)
{
    const struct output asked = {.json = json, .dir = dir};
    const struct cell cell = {0};
    struct output_places places;
    int failed = output_open(&asked, &cell, &places, e);
    if (failed == 0)
        output_close(&places);
    return failed;
}

static void an_output_that_gets_nothing_leaves_nothing(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 16], dir[PATH_MAX + 16];
    struct err e = {0};
    struct text old = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    text_format(path, sizeof(path), "%s/r.json", root);
    text_format(dir, sizeof(dir), "%s/a/b//c/", root);
    assert_int_equal(open_output(path, dir, &e), 0);
    assert_int_equal(entries_of(root), 0);
    fixture_write(root, "/r.json", "the old one");
    fixture_write(root, "/a/mine", "the user's");
    assert_int_equal(open_output(path, dir, &e), 0);
    assert_int_equal(entries_of(root), 2);
    text_format(dir, sizeof(dir), "%s/a", root);
    assert_int_equal(open_output(NULL, dir, &e), 0);
    assert_int_equal(entries_of(dir), 1);
    assert_int_equal(file_read_all("", path, &old), 0);
    assert_string_equal(old.data, "the old one");
    text_free(&old);
    fixture_close(root);
}

static void an_output_where_nothing_can_be_written_is_a_usage_error(void **state)
{
    char root[PATH_MAX], fifo[PATH_MAX + 16];
    struct err e = {0};
    (void)state;
    assert_int_equal(open_output("/nowhere/at/all/r.json", NULL, &e), -ENOENT);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    assert_true(open_output(root, NULL, &e) < 0); /* a folder */
    assert_int_equal(e.kind, ERR_USAGE);
    text_format(fifo, sizeof(fifo), "%s/fifo", root);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(open_output(fifo, NULL, &e), -EINVAL);
    assert_int_equal(open_output("/dev/null", NULL, &e), -EINVAL);
    assert_int_equal(open_output("/dev/stdout", NULL, &e), -EINVAL);
    assert_int_equal(e.kind, ERR_USAGE);
    fixture_close(root);
}

static int allow(const char *writable, const char *json, const char *dir, struct err *e)
{
    const struct output asked = {.json = json, .dir = dir};
    const struct cell cell = {.writable = {.word = {writable}, .count = 1}};
    struct output_places places;
    int failed = output_open(&asked, &cell, &places, e);
    if (failed == 0)
        output_close(&places);
    return failed;
}

/* By its path, from above, from below, through a link: what is weighed could replace it. */
static void what_is_weighed_is_not_given_the_place_of_its_record(void **state)
{
    char root[PATH_MAX], path[8][PATH_MAX + 32];
    static const char *const NAMES[] = {"r.json", "x/r.json", "x/y", "x", "link", "out", "out/in", "file"};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        text_format(path[i], sizeof(path[i]), "%s/%s", root, NAMES[i]);
    fixture_write(root, "/x/y/mine", "");
    fixture_write(root, "/out/in/mine", "");
    fixture_write(root, "/file", "");
    assert_int_equal(symlink("x", path[4]), 0);
    const char *const REFUSED[][3] = {{root, path[0], NULL},    {root, path[1], NULL},    {path[3], path[1], NULL},
                                      {path[4], path[1], NULL}, {root, NULL, path[5]},    {path[5], NULL, path[5]},
                                      {path[6], NULL, path[5]}, {path[5], NULL, path[6]}, {path[7], path[7], NULL}};
    const char *const TAKEN[][3] = {
        {path[2], path[1], NULL}, {path[3], path[0], NULL}, {path[3], NULL, path[5]}, {path[7], path[0], NULL}};
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        struct err e = {0};
        assert_int_equal(allow(REFUSED[i][0], REFUSED[i][1], REFUSED[i][2], &e), -EPERM);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "(write the output elsewhere, or name a narrower --rw)"));
    }
    for (size_t i = 0; i < ARRAY_LEN(TAKEN); i++)
        assert_int_equal(allow(TAKEN[i][0], TAKEN[i][1], TAKEN[i][2], NULL), 0);
    fixture_close(root);
}

/* On a host that systemd runs the search's reason has some 280 characters: text_format() would abort the run. */
static void a_slices_reason_fits_as_it_was_found(void **state)
{
    (void)state;
    assert_true(sizeof(((struct record_slice *)NULL)->reason) >= sizeof(((struct slice_root *)NULL)->reason));
    assert_true(sizeof(((struct record_slice *)NULL)->path) >= sizeof(((struct slice_root *)NULL)->path));
}

/* --- ids and names
 * ---------------------------------------------------------------------------------------------------- */

static void an_id_is_the_time_and_random_bits(void **state)
{
    char id[RECORD_ID_MAX], other[RECORD_ID_MAX], started_at[32], as_id[32];
    (void)state;
    record_make_id(id, started_at);
    record_make_id(other, started_at);
    assert_int_equal(strspn(id, "0123456789abcdefTZ-"), strlen(id));
    assert_int_equal(strlen(id), strlen("20261122T114043Z-0badcafe"));
    assert_string_not_equal(id, other);
    assert_int_equal(strlen(started_at), strlen("2026-11-22T11:40:43Z"));
    size_t n = 0;
    for (const char *p = started_at; *p; p++)
        if (*p != '-' && *p != ':')
            as_id[n++] = *p;
    assert_memory_equal(as_id, other, n); /* the same second, written without its marks */
}

static void terminations_have_the_names_that_readers_look_for(void **state)
{
    (void)state;
    assert_string_equal(termination_names[TERMINATION_OK], "ok");
    assert_string_equal(termination_names[TERMINATION_TIMEOUT], "timeout");
    assert_string_equal(termination_names[TERMINATION_OOM], "oom");
    assert_string_equal(termination_names[TERMINATION_SIGNAL], "signal");
    assert_string_equal(termination_names[TERMINATION_WORKLOAD_ERROR], "workload-error");
    assert_string_equal(termination_names[TERMINATION_INTERRUPTED], "interrupted");
    assert_string_equal(termination_names[TERMINATION_STALLED], "stalled");
}

static void emulated_times_are_marked_in_a_field_of_their_own(void **state)
{
    static struct specimen s;
    (void)state;
    json_t *j = made(specimen_native);
    assert_true(json_is_false(at(j, "timing.emulated")));
    assert_absent(j, "timing.by");
    json_decref(j);
    specimen_native(&s);
    specimen_emulated(&s);
    j = parsed(&s.record);
    specimen_free(&s);
    assert_true(json_is_true(at(j, "timing.emulated")));
    assert_string_equal(json_string_value(at(j, "timing.by")), "QEMU TCG (TARE_VM=tcg)");
    json_decref(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_are_the_designs),
        cmocka_unit_test(a_run_that_went_well_is_all_there),
        cmocka_unit_test(the_image_of_a_run_is_an_object_of_what_is_known_of_it),
        cmocka_unit_test(a_run_in_no_image_says_why_there_is_none),
        cmocka_unit_test(a_sample_holds_what_its_tick_read),
        cmocka_unit_test(a_sample_leaves_out_what_could_not_be_read),
        cmocka_unit_test(what_was_not_sampled_is_null_with_a_reason),
        cmocka_unit_test(a_run_without_iterations_has_no_result_and_says_so),
        cmocka_unit_test(one_iteration_has_a_mean_and_no_median_and_says_so),
        cmocka_unit_test(too_few_iterations_have_no_p95_and_say_so),
        cmocka_unit_test(limits_say_what_was_asked_and_what_was_got),
        cmocka_unit_test(checks_say_why_they_are_not_ok),
        cmocka_unit_test(what_is_no_finite_number_is_never_written),
        cmocka_unit_test(strings_come_back_as_they_were),
        cmocka_unit_test(bytes_that_are_no_utf8_are_written_as_numbers_and_are_no_other_text),
        cmocka_unit_test(ten_thousand_samples_are_all_written),
        cmocka_unit_test(stamps_keep_every_nanosecond),
        cmocka_unit_test(a_full_device_is_an_error),
        cmocka_unit_test(one_write_that_was_lost_is_an_error_although_the_last_went_well),
        cmocka_unit_test(a_record_that_cannot_be_saved_leaves_the_old_file),
        cmocka_unit_test(a_saved_record_takes_the_old_ones_place),
        cmocka_unit_test(an_output_that_gets_nothing_leaves_nothing),
        cmocka_unit_test(an_output_where_nothing_can_be_written_is_a_usage_error),
        cmocka_unit_test(what_is_weighed_is_not_given_the_place_of_its_record),
        cmocka_unit_test(a_slices_reason_fits_as_it_was_found),
        cmocka_unit_test(an_id_is_the_time_and_random_bits),
        cmocka_unit_test(emulated_times_are_marked_in_a_field_of_their_own),
        cmocka_unit_test(terminations_have_the_names_that_readers_look_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
