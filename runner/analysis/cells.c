#include "analysis/cells.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"

/* Numbers different pointers in the order in which they come up: {address: number}. */
static size_t number_of(json_t *numbers, const void *of)
{
    char key[32];
    text_format(key, sizeof(key), "%p", of);
    if (!json_object_get(numbers, key))
        json_put_int(numbers, key, (int64_t)json_object_size(numbers));
    return (size_t)json_integer_value(json_object_get(numbers, key));
}

/* Groups the invocations by cell. */
static struct cell_groups group_by(const struct records *r, const struct keyset *const *cell_of)
{
    struct cell_groups g = {NULL, 0};
    cleanup_json json_t *seen = json_object();
    cleanup_free size_t *group = xcalloc(r->count, sizeof(*group));
    for (size_t i = 0; i < r->count; i++) {
        group[i] = number_of(seen, cell_of[i]);
        if (group[i] >= g.count) { /* the next one */
            g.list = xgrow(g.list, g.count, sizeof(*g.list));
            g.list[g.count++] = (struct cell_group){cell_of[i], NULL, 0};
        }
        g.list[group[i]].count++;
    }
    for (size_t i = 0; i < g.count; i++) {
        g.list[i].invocation = xcalloc(g.list[i].count + 1, sizeof(const struct invocation *));
        g.list[i].count = 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct cell_group *of = &g.list[group[i]];
        if (!of->invocation) /* every cell was seen above */
            abort();
        of->invocation[of->count++] = &r->list[i];
    }
    return g;
}

/* --- their order ------------------------------------------------------------------------------------------------- */

/* Compares by rank in the list, which NULL ends; other words come last, by name. */
static int compare_words(const char *a, const char *b, const char *const *order)
{
    for (; *order; order++)
        if (strcmp(a, *order) == 0 || strcmp(b, *order) == 0)
            return (strcmp(b, *order) == 0) - (strcmp(a, *order) == 0);
    return strcmp(a, b);
}

/* NaN last. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

int cells_compare(const struct keyset *a, const struct keyset *b)
{
    static const char *const PROFILES[] = {"overhead", "memory", "growth", NULL};
    static const char *const MODES[] = {"threads", "processes", "interpreters", NULL};
    static const char *const STARTS[] = {"fork", "forkserver", "spawn", NULL};
    const char *x = keyset_word(a, "runtime"), *y = keyset_word(b, "runtime");
    int d = strcmp(keyset_word(a, "name"), keyset_word(b, "name"));
    d = d ? d : compare_words(keyset_word(a, "profile"), keyset_word(b, "profile"), PROFILES);
    d = d ? d : (strcmp(x, "native") == 0) - (strcmp(y, "native") == 0);
    d = d ? d : compare_words(keyset_word(a, "mode"), keyset_word(b, "mode"), MODES);
    d = d ? d : compare_words(keyset_word(a, "mp_start_method"), keyset_word(b, "mp_start_method"), STARTS);
    d = d ? d : strcmp(y, x);
    x = keyset_find(a, "workers");
    y = keyset_find(b, "workers");
    d = d ? d : compare_numbers(x ? strtod(x, NULL) : NAN, y ? strtod(y, NULL) : NAN);
    return d ? d : strcmp(a->text, b->text);
}

/* --- cells of a plan that only settings tell apart -------------------------------------------------------------- */

/* The first invocation of each cell of the plan. */
struct firsts {
    const struct invocation **list; /* owned */
    size_t count;
    size_t *of; /* by invocation of the group: the number of its cell's first; owned */
};

static struct firsts firsts_of(const struct cell_group *g)
{
    struct firsts f = {xcalloc(g->count, sizeof(const struct invocation *)), 0, xcalloc(g->count, sizeof(*f.of))};
    cleanup_json json_t *seen = json_object();
    for (size_t i = 0; i < g->count; i++) {
        f.of[i] = number_of(seen, g->invocation[i]->plan_cell); /* texts of a pool: equal ones are one */
        if (f.of[i] == f.count)
            f.list[f.count++] = g->invocation[i];
    }
    return f;
}

