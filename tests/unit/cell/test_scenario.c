#include "cell/scenario.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/scenarios.h"
#include "cell/workload.h"
#include "launch/ledger.h"
#include "tests/unit/fixture.h"
#include "tests/unit/knobs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static int parse(const char *file, struct scenario **ret, struct err *e)
{
    char path[PATH_MAX];
    struct text bytes = {0};
    text_format(path, sizeof(path), "%s/fixtures/scenarios/%s", fixture_tests_dir(), file);
    assert_int_equal(file_read_all("", path, &bytes), 0);
    *e = (struct err){0};
    int failed = scenario_parse(file, bytes.data ? bytes.data : "", bytes.len, ret, e);
    text_free(&bytes);
    return failed;
}

static struct scenario *parsed(const char *file)
{
    struct scenario *s = NULL;
    struct err e;
    if (parse(file, &s, &e) != 0)
        fail_msg("%s", e.text);
    return s;
}

/* --- what a file can say ------------------------------------------------------------------------------------------ */

static void everything_that_a_file_says_is_taken(void **state)
{
    (void)state;
    struct scenario *s = parsed("whole.yml");
    assert_string_equal(s->name, "whole");
    assert_string_equal(s->summary, "everything that a file can say");
    assert_int_equal(s->modes, 1U << MODE_THREADS | 1U << MODE_PROCESSES);
    assert_int_equal(s->mode, MODE_PROCESSES);
    assert_true(s->profile[PROFILE_OVERHEAD].offered && s->profile[PROFILE_MEMORY].offered);
    assert_int_equal(s->knobs, 5);
    assert_string_equal(s->knob[1].key, "hold_ms");
    assert_string_equal(s->knob[1].unit, "ms");
    assert_string_equal(s->knob[1].fallback[PROFILE_OVERHEAD], "0");
    assert_string_equal(s->knob[1].fallback[PROFILE_MEMORY], "250");
    assert_int_equal(s->knob[3].type, SCENARIO_CHOICE);
    assert_string_equal(s->knob[3].choice[1], "shm");
    assert_null(s->knob[3].choice[2]);
    assert_int_equal(s->knob[3].since, 0);
    assert_int_equal(s->knob[4].type, SCENARIO_MODULES);
    assert_int_equal(s->knob[4].starts, 6);
    assert_int_equal(s->knob[4].since, 15);
    assert_string_equal(s->command[RUNTIME_PYTHON][2], "dev");
    assert_string_equal(s->command[RUNTIME_NATIVE][0], "{dir}/whole");
    assert_null(s->command[RUNTIME_NATIVE][1]);
    assert_int_equal(s->figures, 2);
    assert_string_equal(s->figure[0].unit, "1/s");
    assert_string_equal(s->figure[0].kind, "");
    assert_string_equal(s->figure[1].title, "new ids");
    assert_string_equal(s->figure[1].kind, "count");
    assert_string_equal(s->figure[1].better, "more");
    scenario_free(s);
}

static void the_least_that_a_file_says_is_enough(void **state)
{
    (void)state;
    struct scenario *s = parsed("small.yml");
    assert_int_equal(s->mode, MODE_THREADS);
    assert_false(s->profile[PROFILE_MEMORY].offered);
    assert_null(s->command[RUNTIME_PYTHON][0]);
    assert_int_equal(s->knobs + s->figures, 0);
    scenario_free(s);
}

static void what_is_said_once_can_be_said_of_both_profiles(void **state)
{
    (void)state;
    struct scenario *s = parsed("alias.yml");
    for (int i = 0; i <= PROFILE_MEMORY; i++) {
        assert_int_equal(s->profile[i].count, 1);
        assert_string_equal(s->profile[i].fallback[0].option, "iterations");
        assert_string_equal(s->profile[i].fallback[0].value, "1");
    }
    scenario_free(s);
}

