#include "cell/config.h"
#include "cell/config_internal.h"
#include "cell/manual.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/unit/golden.h"
#include "tests/unit/knobs.h"

#include <errno.h>

#define WORDS_MAX 16

/* The longest command line here is short; getopt_long(3) sorts argv, so that each test gets its own. */
static int parse_words(enum config_command command, const char *const *words, struct config *c, struct err *e)
{
    char *argv[WORDS_MAX + 1] = {command == CONFIG_RUN ? "run" : "matrix"};
    int argc = 1;
    for (; *words; words++)
        argv[argc++] = (char *)*words;
    assert_true(argc <= WORDS_MAX);
    *e = (struct err){0};
    int failed = config_parse(command, argc, argv, c, e);
    if (failed != 0 || command != CONFIG_RUN || c->help)
        return failed;
    struct config whole = *c; /* as cmd_run goes on */
    whole.cell.scenario = shipped("scenario1");
    failed = cell_complete(&whole.cell, e);
    if (failed == 0)
        *c = whole;
    return failed;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct config accepted_by(enum config_command command, const char *const *words)
{
    struct config c;
    struct err e;
    if (parse_words(command, words, &c, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(e.code, 0);
    return c;
}

#define accepted(...) accepted_by(CONFIG_RUN, WORDS(__VA_ARGS__))

/* Usage, in one line that holds every word of `wanted` (separated by '|'). */
static void refused_by(enum config_command command, const char *const *words, const char *wanted)
{
    struct config c;
    struct err e;
    char parts[256];
    char *rest = NULL;
    if (parse_words(command, words, &c, &e) == 0)
        fail_msg("'%s' was accepted", *words);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_true(e.code < 0);
    assert_null(strchr(e.text, '\n'));
    text_format(parts, sizeof(parts), "%s", wanted);
    for (char *part = strtok_r(parts, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
        if (!strstr(e.text, part))
            fail_msg("'%s' is not in: %s", part, e.text);
}

#define refused(wanted, ...) refused_by(CONFIG_RUN, WORDS(__VA_ARGS__), wanted)

static const char *hold_of_cell(struct config c)
{
    return knob_of(&c.cell, "hold-ms");
}

#define hold_of(...) hold_of_cell(accepted("x", __VA_ARGS__))

/* --- defaults: the design's table -------------------------------------------------------------------------------- */

static void defaults_of_profile_overhead_are_the_designs(void **state)
{
    (void)state;
    struct cell c = accepted("scenario1").cell;
    assert_int_equal(c.mode, MODE_THREADS);
    assert_int_equal(c.profile, PROFILE_OVERHEAD);
    assert_int_equal(c.iterations, 1000);
    assert_int_equal(c.warmup, 5);
    assert_string_equal(knob_of(&c, "hold-ms"), "0");
    assert_int_equal(c.mem_sample, 0);
    assert_int_equal(c.mem_interval_ms, 50);
    assert_int_equal(c.workers, 8);
    assert_string_equal(knob_of(&c, "work-iters"), "20000");
}

static void defaults_of_profile_memory_are_the_designs(void **state)
{
    (void)state;
    struct cell c = accepted("scenario1", "--profile", "memory").cell;
    assert_int_equal(c.mode, MODE_THREADS);
    assert_int_equal(c.profile, PROFILE_MEMORY);
    assert_int_equal(c.iterations, 30);
    assert_int_equal(c.warmup, 2);
    assert_string_equal(knob_of(&c, "hold-ms"), "1000");
    assert_int_equal(c.mem_sample, 1);
    assert_int_equal(c.mem_interval_ms, 50);
    assert_int_equal(c.workers, 8);
    assert_string_equal(knob_of(&c, "work-iters"), "20000");
}

static void what_is_not_asked_for_is_not_set(void **state)
{
    (void)state;
    struct config c = accepted("scenario1");
    assert_int_equal(c.cell.start_method, START_OWN);
    assert_null(start_method_name(START_OWN));
    assert_string_equal(c.cell.runtime, "auto");
    assert_null(c.cell.cpus);
    assert_int_equal(c.cell.has_memory_max, 0);
    assert_null(c.cell.cgroup_root);
    assert_int_equal(c.cell.isolation, ISOLATION_AUTO);
    assert_int_equal(c.cell.timeout_ms, 0);
    assert_null(c.output.json);
    assert_null(c.output.dir);
    assert_false(c.help);
    assert_string_equal(c.positional, "scenario1");
    assert_null(accepted("--workers", "8").positional);
}

static void pids_max_is_four_a_worker_and_256_to_spare(void **state)
{
    (void)state;
    assert_int_equal(accepted("scenario1").cell.pids_max, 4 * 8 + 256);
    assert_int_equal(accepted("scenario1", "--workers", "100").cell.pids_max, 656);
    assert_int_equal(accepted("scenario1", "--pids-max", "9").cell.pids_max, 9);
}

static void what_is_said_goes_before_the_profiles_default_in_either_order(void **state)
{
    (void)state;
    assert_int_equal(accepted("x", "--iterations", "7", "--profile", "memory").cell.iterations, 7);
    assert_int_equal(accepted("x", "--profile", "memory", "--iterations", "7").cell.iterations, 7);
    assert_int_equal(accepted("x", "--profile", "memory", "--warmup", "0").cell.warmup, 0);
    assert_string_equal(hold_of("--profile", "memory", "--hold-ms", "0"), "0");
    assert_int_equal(accepted("x", "--profile", "memory", "--no-mem-sample").cell.mem_sample, 0);
    assert_int_equal(accepted("x", "--mem-sample").cell.mem_sample, 1);
}

static void the_last_of_an_option_counts(void **state)
{
    (void)state;
    assert_int_equal(accepted("x", "--workers", "3", "--workers", "4").cell.workers, 4);
    assert_int_equal(accepted("x", "--mem-sample", "--no-mem-sample").cell.mem_sample, 0);
    assert_int_equal(accepted("x", "--no-mem-sample", "--mem-sample").cell.mem_sample, 1);
}

/* --- every option that takes a number ----------------------------------------------------------------------------- */

static const struct number_option {
    const char *name;
    size_t offset;
    long long low, high;
} NUMBERS[] = {
    {"--iterations", offsetof(struct cell, iterations), 1, 10000000},
    {"--workers", offsetof(struct cell, workers), 1, 4096},
    {"--warmup", offsetof(struct cell, warmup), 0, 1000000},
    {"--mem-interval-ms", offsetof(struct cell, mem_interval_ms), 1, 60000},
    {"--pids-max", offsetof(struct cell, pids_max), 4, 4194304},
};

static void expect_number(const struct number_option *o, long long value)
{
    char text[32], joined[64];
    text_format(text, sizeof(text), "%lld", value);
    text_format(joined, sizeof(joined), "%s=%lld", o->name, value);
    struct config apart = accepted("x", "--profile", "memory", o->name, text);
    struct config together = accepted("x", "--profile", "memory", joined);
    assert_int_equal(*(const int64_t *)(const void *)((const char *)&apart.cell + o->offset), value);
    assert_int_equal(*(const int64_t *)(const void *)((const char *)&together.cell + o->offset), value);
}

static void expect_no_number(const struct number_option *o, const char *value)
{
    char wanted[128], joined[64];
    text_format(wanted, sizeof(wanted), "%s '%s'|a whole number from %lld to %lld", o->name, value, o->low, o->high);
    refused(wanted, "x", "--profile", "memory", o->name, value);
    text_format(joined, sizeof(joined), "%s=%s", o->name, value);
    refused(wanted, "x", "--profile", "memory", joined);
}

static void a_number_from_the_lowest_to_the_highest_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        expect_number(&NUMBERS[i], NUMBERS[i].low);
        expect_number(&NUMBERS[i], NUMBERS[i].low + 1);
        expect_number(&NUMBERS[i], NUMBERS[i].high);
    }
}

static void a_number_below_or_above_names_what_is_allowed(void **state)
{
    (void)state;
    char text[32];
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
        text_format(text, sizeof(text), "%lld", NUMBERS[i].low - 1);
        expect_no_number(&NUMBERS[i], text);
        text_format(text, sizeof(text), "%lld", NUMBERS[i].high + 1);
        expect_no_number(&NUMBERS[i], text);
        expect_no_number(&NUMBERS[i], "-9223372036854775808");
        expect_no_number(&NUMBERS[i], "9223372036854775808");
        expect_no_number(&NUMBERS[i], "99999999999999999999999999");
    }
}

static void what_is_no_number_names_what_is_allowed(void **state)
{
    static const char *const NOT[] = {"", " ", "x", "5x", "5.0", "1e3", "0x10", "5 6", "--5", "nan", "5,", "5K"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++)
        for (size_t n = 0; n < ARRAY_LEN(NOT); n++)
            expect_no_number(&NUMBERS[i], NOT[n]);
}

/* --- choices ------------------------------------------------------------------------------------------------------ */

static void every_choice_is_taken_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(accepted("x", "--mode", "threads").cell.mode, MODE_THREADS);
    assert_int_equal(accepted("x", "--mode=processes").cell.mode, MODE_PROCESSES);
    assert_int_equal(accepted("x", "--mode", "interpreters").cell.mode, MODE_INTERPRETERS);
    assert_int_equal(accepted("x", "--profile=overhead").cell.profile, PROFILE_OVERHEAD);
    assert_int_equal(accepted("x", "--isolation", "auto").cell.isolation, ISOLATION_AUTO);
    assert_int_equal(accepted("x", "--isolation", "strict").cell.isolation, ISOLATION_STRICT);
    assert_int_equal(accepted("x", "--isolation=off").cell.isolation, ISOLATION_OFF);
    const char *const starts[] = {"fork", "forkserver", "spawn"};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct cell c = accepted("x", "--mode", "processes", "--mp-start", starts[i]).cell;
        assert_string_equal(start_method_name((enum start_method)c.start_method), starts[i]);
    }
}

