/* The figures that set cells side by side. */
#include "report/drawings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/number.h"
#include "base/cleanup.h"

void drawings_y_axis(struct drawing *d, const double *value, size_t count)
{
    text_add(&d->plot, "%s", drawing_spans_decades(value, count) ? "set logscale y 10\n" : "set yrange [0:*]\n");
}

/* The x axis of intervals: a logarithmic one where the estimates span a decade. What of an interval is not above 0, or
 * beyond a decade below all estimates, then ends at the axis. */
static void set_x_axis(struct drawing *d, const double *at, const double *low, size_t count)
{
    double least = INFINITY, floor_of = INFINITY;
    if (!drawing_spans_decades(at, count))
        return;
    for (size_t i = 0; i < count; i++) {
        least = isfinite(at[i]) ? fmin(least, at[i]) : least;
        floor_of = low[i] > 0 ? fmin(floor_of, low[i]) : floor_of;
    }
    floor_of = fmax(fmin(floor_of, least), least / 10);
    text_add(&d->plot,
             "set logscale x 10\nset xrange [%.3g:*]\n"
             "end_of(name) = column(name) > 1e-9 ? column(name) : 1e-9 # an end at or below 0 is at the axis\n",
             0.8 * floor_of);
}

/* A row each from the top down, named at the left. */
static void name_rows(struct drawing *d, const char *const *label, size_t rows)
{
    text_add(&d->plot, "set yrange [%.1f:0.4]\nset ytics noenhanced (", (double)rows + 0.6);
    for (size_t i = 0; i < rows; i++) {
        text_add(&d->plot, "%s", i ? ", " : "");
        drawing_quote(&d->plot, label[i]);
        text_add(&d->plot, " %zu", i + 1);
    }
    text_add(&d->plot, ")\n");
    d->height_cm = 2.6 + 0.75 * (double)rows;
}

/* A row's values: the estimate and its interval, whose ends are the estimate where it has none. */
struct bar {
    double at, low, high;
};

static struct bar bar_of(const struct stats_interval *i, double scale)
{
    if (i->why_not)
        return (struct bar){i->at * scale, i->at * scale, i->at * scale};
    return (struct bar){i->at * scale, i->low * scale, i->high * scale};
}

static void add_bar(struct text *data, struct bar b)
{
    text_add(data, " ");
    drawing_number(data, b.at);
    text_add(data, " ");
    drawing_number(data, b.low);
    text_add(data, " ");
    drawing_number(data, b.high);
}

/* --- the answer: time and memory as ratios to threads ---------------------------------------------------------------
 */

/* What a profile sets besides. */
#define OF_PROFILE "profile,hold_ms,mem_sample,mem_interval_ms"

/* Cells that differ in their profile alone. */
struct pair_of_cells {
    const struct study_cell *first, *time, *memory; /* first: the one that came first of them */
};

static struct bar ratio_of(const struct study *s, const struct study_cell *c, const char *name)
{
    const struct study_figure *f = c ? study_figure(s, c, name) : NULL;
    if (f && c->base == c && f->used && !(c->emulated && strcmp(name, "avg_iter_s") == 0))
        return (struct bar){1, 1, 1};
    return f ? bar_of(&f->verdict.ratio, 1) : (struct bar){NAN, NAN, NAN};
}

static size_t pair_up(const struct study *s, struct pair_of_cells *pair)
{
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        size_t k = 0;
        while (k < n && !cells_alike(pair[k].first->cell, c->cell, OF_PROFILE))
            k++;
        if (k == n)
            pair[n++] = (struct pair_of_cells){c, NULL, NULL};
        if (study_is_memory(c))
            pair[k].memory = pair[k].memory ? pair[k].memory : c;
        else
            pair[k].time = pair[k].time ? pair[k].time : c;
    }
    return n;
}

