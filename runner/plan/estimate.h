/* estimate: the remaining time of a plan, from the times of its finished invocations. Pure. */
#ifndef TARE_ESTIMATE_H
#define TARE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct tally;
struct text;

struct estimate {
    double seconds; /* a cell without a measured invocation counts with the other cells' mean; NaN: no cell has one */
    size_t unknown; /* invocations of cells without a measured one */
    size_t left;    /* all remaining invocations */
};

/* The mean of what each cell's invocations have taken, in s; NaN: none of them says. The caller frees it. */
double *estimate_cells(const struct tally *t);

/* Estimates the unfinished invocations of the first `blocks` blocks. */
struct estimate estimate_left(const struct tally *t, uint64_t blocks);

/* Adds "about 1 min 05 s", "unknown" if nothing was measured, or "nothing" if nothing is left. */
void estimate_say(const struct estimate *e, struct text *out);

#endif
