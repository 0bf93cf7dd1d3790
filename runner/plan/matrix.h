/* matrix: runs a plan (`tare matrix`): each invocation in its order, here or by Slurm, and prints the table. */
#ifndef TARE_MATRIX_H
#define TARE_MATRIX_H

#include <stdbool.h>

struct config;
struct err;
struct plan;
struct records;

/* Prints something else than the table from a plan's records, which were read with details and every iteration. */
struct matrix_shows {
    int (*fn)(struct records *r, const char *folder, void *to, struct err *e);
    void *to;
    bool is_part; /* it is part of a larger run: "nothing left to run" is not said, and if a cell is left out nothing
                     runs */
    int (*check)(const struct plan *plan, void *to, struct err *e); /* before anything is made, of a plan that stays as
                                                                     * long as matrix_run(); NULL is allowed */
    bool *is_whole; /* set before fn: whether everything that was wanted was run, and ended well; NULL is allowed */
};

/* Runs the unfinished part of the plan, or prints it (--dry-run), or runs one invocation (--task). Results go to
 * stdout, messages and progress to stderr. Returns the exit code or a negative errno: (usage) the plan, the folder or a
 * record in it is bad, and nothing ran; -ECANCELED (workload) some invocations failed, after all ran. shows: NULL is
 * allowed. */
int matrix_run(const struct config *c, const struct matrix_shows *shows, struct err *e);

#endif
