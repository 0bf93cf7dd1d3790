#include "report/page.h"

#include <string.h>

#include "base/cleanup.h"
#include "report/page_parts.h"
#include "report/tables.h"

/* Which figures are in a section, by how their names begin; of one cell or of several. */
struct section {
    const char *id, *title, *words;
    const char *figures; /* NULL none */
    enum tables_of table;
    bool has_table;
    bool folded;           /* the table: it is long, and there for who asks */
    enum tables_of detail; /* a longer table behind it, folded; 0 none */
};

static const struct section SECTIONS[] = {
    {"scaling", "Scaling by workers", NULL, "scaling-", 0, false, false, 0},
    {"distributions", "Distributions of iterations",
     "Each box is an invocation: its quartiles, whiskers from the 5% to the 95% quantile, the least and the greatest.",
     "iterations-", 0, false, false, 0},
    {"series", "Iterations in the order of time",
     "Lines are the levels between changepoints (PELT on mean and variance, penalty 15 ln n; Barrett et al. 2017).",
     "series-", 0, false, false, 0},
    {"memory", "Memory over time", NULL, "memory-", 0, false, false, 0},
    {"own", "What the scenarios report", "Titles, units and directions are as the scenarios declare them.", NULL,
     TABLES_OWN, true, false, 0},
    {"isolation", "Isolation",
     "What was asked of the host and what it gave. A required check that does not hold lowers the grade; a recorded "
     "one "
     "is told and no more.",
     NULL, TABLES_VERDICTS, true, false, TABLES_ISOLATION},
    {"failed", "Failed invocations", NULL, NULL, TABLES_FAILED, true, false, 0},
    {"differences", "What differs between cells", NULL, NULL, TABLES_DIFFERENCES, true, false, 0},
    {"environment", "Environment", NULL, NULL, TABLES_ENVIRONMENT, true, true, 0},
    {"experiments", "What it took", NULL, NULL, TABLES_EXPERIMENTS, true, false, 0},
    {"figures", "Every figure",
     "Over the invocations that ended well: the mean with Student's 95% interval, and the ratio to threads with the "
     "interval that tare compare gives, of geometric means.",
     NULL, TABLES_FIGURES, true, true, 0},
};

static bool belongs(const struct drawing *d, const char *figures)
{
    return figures && strncmp(d->name, figures, strlen(figures)) == 0;
}

static void add_figures(struct text *out, const struct page_parts *p, const char *figures)
{
    text_add(out, "<div class=\"figures\">\n");
    for (size_t i = 0; i < p->drawing->count; i++)
        if (belongs(&p->drawing->list[i], figures))
            html_figure(out, &p->drawing->list[i], p->svg ? &p->svg[i] : NULL, p->no_svg);
    text_add(out, "</div>\n");
}

static void add_figure(struct text *out, const struct page_parts *p, const char *name)
{
    for (size_t i = 0; i < p->drawing->count; i++)
        if (strcmp(p->drawing->list[i].name, name) == 0)
            html_figure(out, &p->drawing->list[i], p->svg ? &p->svg[i] : NULL, p->no_svg);
}

/* A table without rows and without words for that is none. */
static bool has_any(const struct tables *t, const struct page_parts *p, const struct section *s)
{
    bool any = s->has_table && (t->of[s->table].rows || t->of[s->table].empty);
    for (size_t i = 0; i < p->drawing->count; i++)
        any |= belongs(&p->drawing->list[i], s->figures);
    return any;
}

/* --- the parts, from the top ----------------------------------------------------------------------------------------
 */

static const char *plan_of(const struct study *s)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].details.plan)
            return s->records.list[i].details.plan;
    return s->cells ? s->cell[0].scenario : "";
}

static void add_head(struct text *out, const struct study *s)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_text(out, plan_of(s));
    text_add(out,
             ": what concurrency costs</title>\n<style>\n%s</style>\n</head>\n<body>\n"
             "<a class=\"skip\" href=\"#answer\">Skip to the answer</a>\n",
             page_css);
}

static const char *of_first(const struct study *s, const char *key)
{
    const char *value = pairs_find(s->records.list[0].environment, key);
    return value ? value : "not told";
}

static void add_summary(struct text *out, const struct study *s)
{
    size_t ok = 0;
    cleanup_text struct text said = {0};
    for (size_t i = 0; i < s->records.count; i++)
        ok += s->records.list[i].ok;
    text_add(&said,
             "%zu record%s of %zu cell%s, %zu of them ended well; from %s to %s; %s, Linux %s, %s; tare %s (%s).",
             s->records.count, s->records.count == 1 ? "" : "s", s->cells, s->cells == 1 ? "" : "s", ok,
             s->records.list[0].started_at, s->records.list[s->records.count - 1].started_at,
             of_first(s, "host.cpu_model"), of_first(s, "host.kernel_release"), of_first(s, "host.os"),
             of_first(s, "tool.version"), of_first(s, "tool.commit"));
    text_add(out, "<header>\n<h1>");
    html_text(out, plan_of(s));
    text_add(out, ": what concurrency costs</h1>\n<p class=\"soft\">");
    html_text(out, said.data);
    text_add(out, "</p>\n</header>\n");
}

