/* scenarios: the scenarios that came with tare, found by name, and anybody's, found by path. */
#ifndef TARE_SCENARIOS_H
#define TARE_SCENARIOS_H

#include "cell/scenario.h"

struct err;
struct text;

/* Reads the scenario that is named: one that came with tare, or a folder with a scenario.yml, or that file itself (a
 * word with a slash or a dot in it is a path). Read once: it belongs to this module, and stays until scenarios_free().
 * -ENOENT (usage): there is none; the message lists those that there are. -EINVAL (usage): its file is wrong. */
int scenarios_find(const char *named, const struct scenario **ret, struct err *e);

/* The same, where a plan names it: one that is named by its path is read from its copy, which has to be the one that
 * its digest names. carried: NULL is allowed, and then they are those of this host. -ENOENT (usage), where this host's
 * are not looked at (carried->alone): there is no copy. */
struct carried;
int scenarios_find_carried(const struct carried *carried, const char *named, const struct scenario **ret,
                           struct err *e);

/* The names and summaries of those that came with tare, a line each, by name. -EINVAL (usage): a file is wrong. */
int scenarios_list(struct text *out, struct err *e);

void scenarios_free(void);

#endif
