/* What cells are called, and in which order they are told. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/study.h"
#include "base/cleanup.h"
#include "base/text.h"

#define ID_MAX    60
#define LABEL_MAX 120

static int rank_of(const char *word, const char *const *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, order[i]) == 0)
            return (int)i;
    return (int)count;
}

static int compare_words(const char *a, const char *b, const char *const *order, size_t count)
{
    int x = rank_of(a, order, count), y = rank_of(b, order, count);
    return x != y ? x - y : strcmp(a, b);
}

static bool is_native(const struct study_cell *c)
{
    return strcmp(c->runtime, "native") == 0;
}

/* NaN last. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

int study_compare_cells(const void *a, const void *b)
{
    static const char *const PROFILES[] = {"overhead", "memory"};
    static const char *const MODES[] = {"threads", "processes", "interpreters"};
    static const char *const STARTS[] = {"fork", "forkserver", "spawn"};
    const struct study_cell *x = a, *y = b;
    int d = strcmp(x->scenario, y->scenario);
    if (d == 0)
        d = compare_words(x->profile, y->profile, PROFILES, ARRAY_LEN(PROFILES));
    if (d == 0)
        d = is_native(x) - is_native(y);
    if (d == 0)
        d = compare_words(x->mode, y->mode, MODES, ARRAY_LEN(MODES));
    if (d == 0)
        d = compare_words(x->start, y->start, STARTS, ARRAY_LEN(STARTS));
    if (d == 0)
        d = -strcmp(x->runtime, y->runtime); /* 3.14t before 3.14 */
    if (d == 0)
        d = compare_numbers(x->workers, y->workers);
    return d ? d : strcmp(x->cell->text, y->cell->text);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool is_own(const char *key)
{
    static const char *const KEYS[] = {"name", "mode", "mp_start_method", "runtime", "profile"};
    return rank_of(key, KEYS, ARRAY_LEN(KEYS)) < (int)ARRAY_LEN(KEYS);
}

/* Whether cells of the same scenario and profile differ in this key. */
static bool tells(const struct study *s, const struct study_cell *c, const char *key)
{
    const char *own = pairs_find(c->cell, key);
    for (size_t i = 0; own && i < s->cells; i++) {
        const struct study_cell *other = &s->cell[i];
        const char *value = pairs_find(other->cell, key);
        if (strcmp(other->scenario, c->scenario) == 0 && strcmp(other->profile, c->profile) == 0 &&
            (!value || strcmp(value, own) != 0))
            return true;
    }
    return false;
}

/* Whether the runtime has to be told: the mode is there on another one, the native aside. */
static bool tells_runtime(const struct study *s, const struct study_cell *c)
{
    for (size_t i = 0; i < s->cells; i++)
        if (strcmp(s->cell[i].mode, c->mode) == 0 && !is_native(&s->cell[i]) &&
            strcmp(s->cell[i].runtime, c->runtime) != 0)
            return true;
    return is_native(c);
}

static bool tells_scenario(const struct study *s)
{
    for (size_t i = 1; i < s->cells; i++)
        if (strcmp(s->cell[i].scenario, s->cell[0].scenario) != 0)
            return true;
    return !*s->cell[0].mode;
}

/* Lower case, what is neither letter nor digit a hyphen, no two of them. */
static void add_word(struct text *id, const char *word)
{
    bool hyphen = id->len > 0;
    for (; *word; word++) {
        char one = (char)tolower((unsigned char)*word);
        bool plain = (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9');
        if (!plain) {
            hyphen = id->len > 0;
            continue;
        }
        text_add(id, "%s%c", hyphen ? "-" : "", one);
        hyphen = false;
    }
}

static void cut(struct text *t, size_t max)
{
    if (t->len <= max)
        return;
    t->len = max;
    while (t->len > 0 && ((unsigned char)t->data[t->len] & 0xc0) == 0x80) /* not within a character */
        t->len--;
    t->data[t->len] = '\0';
}

static void make_id(const struct study *s, struct study_cell *c, bool scenario, bool runtime)
{
    struct text id = {0};
    text_add(&id, "%s", "");
    add_word(&id, scenario ? c->scenario : "");
    add_word(&id, c->mode);
    add_word(&id, c->start);
    add_word(&id, runtime ? c->runtime : "");
    for (size_t i = 0; i < c->cell->count; i++) {
        const struct pair *p = &c->cell->list[i];
        if (is_own(p->key) || !tells(s, c, p->key))
            continue;
        add_word(&id, p->key);
        add_word(&id, p->value);
    }
    cut(&id, ID_MAX);
    add_word(&id, c->profile);
    if (id.len == 0)
        text_add(&id, "cell");
    c->id = id.data;
}

static void make_label(const struct study *s, struct study_cell *c, bool scenario)
{
    struct text label = {0};
    text_add(&label, "%s%s%s%s%s", scenario ? c->scenario : "", scenario && *c->mode ? " " : "", c->mode,
             *c->start ? " " : "", c->start);
    if (*c->runtime)
        text_add(&label, "%s%s", label.len ? ", " : "", c->runtime);
    for (size_t i = 0; i < c->cell->count; i++) {
        const struct pair *p = &c->cell->list[i];
        if (!is_own(p->key) && tells(s, c, p->key))
            text_add(&label, ", %s %s", p->key, p->value);
    }
    for (size_t i = 0; i < label.len; i++) /* it is told in a line, whatever a record holds */
        if ((unsigned char)label.data[i] < ' ' || label.data[i] == 127)
            label.data[i] = ' ';
    if (label.len > LABEL_MAX) {
        cut(&label, LABEL_MAX);
        text_add(&label, "…");
    }
    c->label = label.data;
}

static bool is_taken(const struct study *s, size_t before, const char *id)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(s->cell[i].id, id) == 0)
            return true;
    return false;
}

/* The cut ones, and keys that read the same once they are of letters alone. */
static void make_unique(struct study *s, size_t at)
{
    char *plain = s->cell[at].id;
    for (size_t n = 2; is_taken(s, at, s->cell[at].id); n++) {
        struct text id = {0};
        text_add(&id, "%s-%zu", plain, n);
        if (s->cell[at].id != plain)
            free(s->cell[at].id);
        s->cell[at].id = id.data;
    }
    if (s->cell[at].id != plain)
        free(plain);
}

void study_name_cells(struct study *s)
{
    for (size_t i = 0; i < s->cells; i++) {
        struct study_cell *c = &s->cell[i];
        bool scenario = tells_scenario(s);
        make_id(s, c, scenario, tells_runtime(s, c));
        make_label(s, c, scenario);
        make_unique(s, i);
    }
}
