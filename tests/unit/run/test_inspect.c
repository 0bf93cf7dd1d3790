#include "run/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/specimen.h"

#define WARNING                                                                                                        \
    "<frozen importlib._bootstrap>:491: RuntimeWarning: The global interpreter lock (GIL) has been enabled to load "   \
    "module '%s', which has not declared that it can run safely without the GIL.\n"

static struct specimen s;

/* The one check that a page and messages give. */
static const struct check *checked(uint64_t start, uint64_t last, uint64_t turned, const char *messages)
{
    static struct ledger page;
    specimen_start(&s);
    specimen_runtime(&s, true);
    s.record.cell.iterations = 30;
    page = (struct ledger){.gil = start, .gil_last = last, .gil_turned = turned};
    s.record.isolation.count = 0;
    inspect_gil(&page, messages, &s.record);
    assert_int_equal(s.record.isolation.count, 1);
    return &s.record.isolation.check[0];
}

static void off_from_start_to_end_is_ok(void **state)
{
    (void)state;
    const struct check *c = checked(LEDGER_GIL_OFF, LEDGER_GIL_OFF, 0, "");
    assert_true(c->ok);
    assert_string_equal(c->achieved, "off");
    assert_int_equal(s.record.gil_at_end, 0);
    specimen_free(&s);
}

static void a_module_that_turns_it_on_is_named(void **state)
{
    (void)state;
    char messages[512];
    text_format(messages, sizeof(messages), "hello\n" WARNING "bye\n", "pkg.fast");
    const struct check *c = checked(LEDGER_GIL_OFF, LEDGER_GIL_ON, 3, messages);
    assert_false(c->ok);
    assert_string_equal(c->achieved, "on after iteration 3");
    assert_non_null(strstr(c->reason, "module 'pkg.fast' turned it on"));
    assert_string_equal(s.record.gil_module, "pkg.fast");
    assert_int_equal(strncmp(s.record.gil_warning, "RuntimeWarning: The global", 26), 0);
    assert_non_null(strstr(c->reason, "RuntimeWarning: The global"));
    specimen_free(&s);
}

static void a_process_that_warns_is_no_ok(void **state)
{
    (void)state;
    char messages[512];
    text_format(messages, sizeof(messages), WARNING, "pkg.fast");
    const struct check *c = checked(LEDGER_GIL_OFF, LEDGER_GIL_OFF, 0, messages);
    assert_false(c->ok);
    assert_string_equal(c->achieved, "off in the main process, on elsewhere or at its exit");
    specimen_free(&s);
}

static void a_worker_of_which_no_warning_tells_is_no_ok(void **state)
{
    (void)state;
    const struct check *c = checked(LEDGER_GIL_OFF, LEDGER_GIL_DIFFERS, 0, "");
    assert_false(c->ok);
    assert_string_equal(c->achieved, "off in the main process, on in a worker");
    assert_non_null(strstr(c->reason, "no warning of the interpreter names the module"));
    assert_int_equal(s.record.gil_at_end, 0);
    specimen_free(&s);
}

static void a_page_that_says_nothing_is_no_ok(void **state)
{
    (void)state;
    const struct check *c = checked(LEDGER_GIL_UNKNOWN, LEDGER_GIL_UNKNOWN, 0, "");
    assert_false(c->ok);
    assert_int_equal(s.record.gil_at_end, -1);
    specimen_free(&s);
    assert_false(checked(LEDGER_GIL_OFF, 77, 0, "")->ok);
    specimen_free(&s);
    assert_string_equal(checked(LEDGER_GIL_OFF, LEDGER_GIL_ON, UINT64_MAX, "")->achieved, "on at the end");
    assert_int_equal(s.record.gil_turned, 0);
    specimen_free(&s);
}

static void on_from_the_start_is_no_ok(void **state)
{
    (void)state;
    const struct check *c = checked(LEDGER_GIL_ON, LEDGER_GIL_ON, 0, "");
    assert_false(c->ok);
    assert_string_equal(c->achieved, "on from the start");
    specimen_free(&s);
}

