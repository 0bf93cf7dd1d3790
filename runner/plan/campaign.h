/* campaign: a plan on its way: its folder, what is done of it, the order, each invocation here or by Slurm, the table.
 * `tare matrix` calls campaign_run(); the rest is what it is made of. */
#ifndef TARE_CAMPAIGN_H
#define TARE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "plan/tally.h"

struct err;
struct text;

struct campaign {
    const struct campaign_options *options; /* the command line's */
    char file[PATH_MAX];                    /* the plan's */
    struct plan plan;
    struct folder folder;
    struct folder_plan bound;
    struct folder bundled; /* the payload's folder of a bundle that the plan is of; what its plan.lock says: */
    struct folder_plan said;
    struct tally tally;
    int64_t blocks; /* wanted so far: grows with until-precise */
    int64_t engine;
    size_t *order; /* of one block, shuffled or as it is listed */
};

/* Who prints what the records of a plan say, in place of `tare matrix`'s table: they were read with details and every
 * iteration. */
struct campaign_shows {
    int (*fn)(struct records *r, const struct campaign *c, void *to, struct err *e);
    void *to;
};

/* Does what `tare matrix PLAN` says: runs what of the plan is not in its folder yet, or prints what that would be
 * (--dry-run), or runs one of its invocations (--task). Results go to stdout, messages and progress to stderr.
 * Returns the exit code, or a negative errno: usage where the plan, the folder or a record in it is not good, and
 * nothing was run; -ECANCELED (workload) where invocations did not end well, when all have been run. shows: NULL is
 * allowed. */
int campaign_run(const struct config *c, const struct campaign_shows *shows, struct err *e);

/* Reads the plan: a file, one that came with tare, or the one that a folder is bound to. Nothing is made yet, so that
 * what the host lacks for it can be said first. Usage errors throughout. The caller ends it with campaign_close(), also
 * after a failure. */
int campaign_open(struct campaign *c, const struct config *config, struct err *e);

/* Makes the plan's folder, takes its lock, binds it, and reads what is done. With --dry-run and with --task nothing is
 * written or locked. Usage errors throughout. */
int campaign_bind(struct campaign *c, const struct config *config, struct err *e);

void campaign_close(struct campaign *c);

/* Adds the plan's head, a line an invocation in the order of their running, and an estimate of how long the rest takes.
 */
void campaign_describe(struct campaign *c, struct text *out);

#endif
