/* Records as CSV. */
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/csv.h"
#include "base/text.h"
#include "record/records.h"

static void add_record(const struct records *r, const char *const *key, size_t keys, const struct invocation *i,
                       struct text *out)
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
                                 keyset_word(i->environment, "runtime.version"),
                                 keyset_word(i->environment, INVOCATION_BUILD)};
    const char *why = "";
    for (size_t w = 0; w < ARRAY_LEN(words); w++)
        csv_text(out, w == 0, words[w]);
    for (size_t k = 0; k < keys; k++)
        csv_text(out, false, keyset_word(i->cell, key[k]));
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
    size_t keys = 0;
    cleanup_keysets struct keysets cells = {0};
    for (size_t i = 0; i < r->count; i++)
        keysets_add(&cells, r->list[i].cell);
    cleanup_free const char **key = keysets_keys((const struct keysets *[]){&cells}, 1, &keys);
    text_add(out, "id,started_at,node,plan_cell,label,block,kind,grade,termination,runtime_version,build");
    for (size_t i = 0; i < keys; i++)
        csv_text(out, false, key[i]);
    for (size_t i = 0; i < r->reader.names; i++)
        csv_text(out, false, r->reader.name[i].name);
    csv_text(out, false, "absent_reason");
    csv_end(out);
    for (size_t i = 0; i < r->count; i++)
        add_record(r, key, keys, &r->list[i], out);
}