static void a_choice_that_is_none_names_what_is_allowed(void **state)
{
    static const char *const NOT[] = {"", "thread", "threadss", "Threads", " threads", "0"};
    char joined[64], wanted[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        text_format(wanted, sizeof(wanted), "--mode '%s'|threads, processes or interpreters", NOT[i]);
        refused(wanted, "x", "--mode", NOT[i]);
        text_format(joined, sizeof(joined), "--mode=%s", NOT[i]);
        refused(wanted, "x", joined);
    }
    refused("--profile 'time'|overhead, memory or growth", "x", "--profile", "time");
    refused("--isolation 'on'|auto, strict or off", "x", "--isolation", "on");
    refused("--mp-start 'own'|fork, forkserver or spawn", "x", "--mode", "processes", "--mp-start", "own");
    refused("--mp-start ''|is fork, forkserver or spawn", "x", "--mode", "processes", "--mp-start", "");
}

static void the_gil_is_told_once_and_to_a_python_alone(void **state)
{
    (void)state;
    assert_int_equal(accepted("x").cell.gil, GIL_DEFAULT);
    assert_int_equal(accepted("x", "--gil", "off").cell.gil, GIL_OFF);
    refused("--gil '1'|default, on or off", "x", "--gil", "1");
    refused("--gil 'on'|native runtime has no GIL", "x", "--runtime", "native", "--gil", "on");
    refused("--env 'PYTHON_GIL=0' and --gil on|one of them", "x", "--env", "A=1", "--env", "PYTHON_GIL=0", "--gil",
            "on");
    assert_int_equal(accepted("x", "--env", "PYTHON_GIL=0").cell.environment.count, 1);
}