/* Whether the key is constant within each cell of the plan and differs between them. */
static bool is_swept(const struct cell_group *g, const struct firsts *f, const char *key)
{
    const char *first = keyset_find(f->list[0]->environment, key);
    bool differs = false;
    for (size_t i = 1; i < f->count; i++)
        differs |= keyset_find(f->list[i]->environment, key) != first;
    for (size_t i = 0; differs && i < g->count; i++)
        if (keyset_find(g->invocation[i]->environment, key) != keyset_find(f->list[f->of[i]]->environment, key))
            return false;
    return differs;
}

/* An environment key's name in a cell; NULL: it does not distinguish cells. */
static const char *setting_name(const char *key)
{
    if (strncmp(key, INVOCATION_SETTING, strlen(INVOCATION_SETTING)) == 0)
        return key + strlen(INVOCATION_SETTING);
    return strcmp(key, INVOCATION_BUILD) == 0 ? "build" : NULL;
}

/* The keys of the settings that are swept. The caller frees the list. */
static const char **swept_keys(const struct cell_group *g, const struct firsts *f, size_t *count)
{
    cleanup_keysets struct keysets all = {0};
    size_t keys = 0;
    for (size_t i = 0; i < f->count; i++)
        keysets_add(&all, f->list[i]->environment);
    const char **key = keysets_keys((const struct keysets *[]){&all}, 1, &keys);
    *count = 0;
    for (size_t i = 0; i < keys; i++)
        if (setting_name(key[i]) && is_swept(g, f, key[i]))
            key[(*count)++] = key[i];
    return key;
}

/* A cell of the plan: of them all, with the swept settings, and with its name in the plan if these do not distinguish
 * it. */
static const struct keyset *with_settings(const struct records *r, const struct keyset *base,
                                          const struct invocation *first, const char *const *key, size_t keys,
                                          bool by_name)
{
    cleanup_free struct pair *list = xcalloc(base->count + keys + 1, sizeof(*list));
    size_t n = base->count;
    if (n > 0)
        memcpy(list, base->list, n * sizeof(*list));
    for (size_t i = 0; i < keys; i++) {
        const char *value = keyset_find(first->environment, key[i]);
        if (value)
            list[n++] = (struct pair){pool_keep(r->reader.pool, setting_name(key[i])), value};
    }
    if (by_name)
        list[n++] = (struct pair){pool_keep(r->reader.pool, "cell"), first->plan_cell};
    return pool_keep_keyset(r->reader.pool, list, n);
}

static void tell_apart(const struct records *r, const struct cell_group *g, const struct keyset **cell_of)
{
    struct firsts f = firsts_of(g);
    if (f.count > 1) {
        size_t keys = 0;
        cleanup_json json_t *different = json_object();
        cleanup_free const char **key = swept_keys(g, &f, &keys);
        cleanup_free const struct keyset **cell = xcalloc(f.count, sizeof(const struct keyset *));
        for (size_t i = 0; i < f.count; i++) {
            cell[i] = with_settings(r, g->cell, f.list[i], key, keys, false);
            (void)number_of(different, cell[i]);
        }
        for (size_t i = 0; json_object_size(different) < f.count && i < f.count; i++)
            cell[i] = with_settings(r, g->cell, f.list[i], key, keys, true);
        for (size_t i = 0; i < g->count; i++)
            cell_of[g->invocation[i] - r->list] = cell[f.of[i]];
    }
    free(f.list);
    free(f.of);
}

static const struct keyset *with_half(const struct records *r, const struct invocation *of)
{
    cleanup_free struct pair *list = xcalloc(of->cell->count + 1, sizeof(*list));
    if (of->cell->count > 0)
        memcpy(list, of->cell->list, of->cell->count * sizeof(*list));
    list[of->cell->count] = (struct pair){pool_keep(r->reader.pool, "half"), of->label};
    return pool_keep_keyset(r->reader.pool, list, of->cell->count + 1);
}

static int compare_groups(const void *a, const void *b)
{
    return cells_compare(((const struct cell_group *)a)->cell, ((const struct cell_group *)b)->cell);
}

