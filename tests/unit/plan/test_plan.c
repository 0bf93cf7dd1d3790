#include "plan/plan.h"

#include "tests/unit/knobs.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"
#include "tests/unit/knobs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct config_given NOTHING_GIVEN;

/* A file of the tests' folder, as a plan called by its name alone. */
static int parse_file(const char *folder, const char *file, const struct config_given *given, struct plan *p,
                      struct err *e)
{
    char path[PATH_MAX];
    struct text bytes = {0};
    text_format(path, sizeof(path), "%s/%s/%s", fixture_tests_dir(), folder, file);
    assert_int_equal(file_read_all("", path, &bytes), 0);
    *e = (struct err){0};
    return plan_parse(file, &bytes, given, NULL, p, e);
}

static struct plan parsed(const char *folder, const char *file, const struct config_given *given)
{
    struct plan p;
    struct err e;
    if (parse_file(folder, file, given, &p, &e) != 0)
        fail_msg("%s", e.text);
    return p;
}

static const struct cell *cell_of(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->cells; i++)
        if (strcmp(p->cell[i].id, id) == 0)
            return &p->cell[i].cell;
    fail_msg("no cell '%s'", id);
    return NULL;
}

static struct plan parsed_text(const char *text)
{
    struct plan p;
    struct err e = {0};
    struct text bytes = {0};
    text_add(&bytes, "%s", text);
    if (plan_parse("a plan", &bytes, &NOTHING_GIVEN, NULL, &p, &e) != 0)
        fail_msg("%s", e.text);
    return p;
}

/* --- what came with tare ------------------------------------------------------------------------------------------ */

#define SHIPPED "../runner/plans"

static void the_seed_is_the_originals_four_cells_with_its_defaults(void **state)
{
    static const struct {
        const char *id;
        int64_t mode, profile, iterations, warmup;
        const char *hold_ms;
        int64_t mem_sample;
    } WANTED[] = {
        {"scenario1-threads-overhead", MODE_THREADS, PROFILE_OVERHEAD, 200, 5, "0", 0},
        {"scenario1-processes-overhead", MODE_PROCESSES, PROFILE_OVERHEAD, 200, 5, "0", 0},
        {"scenario1-threads-memory", MODE_THREADS, PROFILE_MEMORY, 6, 2, "1000", 1},
        {"scenario1-processes-memory", MODE_PROCESSES, PROFILE_MEMORY, 6, 2, "1000", 1},
    };
    (void)state;
    struct plan p = parsed(SHIPPED, "seed.yml", &NOTHING_GIVEN);
    assert_int_equal(p.cells, ARRAY_LEN(WANTED));
    assert_int_equal(p.invocations, 5);
    for (size_t i = 0; i < p.cells; i++) {
        const struct cell *c = &p.cell[i].cell;
        assert_string_equal(p.cell[i].id, WANTED[i].id);
        assert_int_equal(c->mode, WANTED[i].mode);
        assert_int_equal(c->profile, WANTED[i].profile);
        assert_int_equal(c->iterations, WANTED[i].iterations);
        assert_int_equal(c->warmup, WANTED[i].warmup);
        assert_string_equal(knob_of(c, "hold-ms"), WANTED[i].hold_ms);
        assert_int_equal(c->mem_sample, WANTED[i].mem_sample);
        assert_int_equal(c->mem_interval_ms, 50);
        assert_int_equal(c->workers, 8);
        assert_string_equal(knob_of(c, "work-iters"), "20000");
        assert_int_equal(c->start_method, START_OWN);
        assert_string_equal(c->runtime, "auto");
        assert_string_equal(c->scenario->name, "scenario1");
    }
    plan_free(&p);
}

