#include "base/facts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static struct fact *facts_append(struct facts *f, const char *key, enum fact_kind kind)
{
    f->list = xgrow(f->list, f->count, sizeof(*f->list));
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
    facts_append(f, key, FACT_TEXT)->text = xstrdup(value);
}

void facts_absent(struct facts *f, const char *key, const char *reason_fmt, ...)
{
    va_list ap;
    va_start(ap, reason_fmt);
    facts_append(f, key, FACT_ABSENT)->text = text_vprintf(reason_fmt, ap);
    va_end(ap);
}

const struct fact *facts_find(const struct facts *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].key, key) == 0)
            return &f->list[i];
    return NULL;
}

const char *facts_word(const struct facts *f, const char *key)
{
    const struct fact *fact = facts_find(f, key);
    return fact && fact->kind == FACT_TEXT ? fact->text : "";
}

int64_t facts_integer(const struct facts *f, const char *key, int64_t otherwise)
{
    const struct fact *fact = facts_find(f, key);
    return fact && fact->kind == FACT_INT ? fact->integer : otherwise;
}

bool facts_truth(const struct facts *f, const char *key)
{
    const struct fact *fact = facts_find(f, key);
    return fact && fact->kind == FACT_BOOL && fact->truth;
}

void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].text);
    free(f->list);
    *f = (struct facts){0};
}