static const struct {
    const char *file, *said;
} WRONG[] = {
    {"bomb.yml", "bomb.yml: at most 200000 values are allowed, aliases expanded"},
    {"braces.yml", "braces.yml:8:12: '{home}/small': what is allowed in braces is {python}, {dir} and {lib}"},
    {"choice-without-choices.yml", "choice-without-choices.yml:8:21: a choice has choices, and neither min nor max"},
    {"common-option.yml",
     "common-option.yml:8:12: 'workers' is an option that all scenarios have; give the knob another name"},
    {"deep.yml", "deep.yml:9:23: this is nested too deeply"},
    {"default-above-max.yml", "default-above-max.yml:8:55: --n '10': what is allowed is a whole number from 1 to 9"},
    {"default-of-a-profile.yml",
     "default-of-a-profile.yml:8:74: --n '0': what is allowed is a whole number from 1 to 9"},
    {"empty-command.yml", "empty-command.yml:8:11: an entry is missing here (or leave the key out)"},
    {"empty.yml", "empty.yml: it is empty"},
    {"figure-name.yml",
     "figure-name.yml:7:18: 'Ops': what is allowed is a letter, then letters, digits and _, in lower case"},
    {"figure-twice.yml", "figure-twice.yml:7:29: 'a' is a figure already"},
    {"integer-without-max.yml", "integer-without-max.yml:8:21: an integer has min and max, and no choices"},
    {"knob-help-lines.yml", "knob-help-lines.yml:8:64: it is to be one line"},
    {"knob-mode.yml", "knob-mode.yml:8:75: 'all': what is allowed is threads, processes or interpreters"},
    {"knob-empty.yml", "knob-empty.yml:8:83: --n '0': what is allowed is a whole number from 1 to 9"},
    {"knob-empty-by.yml", "knob-empty-by.yml:8:12: 'empty-by' is an option that all scenarios have; give the knob "
                          "another name"},
    {"knob-python-choices.yml", "knob-python-choices.yml:8:95: 'b': what is allowed is a"},
    {"knob-choices-of-no-python.yml",
     "knob-choices-of-no-python.yml:8:80: without python there is no version that these choices are of"},
    {"knob-python.yml", "knob-python.yml:8:72: '3.x': what is allowed is a version of Python, as 3.15"},
    {"knob-start.yml", "knob-start.yml:8:73: 'thread': what is allowed is fork, forkserver or spawn"},
    {"modules-without-choices.yml", "modules-without-choices.yml:8:21: modules have choices, and neither min nor max"},
    {"knob-name.yml",
     "knob-name.yml:8:12: 'N_1': what is allowed is a letter, then letters, digits and dashes, in lower case"},
    {"knob-twice.yml", "knob-twice.yml:9:12: 'n' is a knob already"},
    {"list.yml", "list.yml:1:1: what is allowed here are keys with values, as 'name: quick'"},
    {"long-name.yml", "long-name.yml:2:7: at most 31 bytes are allowed here"},
    {"many-knobs.yml", "many-knobs.yml:26:5: at most 16 entries are allowed here"},
    {"min-above-max.yml", "min-above-max.yml:8:35: min 9 is above max 1"},
    {"min-no-number.yml", "min-no-number.yml:8:35: min 'one' is no whole number"},
    {"missing.yml", "missing.yml:1:1: 'name' is missing here"},
    {"mode-of-no-modes.yml", "mode-of-no-modes.yml:5:7: mode 'processes' is none of modes"},
    {"modes-no-list.yml", "modes-no-list.yml:4:8: what is allowed here is a list, as [a, b]"},
    {"figure-better.yml", "figure-better.yml:10:27: 'greater': what is allowed is less, more or none"},
    {"figure-of-no-kind.yml", "figure-of-no-kind.yml:10:25: 'pace': what is allowed is time, memory, rate or count"},
    {"newer-schema.yml", "newer-schema.yml:1:9: schema 'tare.scenario/2': this tare reads tare.scenario/1"},
    {"no-command.yml", "no-command.yml:8:3: there has to be one at least: python or native"},
    {"no-mode.yml", "no-mode.yml:4:9: 'fibers': what is allowed is threads, processes or interpreters"},
    {"no-profile.yml", "no-profile.yml:6:3: there has to be one at least: overhead: {}, memory: {} or growth: {}"},
    {"no-type.yml", "no-type.yml:8:21: type 'number': what is allowed is integer, real, choice or modules"},
    {"no-yaml.yml", "no-yaml.yml:10:1: did not find expected node content"},
    {"option-of-workloads.yml",
     "option-of-workloads.yml:8:12: 'pids' is an option that all scenarios have; give the knob another name"},
    {"profile-no-number.yml",
     "profile-no-number.yml:6:26: --iterations 'many': what is allowed is a whole number from 1 to 10000000"},
    {"profile-of-no-kind.yml",
     "profile-of-no-kind.yml:6:3: 'speed' is not a key here; what is allowed is overhead, memory, growth"},
    {"profile-out-of-range.yml",
     "profile-out-of-range.yml:6:23: --workers '5000': what is allowed is a whole number from 1 to 4096"},
    {"python-first.yml",
     "python-first.yml:8:12: 'python3': {python} is the first word of the python command, and stands nowhere else"},
    {"python-in-native.yml", "python-in-native.yml:8:27: '{python}': {python} is the first word of the python command, "
                             "and stands nowhere else"},
    {"real-in-an-integer.yml", "real-in-an-integer.yml:8:55: --n '5.5': what is allowed is a whole number from 1 to 9"},
    {"twice.yml", "twice.yml:5:1: 'modes' is given twice (first at 4:1)"},
    {"two-documents.yml", "two-documents.yml:9:1: a second document: what is allowed is one"},
    {"unknown-key-of-a-knob.yml",
     "unknown-key-of-a-knob.yml:8:58: 'helps' is not a key here; did you mean 'help'? What "
     "is allowed is name, type, unit, help, min, max, "
     "choices, default, default-overhead, default-memory, default-growth, empty, modes, profiles, runtimes, starts, "
     "python, python-choices"},
    {"unknown-key.yml", "unknown-key.yml:3:1: 'sumary' is not a key here; did you mean 'summary'? What is allowed is "
                        "schema, name, summary, "
                        "modes, mode, profiles, knobs, commands, figures"},
};

