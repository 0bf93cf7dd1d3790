/* drawings: the figures of a report. */
#include "report/summary_drawings.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/number.h"
#include "analysis/scaling.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats.h"
#include "base/stats_series.h"
#include "report/scale_show.h"

static void drawings_y_axis(struct drawing *d, const struct drawing_span *s)
{
    text_add(&d->plot, "%s", drawing_spans_decades(s) ? "set logscale y 10\n" : "set yrange [0:*]\n");
}

/* --- The figures of one cell: its iterations' distributions, its series, its memory over time -------------------- */

#define BOXES_MAX  60  /* invocations per figure */
#define SERIES_MAX 4   /* series drawn over each other */
#define POINTS_MAX 500 /* points of a series */

static struct drawing *add(struct drawings *all, const struct summary_cell *c, const char *kind, const char *what)
{
    cleanup_free char *name = text_printf("%s-%s", kind, c->id), *title = text_printf("%s: %s", what, c->label);
    struct drawing *d = drawing_add(all, name, title);
    d->cell = xstrdup(c->id);
    return d;
}

/* An estimate and its interval; without an interval both ends equal the estimate. */
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
    drawing_number(data, b.at);
    drawing_number(data, b.low);
    drawing_number(data, b.high);
}

/* An invocation and its number, from 1 in order of time. */
struct chosen {
    const struct invocation *of;
    size_t number;
};

/* Chooses invocations with iterations: all, or `most` of them, spread evenly from the first to the last. */
static size_t choose(const struct summary_cell *c, size_t most, struct chosen *ret, size_t *of)
{
    size_t n = 0, chosen = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->invocation[i]->ok && c->invocation[i]->iterations > 0;
    size_t take = n < most ? n : most, seen = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!c->invocation[i]->ok || c->invocation[i]->iterations == 0)
            continue;
        if (chosen < take && seen == (take > 1 ? chosen * (n - 1) / (take - 1) : 0))
            ret[chosen++] = (struct chosen){c->invocation[i], seen + 1};
        seen++;
    }
    *of = n;
    return chosen;
}

/* --- distributions ---------------------------------------------------------------------------------------------- */

