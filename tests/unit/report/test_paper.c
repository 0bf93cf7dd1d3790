#include "report/paper.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "report/drawing.h"
#include "report/gnuplot.h"
#include "report/page.h"
#include "report/summary_drawings.h"
#include "report/tex.h"
#include "tests/unit/golden.h"
#include "tests/unit/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[PATH_MAX], paper[PATH_MAX];

static int open_root(void **state)
{
    (void)state;
    return fixture_open(NULL, root, sizeof(root)) || fixture_open(NULL, paper, sizeof(paper));
}

static int close_root(void **state)
{
    (void)state;
    fixture_close(root);
    fixture_close(paper);
    return 0;
}

static int write_paper(const struct paper_options *o, struct err *e)
{
    cleanup_close int fd = open(paper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *path = root;
    struct summary s;
    *e = (struct err){0};
    int failed = summary_read(&path, 1, true, &s, e);
    if (failed != 0)
        return failed;
    failed = paper_write(&s, o, fd, e);
    summary_free(&s);
    return failed;
}

static void write_shelf(bool as_bundle, bool draw)
{
    static const struct paper_claim CLAIMS[] = {
        {"C1", "forkserver costs more than 1.5 times threads", "at least 1.5", "2.5 (2.4 to 2.6)", "SUPPORTED"}};
    struct paper_options o = {.claim = CLAIMS, .claims = 1, .title = "A shelf & more", .draw = draw};
    struct err e;
    shelf_write(root, SHELF, SHELF_CELLS, as_bundle);
    int failed = write_paper(&o, &e);
    if (failed == -ENOENT && e.kind == ERR_HOST) {
        (void)close_root(NULL);
        fixture_skip("no gnuplot here, which draws what a paper takes in (scripts/setup test installs it): %s", e.text);
    }
    if (failed != 0)
        fail_msg("%s", e.text);
}

static void add_file(struct text *out, const char *name)
{
    char path[PATH_MAX + 64];
    text_format(path, sizeof(path), "%s/%s", paper, name);
    text_add(out, "==> %s\n", name);
    assert_int_equal(file_read_all("", path, out), 0);
}

/* Every file below, by name, with its bytes. */
static void add_folder(struct text *out, const char *below)
{
    char path[PATH_MAX + 64];
    struct dirent **entry = NULL;
    text_format(path, sizeof(path), "%s/%s", paper, below);
    int n = scandir(path, &entry, NULL, alphasort);
    assert_true(n > 2);
    for (int i = 0; i < n; i++) {
        struct stat st;
        text_format(path, sizeof(path), "%s/%.100s/%.200s", paper, below, entry[i]->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            char name[320];
            assert_int_equal(st.st_mode & 07777, 0644);
            text_format(name, sizeof(name), "%.50s/%.200s", below, entry[i]->d_name);
            add_file(out, name);
        }
        free(entry[i]);
    }
    free(entry);
}

static void numbers_tex_is_as_it_was_read(void **state)
{
    struct text out = {0};
    (void)state;
    write_shelf(false, false);
    add_file(&out, "numbers.tex");
    golden_check("paper-numbers", out.data);
    text_free(&out);
}

static void tables_and_appendix_are_as_they_were_read(void **state)
{
    static const char *const FILES[] = {
        "appendix.tex",      "tables/time.tex",         "tables/time.csv",   "tables/memory.tex",
        "tables/memory.csv", "tables/isolation.tex",    "tables/failed.tex", "figures/answer.dat",
        "figures/answer.gp", "figures/scaling-time.dat"};
    struct text out = {0};
    (void)state;
    write_shelf(false, false);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        add_file(&out, FILES[i]);
    golden_check("paper-tables", out.data);
    text_free(&out);
}

/* A lone % would hide the rest of its line, a row's end among it: the speed-ups' head has one as its unit. */
static void no_line_of_a_table_ends_in_a_comment(void **state)
{
    char pattern[PATH_MAX + 16];
    glob_t found;
    size_t signs = 0;
    (void)state;
    write_shelf(false, false);
    text_format(pattern, sizeof(pattern), "%s/tables/*.tex", paper);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct text file = {0};
        assert_int_equal(file_read_all("", found.gl_pathv[i], &file), 0);
        for (const char *at = file.data; (at = strchr(at, '%')); at++) {
            if (at == file.data || at[-1] == '\n') /* a line of its own */
                continue;
            if (at[-1] != '\\')
                fail_msg("%s: %.40s", found.gl_pathv[i], at - 1);
            signs++;
        }
        text_free(&file);
    }
    assert_true(signs > 3);
    globfree(&found);
}

