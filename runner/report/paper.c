#include "report/paper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/number.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "report/gnuplot.h"
#include "report/summary_drawings.h"
#include "report/summary_tables.h"
#include "report/tex.h"

static void paper_head(const struct summary *s, const char *what, struct text *out)
{
    text_add(out, "%% %s, from %zu records of tare; a change by hand is found by 'tare verify'.\n", what,
             s->records.count);
}

/* --- numbers.tex: every figure by name, in the digits that its interval allows ----------------------------------- */

/* Adds the figure's name with its printed unit: "avg_iter_s" gives "AvgIterMs". */
static void add_figure_name(struct text *out, const struct figure_about *u)
{
    const char *figure = u->name;
    static const struct {
        const char *figure, *name; /* exceptions that read better */
    } READ[] = {{"p50_iter_s", "MedianIterMs"}, {"p95_iter_s", "PNinetyFiveIterMs"}};
    static const char *const ENDS[] = {"_per_s", "_bytes", "_usec", "_ns", "_s"};
    static const struct {
        const char *unit, *word;
    } WORDS[] = {{"ms", "Ms"}, {"s", "S"}, {"MiB", "MiB"}, {"/s", "PerS"}, {"us", "Us"}};
    size_t len = strlen(figure);
    char stem[128];
    for (size_t i = 0; i < ARRAY_LEN(READ); i++)
        if (strcmp(figure, READ[i].figure) == 0) {
            text_add(out, "%s", READ[i].name);
            return;
        }
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
        if (text_ends_with(figure, ENDS[i])) {
            len -= strlen(ENDS[i]);
            break;
        }
    text_format(stem, sizeof(stem), "%.*s", len > 120 ? 120 : (int)len, figure);
    tex_macro(out, stem);
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (strcmp(u->shown, WORDS[i].unit) == 0)
            text_add(out, "%s", WORDS[i].word);
}

static void add_macro(struct text *out, const char *stem, const char *what, double value, int decimals, const char *why)
{
    char number[64];
    text_add(out, "\\newcommand{\\%s%s}{", stem, what);
    if (isfinite(value)) {
        text_add(out, "%s}\n", number_text(value, decimals, number, sizeof(number)));
        return;
    }
    tex_between(out, "\\tareAbsent{", why ? why : "the records do not have it", "}}\n");
}

static void add_interval(struct text *out, const char *stem, const char *what, const struct stats_interval *i,
                         double scale)
{
    char name[160];
    int decimals = number_decimals(i, scale);
    add_macro(out, stem, what, i->at * scale, decimals, i->why_not);
    text_format(name, sizeof(name), "%sLow", what);
    add_macro(out, stem, name, i->low * scale, decimals, i->why_not);
    text_format(name, sizeof(name), "%sHigh", what);
    add_macro(out, stem, name, i->high * scale, decimals, i->why_not);
}

/* cell: the beginning of its macros' names. */
static void add_figure(struct text *out, const struct summary *s, const struct summary_cell *c, const char *cell,
                       size_t index)
{
    const struct summary_figure *f = summary_at(s, c, index);
    const struct figure_about u = s->records.reader.name[index].about;
    cleanup_text struct text stem = {0};
    text_add(&stem, "%s", cell);
    add_figure_name(&stem, &u);
    if (f->used == 0) {
        add_macro(out, stem.data, "", NAN, 0, f->why_not);
    } else {
        add_interval(out, stem.data, "", &f->is.mean, u.scale);
        add_interval(out, stem.data, "Median", &f->is.median, u.scale);
        add_macro(out, stem.data, "Runs", (double)f->used, 0, NULL);
    }
    if (f->used > 0 && c->base != c && figure_is_slope(u.name))
        add_interval(out, stem.data, "Difference", &f->verdict.ratio, u.scale);
    else if (f->used > 0 && c->base != c)
        add_interval(out, stem.data, "Ratio", &f->verdict.ratio, 1);
}

