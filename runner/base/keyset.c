#include "base/keyset.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

struct pool {
    char **slot; /* the texts: open addressing, at most half full */
    size_t slots, texts;
    void *sets; /* a tsearch(3) tree */
};

struct pool *pool_new(void)
{
    return xcalloc(1, sizeof(struct pool));
}

static void free_set(void *of)
{
    struct keyset *set = of;
    free((void *)set->list);
    free((void *)set->text);
    free(set);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->slots; i++)
        free(p->slot[i]);
    free(p->slot);
    tdestroy(p->sets, free_set);
    free(p);
}

/* The slot of the text, or the empty slot for it. */
static char **slot_of(const struct pool *p, const char *text)
{
    size_t i = text_hash(TEXT_HASH, text) & (p->slots - 1);
    while (p->slot[i] && strcmp(p->slot[i], text) != 0)
        i = (i + 1) & (p->slots - 1);
    return &p->slot[i];
}

static void grow(struct pool *p)
{
    struct pool larger = {.slots = p->slots ? 2 * p->slots : 1024};
    larger.slot = xcalloc(larger.slots, sizeof(*larger.slot));
    for (size_t i = 0; i < p->slots; i++)
        if (p->slot[i])
            *slot_of(&larger, p->slot[i]) = p->slot[i];
    free(p->slot);
    p->slot = larger.slot;
    p->slots = larger.slots;
}

const char *pool_keep(struct pool *p, const char *text)
{
    if (2 * (p->texts + 1) > p->slots)
        grow(p);
    char **slot = slot_of(p, text);
    if (!*slot) {
        *slot = xstrdup(text);
        p->texts++;
    }
    return *slot;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* Compares pointers: equal texts of a pool are the same pointer. */
static int compare_sets(const void *a, const void *b)
{
    const struct keyset *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->count ? memcmp(x->list, y->list, x->count * sizeof(*x->list)) : 0;
}

const struct keyset *pool_keep_keyset(struct pool *p, struct pair *list, size_t count)
{
    if (count)
        qsort(list, count, sizeof(*list), compare_keys);
    struct keyset wanted = {list, count, NULL};
    struct keyset *const *found = tfind(&wanted, &p->sets, compare_sets);
    if (found)
        return *found;
    struct keyset *set = xcalloc(1, sizeof(*set));
    struct pair *copy = xcalloc(count, sizeof(*copy));
    struct text text = {0};
    if (count)
        memcpy(copy, list, count * sizeof(*copy));
    text_add_bytes(&text, "", 0);
    for (size_t i = 0; i < count; i++)
        text_add(&text, "%s%s=%s", i ? " " : "", copy[i].key, copy[i].value);
    *set = (struct keyset){copy, count, text.data};
    if (!tsearch(set, &p->sets, compare_sets))
        abort();
    return set;
}

const char *keyset_find(const struct keyset *p, const char *key)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].key, key) == 0)
            return p->list[i].value;
    return NULL;
}

/* --- several of them --------------------------------------------------------------------------------------------- */

void keysets_add(struct keysets *e, const struct keyset *one)
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

void keysets_free(struct keysets *e)
{
    free(e->list);
    free(e->times);
    *e = (struct keysets){0};
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **keysets_keys(const struct keysets *const *e, size_t count, size_t *keys)
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
    qsort(key, n, sizeof(*key), compare_words); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(key[kept - 1], key[i]) != 0)
            key[kept++] = key[i];
    *keys = kept;
    return key;
}
