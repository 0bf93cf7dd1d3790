#include "pairs.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    void *texts, *sets; /* trees of tsearch(3) */
};

struct pool *pool_new(void)
{
    struct pool *p = calloc(1, sizeof(*p));
    if (!p)
        abort();
    return p;
}

static void free_set(void *of)
{
    struct pairs *set = of;
    free((void *)set->list);
    free((void *)set->text);
    free(set);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    tdestroy(p->texts, free);
    tdestroy(p->sets, free_set);
    free(p);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *pool_keep(struct pool *p, const char *text)
{
    char *const *found = tfind(text, &p->texts, compare_texts);
    if (found)
        return *found;
    char *copy = strdup(text);
    if (!copy || !tsearch(copy, &p->texts, compare_texts))
        abort();
    return copy;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* By the pointers: equal texts of a pool are one. */
static int compare_sets(const void *a, const void *b)
{
    const struct pairs *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->count ? memcmp(x->list, y->list, x->count * sizeof(*x->list)) : 0;
}

const struct pairs *pool_keep_pairs(struct pool *p, struct pair *list, size_t count)
{
    if (count)
        qsort(list, count, sizeof(*list), compare_keys);
    struct pairs wanted = {list, count, NULL};
    struct pairs *const *found = tfind(&wanted, &p->sets, compare_sets);
    if (found)
        return *found;
    struct pairs *set = calloc(1, sizeof(*set));
    struct pair *copy = calloc(count + 1, sizeof(*copy));
    struct text text = {0};
    if (!set || !copy)
        abort();
    if (count)
        memcpy(copy, list, count * sizeof(*copy));
    text_add_bytes(&text, "", 0);
    for (size_t i = 0; i < count; i++)
        text_add(&text, "%s%s=%s", i ? " " : "", copy[i].key, copy[i].value);
    *set = (struct pairs){copy, count, text.data};
    if (!tsearch(set, &p->sets, compare_sets))
        abort();
    return set;
}

const char *pairs_find(const struct pairs *p, const char *key)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].key, key) == 0)
            return p->list[i].value;
    return NULL;
}