static void add_word(struct text *out, const char *name, const char *value)
{
    text_add(out, "\\newcommand{\\tare%s}", name);
    tex_between(out, "{", value, "}\n");
}

static const char *shared(const struct summary *s, const char *key)
{
    const char *first = s->records.count ? keyset_find(s->records.list[0].environment, key) : NULL;
    for (size_t i = 1; first && i < s->records.count; i++) {
        const char *value = keyset_find(s->records.list[i].environment, key);
        if (!value || strcmp(value, first) != 0)
            return "several";
    }
    return first ? first : "not told";
}

static void paper_numbers(const struct summary *s, struct text *out)
{
    paper_head(s, "Every figure by name", out);
    text_add(
        out,
        "%% \\tareCELLFIGURE is the geometric mean of the invocations' figures, ...Low and ...High its 95%% interval,\n"
        "%% ...Median their median and ...MedianLow, ...MedianHigh its interval by ranks, ...Ratio the ratio to "
        "threads,\n"
        "%% ...RatioLow and ...RatioHigh the interval that decides its verdict (of slopes ...Difference, and "
        "arithmetic\n"
        "%% means); each is rounded where the shorter arm of its interval has two digits, without one to three.\n"
        "\\providecommand{\\tareAbsent}[1]{\\PackageWarning{tare}{a figure that is not there: #1}\\emph{n/a}}\n");
    add_macro(out, "tare", "Cells", (double)s->cells, 0, NULL);
    add_macro(out, "tare", "Records", (double)s->records.count, 0, NULL);
    add_macro(out, "tare", "Confidence", 95, 0, NULL);
    add_word(out, "Version", shared(s, "tool.version"));
    add_word(out, "Kernel", shared(s, "host.kernel_release"));
    add_word(out, "Cpu", shared(s, "host.cpu_model"));
    add_word(out, "Os", shared(s, "host.os"));
    for (size_t i = 0; i < s->cells; i++) {
        cleanup_text struct text cell = {0};
        text_add(&cell, "tare");
        tex_macro(&cell, s->cell[i].id);
        text_add(out, "%% %s\n", s->cell[i].id);
        for (size_t k = 0; k < s->records.reader.names; k++)
            add_figure(out, s, &s->cell[i], cell.data, k);
    }
}

/* --- appendix.tex: what artefact committees ask for: how to get it, what it claims, which experiment shows it and what
 * that took, measured */

static void add_item(struct text *out, const char *name, const char *value)
{
    text_add(out, "  \\item[%s]", name);
    tex_between(out, " ", value, "\n");
}

/* The total effort; NaN: a record lacks it. */
struct effort {
    double minutes, memory_mib, disk_mib;
};

static struct effort effort_of(const struct table *experiments)
{
    struct effort sum = {0, NAN, 0};
    size_t minutes = 0, memory = 0, disk = 0;
    for (size_t i = 0; i < experiments->columns; i++) {
        minutes = strcmp(experiments->column[i].key, "elapsed_min") == 0 ? i : minutes;
        memory = strcmp(experiments->column[i].key, "memory_mib") == 0 ? i : memory;
        disk = strcmp(experiments->column[i].key, "records_mib") == 0 ? i : disk;
    }
    for (size_t row = 0; row < experiments->rows; row++) {
        sum.minutes += table_at(experiments, row, minutes)->value;
        sum.memory_mib = fmax(sum.memory_mib, table_at(experiments, row, memory)->value); /* fmax ignores NaN */
        sum.disk_mib += table_at(experiments, row, disk)->value;
    }
    return sum;
}

static void add_amount(struct text *out, const char *name, double value, const char *unit, const char *what)
{
    text_add(out, "  \\item[%s] ", name);
    if (isfinite(value))
        text_add(out, "%.*f~%s %s\n", value < 10 ? 1 : 0, value, unit, what);
    else
        text_add(out, "not measured: the records do not tell\n");
}

