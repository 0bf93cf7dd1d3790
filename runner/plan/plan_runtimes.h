/* plan_runtimes: the interpreters that the cells of a plan run on, each looked for once, and the programs of those that
 * are commands. */
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
    size_t *of;     /* by cell: which of those found */
    char **program; /* by cell: of a command, absolute; else NULL */
    size_t cells;
};

/* Finds the runtime, or the program, of each cell. A cell that asks for what its interpreter has not (a mode before it
 * came, a GIL that cannot be switched) gets its reason as not_run, and has no runtime; where no cell is left, that is
 * the error (usage). Where no interpreter is there and no cell names one, all go on as
 * native programs, which is said on stderr. The error names the cell. The caller frees *ret, also after a failure. */
int plan_runtimes_find(struct plan *plan, struct plan_runtimes *ret, struct err *e);

/* Of a cell that is no command. */
const struct runtime *plan_runtimes_of(const struct plan_runtimes *r, size_t cell);

void plan_runtimes_free(struct plan_runtimes *r);

#endif
