/* What the invocations ran in: the fields that all share, and those in which they differ, by cell. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "report/tables.h"

/* Paths name the machine, and what lies there is told by its hash. */
static bool is_told(const char *key)
{
    size_t len = strlen(key);
    return len < 5 || strcmp(key + len - 5, ".path") != 0;
}

static const char *value_in(const struct pairs *environment, const char *key)
{
    const char *value = pairs_find(environment, key);
    return value ? value : "not told";
}

/* The environments that there are, each once, in the order of time: ten thousand records have a handful. */
struct environments {
    const struct pairs **list; /* owned */
    size_t count;
};

static struct environments environments_of(const struct study *s)
{
    struct environments e = {calloc(s->records.count + 1, sizeof(*e.list)), 0}; /* NOLINT(bugprone-sizeof-expression) */
    if (!e.list)
        abort();
    for (size_t i = 0; i < s->records.count; i++) {
        const struct pairs *one = s->records.list[i].environment; /* of a pool: the same pointer for the same */
        size_t k = 0;
        while (k < e.count && e.list[k] != one)
            k++;
        if (k == e.count)
            e.list[e.count++] = one;
    }
    return e;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every key that some record has, each once, ascending; of the pool. The caller frees the list. */
static const char **keys_of(const struct environments *e, size_t *count)
{
    size_t n = 0, kept = 0, most = 0;
    for (size_t i = 0; i < e->count; i++)
        most += e->list[i]->count;
    const char **keys = xcalloc(most + 1, sizeof(*keys)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = 0; k < e->list[i]->count; k++)
            if (is_told(e->list[i]->list[k].key))
                keys[n++] = e->list[i]->list[k].key;
    qsort(keys, n, sizeof(*keys), compare_keys); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(keys[i], keys[kept - 1]) != 0)
            keys[kept++] = keys[i];
    *count = kept;
    return keys;
}

static bool all_share(const struct environments *e, const char *key)
{
    for (size_t i = 1; i < e->count; i++)
        if (strcmp(value_in(e->list[i], key), value_in(e->list[0], key)) != 0)
            return false;
    return true;
}

static const char *shown(const char *value)
{
    return *value ? value : "\"\"";
}

struct table tables_environment(const struct study *s)
{
    static const struct table_column COLUMNS[] = {{"field", "field", "", false, TABLE_BOTH, 0},
                                                  {"value", "value", "", false, TABLE_BOTH, 0}};
    struct table t = table_new("environment", "Environment that all cells share", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    struct environments e = environments_of(s);
    cleanup_free const char **keys = keys_of(&e, &count);
    for (size_t i = 0; i < count; i++) {
        if (!all_share(&e, keys[i]))
            continue;
        table_row(&t, NULL);
        table_text(&t, keys[i]);
        table_text(&t, shown(value_in(e.list[0], keys[i])));
    }
    free(e.list);
    return t;
}

/* --- differences -------------------------------------------------------------------------------------------------- */

/* "threads-overhead, processes-fork-overhead (2 of 5)", of the cells that have this value. */
static void say_cells(const struct study *s, const char *key, const char *value, struct text *out)
{
    text_add(out, "%s", "");
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        size_t n = 0;
        for (size_t k = 0; k < c->count; k++)
            n += strcmp(value_in(c->invocation[k]->environment, key), value) == 0;
        if (n == 0)
            continue;
        text_add(out, "%s%s", out->len ? ", " : "", c->id);
        if (n < c->count)
            text_add(out, " (%zu of %zu)", n, c->count);
    }
}

static bool is_first(const struct environments *e, size_t at, const char *key)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(value_in(e->list[i], key), value_in(e->list[at], key)) == 0)
            return false;
    return true;
}

#define VALUES_MAX 8 /* of a field, before "and others" */

static void add_values(struct table *t, const struct study *s, const struct environments *e, const char *key)
{
    size_t told = 0;
    for (size_t i = 0; i < e->count; i++) {
        const char *value = value_in(e->list[i], key);
        struct text cells = {0};
        if (!is_first(e, i, key))
            continue;
        table_row(t, NULL);
        table_text(t, key);
        if (told++ == VALUES_MAX) {
            table_text(t, "… and others");
            table_text(t, "");
            return;
        }
        say_cells(s, key, value, &cells);
        table_text(t, shown(value));
        table_text(t, cells.data);
        text_free(&cells);
    }
}

struct table tables_differences(const struct study *s)
{
    static const struct table_column COLUMNS[] = {{"field", "field", "", false, TABLE_BOTH, 0},
                                                  {"value", "value", "", false, TABLE_BOTH, 0},
                                                  {"cells", "cells", "", false, TABLE_BOTH, 0}};
    struct table t = table_new("differences", "Environment in which cells differ", COLUMNS, ARRAY_LEN(COLUMNS));
    size_t count = 0;
    struct environments e = environments_of(s);
    t.empty = "All cells ran in the same environment.";
    cleanup_free const char **keys = keys_of(&e, &count);
    for (size_t i = 0; i < count; i++)
        if (!all_share(&e, keys[i]))
            add_values(&t, s, &e, keys[i]);
    free(e.list);
    return t;
}