static void add_checklist(struct text *out, const struct summary *s, const struct tables *t)
{
    struct effort effort = effort_of(&t->of[TABLES_EXPERIMENTS]);
    cleanup_text struct text line = {0};
    text_add(out, "\\subsection*{Check-list}\n\\begin{description}\n");
    text_add(&line, "tare %s (%s), which makes, runs and verifies all of it", shared(s, "tool.version"),
             shared(s, "tool.commit"));
    add_item(out, "Program", line.data);
    add_item(out, "Hardware", shared(s, "host.cpu_model"));
    line.len = 0;
    text_add(&line, "%s, Linux %s, cgroup v2", shared(s, "host.os"), shared(s, "host.kernel_release"));
    add_item(out, "Run-time environment", line.data);
    add_item(out, "Metrics", "time of an iteration; PSS, USS, RSS and memory.stat of the slice");
    add_item(out, "Output", "a record an invocation (JSON); this appendix, tables and figures are made of those alone");
    add_amount(out, "Time to run the experiments", effort.minutes, "minutes", "of machine time, as measured here");
    add_amount(out, "Memory", effort.memory_mib, "MiB", "at the most in any slice, as measured here");
    add_amount(out, "Disk", effort.disk_mib, "MiB", "of records");
    text_add(out, "\\end{description}\n\n");
}

static void add_claims(struct text *out, const struct paper_options *o)
{
    text_add(out, "\\subsection*{Claims}\n");
    if (o->claims == 0) {
        text_add(out, o->judged ? "No claim was declared.\n\n"
                                : "Claims are judged where records and claims are packed together (tare pack).\n\n");
        return;
    }
    text_add(out, "\\begin{description}\n");
    for (size_t i = 0; i < o->claims; i++) {
        const struct paper_claim *c = &o->claim[i];
        tex_between(out, "  \\item[(", c->id, ")] ");
        tex_between(out, "", c->text, ". Expected: ");
        tex_between(out, "", c->expected, ". Found here: ");
        tex_between(out, "", c->found, ". Verdict: ");
        tex_between(out, "", c->verdict, ".\n");
    }
    text_add(out, "\\end{description}\n\n");
}

static void add_experiments(struct text *out, const struct tables *t)
{
    text_add(out,
             "\\subsection*{Experiments}\n"
             "Each is a cell of the plan: so many invocations, each in a slice of its own. Nothing has to be done by "
             "hand while they run.\n\n\\noindent\n");
    tex_table(&t->of[TABLES_EXPERIMENTS], out);
    text_add(out, "\n");
}

static void add_workflow(struct text *out)
{
    text_add(
        out,
        "\\subsection*{Workflow}\n\\begin{enumerate}\n"
        "  \\item \\texttt{tare verify BUNDLE} checks that the bundle is whole and that every table, macro and figure\n"
        "    here follows from its records: offline, in seconds.\n"
        "  \\item \\texttt{tare reproduce BUNDLE --smoke} runs a short subset on the machine at hand,\n"
        "    \\texttt{tare reproduce BUNDLE} all of the plan.\n"
        "  \\item Each claim then has a verdict with both intervals: supported, contradicted, inconclusive or not "
        "run.\n"
        "\\end{enumerate}\n");
}

static void paper_appendix(const struct summary *s, const struct tables *t, const struct paper_options *o,
                           size_t not_drawn, struct text *out)
{
    const char *title = o->title ? o->title : summary_plan(s);
    paper_head(s, "Artefact appendix", out);
    tex_between(out, title ? "\\section*{Artefact Appendix: " : "\\section*{Artefact Appendix", title ? title : "",
                "}\n");
    text_add(
        out,
        "\\subsection*{Abstract}\n"
        "%zu record%s of %zu cell%s, each record an invocation with its raw samples. All figures of the paper that "
        "come from them are derived by the program below; none was copied by hand.\n\n",
        s->records.count, s->records.count == 1 ? "" : "s", s->cells, s->cells == 1 ? "" : "s");
    if (not_drawn)
        text_add(out, DRAWING_NONE "; the tables have them all.\n\n", not_drawn, DRAWING_ROWS_MAX);
    add_checklist(out, s, t);
    add_claims(out, o);
    add_experiments(out, t);
    add_workflow(out);
}