/* --- sizes, seconds, texts, lists of CPUs ------------------------------------------------------------------------- */

static void sizes_are_read_in_powers_of_1024(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } SIZES[] = {
        {"1048576", 1 << 20},    {"1024K", 1 << 20},    {"1M", 1 << 20},        {"512M", 512LL << 20},
        {"512MiB", 512LL << 20}, {"512m", 512LL << 20}, {"512MB", 512LL << 20}, {"2G", 2LL << 30},
        {"3T", 3LL << 40},       {"1024T", 1LL << 50},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        struct cell c = accepted("x", "--memory-max", SIZES[i].text).cell;
        assert_int_equal(c.memory_max_bytes, SIZES[i].bytes);
        assert_int_equal(c.has_memory_max, 1);
    }
}

static void a_size_that_is_none_names_what_is_allowed(void **state)
{
    static const char *const NOT[] = {"",
                                      "1048575",
                                      "1023K",
                                      "0",
                                      "-1",
                                      "-1M",
                                      "M",
                                      "512X",
                                      "512M5",
                                      "0.5G",
                                      "512 M",
                                      "16777216T",
                                      "9223372036854775808",
                                      "max",
                                      "512MiBB"};
    char wanted[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        text_format(wanted, sizeof(wanted), "--memory-max '%s'|a size such as 512M from 1.0 MiB to 1024.0 TiB", NOT[i]);
        refused(wanted, "x", "--memory-max", NOT[i]);
    }
}

static void seconds_are_kept_in_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(accepted("x", "--timeout", "1").cell.timeout_ms, 1000);
    assert_int_equal(accepted("x", "--timeout=0.001").cell.timeout_ms, 1);
    assert_int_equal(accepted("x", "--timeout", "2.5").cell.timeout_ms, 2500);
    assert_int_equal(accepted("x", "--timeout", "604800").cell.timeout_ms, 7LL * 86400 * 1000);
}

static void seconds_that_are_none_name_what_is_allowed(void **state)
{
    static const char *const NOT[] = {"",    "0",   "0.0004", "-1",    "604801", "1e300", "inf",
                                      "nan", "1 s", "x",      "1.5.2", "5m",     "-inf"};
    char wanted[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        text_format(wanted, sizeof(wanted), "--timeout '%s'|seconds from 0.001 to 604800", NOT[i]);
        refused(wanted, "x", "--timeout", NOT[i]);
    }
}

static void texts_are_taken_as_they_are(void **state)
{
    (void)state;
    struct config c = accepted("x", "--runtime", "/opt/py thon", "--cpus=0-3,8", "--cgroup-root", "/sys/fs/cgroup/x",
                               "--json", "-", "--out=d=e");
    assert_string_equal(c.cell.runtime, "/opt/py thon");
    assert_string_equal(c.cell.cpus, "0-3,8");
    assert_string_equal(c.cell.cgroup_root, "/sys/fs/cgroup/x");
    assert_string_equal(c.output.json, "-");
    assert_string_equal(c.output.dir, "d=e");
}

