/* alloc: allocation that cannot fail: out of memory, the program ends by abort(3). What tare holds is small, and it
 * could not go on anyway. */
#ifndef TARE_ALLOC_H
#define TARE_ALLOC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* n zeroed elements (n 0: one byte). The caller frees it. */
static inline void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        abort();
    return p;
}

/* Makes room for one element after the first `count`. The list grows in powers of two, so that count alone tells how
 * much room there is: grow such a list with this function only. NULL is an empty list.
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

/* A copy of the text; NULL gives NULL. The caller frees it. */
static inline char *xstrdup(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
}

#endif
