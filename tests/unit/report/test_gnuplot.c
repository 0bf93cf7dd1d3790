#include "report/gnuplot.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define KEY "/CreationDate (D:"

static bool has(const struct text *t, const char *word)
{
    return memmem(t->data, t->len, word, strlen(word));
}

static void assert_same(const struct text *a, const struct text *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

/* Drawn by gnuplot 5.4.4 of Debian 12 and 6.0.2 of Debian 13, with CAIRO_DEBUG_PDF=1 (the compressed one without):
 *     set terminal pdfcairo size 2cm,1cm; set output 'p.pdf'; unset key; unset tics; unset border; set samples 9; plot
 * x
 */
static void read_fixture(const char *name, struct text *ret)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/fixtures/pdf/%s", fixture_tests_dir(), name);
    assert_int_equal(file_read_all("", path, ret), 0);
}

static void pdfs_of_two_cairos_drawn_later_are_the_same(void **state)
{
    static const char *const DRAWN[][2] = {{"cairo-1.16.pdf", "cairo-1.16-later.pdf"},
                                           {"cairo-1.18.pdf", "cairo-1.18-later.pdf"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(DRAWN); i++) {
        cleanup_text struct text first = {0}, later = {0};
        read_fixture(DRAWN[i][0], &first);
        read_fixture(DRAWN[i][1], &later);
        assert_memory_not_equal(first.data, later.data, first.len);
        assert_true(gnuplot_undate(&first) && gnuplot_undate(&later));
        assert_same(&first, &later);
        assert_true(has(&first, KEY "19700101000000Z)"));
    }
}

static void a_date_that_is_not_there_in_plain_changes_nothing(void **state)
{
    (void)state;
    cleanup_text struct text pdf = {0}, before = {0}, none = {0}, cut = {0};
    read_fixture("cairo-1.18-compressed.pdf", &pdf);
    read_fixture("cairo-1.18-compressed.pdf", &before);
    assert_false(gnuplot_undate(&pdf));
    assert_same(&pdf, &before);
    assert_false(gnuplot_undate(&none));
    text_add(&cut, KEY "2026112916134");
    assert_false(gnuplot_undate(&cut));
    assert_string_equal(cut.data, KEY "2026112916134");
}

/* --- by the gnuplot that is here -------------------------------------------------------------------------------- */

static void draw_one(const char *folder, struct text ret[3])
{
    static const char *const NAMES[] = {"/one.svg", "/one.pdf", "/one.png"};
    struct drawings d = {0};
    struct err e = {0};
    bool dated = true;
    cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct drawing *one = drawing_add(&d, "one", "One");
    one->width_cm = 8;
    one->height_cm = 5;
    text_add(&one->data, "1 1\n2 4\n");
    text_add(&one->plot, "plot 'one.dat' using 1:2 with lines title 'One'\n");
    int failed = gnuplot_files(&d, fd, GNUPLOT_SVG | GNUPLOT_PDF | GNUPLOT_PNG, &dated, &e);
    drawings_free(&d);
    if (failed == -ENOENT && e.kind == ERR_HOST)
        fixture_skip("no gnuplot here (scripts/setup test installs it): %s", e.text);
    assert_int_equal(failed, 0);
    assert_false(dated);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        assert_int_equal(file_read_all(folder, NAMES[i], &ret[i]), 0);
}

static void drawn_in_another_second_all_files_are_the_same(void **state)
{
    char again[PATH_MAX];
    struct text first[3] = {{0}}, later[3] = {{0}};
    (void)state;
    draw_one(fixture_root, first);
    for (time_t then = time(NULL); time(NULL) == then;)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    assert_int_equal(fixture_open(NULL, again, sizeof(again)), 0);
    draw_one(again, later);
    fixture_close(again);
    for (size_t i = 0; i < 3; i++) {
        assert_same(&first[i], &later[i]);
        text_free(&first[i]);
        text_free(&later[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pdfs_of_two_cairos_drawn_later_are_the_same),
        cmocka_unit_test(a_date_that_is_not_there_in_plain_changes_nothing),
        fixture_rooted(drawn_in_another_second_all_files_are_the_same),
    };
    return cmocka_run_group_tests_name("draw", tests, NULL, NULL);
}