struct cell_groups cells_group(const struct records *r, bool halves)
{
    cleanup_free const struct keyset **cell_of = xcalloc(r->count + 1, sizeof(const struct keyset *));
    for (size_t i = 0; i < r->count; i++)
        cell_of[i] = halves && *r->list[i].label ? with_half(r, &r->list[i]) : r->list[i].cell;
    struct cell_groups alike = group_by(r, cell_of);
    for (size_t i = 0; i < alike.count; i++)
        tell_apart(r, &alike.list[i], cell_of);
    cells_free(&alike);
    struct cell_groups groups = group_by(r, cell_of);
    if (groups.count > 0)
        qsort(groups.list, groups.count, sizeof(*groups.list), compare_groups);
    return groups;
}

void cells_free(struct cell_groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->list[i].invocation);
    free(g->list);
    *g = (struct cell_groups){NULL, 0};
}

/* Whether the comma-separated list holds this word; NULL: it holds none. */
static bool list_holds(const char *list, const char *word)
{
    return list && text_has_word(list, ",", word);
}

/* Whether what both have is the same; a_whole, b_whole: and all that a has, or b, the other one has. But for keys of
 * that list. A plan of ten thousand cells compares each with each: texts of one pool are compared as pointers, and the
 * list is looked at where all else has failed. */
static bool match(const struct keyset *a, bool a_whole, const struct keyset *b, bool b_whole, const char *but)
{
    for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
        const struct pair *x = i < a->count ? &a->list[i] : NULL, *y = j < b->count ? &b->list[j] : NULL;
        const int order = !x ? 1 : !y ? -1 : x->key == y->key ? 0 : strcmp(x->key, y->key);
        const bool fits = order == 0 ? text_is_same(x->value, y->value) : order < 0 ? !a_whole : !b_whole;
        if (!fits && !list_holds(but, order <= 0 ? x->key : y->key))
            return false;
        i += order <= 0;
        j += order >= 0;
    }
    return true;
}

bool cells_alike(const struct keyset *a, const struct keyset *b, const char *but)
{
    return match(a, true, b, true, but);
}

bool cells_agree(const struct keyset *a, const struct keyset *b, const char *but)
{
    return match(a, false, b, false, but);
}

/* --- by what they have ------------------------------------------------------------------------------------------- */

/* Cells that have the same keys, apart from those of the list. */
struct shape {
    const struct keyset *first;
    json_t *numbers; /* {values: [number]}; owned */
};

struct cells_index {
    const struct keyset *const *cell;
    const char *but;
    struct shape *shape; /* owned */
    size_t shapes;
    size_t *found; /* the last answer, with room for all; owned */
};

static bool same_keys(const struct keyset *a, const struct keyset *b, const char *but)
{
    for (size_t i = 0, j = 0;; i++, j++) {
        while (i < a->count && list_holds(but, a->list[i].key))
            i++;
        while (j < b->count && list_holds(but, b->list[j].key))
            j++;
        if (i == a->count || j == b->count)
            return i == a->count && j == b->count;
        if (strcmp(a->list[i].key, b->list[j].key) != 0)
            return false;
    }
}

/* Adds a cell's values for the keys of a shape. false: it lacks one. */
static bool add_values(const struct keyset *keys, const struct keyset *cell, const char *but, struct text *ret)
{
    text_add(ret, "%s", "");
    for (size_t i = 0; i < keys->count; i++) {
        const char *key = keys->list[i].key, *value = keyset_find(cell, key);
        if (list_holds(but, key))
            continue;
        if (!value)
            return false;
        text_add(ret, "%s\n", value);
    }
    return true;
}

static struct shape *shape_of(struct cells_index *x, const struct keyset *cell)
{
    for (size_t i = 0; i < x->shapes; i++)
        if (same_keys(x->shape[i].first, cell, x->but))
            return &x->shape[i];
    x->shape = xgrow(x->shape, x->shapes, sizeof(*x->shape));
    x->shape[x->shapes] = (struct shape){cell, json_object()};
    return &x->shape[x->shapes++];
}