/* A plan's folder and a bundle, two zones, two masks. */
static void the_same_records_give_the_same_bytes_anywhere(void **state)
{
    struct text first = {0}, second = {0};
    mode_t mask = umask(022);
    write_shelf(false, true);
    add_file(&first, "numbers.tex");
    add_folder(&first, "tables");
    add_folder(&first, "figures");
    (void)close_root(state);
    (void)open_root(state);
    (void)umask(077);
    (void)setenv("TZ", "Asia/Tokyo", 1);
    (void)setenv("SOURCE_DATE_EPOCH", "1234567890", 1);
    write_shelf(true, true);
    (void)unsetenv("TZ");
    (void)unsetenv("SOURCE_DATE_EPOCH");
    (void)umask(mask);
    add_file(&second, "numbers.tex");
    add_folder(&second, "tables");
    add_folder(&second, "figures");
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    assert_non_null(memmem(first.data, first.len, "%PDF", 4));
    text_free(&first);
    text_free(&second);
}

static void a_folder_with_something_in_it_is_refused(void **state)
{
    struct paper_options o = {.draw = false};
    struct err e;
    (void)state;
    shelf_write(root, SHELF, SHELF_CELLS, false);
    fixture_write(paper, "/notes", "mine");
    assert_int_equal(write_paper(&o, &e), -EEXIST);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_non_null(strstr(e.text, "notes"));
}

static void a_broken_record_is_refused_by_name(void **state)
{
    struct paper_options o = {.draw = false};
    struct err e;
    (void)state;
    shelf_write(root, SHELF, SHELF_CELLS, false);
    fixture_write(root, "/zz.json", "{\"schema\": \"tare.record/1\", \"id\": \"x\"");
    assert_int_equal(write_paper(&o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "zz.json"));
}

static void what_latex_would_take_as_its_own_is_set_as_it_is(void **state)
{
    struct text out = {0};
    (void)state;
    tex_text(&out, "\\input{x} 50% a_b $5 #1 {~^} \"é\" …\n\x01");
    assert_string_equal(out.data, "\\textbackslash{}input\\{x\\} 50\\% a\\_b \\$5 \\#1 \\{\\textasciitilde{}"
                                  "\\textasciicircum{}\\} \\textquotedbl{}[U+00E9]\\textquotedbl{} \\ldots{}  ");
    out.len = 0;
    tex_macro(&out, "threads-3.14t");
    assert_string_equal(out.data, "ThreadsThreeOneFourT");
    text_free(&out);
}

