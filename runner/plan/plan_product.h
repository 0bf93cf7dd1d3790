/* plan_product: the combinations that an entry of a plan makes of its lists. Pure. */
#ifndef TARE_PLAN_PRODUCT_H
#define TARE_PLAN_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan_file.h"

/* An entry's product while it is gone through: which value of each of its lists is on. Starts as {.entry = …}. */
struct product {
    const struct plan_entry *entry;
    size_t at[PLAN_OPTIONS_MAX];
    bool done;
};

/* How many values the entry lists for an option; 0: it is none of its lists. */
size_t product_values(const struct plan_entry *entry, size_t option);

/* How many combinations; UINT64_MAX where that does not hold it. */
uint64_t product_size(const struct plan_entry *entry);

/* To the next one: the last option varies fastest. Behind the last one done is true. */
void product_next(struct product *p);

/* What the combination sets an option to; NULL: nothing. */
const char *product_value(const struct product *p, size_t option);

#endif