static void what_is_wrong_is_told_in_a_line_with_its_place_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        struct scenario *s = NULL;
        struct err e;
        assert_int_equal(parse(WRONG[i].file, &s, &e), -EINVAL);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_string_equal(e.text, WRONG[i].said);
        assert_null(strchr(e.text, '\n'));
        assert_null(s);
    }
}

/* Cut anywhere and with any byte spoiled, a file is taken or refused in a line; the sanitizers watch. */
static void spoiled_files_do_no_harm(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct text bytes = {0};
    struct scenario *s;
    struct err e;
    text_format(path, sizeof(path), "%s/fixtures/scenarios/whole.yml", fixture_tests_dir());
    assert_int_equal(file_read_all("", path, &bytes), 0);
    for (size_t i = 0; i < bytes.len; i++) {
        const char kept = bytes.data[i];
        static const char SPOILT[] = {'\0', ':', '[', '{', '&', '*', '-', '\n', '\t', '"', (char)0xFF};
        for (size_t n = 0; n <= ARRAY_LEN(SPOILT); n++) {
            bool cut = n == ARRAY_LEN(SPOILT);
            bytes.data[i] = cut ? kept : SPOILT[n];
            s = NULL;
            e = (struct err){0};
            int failed = scenario_parse("x", bytes.data, cut ? i : bytes.len, &s, &e);
            assert_true(failed == 0 ? s != NULL : (e.kind == ERR_USAGE && !strchr(e.text, '\n')));
            scenario_free(s);
        }
        bytes.data[i] = kept;
    }
    text_free(&bytes);
}

/* --- knobs -------------------------------------------------------------------------------------------------------- */

