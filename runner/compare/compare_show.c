#include "compare/compare_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/csv.h"

/* --- figures as people read them
 * --------------------------------------------------------------------------------------- */

static const char *figure_text(const struct figure_about *about, double value, char *buf, size_t cap)
{
    if (!isfinite(value))
        (void)snprintf(buf, cap, "-");
    else if (about->kind == FIGURE_MEMORY)
        (void)text_bytes((uint64_t)fmax(0, value), buf, cap);
    else if (strcmp(about->unit, "s") == 0 && value >= 1)
        (void)snprintf(buf, cap, "%.4g s", value);
    else
        (void)snprintf(buf, cap, "%.4g%s%s", value * about->scale, *about->shown && *about->shown != '/' ? " " : "",
                       about->shown);
    return buf;
}

static void ratio_text(const struct stats_interval *r, char *buf, size_t cap)
{
    if (isnan(r->at))
        (void)snprintf(buf, cap, "-");
    else if (r->why_not)
        (void)snprintf(buf, cap, "%.4f", r->at);
    else
        (void)snprintf(buf, cap, "%.4f [%.4f, %.4f]", r->at, r->low, r->high);
}

/* "5 % slower" comes with the words of all commands; here what the interval says. */
static const char *verdict_text(const struct compare_row *row, double margin, char *buf, size_t cap)
{
    static const char *const WORDS[] = {"no verdict", "cannot tell", "the same", "greater", "less"};
    if (row->verdict.word == ANALYSIS_UNKNOWN)
        (void)snprintf(buf, cap, "%s", WORDS[row->verdict.word]);
    else
        (void)snprintf(buf, cap, "%s (%.3g%%)", WORDS[row->verdict.word], 100 * margin);
    return buf;
}

/* --- notes
 * -------------------------------------------------------------------------------------------------------------- */

static void side_notes(const struct compare_row *row, const struct compare_side *s, char name, struct text *out)
{
    if (s->failed)
        text_add(out, "* %s, %c: %zu did not end well and are left out: %s\n", row->label, name, s->failed,
                 s->why_not ? s->why_not : "");
    if (s->missing)
        text_add(out, "* %s, %c: %zu have no %s and are left out: %s\n", row->label, name, s->missing, row->figure,
                 s->why_not ? s->why_not : "");
    if (s->is.outliers)
        text_add(out, "* %s, %c: %zu of %zu lie far from the rest (MAD); they are not left out\n", row->label, name,
                 s->is.outliers, s->used);
    if (s->is.dip_p < 0.05)
        text_add(out, "* %s, %c: the invocations lie about several places (dip test, p %.3f): a mean describes none\n",
                 row->label, name, s->is.dip_p);
    if (s->has_steady && s->steady != STATS_FLAT)
        text_add(out, "* %s, %c: steady state: %s\n", row->label, name, stats_steady_name(s->steady));
}

static void row_notes(const struct compare_row *row, struct text *out)
{
    const struct analysis_ratio *r = &row->ratio;
    if (r->why_not)
        text_add(out, "* %s, %s: no interval: %s\n", row->label, row->figure, r->why_not);
    else if (row->verdict.why)
        text_add(out, "* %s, %s: %s\n", row->label, row->figure, row->verdict.why);
    if (r->note)
        text_add(out, "* %s: %s\n", row->label, r->note);
    if (r->method == ANALYSIS_NODES || r->method == ANALYSIS_PAIRS)
        text_add(out, "* %s: over %zu %s, each compared with itself\n", row->label, r->pairs,
                 r->method == ANALYSIS_NODES ? "nodes" : "blocks");
    if (r->inflation > 1)
        text_add(
            out,
            "* %s, %s: an invocation resembles the one before it (correlation %.2f): the interval is %.2f times as "
            "wide for it\n",
            row->label, row->figure, r->lag1, sqrt(r->inflation));
    if (r->noise_variance > 0)
        text_add(out, "* %s, %s: this host's noise, %.2f%% by %zu A/A cells, is in the interval\n", row->label,
                 row->figure, 100 * expm1(sqrt(r->noise_variance)), row->noise.cells);
    else if (row->noise.cells > 0)
        text_add(out, "* %s, %s: %zu A/A cells show no noise beyond the invocations' own spread\n", row->label,
                 row->figure, row->noise.cells);
    side_notes(row, &row->a, 'A', out);
    side_notes(row, &row->b, 'B', out);
}

