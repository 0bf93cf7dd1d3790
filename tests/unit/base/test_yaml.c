/* The tree that plans, claims and scenarios are read from. */
#include "base/yaml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

static const struct yaml_shape WORD = {.kind = YAML_TEXT, .max = 8};
static const struct yaml_shape WORDS = {.kind = YAML_LIST, .min = 1, .max = 2, .entry = &WORD, .remedy = "[a]"};
static const struct yaml_shape BELOW = YAML_KEYS(YAML_MAY("workers", WORD));
static const struct yaml_shape TOP = YAML_KEYS(YAML_NEEDS("name", WORD), YAML_MAY("modes", WORDS),
                                               YAML_MAY("below", BELOW), YAML_MAY("iterations", WORD));

static struct yaml *read_text(const char *text)
{
    struct yaml *y = NULL;
    struct err e = {0};
    if (yaml_read("f.yml", text, strlen(text), &y, &e) != 0)
        fail_msg("%s", e.text);
    return y;
}

/* What is said of a text that cannot be read, or has another shape. */
static const char *refused(const char *text, size_t len)
{
    static struct err e;
    cleanup_yaml struct yaml *y = NULL;
    e = (struct err){0};
    if (yaml_read("f.yml", text, len, &y, &e) == 0 && yaml_check(yaml_root(y), &TOP, &e) == 0)
        fail_msg("it was taken: %s", text);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_true(e.code < 0);
    return e.text;
}

static void each_value_knows_its_place(void **state)
{
    (void)state;
    cleanup_yaml struct yaml *y = read_text("name: a\nlist:\n  - x\n  - {k: 'v w', n: [1, 2]}\nlast: \"\"\n");
    const struct yaml_node *root = yaml_root(y), *list = yaml_get(root, "list"), *in = &list->child[1];
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 2);
    assert_string_equal(list->child[0].text, "x");
    assert_null(list->child[0].key);
    assert_int_equal(in->kind, YAML_MAPPING);
    assert_string_equal(yaml_text(in, "k"), "v w");
    assert_int_equal(yaml_get(in, "n")->line, 4);
    assert_int_equal(yaml_get(in, "n")->column, 19);
    assert_int_equal(yaml_get(in, "n")->key_column, 16);
    assert_string_equal(yaml_text(root, "last"), "");
    assert_non_null(yaml_get(root, "last"));
    assert_null(yaml_get(root, "las"));
    assert_null(yaml_get(&list->child[0], "x"));
    assert_null(yaml_get(NULL, "x"));
    assert_string_equal(yaml_text(root, "list"), "");
}

static void an_alias_is_what_it_stands_for(void **state)
{
    (void)state;
    cleanup_yaml struct yaml *y = read_text("a: &a {k: [1, 2]}\nb: *a\nc: [*a]\n");
    assert_string_equal(yaml_get(yaml_get(yaml_root(y), "b"), "k")->child[1].text, "2");
    assert_string_equal(yaml_get(&yaml_get(yaml_root(y), "c")->child[0], "k")->child[0].text, "1");
}

static void what_is_no_file_of_ours_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *said;
    } REFUSED[] = {
        {"", "f.yml: it is empty"},
        {"# nothing\n", "f.yml: it is empty"},
        {"- a\n", "f.yml:1:1: what is allowed here are keys with values, as 'name: quick'"},
        {"name: a\n---\nname: b\n", "f.yml:2:1: a second document: what is allowed is one"},
        {"name: a\n[b]: c\n", "f.yml:2:1: a key must be a word"},
        {"name: a\nmodes: [x]\nname: b\n", "f.yml:3:1: 'name' is given twice (first at 1:1)"},
        {"name: a\nbelow:\n  workers: 1\n  workers: 1\n", "f.yml:4:3: 'workers' is given twice (first at 3:3)"},
        {"name: *b\n", "f.yml:1:7: found undefined alias"},
        {"name: \"a\\0b\"\n", "f.yml:1:7: a NUL is not allowed here"},
        {"\"a\\0b\": c\n", "f.yml:1:1: a key must be a word"},
        {"name: a\nmodes: [x\n", "f.yml:3:1: did not find expected ',' or ']'"},
        {"name: \xff\n", "f.yml:1:7: invalid leading UTF-8 octet"},
        {"name: a\nitrations: 5\n",
         "f.yml:2:1: 'itrations' is not a key here; did you mean 'iterations'? What is allowed "
         "is name, modes, below, iterations"},
        {"name: a\nbelow: {wrokers: 5}\n",
         "f.yml:2:9: 'wrokers' is not a key here; did you mean 'workers'? What is allowed is workers"},
        {"nmae: a\n",
         "f.yml:1:1: 'nmae' is not a key here; did you mean 'name'? What is allowed is name, modes, below, "
         "iterations"},
        {"name: a\nseed: 1\n",
         "f.yml:2:1: 'seed' is not a key here; what is allowed is name, modes, below, iterations"},
        {"name: a\nx: 1\n", "f.yml:2:1: 'x' is not a key here; what is allowed is name, modes, below, iterations"},
        {"modes: [x]\n", "f.yml:1:1: 'name' is missing here"},
        {"name: [a]\n", "f.yml:1:7: what is allowed here is one value, no list and no keys"},
        {"name:\n", "f.yml:1:6: a value is missing here (or leave the key out)"},
        {"name: 123456789\n", "f.yml:1:7: at most 8 bytes are allowed here"},
        {"name: a\nmodes: x\n", "f.yml:2:8: what is allowed here is a list, as [a, b] ([a])"},
        {"name: a\nmodes: []\n", "f.yml:2:8: an entry is missing here (or leave the key out)"},
        {"name: a\nmodes: [x, y, z]\n", "f.yml:2:15: at most 2 entries are allowed here"},
        {"name: a\nmodes: [x, {}]\n", "f.yml:2:12: what is allowed here is one value, no list and no keys"},
        {"name: a\nbelow: x\n", "f.yml:2:8: what is allowed here are keys with values"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++)
        assert_string_equal(refused(REFUSED[i].text, strlen(REFUSED[i].text)), REFUSED[i].said);
}