static void draw_distributions(struct drawings *all, const struct summary_cell *c)
{
    static const double AT[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    struct chosen one[BOXES_MAX];
    struct drawing_span ends = DRAWING_NO_SPAN, medians = DRAWING_NO_SPAN;
    size_t of = 0, n = choose(c, BOXES_MAX, one, &of);
    if (n == 0)
        return;
    struct drawing *d = add(all, c, "iterations", "Iterations of each invocation");
    text_add(&d->data, "invocation iterations min p5 q1 median q3 p95 max\n");
    for (size_t i = 0; i < n; i++) {
        cleanup_free double *sorted = xcalloc(one[i].of->iterations + 1, sizeof(*sorted));
        memcpy(sorted, one[i].of->iteration_s, one[i].of->iterations * sizeof(*sorted));
        stats_sort(sorted, one[i].of->iterations);
        text_add(&d->data, "%zu %zu", one[i].number, one[i].of->iterations);
        for (size_t k = 0; k < ARRAY_LEN(AT); k++)
            drawing_number(&d->data, 1e3 * stats_quantile7(sorted, one[i].of->iterations, AT[k]));
        text_add(&d->data, "\n");
        drawing_widen(&medians, 1e3 * stats_quantile7(sorted, one[i].of->iterations, 0.5));
        drawing_widen(&ends, 1e3 * sorted[0]);
        drawing_widen(&ends, 1e3 * sorted[one[i].of->iterations - 1]);
    }
    d->alt = text_printf("%zu invocations%s, whose median iterations lie from %.4g to %.4g ms.", n,
                         n < of ? " of more, spread evenly" : "", medians.low, medians.high);
    drawings_y_axis(d, &ends);
    text_add(
        &d->plot,
        "set xlabel 'invocation, in the order of time'\nset ylabel 'time of an iteration [ms]'\n"
        "set xrange [0.3:%.1f]\nset xtics %zu\nset boxwidth 0.5\n"
        "plot '%s.dat' using 'invocation':'q1':'p5':'p95':'q3' with candlesticks whiskerbars 0.5 linecolor rgb '%s' "
        "title 'quartiles, 5%% to 95%%', \\\n"
        "     '' using 'invocation':'median':'median':'median':'median' with candlesticks linewidth 2 linecolor rgb "
        "'%s' title 'median', \\\n"
        "     '' using 'invocation':'min' with points pointtype 1 pointsize 0.4 linecolor rgb '#777777' title 'least, "
        "greatest', \\\n"
        "     '' using 'invocation':'max' with points pointtype 1 pointsize 0.4 linecolor rgb '#777777' notitle\n",
        (double)n + 0.7, n > 20 ? (size_t)5 : (size_t)1, d->name, drawing_colour(0), drawing_colour(1));
}

/* --- series ----------------------------------------------------------------------------------------------------- */

/* A series for drawing: the median of each block of `block` iterations, and the mean of the segment it lies in. */
struct line {
    double *value, *mean;
    size_t points, segments;
};

static struct line line_of(const struct invocation *i, size_t block)
{
    struct line l = {.points = (i->iterations + block - 1) / block};
    cleanup_free struct stats_segment *segment = xcalloc(i->iterations, sizeof(*segment));
    cleanup_free double *work = xcalloc(block, sizeof(*work));
    l.value = xcalloc(l.points, sizeof(*l.value));
    l.mean = xcalloc(l.points, sizeof(*l.mean));
    l.segments = stats_segments(i->iteration_s, i->iterations, segment);
    for (size_t k = 0, at = 0; k < l.points; k++) {
        size_t from = k * block, len = from + block <= i->iterations ? block : i->iterations - from;
        memcpy(work, i->iteration_s + from, len * sizeof(*work));
        l.value[k] = 1e3 * stats_median(work, len);
        while (at + 1 < l.segments && segment[at + 1].from <= from)
            at++;
        l.mean[k] = l.segments ? 1e3 * segment[at].mean : NAN;
    }
    return l;
}

static void plot_series(struct drawing *d, const struct chosen *one, size_t lines, size_t block)
{
    text_add(&d->plot, "set xlabel 'iteration'\nset ylabel 'time of an iteration [ms]'\nset xrange [0:*]\nplot ");
    for (size_t i = 0; i < lines; i++)
        text_add(
            &d->plot,
            "%s'%s%s' using 'iteration':'time_%zu' with points pointtype %zu pointsize 0.35 linecolor rgb '%s' title "
            "'invocation %zu', \\\n     '' using 'iteration':'segment_%zu' with steps linewidth 2 linecolor rgb "
            "'%s' notitle",
            i ? ", \\\n     " : "", i ? "" : d->name, i ? "" : ".dat", i + 1, 5 + 2 * i, drawing_colour(i),
            one[i].number, i + 1, drawing_colour(i));
    text_add(&d->plot, "\n");
    if (block > 1)
        text_add(&d->plot, "# each point is the median of %zu iterations\n", block);
}

static void draw_series(struct drawings *all, const struct summary_cell *c)
{
    struct chosen one[SERIES_MAX];
    struct line line[SERIES_MAX];
    size_t of = 0, n = choose(c, SERIES_MAX, one, &of), longest = 0;
    struct text alt = {0};
    for (size_t i = 0; i < n; i++)
        longest = one[i].of->iterations > longest ? one[i].of->iterations : longest;
    if (longest < 2)
        return;
    size_t block = (longest + POINTS_MAX - 1) / POINTS_MAX;
    struct drawing *d = add(all, c, "series", "Iterations in the order of time, and the levels between changepoints");
    text_add(&d->data, "iteration");
    text_add(&alt, "%zu of %zu invocations", n, of);
    for (size_t i = 0; i < n; i++) {
        line[i] = line_of(one[i].of, block);
        text_add(&d->data, " time_%zu segment_%zu", i + 1, i + 1);
        text_add(&alt, "%s", i == 0 ? "; changepoints: " : ", ");
        if (line[i].segments)
            text_add(&alt, "%zu", line[i].segments - 1);
        else
            text_add(&alt, "too few iterations");
        text_add(&alt, " in %s%zu", i == 0 ? "invocation " : "", one[i].number);
    }
    text_add(&alt, "; all invocations together: %s.", stats_steady_names[c->steady]);
    if (block > 1)
        text_add(&alt, " Each point is the median of %zu iterations.", block);
    text_add(&d->data, "\n");
    struct drawing_span values = DRAWING_NO_SPAN;
    for (size_t k = 0; k < (longest + block - 1) / block; k++) {
        text_add(&d->data, "%zu", k * block + 1);
        for (size_t i = 0; i < n; i++) {
            bool there = k < line[i].points;
            drawing_number(&d->data, there ? line[i].value[k] : NAN);
            drawing_number(&d->data, there ? line[i].mean[k] : NAN);
            drawing_widen(&values, there ? line[i].value[k] : NAN);
        }
        text_add(&d->data, "\n");
    }
    for (size_t i = 0; i < n; i++) {
        free(line[i].value);
        free(line[i].mean);
    }
    d->alt = STEAL(alt.data);
    drawings_y_axis(d, &values);
    plot_series(d, one, n, block);
}

/* --- memory over time ------------------------------------------------------------------------------------------- */

static bool has_classes(const struct invocation *i)
{
    for (size_t k = 0; k < i->details.points; k++)
        if (isfinite(i->details.point[k].anon))
            return true;
    return false;
}

/* Adds every rollup, and enough of the cheap readings between them. Of a class without those inside it: file includes
 * shmem (cgroup-v2.rst, memory.stat). */
static void add_points(struct drawing *d, const struct invocation *i, double *greatest)
{
    const double mib = 1 << 20;
    size_t every = i->details.points / (size_t)POINTS_MAX + 1;
    bool classes = has_classes(i);
    text_add(&d->data, "time_s anon file shmem kernel pss rss\n");
    for (size_t k = 0; k < i->details.points; k++) {
        const struct memory_point *p = &i->details.point[k];
        if (!isfinite(p->pss) && (!classes || k % every != 0))
            continue;
        text_add_exact(&d->data, p->at_s);
        drawing_number(&d->data, p->anon / mib);
        drawing_number(&d->data, (isnan(p->shmem) ? p->file : p->file - p->shmem) / mib);
        drawing_number(&d->data, p->shmem / mib);
        drawing_number(&d->data, p->kernel / mib);
        drawing_number(&d->data, p->pss / mib);
        drawing_number(&d->data, p->rss / mib);
        text_add(&d->data, "\n");
        *greatest = fmax(*greatest, isfinite(p->pss) ? p->pss / mib : 0);
    }
}

static void plot_classes(struct drawing *d)
{
    static const struct {
        const char *below, *above, *title;
    } LAYERS[] = {{"0", "column('anon')", "anon"},
                  {"column('anon')", "column('anon')+column('kernel')", "kernel"},
                  {"column('anon')+column('kernel')", "column('anon')+column('kernel')+column('file')", "file"},
                  {"column('anon')+column('kernel')+column('file')",
                   "column('anon')+column('kernel')+column('file')+column('shmem')", "shmem"}};
    static const size_t COLOUR[] = {5, 3, 4, 6};
    for (size_t i = 0; i < ARRAY_LEN(LAYERS); i++)
        text_add(&d->plot,
                 "'%s.dat' using 'time_s':(%s):(%s) with filledcurves linecolor rgb '%s' title '%s', \\\n     ",
                 d->name, LAYERS[i].below, LAYERS[i].above, drawing_colour(COLOUR[i]), LAYERS[i].title);
}

static void draw_memory(struct drawings *all, const struct summary_cell *c)
{
    const struct invocation *i = c->typical;
    double greatest = 0;
    if (!i || i->details.points == 0)
        return;
    struct drawing *d = add(all, c, "memory", "Memory over time");
    bool classes = has_classes(i);
    add_points(d, i, &greatest);
    d->alt =
        text_printf("One invocation, the middle one by its time (record %s); the greatest sum of PSS is %.3g MiB. %s",
                    i->id, greatest,
                    classes ? "Classes of memory.stat are stacked below the sums of PSS and RSS."
                            : "The record has no classes of memory.stat, so the sums of PSS and RSS stand alone.");
    text_add(&d->plot, "set xlabel 'time [s]'\nset ylabel 'memory [MiB]'\nset yrange [0:*]\nset xrange [0:*]\nplot ");
    if (classes)
        plot_classes(d);
    text_add(
        &d->plot,
        "'%s.dat' using 'time_s':'pss' with linespoints pointtype 7 pointsize 0.25 linewidth 1.5 linecolor rgb '%s' "
        "title 'sum of PSS', \\\n     '' using 'time_s':'rss' with linespoints pointtype 5 pointsize 0.25 linewidth "
        "1.5 dashtype 2 linecolor rgb '%s' title 'sum of RSS'\n",
        d->name, drawing_colour(0), drawing_colour(1));
}

static void drawings_of_cell(struct drawings *d, const struct summary_cell *c)
{
    if (summary_is_memory(c)) {
        draw_memory(d, c);
        return;
    }
    draw_distributions(d, c);
    draw_series(d, c);
}

/* --- A figure over the number of workers: a line for each set of cells that differ in that alone ----------------- */

/* Cells that differ in the number of workers and in nothing else. */
struct curve {
    const struct summary_cell **cell; /* ascending by workers; owned */
    size_t cells;
    const struct scaling_point *point; /* their speed-up; NULL: not drawn */
    struct text name;
};

static void curves_free(struct curve *curve, size_t curves)
{
    for (size_t i = 0; i < curves; i++) {
        free(curve[i].cell);
        text_free(&curve[i].name);
    }
    free(curve);
}

static size_t curves_of(const struct summary *s, bool memory, struct curve *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        size_t k = 0;
        if (summary_is_memory(c) != memory || isnan(c->workers))
            continue;
        while (k < n && !cells_alike(ret[k].cell[0]->cell, c->cell, "workers"))
            k++;
        if (k == n) {
            ret[n].cell = xcalloc(s->cells, sizeof(const struct summary_cell *));
            summary_curve_name(c, &ret[n++].name);
        }
        ret[k].cell[ret[k].cells++] = c;
    }
    return n;
}

