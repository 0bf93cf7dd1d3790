/* plans: finds plans: those that came with tare by name, others by path. */
#ifndef TARE_PLANS_H
#define TARE_PLANS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct text;

#define PLANS_CLAIMS ".claims.yml" /* a plan's name with this end: the claims on its records */

/* Finds the file of a plan. A name with a slash or ending in .yml or .yaml is a path, any other a plan that came with
 * tare. -ENOENT (usage): no such plan; the message lists those that exist. */
int plans_find(const char *name, char *buf, size_t cap, struct err *e);

/* If there is no file at this path, but tare has a plan of this name, adds the remedy to e. */
void plans_remedy(const char *path, struct err *e);

/* Whether the word is a path: it has a slash, or ends in .yml or .yaml. */
bool plans_is_path(const char *name);

/* Adds a line per plan: name, summary. -ENOENT: the plans are not where tare was built or installed. */
int plans_list(struct text *out, struct err *e);

#endif
