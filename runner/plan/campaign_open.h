/* campaign_open: a plan, the folder that it is bound to, and what is done of it: what a campaign starts from. */
#ifndef TARE_CAMPAIGN_OPEN_H
#define TARE_CAMPAIGN_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "plan/tally.h"

struct err;

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
    size_t *order; /* of one block, see campaign_order() */
};

/* An invocation: block and position from 0, the unit that stands there. */
struct place_in_plan {
    uint64_t block;
    size_t position, unit;
};

/* Reads the plan: a file, one that came with tare, or the one that a folder is bound to. Nothing is made yet, so that
 * what the host lacks for it can be said first. Usage errors throughout. The caller ends it with campaign_close(), also
 * after a failure. */
int campaign_open(struct campaign *c, const struct config *config, struct err *e);

/* Makes the plan's folder, takes its lock, binds it, and reads what is done. With --dry-run and with --task nothing is
 * written or locked. Usage errors throughout. */
int campaign_bind(struct campaign *c, const struct config *config, struct err *e);

void campaign_close(struct campaign *c);

/* Fills c->order with the units of a block. */
void campaign_order(struct campaign *c, uint64_t block);

/* When all wanted blocks are done: whether another is wanted, since an interval is still wider than was asked for and
 * the cap is not reached. c->blocks is then one more. */
bool campaign_goes_on(struct campaign *c);

#endif
