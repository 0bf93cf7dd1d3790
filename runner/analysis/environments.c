#include "analysis/environments.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void environments_add(struct environments *e, const struct keyset *one)
{
    for (size_t i = e->count; i > 0; i--) /* neighbours are often the same */
        if (e->list[i - 1] == one) {
            e->times[i - 1]++;
            return;
        }
    e->list = xgrow(e->list, e->count, sizeof(*e->list)); /* NOLINT(bugprone-sizeof-expression): pointers */
    e->times = xgrow(e->times, e->count, sizeof(*e->times));
    e->list[e->count] = one;
    e->times[e->count++] = 1;
}

void environments_free(struct environments *e)
{
    free(e->list);
    free(e->times);
    *e = (struct environments){0};
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **environments_keys(const struct environments *const *e, size_t count, size_t *keys)
{
    size_t n = 0, kept = 0, most = 0;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < e[s]->count; i++)
            most += e[s]->list[i]->count;
    const char **key = xcalloc(most, sizeof(*key)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < e[s]->count; i++)
            for (size_t k = 0; k < e[s]->list[i]->count; k++)
                key[n++] = e[s]->list[i]->list[k].key;
    qsort(key, n, sizeof(*key), compare_keys); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(key[kept - 1], key[i]) != 0)
            key[kept++] = key[i];
    *keys = kept;
    return key;
}