static void the_short_seed_differs_in_its_counts_alone(void **state)
{
    static const int64_t ITERATIONS[] = {20, 20, 3, 3}; /* 20: the fewest that give a p95 */
    (void)state;
    struct plan brief = parsed(SHIPPED, "seed-short.yml", &NOTHING_GIVEN);
    struct plan whole = parsed(SHIPPED, "seed.yml", &NOTHING_GIVEN);
    assert_int_equal(brief.cells, 4);
    for (size_t i = 0; i < brief.cells; i++) {
        struct cell *c = &brief.cell[i].cell;
        assert_int_equal(c->iterations, ITERATIONS[i]);
        assert_int_equal(c->warmup, 1);
        c->iterations = whole.cell[i].cell.iterations;
        c->warmup = whole.cell[i].cell.warmup;
        assert_memory_equal(c, &whole.cell[i].cell, sizeof(*c));
    }
    plan_free(&brief);
    plan_free(&whole);
}

static void the_article_has_every_start_method_and_both_builds_in_every_mode(void **state)
{
    static const char *const STARTS[] = {"threads", "interpreters", "processes-fork", "processes-forkserver",
                                         "processes-spawn"};
    static const char *const BUILDS[] = {"3.14t", "3.14"};
    static const char *const PROFILES[] = {"overhead", "memory"};
    (void)state;
    struct plan p = parsed(SHIPPED, "article.yml", &NOTHING_GIVEN);
    size_t n = 0;
    for (size_t s = 0; s < ARRAY_LEN(STARTS); s++)
        for (size_t b = 0; b < ARRAY_LEN(BUILDS); b++)
            for (size_t f = 0; f < ARRAY_LEN(PROFILES); f++, n++) {
                char id[PLAN_ID_MAX];
                text_format(id, sizeof(id), "scenario1-%s-%s-%s", STARTS[s], BUILDS[b], PROFILES[f]);
                assert_string_equal(cell_of(&p, id)->runtime, BUILDS[b]);
            }
    assert_int_equal(p.cells, n);
    assert_true(p.invocations >= 5);
    plan_free(&p);
}

static void the_scaling_crosses_workers_and_cpus_in_every_mode(void **state)
{
    (void)state;
    struct plan p = parsed(SHIPPED, "scaling.yml", &NOTHING_GIVEN);
    assert_int_equal(p.cells, 3 * 4 * 2);
    const struct cell *c = cell_of(&p, "scenario1-processes-overhead-workers=3-cpus=x2");
    assert_int_equal(c->workers, 3);
    assert_string_equal(c->cpus, "x2");
    plan_free(&p);
}

static void the_contention_has_both_twins_of_each_pattern(void **state)
{
    (void)state;
    struct plan p = parsed(SHIPPED, "contention.yml", &NOTHING_GIVEN);
    assert_int_equal(p.cells, 14 * 3 * 2);
    assert_true(p.invocations >= 15); /* of fewer, 42 rows at once leave hardly one that can be told */
    (void)cell_of(&p, "scenario4-threads-overhead-workers=4-pattern=lock-sharing=shared");
    (void)cell_of(&p, "scenario4-threads-overhead-workers=4-pattern=lock-sharing=private");
    plan_free(&p);
}

static void the_quick_one_gives_intervals(void **state)
{
    (void)state;
    struct plan p = parsed(SHIPPED, "quick.yml", &NOTHING_GIVEN);
    assert_true(p.invocations >= 5);
    assert_int_equal(cell_of(&p, "scenario1-interpreters-overhead")->mode, MODE_INTERPRETERS);
    plan_free(&p);
}

/* --- everything that a plan can say ------------------------------------------------------------------------------- */

static void a_plans_head_is_read(void **state)
{
    (void)state;
    struct plan p = parsed("fixtures/plans", "good.yml", &NOTHING_GIVEN);
    assert_string_equal(p.name, "good");
    assert_string_equal(p.summary, "everything that a plan can say");
    assert_int_equal(p.seed, 42);
    assert_int_equal(p.invocations, 7);
    assert_int_equal(p.max_invocations, 20);
    assert_int_equal(p.order, ORDER_BLOCKS);
    assert_true(p.precision == 0.02);
    plan_free(&p);
}

