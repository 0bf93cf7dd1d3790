/* scenario_file: a scenario.yml (schema tare.scenario/1) -> struct scenario. Pure, on text. */
#ifndef TARE_SCENARIO_FILE_H
#define TARE_SCENARIO_FILE_H

#include <stddef.h>

#include "cell/scenario.h"

struct err;

#define SCENARIO_SCHEMA   "tare.scenario/1"
#define SCENARIO_FILE_MAX 65536 /* bytes; a scenario is a page */

/* Asks the caller about a common option. 1: no such option. 0: it exists, and the value, if given, is allowed. -EINVAL:
 * it is not; e says why. */
typedef int scenario_common(const char *option, const char *value, struct err *e);

/* Parses a scenario. name: the file's name in messages. The caller fills in the scenario's file, dir, lib, sha256 and
 * installed. -EINVAL (usage): NAME:LINE:COLUMN: what is wrong and what is allowed. The caller ends *ret with
 * scenario_free(). */
int scenario_parse(const char *name, const char *bytes, size_t len, scenario_common *common, struct scenario **ret,
                   struct err *e);

#endif
