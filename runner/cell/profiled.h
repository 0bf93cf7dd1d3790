/* profiled: sets a cell's limits from a profile file, unless options set them. */
#ifndef TARE_PROFILED_H
#define TARE_PROFILED_H

#include "cell/config.h"
#include "cgroups/profile.h"

/* Reads cell->profile_file, if there is one, into *keep, which must outlive the cell, and adds a line to said for each
 * limit that an option or tare itself overrides. -EINVAL, … (usage): the file cannot be read, is malformed, or has a
 * limit that tare does not set. */
int profiled_apply(struct cell *cell, struct limit_profile *keep, struct text *said, struct err *e);

/* The same, but prints the lines on standard error. */
int profiled_apply_aloud(struct cell *cell, struct limit_profile *keep, struct err *e);

#endif
