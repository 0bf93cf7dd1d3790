#include "report/cells.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static struct cell_group *group_of(struct cell_groups *g, const struct pairs *cell)
{
    for (size_t i = g->count; i > 0; i--) /* records of a cell often follow each other */
        if (g->list[i - 1].cell == cell)
            return &g->list[i - 1];
    g->list = realloc(g->list, (g->count + 1) * sizeof(*g->list));
    if (!g->list)
        abort();
    g->list[g->count] = (struct cell_group){cell, NULL, 0};
    return &g->list[g->count++];
}

struct cell_groups cells_group(const struct records *r)
{
    struct cell_groups g = {NULL, 0};
    for (size_t i = 0; i < r->count; i++)
        group_of(&g, r->list[i].cell)->count++;
    for (size_t i = 0; i < g.count; i++) {
        g.list[i].invocation = calloc(g.list[i].count + 1, sizeof(const struct invocation *));
        if (!g.list[i].invocation)
            abort();
        g.list[i].count = 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct cell_group *group = group_of(&g, r->list[i].cell);
        if (!group->invocation) /* every cell was seen above */
            abort();
        group->invocation[group->count++] = &r->list[i];
    }
    return g;
}

void cells_free(struct cell_groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->list[i].invocation);
    free(g->list);
    *g = (struct cell_groups){NULL, 0};
}

/* Whether the comma-separated list holds this word. */
static bool list_holds(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, word, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

/* The next pair that counts. */
static const struct pair *next(const struct pairs *p, size_t *i, const char *but)
{
    while (*i < p->count && list_holds(but, p->list[*i].key))
        (*i)++;
    return *i < p->count ? &p->list[(*i)++] : NULL;
}

bool cells_alike(const struct pairs *a, const struct pairs *b, const char *but)
{
    size_t i = 0, j = 0;
    for (;;) {
        const struct pair *x = next(a, &i, but), *y = next(b, &j, but);
        if (!x || !y)
            return !x && !y;
        if (strcmp(x->key, y->key) != 0 || strcmp(x->value, y->value) != 0)
            return false;
    }
}

static bool differs(const char *key, const struct pairs *const *all, size_t count)
{
    const char *first = pairs_find(all[0], key);
    for (size_t i = 1; i < count; i++) {
        const char *other = pairs_find(all[i], key);
        if (!first != !other || (first && strcmp(first, other) != 0))
            return true;
    }
    return false;
}

char *cells_label(const struct pairs *cell, const struct pairs *const *all, size_t count)
{
    static const char *const FIRST[] = {"name", "mode", "mp_start_method", "runtime", "profile", "argv"};
    struct text label = {0};
    text_add_bytes(&label, "", 0);
    for (size_t i = 0; i < ARRAY_LEN(FIRST); i++) {
        const char *value = pairs_find(cell, FIRST[i]);
        if (value && *value)
            text_add(&label, "%s%s", label.len ? " " : "", value);
    }
    for (size_t i = 0; i < cell->count; i++) {
        const struct pair *p = &cell->list[i];
        bool named = false;
        for (size_t k = 0; k < ARRAY_LEN(FIRST); k++)
            named |= strcmp(p->key, FIRST[k]) == 0;
        if (!named && count > 0 && differs(p->key, all, count))
            text_add(&label, " %s=%s", p->key, p->value);
    }
    return label.data;
}