static size_t workers_of(const struct curve *curve, size_t curves, double *ret)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < curves; i++)
        for (size_t k = 0; k < curve[i].cells; k++)
            ret[n++] = curve[i].cell[k]->workers;
    stats_sort(ret, n);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || ret[i] != ret[kept - 1])
            ret[kept++] = ret[i];
    return kept;
}

/* The value drawn for a curve's k-th cell: a figure's mean, or the speed-up. */
static struct stats_interval value_of(const struct summary *s, const struct curve *l, size_t k, const char *figure)
{
    if (!figure)
        return l->point[k].speed_up;
    const struct summary_figure *f = summary_figure(s, l->cell[k], figure);
    return f && f->used ? f->is.mean : stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "");
}

/* drawn: of a figure the intervals too, which of a speed-up may have any width. */
static void add_value(struct drawing *d, const struct summary *s, const struct curve *l, double workers,
                      const char *figure, struct drawing_span *drawn)
{
    double scale = figure ? records_about(&s->records, figure).scale : 1;
    struct bar b = {NAN, NAN, NAN};
    for (size_t i = 0; i < l->cells; i++) {
        if (l->cell[i]->workers != workers)
            continue;
        const struct stats_interval v = value_of(s, l, i, figure);
        b = bar_of(&v, scale);
    }
    add_bar(&d->data, b);
    drawing_widen(drawn, b.at);
    drawing_widen(drawn, figure ? b.low : NAN);
    drawing_widen(drawn, figure ? b.high : NAN);
}

