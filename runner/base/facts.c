#include "base/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct fact *facts_append(struct facts *f, const char *key, enum fact_kind kind)
{
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 32;
        struct fact *list = realloc(f->list, cap * sizeof(*list));
        if (!list)
            abort();
        f->list = list;
        f->cap = cap;
    }
    struct fact *fact = &f->list[f->count++];
    *fact = (struct fact){.kind = kind};
    text_format(fact->key, sizeof(fact->key), "%s", key);
    return fact;
}

void facts_int(struct facts *f, const char *key, int64_t value)
{
    facts_append(f, key, FACT_INT)->integer = value;
}

void facts_real(struct facts *f, const char *key, double value)
{
    facts_append(f, key, FACT_REAL)->real = value;
}

void facts_bool(struct facts *f, const char *key, bool value)
{
    facts_append(f, key, FACT_BOOL)->truth = value;
}

void facts_text(struct facts *f, const char *key, const char *value)
{
    struct text copy = {0};
    text_add(&copy, "%s", value);
    facts_append(f, key, FACT_TEXT)->text = copy.data;
}

void facts_absent(struct facts *f, const char *key, const char *reason_fmt, ...)
{
    char *reason = NULL;
    va_list ap;
    va_start(ap, reason_fmt);
    if (vasprintf(&reason, reason_fmt, ap) < 0)
        abort();
    va_end(ap);
    facts_append(f, key, FACT_ABSENT)->text = reason;
}

const struct fact *facts_find(const struct facts *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].key, key) == 0)
            return &f->list[i];
    return NULL;
}

void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].text);
    free(f->list);
    *f = (struct facts){0};
}
