#include "record/records_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/text.h"
#include "record/records.h"

/* All keys of the cells. */
struct keys {
    const char **key; /* owned */
    size_t count;
};

static struct keys keys_of(const struct records *r)
{
    struct keys k = {NULL, 0};
    struct keysets cells = {0};
    for (size_t i = 0; i < r->count; i++)
        keysets_add(&cells, r->list[i].cell);
    k.key = keysets_keys((const struct keysets *[]){&cells}, 1, &k.count);
    keysets_free(&cells);
    return k;
}

static void add_head(const struct records *r, const struct keys *k, struct text *out)
{
    text_add(out, "id,started_at,node,plan_cell,label,block,kind,grade,termination,runtime_version,build");
    for (size_t i = 0; i < k->count; i++)
        csv_text(out, false, k->key[i]);
    for (size_t i = 0; i < r->reader.names; i++)
        csv_text(out, false, r->reader.name[i].name);
    csv_text(out, false, "absent_reason");
    csv_end(out);
}

static const char *of_environment(const struct invocation *i, const char *key)
{
    const char *value = keyset_find(i->environment, key);
    return value ? value : "";
}

static void add_record(const struct records *r, const struct keys *k, const struct invocation *i, struct text *out)
{
    char block[24] = "";
    if (i->block)
        text_format(block, sizeof(block), "%llu", (unsigned long long)i->block);
    const char *const words[] = {i->id,
                                 i->started_at,
                                 i->node,
                                 i->plan_cell,
                                 i->label,
                                 block,
                                 record_kind_names[i->kind],
                                 i->grade,
                                 i->termination,
                                 of_environment(i, "runtime.version"),
                                 of_environment(i, INVOCATION_BUILD)};
    const char *why = "";
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
        csv_text(out, w == 0, words[w]);
    for (size_t p = 0; p < k->count; p++) {
        const char *value = keyset_find(i->cell, k->key[p]);
        csv_text(out, false, value ? value : "");
    }
    for (size_t f = 0; f < r->reader.names; f++) {
        struct figure figure = invocation_figure(i, f);
        csv_number(out, figure.value);
        if (!*why && figure.why_not)
            why = figure.why_not;
    }
    csv_text(out, false, why);
    csv_end(out);
}

void records_csv(const struct records *r, struct text *out)
{
    struct keys k = keys_of(r);
    add_head(r, &k, out);
    for (size_t i = 0; i < r->count; i++)
        add_record(r, &k, &r->list[i], out);
    free(k.key);
}
