#include "report/bench_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/plan_size.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/keyset.h"
#include "base/terminal.h"
#include "report/table.h"

#define RATE          "calls_per_s"
#define NO_RUN        "no run that ended well has it"
#define RUNS_MAX      1000 /* more would be no useful advice */
#define SIDES_MAX     5    /* threads, interpreters, processes of each start method */
#define SIDE_NAME_MAX 32

/* The shown cells, and their throughputs relative to the first's. */
struct bench {
    const struct summary *s;
    const struct summary_cell **cell; /* cells of profile overhead, by mode, then by workers; owned */
    size_t cells;
    struct analysis_verdict *speed_up; /* relative to cell[0], one family; owned */
    int rate;                          /* the figure's index; below 0: no record has it */
    bool starts;                       /* processes have several start methods */
};

static void bench_free(struct bench *b)
{
    free(b->cell);
    free(b->speed_up);
}
#define cleanup_bench __attribute__((cleanup(bench_free)))

static struct bench bench_make(const struct summary *s)
{
    struct bench b = {.s = s, .rate = records_figure(&s->records, RATE)};
    b.cell = xcalloc(s->cells + 1, sizeof(*b.cell)); /* NOLINT(bugprone-sizeof-expression): pointers */
    b.speed_up = xcalloc(s->cells + 1, sizeof(*b.speed_up));
    cleanup_free struct analysis_ratio *ratio = xcalloc(s->cells + 1, sizeof(*ratio));
    for (size_t i = 0; i < s->cells; i++)
        if (!summary_is_memory(&s->cell[i]))
            b.cell[b.cells++] = &s->cell[i];
    for (size_t i = 1; i < b.cells; i++)
        b.starts |= *b.cell[i]->start && *b.cell[i - 1]->start && strcmp(b.cell[i]->start, b.cell[i - 1]->start) != 0;
    for (size_t i = 1; b.rate >= 0 && i < b.cells; i++)
        ratio[i - 1] = summary_effect(s, b.cell[0], b.cell[i], (size_t)b.rate);
    if (b.rate >= 0 && b.cells > 1)
        analysis_judge(ratio, b.cells - 1, ANALYSIS_MARGIN, b.speed_up + 1);
    return b;
}

/* "threads", "processes"; where there are several start methods "processes spawn". */
static const char *name_of(const struct bench *b, const struct summary_cell *c, char buf[SIDE_NAME_MAX])
{
    const bool has_start = b->starts && *c->start;
    text_format(buf, SIDE_NAME_MAX, "%s%s%s", c->mode, has_start ? " " : "", has_start ? c->start : "");
    return buf;
}

static bool is_same_side(const struct summary_cell *a, const struct summary_cell *b)
{
    return strcmp(a->mode, b->mode) == 0 && strcmp(a->start, b->start) == 0;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct table_column COLUMNS[] = {
    TABLE_TEXT("mode", "mode"),
    TABLE_NUMBER("workers", "workers", ""),
    TABLE_NUMBER("calls_per_s", "calls/s", ""),
    TABLE_INTERVAL("calls_per_s", "[95%]", "", 3),
    TABLE_NUMBER("speed_up", "speed-up", ""),
    TABLE_INTERVAL("speed_up", "[95%]", "", 2),
    TABLE_NUMBER("memory_mib", "memory", "MiB"),
};

/* The cell of profile memory of the same side and workers; NULL: there is none. */
static const struct summary_cell *memory_cell(const struct bench *b, const struct summary_cell *c)
{
    for (size_t i = 0; i < b->s->cells; i++) {
        const struct summary_cell *one = &b->s->cell[i];
        if (summary_is_memory(one) && is_same_side(one, c) && one->workers == c->workers)
            return one;
    }
    return NULL;
}

static const struct summary_figure *memory_of(const struct bench *b, const struct summary_cell *c)
{
    const struct summary_cell *one = memory_cell(b, c);
    return one ? summary_figure(b->s, one, "pss_bytes") : NULL;
}

static void add_speed_up(const struct bench *b, size_t i, struct table *t)
{
    const struct stats_interval one =
        stats_no_interval(b->cell[0]->ok > 0 ? 1 : NAN, ANALYSIS_CONFIDENCE, "it is what the others are over");
    const struct stats_interval *shown = i == 0 ? &one : &b->speed_up[i].ratio;
    int d = i == 0 ? 0 : number_decimals(shown, 1);
    table_number(t, b->rate < 0 ? NAN : shown->at, d, shown->why_not);
    table_interval(t, shown, 1, d);
}

static void add_memory(const struct summary_figure *f, struct table *t)
{
    const double mib = 1.0 / (1 << 20);
    if (f && f->used)
        table_number(t, f->is.mean.at * mib, number_decimals(&f->is.mean, mib), NULL);
    else
        table_number(t, NAN, 0, f ? f->why_not : NULL);
}

static struct table table_of(const struct bench *b)
{
    struct table t = table_new("bench", "", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < b->cells; i++) {
        const struct summary_cell *c = b->cell[i];
        const struct summary_figure *rate = b->rate < 0 ? NULL : summary_at(b->s, c, (size_t)b->rate),
                                    *memory = memory_of(b, c);
        const struct stats_interval none = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, NO_RUN);
        const struct stats_interval *mean = rate && rate->used ? &rate->is.mean : &none;
        char name[SIDE_NAME_MAX];
        table_row(&t, c->id);
        table_text(&t, name_of(b, c, name));
        table_number(&t, c->workers, 0, NULL);
        table_estimate(&t, mean, 1, number_decimals(mean, 1));
        add_speed_up(b, i, &t);
        add_memory(memory, &t);
    }
    return t;
}