/* In the digits of the tables. */
static void say_ratio(struct text *alt, const struct study *s, const struct study_cell *c, const char *label,
                      const char *name, const char *what)
{
    const struct study_figure *f = c ? study_figure(s, c, name) : NULL;
    char at[64], low[64], high[64];
    if (!f || isnan(ratio_of(s, c, name).at))
        return;
    const struct stats_interval *r = &f->verdict.ratio;
    int d = number_decimals(r, 1);
    if (c->base == c)
        text_add(alt, " %s, %s: the baseline.", label, what);
    else if (r->why_not)
        text_add(alt, " %s, %s: %s, without an interval.", label, what, number_text(r->at, d, at, sizeof(at)));
    else
        text_add(alt, " %s, %s: %s (%s to %s).", label, what, number_text(r->at, d, at, sizeof(at)),
                 number_text(r->low, d, low, sizeof(low)), number_text(r->high, d, high, sizeof(high)));
}

static void draw_answer(struct drawings *all, const struct study *s)
{
    cleanup_free struct pair_of_cells *pair = calloc(s->cells + 1, sizeof(*pair));
    cleanup_free double *value = calloc(2 * s->cells + 1, sizeof(*value));
    cleanup_free double *low = calloc(2 * s->cells + 1, sizeof(*low));
    cleanup_free const char **label = calloc(s->cells + 1, sizeof(*label)); /* NOLINT(bugprone-sizeof-expression) */
    struct text data = {0}, alt = {0};
    if (!pair || !value || !low || !label)
        abort();
    size_t pairs = pair_up(s, pair), rows = 0, values = 0, apart = 0;
    text_add(&data, "row cell time low high memory memory_low memory_high\n");
    text_add(&alt, "Ratios to threads with 95%% intervals.");
    for (size_t i = 0; i < pairs; i++) {
        const struct study_cell *c = pair[i].first;
        struct bar time = ratio_of(s, pair[i].time, "avg_iter_s"), memory = ratio_of(s, pair[i].memory, "pss_bytes");
        if (isnan(time.at) && isnan(memory.at))
            continue;
        label[rows++] = c->label;
        apart += c->base != c;
        text_add(&data, "%zu %s", rows, c->id);
        add_bar(&data, time);
        add_bar(&data, memory);
        text_add(&data, "\n");
        value[values] = time.at;
        low[values++] = time.low;
        value[values] = memory.at;
        low[values++] = memory.low;
        say_ratio(&alt, s, pair[i].time, c->label, "avg_iter_s", "time");
        say_ratio(&alt, s, pair[i].memory, c->label, "pss_bytes", "memory");
    }
    if (apart > 0) {
        struct drawing *d = drawing_add(all, "answer", "Time of an iteration and memory, as ratios to threads");
        name_rows(d, label, rows);
        set_x_axis(d, value, low, values);
        text_add(
            &d->plot,
            "set xlabel 'ratio to threads (1: the same), with 95%% intervals'\n"
            "set arrow from first 1, graph 0 to first 1, graph 1 nohead linewidth 1 dashtype 2\n"
            "plot 'answer.dat' using 'time':(column('row') - 0.13):(end_of('low')):'high' with xerrorbars pointtype 7 "
            "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title 'time of an iteration', \\\n"
            "     '' using 'memory':(column('row') + 0.13):(end_of('memory_low')):'memory_high' with xerrorbars "
            "pointtype 5 "
            "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title 'memory (PSS)'\n",
            drawing_colour(0), drawing_colour(1));
        text_free(&d->data);
        d->data = data;
        data = (struct text){0};
        d->alt = STEAL(alt.data);
    }
    text_free(&data);
    text_free(&alt);
}

/* --- time and memory in their own units -----------------------------------------------------------------------------
 */

/* A mark of a row: a figure, and whether with its interval. */
struct mark {
    const char *figure, *column, *title;
    int point;
};

