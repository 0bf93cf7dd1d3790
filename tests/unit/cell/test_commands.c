#include "cell/commands.h"

#include "base/err.h"
#include "base/text.h"
#include "tests/unit/golden.h"

#define ARGV(...) ((char *const[]){__VA_ARGS__, NULL})
#define WORDS(...)                                                                                                     \
    {                                                                                                                  \
        .word = {__VA_ARGS__}, .count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)                   \
    }

/* A line a command: its name, then its words in brackets. */
static char *listed(const struct invocations *asked)
{
    struct commands all;
    struct err e = {0};
    struct text out = {0};
    if (commands_make(asked, &all, &e) != 0)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < all.count; i++) {
        text_add(&out, "%s:", all.list[i].name);
        for (char **word = all.list[i].argv; *word; word++)
            text_add(&out, " [%s]", *word);
        if (all.list[i].prepare)
            text_add(&out, " before %s", all.list[i].prepare);
        text_add(&out, "\n");
    }
    commands_free(&all);
    return out.data;
}

static void assert_listed(const struct invocations *asked, const char *want)
{
    char *got = listed(asked);
    assert_string_equal(got, want);
    free(got);
}

static void assert_refused(const struct invocations *asked, const char *why)
{
    struct commands all;
    struct err e = {0};
    assert_true(commands_make(asked, &all, &e) < 0);
    assert_int_equal(e.kind, ERR_USAGE);
    if (!strstr(e.text, why))
        fail_msg("'%s' is not in: %s", why, e.text);
    assert_null(all.list);
}

static void two_dashes_part_commands(void **state)
{
    (void)state;
    assert_listed(&(struct invocations){.argv = ARGV("a", "-x", "--", "b", "c d")},
                  "a -x: [a] [-x]\nb 'c d': [b] [c d]\n");
    assert_refused(&(struct invocations){.argv = ARGV("a", "--")}, "there is none on one side");
    assert_refused(&(struct invocations){.argv = ARGV("--", "a")}, "there is none on one side");
    assert_refused(&(struct invocations){.argv = ARGV("a", "--", "--", "b")}, "there is none on one side");
    assert_refused(&(struct invocations){0}, "no command given");
}

static void a_string_is_the_shells(void **state)
{
    (void)state;
    assert_listed(&(struct invocations){.shell = "/bin/sh", .command = WORDS("a -- b | c", "d\ne")},
                  "a -- b | c: [/bin/sh] [-c] [a -- b | c]\nd e: [/bin/sh] [-c] [d\ne]\n");
    assert_refused(&(struct invocations){.argv = ARGV("a"), .shell = "/bin/sh", .command = WORDS("b")}, "not by both");
    assert_listed(&(struct invocations){.command = WORDS("a")}, "a: [/bin/sh] [-c] [a]\n");
    assert_refused(&(struct invocations){.argv = ARGV("a"), .shell = "/bin/sh"},
                   "--shell '/bin/sh' goes with --command");
    assert_refused(&(struct invocations){.shell = "/nope/sh", .command = WORDS("a")},
                   "--shell '/nope/sh': No such file or directory");
}

static void a_command_is_run_for_each_value_of_what_is_in_it(void **state)
{
    (void)state;
    assert_listed(&(struct invocations){.argv = ARGV("a", "-{n}{m}", "--", "b"), .parameter = WORDS("n=1,2", "m=x,y")},
                  "a -1x: [a] [-1x]\na -1y: [a] [-1y]\na -2x: [a] [-2x]\na -2y: [a] [-2y]\nb: [b]\n");
    assert_listed(
        &(struct invocations){.argv = ARGV("a", "{o}", "{}"), .parameter = WORDS("n={o},", "o=1"), .prepare = "p {n}"},
        "a 1 '{}' n={o}: [a] [1] [{}] before p {o}\na 1 '{}' n=: [a] [1] [{}] before p \n");
    assert_refused(&(struct invocations){.argv = ARGV("a", "{m}"), .parameter = WORDS("n=1")}, "no command has {n}");
}

static void a_range_has_both_ends_and_a_step(void **state)
{
    (void)state;
    assert_listed(
        &(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS("n=1..3,x,8..4..2,0..0.3..0.1,-1..0")},
        "1: [1]\n2: [2]\n3: [3]\nx: [x]\n8: [8]\n6: [6]\n4: [4]\n0.0: [0.0]\n0.1: [0.1]\n0.2: [0.2]\n0.3: [0.3]\n"
        "-1: [-1]\n0: [0]\n");
    assert_listed(&(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS("n=../a")}, "../a: [../a]\n");
    static const char *const BAD[] = {"n=1..", "n=1..x", "n=1..5..0", "n=1..5..-1", "n=1..2..3..4"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++)
        assert_refused(&(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS(BAD[i])}, "is no range");
    assert_refused(&(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS("n=1..1001")}, "1001 values");
    assert_refused(&(struct invocations){.argv = ARGV("{n}{m}"), .parameter = WORDS("n=1..100", "m=1..11")},
                   "more than 1000 commands");
}

static void what_is_no_parameter_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"n", "=1", "n=", "a b=1", ""};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(*BAD); i++)
        assert_refused(&(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS(BAD[i])}, "NAME=VALUE,...");
    assert_refused(&(struct invocations){.argv = ARGV("{n}"), .parameter = WORDS("n=1", "n=2")}, "its values already");
}

static void names_tell_commands_apart(void **state)
{
    (void)state;
    assert_listed(&(struct invocations){.argv = ARGV("a", "--", "a", "--", "b", "{n}"),
                                        .name = WORDS("x"),
                                        .parameter = WORDS("n=1,2")},
                  "x: [a]\na: [a]\nb 1: [b] [1]\nb 2: [b] [2]\n");
    assert_listed(&(struct invocations){.argv = ARGV("a", "--", "a")}, "a: [a]\na (2): [a]\n");
    assert_listed(&(struct invocations){.argv = ARGV("a", "{n}", "--", "b", "{n}"),
                                        .name = WORDS("x", "y{n}"),
                                        .parameter = WORDS("n=1,2")},
                  "x n=1: [a] [1]\nx n=2: [a] [2]\ny1: [b] [1]\ny2: [b] [2]\n");
    assert_refused(&(struct invocations){.argv = ARGV("a"), .name = WORDS("x", "y")}, "more names than commands (1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_dashes_part_commands),
        cmocka_unit_test(a_string_is_the_shells),
        cmocka_unit_test(a_command_is_run_for_each_value_of_what_is_in_it),
        cmocka_unit_test(a_range_has_both_ends_and_a_step),
        cmocka_unit_test(what_is_no_parameter_is_refused),
        cmocka_unit_test(names_tell_commands_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
