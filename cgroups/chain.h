/* chain: nested cpuset partitions, from an existing one down to a slice. It serves kernels before Linux 6.7, and users
 * to whom an administrator gave a partition: remote partitions need CAP_SYS_ADMIN. partition.c is the only caller. */
#ifndef TARE_CHAIN_H
#define TARE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"

struct slice_tree;

/* Makes every directory between path and the nearest partition above it a partition. Each gets `cpus` and one CPU more,
 * on which its own processes run. *chained gets one bit per directory. On failure: a negative errno, the reason in why,
 * and nothing is changed. */
int chain_make(const struct slice_tree *t, const char *path, const struct cpulist *cpus, uint32_t *chained, char *why,
               size_t cap);

/* Makes them members again. path must no longer be a partition. */
void chain_release(const struct slice_tree *t, const char *path, uint32_t *chained);

#endif