/* --- which side wins ---------------------------------------------------------------------------------------------- */

/* The sides with the most workers; verdict[k] is of k against the best. */
struct contest {
    const struct summary_cell *cell[SIDES_MAX];
    size_t cells, best;
    struct analysis_verdict verdict[SIDES_MAX];
};

static double rate_of(const struct bench *b, const struct summary_cell *c)
{
    const struct summary_figure *rate = summary_at(b->s, c, (size_t)b->rate);
    return rate->used ? rate->is.mean.at : -INFINITY;
}

static void find_contestants(const struct bench *b, struct contest *c)
{
    double most = 0;
    for (size_t i = 0; i < b->cells; i++)
        most = fmax(most, b->cell[i]->workers);
    for (size_t i = 0; i < b->cells && c->cells < SIDES_MAX; i++)
        if (b->cell[i]->workers == most)
            c->cell[c->cells++] = b->cell[i];
    for (size_t i = 1; i < c->cells; i++)
        c->best = rate_of(b, c->cell[i]) > rate_of(b, c->cell[c->best]) ? i : c->best;
}

/* The figures themselves decide which mode is best, so every pair is judged, as one family. */
static void judge_pairs(const struct bench *b, struct contest *c)
{
    struct analysis_ratio ratio[SIDES_MAX * SIDES_MAX];
    struct analysis_verdict verdict[SIDES_MAX * SIDES_MAX];
    size_t n = 0;
    for (size_t k = 0; k < c->cells; k++)
        if (k != c->best)
            ratio[n++] = summary_effect(b->s, c->cell[c->best], c->cell[k], (size_t)b->rate);
    for (size_t i = 0; i < c->cells; i++)
        for (size_t k = i + 1; k < c->cells; k++)
            if (i != c->best && k != c->best)
                ratio[n++] = summary_effect(b->s, c->cell[i], c->cell[k], (size_t)b->rate);
    analysis_judge(ratio, n, ANALYSIS_MARGIN, verdict);
    for (size_t k = 0; k < c->cells; k++)
        if (k != c->best)
            c->verdict[k] = verdict[k - (k > c->best)];
}

static void say_other(const struct bench *b, const struct contest *c, size_t k, struct text *out)
{
    char buf[WORDS_MAX_VERDICT], name[SIDE_NAME_MAX];
    const struct figure_about about = b->s->records.reader.name[b->rate].about;
    const struct summary_cell *cell = c->cell[k];
    const struct analysis_verdict *v = &c->verdict[k];
    text_add(out, "  %s: ", name_of(b, cell, name));
    if (cell->ok == 0)
        text_add(out, "failed: no run ended well\n");
    else if (v->word == ANALYSIS_UNKNOWN)
        text_add(out, "no interval: %s\n", v->ratio.why_not ? v->ratio.why_not : v->why ? v->why : "it is not known");
    else
        text_add(out, "%s\n", words_verdict(v, &about, ANALYSIS_MARGIN, buf));
}

static void say_winner(const struct bench *b, struct text *out)
{
    struct contest c = {0};
    char name[SIDE_NAME_MAX];
    find_contestants(b, &c);
    const struct summary_cell *best = c.cells ? c.cell[c.best] : NULL;
    if (b->rate < 0 || c.cells < 2 || best->ok == 0)
        return;
    judge_pairs(b, &c);
    bool alone = true, wins = true, open = false;
    for (size_t k = 0; k < c.cells; k++) {
        const enum analysis_word word = c.verdict[k].word;
        const bool other = k != c.best && c.cell[k]->ok > 0;
        alone &= !other;
        wins &= !other || word == ANALYSIS_LESS;
        open |= other && (word == ANALYSIS_UNKNOWN || word == ANALYSIS_UNCLEAR);
    }
    text_add(out, "With %.0f worker%s, ", best->workers, best->workers == 1 ? "" : "s");
    name_of(b, best, name);
    if (alone)
        text_add(out, "only %s ended well:\n", name);
    else if (wins)
        text_add(out, "%s win here:\n", name);
    else
        text_add(out, "%s; against %s:\n", open ? "it is open which mode wins here" : "no mode wins here", name);
    for (size_t k = 0; k < c.cells; k++)
        if (k != c.best)
            say_other(b, &c, k, out);
}

