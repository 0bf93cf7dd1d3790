/* summary_drawings: the figures of a summary. Pure. */
#ifndef TARE_SUMMARY_DRAWINGS_H
#define TARE_SUMMARY_DRAWINGS_H

#include "analysis/summary.h"
#include "report/drawing.h"

/* Makes all drawings that these records allow, the answer first; none, with the number in left_out, if a figure would
 * set more than DRAWING_ROWS_MAX cells side by side. The caller ends it with drawings_free(). */
struct drawings summary_drawings_make(const struct summary *s);

#endif