static void a_knob_takes_what_its_range_or_its_choices_allow(void **state)
{
    static const struct {
        size_t knob;
        const char *value;
        bool allowed;
    } TRIED[] = {
        {0, "-5", true},      {0, "100", true},       {0, "-6", false},   {0, "101", false},  {0, "5.0", false},
        {0, "", false},       {0, "+5", false},       {0, " 5", false},   {0, "5x", false},   {2, "0", true},
        {2, "1.5", true},     {2, "1e-3", true},      {2, "1.51", false}, {2, "-0.1", false}, {2, "nan", false},
        {2, "inf", false},    {2, "0x1", false},      {2, "", false},     {3, "shm", true},   {3, "sh", false},
        {3, "", false},       {3, "SHM", false},      {4, "none", true},  {4, "os", true},    {4, "a.b_1,_c", true},
        {4, "", false},       {4, "os,", false},      {4, ",os", false},  {4, "a..b", false}, {4, ".a", false},
        {4, "a.", false},     {4, "a b", false},      {4, "a;b", false},  {4, "1a", false},   {4, "a\nb", false},
        {4, "a as b", false}, {4, "\xc3\xa9", false},
    };
    (void)state;
    struct scenario *s = parsed("whole.yml");
    for (size_t i = 0; i < ARRAY_LEN(TRIED); i++) {
        struct err e = {0};
        if ((scenario_knob_check(&s->knob[TRIED[i].knob], TRIED[i].value, &e) == 0) != TRIED[i].allowed)
            fail_msg("--%s '%s'", s->knob[TRIED[i].knob].name, TRIED[i].value);
    }
    char many[SCENARIO_LINE_MAX + 1];
    memset(many, 'm', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    assert_int_not_equal(scenario_knob_check(&s->knob[4], many, NULL), 0);
    many[sizeof(many) - 2] = '\0';
    assert_int_equal(scenario_knob_check(&s->knob[4], many, NULL), 0);
    struct err e = {0};
    assert_int_equal(scenario_knob_check(&s->knob[4], "os;x", &e), -EINVAL);
    assert_string_equal(e.text, "--imports 'os;x': what is allowed is none or MODULE,...");
    scenario_free(s);
}

static void a_cell_gets_the_defaults_of_scenario_and_profile(void **state)
{
    (void)state;
    struct scenario *s = parsed("whole.yml");
    struct err e = {0};
    struct cell c = cell_unset();
    c.scenario = s;
    assert_int_equal(cell_complete(&c, &e), 0);
    assert_int_equal(c.mode, MODE_PROCESSES);
    assert_int_equal(c.iterations, 40);
    assert_int_equal(c.workers, 3);
    assert_int_equal(c.timeout_ms, 60000);
    assert_string_equal(knob_of(&c, "share"), "manager");
    c = cell_unset();
    c.scenario = s;
    c.profile = PROFILE_MEMORY;
    c.iterations = 9;
    assert_int_equal(cell_complete(&c, &e), 0);
    assert_int_equal(c.iterations, 9);
    assert_int_equal(c.workers, 8); /* the option table's */
    assert_int_equal(c.mem_interval_ms, 10);
    assert_int_equal(cell_knobs_ms(&c), 250);
    scenario_free(s);
}

static void what_does_not_go_with_a_scenario_is_refused(void **state)
{
    static const struct {
        const char *option[3], *value[3], *said;
    } REFUSED[] = {
        {{"mode"}, {"interpreters"}, "--mode 'interpreters': what is allowed with whole is threads or processes"},
        {{"mode", "share"}, {"threads", "shm"}, "--share 'shm' goes with --mode processes; the mode is threads"},
        {{"runtime", "share"}, {"native", "shm"}, "--share 'shm' goes with --runtime python; the runtime is native"},
        {{"hold-ms"}, {"5"}, "--hold-ms '5' goes with --profile memory; the profile is overhead"},
        {{"mp-start", "imports"},
         {"fork", "os"},
         "--imports 'os' goes with --mp-start forkserver or spawn; the mp-start is fork"},
    };
    (void)state;
    struct scenario *s = parsed("whole.yml"), *small = parsed("small.yml");
    struct err e = {0};
    struct cell c;
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        c = cell_unset();
        c.scenario = s;
        for (size_t n = 0; n < 3 && REFUSED[i].option[n]; n++)
            assert_int_equal(cell_set(&c, REFUSED[i].option[n], REFUSED[i].value[n], &e), 0);
        assert_int_equal(cell_complete(&c, &e), -EINVAL);
        assert_string_equal(e.text, REFUSED[i].said);
    }
    c = cell_unset();
    c.scenario = small;
    assert_int_equal(cell_complete(&c, &e), -EINVAL);
    assert_string_equal(e.text,
                        "--runtime 'auto': small has no command for python (what is allowed is --runtime native)");
    c.profile = PROFILE_MEMORY;
    assert_int_equal(cell_complete(&c, &e), -EINVAL);
    assert_string_equal(e.text, "--profile 'memory': what is allowed with small is overhead");
    scenario_free(s);
    scenario_free(small);
}

