/* scenario_file: a scenario.yml (schema tare.scenario/1) -> struct scenario. Pure, on text. */
#ifndef TARE_SCENARIO_FILE_H
#define TARE_SCENARIO_FILE_H

#include <stddef.h>

#include "cell/scenario.h"

struct err;

#define SCENARIO_SCHEMA   "tare.scenario/1"
#define SCENARIO_FILE_MAX 65536 /* bytes; a scenario is a page */

/* What the caller knows of the options that all scenarios have in common. 1: there is none of this name. 0: there is,
 * and the value, where one is given, is allowed. -EINVAL: it is not, with e. */
typedef int scenario_common(const char *option, const char *value, struct err *e);

/* name is what messages call the text. The scenario's file, dir, lib, sha256 and installed are left for the caller.
 * -EINVAL (usage): NAME:LINE:COLUMN: what is wrong and what is allowed. The caller ends *ret with scenario_free(). */
int scenario_parse(const char *name, const char *bytes, size_t len, scenario_common *common, struct scenario **ret,
                   struct err *e);

#endif