static void add_link(struct text *out, const char *id, const char *title)
{
    text_add(out, "<li><a href=\"#%s\">", id);
    html_text(out, title);
    text_add(out, "</a></li>\n");
}

static void add_navigation(struct text *out, const struct tables *t, const struct page_parts *p)
{
    text_add(out, "<nav aria-label=\"Sections\"><ul>\n");
    add_link(out, "answer", "The answer");
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
        if (has_any(t, p, &SECTIONS[i]))
            add_link(out, SECTIONS[i].id, SECTIONS[i].title);
    add_link(out, "selftest", "Selftest");
    add_link(out, "again", "How to run it again");
    text_add(out, "</ul></nav>\n"
                  "<form id=\"filter\" class=\"filter\" role=\"search\" hidden>\n"
                  "<label for=\"filter-text\">Cells whose name contains</label>\n"
                  "<input id=\"filter-text\" type=\"search\" autocomplete=\"off\" placeholder=\"threads memory\">\n"
                  "<span id=\"filter-status\" role=\"status\"></span>\n</form>\n");
}

static void begin_section(struct text *out, const char *id, const char *title)
{
    text_add(out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", id, id, id);
    html_text(out, title);
    text_add(out, "</h2>\n");
}

/* A sentence a line; what stands before the first ": " is the cell. */
static void add_sentences(struct text *out, const char *title, char *lines)
{
    char *rest = NULL;
    text_add(out, "<h3>%s</h3>\n<ul>\n", title);
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *words = strstr(line, ": ");
        text_add(out, "<li>");
        if (words) {
            *words = '\0';
            text_add(out, "<b>");
            html_text(out, line);
            text_add(out, ":</b> ");
        }
        html_text(out, words ? words + 2 : line);
        text_add(out, ".</li>\n");
    }
    text_add(out, "</ul>\n");
}

static void add_answer(struct text *out, const struct study *s, const struct tables *t, const struct page_parts *p)
{
    static const struct {
        bool memory;
        const char *title, *figure;
        enum tables_of table;
    } HALVES[] = {{false, "Time", "time", TABLES_TIME}, {true, "Memory", "memory", TABLES_MEMORY}};
    begin_section(out, "answer", "The answer");
    for (size_t i = 0; i < ARRAY_LEN(HALVES); i++) {
        cleanup_free char *lines = study_answer(s, HALVES[i].memory);
        if (*lines)
            add_sentences(out, HALVES[i].title, lines);
    }
    add_figure(out, p, "answer");
    for (size_t i = 0; i < ARRAY_LEN(HALVES); i++) {
        if (t->of[HALVES[i].table].rows == 0)
            continue;
        html_table(out, &t->of[HALVES[i].table]);
        add_figure(out, p, HALVES[i].figure);
    }
    text_add(out, "</section>\n");
}

static void add_folded(struct text *out, const struct table *t)
{
    text_add(out, "<details><summary>");
    html_text(out, t->title);
    text_add(out, "</summary>\n");
    html_table(out, t);
    text_add(out, "</details>\n");
}

static void add_section(struct text *out, const struct section *section, const struct tables *t,
                        const struct page_parts *p)
{
    if (!has_any(t, p, section))
        return;
    begin_section(out, section->id, section->title);
    if (section->words) {
        text_add(out, "<p>");
        html_text(out, section->words);
        text_add(out, "</p>\n");
    }
    if (section->figures)
        add_figures(out, p, section->figures);
    if (section->has_table && !section->folded)
        html_table(out, &t->of[section->table]);
    else if (section->has_table)
        add_folded(out, &t->of[section->table]);
    if (section->detail)
        add_folded(out, &t->of[section->detail]);
    text_add(out, "</section>\n");
}

int page_make(const struct study *s, const struct page_parts *p, struct text *out, struct err *e)
{
    struct tables t = tables_make(s);
    add_head(out, s);
    add_summary(out, s);
    add_navigation(out, &t, p);
    text_add(out, "<main>\n");
    add_answer(out, s, &t, p);
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
        add_section(out, &SECTIONS[i], &t, p);
    tables_free(&t);
    begin_section(out, "selftest", "Selftest");
    int failed = page_selftest(s, p->selftest, out, e);
    text_add(out, "</section>\n");
    begin_section(out, "again", "How to run it again");
    page_again(s, out);
    text_add(out, "</section>\n</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_js);
    return failed;
}