static void what_html_would_take_as_its_own_is_text(void **state)
{
    struct text out = {0};
    (void)state;
    html_text(&out, "<script>alert('x')</script> & \"y\"");
    assert_string_equal(out.data, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;");
    text_free(&out);
}

static void what_gnuplot_would_run_is_a_text_to_it(void **state)
{
    struct text out = {0};
    (void)state;
    drawing_quote(&out, "it's `id`\n@x");
    assert_string_equal(out.data, "'it\u2019s `id` @x'");
    text_free(&out);
}

/* The oracle is gnuplot: each is one text to it, and none is a command. */
static void gnuplot_reads_each_quoted_text_as_one(void **state)
{
    static const char *const EVIL[] = {"'",
                                       "''",
                                       "'''a",
                                       "a''''b",
                                       "a'",
                                       "'; system 'echo run' #",
                                       "''; print 'run'; #",
                                       "a\\''; print \"run\" #",
                                       "`echo run`",
                                       "sh -c 'echo \"it'\\''s\" $0' 'a b' ''"};
    (void)state;
    if (system("command -v gnuplot >/dev/null 2>&1") != 0)
        fixture_skip("no gnuplot here to read the texts (scripts/setup test installs it)");
    for (size_t i = 0; i < ARRAY_LEN(EVIL); i++) {
        struct text script = {0}, wanted = {0};
        char said[256] = "";
        text_add(&script, "set print '-'\nprint ");
        drawing_quote(&script, EVIL[i]);
        text_add(&script, "\n");
        fixture_write(root, "/evil.gp", script.data);
        for (const char *c = EVIL[i]; *c; c++)
            if (*c == '\'')
                text_add(&wanted, "\u2019");
            else
                text_add_bytes(&wanted, c, 1);
        text_add(&wanted, "\n");
        cleanup_free char *line = text_printf("cd '%s' && gnuplot evil.gp 2>&1", root);
        FILE *p = popen(line, "r");
        assert_non_null(p);
        size_t n = fread(said, 1, sizeof(said) - 1, p);
        said[n] = '\0';
        assert_int_equal(pclose(p), 0);
        assert_string_equal(said, wanted.data);
        text_free(&script);
        text_free(&wanted);
    }
}

/* A mode that would be a line of its own in a script, a document, a page. */
static void what_a_record_holds_is_never_a_command(void **state)
{
    static const struct shelf_cell EVIL[] = {
        {"threads", "", "3.14t", true, false, 8, 2, 0, 5, 0, NULL, NULL},
        {"x\\nsystem 'touch /tmp/x' #\\u0027`id`<b>", "", "3.14t", true, false, 8, 2, 0, 5, 0, NULL, NULL},
    };
    struct paper_options o = {.draw = false};
    struct text out = {0};
    struct err e;
    (void)state;
    shelf_write(root, EVIL, 2, false);
    assert_int_equal(write_paper(&o, &e), 0);
    add_folder(&out, "figures");
    assert_non_null(strstr(out.data, "system"));
    assert_null(strstr(out.data, "\nsystem"));
    assert_null(strstr(out.data, "#'`id`"));
    text_free(&out);
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

static void make_page(struct text *out)
{
    struct summary s;
    struct err e = {0};
    const char *path = root;
    shelf_write(root, SHELF, SHELF_CELLS, false);
    assert_int_equal(summary_read(&path, 1, true, &s, &e), 0);
    struct drawings d = summary_drawings_make(&s);
    struct page_parts parts = {.drawing = &d, .no_svg = "This figure is not drawn"};
    assert_int_equal(page_make(&s, &parts, out, &e), 0);
    drawings_free(&d);
    summary_free(&s);
}

static bool is_of_skeleton(const char *line, size_t len)
{
    static const char *const MARKS[] = {"<h1",         "<h2",      "<h3",  "<section", "<figure",
                                        "<figcaption", "<caption", "<nav", "<main",    "<li>"};
    for (size_t i = 0; i < ARRAY_LEN(MARKS); i++)
        if (memmem(line, len, MARKS[i], strlen(MARKS[i])))
            return true;
    return false;
}

static void the_pages_skeleton_is_as_it_was_read(void **state)
{
    struct text page = {0}, skeleton = {0};
    (void)state;
    make_page(&page);
    for (const char *line = page.data; *line;) {
        size_t len = strcspn(line, "\n");
        if (is_of_skeleton(line, len))
            text_add(&skeleton, "%.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    golden_check("report-page", skeleton.data);
    text_free(&page);
    text_free(&skeleton);
}

static void a_bar_says_its_ratio_once(void **state)
{
    struct text page = {0};
    (void)state;
    make_page(&page);
    const char *bars = strstr(page.data, "<tr role=\"row\" data-cell="), *end = strstr(bars, "</table>");
    size_t said = 0;
    for (const char *at = bars; (at = strstr(at, " times as ")) && at < end; at++) {
        if (memcmp(at - strlen("</b>"), "</b>", strlen("</b>")) != 0)
            fail_msg("%.60s", at - 30);
        said++;
    }
    assert_true(said > 0);
    text_free(&page);
}

static void the_page_asks_for_nothing_outside_of_itself(void **state)
{
    static const char *const FORBIDDEN[] = {"http:", "https:", "src=", "url(", "@import", "<link", "<img", "<iframe"};
    struct text page = {0};
    (void)state;
    make_page(&page);
    for (size_t i = 0; i < ARRAY_LEN(FORBIDDEN); i++)
        assert_null(strstr(page.data, FORBIDDEN[i]));
    assert_null(strstr(page.data, "Q & R <9>")); /* the CPU's name, as the record has it */
    assert_non_null(strstr(page.data, "Q &amp; R &lt;9&gt;"));
    text_free(&page);
}

/* Threads that gain more than their number, as on a host whose load changes: their point would be above the axis. */
static void a_speed_up_above_the_number_of_workers_is_in_the_figure(void **state)
{
    static const struct shelf_cell SWIFT[] = {{"threads", "", "3.14t", true, false, 1, 10, 0, 5, 0, NULL, NULL},
                                              {"threads", "", "3.14t", true, false, 2, 4, 0, 5, 0, NULL, NULL}};
    const char *path = root;
    struct summary s;
    struct err e = {0};
    double top = 0;
    (void)state;
    shelf_write(root, SWIFT, ARRAY_LEN(SWIFT), false);
    assert_int_equal(summary_read(&path, 1, true, &s, &e), 0);
    struct drawings d = summary_drawings_make(&s);
    for (size_t i = 0; i < d.count; i++)
        if (strcmp(d.list[i].name, "scaling-speed-up") == 0)
            assert_int_equal(sscanf(strstr(d.list[i].plot.data, "set yrange [0:"), "set yrange [0:%lf]", &top), 1);
    assert_true(top > 5); /* twice the work in two fifths of the time */
    drawings_free(&d);
    summary_free(&s);
}

/* A plan of so many cells could not be packed: gnuplot ended with "Cairo is unhappy". */
static void cells_that_no_figure_can_hold_are_not_drawn_and_that_is_said(void **state)
{
    static struct shelf_cell many[DRAWING_ROWS_MAX + 1];
    static const char SAID[] = "Nothing is drawn: 271 cells side by side are more than the 270 that one figure holds";
    const struct paper_options o = {.draw = true};
    const char *path = root;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct shelf_cell){"threads", "", "3.14t", true, false, (int)i + 1, 2, 0, 1, 0, NULL, NULL};
    for (size_t cells = DRAWING_ROWS_MAX; cells <= ARRAY_LEN(many); cells++) {
        struct summary s;
        struct err e = {0};
        struct text page = {0};
        const bool fits = cells <= DRAWING_ROWS_MAX;
        shelf_write(root, many, cells, false);
        assert_int_equal(summary_read(&path, 1, true, &s, &e), 0);
        struct drawings d = summary_drawings_make(&s);
        const struct page_parts parts = {.drawing = &d, .no_svg = "This figure is not drawn"};
        assert_int_equal(d.left_out, fits ? 0 : cells);
        assert_int_equal(d.count > 0, fits);
        assert_int_equal(page_make(&s, &parts, &page, &e), 0);
        assert_int_equal(strstr(page.data, SAID) != NULL, !fits);
        text_free(&page);
        drawings_free(&d);
        summary_free(&s);
    }
    struct text appendix = {0};
    struct err e;
    assert_int_equal(write_paper(&o, &e), 0); /* without gnuplot, too */
    add_file(&appendix, "appendix.tex");
    assert_non_null(strstr(appendix.data, SAID));
    text_free(&appendix);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_tex_is_as_it_was_read),
        TEST(tables_and_appendix_are_as_they_were_read),
        TEST(no_line_of_a_table_ends_in_a_comment),
        TEST(the_same_records_give_the_same_bytes_anywhere),
        TEST(a_folder_with_something_in_it_is_refused),
        TEST(a_broken_record_is_refused_by_name),
        TEST(what_latex_would_take_as_its_own_is_set_as_it_is),
        TEST(cells_that_no_figure_can_hold_are_not_drawn_and_that_is_said),
        TEST(what_html_would_take_as_its_own_is_text),
        TEST(what_gnuplot_would_run_is_a_text_to_it),
        TEST(gnuplot_reads_each_quoted_text_as_one),
        TEST(what_a_record_holds_is_never_a_command),
        TEST(the_pages_skeleton_is_as_it_was_read),
        TEST(a_speed_up_above_the_number_of_workers_is_in_the_figure),
        TEST(a_bar_says_its_ratio_once),
        TEST(the_page_asks_for_nothing_outside_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