static void plot_curves(struct drawing *d, const struct curve *curve, size_t curves, struct text *alt)
{
    if (curve[0].point)
        text_add(&d->plot,
                 "plot x with lines dashtype 3 linewidth 1 linecolor rgb '#888888' title 'nothing lost', \\\n     ");
    else
        text_add(&d->plot, "plot ");
    for (size_t i = 0; i < curves; i++) {
        text_add(alt, "%s%s", i ? ", " : "", curve[i].name.data);
        text_add(
            &d->plot,
            "%s'%s%s' using 'workers':'mean_%zu':'low_%zu':'high_%zu' with yerrorlines pointtype %zu pointsize 0.6 "
            "linewidth 1.5 linecolor rgb '%s' title ",
            i ? ", \\\n     " : "", i ? "" : d->name, i ? "" : ".dat", i + 1, i + 1, i + 1, 5 + 2 * (i % 5),
            drawing_colour(i));
        drawing_quote(&d->plot, curve[i].name.data);
    }
    text_add(&d->plot, "\n");
    text_add(alt, ".");
}

/* figure: NULL for the speed-up. of: the end of the drawing's name, if there are several. */
static void draw(struct drawings *all, const struct summary *s, const struct curve *curve, size_t curves,
                 const double *workers, size_t count, const char *figure, const char *of)
{
    const char *word = !figure ? "speed-up" : strcmp(figure, "pss_bytes") == 0 ? "memory" : "time";
    const struct figure_about about = records_about(&s->records, figure ? figure : "");
    const char *what =
        figure ? about.title : "speed-up (work done in the same time; the fewest workers count as their number)";
    cleanup_free char *name = text_printf("scaling-%s%s", word, of),
                      *title = text_printf("Scaling by workers: %s", what);
    struct text alt = {0};
    struct drawing_span drawn = DRAWING_NO_SPAN;
    struct drawing *d = drawing_add(all, name, title);
    text_add(&d->data, "workers");
    for (size_t i = 0; i < curves; i++)
        text_add(&d->data, " mean_%zu low_%zu high_%zu", i + 1, i + 1, i + 1);
    text_add(&d->data, "\n");
    for (size_t k = 0; k < count; k++) {
        text_add_exact(&d->data, workers[k]);
        for (size_t i = 0; i < curves; i++)
            add_value(d, s, &curve[i], workers[k], figure, &drawn);
        text_add(&d->data, "\n");
    }
    text_add(&alt, "%s over %zu numbers of workers, from %g to %g, a line each for ", what, count, workers[0],
             workers[count - 1]);
    alt.data[0] = (char)toupper((unsigned char)alt.data[0]);
    if (figure)
        drawings_y_axis(d, &drawn);
    else
        text_add(&d->plot, "set yrange [0:%g]\n", fmax(1.2 * workers[count - 1], 1.1 * drawn.high));
    cleanup_free char *axis = figure ? text_printf("%s [%s]", what, about.shown) : text_printf("speed-up");
    text_add(&d->plot, "set logscale x 2\nset xrange [%g:%g]\nset xlabel 'workers'\nset ylabel ", 0.9 * workers[0],
             1.1 * workers[count - 1]);
    drawing_quote(&d->plot, axis);
    text_add(&d->plot, "\nset xtics (");
    for (size_t k = 0; k < count; k++)
        text_add(&d->plot, "%s%g", k ? ", " : "", workers[k]);
    text_add(&d->plot, ")\n");
    plot_curves(d, curve, curves, &alt);
    d->alt = STEAL(alt.data);
}