/* --- the files -------------------------------------------------------------------------------------------------- */

static int check_empty(int dirfd, struct err *e)
{
    const struct dirent *entry;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return err_sys(e, ERR_USAGE, "the folder for the paper's files");
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return err_set(e, ERR_USAGE, -EEXIST,
                           "the folder for the paper's files has '%.200s' in it: what is allowed is an empty one",
                           entry->d_name);
    return 0;
}

static int make_folder(int dirfd, const char *name, int *ret, struct err *e)
{
    if (mkdirat(dirfd, name, 0755) != 0)
        return err_sys(e, ERR_OURS, "cannot make '%s'", name);
    *ret = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret < 0 || fchmod(*ret, 0755) != 0)
        return err_sys(e, ERR_OURS, "'%s'", name);
    return 0;
}

static void add_table(const struct summary *s, const struct table *t, struct text *out)
{
    paper_head(s, t->title, out);
    if (t->rows > 0)
        tex_table(t, out);
    else
        tex_text(out, t->empty ? t->empty : "");
}

void paper_tables(const struct summary *s, const struct tables *t, struct text *out)
{
    for (size_t i = 0; i < TABLES; i++) {
        text_add(out, "%s", i ? "\n" : "");
        add_table(s, &t->of[i], out);
    }
}

static int write_table(const struct summary *s, const struct table *t, int dirfd, struct err *e)
{
    char name[NAME_MAX];
    cleanup_text struct text csv = {0}, tex = {0};
    table_csv(t, &csv);
    add_table(s, t, &tex);
    text_format(name, sizeof(name), "%s.csv", t->name);
    TRY(file_create_at(dirfd, name, csv.data, csv.len, e));
    text_format(name, sizeof(name), "%s.tex", t->name);
    return file_create_at(dirfd, name, tex.data, tex.len, e);
}

static int write_tables(const struct summary *s, const struct tables *t, int dirfd, struct err *e)
{
    cleanup_close int fd = -1;
    TRY(make_folder(dirfd, "tables", &fd, e));
    for (size_t i = 0; i < TABLES; i++)
        TRY(write_table(s, &t->of[i], fd, e));
    return 0;
}

static int write_figures(const struct drawings *all, const struct paper_options *o, int dirfd, struct err *e)
{
    cleanup_close int fd = -1;
    bool dated = false;
    TRY(make_folder(dirfd, "figures", &fd, e));
    TRY(gnuplot_files(all, fd, o->draw ? GNUPLOT_SVG | GNUPLOT_PDF | GNUPLOT_PNG : GNUPLOT_DATA, &dated, e));
    if (o->dated)
        *o->dated = dated;
    return 0;
}

int paper_write(const struct summary *s, const struct paper_options *o, int dirfd, struct err *e)
{
    cleanup_tables struct tables tables = summary_tables_make(s, TABLES_ALL);
    cleanup_drawings struct drawings drawings = summary_drawings_make(s);
    cleanup_text struct text numbers = {0}, appendix = {0};
    TRY(check_empty(dirfd, e));
    paper_numbers(s, &numbers);
    paper_appendix(s, &tables, o, drawings.left_out, &appendix);
    TRY(file_create_at(dirfd, "numbers.tex", numbers.data, numbers.len, e));
    TRY(file_create_at(dirfd, "appendix.tex", appendix.data, appendix.len, e));
    TRY(write_tables(s, &tables, dirfd, e));
    return write_figures(&drawings, o, dirfd, e);
}