static void a_command_is_filled_in_and_followed_by_the_knobs_in_their_order(void **state)
{
    static const char *const WANTED[] = {"/py", "-X", "dev", "/d/whole.py", "--lib=/l"};
    static const char *const KNOBS[] = {"--steps", "7",       "--hold-ms", "0",         "--skew",
                                        "0.99",    "--share", "shm",       "--imports", "none"};
    (void)state;
    struct scenario *s = parsed("whole.yml");
    struct runtime r = {.path = "/py"};
    struct cell c = cell_unset();
    text_format(s->dir, sizeof(s->dir), "/d");
    text_format(s->lib, sizeof(s->lib), "/l");
    c.scenario = s;
    assert_int_equal(cell_set(&c, "share", "shm", NULL), 0);
    assert_int_equal(cell_complete(&c, NULL), 0);
    struct workload_words w = workload_argv(&r, &c, "spawn");
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        assert_string_equal(w.word[i], WANTED[i]);
    for (size_t i = 0; i < ARRAY_LEN(KNOBS); i++)
        assert_string_equal(w.word[w.count - ARRAY_LEN(KNOBS) + i], KNOBS[i]);
    workload_words_free(&w);
    scenario_free(s);
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

static void declared_figures_are_taken_and_those_not_reported_have_a_reason(void **state)
{
    (void)state;
    struct scenario *s = parsed("whole.yml");
    struct ledger_map map;
    struct facts taken = {0};
    struct err e = {0};
    assert_int_equal(ledger_create(1, 1, false, &map, &e), 0);
    ledger_figure_real(map.page, "ops_per_s", 1098066.5);
    assert_int_equal(figures_check(&map, s, &e), 0);
    figures_take(&map, s, &taken);
    assert_int_equal(taken.count, 2);
    assert_true(facts_find(&taken, "ops_per_s")->real == 1098066.5);
    assert_int_equal(facts_find(&taken, "inserts")->kind, FACT_ABSENT);
    assert_string_equal(facts_find(&taken, "inserts")->text, "the workload did not report it");
    facts_free(&taken);
    ledger_figure_integer(map.page, "ops", 5);
    assert_int_equal(figures_check(&map, s, &e), -EPROTO);
    assert_int_equal(e.kind, ERR_WORKLOAD);
    assert_non_null(strstr(e.text, "figure 'ops' is none that its scenario declares"));
    ledger_close(&map);
    scenario_free(s);
}

/* --- by name and by path ------------------------------------------------------------------------------------------ */

static void what_came_with_tare_is_found_by_its_whole_name(void **state)
{
    static const char *const NOT[] = {"", "scenario", "scenario11", "known-loads", "Scenario1"};
    (void)state;
    const struct scenario *s = NULL, *again = NULL;
    struct err e = {0};
    assert_int_equal(scenarios_find("scenario1", &s, &e), 0);
    assert_string_equal(s->name, "scenario1");
    assert_true(s->installed);
    assert_int_equal(strlen(s->sha256), 64);
    assert_int_equal(scenarios_find("scenario1", &again, &e), 0);
    assert_ptr_equal(s, again);
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++) {
        assert_int_equal(scenarios_find(NOT[i], &s, &e), -ENOENT);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "scenario1, "));
    }
}

static void anybodys_is_found_by_folder_and_by_file(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64];
    const struct scenario *s = NULL, *file = NULL;
    struct err e = {0};
    assert_int_equal(fixture_open(NULL, dir, sizeof(dir)), 0);
    fixture_write(dir, "/mine/scenario.yml",
                  "schema: tare.scenario/1\nname: mine\nsummary: s\nmodes: [threads]\nprofiles: {memory: {}}\n"
                  "commands: {native: ['{dir}/x']}\n");
    text_format(path, sizeof(path), "%s/mine", dir);
    assert_int_equal(scenarios_find(path, &s, &e), 0);
    assert_false(s->installed);
    text_format(path, sizeof(path), "%s/mine/scenario.yml", dir);
    assert_int_equal(scenarios_find(path, &file, &e), 0);
    assert_ptr_equal(s, file);
    assert_string_equal(strrchr(s->dir, '/'), "/mine");
    text_format(path, sizeof(path), "%s", dir);
    assert_int_equal(scenarios_find(path, &s, &e), -ENOENT);
    assert_non_null(strstr(e.text, "scenario.yml': No such file"));
    fixture_close(dir);
}

