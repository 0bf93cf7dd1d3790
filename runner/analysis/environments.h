/* environments: the different environments that records were measured in: of ten thousand there are a handful. Pure. */
#ifndef TARE_ENVIRONMENTS_H
#define TARE_ENVIRONMENTS_H

#include <stddef.h>

#include "base/keyset.h"

/* Starts as {0}; ended with environments_free(). */
struct environments {
    const struct keyset **list; /* each once, in the order in which they came up; of one pool */
    size_t *times;              /* how many records have each */
    size_t count;
};

void environments_add(struct environments *e, const struct keyset *one);
void environments_free(struct environments *e);

/* Every key that some of them have, each once, ascending; of their pools. The caller frees the list. */
const char **environments_keys(const struct environments *const *e, size_t count, size_t *keys);

#endif
