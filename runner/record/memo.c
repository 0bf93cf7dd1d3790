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

struct setting {
    const struct member *const *list; /* owned */
    size_t count;
    struct memo_setting made;
};

struct memo {
    void *members, *settings; /* trees of tsearch(3) */
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

static int compare_settings(const void *a, const void *b)
{
    const struct setting *x = a, *y = b;
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

static void free_setting(void *of)
{
    struct setting *setting = of;
    free((void *)setting->list);
    free(setting);
}

struct memo *memo_new(void)
{
    return xcalloc(1, sizeof(struct memo));
}

void memo_free(struct memo *m)
{
    if (!m)
        return;
    tdestroy(m->settings, free_setting);
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

bool memo_find_setting(const struct memo *m, const struct member *const *list, size_t count, struct memo_setting *ret)
{
    const struct setting wanted = {list, count, {NULL, NULL}};
    struct setting *const *found = tfind(&wanted, &m->settings, compare_settings);
    if (found)
        *ret = (*found)->made;
    return found != NULL;
}

void memo_keep_setting(struct memo *m, const struct member *const *list, size_t count,
                       const struct memo_setting *setting)
{
    struct setting *kept = xcalloc(1, sizeof(*kept));
    const struct member **copy = xcalloc(count, sizeof(*copy)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (count > 0)
        memcpy(copy, list, count * sizeof(*copy)); /* NOLINT(bugprone-sizeof-expression): pointers */
    *kept = (struct setting){copy, count, *setting};
    if (!tsearch(kept, &m->settings, compare_settings))
        abort();
}
