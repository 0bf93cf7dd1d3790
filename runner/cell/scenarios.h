/* scenarios: finds scenarios: those that came with tare by name, any other by path. */
#ifndef TARE_SCENARIOS_H
#define TARE_SCENARIOS_H

#include "cell/scenario.h"

struct err;
struct text;

/* Reads a scenario: one that came with tare, a folder with a scenario.yml, or that file (a word with a slash or a dot
 * is a path). Each is read once; this module owns it until scenarios_free(). -ENOENT (usage): none of this name; the
 * message lists those that exist. -EINVAL (usage): its file is malformed. */
int scenarios_find(const char *named, const struct scenario **ret, struct err *e);

/* The same for a scenario that a plan names: one named by its path is read from its copy, which must have the recorded
 * digest. carried NULL: uses this host's. -ENOENT (usage): no copy, and carried->alone forbids this host's. */
struct carried;
int scenarios_find_carried(const struct carried *carried, const char *named, const struct scenario **ret,
                           struct err *e);

/* Adds the names and summaries of tare's own scenarios, one per line, sorted by name. -EINVAL (usage): a file is
 * malformed. */
int scenarios_list(struct text *out, struct err *e);

void scenarios_free(void);

#endif