struct cells_index *cells_index_new(const struct keyset *const *cell, size_t count, const char *but)
{
    struct cells_index *x = xcalloc(1, sizeof(*x));
    *x = (struct cells_index){.cell = cell, .but = but, .found = xcalloc(count, sizeof(*x->found))};
    for (size_t i = 0; i < count; i++) {
        cleanup_text struct text values = {0};
        const struct shape *s = shape_of(x, cell[i]);
        (void)add_values(s->first, cell[i], but, &values);
        if (!json_object_get(s->numbers, values.data))
            (void)json_object_set_new_nocheck(s->numbers, values.data, json_array());
        (void)json_array_append_new(json_object_get(s->numbers, values.data), json_integer((json_int_t)i));
    }
    return x;
}

void cells_index_free(struct cells_index *x)
{
    for (size_t i = 0; i < x->shapes; i++)
        json_decref(x->shape[i].numbers);
    free(x->shape);
    free(x->found);
    free(x);
}

const size_t *cells_index_find(struct cells_index *x, const struct keyset *cell, size_t *count)
{
    size_t k;
    const json_t *number = NULL;
    *count = 0;
    for (size_t i = 0; i < x->shapes; i++) {
        cleanup_text struct text values = {0};
        if (!add_values(x->shape[i].first, cell, x->but, &values))
            continue;
        json_array_foreach(json_object_get(x->shape[i].numbers, values.data), k, number)
        {
            x->found[*count] = (size_t)json_integer_value(number);
            *count += match(x->cell[x->found[*count]], true, cell, false, x->but);
        }
    }
    return x->found;
}

/* --- one run ----------------------------------------------------------------------------------------------------- */

#define ID_SECOND 16 /* characters of an id up to the second: "20261129T143554Z" */

/* The first and the last id, in order of time. false: not of one plan and seed. */
static bool period_of(const struct cell_group *g, const struct invocation *of, const char **first, const char **last)
{
    *first = *last = g->invocation[0]->id;
    for (size_t i = 0; i < g->count; i++) {
        const struct invocation *one = g->invocation[i];
        if (strcmp(one->plan_sha256, of->plan_sha256) != 0 || strcmp(one->plan_seed, of->plan_seed) != 0)
            return false;
        *first = strcmp(one->id, *first) < 0 ? one->id : *first;
        *last = strcmp(one->id, *last) > 0 ? one->id : *last;
    }
    return true;
}

/* Whether both have the same cell of the plan in the same block, which happens only once in a run. */
static bool repeat_a_block(const struct cell_group *a, const struct cell_group *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (a->invocation[i]->block == b->invocation[k]->block &&
                strcmp(a->invocation[i]->plan_cell, b->invocation[k]->plan_cell) == 0 &&
                strcmp(a->invocation[i]->label, b->invocation[k]->label) == 0)
                return true;
    return false;
}

static bool are_of_series(const struct cell_group *g, const char *series)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->invocation[i]->series, series) != 0)
            return false;
    return *series != '\0';
}

bool cells_are_of_one_run(const struct cell_group *a, const struct cell_group *b)
{
    const char *a_first, *a_last, *b_first, *b_last;
    const struct invocation *of = a->count > 0 && b->count > 0 ? a->invocation[0] : NULL;
    if (of && are_of_series(a, of->series) && are_of_series(b, of->series))
        return true;
    if (!of || !*of->plan_sha256 || !*of->plan_seed || !period_of(a, of, &a_first, &a_last) ||
        !period_of(b, of, &b_first, &b_last))
        return false;
    return strncmp(a_first, b_last, ID_SECOND) < 0 && strncmp(b_first, a_last, ID_SECOND) < 0 && !repeat_a_block(a, b);
}

/* --- a figure of a cell ----------------------------------------------------------------------------------------- */

/* Ids begin with the time. */
static int compare_times(const void *a, const void *b)
{
    return strcmp((*(const struct invocation *const *)a)->id, (*(const struct invocation *const *)b)->id);
}

