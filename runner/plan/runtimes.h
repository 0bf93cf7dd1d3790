/* runtimes: those of a plan's cells, each found once. */
#ifndef TARE_RUNTIMES_H
#define TARE_RUNTIMES_H

#include <stddef.h>

#include "cell/runtime.h"
#include "plan/plan.h"

struct err;

/* Starts as {0}; ended by runtimes_free(). */
struct runtimes {
    struct runtime *found;
    size_t count;
    size_t *of; /* by cell: which of those found */
};

/* Finds them all, or fails as runtime_find() does, with the cell's name. Where there is no interpreter for the cells
 * that name none ("auto"), and each of them can be run natively, they are made native ones, and that is said: what the
 * system itself costs is more than nothing. */
int runtimes_find(struct plan *plan, struct runtimes *ret, struct err *e);

const struct runtime *runtimes_of(const struct runtimes *r, size_t cell);

void runtimes_free(struct runtimes *r);

#endif
