/* matrix: runs a plan: `tare matrix`. Each invocation in its place of the order, here or by Slurm; the table at the
 * end. */
#ifndef TARE_MATRIX_H
#define TARE_MATRIX_H

#include <stdbool.h>

struct config;
struct err;
struct plan;
struct records;

/* Who prints what the records of a plan say, in place of the table: they were read with details and every iteration. */
struct matrix_shows {
    int (*fn)(struct records *r, const char *folder, void *to, struct err *e);
    void *to;
    bool is_part; /* of more: that there was nothing left to run is not told; where a cell is left out nothing is run */
    int (*check)(const struct plan *plan, void *to, struct err *e); /* before anything is made, of a plan that stays as
                                                                     * long as matrix_run(); NULL is allowed */
    bool *is_whole; /* set before fn: whether everything that was wanted was run, and ended well; NULL is allowed */
};

/* Does what `tare matrix PLAN` says: runs what of the plan is not in its folder yet, or prints what that would be
 * (--dry-run), or runs one of its invocations (--task). Results go to stdout, messages and progress to stderr.
 * Returns the exit code, or a negative errno: usage where the plan, the folder or a record in it is not good, and
 * nothing was run; -ECANCELED (workload) where invocations did not end well, when all have been run. shows: NULL is
 * allowed. */
int matrix_run(const struct config *c, const struct matrix_shows *shows, struct err *e);

#endif