static void products_are_made_and_exclusions_taken_out(void **state)
{
    static const char *const IDS[] = {"scenario1-processes-fork-overhead",
                                      "scenario1-processes-fork-memory",
                                      "scenario1-processes-spawn-overhead",
                                      "scenario1-threads-workers=1",
                                      "scenario1-threads-workers=2",
                                      "scenario1-threads-workers=4",
                                      "floor",
                                      "roof-cpus=x1-env=A=1",
                                      "roof-cpus=x1-env=B=2",
                                      "roof-cpus=x2-env=A=1",
                                      "roof-cpus=x2-env=B=2"};
    (void)state;
    struct plan p = parsed("fixtures/plans", "good.yml", &NOTHING_GIVEN);
    assert_int_equal(p.cells, ARRAY_LEN(IDS));
    for (size_t i = 0; i < p.cells; i++)
        assert_string_equal(p.cell[i].id, IDS[i]);
    assert_int_equal(cell_of(&p, "scenario1-threads-workers=4")->workers, 4);
    assert_int_equal(cell_of(&p, "scenario1-threads-workers=4")->pids_max, 4 * 4 + 256);
    assert_string_equal(cell_of(&p, "floor")->runtime, "native");
    assert_string_equal(cell_of(&p, "floor")->environment.word[0], "A=1");
    assert_string_equal(cell_of(&p, "roof-cpus=x2-env=B=2")->environment.word[0], "B=2");
    plan_free(&p);
}

static void defaults_hold_for_every_cell_and_a_hold_time_for_those_that_hold(void **state)
{
    (void)state;
    struct plan p = parsed("fixtures/plans", "good.yml", &NOTHING_GIVEN);
    for (size_t i = 0; i < p.cells; i++) {
        const struct cell *c = &p.cell[i].cell;
        assert_int_equal(c->iterations, 50);
        assert_string_equal(knob_of(c, "hold-ms"), c->profile == PROFILE_MEMORY ? "300" : "0");
    }
    plan_free(&p);
}

static void what_the_user_says_goes_before_the_plan(void **state)
{
    static const struct config_given GIVEN = {
        .option = {{"iterations", "7"}, {"warmup", "0"}, {"workers", "3"}, {"runtime", "native"}, {"hold-ms", "250"}},
        .count = 5};
    static const char *const FILES[] = {"seed.yml", "seed-short.yml"};
    (void)state;
    for (size_t n = 0; n < ARRAY_LEN(FILES); n++) {
        struct plan p = parsed(SHIPPED, FILES[n], &GIVEN);
        for (size_t i = 0; i < p.cells; i++) {
            const struct cell *c = &p.cell[i].cell;
            assert_int_equal(c->iterations, 7);
            assert_int_equal(c->warmup, 0);
            assert_int_equal(c->workers, 3);
            assert_int_equal(c->pids_max, 4 * 3 + 256);
            assert_string_equal(c->runtime, "native");
            assert_string_equal(knob_of(c, "hold-ms"), c->profile == PROFILE_MEMORY ? "250" : "0");
        }
        plan_free(&p);
    }
}

