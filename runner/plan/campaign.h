/* campaign: the conductor of a plan: its folder, what is done of it, the order, each invocation, the table. */
#ifndef TARE_CAMPAIGN_H
#define TARE_CAMPAIGN_H

struct config;
struct err;

/* Does what `tare matrix PLAN` says: runs what of the plan is not in its folder yet, or prints what that would be
 * (--dry-run), or runs one of its invocations (--task). Results go to stdout, messages and progress to stderr.
 * Returns the exit code, or a negative errno: usage where the plan, the folder or a record in it is not good, and
 * nothing was run; -ECANCELED (workload) where invocations did not end well, when all have been run. */
int campaign_run(const struct config *c, struct err *e);

#endif
