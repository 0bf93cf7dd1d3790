/* chain: a partition below a partition below a partition. What there was before Linux 6.7, and what is left to a user
 * to whom an administrator has given CPUs in this way: claiming them elsewhere takes CAP_SYS_ADMIN. */
#ifndef TARE_CHAIN_H
#define TARE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"

struct slice_tree;

/* Makes every directory between the nearest partition above path and path a partition of the CPUs and one more for each
 * of them, which its other members run on. *chained gets a bit for each. Returns 0; or a negative errno and why, and
 * all is as it was.
 */
int chain_make(const struct slice_tree *t, const char *path, const struct cpulist *cpus, uint32_t *chained, char *why,
               size_t cap);

/* Makes them members again, once path is none. */
void chain_release(const struct slice_tree *t, const char *path, uint32_t *chained);

#endif
