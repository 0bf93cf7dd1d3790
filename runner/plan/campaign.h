/* campaign: a plan on its way: its folder, what is done of it, the order of its invocations, and how many it wants.
 * matrix.h runs them here, handover.h gives them to Slurm. */
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
    bool is_own;     /* a named plan is the user's, or came with tare */
    bool is_foreign; /* the plan is somebody else's, and not trusted */
    struct tally tally;
    int64_t blocks; /* wanted so far: grows with until-precise */
    int64_t engine;
    size_t *order; /* of one block, shuffled or as it is listed */
};

/* Reads the plan: a file, one that came with tare, or the one that a folder is bound to. Nothing is made yet, so that
 * what the host lacks for it can be said first. Usage errors throughout. The caller ends it with campaign_close(), also
 * after a failure. */
int campaign_open(struct campaign *c, const struct config *config, struct err *e);

/* Makes the plan's folder, takes its lock, binds it, and reads what is done. With --dry-run and with --task nothing is
 * written or locked. Usage errors throughout. */
int campaign_bind(struct campaign *c, const struct config *config, struct err *e);

void campaign_close(struct campaign *c);

/* Whether each invocation that is wanted so far has its record. */
bool campaign_is_done(const struct campaign *c);

/* Wants one block more where a cell is not as precise as the plan asks; false: no further block is wanted. */
bool campaign_goes_on(struct campaign *c);

/* Puts the units of a block (from 0) into c->order as they are to run: shuffled with the plan's seed, or as listed. */
void campaign_order(struct campaign *c, uint64_t block);

/* Adds the plan's head, a line an invocation in the order of their running, and an estimate of how long the rest takes.
 */
void campaign_describe(struct campaign *c, struct text *out);

#endif
