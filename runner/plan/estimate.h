/* estimate: how long what is left of a plan will take, by what its cells have taken. Pure. */
#ifndef TARE_ESTIMATE_H
#define TARE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct tally;
struct text;

struct estimate {
    double seconds; /* one whose cell has no measured invocation is taken for the other cells' mean; NaN: none has */
    size_t unknown; /* invocations of such cells */
    size_t left;    /* of both kinds */
};

/* The mean of what each cell's invocations have taken, in s; NaN: none of them says. The caller frees it. */
double *estimate_cells(const struct tally *t);

/* Of the invocations of the first `blocks` blocks that are not done. */
struct estimate estimate_left(const struct tally *t, uint64_t blocks);

/* "about 1 min 05 s", "unknown" where nothing has been measured, "nothing" where none is left. */
void estimate_say(const struct estimate *e, struct text *out);

#endif