/* --- bad input ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *file, *said; /* the message begins so; the parts between "..." are in it, in this order */
} BAD[] = {
    {"unknown-key.yml", "unknown-key.yml:6:5: 'wrokers' is not a key here; did you mean 'workers'? What is allowed is "
                        "scenario, command, mode, ...workers"},
    {"unknown-key-on-top.yml",
     "unknown-key-on-top.yml:3:1: 'repeat' is not a key here; what is allowed is schema, name, ...invocations...cells"},
    {"unknown-key-in-each.yml", "unknown-key-in-each.yml:6:7: 'modes' is not a key here; did you mean 'mode'? What is "
                                "allowed is scenario, command, mode"},
    {"unknown-key-in-defaults.yml",
     "unknown-key-in-defaults.yml:5:3: 'id' is not a key here; what is allowed is scenario"},
    {"key-twice.yml", "key-twice.yml:6:5: 'mode' is given twice (first at 5:5)"},
    {"no-cells.yml", "no-cells.yml:1:1: 'cells' is missing here"},
    {"empty.yml", "empty.yml: it is empty"},
    {"no-cell-in-cells.yml", "no-cell-in-cells.yml:3:8: an entry is missing here"},
    {"a-list.yml", "a-list.yml:1:1: what is allowed here are keys with values"},
    {"two-documents.yml", "two-documents.yml:4:1: a second document: what is allowed is one"},
    {"tab.yml", "tab.yml:4:1: found character that cannot start any token"},
    {"half.yml", "half.yml:5:1: did not find expected ',' or ']'"},
    {"newer-schema.yml", "newer-schema.yml:1:9: schema 'tare.plan/2': this tare reads tare.plan/1"},
    {"list-outside-each.yml", "list-outside-each.yml:5:11: what is allowed here is one value, no list and no keys (a "
                              "list, of which the product takes each, goes below 'each')"},
    {"no-list-in-each.yml",
     "no-list-in-each.yml:5:18: what is allowed here is a list, as [a, b] (one value alone is a list too: [value])"},
    {"value-of-a-cell.yml",
     "value-of-a-cell.yml:5:14: --workers '0': what is allowed is a whole number from 1 to 4096"},
    {"value-in-each.yml", "value-in-each.yml:7:9: --workers 'many': what is allowed is a whole number from 1 to 4096"},
    {"value-of-defaults.yml", "value-of-defaults.yml:5:12: --timeout 'soon': what is allowed is seconds"},
    {"no-scenario.yml", "no-scenario.yml:4:5: this cell has no scenario"},
    {"unknown-scenario.yml", "unknown-scenario.yml:4:16: 'scenario9' is no scenario"},
    {"impossible-cell.yml",
     "impossible-cell.yml:5:5: cell 'scenario1-threads-fork-overhead' cannot be: --mp-start 'fork' goes with --mode "
     "processes; the mode is threads (below 'exclude': - {mode: threads, mp-start: fork})"},
    {"impossible-cell-alone.yml",
     "impossible-cell-alone.yml:4:5: cell 'scenario1-interpreters-native' cannot be: --runtime 'native' has no "
     "interpreters"},
    {"a-million-cells.yml", "a-million-cells.yml:4:5: this makes 1000000 cells; what is allowed is 10000 (shorten"},
    {"excludes-nothing.yml", "excludes-nothing.yml:7:5: no cell is excluded by this"},
    {"excludes-all.yml", "excludes-all.yml:7:3: no cell is left"},
    {"two-of-workers.yml",
     "two-of-workers.yml:5:3: two cells are 'scenario1-threads' (give their entries an 'id' each)"},
    {"two-of-one-id.yml", "two-of-one-id.yml:5:3: two cells are 'scenario1-threads' (give their entries an 'id' each)"},
    {"ids-of-one-word.yml", "ids-of-one-word.yml:5:3: the ids 'Ab' and 'aB' differ in letter case alone"},
    {"here-and-in-each.yml", "here-and-in-each.yml:5:14: 'workers' is given here and below 'each'"},
    {"bad-name.yml", "bad-name.yml:2:7: name '../p': what is allowed are up to 63 of letters"},
    {"bad-id.yml", "bad-id.yml:4:10: id 'a/b': what is allowed are up to 127 of letters"},
    {"bad-seed.yml", "bad-seed.yml:3:7: seed '-1': what is allowed is a whole number from 0 to 9007199254740991"},
    {"bad-invocations.yml", "bad-invocations.yml:3:14: invocations 'ten': what is allowed is a whole number from 1"},
    {"bad-order.yml", "bad-order.yml:3:8: order 'random': what is allowed is blocks"},
    {"bad-precision.yml", "bad-precision.yml:3:16: until-precise '200%': what is allowed is a ratio"},
    {"no-value.yml", "no-value.yml:4:14: a value is missing here (or leave the key out)"},
    {"unknown-alias.yml", "unknown-alias.yml:4:16: found undefined alias"},
    {"key-that-is-a-list.yml", "key-that-is-a-list.yml:3:3: a key must be a word"},
    {"too-deep.yml", "too-deep.yml:3:...: this is nested too deeply"},
    {"no-utf-8.yml", "no-utf-8.yml:2:7: invalid leading UTF-8 octet"},
};