static void add_notes(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    if (c->forced)
        text_add(out, "* forced: %s were compared, which are no measure of each other\n", c->forced);
    else if (c->emulated)
        text_add(
            out,
            "* the times are of an emulated machine: they show order, not size, and are not compared (memory is)\n");
    if (*h->noise_why)
        text_add(out, "* noise: %s\n", h->noise_why);
    else
        text_add(out, "* noise: %s\n", h->noise_path);
    for (size_t i = 0; i < c->rows; i++)
        row_notes(&c->row[i], out);
    for (size_t i = 0; i < c->only_as; i++)
        text_add(out, "* only A has: %s\n", c->only_a[i]->text);
    for (size_t i = 0; i < c->only_bs; i++)
        text_add(out, "* only B has: %s\n", c->only_b[i]->text);
    for (const char *p = h->failed; *p; p += strcspn(p, "\n"), p += *p == '\n')
        text_add(out, "* --fail-if %.*s\n", (int)strcspn(p, "\n"), p);
    for (const char *p = h->unclear; *p; p += strcspn(p, "\n"), p += *p == '\n')
        text_add(out, "* --fail-if %.*s\n", (int)strcspn(p, "\n"), p);
}

/* --- text
 * ---------------------------------------------------------------------------------------------------------------- */

#define VALUE_WIDTH 36

/* At most so many characters of a value, which is a record's: a kernel's command line goes on. */
static const char *shortened(const char *value, char buf[VALUE_WIDTH + 4])
{
    cleanup_free char *said = text_printable(value);
    size_t len = strlen(said), cut = VALUE_WIDTH - 1;
    while (len > VALUE_WIDTH && cut > 0 && ((unsigned char)said[cut] & 0xC0) == 0x80) /* not within a character */
        cut--;
    text_format(buf, VALUE_WIDTH + 4, len > VALUE_WIDTH ? "%.*s…" : "%.*s", (int)(len > VALUE_WIDTH ? cut : len), said);
    return buf;
}

static void environments_text(const struct comparison *c, struct text *out)
{
    char a[VALUE_WIDTH + 4], b[VALUE_WIDTH + 4];
    if (c->differences == 0) {
        text_add(out, "environments: the same in all of %zu fields\n\n", c->fields);
        return;
    }
    text_add(out, "environments: %zu of %zu fields differ\n", c->differences, c->fields);
    text_add(out, "  %-34s %-36s %s\n", "", "A", "B");
    for (size_t i = 0; i < c->differences; i++) {
        cleanup_free char *key = text_printable(c->difference[i].key);
        text_add(out, "  %-34s %-36s %s\n", key, shortened(c->difference[i].a, a), shortened(c->difference[i].b, b));
    }
    text_add(out, "\n");
}

static int widest_label(const struct comparison *c)
{
    size_t widest = 4;
    for (size_t i = 0; i < c->rows; i++)
        if (strlen(c->row[i].label) > widest)
            widest = strlen(c->row[i].label);
    return (int)widest;
}

void compare_text(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    int width = widest_label(c);
    char a[40], b[40], ratio[64], verdict[80];
    text_add(out, "A: %s (%zu record%s)\nB: %s (%zu record%s)\n\n", h->a, h->a_records, h->a_records == 1 ? "" : "s",
             h->b, h->b_records, h->b_records == 1 ? "" : "s");
    environments_text(c, out);
    text_add(out, "%-*s  %-16s %5s %5s %12s %12s  %-26s %s\n", width, "cell", "figure", "n A", "n B", "A", "B",
             "B/A [95% interval]", "verdict (margin)");
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        ratio_text(&row->verdict.ratio, ratio, sizeof(ratio));
        text_add(out, "%-*s  %-16s %5zu %5zu %12s %12s  %-26s %s\n", width, row->label, row->figure, row->a.used,
                 row->b.used, figure_text(&row->about, row->a.mean, a, sizeof(a)),
                 figure_text(&row->about, row->b.mean, b, sizeof(b)), ratio,
                 verdict_text(row, h->margin, verdict, sizeof(verdict)));
    }
    text_add(out, "\n");
    add_notes(c, h, out);
}