static void draw_speed_up(struct drawings *d, const struct summary *s, const struct scaling *all, size_t at,
                          const char *of)
{
    const struct scaling_sweep *sweep = &all->sweep[at];
    struct curve *curve = xcalloc(sweep->curves, sizeof(*curve));
    cleanup_free double *workers = xcalloc(s->cells, sizeof(*workers));
    for (size_t i = 0; i < sweep->curves; i++) {
        const struct scaling_curve *c = &sweep->curve[i];
        curve[i].cell = xcalloc(c->points, sizeof(const struct summary_cell *));
        curve[i].cells = c->points;
        curve[i].point = c->point;
        scale_curve_name(all, c, &curve[i].name);
        for (size_t k = 0; k < c->points; k++)
            curve[i].cell[k] = c->point[k].cell;
    }
    const size_t count = workers_of(curve, sweep->curves, workers);
    draw(d, s, curve, sweep->curves, workers, count, NULL, of);
    curves_free(curve, sweep->curves);
}

#define NAME_END_MAX 24

/* Draws a bar per number of threads: what they achieve, and above it the parts that they lose. A negative part has no
 * height; the table shows it. */
static void draw_losses(struct drawings *all, const struct scaling_split *split, const char *of)
{
    static const char *const KEYS[] = {"got", "start", "serial", "coherency", "sharing", "ceiling"};
    static const char *const TITLES[] = {"got", "start", "serial", "coherency", "sharing tax", "ceiling"};
    const bool is_fitted = !*split->fit.why_not;
    cleanup_text struct text curve = {0};
    summary_curve_name(split->threads->point[0].cell, &curve);
    cleanup_free char *name = text_printf("scaling-loss%s", of),
                      *title = text_printf("Where the speed-up is lost: %s", curve.data);
    struct drawing *d = drawing_add(all, name, title);
    text_add(&d->data, "workers got start serial coherency sharing ceiling\n");
    for (size_t i = 0; i < split->losses; i++) {
        const struct scaling_loss *l = &split->loss[i];
        const double value[] = {l->got.at,
                                l->part[SCALING_START].at,
                                is_fitted ? l->part[SCALING_SERIAL].at : NAN,
                                is_fitted ? l->part[SCALING_COHERENCY].at : NAN,
                                is_fitted ? NAN : l->part[SCALING_SHARING].at,
                                l->part[SCALING_CEILING].at};
        text_add_exact(&d->data, l->workers);
        for (size_t k = 0; k < ARRAY_LEN(value); k++)
            drawing_number(&d->data, fmax(value[k], 0)); /* NaN gives 0 */
        text_add(&d->data, "\n");
    }
    text_add(&d->plot, "set style data histograms\nset style histogram rowstacked\nset style fill solid 0.75 noborder\n"
                       "set boxwidth 0.6\nset yrange [0:*]\nset grid noxtics\nset xlabel 'threads'\nset ylabel ");
    drawing_quote(&d->plot, "threads' worth of work");
    text_add(&d->plot, "\nplot ");
    for (size_t k = 0, drawn = 0; k < ARRAY_LEN(KEYS); k++) {
        const bool is_part_of_tax = k == 2 || k == 3;
        if ((k == 1 && !split->has_start) || (is_part_of_tax && !is_fitted) || (k == 4 && is_fitted))
            continue;
        text_add(&d->plot, "%s'%s%s' using '%s':xticlabels(1) linecolor rgb '%s' title '%s'",
                 drawn ? ", \\\n     " : "", drawn ? "" : d->name, drawn ? "" : ".dat", KEYS[k],
                 k == 0 ? "#BBBBBB" : drawing_colour(k - 1), TITLES[k]);
        drawn++;
    }
    text_add(&d->plot, "\n");
    d->alt =
        text_printf("A bar for each of %zu numbers of threads: what they get of their number, and on it the parts of "
                    "what they lose.",
                    split->losses);
}

