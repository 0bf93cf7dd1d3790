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

/* The value, or what is given for a key that is not there; of keyset_word() "". */
static inline const char *keyset_text(const struct keyset *p, const char *key, const char *otherwise)
{
    const char *value = keyset_find(p, key);
    return value ? value : otherwise;
}

static inline const char *keyset_word(const struct keyset *p, const char *key)
{
    return keyset_text(p, key, "");
}

/* The different sets of many records: ten thousand have a handful of environments and cells. Starts as {0}; ended with
 * keysets_free(). */
struct keysets {
    const struct keyset **list; /* each once, in order of appearance; all of one pool */
    size_t *times;              /* how often each appeared */
    size_t count;
};

void keysets_add(struct keysets *e, const struct keyset *one);
void keysets_free(struct keysets *e);
#define cleanup_keysets __attribute__((cleanup(keysets_free)))

/* The keys of all these sets, each once, ascending. Their pools own the keys; the caller frees the list. */
const char **keysets_keys(const struct keysets *const *e, size_t count, size_t *keys);

#endif
