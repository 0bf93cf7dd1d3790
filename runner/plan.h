/* plan: several cells in order. Pure. */
#ifndef TARE_PLAN_H
#define TARE_PLAN_H

#include <stddef.h>

#include "config.h"

struct err;

struct plan {
    const char *name;
    const char *summary;
};

/* The plans that come with tare; ends with a name of NULL. */
extern const struct plan plans[];

#define PLAN_CELLS_MAX 16

/* The cells of a plan, complete. given: what the user's options say of every cell (the rest unset, see cell_unset());
 * it goes before what the plan says. -ENOENT (usage): there is no such plan; -EINVAL: as cell_complete(). */
int plan_cells(const char *name, const struct cell *given, struct cell *cells, size_t *count, struct err *e);

#endif
