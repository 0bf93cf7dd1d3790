/* plans: where plans are: those that came with tare, by name, or any file. */
#ifndef TARE_PLANS_H
#define TARE_PLANS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct text;

#define PLANS_CLAIMS ".claims.yml" /* behind a plan's name: what is claimed of its records */

/* The file of a plan: a path where it holds a slash or ends in .yml or .yaml, else the name of one that came with tare.
 * -ENOENT (usage): there is none of this name; the message lists those that there are. */
int plans_find(const char *name, char *buf, size_t cap, struct err *e);

/* Where there is no file of this path, and a plan came with tare under its name: the remedy is added to e. */
void plans_remedy(const char *path, struct err *e);

/* Whether a plan is named by its path: by a word with a slash, or one that ends in .yml or .yaml. */
bool plans_is_path(const char *name);

/* A line each: name, summary. -ENOENT: the plans are not where tare was built or installed. */
int plans_list(struct text *out, struct err *e);

#endif
