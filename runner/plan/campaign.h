/* campaign: a plan while it runs: its folder, its finished invocations, their order, and how many it wants. matrix.h
 * runs them here, handover.h submits them to Slurm. */
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
    char file[PATH_MAX];                    /* the plan's file */
    struct plan plan;
    struct folder folder;
    struct folder_plan bound;
    struct folder bundled; /* the folder of the bundle that has the plan, and what its plan.lock says: */
    struct folder_plan said;
    bool is_own;     /* a named plan is the user's, or came with tare */
    bool is_foreign; /* the plan is another user's, and not trusted */
    struct tally tally;
    int64_t blocks; /* wanted so far; --until-precise adds some */
    int64_t engine;
    size_t *order;          /* of one block, shuffled or as listed */
    char earlier[PATH_MAX]; /* where the same plan ran before, for a dry run's estimate; "": nowhere */
    double *earlier_s;      /* the mean time of its cells there, in s; NULL: none */
};

/* Reads the plan: a file, one that came with tare, or the one that a folder is bound to. It makes nothing yet, so that
 * missing features of the host are reported first. All errors are usage errors. The caller ends it with
 * campaign_close(), also after a failure. */
int campaign_open(struct campaign *c, const struct config *config, struct err *e);

/* Makes the plan's folder, locks it, binds it to the plan, and reads its records. With --dry-run and --task it writes
 * and locks nothing. All errors are usage errors. */
int campaign_bind(struct campaign *c, const struct config *config, struct err *e);

void campaign_close(struct campaign *c);

/* Whether every invocation wanted so far has its record. */
bool campaign_is_done(const struct campaign *c);

/* Adds a block if a cell is not yet as precise as the plan asks. false: no further block is wanted. */
bool campaign_goes_on(struct campaign *c);

/* Puts the units of a block (from 0) into c->order as they will run: shuffled with the plan's seed, or as listed. */
void campaign_order(struct campaign *c, uint64_t block);

/* Adds the plan's head, a line per invocation in running order, and an estimate of the remaining time, in lines of
 * `width` characters. */
void campaign_describe(struct campaign *c, size_t width, struct text *out);

#endif