static void what_is_no_scenario_but_looks_like_one_is_told_with_what_was_meant(void **state)
{
    static const struct {
        const char *named, *said;
    } WANTED[] = {
        {"mine", "'mine' is no scenario of tare's; the folder of that name is './mine'"},
        {"work.py",
         "'work.py' is no scenario; what 'tare bench' and 'tare scale' take is a function, as work.py:encode"},
        {"./work.py:encode", "'./work.py:encode' is no scenario; what 'tare bench' "},
        {"work.python", "'work.python': No such file or directory"},
    };
    (void)state;
    char dir[PATH_MAX], back[PATH_MAX];
    const struct scenario *s = NULL;
    assert_int_equal(fixture_open(NULL, dir, sizeof(dir)), 0);
    fixture_write(dir, "/mine/scenario.yml", "schema: tare.scenario/1\n");
    assert_non_null(getcwd(back, sizeof(back)));
    assert_int_equal(chdir(dir), 0);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        struct err e = {0};
        assert_true(scenarios_find(WANTED[i].named, &s, &e) < 0);
        assert_int_equal(e.kind, ERR_USAGE);
        if (strncmp(e.text, WANTED[i].said, strlen(WANTED[i].said)) != 0)
            fail_msg("%s: %s", WANTED[i].named, e.text);
    }
    assert_int_equal(chdir(back), 0);
    fixture_close(dir);
}

static void what_is_no_file_of_a_scenarios_size_is_not_read(void **state)
{
    (void)state;
    char dir[PATH_MAX], path[PATH_MAX + 64];
    const struct scenario *s = NULL;
    struct err e = {0};
    assert_int_equal(fixture_open(NULL, dir, sizeof(dir)), 0);
    char *large = malloc(SCENARIO_FILE_MAX + 2);
    assert_non_null(large);
    memset(large, '#', SCENARIO_FILE_MAX + 1);
    large[SCENARIO_FILE_MAX + 1] = '\0';
    fixture_write(dir, "/large.yml", large);
    free(large);
    text_format(path, sizeof(path), "%s/large.yml", dir);
    assert_int_equal(scenarios_find(path, &s, &e), -EFBIG);
    assert_non_null(strstr(e.text, "at most 65536 bytes"));
    text_format(path, sizeof(path), "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes to it: reading it would wait for ever */
    assert_int_equal(scenarios_find(path, &s, &e), -EINVAL);
    assert_non_null(strstr(e.text, "is no file"));
    fixture_close(dir);
}

static int forget(void **state)
{
    (void)state;
    scenarios_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_a_file_says_is_taken),
        cmocka_unit_test(the_least_that_a_file_says_is_enough),
        cmocka_unit_test(what_is_said_once_can_be_said_of_both_profiles),
        cmocka_unit_test(what_is_wrong_is_told_in_a_line_with_its_place_and_what_is_allowed),
        cmocka_unit_test(spoiled_files_do_no_harm),
        cmocka_unit_test(a_knob_takes_what_its_range_or_its_choices_allow),
        cmocka_unit_test(a_cell_gets_the_defaults_of_scenario_and_profile),
        cmocka_unit_test(what_does_not_go_with_a_scenario_is_refused),
        cmocka_unit_test(a_command_is_filled_in_and_followed_by_the_knobs_in_their_order),
        cmocka_unit_test(declared_figures_are_taken_and_those_not_reported_have_a_reason),
        cmocka_unit_test(what_came_with_tare_is_found_by_its_whole_name),
        cmocka_unit_test(anybodys_is_found_by_folder_and_by_file),
        cmocka_unit_test(what_is_no_scenario_but_looks_like_one_is_told_with_what_was_meant),
        cmocka_unit_test(what_is_no_file_of_a_scenarios_size_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
