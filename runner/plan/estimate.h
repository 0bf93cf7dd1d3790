/* estimate: the remaining time of a plan, from the times of its finished invocations. Pure. */
#ifndef TARE_ESTIMATE_H
#define TARE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct tally;
struct text;

struct estimate {
    double seconds; /* a cell without a measured invocation counts as estimate_other() says; NaN: no cell has one */
    size_t unknown; /* invocations of cells without a measured one */
    size_t left;    /* all remaining invocations */
};

/* The mean of what each cell's invocations have taken, in s, here or else elsewhere (tally.h); NaN: none of them says.
 * The caller frees it. */
double *estimate_cells(const struct tally *t);

/* What a cell of which nothing is known counts with, in s: the mean over the others; NaN: nothing is known of any. */
double estimate_other(const double *cell_s, size_t cells);

/* Estimates the unfinished invocations of the first `blocks` blocks. */
struct estimate estimate_left(const struct tally *t, uint64_t blocks);

/* Adds "about 1 min 05 s", "unknown" if nothing was measured, or "nothing" if nothing is left. */
void estimate_say(const struct estimate *e, struct text *out);

#endif
