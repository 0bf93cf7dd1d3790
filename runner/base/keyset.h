/* keyset: sorted key-value pairs, and a pool that stores each text and each set once: nearly all of ten thousand
 * records have the same machine and the same reasons. */
#ifndef TARE_KEYSET_H
#define TARE_KEYSET_H

#include <stddef.h>

#include "base/text.h"

struct pair {
    const char *key, *value; /* owned by the pool */
};

/* Ascending by key. The pool owns what it points to. */
struct keyset {
    const struct pair *list;
    size_t count;
    const char *text; /* "key=value key=value" */
};

struct pool;

/* Out of memory aborts. pool_free() also frees everything in the pool. */
struct pool *pool_new(void);
void pool_free(struct pool *p);

/* The pool's copy; equal texts give equal pointers. */
const char *pool_keep(struct pool *p, const char *text);

/* The pool's set; equal pairs give equal pointers. Sorts list, whose texts must come from pool_keep(). */
const struct keyset *pool_keep_keyset(struct pool *p, struct pair *list, size_t count);

/* The value, or NULL. */
const char *keyset_find(const struct keyset *p, const char *key);

#endif