/* A few lines that stand for 9^8 values, and one that stands for itself. */
static void aliases_stand_for_no_more_than_may_be_written(void **state)
{
    cleanup_text struct text bomb = {0};
    (void)state;
    text_add(&bomb, "a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (char c = 'b'; c <= 'h'; c++)
        text_add(&bomb, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c - 1, c - 1, c - 1, c - 1,
                 c - 1, c - 1, c - 1, c - 1, c - 1);
    assert_string_equal(refused(bomb.data, bomb.len), "f.yml: at most 200000 values are allowed, aliases expanded");
    assert_string_equal(refused("a: &a [*a, *a]\n", 15), "f.yml:1:4: this is nested too deeply");
}

static void bytes_depth_and_keys_are_bounded(void **state)
{
    cleanup_text struct text large = {0}, deep = {0}, wide = {0};
    (void)state;
    for (size_t i = 0; i <= YAML_BYTES_MAX; i++)
        text_add_bytes(&large, "#", 1);
    assert_string_equal(refused(large.data, large.len), "f.yml: it has 2097153 bytes; what is allowed is 2097152");
    text_add(&deep, "name: ");
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        text_add(&deep, "[");
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        text_add(&deep, "]");
    assert_string_equal(refused(deep.data, deep.len), "f.yml:1:22: this is nested too deeply");
    for (int i = 0; i <= YAML_KEYS_MAX; i++)
        text_add(&wide, "k%d: 1\n", i);
    assert_string_equal(refused(wide.data, wide.len), "f.yml:1:1: at most 512 keys are allowed here");
}

static void one_value_is_read_strictly(void **state)
{
    static const char *const NAMES[] = {"blocks", "listed", "none", NULL};
    struct err e = {0};
    int64_t integer = 7;
    double number = 7;
    unsigned choice = 7;
    (void)state;
    cleanup_yaml struct yaml *y = read_text("n: 9\nhex: 0x9\ninf: inf\nx: 1.5\nword: listed\nlist: [blocks, nne]\n");
    const struct yaml_node *r = yaml_root(y), *list = yaml_get(r, "list");
    assert_int_equal(yaml_integer(yaml_get(r, "none"), 1, 9, &integer, &e), 0);
    assert_int_equal(yaml_number(yaml_get(r, "none"), &number, &e), 0);
    assert_int_equal(yaml_choice(yaml_get(r, "none"), NAMES, &choice, &e), 0);
    assert_true(integer == 7 && number == 7 && choice == 7);
    assert_int_equal(yaml_integer(yaml_get(r, "n"), 1, 8, &integer, &e), -EINVAL);
    assert_string_equal(e.text, "f.yml:1:4: n '9': what is allowed is a whole number from 1 to 8");
    assert_int_equal(yaml_integer(yaml_get(r, "hex"), 1, 9, &integer, &e), -EINVAL);
    assert_int_equal(yaml_integer(list, 1, 9, &integer, &e), -EINVAL);
    assert_int_equal(integer, 7);
    assert_int_equal(yaml_integer(yaml_get(r, "n"), 9, 9, &integer, &e), 0);
    assert_int_equal(integer, 9);
    assert_int_equal(yaml_number(yaml_get(r, "inf"), &number, &e), -EINVAL);
    assert_string_equal(e.text, "f.yml:3:6: inf 'inf': what is allowed is a number, as 1.5");
    assert_int_equal(yaml_number(list, &number, &e), -EINVAL);
    assert_int_equal(yaml_number(yaml_get(r, "x"), &number, &e), 0);
    assert_true(number == 1.5);
    assert_int_equal(yaml_choice(yaml_get(r, "word"), NAMES, &choice, &e), 0);
    assert_int_equal(choice, 1);
    assert_int_equal(yaml_choice(&list->child[1], NAMES, &choice, &e), -EINVAL);
    assert_string_equal(e.text, "f.yml:6:16: 'nne': what is allowed is blocks, listed or none");
}

static void another_schema_is_told_before_its_keys(void **state)
{
    struct err e = {0};
    (void)state;
    cleanup_yaml struct yaml *newer = read_text("schema: tare.x/2\nwhat: else\n"), *none = read_text("name: a\n");
    assert_int_equal(yaml_check_schema(yaml_root(newer), "tare.x/2", &e), 0);
    assert_int_equal(yaml_check_schema(yaml_root(newer), "tare.x/1", &e), -EINVAL);
    assert_string_equal(e.text, "f.yml:1:9: schema 'tare.x/2': this tare reads tare.x/1");
    assert_int_equal(yaml_check_schema(yaml_root(none), "tare.x/1", &e), -EINVAL);
    assert_string_equal(e.text, "f.yml:1:1: 'schema' is missing here: this tare reads tare.x/1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_knows_its_place),
        cmocka_unit_test(an_alias_is_what_it_stands_for),
        cmocka_unit_test(what_is_no_file_of_ours_is_refused_with_its_place),
        cmocka_unit_test(aliases_stand_for_no_more_than_may_be_written),
        cmocka_unit_test(bytes_depth_and_keys_are_bounded),
        cmocka_unit_test(one_value_is_read_strictly),
        cmocka_unit_test(another_schema_is_told_before_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
