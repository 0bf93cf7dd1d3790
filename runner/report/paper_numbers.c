/* numbers.tex: every figure by name, in the digits that its interval allows. */
#include <math.h>
#include <string.h>

#include "analysis/number.h"
#include "base/cleanup.h"
#include "report/paper_parts.h"
#include "report/tex.h"

/* The figure's name with the unit that it is told in: "avg_iter_s" gives "AvgIterMs". */
static void add_figure_name(struct text *out, const struct study *s, const char *figure)
{
    static const struct {
        const char *figure, *name; /* that read better so */
    } READ[] = {{"p50_iter_s", "MedianIterMs"}, {"p95_iter_s", "PNinetyFiveIterMs"}};
    static const char *const ENDS[] = {"_per_s", "_bytes", "_usec", "_ns", "_s"};
    static const struct {
        const char *unit, *word;
    } WORDS[] = {{"ms", "Ms"}, {"s", "S"}, {"MiB", "MiB"}, {"/s", "PerS"}, {"us", "Us"}};
    struct study_unit u = study_unit(s, figure);
    size_t len = strlen(figure);
    char stem[128];
    for (size_t i = 0; i < ARRAY_LEN(READ); i++)
        if (strcmp(figure, READ[i].figure) == 0) {
            text_add(out, "%s", READ[i].name);
            return;
        }
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++) {
        size_t tail = strlen(ENDS[i]);
        if (len > tail && strcmp(figure + len - tail, ENDS[i]) == 0) {
            len -= tail;
            break;
        }
    }
    text_format(stem, sizeof(stem), "%.*s", len > 120 ? 120 : (int)len, figure);
    tex_macro(out, stem);
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (strcmp(u.unit, WORDS[i].unit) == 0)
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
    text_add(out, "\\tareAbsent{");
    tex_text(out, why ? why : "the records do not have it");
    text_add(out, "}}\n");
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

static void add_figure(struct text *out, const struct study *s, const struct study_cell *c, size_t index)
{
    const struct study_figure *f = &c->figure[index];
    const char *name = s->records.name[index].name;
    struct study_unit u = study_unit(s, name);
    cleanup_text struct text stem = {0};
    text_add(&stem, "tare");
    tex_macro(&stem, c->id);
    add_figure_name(&stem, s, name);
    if (f->used == 0) {
        add_macro(out, stem.data, "", NAN, 0, f->why_not);
    } else {
        add_interval(out, stem.data, "", &f->is.mean, u.scale);
        add_interval(out, stem.data, "Median", &f->is.median, u.scale);
        add_macro(out, stem.data, "Runs", (double)f->used, 0, NULL);
    }
    if (f->used > 0 && c->base != c)
        add_interval(out, stem.data, "Ratio", &f->verdict.ratio, 1);
}

static void add_word(struct text *out, const char *name, const char *value)
{
    text_add(out, "\\newcommand{\\tare%s}{", name);
    tex_text(out, value);
    text_add(out, "}\n");
}

static const char *shared(const struct study *s, const char *key)
{
    const char *first = s->records.count ? pairs_find(s->records.list[0].environment, key) : NULL;
    for (size_t i = 1; first && i < s->records.count; i++) {
        const char *value = pairs_find(s->records.list[i].environment, key);
        if (!value || strcmp(value, first) != 0)
            return "several";
    }
    return first ? first : "not told";
}

void paper_numbers(const struct study *s, struct text *out)
{
    paper_head(s, "Every figure by name", out);
    text_add(
        out,
        "%% \\tareCELLFIGURE is the geometric mean of the invocations' figures, ...Low and ...High its 95%% interval,\n"
        "%% ...Median their median and ...MedianLow, ...MedianHigh its interval by ranks, ...Ratio the ratio to "
        "threads,\n"
        "%% ...RatioLow and ...RatioHigh the interval that decides its verdict; each is rounded where the shorter arm "
        "of\n"
        "%% its interval has two digits, without one to three.\n"
        "\\providecommand{\\tareAbsent}[1]{\\PackageWarning{tare}{a figure that is not there: #1}\\emph{n/a}}\n");
    add_macro(out, "tare", "Cells", (double)s->cells, 0, NULL);
    add_macro(out, "tare", "Records", (double)s->records.count, 0, NULL);
    add_macro(out, "tare", "Confidence", 95, 0, NULL);
    add_word(out, "Version", shared(s, "tool.version"));
    add_word(out, "Kernel", shared(s, "host.kernel_release"));
    add_word(out, "Cpu", shared(s, "host.cpu_model"));
    add_word(out, "Os", shared(s, "host.os"));
    for (size_t i = 0; i < s->cells; i++) {
        text_add(out, "%% %s\n", s->cell[i].id);
        for (size_t k = 0; k < s->records.names; k++)
            add_figure(out, s, &s->cell[i], k);
    }
}
