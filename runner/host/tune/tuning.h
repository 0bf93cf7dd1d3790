/* tuning: a tune around a run: what `tare run --tune` does before and undoes after. */
#ifndef TARE_TUNING_H
#define TARE_TUNING_H

#include <stdbool.h>

#include "host/tune/journal.h"
#include "host/tune/tune.h"

struct cell;
struct err;
struct facts;

struct tuning {
    bool active;
    bool stays; /* the host was tuned before: by hand, or by a run that was killed; it is left to `tare restore` */
    struct journal journal;
    struct tune_steps steps;
};

/* Blocks SIGINT, SIGTERM and SIGHUP for good (the session reads them from a descriptor, and a restore is not to be
 * interrupted), then tunes for the CPUs that the cell would run on. Where it fails all is as it was.
 * The caller ends it with tuning_end(), whatever happens in between. */
int tuning_begin(const struct cell *cell, struct tuning *ret, struct err *e);

/* Appends what was tuned to the record's host: "tuned.<id>", text; "tuned.stays", whether it was tuned before the run
 * and stays so. */
void tuning_describe(const struct tuning *t, struct facts *ret);

/* Puts back what tuning_begin() changed. The error names what could not be. */
int tuning_end(struct tuning *t, struct err *e);

#endif
