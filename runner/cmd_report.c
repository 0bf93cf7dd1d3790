#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/summary.h"
#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "record/records.h"
#include "report/gnuplot.h"
#include "report/page.h"
#include "report/paper.h"
#include "report/summary_drawings.h"
#include "report/summary_show.h"
#include "report/summary_tables.h"
#include "report/trackers.h"
#include "report/why_section.h"

#define PAGE     "report.html"
#define SELFTEST "selftest.json"

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static size_t count_names(const struct config *c)
{
    size_t count = 0;
    while (c->names[count])
        count++;
    return count;
}

/* --- formats ---------------------------------------------------------------------------------------------------- */

/* Finds the selftest's file beside the records, in the first folder that has one. path has room for PATH_MAX. */
static const char *find_selftest(const struct config *c, char *path)
{
    for (size_t i = 0; c->names[i]; i++) {
        if (is_folder(c->names[i]) && text_fits(path, PATH_MAX, "%s/" SELFTEST, c->names[i]) && access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

/* Without gnuplot the page has only the figures' data, and stderr says so. */
static int make_page(const struct config *c, const struct summary *s, const struct whys *whys, struct text *out,
                     struct err *e)
{
    cleanup_text struct text section = {0};
    char selftest[PATH_MAX];
    struct err why = {0};
    cleanup_drawings struct drawings drawings = summary_drawings_make(s);
    TRY(gnuplot_svg(&drawings, &why, e));
    struct page_parts parts = {.drawing = &drawings,
                               .no_svg = "This figure is not drawn, since there was no gnuplot; its data are below",
                               .why = &section,
                               .selftest = find_selftest(c, selftest)};
    why_section(whys, &section);
    if (why.code != 0)
        terminal_say("report: %s; in their place the page has their data", why.text);
    return page_make(s, &parts, out, e);
}

/* The tables that it is made of. */
static unsigned tables_of(enum report_format format)
{
    return format == REPORT_TEXT                                                        ? TABLES_TEXT
           : format == REPORT_MARKDOWN || format == REPORT_TEX || format == REPORT_JSON ? TABLES_ALL
                                                                                        : 0;
}

static int make_report(const struct config *c, enum report_format format, const struct summary *s, struct text *out,
                       struct err *e)
{
    struct whys whys = {0}; /* what --why left beside the records */
    cleanup_text struct text notes = {0};
    int failed = 0;
    TRY(format == REPORT_HTML || format == REPORT_TEXT ? whys_read(s, &whys, &notes, e) : 0);
    (void)fputs(notes.data ? notes.data : "", stderr);
    cleanup_tables struct tables t = summary_tables_make(s, tables_of(format));
    if (format == REPORT_CSV)
        records_csv(&s->records, out);
    else if (format == REPORT_HTML)
        failed = make_page(c, s, &whys, out, e);
    else if (format == REPORT_TEXT)
        summary_text(s, &t, terminal_width(STDOUT_FILENO), out);
    else if (format == REPORT_MARKDOWN)
        summary_markdown(s, &t, out);
    else if (format == REPORT_TEX)
        paper_tables(s, &t, out);
    else if (format == REPORT_JSON)
        summary_json(s, &t, out);
    else
        failed = trackers_json(s, format, out, e);
    if (format == REPORT_TEXT)
        why_section_text(&whys, terminal_width(STDOUT_FILENO), out);
    whys_free(&whys);
    return failed;
}

/* --- where it goes ---------------------------------------------------------------------------------------------- */

/* Finds the output file; "-": standard output. path has room for PATH_MAX. */
static int find_output(const struct config *c, enum report_format format, char *path, struct err *e)
{
    int n = 0;
    if (c->analysis.output)
        n = snprintf(path, PATH_MAX, "%s", c->analysis.output);
    else if (format != REPORT_HTML)
        n = snprintf(path, PATH_MAX, "-");
    else if (is_folder(c->names[0]))
        n = snprintf(path, PATH_MAX, "%s/" PAGE, c->names[0]);
    else if (access(c->names[0], F_OK) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", c->names[0]);
    else
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s' is no folder that the page could be written into (-o FILE says where, --text prints)",
                       c->names[0]);
    return n >= PATH_MAX ? err_set(e, ERR_USAGE, -ENAMETOOLONG, "-o '%.100s…': the name is too long", path) : 0;
}

static int put(const char *path, const struct records *of, const struct text *out, struct err *e)
{
    if (strcmp(path, "-") == 0) {
        (void)fwrite(out->data, 1, out->len, stdout);
        return 0;
    }
    /* It replaces no record that it is of. Only a file of the same name can be one, which 100,000 tell fast. */
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < of->count; i++)
        if (text_ends_with(of->list[i].path, name))
            TRY(file_refuse_input("--output", path, of->list[i].path, e));
    TRY(file_replace(path, out->data, out->len, e));
    (void)printf("%s\n", path);
    return 0;
}

/* --- --paper ---------------------------------------------------------------------------------------------------- */

static int write_paper(const struct config *c, const struct summary *s, struct err *e)
{
    const char *asked = c->analysis.paper;
    bool dated = false;
    struct paper_options how = {.draw = true, .dated = &dated};
    struct file_folder folder;
    if (file_folder_open(asked, &folder, e) != 0)
        return err_wrap(e, "--paper");
    int failed = paper_write(s, &how, folder.fd, e);
    if (failed != 0) {
        file_folder_abandon(&folder);
        return failed;
    }
    if (file_folder_commit(&folder, e) != 0)
        return err_wrap(e, "--paper '%s'", asked);
    if (dated)
        (void)fprintf(stderr,
                      "tare: report: the time stays in figures/*.pdf, where the cairo here writes it otherwise than "
                      "1.16 and 1.18 do; drawn again these files differ\n");
    (void)printf("%s\n", asked);
    return 0;
}

/* From the records alone, because there may be ten thousand and more. */
static int print_csv(const struct config *c, const char *path, struct err *e)
{
    cleanup_records struct records records = {0};
    cleanup_text struct text out = {0};
    TRY(records_read_all(&records, (const char *const *)c->names, count_names(c), e));
    records_csv(&records, &out);
    return put(path, &records, &out, e);
}

int cmd_report(struct config *c, struct err *e)
{
    cleanup_summary struct summary summary = {.cells = 0};
    cleanup_text struct text out = {0};
    char path[PATH_MAX];
    if (!c->names)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes records or folders of records ('tare report --help')");
    enum report_format format = c->analysis.text == 1 ? REPORT_TEXT : (enum report_format)c->analysis.table_format;
    TRY(find_output(c, format, path, e));
    if (format == REPORT_CSV && !c->analysis.paper)
        return print_csv(c, path, e);
    TRY(summary_read((const char *const *)c->names, count_names(c), format == REPORT_HTML || c->analysis.paper,
                     &summary, e));
    TRY(make_report(c, format, &summary, &out, e));
    TRY(put(path, &summary.records, &out, e));
    return c->analysis.paper ? write_paper(c, &summary, e) : 0;
}
