/* compare_internal: between the parts of compare. */
#ifndef TARE_COMPARE_INTERNAL_H
#define TARE_COMPARE_INTERNAL_H

#include "analysis/cells.h"
#include "analysis/compare.h"

/* Fills in all of *row but its label and verdict. */
void compare_figures(const struct records *ra, const struct records *rb, const struct cell_pair *pair,
                     const char *figure, const struct compare_options *o, struct compare_row *row);

/* The differences of what the invocations of these pairs ran in. */
void compare_environments(const struct cell_pair *pairs, size_t count, struct comparison *ret);

#endif
