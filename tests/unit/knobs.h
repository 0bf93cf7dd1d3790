/* knobs: the shipped scenarios, found beside the test program as tare finds them, and a cell's knobs by name. */
#ifndef TARE_TESTS_KNOBS_H
#define TARE_TESTS_KNOBS_H

#include <stdlib.h>

#include "cell/config.h"
#include "cell/scenarios.h"

static inline const struct scenario *shipped(const char *name)
{
    const struct scenario *s = NULL;
    if (scenarios_find(name, &s, NULL) != 0)
        abort();
    return s;
}

/* The value of a complete cell; NULL: its scenario has no such knob. */
static inline const char *knob_of(const struct cell *cell, const char *name)
{
    const struct scenario_knob *k = scenario_knob_find(cell->scenario, name);
    return k ? cell->knob[k - cell->scenario->knob] : NULL;
}

#endif