static void an_empty_text_is_refused(void **state)
{
    static const char *const OPTIONS[] = {"--runtime", "--cpus", "--cgroup-root", "--json", "--out"};
    static const char *const TAKES[] = {"RUNTIME", "LIST", "PATH", "FILE", "DIR"};
    char joined[64], wanted[64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        text_format(wanted, sizeof(wanted), "%s ''|%s", OPTIONS[i], TAKES[i]);
        refused(wanted, "x", OPTIONS[i], "");
        text_format(joined, sizeof(joined), "%s=", OPTIONS[i]);
        refused(wanted, "x", joined);
    }
}

static void a_bad_list_of_cpus_names_what_is_allowed(void **state)
{
    static const char *const NOT[] = {" ",    "x",      "3-1",   "0-",  "-3",         "0;1",
                                      "8192", "0-8192", "1-2-3", "0x1", "99999999999"};
    char wanted[64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        text_format(wanted, sizeof(wanted), "--cpus '%s'|0-3,8", NOT[i]);
        refused(wanted, "x", "--cpus", NOT[i]);
    }
    assert_string_equal(accepted("x", "--cpus", "0").cell.cpus, "0");
    assert_string_equal(accepted("x", "--cpus", "8191").cell.cpus, "8191");
}

/* --- words that are no options, or are missing -------------------------------------------------------------------- */

static void an_unknown_option_is_named(void **state)
{
    (void)state;
    refused("'--bogus'|tare run", "--bogus");
    refused("'--bogus'|tare run", "--bogus=5");
    refused("'-x'|tare run", "-x");
    refused("'--mem-sample=1'", "--mem-sample=1");
    refused_by(CONFIG_MATRIX, WORDS("--bogus"), "'--bogus'|tare matrix");
}

static void an_unknown_option_is_named_wherever_it_stands(void **state)
{
    (void)state;
    refused("'--bogus'|tare run", "scenario1", "--bogus");
    refused("'--bogus'|tare run", "scenario1", "--workers", "4", "--bogus");
    refused("'--bogus'|tare run", "--workers", "4", "scenario1", "--bogus", "--warmup", "1");
    refused("'-x'|tare run", "scenario1", "-x");
    refused("'-x'|tare run", "scenario1", "--workers", "4", "-xy");
}

static void an_option_without_its_value_is_named(void **state)
{
    (void)state;
    refused("--workers|value", "--workers");
    refused("--workers|value", "scenario1", "--workers");
    refused("--out|value", "scenario1", "--workers", "4", "--out");
}

static void an_option_in_the_place_of_a_value_is_no_number(void **state)
{
    (void)state;
    refused("--workers '--warmup'", "x", "--workers", "--warmup", "4");
}

/* Which one option a beginning means would change with each that is added. */
static void an_abbreviation_is_refused_and_says_what_is_meant(void **state)
{
    (void)state;
    refused("'--iter' is no option|did you mean '--iterations'?", "scenario1", "--iter", "7");
    refused("'--iter' is no option|did you mean '--iterations'?", "scenario1", "--iter=7");
    refused("'--no-mem' is no option|did you mean '--no-mem-sample'?", "scenario1", "--no-mem", "1");
    refused_by(CONFIG_COMPARE, WORDS("--marg=0.1", "a", "b"), "'--marg=0.1' is no option of|did you mean '--margin'?");
    refused_by(CONFIG_COMPARE, WORDS("--format=csv", "--marg", "0.1", "a"), "'--marg' is no option of|'--margin'?");
    refused_by(CONFIG_VERIFY, WORDS("--jsn", "a"), "'--jsn' is no option of|did you mean '--json'?");
    refused_by(CONFIG_EXEC, WORDS("--reapet", "3", "--", "true"), "'--reapet' is no option|did you mean '--repeat'?");
    char longer[300] = "--";
    memset(longer + 2, 'a', sizeof(longer) - 3);
    refused("is no option of 'tare run'", "scenario1", longer);
    refused_by(CONFIG_VERIFY, WORDS(longer, "a"), "is no option of");
    assert_string_equal(accepted_by(CONFIG_EXEC, WORDS("--", "true", "--iter", "7")).invocations.argv[1], "--iter");
}

static void an_abbreviation_of_two_options_is_refused(void **state)
{
    (void)state;
    refused("'--mem'", "--mem");
}

static void two_names_are_one_too_many(void **state)
{
    (void)state;
    refused("'b'|'a'|one name", "a", "b");
    refused("'b'|'a'", "a", "--workers", "4", "b");
    refused("'--json'|'a'", "a", "--", "--json");
}

static void after_two_dashes_everything_is_a_name(void **state)
{
    (void)state;
    assert_string_equal(accepted("--", "--workers").positional, "--workers");
    assert_string_equal(accepted("--workers", "2", "-").positional, "-");
}

