/* drawings: the figures of a study. Pure. */
#ifndef TARE_DRAWINGS_H
#define TARE_DRAWINGS_H

#include "analysis/study.h"
#include "report/drawing.h"

/* All that these records can show, the answer first; what they cannot is left out. The caller ends it with
 * drawings_free(). */
struct drawings drawings_make(const struct study *s);

#endif