static void say_figure(struct text *alt, const char *title, const struct study_figure *f, struct study_unit u)
{
    char at[64];
    if (f && isfinite(f->is.mean.at))
        text_add(alt, "%s %s%s%s %s", *title ? "," : "", title, *title ? " " : "",
                 number_text(f->is.mean.at * u.scale, number_decimals(&f->is.mean, u.scale), at, sizeof(at)), u.unit);
}

static void draw_rows(struct drawings *all, const struct study *s, bool memory, const char *name, const char *title,
                      const struct mark *mark, size_t marks)
{
    cleanup_free double *value = calloc(marks * (s->cells + 1), sizeof(*value));
    cleanup_free double *low = calloc(marks * (s->cells + 1), sizeof(*low));
    cleanup_free const char **label = calloc(s->cells + 1, sizeof(*label)); /* NOLINT(bugprone-sizeof-expression) */
    struct text data = {0}, alt = {0};
    size_t rows = 0, values = 0;
    struct study_unit u = study_unit(s, mark[0].figure);
    if (!value || !low || !label)
        abort();
    text_add(&data, "row cell");
    for (size_t m = 0; m < marks; m++)
        text_add(&data, " %s %s_low %s_high", mark[m].column, mark[m].column, mark[m].column);
    text_add(&data, "\n");
    text_add(&alt, "Means with 95%% intervals.");
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        const struct study_figure *first = study_figure(s, c, mark[0].figure);
        if (study_is_memory(c) != memory || !first || first->used == 0)
            continue;
        label[rows++] = c->label;
        text_add(&data, "%zu %s", rows, c->id);
        text_add(&alt, " %s:", c->label);
        for (size_t m = 0; m < marks; m++) {
            const struct study_figure *f = study_figure(s, c, mark[m].figure);
            struct bar b = f ? bar_of(&f->is.mean, u.scale) : (struct bar){NAN, NAN, NAN};
            add_bar(&data, b);
            say_figure(&alt, m ? mark[m].title : "", f, u);
            value[values] = b.at;
            low[values++] = b.low;
        }
        text_add(&data, "\n");
        text_add(&alt, ".");
    }
    if (rows > 0) {
        struct drawing *d = drawing_add(all, name, title);
        name_rows(d, label, rows);
        set_x_axis(d, value, low, values);
        text_add(&d->plot, "set xlabel '%s [%s], with 95%% intervals'\nplot ",
                 memory ? "memory" : "time of an iteration", u.unit);
        for (size_t m = 0; m < marks; m++)
            text_add(&d->plot,
                     "%s'%s.dat' using '%s':(column('row') + %.2f):(end_of('%s_low')):'%s_high' with xerrorbars "
                     "pointtype %d "
                     "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title '%s'",
                     m ? ", \\\n     " : "", name, mark[m].column, ((double)m - (double)(marks - 1) / 2) * 0.22,
                     mark[m].column, mark[m].column, mark[m].point, drawing_colour(m), mark[m].title);
        text_add(&d->plot, "\n");
        text_free(&d->data);
        d->data = data;
        data = (struct text){0};
        d->alt = STEAL(alt.data);
    }
    text_free(&data);
    text_free(&alt);
}

struct drawings drawings_make(const struct study *s)
{
    static const struct mark TIME[] = {{"avg_iter_s", "mean", "mean", 7}, {"p50_iter_s", "median", "median", 9}};
    static const struct mark MEMORY[] = {
        {"pss_bytes", "pss", "PSS", 7}, {"uss_bytes", "uss", "USS", 9}, {"rss_bytes", "rss", "RSS", 5}};
    struct drawings all = {0};
    draw_answer(&all, s);
    draw_rows(&all, s, false, "time", "Time of an iteration", TIME, ARRAY_LEN(TIME));
    draw_rows(&all, s, true, "memory", "Memory during the measured iterations", MEMORY, ARRAY_LEN(MEMORY));
    drawings_scaling(&all, s);
    for (size_t i = 0; i < s->cells; i++)
        drawings_of_cell(&all, &s->cell[i]);
    return all;
}
