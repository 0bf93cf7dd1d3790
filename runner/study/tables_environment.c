/* What the invocations ran in: the fields that all share, and those in which they differ, by cell. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/tables.h"

/* Paths name the machine, and what lies there is told by its hash. */
static bool is_told(const char *key)
{
    size_t len = strlen(key);
    return len < 5 || strcmp(key + len - 5, ".path") != 0;
}

static const char *value_in(const struct invocation *i, const char *key)
{
    const char *value = pairs_find(i->environment, key);
    return value ? value : "not told";
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every key that some record has, each once, ascending; of the pool. The caller frees the list. */
static const char **keys_of(const struct study *s, size_t *count)
{
    const char **keys = NULL;
    size_t n = 0, kept = 0;
    const struct pairs *last = NULL;
    for (size_t i = 0; i < s->records.count; i++) {
        const struct pairs *env = s->records.list[i].environment;
        if (env == last) /* of a pool: the same pointer for the same */
            continue;
        last = env;
        keys = reallocarray(keys, n + env->count + 1, sizeof(*keys)); /* NOLINT(bugprone-sizeof-expression): pointers */
        if (!keys)
            abort();
        for (size_t k = 0; k < env->count; k++)
            if (is_told(env->list[k].key))
                keys[n++] = env->list[k].key;
    }
    if (n)
        qsort(keys, n, sizeof(*keys), compare_keys); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(keys[i], keys[kept - 1]) != 0)
            keys[kept++] = keys[i];
    *count = kept;
    return keys;
}

static bool all_share(const struct study *s, const char *key)
{
    const char *first = value_in(&s->records.list[0], key);
    for (size_t i = 1; i < s->records.count; i++)
        if (strcmp(value_in(&s->records.list[i], key), first) != 0)
            return false;
    return true;
}

struct table tables_environment(const struct study *s)
{
    static const struct table_column COLUMNS[] = {{"field", "field", "", false, TABLE_BOTH},
                                                  {"value", "value", "", false, TABLE_BOTH}};
    struct table t = table_new("environment", "Environment that all cells share", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    cleanup_free const char **keys = keys_of(s, &count);
    for (size_t i = 0; i < count; i++) {
        if (!all_share(s, keys[i]))
            continue;
        table_row(&t, NULL);
        table_text(&t, keys[i]);
        table_text(&t, *value_in(&s->records.list[0], keys[i]) ? value_in(&s->records.list[0], keys[i]) : "\"\"");
    }
    return t;
}

/* --- differences -------------------------------------------------------------------------------------------------- */

/* "threads-overhead, processes-fork-overhead (2 of 5)", of the cells that have this value. */
static void say_cells(const struct study *s, const char *key, const char *value, struct text *out)
{
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        size_t n = 0;
        for (size_t k = 0; k < c->count; k++)
            n += strcmp(value_in(c->invocation[k], key), value) == 0;
        if (n == 0)
            continue;
        text_add(out, "%s%s", out->len ? ", " : "", c->id);
        if (n < c->count)
            text_add(out, " (%zu of %zu)", n, c->count);
    }
}

static bool is_first(const struct study *s, size_t at, const char *key)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(value_in(&s->records.list[i], key), value_in(&s->records.list[at], key)) == 0)
            return false;
    return true;
}

#define VALUES_MAX 8 /* of a field, before "and others" */

static void add_values(struct table *t, const struct study *s, const char *key)
{
    size_t told = 0;
    for (size_t i = 0; i < s->records.count; i++) {
        const char *value = value_in(&s->records.list[i], key);
        struct text cells = {0};
        if (!is_first(s, i, key))
            continue;
        table_row(t, NULL);
        table_text(t, key);
        if (told++ == VALUES_MAX) {
            table_text(t, "… and others");
            table_text(t, "");
            return;
        }
        say_cells(s, key, value, &cells);
        table_text(t, *value ? value : "\"\"");
        table_text(t, cells.data);
        text_free(&cells);
    }
}

struct table tables_differences(const struct study *s)
{
    static const struct table_column COLUMNS[] = {{"field", "field", "", false, TABLE_BOTH},
                                                  {"value", "value", "", false, TABLE_BOTH},
                                                  {"cells", "cells", "", false, TABLE_BOTH}};
    struct table t = table_new("differences", "Environment in which cells differ", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    t.empty = "All cells ran in the same environment.";
    cleanup_free const char **keys = keys_of(s, &count);
    for (size_t i = 0; i < count; i++)
        if (!all_share(s, keys[i]))
            add_values(&t, s, keys[i]);
    return t;
}