/* The end of the n-th drawing's name; the first has none. */
static void number_name(size_t n, char of[NAME_END_MAX])
{
    text_format(of, NAME_END_MAX, "-%zu", n);
    if (n == 1)
        *of = '\0';
}

static void draw_sweeps(struct drawings *d, const struct summary *s)
{
    struct scaling all;
    size_t splits = 0;
    char of[NAME_END_MAX];
    scaling_make(s, &all);
    for (size_t i = 0; i < all.sweeps; i++) {
        number_name(i + 1, of);
        draw_speed_up(d, s, &all, i, of);
        for (size_t k = 0; k < all.sweep[i].splits; k++) {
            if (all.sweep[i].split[k].losses == 0)
                continue;
            splits++;
            number_name(splits, of);
            draw_losses(d, &all.sweep[i].split[k], of);
        }
    }
    scaling_free(&all);
}

static void drawings_scaling(struct drawings *d, const struct summary *s)
{
    for (int memory = 0; memory <= 1; memory++) {
        struct curve *curve = xcalloc(s->cells, sizeof(*curve));
        cleanup_free double *workers = xcalloc(s->cells, sizeof(*workers));
        size_t curves = curves_of(s, memory, curve), count = workers_of(curve, curves, workers);
        if (count > 1)
            draw(d, s, curve, curves, workers, count, memory ? "pss_bytes" : "avg_iter_s", "");
        curves_free(curve, curves);
        if (!memory)
            draw_sweeps(d, s);
    }
}

/* --- cells in rows ---------------------------------------------------------------------------------------------- */

/* What is drawn of each. */
struct rows {
    struct text data, alt;
    const char **label; /* of each row; borrowed, the list is owned */
    size_t count;
    struct drawing_span at, low; /* of the estimates; of their lower ends above 0 */
};

static void rows_free(struct rows *r)
{
    text_free(&r->data);
    text_free(&r->alt);
    free(r->label);
}
#define cleanup_rows __attribute__((cleanup(rows_free)))

static struct rows rows_new(const struct summary *s)
{
    return (struct rows){
        .label = xcalloc(s->cells, sizeof(const char *)), .at = DRAWING_NO_SPAN, .low = DRAWING_NO_SPAN};
}

static void begin_row(struct rows *r, const struct summary_cell *c)
{
    r->label[r->count++] = c->label;
    text_add(&r->data, "%zu %s", r->count, c->id);
}

static void add_mark(struct rows *r, struct bar b)
{
    add_bar(&r->data, b);
    drawing_widen(&r->at, b.at);
    drawing_widen(&r->low, b.low > 0 ? b.low : NAN);
}

/* Sets the x axis of intervals, logarithmic if the estimates span a decade. Ends of intervals at or below 0, or more
 * than a decade below all estimates, are then drawn at the axis. */
static void set_x_axis(struct drawing *d, const struct rows *r)
{
    if (!drawing_spans_decades(&r->at))
        return;
    text_add(&d->plot,
             "set logscale x 10\nset xrange [%.3g:*]\n"
             "end_of(name) = column(name) > 1e-9 ? column(name) : 1e-9 # an end at or below 0 is at the axis\n",
             0.8 * fmax(fmin(r->low.low, r->at.low), r->at.low / 10));
}

#define ABOVE 0.28 /* of a row's height: the distance of its name above its marks, which leaves them the full width */

/* Adds them as a drawing, from the top down, each with its name above its marks; the marks' commands are the caller's.
 */
