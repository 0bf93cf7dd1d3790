/* tuning: `tare run --tune`: tunes before a run and restores after it. */
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
    bool stays; /* the host was tuned before, by hand or by a killed run: left to `tare restore` */
    struct journal journal;
    struct tune_steps steps;
};

/* Blocks the signals that end a run permanently (the session reads them from a descriptor, and a restore must not be
 * interrupted), then tunes for the cell's CPUs. On failure everything is restored. On success the caller always ends it
 * with tuning_end(). */
int tuning_begin(const struct cell *cell, struct tuning *ret, struct err *e);

/* Appends to the record's host what was tuned: "tuned.<id>", text; "tuned.stays", bool: it was tuned before the run and
 * stays so. */
void tuning_describe(const struct tuning *t, struct facts *ret);

/* Restores what tuning_begin() changed. The error names what could not be restored. */
int tuning_end(struct tuning *t, struct err *e);

#endif
