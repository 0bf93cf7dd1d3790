/* What the two sides were measured in, field by field, and only where it differs. */
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_internal.h"
#include "base/alloc.h"
#include "base/cleanup.h"

#define VALUES_MAX 6 /* of a field on one side, before "and others" */

/* The different environments of one side, and how many records have each. */
struct settings {
    const struct pairs **set;
    size_t *times;
    size_t count;
};

static void add_setting(struct settings *s, const struct pairs *set)
{
    for (size_t i = s->count; i > 0; i--)
        if (s->set[i - 1] == set) {
            s->times[i - 1]++;
            return;
        }
    s->set = reallocarray(s->set, s->count + 1, sizeof(*s->set)); /* NOLINT(bugprone-sizeof-expression): pointers */
    s->times = realloc(s->times, (s->count + 1) * sizeof(*s->times));
    if (!s->set || !s->times)
        abort();
    s->set[s->count] = set;
    s->times[s->count++] = 1;
}

static struct settings settings_of(const struct cell_pair *pairs, size_t count, bool b)
{
    struct settings s = {NULL, NULL, 0};
    for (size_t i = 0; i < count; i++) {
        const struct cell_group *g = b ? pairs[i].b : pairs[i].a;
        for (size_t k = 0; k < g->count; k++)
            add_setting(&s, g->invocation[k]->environment);
    }
    return s;
}

static void settings_free(struct settings *s)
{
    free(s->set);
    free(s->times);
}

/* The values of one field on one side. */
struct values {
    const char *value[VALUES_MAX];
    size_t times[VALUES_MAX], count;
    bool more;
};

static struct values values_of(const struct settings *s, const char *key)
{
    struct values v = {.count = 0};
    for (size_t i = 0; i < s->count; i++) {
        const char *value = pairs_find(s->set[i], key);
        size_t k = 0;
        value = value ? value : "not recorded";
        while (k < v.count && strcmp(v.value[k], value) != 0)
            k++;
        if (k == VALUES_MAX) {
            v.more = true;
            continue;
        }
        v.value[k] = value;
        v.times[k] = (k == v.count ? 0 : v.times[k]) + s->times[i];
        v.count += k == v.count;
    }
    return v;
}

static bool has_value(const struct values *v, const char *value)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->value[i], value) == 0)
            return true;
    return false;
}

static bool same_values(const struct values *a, const struct values *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!has_value(b, a->value[i]))
            return false;
    return a->count == b->count;
}

static char *values_text(const struct values *v)
{
    struct text t = {0};
    text_add_bytes(&t, "", 0);
    for (size_t i = 0; i < v->count; i++) {
        text_add(&t, "%s%s", i ? ", " : "", v->value[i]);
        if (v->count > 1)
            text_add(&t, " (%zu)", v->times[i]);
    }
    if (v->more)
        text_add(&t, ", and others");
    return t.data;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every field that any side has, each once, ascending; the caller frees the list. */
static const char **all_keys(const struct settings *a, const struct settings *b, size_t *count)
{
    size_t n = 0, kept = 0;
    const struct settings *const side[] = {a, b};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < side[s]->count; i++)
            n += side[s]->set[i]->count;
    const char **key = xcalloc(n + 1, sizeof(*key));
    n = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < side[s]->count; i++)
            for (size_t k = 0; k < side[s]->set[i]->count; k++)
                key[n++] = side[s]->set[i]->list[k].key;
    if (n)
        qsort(key, n, sizeof(*key), compare_keys);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(key[kept - 1], key[i]) != 0)
            key[kept++] = key[i];
    *count = kept;
    return key;
}

void compare_environments(const struct cell_pair *pairs, size_t count, struct comparison *ret)
{
    struct settings a = settings_of(pairs, count, false), b = settings_of(pairs, count, true);
    const char **key = all_keys(&a, &b, &ret->fields);
    ret->difference = xcalloc(ret->fields + 1, sizeof(*ret->difference));
    for (size_t i = 0; i < ret->fields; i++) {
        struct values va = values_of(&a, key[i]), vb = values_of(&b, key[i]);
        if (!same_values(&va, &vb))
            ret->difference[ret->differences++] =
                (struct compare_difference){key[i], values_text(&va), values_text(&vb)};
    }
    free(key);
    settings_free(&a);
    settings_free(&b);
}