static bool says(const char *text, const char *said)
{
    for (bool first = true; *said; first = false) {
        char part[400];
        const char *end = strstr(said, "...");
        text_format(part, sizeof(part), "%.*s", end ? (int)(end - said) : (int)strlen(said), said);
        const char *at = strstr(text, part);
        if (!at || (first && at != text))
            return false;
        text = at + strlen(part);
        said = end ? end + 3 : said + strlen(said);
    }
    return true;
}

static void bad_plans_are_refused_in_one_line_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct plan p;
        struct err e;
        if (parse_file("fixtures/plans", BAD[i].file, &NOTHING_GIVEN, &p, &e) == 0)
            fail_msg("%s was accepted", BAD[i].file);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_true(e.code < 0);
        assert_null(strchr(e.text, '\n'));
        if (!says(e.text, BAD[i].said))
            fail_msg("'%s' is not what is said: %s", BAD[i].said, e.text);
    }
}

static void what_is_no_text_is_placed_by_line_and_character(void **state)
{
    static const char TEXT[] = "schema: tare.plan/1\n# \u00e9\u20ac\nname: \u00e9\0\n";
    (void)state;
    struct text bytes = {0};
    struct plan p;
    struct err e = {0};
    text_add_bytes(&bytes, TEXT, sizeof(TEXT) - 1);
    assert_int_equal(plan_parse("p.yml", &bytes, &NOTHING_GIVEN, NULL, &p, &e), -EINVAL);
    assert_string_equal(e.text, "p.yml:3:8: control characters are not allowed");
}

static void what_the_user_says_can_make_a_cell_impossible_too(void **state)
{
    static const struct config_given GIVEN = {.option = {{"runtime", "native"}}, .count = 1};
    struct plan p;
    struct err e;
    (void)state;
    assert_int_equal(parse_file(SHIPPED, "quick.yml", &GIVEN, &p, &e), -EINVAL);
    assert_non_null(strstr(e.text, "cell 'scenario1-interpreters-overhead' cannot be: --runtime 'native'"));
}

/* A plan cut anywhere, or with any one byte changed, is a plan or is refused; sanitizers see the rest. */
static void a_broken_plan_does_no_harm(void **state)
{
    char path[PATH_MAX];
    struct text whole = {0};
    (void)state;
    text_format(path, sizeof(path), "%s/fixtures/plans/good.yml", fixture_tests_dir());
    assert_int_equal(file_read_all("", path, &whole), 0);
    for (size_t cut = 0; cut < whole.len; cut++) {
        for (int change = 0; change < 2; change++) {
            static const char ODD[] = "\0[{:*&\t\xff-";
            struct text bytes = {0};
            struct plan p;
            struct err e = {0};
            text_add_bytes(&bytes, whole.data, change ? whole.len : cut);
            if (change)
                bytes.data[cut] = ODD[cut % (sizeof(ODD) - 1)];
            if (plan_parse("p", &bytes, &NOTHING_GIVEN, NULL, &p, &e) == 0)
                plan_free(&p);
            else
                assert_true(e.code < 0 && *e.text);
        }
    }
    text_free(&whole);
}

static void a_precision_is_a_ratio(void **state)
{
    static const char *const NOT[] = {"", "x", "0", "0%", "1", "100%", "-2%", "2%%", "2 %", "nan", "inf", "2%x"};
    double r = 7;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++)
        assert_int_equal(plan_parse_precision(NOT[i], &r), -EINVAL);
    assert_true(r == 7);
    assert_int_equal(plan_parse_precision("2%", &r), 0);
    assert_true(r == 0.02);
    assert_int_equal(plan_parse_precision("0.5", &r), 0);
    assert_true(r == 0.5);
}

/* --- cells that are commands -------------------------------------------------------------------------------------- */

#define HEAD "schema: tare.plan/1\nname: p\n"

static int parse_text(const char *text, const struct config_given *given, struct plan *p, struct err *e)
{
    struct text bytes = {0};
    text_add(&bytes, "%s%s", HEAD, text);
    *e = (struct err){0};
    return plan_parse("p.yml", &bytes, given, NULL, p, e);
}

