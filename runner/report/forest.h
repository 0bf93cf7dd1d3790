/* forest: a forest plot: one row per measurement of an effect, then their mean. Pure. */
#ifndef TARE_FOREST_H
#define TARE_FOREST_H

#include <stddef.h>

#include "report/drawing.h"

struct forest_row {
    const char *label;
    double at, low, high;       /* low and high NaN: no interval */
    double next_low, next_high; /* of a mean: where the next measurement is expected; NaN: unknown */
    int is_mean;                /* truth: a mean of several rows, drawn as a diamond */
};

struct forest {
    const char *name, *title; /* as for drawing_add() */
    const char *axis;         /* the effect's name: "ratio" */
    const struct forest_row *row;
    size_t rows;
    double min, max; /* the expected range, drawn as vertical lines; NaN: no edge */
};

/* Adds the drawing, from the top row down. Rows that are not finite are left out; without any row nothing is added. The
 * axis holds every estimate and edge, and cuts intervals that would squeeze these. */
void forest_draw(struct drawings *all, const struct forest *f);

#endif
