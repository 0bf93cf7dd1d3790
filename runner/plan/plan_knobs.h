/* plan_knobs: the knobs of the scenarios that a plan names, which its cells can set besides the options of all. */
#ifndef TARE_PLAN_KNOBS_H
#define TARE_PLAN_KNOBS_H

#include <stdbool.h>

#include "base/text.h"
#include "cell/carried.h"
#include "cell/config.h"
#include "plan/plan_file.h"

/* Adds the knobs' names to options. What is wrong with the text or with a scenario is left for the reading proper,
 * which tells it with its place. carried: as plan_parse() has it. */
void plan_knobs_add(const char *label, const struct text *bytes, const struct carried *carried,
                    struct plan_options *options);

/* Whether a name is that of a knob: neither "scenario" nor an option of all cells. */
bool plan_knobs_is_one(const char *option);

/* Whether a knob that is said of many cells goes with this one, whose scenario, mode, profile and runtime are set. */
bool plan_knobs_go_with(const struct cell *cell, const char *option);

#endif