static void parsing_twice_starts_anew(void **state)
{
    (void)state;
    refused("'--bogus'", "a", "--bogus", "--workers", "3");
    assert_int_equal(accepted("a", "--workers", "3").cell.workers, 3);
    refused("'-a'", "-abc");
    assert_int_equal(accepted("a", "--workers", "3").cell.workers, 3);
}

/* --- contradictions ----------------------------------------------------------------------------------------------- */

static void a_start_method_goes_with_processes_only(void **state)
{
    (void)state;
    refused("--mp-start 'spawn'|--mode processes|threads", "x", "--mp-start", "spawn");
    refused("--mp-start 'fork'|--mode processes|interpreters", "x", "--mp-start", "fork", "--mode", "interpreters");
}

static void native_has_no_interpreters(void **state)
{
    (void)state;
    refused("--runtime 'native'|--mode threads or processes", "x", "--runtime", "native", "--mode", "interpreters");
    assert_string_equal(accepted("x", "--runtime", "native", "--mode", "processes").cell.runtime, "native");
}

static void holding_goes_with_profile_memory_only(void **state)
{
    (void)state;
    refused("--hold-ms '5'|--profile memory|overhead", "x", "--hold-ms", "5");
    assert_string_equal(hold_of("--hold-ms", "0"), "0");
}

static void a_cgroup_root_contradicts_isolation_off(void **state)
{
    (void)state;
    refused("--cgroup-root '/c'|--isolation off", "x", "--cgroup-root", "/c", "--isolation", "off");
    assert_string_equal(accepted("x", "--cgroup-root", "/c", "--isolation", "strict").cell.cgroup_root, "/c");
}

/* A place's name is what --help calls the value: every option that takes one is asked. */
static void a_dash_is_standard_output_where_help_says_so_and_no_place_elsewhere(void **state)
{
    (void)state;
    size_t printed = 0, places = 0;
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        struct config c = {0};
        struct err e = {0};
        if ((row->kind != TEXT && row->kind != LIST) || !config_names_place(row->value))
            continue;
        const bool is_printed = text_ends_with(row->value, "|-");
        assert_int_equal(config_take(&c, row, "./-", &e), 0);
        assert_int_equal(config_take(&c, row, "-", &e), is_printed ? 0 : -EINVAL);
        assert_true(is_printed || (e.kind == ERR_USAGE && strstr(e.text, "(a file or folder of that name is ./-)")));
        printed += is_printed ? 1 : 0;
        places++;
    }
    assert_int_equal(printed, 3); /* --json of run, exec and scale, -o of report */
    assert_true(places > 25);
    refused_by(CONFIG_MATRIX, WORDS("seed", "--out", "-"), "--out '-'|it takes DIR");
    refused_by(CONFIG_EXEC, WORDS("--output", "-", "true"), "--output '-'|null|inherit|FILE");
    assert_false(config_names_place("PLACE"));
}

/* --- help, matrix, names ------------------------------------------------------------------------------------------ */

static void help_needs_no_name_and_no_sense(void **state)
{
    (void)state;
    assert_true(accepted("--help").help);
    assert_true(accepted("--help", "--mp-start", "fork").help); /* would contradict --mode threads */
    assert_true(accepted_by(CONFIG_MATRIX, WORDS("seed", "--help")).help);
}

static void a_plan_chooses_mode_and_profile_itself(void **state)
{
    (void)state;
    refused_by(CONFIG_MATRIX, WORDS("seed", "--mode", "threads"), "'--mode'|tare matrix");
    refused_by(CONFIG_MATRIX, WORDS("seed", "--profile=memory"), "'--profile=memory'|tare matrix");
    refused_by(CONFIG_MATRIX, WORDS("seed", "--mp-start=fork"), "'--mp-start=fork'|tare matrix");
    refused_by(CONFIG_MATRIX, WORDS("seed", "--json", "f"), "'--json'|tare matrix");
}

static void a_plans_cell_is_left_for_the_plan_to_complete(void **state)
{
    (void)state;
    struct cell c = accepted_by(CONFIG_MATRIX, WORDS("seed", "--workers", "3", "--hold-ms", "9")).cell;
    const struct cell unset = cell_unset();
    assert_int_equal(c.workers, 3);
    assert_int_equal(c.iterations, unset.iterations);
    assert_int_equal(c.mode, unset.mode);
    assert_int_equal(c.profile, unset.profile);
}

static void expect_help(enum config_command command, const struct scenario *scenario, const char *name)
{
    struct text help = {0};
    manual_help(command, scenario, &help);
    for (const char *line = help.data; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        assert_true(strcspn(line, "\n") <= 100); /* usage alone may be wider than a terminal */
    golden_check(name, help.data);
    text_free(&help);
}

static void the_help_of_run_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_RUN, NULL, "run-help");
}

static void the_help_of_reproduce_push_and_pull_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_REPRODUCE, NULL, "reproduce-help");
    expect_help(CONFIG_PUSH, NULL, "push-help");
    expect_help(CONFIG_PULL, NULL, "pull-help");
    expect_help(CONFIG_POOL, NULL, "pool-help");
}