static struct drawing *draw_them(struct drawings *all, struct rows *r, const char *name, const char *title)
{
    struct drawing *d = drawing_add(all, name, title);
    text_add(&d->plot, "set yrange [%.1f:0.4]\nunset ytics\nset grid noytics\n", (double)r->count + 0.6);
    for (size_t i = 0; i < r->count; i++) {
        text_add(&d->plot, "set label %zu ", i + 1);
        drawing_quote(&d->plot, r->label[i]);
        text_add(&d->plot, " at graph 0.01, first %.2f left noenhanced front\n", (double)(i + 1) - ABOVE);
    }
    d->height_cm = 2.6 + 1.2 * (double)r->count;
    set_x_axis(d, r);
    d->data = r->data;
    r->data = (struct text){0};
    d->alt = STEAL(r->alt.data);
    return d;
}

/* --- the answer: time and memory as ratios to threads ----------------------------------------------------------- */

/* The keys that a profile sets, too. */
#define OF_PROFILE "profile,hold_ms,mem_sample,mem_interval_ms"

/* Cells that differ only in their profile. */
struct pair_of_cells {
    const struct summary_cell *first, *time, *memory; /* first: the first of the two */
};

static struct bar ratio_of(const struct summary *s, const struct summary_cell *c, const char *name)
{
    const struct summary_figure *f = c ? summary_figure(s, c, name) : NULL;
    if (f && c->base == c && f->used && !(c->emulated && strcmp(name, "avg_iter_s") == 0))
        return (struct bar){1, 1, 1};
    return f ? bar_of(&f->verdict.ratio, 1) : (struct bar){NAN, NAN, NAN};
}

static size_t pair_up(const struct summary *s, struct pair_of_cells *pair)
{
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        size_t k = 0;
        while (k < n && !cells_alike(pair[k].first->cell, c->cell, OF_PROFILE))
            k++;
        if (k == n)
            pair[n++] = (struct pair_of_cells){c, NULL, NULL};
        if (summary_is_memory(c))
            pair[k].memory = pair[k].memory ? pair[k].memory : c;
        else
            pair[k].time = pair[k].time ? pair[k].time : c;
    }
    return n;
}

/* Adds a ratio with the digits of the tables. */
static void say_ratio(struct text *alt, const struct summary *s, const struct summary_cell *c, const char *label,
                      const char *name, const char *what)
{
    const struct summary_figure *f = c ? summary_figure(s, c, name) : NULL;
    if (!f || isnan(ratio_of(s, c, name).at))
        return;
    const struct stats_interval *r = &f->verdict.ratio;
    const struct number_spelled n = number_interval(r, 1);
    if (c->base == c)
        text_add(alt, " %s, %s: the baseline.", label, what);
    else if (r->why_not)
        text_add(alt, " %s, %s: %s, without an interval.", label, what, n.at);
    else
        text_add(alt, " %s, %s: %s (%s to %s).", label, what, n.at, n.low, n.high);
}

static void draw_answer(struct drawings *all, const struct summary *s)
{
    cleanup_free struct pair_of_cells *pair = xcalloc(s->cells, sizeof(*pair));
    cleanup_rows struct rows r = rows_new(s);
    size_t pairs = pair_up(s, pair), apart = 0;
    text_add(&r.data, "row cell time low high memory memory_low memory_high\n");
    text_add(&r.alt, "Ratios to threads with 95%% intervals.");
    for (size_t i = 0; i < pairs; i++) {
        const struct summary_cell *c = pair[i].first;
        struct bar time = ratio_of(s, pair[i].time, "avg_iter_s"), memory = ratio_of(s, pair[i].memory, "pss_bytes");
        if (isnan(time.at) && isnan(memory.at))
            continue;
        apart += c->base != c;
        begin_row(&r, c);
        add_mark(&r, time);
        add_mark(&r, memory);
        text_add(&r.data, "\n");
        say_ratio(&r.alt, s, pair[i].time, c->label, "avg_iter_s", "time");
        say_ratio(&r.alt, s, pair[i].memory, c->label, "pss_bytes", "memory");
    }
    if (apart > 0) {
        struct drawing *d = draw_them(all, &r, "answer", "Time of an iteration and memory, as ratios to threads");
        text_add(
            &d->plot,
            "set xlabel 'ratio to threads (1: the same), with 95%% intervals'\n"
            "set arrow from first 1, graph 0 to first 1, graph 1 nohead linewidth 1 dashtype 2\n"
            "plot 'answer.dat' using 'time':(column('row') + 0.05):(end_of('low')):'high' with xerrorbars pointtype 7 "
            "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title 'time of an iteration', \\\n"
            "     '' using 'memory':(column('row') + 0.25):(end_of('memory_low')):'memory_high' with xerrorbars "
            "pointtype 5 "
            "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title 'memory (PSS)'\n",
            drawing_colour(0), drawing_colour(1));
    }
}

