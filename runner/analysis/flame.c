#include "analysis/flame.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

/* --- the whole tree ----------------------------------------------------------------------------------------------- */

#define NONE UINT32_MAX

/* A function among those that the same one called. */
struct branch {
    const struct frame *frame;
    uint32_t first, next; /* of what it called; of those beside it; NONE */
    int64_t ns, lost_ns;
};

struct tree {
    struct branch *list; /* the first is the root */
    size_t count;
};

static bool is_same(const struct frame *a, const struct frame *b)
{
    return a->place == b->place && text_is_same(a->name, b->name) &&
           ((a->name && a->place != FRAME_PYTHON) || text_is_same(a->file, b->file));
}

static uint32_t called_by(struct tree *t, uint32_t caller, const struct frame *f)
{
    for (uint32_t i = t->list[caller].first; i != NONE; i = t->list[i].next)
        if (is_same(t->list[i].frame, f))
            return i;
    const uint32_t made = (uint32_t)t->count;
    t->list = xgrow(t->list, t->count, sizeof(*t->list));
    t->list[t->count++] = (struct branch){.frame = f, .first = NONE, .next = t->list[caller].first};
    t->list[caller].first = made;
    return made;
}

static void add_stack(struct tree *t, const struct cause_stack *s, const struct cause_spent *spent)
{
    const int64_t ns = spent->own_ns + spent->lost_ns;
    size_t outermost = s->count, depth = 0;
    uint32_t at = 0;
    while (outermost > 0 && s->frame[outermost - 1].place != FRAME_PYTHON)
        outermost--;
    outermost = outermost ? outermost : s->count; /* it has none */
    t->list[0].ns += ns;
    t->list[0].lost_ns += spent->lost_ns;
    for (size_t i = outermost; i > 0 && depth < FLAME_DEPTH_MAX; i--) {
        if (s->frame[i - 1].name && cause_is_plumbing(s->frame[i - 1].name))
            continue;
        at = called_by(t, at, &s->frame[i - 1]);
        t->list[at].ns += ns;
        t->list[at].lost_ns += spent->lost_ns;
        depth++;
    }
}

/* --- what is kept of it ------------------------------------------------------------------------------------------- */

static const char *name_of(const struct frame *f)
{
    const char *shown = cause_shown_name(f);
    return shown ? shown : f->file ? f->file : "?";
}

/* Those that one called and that are wide enough, by time, then by name. */
struct wide {
    const struct tree *tree;
    uint32_t *list;
    size_t count;
};

static int by_time(const void *a, const void *b, void *of)
{
    const struct tree *t = of;
    const struct branch *x = &t->list[*(const uint32_t *)a], *y = &t->list[*(const uint32_t *)b];
    return x->ns != y->ns ? (x->ns < y->ns) - (x->ns > y->ns) : strcmp(name_of(x->frame), name_of(y->frame));
}

/* The caller frees the list. */
static struct wide wide_below(struct tree *t, uint32_t caller, int64_t least_ns)
{
    struct wide w = {.tree = t};
    for (uint32_t i = t->list[caller].first; i != NONE; i = t->list[i].next) {
        if (t->list[i].ns < least_ns || t->list[i].ns == 0)
            continue;
        w.list = xgrow(w.list, w.count, sizeof(*w.list));
        w.list[w.count++] = i;
    }
    if (w.count > 1)
        qsort_r(w.list, w.count, sizeof(*w.list), by_time, t);
    return w;
}

/* No deeper than FLAME_DEPTH_MAX. */
static size_t count_wide(struct tree *t, uint32_t caller, int64_t least_ns)
{
    size_t count = 0;
    for (uint32_t i = t->list[caller].first; i != NONE; i = t->list[i].next)
        if (t->list[i].ns >= least_ns && t->list[i].ns > 0)
            count += 1 + count_wide(t, i, least_ns);
    return count;
}

static void keep_below(struct tree *t, uint32_t caller, size_t parent, int64_t least_ns, struct flame *ret)
{
    const struct wide w = wide_below(t, caller, least_ns);
    for (size_t i = 0; i < w.count; i++) {
        const struct branch *b = &t->list[w.list[i]];
        const size_t at = ret->nodes++;
        ret->node[at] = (struct flame_node){.name = xstrdup(name_of(b->frame)),
                                            .file = b->frame->place == FRAME_PYTHON ? xstrdup(b->frame->file) : NULL,
                                            .place = b->frame->place,
                                            .parent = parent,
                                            .ns = b->ns,
                                            .lost_ns = b->lost_ns};
        keep_below(t, w.list[i], at, least_ns, ret);
    }
    free(w.list);
}

void flame_make(const struct cause_stack *stack, const struct cause_spent *spent, size_t stacks, struct flame *ret)
{
    struct tree t = {.list = xgrow(NULL, 0, sizeof(struct branch)), .count = 1};
    t.list[0] = (struct branch){.first = NONE, .next = NONE};
    for (size_t i = 0; i < stacks; i++)
        if (spent[i].own_ns + spent[i].lost_ns > 0)
            add_stack(&t, &stack[i], &spent[i]);
    int64_t least_ns = (int64_t)(FLAME_LEAST_SHARE * (double)t.list[0].ns);
    size_t count = count_wide(&t, 0, least_ns);
    while (count > FLAME_NODES_MAX) {
        least_ns = 2 * least_ns + 1;
        count = count_wide(&t, 0, least_ns);
    }
    *ret = (struct flame){.node = xcalloc(count, sizeof(*ret->node)), .ns = t.list[0].ns, .lost_ns = t.list[0].lost_ns};
    keep_below(&t, 0, FLAME_ROOT, least_ns, ret);
    free(t.list);
}

void flame_free(struct flame *f)
{
    for (size_t i = 0; i < f->nodes; i++) {
        free(f->node[i].name);
        free(f->node[i].file);
    }
    free(f->node);
    *f = (struct flame){0};
}
