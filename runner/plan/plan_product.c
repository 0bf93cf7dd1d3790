#include "plan/plan_product.h"

size_t product_values(const struct plan_entry *entry, size_t option)
{
    return entry->each ? entry->each->of[option].count : 0;
}

uint64_t product_size(const struct plan_entry *entry)
{
    uint64_t n = 1;
    for (size_t i = 0; i < PLAN_OPTIONS_MAX; i++) {
        size_t values = product_values(entry, i);
        if (values && __builtin_mul_overflow(n, values, &n))
            return UINT64_MAX;
    }
    return n;
}

void product_next(struct product *p)
{
    for (size_t i = PLAN_OPTIONS_MAX; i-- > 0;) {
        size_t values = product_values(p->entry, i);
        if (values == 0)
            continue;
        if (++p->at[i] < values)
            return;
        p->at[i] = 0;
    }
    p->done = true;
}

const char *product_value(const struct product *p, size_t option)
{
    return product_values(p->entry, option) ? p->entry->each->of[option].value[p->at[option]] : p->entry->value[option];
}