static void the_help_of_matrix_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_MATRIX, NULL, "matrix-help");
}

static void the_help_of_bundles_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_PACK, NULL, "pack-help");
    expect_help(CONFIG_VERIFY, NULL, "verify-help");
    expect_help(CONFIG_SIGN, NULL, "sign-help");
}

/* --- whose a setting is ------------------------------------------------------------------------------------------- */

static void each_option_of_a_plan_is_either_weighed_or_granted_and_the_latter_says_what(void **state)
{
    (void)state;
    size_t decided = 0;
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        if (!(row->commands & CONFIG_PLAN) || strcmp(row->name, "help") == 0)
            continue;
        if (row->plan == NO_PLANS || (row->plan == GRANTED && !row->reaches))
            fail_msg("'%s' can be set by a plan, and its row does not say whose it is", row->name);
        decided++;
    }
    assert_in_range(decided, 24, 100);
}

static void what_reaches_into_the_host_is_granted_and_what_is_weighed_is_not(void **state)
{
    static const char *const GRANTS[][2] = {
        {"confine", "off"},
        {"confine", "light"},
        {"network", "host"},
        {"isolation", "off"},
        {"partition", "root"},
        {"env", "A=1"},
        {"rw", "/x"},
        {"user", "0"},
        {"cgroup-root", "x"},
        {"runtime", "./x"},
        {"runtime", "/bin/x"},
        {"each-runtime", "./x"},
        {"scenario", "/x"},
        {"scenario", "./x"},
        {"scenario", "x.yml"},
        {"pids-max", "16641"},
        {"allow", "io_uring"},
        {"tmp-size", "2G"},
        {"partition", "isolated"},
    };
    static const char *const WEIGHED_ONES[][2] = {
        {"confine", "full"},   {"network", "none"},  {"isolation", "strict"},   {"isolation", "auto"},
        {"partition", "auto"}, {"runtime", "3.14t"}, {"scenario", "scenario1"}, {"pids-max", "16640"},
        {"memory-max", "1G"},  {"tmp-size", "1G"},   {"cpus", "0-3"},           {"mode", "threads"},
        {"work-iters", "5"},   {"timeout", "5"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GRANTS); i++)
        if (!config_grant(GRANTS[i][0], GRANTS[i][1]))
            fail_msg("%s: %s would be taken of anybody's plan", GRANTS[i][0], GRANTS[i][1]);
    for (size_t i = 0; i < ARRAY_LEN(WEIGHED_ONES); i++)
        if (config_grant(WEIGHED_ONES[i][0], WEIGHED_ONES[i][1]))
            fail_msg("%s: %s is what is weighed", WEIGHED_ONES[i][0], WEIGHED_ONES[i][1]);
}

/* --- a cell's options one by one, as plans set them --------------------------------------------------------------- */

static void a_cells_options_are_set_as_the_command_line_sets_them(void **state)
{
    (void)state;
    struct err e = {0};
    struct cell c = cell_unset();
    assert_int_equal(cell_set(&c, "mode", "processes", &e), 0);
    assert_int_equal(cell_set(&c, "mp-start", "spawn", &e), 0);
    assert_int_equal(cell_set(&c, "workers", "4", &e), 0);
    assert_int_equal(cell_set(&c, "memory-max", "1G", &e), 0);
    assert_int_equal(cell_set(&c, "timeout", "1.5", &e), 0);
    assert_int_equal(cell_set(&c, "env", "A=1", &e), 0);
    assert_int_equal(cell_set(&c, "env", "B=2", &e), 0);
    c.scenario = shipped("scenario1");
    assert_int_equal(cell_complete(&c, &e), 0);
    struct cell said = accepted("x", "--mode", "processes", "--mp-start", "spawn", "--workers", "4", "--memory-max",
                                "1G", "--timeout", "1.5")
                           .cell;
    assert_int_equal(c.environment.count, 2);
    assert_string_equal(c.environment.word[1], "B=2");
    c.environment = said.environment;
    assert_memory_equal(&c, &said, sizeof(c));
}

static void a_switch_of_a_cell_is_true_or_false(void **state)
{
    (void)state;
    struct err e = {0};
    struct cell c = cell_unset();
    assert_int_equal(cell_set(&c, "mem-sample", "true", &e), 0);
    assert_int_equal(c.mem_sample, 1);
    assert_int_equal(cell_set(&c, "mem-sample", "false", &e), 0);
    assert_int_equal(c.mem_sample, 0);
    assert_int_equal(cell_set(&c, "no-mem-sample", "false", &e), 0);
    assert_int_equal(c.mem_sample, 1);
    assert_int_equal(cell_set(&c, "mem-sample", "1", &e), -EINVAL);
    assert_string_equal(e.text, "--mem-sample '1': what is allowed is true or false");
}

