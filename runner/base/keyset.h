/* keyset: keys and values in order, and a pool that keeps each text and each set of pairs once: of ten thousand records
 * nearly all have the same machine and the same reasons. */
#ifndef TARE_KEYSET_H
#define TARE_KEYSET_H

#include <stddef.h>

#include "base/text.h"

struct pair {
    const char *key, *value; /* of the pool */
};

/* Ascending by key. A value; of a pool where it was kept. */
struct keyset {
    const struct pair *list;
    size_t count;
    const char *text; /* all of it as "key=value key=value" */
};

struct pool;

/* Running out of memory aborts. The pool's owner ends it with pool_free(), and everything kept in it. */
struct pool *pool_new(void);
void pool_free(struct pool *p);

/* The pool's own copy, the same pointer for the same text. */
const char *pool_keep(struct pool *p, const char *text);

/* The pool's own set, the same pointer for the same pairs. Sorts list. The texts are to be of the pool already. */
const struct keyset *pool_keep_keyset(struct pool *p, struct pair *list, size_t count);

/* The value, or NULL. */
const char *keyset_find(const struct keyset *p, const char *key);

/* Different sets, of ten thousand records a handful: the environments that they were measured in, their cells. Starts
 * as {0}; ended with keysets_free(). */
struct keysets {
    const struct keyset **list; /* each once, in the order in which they came up; of one pool */
    size_t *times;              /* how often each did */
    size_t count;
};

void keysets_add(struct keysets *e, const struct keyset *one);
void keysets_free(struct keysets *e);

/* Every key that some of these have, each once, ascending; of their pools. The caller frees the list. */
const char **keysets_keys(const struct keysets *const *e, size_t count, size_t *keys);

#endif
