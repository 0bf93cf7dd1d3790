/* drawings: the figures of a study. Pure. */
#ifndef TARE_DRAWINGS_H
#define TARE_DRAWINGS_H

#include "analysis/study.h"
#include "report/drawing.h"

/* All that these records can show, the answer first; what they cannot is left out. The caller ends it with
 * drawings_free(). */
struct drawings drawings_make(const struct study *s);

/* drawings_cell.c: what one cell shows: its iterations' distributions, its series, its memory over time. */
void drawings_of_cell(struct drawings *d, const struct study_cell *c);

/* drawings_scaling.c: a figure over the number of workers, where cells differ in that. */
void drawings_scaling(struct drawings *d, const struct study *s);

/* The y axis as a logarithmic one where the values span a decade, else from 0. */
void drawings_y_axis(struct drawing *d, const double *value, size_t count);

#endif