static void what_a_cell_cannot_be_set_to_is_refused_and_leaves_it_as_it_was(void **state)
{
    (void)state;
    static const struct {
        const char *option, *value, *said;
    } BAD[] = {
        {"workers", "0", "--workers '0': what is allowed is a whole number from 1 to 4096"},
        {"mode", "fibers", "--mode 'fibers': what is allowed is threads, processes or interpreters"},
        {"runtime", "", "--runtime '': it takes RUNTIME"},
        {"json", "-", "'json' is no option of a cell ('tare run --help' lists them)"},
        {"repeat", "3", "'repeat' is no option of a cell ('tare run --help' lists them)"},
        {"profile-file", "x", "'profile-file' is no option of a cell ('tare run --help' lists them)"},
        {"help", "true", "'help' is no option of a cell ('tare run --help' lists them)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err e = {0};
        struct cell c = cell_unset();
        assert_int_equal(cell_set(&c, BAD[i].option, BAD[i].value, &e), -EINVAL);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_string_equal(e.text, BAD[i].said);
        struct cell unset = cell_unset();
        assert_memory_equal(&c, &unset, sizeof(c));
    }
}

/* --- a scenario's knobs ------------------------------------------------------------------------------------------- */

static void a_knob_is_an_option_like_any_other(void **state)
{
    (void)state;
    struct cell c = accepted("x", "--work-iters", "1", "--profile", "memory", "--hold-ms=3600000").cell;
    assert_string_equal(knob_of(&c, "work-iters"), "1");
    assert_string_equal(knob_of(&c, "hold-ms"), "3600000");
    refused("--work-iters '-1': what is allowed is a whole number from 0 to 1000000000", "x", "--work-iters", "-1");
    refused("--work-iters '1000000001'|1000000000", "x", "--work-iters=1000000001");
    refused("--work-iters 'many'|whole number", "x", "--work-iters", "many");
    refused("--work-iters ' 5'|whole number", "x", "--work-iters", " 5");
    refused("--work-iters ''|whole number", "x", "--work-iters=");
    refused("'--work-i' is no option|did you mean '--work-iters'?", "x", "--work-i", "5");
}

/* What `tare bench` takes for a function is a knob of the scenario that it makes, and of others. */
static void a_knob_can_have_the_name_of_an_option_of_bench(void **state)
{
    struct cell c = cell_unset();
    struct err e = {0};
    (void)state;
    c.scenario = shipped("scenario1");
    assert_int_equal(cell_set(&c, "lifecycle", "pool", &e), 0);
    assert_string_equal(knob_of(&c, "lifecycle"), "pool");
    c.scenario = shipped("causes");
    assert_int_equal(cell_set(&c, "calls", "3", &e), 0);
    assert_int_equal(cell_set(&c, "keep", "x", &e), -EINVAL); /* scale has it too */
}

static void a_knob_that_the_scenario_does_not_have_is_named_with_it(void **state)
{
    (void)state;
    refused("'--share'|'scenario1'|tare run scenario1 --help", "x", "--share", "shm");
    refused("'--share'|value", "x", "--share", "--workers", "3");
    refused_by(CONFIG_MATRIX, WORDS("--share", "x"), "'--share'|tare matrix");
}

static void more_unknown_options_than_a_scenario_can_have_are_refused(void **state)
{
    (void)state;
    struct err e = {0};
    struct cell c = cell_unset();
    for (int i = 0; i < SCENARIO_KNOBS_MAX; i++)
        assert_int_equal(cell_set(&c, "x", "1", &e), 0);
    assert_int_equal(cell_set(&c, "x", "1", &e), -EINVAL);
    c = cell_unset();
    assert_int_equal(cell_set(&c, "a-name-that-is-longer-than-a-knobs-can-be", "1", &e), -EINVAL);
    assert_int_equal(c.later.count, 0);
}

static void knobs_are_set_before_the_scenario_and_after_it(void **state)
{
    (void)state;
    struct err e = {0};
    struct cell before = cell_unset(), after = cell_unset();
    assert_int_equal(cell_set(&before, "work-iters", "7", &e), 0);
    before.scenario = after.scenario = shipped("scenario1");
    assert_int_equal(cell_set(&after, "work-iters", "7", &e), 0);
    assert_int_equal(cell_complete(&before, &e), 0);
    assert_int_equal(cell_complete(&after, &e), 0);
    assert_string_equal(knob_of(&before, "work-iters"), "7");
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(cell_set(&after, "worker", "7", &e), -EINVAL);
    assert_string_equal(
        e.text,
        "'--worker' is no option of 'scenario1' ('tare run scenario1 --help' lists them); did you mean '--workers'?");
    struct scenario own = *shipped("scenario1");
    own.installed = false;
    text_format(own.dir, sizeof(own.dir), "/home/my own");
    after.scenario = &own;
    assert_int_equal(cell_set(&after, "worker", "7", &e), -EINVAL);
    assert_non_null(strstr(e.text, "('tare run '/home/my own' --help' lists them)"));
}

static void the_help_of_scenario1_is_as_it_was_read(void **state)
{
    (void)state;
    expect_help(CONFIG_RUN, shipped("scenario1"), "run-scenario1-help");
}

static void a_sysroot_that_is_no_folder_is_named(void **state)
{
    static const char *const NOT[] = {"/nowhere", "/dev/null"};
    struct config c = {0};
    struct err e = {0};
    const char *root = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        c.host.sysroot = NOT[i];
        assert_true(config_sysroot(&c, &root, &e) < 0);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "--sysroot '/"));
    }
    c.host.sysroot = "//";
    assert_int_equal(config_sysroot(&c, &root, &e), 0);
    assert_string_equal(root, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_of_profile_overhead_are_the_designs),
        cmocka_unit_test(defaults_of_profile_memory_are_the_designs),
        cmocka_unit_test(what_is_not_asked_for_is_not_set),
        cmocka_unit_test(pids_max_is_four_a_worker_and_256_to_spare),
        cmocka_unit_test(what_is_said_goes_before_the_profiles_default_in_either_order),
        cmocka_unit_test(the_last_of_an_option_counts),
        cmocka_unit_test(a_number_from_the_lowest_to_the_highest_is_taken),
        cmocka_unit_test(a_number_below_or_above_names_what_is_allowed),
        cmocka_unit_test(what_is_no_number_names_what_is_allowed),
        cmocka_unit_test(every_choice_is_taken_by_its_name),
        cmocka_unit_test(a_choice_that_is_none_names_what_is_allowed),
        cmocka_unit_test(the_gil_is_told_once_and_to_a_python_alone),
        cmocka_unit_test(sizes_are_read_in_powers_of_1024),
        cmocka_unit_test(a_size_that_is_none_names_what_is_allowed),
        cmocka_unit_test(seconds_are_kept_in_milliseconds),
        cmocka_unit_test(seconds_that_are_none_name_what_is_allowed),
        cmocka_unit_test(texts_are_taken_as_they_are),
        cmocka_unit_test(an_empty_text_is_refused),
        cmocka_unit_test(a_bad_list_of_cpus_names_what_is_allowed),
        cmocka_unit_test(a_sysroot_that_is_no_folder_is_named),
        cmocka_unit_test(an_unknown_option_is_named),
        cmocka_unit_test(an_unknown_option_is_named_wherever_it_stands),
        cmocka_unit_test(an_option_without_its_value_is_named),
        cmocka_unit_test(an_option_in_the_place_of_a_value_is_no_number),
        cmocka_unit_test(an_abbreviation_is_refused_and_says_what_is_meant),
        cmocka_unit_test(an_abbreviation_of_two_options_is_refused),
        cmocka_unit_test(two_names_are_one_too_many),
        cmocka_unit_test(after_two_dashes_everything_is_a_name),
        cmocka_unit_test(parsing_twice_starts_anew),
        cmocka_unit_test(a_start_method_goes_with_processes_only),
        cmocka_unit_test(native_has_no_interpreters),
        cmocka_unit_test(holding_goes_with_profile_memory_only),
        cmocka_unit_test(a_cgroup_root_contradicts_isolation_off),
        cmocka_unit_test(a_dash_is_standard_output_where_help_says_so_and_no_place_elsewhere),
        cmocka_unit_test(help_needs_no_name_and_no_sense),
        cmocka_unit_test(a_plan_chooses_mode_and_profile_itself),
        cmocka_unit_test(a_plans_cell_is_left_for_the_plan_to_complete),
        cmocka_unit_test(the_help_of_run_is_as_it_was_read),
        cmocka_unit_test(the_help_of_matrix_is_as_it_was_read),
        cmocka_unit_test(the_help_of_reproduce_push_and_pull_is_as_it_was_read),
        cmocka_unit_test(the_help_of_bundles_is_as_it_was_read),
        cmocka_unit_test(each_option_of_a_plan_is_either_weighed_or_granted_and_the_latter_says_what),
        cmocka_unit_test(what_reaches_into_the_host_is_granted_and_what_is_weighed_is_not),
        cmocka_unit_test(a_cells_options_are_set_as_the_command_line_sets_them),
        cmocka_unit_test(a_switch_of_a_cell_is_true_or_false),
        cmocka_unit_test(what_a_cell_cannot_be_set_to_is_refused_and_leaves_it_as_it_was),
        cmocka_unit_test(a_knob_is_an_option_like_any_other),
        cmocka_unit_test(a_knob_can_have_the_name_of_an_option_of_bench),
        cmocka_unit_test(a_knob_that_the_scenario_does_not_have_is_named_with_it),
        cmocka_unit_test(more_unknown_options_than_a_scenario_can_have_are_refused),
        cmocka_unit_test(knobs_are_set_before_the_scenario_and_after_it),
        cmocka_unit_test(the_help_of_scenario1_is_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
