/* plan_file: a plan's YAML (schema tare.plan/1) -> what it says, as text, checked against the schema and no further. */
#ifndef TARE_PLAN_FILE_H
#define TARE_PLAN_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/places.h"
#include "base/text.h"

struct err;

#define PLAN_SCHEMA      "tare.plan/1"
#define PLAN_OPTIONS_MAX 128

/* Texts of one option, of which a product takes each. */
struct plan_list {
    char **value;
    unsigned count;
};

struct plan_each {
    struct plan_list of[PLAN_OPTIONS_MAX];
};

/* An entry of `cells`, of `exclude`, or `defaults`: what it sets, by the option's number; NULL: it does not. */
struct plan_entry {
    char *id;
    struct plan_each *each;
    char *value[PLAN_OPTIONS_MAX];
};

/* A plan as its file says it; NULL where it says nothing. */
struct plan_said {
    char *schema, *name, *summary;
    char *seed, *invocations, *order, *until_precise, *max_invocations;
    struct plan_entry *defaults;
    struct plan_entry *cells, *exclude;
    unsigned cells_count, exclude_count;
};

/* The options that a plan's cells can set, by name; the first is "scenario". */
struct plan_options {
    const char *name[PLAN_OPTIONS_MAX];
    size_t count;
    bool others; /* keys that are none of these are passed over */
};

struct plan_file {
    struct text bytes; /* the file's own */
    struct places places;
    struct plan_said *said;
};

/* Reads what is in bytes (taken over, in any case). name is what messages call it, and has to stay. Where options is
 * NULL they are "scenario" alone, and all others are passed over.
 * -EINVAL (usage): one line with file, line and column, what is wrong and what is allowed. End it by plan_file_free().
 */
int plan_file_parse(const char *name, struct text *bytes, const struct plan_options *options, struct plan_file *ret,
                    struct err *e);

void plan_file_free(struct plan_file *f);

#endif