/* --- time and memory in their own units ------------------------------------------------------------------------- */

/* A mark in a row: a figure, with or without its interval. */
struct mark {
    const char *figure, *column, *title;
    int point;
};

static void say_figure(struct text *alt, const char *title, const struct summary_figure *f,
                       const struct figure_about *u)
{
    if (f && isfinite(f->is.mean.at))
        text_add(alt, "%s %s%s%s %s", *title ? "," : "", title, *title ? " " : "",
                 number_interval(&f->is.mean, u->scale).at, u->shown);
}

/* Whether the figure of this profile's cells has a row for the cell. */
static bool is_row(const struct summary *s, const struct summary_cell *c, bool memory, const char *figure)
{
    const struct summary_figure *f = summary_is_memory(c) == memory ? summary_figure(s, c, figure) : NULL;
    return f && f->used > 0;
}

static size_t rows_of(const struct summary *s, bool memory, const char *figure)
{
    size_t rows = 0;
    for (size_t i = 0; i < s->cells; i++)
        rows += is_row(s, &s->cell[i], memory, figure);
    return rows;
}

static void draw_rows(struct drawings *all, const struct summary *s, bool memory, const char *name, const char *title,
                      const struct mark *mark, size_t marks)
{
    cleanup_rows struct rows r = rows_new(s);
    const struct figure_about u = records_about(&s->records, mark[0].figure);
    text_add(&r.data, "row cell");
    for (size_t m = 0; m < marks; m++)
        text_add(&r.data, " %s %s_low %s_high", mark[m].column, mark[m].column, mark[m].column);
    text_add(&r.data, "\n");
    text_add(&r.alt, "Means with 95%% intervals.");
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        if (!is_row(s, c, memory, mark[0].figure))
            continue;
        begin_row(&r, c);
        text_add(&r.alt, " %s:", c->label);
        for (size_t m = 0; m < marks; m++) {
            const struct summary_figure *f = summary_figure(s, c, mark[m].figure);
            add_mark(&r, f ? bar_of(&f->is.mean, u.scale) : (struct bar){NAN, NAN, NAN});
            say_figure(&r.alt, m ? mark[m].title : "", f, &u);
        }
        text_add(&r.data, "\n");
        text_add(&r.alt, ".");
    }
    if (r.count > 0) {
        struct drawing *d = draw_them(all, &r, name, title);
        cleanup_free char *axis =
            text_printf("%s [%s], with 95%% intervals", memory ? "memory" : "time of an iteration", u.shown);
        text_add(&d->plot, "set xlabel ");
        drawing_quote(&d->plot, axis);
        text_add(&d->plot, "\nplot ");
        for (size_t m = 0; m < marks; m++)
            text_add(&d->plot,
                     "%s'%s.dat' using '%s':(column('row') + %.2f):(end_of('%s_low')):'%s_high' with xerrorbars "
                     "pointtype %d "
                     "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title '%s'",
                     m ? ", \\\n     " : "", name, mark[m].column, 0.02 + 0.15 * (double)m, mark[m].column,
                     mark[m].column, mark[m].point, drawing_colour(m), mark[m].title);
        text_add(&d->plot, "\n");
    }
}

struct drawings summary_drawings_make(const struct summary *s)
{
    static const struct mark TIME[] = {{"avg_iter_s", "mean", "mean", 7}, {"p50_iter_s", "median", "median", 9}};
    static const struct mark MEMORY[] = {
        {"pss_bytes", "pss", "PSS", 7}, {"uss_bytes", "uss", "USS", 9}, {"rss_bytes", "rss", "RSS", 5}};
    struct drawings all = {0};
    const size_t times = rows_of(s, false, TIME[0].figure), memories = rows_of(s, true, MEMORY[0].figure);
    all.left_out = times > memories ? times : memories;
    if (all.left_out > DRAWING_ROWS_MAX)
        return all;
    all.left_out = 0;
    draw_answer(&all, s);
    draw_rows(&all, s, false, "time", "Time of an iteration", TIME, ARRAY_LEN(TIME));
    draw_rows(&all, s, true, "memory", "Memory during the measured iterations", MEMORY, ARRAY_LEN(MEMORY));
    drawings_scaling(&all, s);
    for (size_t i = 0; i < s->cells; i++)
        drawings_of_cell(&all, &s->cell[i]);
    return all;
}