/* --- Markdown
 * -------------------------------------------------------------------------------------------------------------- */

/* A bar would end the cell of the table. */
static void md_cell(struct text *out, const char *value)
{
    text_add_bytes(out, " ", 1);
    for (const char *p = value; *p; p++) {
        if (*p == '|' || *p == '\\')
            text_add_bytes(out, "\\", 1);
        text_add_bytes(out, *p == '\n' ? " " : p, 1);
    }
    text_add_bytes(out, " |", 2);
}

void compare_markdown(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    char buf[80];
    text_add(out, "A: `%s` (%zu record%s), B: `%s` (%zu record%s)\n\n", h->a, h->a_records,
             h->a_records == 1 ? "" : "s", h->b, h->b_records, h->b_records == 1 ? "" : "s");
    if (c->differences)
        text_add(out, "| environment | A | B |\n|---|---|---|\n");
    for (size_t i = 0; i < c->differences; i++) {
        text_add_bytes(out, "|", 1);
        md_cell(out, c->difference[i].key);
        md_cell(out, c->difference[i].a);
        md_cell(out, c->difference[i].b);
        text_add_bytes(out, "\n", 1);
    }
    text_add(
        out,
        "%s| cell | figure | n | A | B | B/A [95%% interval] | verdict (margin) |\n|---|---|---|---|---|---|---|\n",
        c->differences ? "\n" : "");
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        text_add_bytes(out, "|", 1);
        md_cell(out, row->label);
        md_cell(out, row->figure);
        text_add(out, " %zu, %zu |", row->a.used, row->b.used);
        md_cell(out, figure_text(&row->about, row->a.mean, buf, sizeof(buf)));
        md_cell(out, figure_text(&row->about, row->b.mean, buf, sizeof(buf)));
        ratio_text(&row->verdict.ratio, buf, sizeof(buf));
        md_cell(out, buf);
        md_cell(out, verdict_text(row, h->margin, buf, sizeof(buf)));
        text_add_bytes(out, "\n", 1);
    }
    text_add(out, "\n");
    add_notes(c, h, out);
}

/* --- CSV
 * --------------------------------------------------------------------------------------------------------------------
 */

void compare_csv(const struct comparison *c, const struct compare_headline *h, struct text *out)
{
    static const char HEAD[] = "cell,figure,unit,better,a_invocations,b_invocations,a_mean,b_mean,a_median,b_median,"
                               "ratio,ratio_low,ratio_high,p,shift,dominance,noise_sd,margin,verdict,why";
    static const char *const WORDS[] = {"unknown", "unclear", "same", "greater", "less"};
    text_add(out, "%s\r\n", HEAD);
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *r = &c->row[i];
        const double numbers[] = {(double)r->a.used,
                                  (double)r->b.used,
                                  r->a.mean,
                                  r->b.mean,
                                  r->a.is.median.at,
                                  r->b.is.median.at,
                                  r->verdict.ratio.at,
                                  r->verdict.ratio.low,
                                  r->verdict.ratio.high,
                                  r->verdict.p,
                                  r->shift,
                                  r->dominance,
                                  sqrt(r->ratio.noise_variance),
                                  h->margin};
        csv_text(out, true, r->label);
        csv_text(out, false, r->figure);
        csv_text(out, false, r->about.unit);
        csv_text(out, false, figure_better_name(r->about.better));
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++)
            csv_number(out, numbers[k]);
        csv_text(out, false, WORDS[r->verdict.word]);
        csv_text(out, false, r->verdict.why ? r->verdict.why : "");
        csv_end(out);
    }
}
