/* plan_runtimes: finds the interpreters of a plan's cells, each once, and the programs of its commands. */
#ifndef TARE_PLAN_RUNTIMES_H
#define TARE_PLAN_RUNTIMES_H

#include <stddef.h>

struct err;
struct plan;
struct runtime;

/* Starts as {0}; plan_runtimes_free() ends it. */
struct plan_runtimes {
    struct runtime *found;
    size_t count;
    size_t *of;     /* by cell: the index of its runtime */
    char **program; /* by cell: a command's program, absolute; else NULL */
    size_t cells;
};

/* Finds the runtime, or the program, of each cell. A cell whose interpreter lacks something (a mode, a GIL that can be
 * switched) gets the reason as not_run and no runtime; if no cell is left, that is the error (usage). If no interpreter
 * is found and no cell names one, all cells run as native programs, and stderr says so. Errors name the cell. The
 * caller frees *ret, also after a failure. */
int plan_runtimes_find(struct plan *plan, struct plan_runtimes *ret, struct err *e);

/* The runtime of a cell that is not a command. */
const struct runtime *plan_runtimes_of(const struct plan_runtimes *r, size_t cell);

void plan_runtimes_free(struct plan_runtimes *r);

#endif
