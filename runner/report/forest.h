/* forest: a forest plot: a row for each of several measurements of one effect, then what they are together. Pure. */
#ifndef TARE_FOREST_H
#define TARE_FOREST_H

#include <stddef.h>

#include "report/drawing.h"

struct forest_row {
    const char *label;
    double at, low, high;       /* low and high NaN: no interval */
    double next_low, next_high; /* of an estimate: where the next measurement is expected; NaN: not told */
    int is_mean;                /* truth: an estimate of several rows, drawn as a diamond */
};

struct forest {
    const char *name, *title; /* as of drawing_add() */
    const char *axis;         /* what the effect is: "ratio" */
    const struct forest_row *row;
    size_t rows;
    double min, max; /* what is expected, as vertical lines; NaN: no edge */
};

/* Adds the drawing, from the top row down. Rows that are not finite are left out; if none is left, nothing is added.
 * The axis holds every row's estimate and edge, and cuts intervals that would leave these a small part of it. */
void forest_draw(struct drawings *all, const struct forest *f);

#endif
