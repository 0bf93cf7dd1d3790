/* alloc: memory that is there. Where the system has none left the program ends by abort(3): nothing that tare holds is
 * large, and there is no way to go on. */
#ifndef TARE_ALLOC_H
#define TARE_ALLOC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* n elements, all zero; of none at least one byte. The caller frees it. */
static inline void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        abort();
    return p;
}

/* The list with room for one element behind its `count`: it grows to the next power of two, so that count alone says
 * how much room there is. A list that grows by this grows by nothing else; NULL is a list of none.
 *     l->list = xgrow(l->list, l->count, sizeof(*l->list));
 *     l->list[l->count++] = one; */
static inline void *xgrow(void *list, size_t count, size_t size)
{
    if (count & (count - 1))
        return list;
    void *p = reallocarray(list, count ? 2 * count : 1, size);
    if (!p)
        abort();
    return p;
}

/* A copy of the text; of NULL it is NULL. The caller frees it. */
static inline char *xstrdup(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
}

#endif
