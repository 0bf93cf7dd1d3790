/* profiled: the limits of a profile file put into a cell where no option says otherwise. */
#ifndef TARE_PROFILED_H
#define TARE_PROFILED_H

#include "cell/config.h"
#include "cgroups/profile.h"

/* Reads cell->profile_file, if there is one, into *keep, which the cell's texts may then belong to, and appends to
 * said, a line each, what an option or tare itself overrules. -EINVAL and the like (usage): the file cannot be read, is
 * not of the format, or has a limit that tare does not set. */
int profiled_apply(struct cell *cell, struct limit_profile *keep, struct text *said, struct err *e);

/* The same, with what was said on standard error. */
int profiled_apply_aloud(struct cell *cell, struct limit_profile *keep, struct err *e);

#endif