static void a_cell_may_be_a_command_whatever_the_defaults_say_of_scenarios(void **state)
{
    (void)state;
    struct plan p;
    struct err e;
    const struct config_given given = {.option = {{"workers", "2"}, {"memory-max", "64M"}}, .count = 2};
    if (parse_text("defaults: {scenario: scenario1, runtime: native, iterations: 9, work-iters: 5}\n"
                   "cells:\n"
                   "  - {command: [/bin/echo, -n, a b]}\n"
                   "  - {id: x, each: {command: [[a], [b, c]], memory-max: [1M, 2M]}}\n"
                   "  - {mode: threads}\n"
                   "exclude: [{command: [b, c], memory-max: 2M}]\n",
                   &given, &p, &e) != 0)
        fail_msg("%s", e.text);
    static const char *const IDS[] = {"echo_-n__a_b_", "x-a-memory-max=1M", "x-a-memory-max=2M", "x-b_c-memory-max=1M",
                                      "scenario1-threads-native"};
    assert_int_equal(p.cells, ARRAY_LEN(IDS));
    for (size_t i = 0; i < p.cells; i++) {
        const struct cell *c = &p.cell[i].cell;
        assert_string_equal(p.cell[i].id, IDS[i]);
        assert_int_equal(c->memory_max_bytes, 64 << 20);
        assert_int_equal(c->argv == NULL, c->scenario != NULL);
        assert_int_equal(c->pids_max, c->argv ? 4096 : 4 * 2 + 256);
    }
    assert_string_equal(p.cell[0].cell.argv[2], "a b");
    assert_null(p.cell[0].cell.argv[3]);
    assert_string_equal(knob_of(&p.cell[4].cell, "work-iters"), "5");
    plan_free(&p);
    assert_int_equal(
        parse_text("defaults: {command: [a]}\ncells: [{id: x}, {scenario: scenario1}]\n", &NOTHING_GIVEN, &p, &e), 0);
    assert_string_equal(p.cell[0].cell.argv[0], "a");
    assert_null(p.cell[1].cell.argv);
    plan_free(&p);
}