/* --- what it would take to know better ---------------------------------------------------------------------------- */

static void say_size(const struct bench *b, struct text *out)
{
    struct plan_size size;
    struct err ignored = {0};
    static const char *const TIME[] = {"avg_iter_s"};
    size_t invocations = 0, iterations = 0;
    double widest = 0, total_s = 0;
    if (plan_size(&b->s->records, TIME, 1, BENCH_PRECISION, &size, &ignored) != 0)
        return;
    for (size_t i = 0; i < size.rows; i++) {
        const struct size_row *row = &size.row[i];
        widest = fmax(widest, isnan(row->half_width) ? INFINITY : row->half_width);
        invocations = row->want_invocations > invocations ? row->want_invocations : invocations;
        iterations = row->want_iterations > iterations ? row->want_iterations : iterations;
        total_s += isnan(row->total_s) ? 0 : row->total_s;
    }
    plan_size_free(&size);
    if (widest <= BENCH_PRECISION)
        text_add(out, "* each time is known to %g %% of its mean or better\n", 100 * BENCH_PRECISION);
    if (widest <= BENCH_PRECISION || invocations == 0 || iterations == 0)
        return;
    text_add(out, "* to know each time to %g %%: ", 100 * BENCH_PRECISION);
    if (invocations > RUNS_MAX) {
        text_add(out, "more than %d invocations; fewer on a quieter host ('tare doctor')\n", RUNS_MAX);
        return;
    }
    text_add(out, "--invocations %zu --iterations %zu, about ", number_enough(invocations), iterations);
    text_add_seconds(out, total_s);
    text_add(out, "\n");
}

/* What the column of memory is of, and why some cells have none: a short run may end before a sample is taken. Of those
 * that failed the notes say why. */
static void say_memory(const struct bench *b, struct text *out)
{
    char name[SIDE_NAME_MAX];
    bool is_shown = false;
    for (size_t i = 0; i < b->cells; i++) {
        const struct summary_cell *c = memory_cell(b, b->cell[i]);
        const struct summary_figure *f = memory_of(b, b->cell[i]);
        is_shown |= f && f->used;
        if (c && c->ok > 0 && !(f && f->used))
            text_add(out, "* no memory of %s: %s\n", name_of(b, c, name), f && f->why_not ? f->why_not : NO_RUN);
    }
    if (!is_shown)
        return;
    text_add(out, "* memory is the PSS of all workers and of who starts them, with the most workers alone");
    const char *between = "; its 95% intervals in MiB: ";
    for (size_t i = 0; i < b->cells; i++) {
        const struct summary_figure *f = memory_of(b, b->cell[i]);
        if (!f || f->is.mean.why_not)
            continue;
        const struct number_spelled n = number_interval(&f->is.mean, 1.0 / (1 << 20));
        text_add(out, "%s%s %s to %s", between, name_of(b, b->cell[i], name), n.low, n.high);
        between = ", ";
    }
    text_add(out, "\n");
}

/* "threads on 3.14t, processes (forkserver) on 3.14", and what the columns are of. */
static void say_columns(const struct bench *b, struct text *out)
{
    char name[SIDE_NAME_MAX];
    for (size_t i = 0; i < b->cells; i++) {
        const struct summary_cell *c = b->cell[i];
        if (i > 0 && is_same_side(c, b->cell[i - 1]))
            continue;
        text_add(out, "%s%s", i ? ", " : "* ", c->mode);
        if (*c->start)
            text_add(out, " (%s)", c->start);
        text_add(out, " on %s", c->runtime);
    }
    text_add(out, "\n");
    if (b->cells > 0)
        summary_note_gil(b->cell[0], out);
    if (b->cells > 1 && b->cell[0]->ok > 0)
        text_add(out, "* speed-up is over %s with %.0f worker%s\n", name_of(b, b->cell[0], name), b->cell[0]->workers,
                 b->cell[0]->workers == 1 ? "" : "s");
    say_memory(b, out);
}

void bench_text(const struct summary *s, size_t width, struct text *out)
{
    cleanup_bench struct bench b = bench_make(s);
    cleanup_table struct table t = table_of(&b);
    cleanup_text struct text words = {0}, notes = {0}, size = {0};
    table_as_text(&t, width, out);
    say_columns(&b, &notes);
    summary_notes(s, &notes);
    text_add(out, "\n");
    terminal_wrap_lines(notes.data, width, 2, out);
    say_winner(&b, &words);
    text_add(out, "\n");
    terminal_wrap_lines(words.data, width, 16, out);
    say_size(&b, &size);
    terminal_wrap_lines(size.data, width, 2, out);
}
