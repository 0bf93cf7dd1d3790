/* matrix: runs a plan: `tare matrix`. Each invocation in its place of the order, here or by Slurm; the table at the
 * end. */
#ifndef TARE_MATRIX_H
#define TARE_MATRIX_H

struct config;
struct err;

/* Does what `tare matrix PLAN` says: runs what of the plan is not in its folder yet, or prints what that would be
 * (--dry-run), or runs one of its invocations (--task). Results go to stdout, messages and progress to stderr.
 * Returns the exit code, or a negative errno: usage where the plan, the folder or a record in it is not good, and
 * nothing was run; -ECANCELED (workload) where invocations did not end well, when all have been run. */
int matrix_run(const struct config *c, struct err *e);

#endif