static void each_runtime_is_a_cell_of_its_own_but_of_commands_and_native_ones(void **state)
{
    static const char PLAN[] =
        "defaults: {scenario: scenario1, command: [/bin/true]}\n"
        "cells:\n  - {scenario: scenario1, mode: threads, runtime: '3.14'}\n"
        "  - {id: floor, scenario: scenario1, runtime: native}\n  - {id: it, command: [/bin/true]}\n";
    const struct config_given given = {.option = {{CONFIG_EACH_RUNTIME, "3.14t"},
                                                  {CONFIG_EACH_RUNTIME, "/a/python3"},
                                                  {CONFIG_EACH_RUNTIME, "/b/python3"}},
                                       .count = 3};
    struct plan p;
    struct err e = {0};
    (void)state;
    if (parse_text(PLAN, &given, &p, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(p.cells, 5);
    assert_string_equal(cell_of(&p, "scenario1-threads-3.14t")->runtime, "3.14t");
    assert_string_equal(cell_of(&p, "scenario1-threads-2-python3")->runtime, "/a/python3");
    assert_string_equal(cell_of(&p, "scenario1-threads-3-python3")->runtime, "/b/python3");
    assert_string_equal(cell_of(&p, "floor")->runtime, "native");
    assert_non_null(cell_of(&p, "it")->argv);
    plan_free(&p);
    assert_true(parse_text("cells:\n  - {scenario: scenario1, each: {runtime: ['3.14']}}\n", &given, &p, &e) < 0);
    assert_non_null(strstr(e.text, "--each-runtime '3.14t' names others"));
}

static void a_cell_is_found_by_its_id_and_not_by_one_in_other_letters(void **state)
{
    (void)state;
    struct plan p = parsed_text("schema: tare.plan/1\nname: p\ndefaults: {command: [a]}\n"
                                "cells: [{id: b}, {id: C}, {id: a}, {id: a-2}]\n");
    for (size_t i = 0; i < p.cells; i++)
        assert_int_equal(plan_find_cell(&p, p.cell[i].id), i);
    assert_int_equal(plan_find_cell(&p, "c"), p.cells);
    assert_int_equal(plan_find_cell(&p, "a-"), p.cells);
    assert_int_equal(plan_find_cell(&p, ""), p.cells);
    plan_free(&p);
}

static void cells_whose_ids_make_one_folder_are_numbered_in_the_plans_order(void **state)
{
#define LONG "12345678901234567890123456789012345678901234567890123456789012345678901234567890" /* PLAN_FOLDER_MAX */
    static const char *const FOLDERS[] = {"w-1", "other", "w-1.2", "W-1.3", "w-1.3-", LONG, LONG ".2"};
    (void)state;
    struct plan p = parsed_text("schema: tare.plan/1\nname: p\ndefaults: {command: [a]}\n"
                                "cells: [{id: w=1}, {id: other}, {id: w+1}, {id: W-1}, {id: w-1.3+}, {id: " LONG
                                "x}, {id: " LONG "y}]\n");
    for (size_t i = 0; i < p.cells; i++)
        assert_string_equal(p.cell[i].folder, FOLDERS[i]);
    plan_free(&p);
}

static void what_is_no_command_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } REFUSED[] = {
        {"cells: [{command: ./a -x}]\n",
         "p.yml:3:19: what is allowed here is a list, as [a, b] (a command is a list of its words"},
        {"cells: [{command: []}]\n", "p.yml:3:19: "},
        {"cells: [{command: [a, [b]]}]\n", "p.yml:3:23: "},
        {"cells: [{each: {command: [a, b]}}]\n", "p.yml:3:27: "},
        {"cells: [{command: [a], workers: 4}]\n", "p.yml:3:33: 'workers' is of scenarios, and this cell is a command"},
        {"cells: [{command: [a], each: {mode: [threads]}}]\n", "'mode' is of scenarios"},
        {"cells: [{command: [a], scenario: scenario1}]\n", "'scenario' is of scenarios"},
        {"cells: [{memory-max: 1M}]\n", "this cell has no scenario and no command"},
        {"cells: [{command: [a]}, {command: [a]}]\n", "two cells are 'a'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
        struct plan p;
        struct err e;
        if (parse_text(REFUSED[i].text, &NOTHING_GIVEN, &p, &e) == 0)
            fail_msg("accepted: %s", REFUSED[i].text);
        if (!strstr(e.text, REFUSED[i].why))
            fail_msg("'%s' is not in: %s", REFUSED[i].why, e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_is_the_originals_four_cells_with_its_defaults),
        cmocka_unit_test(the_short_seed_differs_in_its_counts_alone),
        cmocka_unit_test(the_article_has_every_start_method_and_both_builds_in_every_mode),
        cmocka_unit_test(the_scaling_crosses_workers_and_cpus_in_every_mode),
        cmocka_unit_test(the_contention_has_both_twins_of_each_pattern),
        cmocka_unit_test(the_quick_one_gives_intervals),
        cmocka_unit_test(a_plans_head_is_read),
        cmocka_unit_test(products_are_made_and_exclusions_taken_out),
        cmocka_unit_test(defaults_hold_for_every_cell_and_a_hold_time_for_those_that_hold),
        cmocka_unit_test(what_the_user_says_goes_before_the_plan),
        cmocka_unit_test(bad_plans_are_refused_in_one_line_with_the_place),
        cmocka_unit_test(what_is_no_text_is_placed_by_line_and_character),
        cmocka_unit_test(what_the_user_says_can_make_a_cell_impossible_too),
        cmocka_unit_test(a_broken_plan_does_no_harm),
        cmocka_unit_test(a_precision_is_a_ratio),
        cmocka_unit_test(a_cell_may_be_a_command_whatever_the_defaults_say_of_scenarios),
        cmocka_unit_test(each_runtime_is_a_cell_of_its_own_but_of_commands_and_native_ones),
        cmocka_unit_test(a_cell_is_found_by_its_id_and_not_by_one_in_other_letters),
        cmocka_unit_test(cells_whose_ids_make_one_folder_are_numbered_in_the_plans_order),
        cmocka_unit_test(what_is_no_command_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
