#include "report/forest.h"

#include <math.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define ROW_CM      1.15
#define ABOVE       0.36 /* of a row's height: the distance of its name above its mark */
#define BELOW       0.10 /* of a row's height: the distance of its interval below the middle */
#define NEXT_BELOW  0.22 /* likewise, of where the next measurement is expected */
#define EDGE_ABOVE  0.15 /* likewise, how far an edge reaches above and below the middle */
#define EDGE_BELOW  0.38
#define NEXT_COLOUR "#777777"
#define BEYOND      1.5  /* intervals are drawn at most this far beyond the span of estimates and edges, in spans */
#define LEAST       1e-3 /* the margin of an axis whose values are all equal, as a share of the largest */

static struct drawing_span range_of(const struct forest *f)
{
    struct drawing_span core = DRAWING_NO_SPAN, all;
    drawing_widen(&core, f->min);
    drawing_widen(&core, f->max);
    for (size_t i = 0; i < f->rows; i++)
        drawing_widen(&core, f->row[i].at);
    all = core;
    for (size_t i = 0; i < f->rows; i++) {
        drawing_widen(&all, f->row[i].low);
        drawing_widen(&all, f->row[i].high);
        drawing_widen(&all, f->row[i].next_low);
        drawing_widen(&all, f->row[i].next_high);
    }
    double span = fmax(core.high - core.low, 0.02 * fabs(core.high));
    double low = fmax(all.low, core.low - BEYOND * span), high = fmin(all.high, core.high + BEYOND * span);
    double size = fmax(fabs(low), fabs(high)), least = LEAST * (size > 0 ? size : 1);
    double pad = fmax(0.04 * (high - low), least);
    return (struct drawing_span){low - pad, high + pad};
}

static void add_values(struct text *data, double a, double b, double c)
{
    drawing_number(data, a);
    drawing_number(data, b);
    drawing_number(data, c);
}

static void add_row(struct drawing *d, const struct forest_row *r, size_t number, struct text *alt)
{
    bool has = isfinite(r->low) && isfinite(r->high);
    double low = has ? r->low : r->at, high = has ? r->high : r->at;
    text_add(&d->data, "%zu %s", number, r->is_mean ? "mean" : "one");
    add_values(&d->data, r->is_mean ? NAN : r->at, r->is_mean ? NAN : low, r->is_mean ? NAN : high);
    add_values(&d->data, r->is_mean ? r->at : NAN, r->is_mean ? low : NAN, r->is_mean ? high : NAN);
    add_values(&d->data, isfinite(r->next_low) ? r->at : NAN, r->next_low, r->next_high);
    text_add(&d->data, "\n");
    text_add(&d->plot, "set label %zu ", number);
    drawing_quote(&d->plot, r->label);
    text_add(&d->plot, " at graph 0.01, first %.2f left noenhanced front\n", (double)number - ABOVE);
    text_add(alt, " %s: %.4g", r->label, r->at);
    if (has)
        text_add(alt, " (%.4g to %.4g)", r->low, r->high);
    if (isfinite(r->next_low))
        text_add(alt, ", the next from %.4g to %.4g", r->next_low, r->next_high);
    text_add(alt, ".");
}

/* Beside each row's mark alone, so that it crosses no name. */
static void add_edge(struct drawing *d, double x, size_t rows)
{
    for (size_t i = 1; isfinite(x) && i <= rows; i++)
        text_add(&d->plot,
                 "set arrow from first %.17g, first %.2f to first %.17g, first %.2f nohead linewidth 1.2 dashtype 2\n",
                 x, (double)i - EDGE_ABOVE, x, (double)i + EDGE_BELOW);
}

/* An end that lies beyond the axis is an arrow there, in the colour of its line and as far below the middle. */
static void add_cut(struct drawing *d, const double end[2], double at, const char *colour, const struct drawing_span *x)
{
    for (size_t i = 0; i < 2; i++)
        if (isfinite(end[i]) && (i == 0 ? end[i] < x->low : end[i] > x->high))
            text_add(&d->plot,
                     "set arrow from graph %s, first %.2f to graph %zu, first %.2f head filled size graph 0.025,20 "
                     "linewidth 1.5 linecolor rgb '%s' front\n",
                     i == 0 ? "0.04" : "0.96", at, i, at, colour);
}

static void add_cuts(struct drawing *d, const struct forest_row *r, size_t number, const struct drawing_span *x)
{
    add_cut(d, (const double[]){r->low, r->high}, (double)number + BELOW, drawing_colour(r->is_mean ? 1 : 0), x);
    add_cut(d, (const double[]){r->next_low, r->next_high}, (double)number + NEXT_BELOW, NEXT_COLOUR, x);
}

static void add_plot(struct drawing *d, const struct forest *f, size_t rows)
{
    size_t number = 0;
    const struct drawing_span x = range_of(f);
    d->height_cm = 2.6 + ROW_CM * (double)rows;
    text_add(&d->plot,
             "set yrange [%.1f:0.4]\nunset ytics\nset grid "
             "noytics\nset xrange [%.17g:%.17g]\nset xlabel ",
             (double)rows + 0.6, x.low, x.high);
    drawing_quote(&d->plot, f->axis);
    text_add(&d->plot, "\n");
    add_edge(d, f->min, rows);
    add_edge(d, f->max, rows);
    for (size_t i = 0; i < f->rows; i++)
        if (isfinite(f->row[i].at))
            add_cuts(d, &f->row[i], ++number, &x);
    text_add(&d->plot,
             "plot '%s.dat' using 'next':(column('row') + %.2f):'next_low':'next_high' with xerrorbars pointtype -1 "
             "linewidth 1.5 linecolor rgb '" NEXT_COLOUR "' title 'next machine', \\\n"
             "     '' using 'one':(column('row') + %.2f):'one_low':'one_high' with xerrorbars pointtype 5 "
             "pointsize 0.7 linewidth 1.5 linecolor rgb '%s' title 'reproduction', \\\n"
             "     '' using 'mean':(column('row') + %.2f):'mean_low':'mean_high' with xerrorbars pointtype 13 "
             "pointsize 1.4 linewidth 2 linecolor rgb '%s' title 'mean'\n",
             d->name, NEXT_BELOW, BELOW, drawing_colour(0), BELOW, drawing_colour(1));
}

void forest_draw(struct drawings *all, const struct forest *f)
{
    size_t rows = 0;
    cleanup_text struct text alt = {0};
    for (size_t i = 0; i < f->rows; i++)
        rows += isfinite(f->row[i].at) ? 1 : 0;
    if (rows == 0)
        return;
    struct drawing *d = drawing_add(all, f->name, f->title);
    text_add(&alt, "Each with its 95%% interval, an arrow where it reaches beyond the axis; dashed: the edge of what "
                   "is expected.");
    text_add(&d->data, "row kind one one_low one_high mean mean_low mean_high next next_low next_high\n");
    rows = 0;
    for (size_t i = 0; i < f->rows; i++)
        if (isfinite(f->row[i].at))
            add_row(d, &f->row[i], ++rows, &alt);
    add_plot(d, f, rows);
    d->alt = STEAL(alt.data);
}
