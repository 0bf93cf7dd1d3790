/* The figures of one cell: its iterations' distributions, its series, its memory over time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/stats_series.h"
#include "report/drawings.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#define BOXES_MAX  60  /* invocations in one figure */
#define SERIES_MAX 4   /* invocations whose series are drawn over each other */
#define POINTS_MAX 500 /* of a series */

static struct drawing *add(struct drawings *all, const struct study_cell *c, const char *kind, const char *what)
{
    cleanup_text struct text name = {0}, title = {0};
    text_add(&name, "%s-%s", kind, c->id);
    text_add(&title, "%s: %s", what, c->label);
    struct drawing *d = drawing_add(all, name.data, title.data);
    d->cell = strdup(c->id);
    if (!d->cell)
        abort();
    return d;
}

static void add_number(struct text *data, double value)
{
    text_add(data, " ");
    drawing_number(data, value);
}

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* An invocation and its number, from 1, in the order of time. */
struct chosen {
    const struct invocation *of;
    size_t number;
};

/* The invocations whose iterations there are: all, or as many spread evenly from the first to the last. */
static size_t choose(const struct study_cell *c, size_t most, struct chosen *ret, size_t *of)
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

/* --- distributions --------------------------------------------------------------------------------------------------
 */

static void draw_distributions(struct drawings *all, const struct study_cell *c)
{
    static const double AT[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    struct chosen one[BOXES_MAX];
    double ends[2 * BOXES_MAX];
    size_t of = 0, n = choose(c, BOXES_MAX, one, &of);
    double least = INFINITY, greatest = 0;
    if (n == 0)
        return;
    struct drawing *d = add(all, c, "iterations", "Iterations of each invocation");
    struct text alt = {0};
    text_add(&d->data, "invocation iterations min p5 q1 median q3 p95 max\n");
    for (size_t i = 0; i < n; i++) {
        cleanup_free double *sorted = xcalloc(one[i].of->iterations + 1, sizeof(*sorted));
        memcpy(sorted, one[i].of->iteration_s, one[i].of->iterations * sizeof(*sorted));
        qsort(sorted, one[i].of->iterations, sizeof(*sorted), compare_values);
        text_add(&d->data, "%zu %zu", one[i].number, one[i].of->iterations);
        for (size_t k = 0; k < ARRAY_LEN(AT); k++)
            add_number(&d->data, 1e3 * stats_quantile7(sorted, one[i].of->iterations, AT[k]));
        text_add(&d->data, "\n");
        double median = 1e3 * stats_quantile7(sorted, one[i].of->iterations, 0.5);
        least = fmin(least, median);
        greatest = fmax(greatest, median);
        ends[2 * i] = 1e3 * sorted[0];
        ends[2 * i + 1] = 1e3 * sorted[one[i].of->iterations - 1];
    }
    text_add(&alt, "%zu invocations%s, whose median iterations lie from %.4g to %.4g ms.", n,
             n < of ? " of more, spread evenly" : "", least, greatest);
    d->alt = STEAL(alt.data);
    drawings_y_axis(d, ends, 2 * n);
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

/* --- series ---------------------------------------------------------------------------------------------------------
 */

/* A series as it is drawn: blocks of `block` iterations, each by its median, and the mean of the segment it is in. */
struct line {
    double *value, *mean;
    size_t points, segments;
};

static struct line line_of(const struct invocation *i, size_t block)
{
    struct line l = {.points = (i->iterations + block - 1) / block};
    cleanup_free struct stats_segment *segment = calloc(i->iterations + 1, sizeof(*segment));
    cleanup_free double *work = calloc(block + 1, sizeof(*work));
    l.value = calloc(l.points + 1, sizeof(*l.value));
    l.mean = calloc(l.points + 1, sizeof(*l.mean));
    if (!segment || !work || !l.value || !l.mean)
        abort();
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

static void draw_series(struct drawings *all, const struct study_cell *c)
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
        if (line[i].segments)
            text_add(&alt, ", %zu changepoint%s in number %zu", line[i].segments - 1, line[i].segments == 2 ? "" : "s",
                     one[i].number);
        else
            text_add(&alt, ", too few iterations for changepoints in number %zu", one[i].number);
    }
    text_add(&alt, "; all invocations together: %s.", stats_steady_name(c->steady));
    if (block > 1)
        text_add(&alt, " Each point is the median of %zu iterations.", block);
    text_add(&d->data, "\n");
    cleanup_free double *value = calloc(SERIES_MAX * POINTS_MAX + 1, sizeof(*value));
    size_t values = 0;
    if (!value)
        abort();
    for (size_t k = 0; k < (longest + block - 1) / block; k++) {
        text_add(&d->data, "%zu", k * block + 1);
        for (size_t i = 0; i < n; i++) {
            bool there = k < line[i].points;
            add_number(&d->data, there ? line[i].value[k] : NAN);
            add_number(&d->data, there ? line[i].mean[k] : NAN);
            if (there && values < SERIES_MAX * POINTS_MAX)
                value[values++] = line[i].value[k];
        }
        text_add(&d->data, "\n");
    }
    for (size_t i = 0; i < n; i++) {
        free(line[i].value);
        free(line[i].mean);
    }
    d->alt = STEAL(alt.data);
    drawings_y_axis(d, value, values);
    plot_series(d, one, n, block);
}

/* --- memory over time -----------------------------------------------------------------------------------------------
 */

/* Of a class of memory, and what is stacked below it. shmem is in file (cgroup-v2.rst, memory.stat). */
static double file_alone(const struct memory_point *p)
{
    return isnan(p->shmem) ? p->file : p->file - p->shmem;
}

static bool has_classes(const struct invocation *i)
{
    for (size_t k = 0; k < i->details.points; k++)
        if (isfinite(i->details.point[k].anon))
            return true;
    return false;
}

/* Every rollup, and of the cheap reads in between what is needed for as many points. */
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
        drawing_number(&d->data, p->at_s);
        add_number(&d->data, p->anon / mib);
        add_number(&d->data, file_alone(p) / mib);
        add_number(&d->data, p->shmem / mib);
        add_number(&d->data, p->kernel / mib);
        add_number(&d->data, p->pss / mib);
        add_number(&d->data, p->rss / mib);
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

static void draw_memory(struct drawings *all, const struct study_cell *c)
{
    const struct invocation *i = c->typical;
    double greatest = 0;
    if (!i || i->details.points == 0)
        return;
    struct drawing *d = add(all, c, "memory", "Memory over time");
    struct text alt = {0};
    bool classes = has_classes(i);
    add_points(d, i, &greatest);
    text_add(&alt,
             "One invocation, the middle one by its time (record %s); the greatest sum of PSS is %.3g MiB. "
             "%s",
             i->id, greatest,
             classes ? "Classes of memory.stat are stacked below the sums of PSS and RSS."
                     : "The record has no classes of memory.stat, so the sums of PSS and RSS stand alone.");
    d->alt = STEAL(alt.data);
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

void drawings_of_cell(struct drawings *d, const struct study_cell *c)
{
    if (study_is_memory(c)) {
        draw_memory(d, c);
        return;
    }
    draw_distributions(d, c);
    draw_series(d, c);
}