struct cell_values cells_values(const struct records *r, const struct cell_group *g, const char *figure)
{
    const int index = records_figure(r, figure);
    struct cell_values v = {.list = xcalloc(g->count, sizeof(*v.list))};
    cleanup_free const struct invocation **in_time = xcalloc(g->count, sizeof(const struct invocation *));
    if (g->count > 0)
        memcpy(in_time, g->invocation, g->count * sizeof(const struct invocation *));
    qsort(in_time, g->count, sizeof(const struct invocation *), compare_times);
    for (size_t i = 0; i < g->count; i++) {
        const struct invocation *one = in_time[i];
        struct figure f = invocation_figure(one, index < 0 ? SIZE_MAX : (size_t)index);
        v.failed += !one->ok;
        v.missing += one->ok && !isfinite(f.value);
        if (one->ok && isfinite(f.value))
            v.list[v.count++] = (struct analysis_value){f.value, one->node, one->block};
        else
            v.why_not = one->ok ? f.why_not : *one->detail ? one->detail : one->termination;
    }
    return v;
}

void cell_values_free(struct cell_values *v)
{
    free(STEAL(v->list));
}

enum stats_steady cells_steady(const struct cell_group *g)
{
    cleanup_free enum stats_steady *class = xcalloc(g->count, sizeof(*class));
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->invocation[i]->ok)
            class[n++] = g->invocation[i]->steady;
    return stats_steady_of_all(class, n);
}

struct analysis_summary cells_summary(const struct cell_values *v, const char *figure, uint64_t seed)
{
    return analysis_summary(v->list, v->count, figure_is_slope(figure), seed);
}

struct analysis_ratio cells_effect(const struct cell_values *a, const struct cell_values *b,
                                   const struct figure_about *about, bool one_run, double growth_margin,
                                   const struct analysis_noise *noise)
{
    if (figure_is_slope(about->name))
        return analysis_difference(a->list, a->count, b->list, b->count, one_run, growth_margin, noise);
    return analysis_ratio(a->list, a->count, b->list, b->count, one_run, about->resolution, noise);
}

/* --- names ------------------------------------------------------------------------------------------------------- */

json_t *cells_field(const struct keysets *e, const char *key, const char *absent)
{
    json_t *values = json_object();
    for (size_t i = 0; i < e->count; i++) {
        const char *value = keyset_text(e->list[i], key, absent);
        const json_int_t before = json_integer_value(json_object_get(values, value));
        (void)json_object_set_new_nocheck(values, value, json_integer(before + (json_int_t)e->times[i]));
    }
    return values;
}

static bool differs(const char *key, const struct keyset *const *all, size_t count)
{
    const char *first = keyset_find(all[0], key);
    for (size_t i = 1; i < count; i++) {
        const char *other = keyset_find(all[i], key);
        if (!first != !other || (first && strcmp(first, other) != 0))
            return true;
    }
    return false;
}

const char **cells_differing(const struct keyset *const *all, size_t count, size_t *keys)
{
    const struct keysets of = {.list = (const struct keyset **)all, .count = count};
    size_t n = 0;
    const char **key = keysets_keys((const struct keysets *[]){&of}, 1, &n);
    *keys = 0;
    for (size_t i = 0; i < n; i++)
        if (differs(key[i], all, count))
            key[(*keys)++] = key[i];
    return key;
}

static bool is_among(const char *key, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], key) == 0)
            return true;
    return false;
}

const char *const cells_first_keys[] = {"name", "mode", "mp_start_method", "runtime", "profile", "argv", NULL};

char *cells_label(const struct keyset *cell, const char *const *key, size_t keys)
{
    struct text label = {0};
    const bool is_command = keyset_find(cell, "argv");
    text_add_bytes(&label, "", 0);
    for (const char *const *first = cells_first_keys; *first; first++) {
        const char *value = keyset_find(cell, *first);
        if (value && *value && (!is_command || strcmp(*first, "argv") == 0)) /* a command's words are its name */
            text_add(&label, "%s%s", label.len ? " " : "", value);
    }
    for (size_t i = 0; i < cell->count; i++) {
        const struct pair *p = &cell->list[i];
        if (!text_is_among(p->key, cells_first_keys) && is_among(p->key, key, keys))
            text_add(&label, " %s=%s", p->key, p->value);
    }
    return label.data;
}
