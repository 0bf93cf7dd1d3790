#include "record/memo.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MEMBER_MAX 4096 /* longer members are not kept: parsed, a member takes fifty times the memory of its text */
#define MEMO_MAX   (16UL << 20) /* bytes of all texts */

struct member {
    unsigned section;
    const char *text; /* owned */
    size_t len;
    json_t *value; /* owned */
};

struct set {
    const struct member *const *list; /* owned */
    size_t count;
    const struct keyset *made;
};

struct memo {
    void *members, *sets[MEMO_SETS]; /* trees of tsearch(3) */
    size_t bytes;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->text, y->text, x->len);
}

static int compare_sets(const void *a, const void *b)
{
    const struct set *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return memcmp(x->list, y->list, x->count * sizeof(*x->list)); /* NOLINT(bugprone-sizeof-expression): pointers */
}

static void free_member(void *of)
{
    struct member *member = of;
    json_decref(member->value);
    free((void *)member->text);
    free(member);
}

static void free_set(void *of)
{
    struct set *set = of;
    free((void *)set->list);
    free(set);
}

struct memo *memo_new(void)
{
    return xcalloc(1, sizeof(struct memo));
}

void memo_free(struct memo *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < MEMO_SETS; i++)
        tdestroy(m->sets[i], free_set);
    tdestroy(m->members, free_member);
    free(m);
}

const struct member *memo_find(const struct memo *m, unsigned section, struct json_span text)
{
    const struct member wanted = {section, text.data, text.len, NULL};
    struct member *const *found = tfind(&wanted, &m->members, compare_members);
    return found ? *found : NULL;
}

const struct member *memo_keep(struct memo *m, unsigned section, struct json_span text, json_t *value)
{
    if (text.len > MEMBER_MAX || m->bytes + text.len > MEMO_MAX)
        return NULL;
    struct member *member = xcalloc(1, sizeof(*member));
    char *copy = xcalloc(text.len, 1);
    memcpy(copy, text.data, text.len);
    *member = (struct member){section, copy, text.len, value};
    m->bytes += text.len;
    if (!tsearch(member, &m->members, compare_members))
        abort();
    return member;
}

json_t *memo_value(const struct member *member)
{
    return member->value;
}

const struct keyset *memo_find_set(const struct memo *m, enum memo_set which, const struct member *const *list,
                                   size_t count)
{
    const struct set wanted = {list, count, NULL};
    struct set *const *found = tfind(&wanted, &m->sets[which], compare_sets);
    return found ? (*found)->made : NULL;
}

void memo_keep_set(struct memo *m, enum memo_set which, const struct member *const *list, size_t count,
                   const struct keyset *made)
{
    struct set *kept = xcalloc(1, sizeof(*kept));
    const struct member **copy = xcalloc(count, sizeof(*copy)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (count > 0)
        memcpy(copy, list, count * sizeof(*copy)); /* NOLINT(bugprone-sizeof-expression): pointers */
    *kept = (struct set){copy, count, made};
    if (!tsearch(kept, &m->sets[which], compare_sets))
        abort();
}