/* Words of the workload: longer than there is room for, without an end, with an escape for the terminal. */
static void odd_names_are_kept_harmless(void **state)
{
    (void)state;
    static const char SAYS[] = "(GIL) has been enabled to load module '";
    char messages[1024];
    text_format(messages, sizeof(messages), "%s%0300d'", SAYS, 1);
    assert_false(checked(LEDGER_GIL_OFF, LEDGER_GIL_ON, 1, messages)->ok);
    assert_int_equal(strlen(s.record.gil_module), sizeof(s.record.gil_module) - 1);
    specimen_free(&s);
    text_format(messages, sizeof(messages), "%s\x1b[31mred", SAYS);
    (void)checked(LEDGER_GIL_OFF, LEDGER_GIL_ON, 1, messages);
    assert_string_equal(s.record.gil_module, "?[31mred");
    specimen_free(&s);
}

/* The one check of a build and what was asked of its GIL. */
static const struct check *asked(bool free_threaded, enum gil gil, uint64_t start, uint64_t last)
{
    static struct ledger page;
    specimen_start(&s);
    specimen_runtime(&s, free_threaded);
    s.record.cell.gil = gil;
    page = (struct ledger){.gil = start, .gil_last = last};
    s.record.isolation.count = 0;
    inspect_gil(&page, "", &s.record);
    assert_int_equal(s.record.isolation.count, 1);
    return &s.record.isolation.check[0];
}

static void where_it_was_asked_to_be_on_it_is_to_be_on(void **state)
{
    (void)state;
    const struct check *c = asked(true, GIL_ON, LEDGER_GIL_ON, LEDGER_GIL_ON);
    assert_true(c->ok);
    assert_string_equal(c->name, "GIL stayed on");
    specimen_free(&s);
    c = asked(true, GIL_ON, LEDGER_GIL_OFF, LEDGER_GIL_OFF);
    assert_false(c->ok);
    assert_string_equal(c->achieved, "off");
    assert_non_null(strstr(c->reason, "does not heed PYTHON_GIL"));
    specimen_free(&s);
    assert_false(asked(true, GIL_ON, LEDGER_GIL_ON, LEDGER_GIL_UNKNOWN)->ok);
    specimen_free(&s);
    c = asked(true, GIL_ON, LEDGER_GIL_ON, LEDGER_GIL_DIFFERS);
    assert_false(c->ok);
    assert_string_equal(c->achieved, "on in the main process, off in a worker");
    specimen_free(&s);
    assert_true(asked(false, GIL_ON, LEDGER_GIL_ON, LEDGER_GIL_ON)->ok);
    specimen_free(&s);
}

static void where_it_was_asked_to_be_off_it_is_to_be_off(void **state)
{
    (void)state;
    const struct check *c = asked(true, GIL_OFF, LEDGER_GIL_OFF, LEDGER_GIL_OFF);
    assert_true(c->ok);
    assert_string_equal(c->name, "GIL stayed off");
    specimen_free(&s);
    assert_false(asked(true, GIL_OFF, LEDGER_GIL_ON, LEDGER_GIL_ON)->ok);
    specimen_free(&s);
}

static void a_gil_build_is_not_asked(void **state)
{
    (void)state;
    struct ledger page = {.gil = LEDGER_GIL_ON, .gil_last = LEDGER_GIL_ON};
    specimen_start(&s);
    specimen_runtime(&s, false);
    s.record.isolation.count = 0;
    inspect_gil(&page, "", &s.record);
    assert_int_equal(s.record.isolation.count, 0);
    assert_int_equal(s.record.gil_at_end, 1);
    specimen_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_from_start_to_end_is_ok),
        cmocka_unit_test(a_module_that_turns_it_on_is_named),
        cmocka_unit_test(a_process_that_warns_is_no_ok),
        cmocka_unit_test(a_worker_of_which_no_warning_tells_is_no_ok),
        cmocka_unit_test(a_page_that_says_nothing_is_no_ok),
        cmocka_unit_test(on_from_the_start_is_no_ok),
        cmocka_unit_test(odd_names_are_kept_harmless),
        cmocka_unit_test(where_it_was_asked_to_be_on_it_is_to_be_on),
        cmocka_unit_test(where_it_was_asked_to_be_off_it_is_to_be_off),
        cmocka_unit_test(a_gil_build_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
