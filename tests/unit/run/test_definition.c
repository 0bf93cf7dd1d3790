/* Where a Python function begins. */
#include "run/definition.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/unit/fixture.h"

static const char SOURCE[] = "\"\"\"A module.\"\"\"\n"        /* 1 */
                             "import threading\n"             /* 2 */
                             "\n"                             /* 3 */
                             "class Counter:\n"               /* 4 */
                             "    n = 0\n"                    /* 5 */
                             "    def add(self):\n"           /* 6 */
                             "        self.n += 1\n"          /* 7 */
                             "# def w(): none\n"              /* 8 */
                             "async  def later( ):\n"         /* 9 */
                             "    pass\n"                     /* 10 */
                             "def outer():\n"                 /* 11 */
                             "\tif True:\n"                   /* 12 */
                             "\t\tdef inner[T](x: T): pass\n" /* 13 */
                             "\treturn inner\n"               /* 14 */
                             "if threading:\n"                /* 15 */
                             "    def add(): pass\n"          /* 16 */
                             "def twice(): pass\n"            /* 17 */
                             "def twice(): pass\n"            /* 18 */
                             "def w(): pass";                 /* 19 */

static void a_function_is_found_by_its_qualified_name(void **state)
{
    static const struct {
        const char *name;
        int line;
    } WANTED[] = {{"Counter.add", 6},
                  {"add", 16},
                  {"later", 9},
                  {"outer", 11},
                  {"outer.<locals>.inner", 13},
                  {"w", 19},
                  {"twice", 0},   /* which of them ran is not known */
                  {"Counter", 0}, /* a class */
                  {"inner", 0},
                  {"nowhere", 0},
                  {"outer.<locals>.<lambda>", 0},
                  {"<module>", 0},
                  {"", 0},
                  {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(WANTED) / sizeof(*WANTED); i++)
        if (definition_in(SOURCE, WANTED[i].name) != WANTED[i].line)
            fail_msg("%s: line %d", WANTED[i].name, (int)definition_in(SOURCE, WANTED[i].name));
}

static void very_deep_sources_do_no_harm(void **state)
{
    struct text deep = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        text_add(&deep, "%*sdef f():\n", i, "");
    assert_int_equal(definition_in(deep.data, "f"), 1);
    text_free(&deep);
}

static void a_file_is_read_only_where_it_is_one(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 16];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/w.py", SOURCE);
    (void)snprintf(path, sizeof(path), "%s/w.py", root);
    assert_int_equal(definition_line(path, "w"), 19);
    (void)snprintf(path, sizeof(path), "%s/fifo", root);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(definition_line(path, "w"), 0); /* and nobody waits for it */
    assert_int_equal(definition_line(root, "w"), 0);
    assert_int_equal(definition_line("w.py", "w"), 0);
    assert_int_equal(definition_line("<string>", "w"), 0);
    assert_int_equal(definition_line("/proc/self/status", "w"), 0);
    fixture_close(root);
}

static void a_device_that_a_program_names_is_not_opened(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 16];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    (void)snprintf(path, sizeof(path), "%s/watchdog", root);
    const int device = fixture_device(path);
    assert_int_equal(definition_line(path, "w"), 0);
    assert_false(fixture_device_was_opened(device));
    (void)close(device);
    fixture_close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_is_found_by_its_qualified_name),
        cmocka_unit_test(very_deep_sources_do_no_harm),
        cmocka_unit_test(a_file_is_read_only_where_it_is_one),
        cmocka_unit_test(a_device_that_a_program_names_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
