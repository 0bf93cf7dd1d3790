/* memo: the parsed parts that records share. Ten thousand records of a plan differ in little; invocation.c looks here
 * before it parses. */
#ifndef TARE_MEMO_H
#define TARE_MEMO_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/json_scan.h"

struct keyset;

/* A member of a section. Lives as long as its memo. */
struct member;

struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *m); /* NULL is allowed */

/* Finds the member of a section with this text (key and value). NULL: not kept. */
const struct member *memo_find(const struct memo *m, unsigned section, struct json_span text);

/* Keeps a member that memo_find() did not find; the memo then owns the value. NULL: not kept, because the text is above
 * 4 KiB or the memo holds 16 MiB of text; the value stays the caller's. */
const struct member *memo_keep(struct memo *m, unsigned section, struct json_span text, json_t *value);

/* The member's value; borrowed. */
json_t *memo_value(const struct member *member);

/* What equal members in equal order make: a cell and an environment, borrowed. */
struct memo_setting {
    const struct keyset *cell, *environment;
};

/* Returns false if nothing is kept for these members. */
bool memo_find_setting(const struct memo *m, const struct member *const *list, size_t count, struct memo_setting *ret);
void memo_keep_setting(struct memo *m, const struct member *const *list, size_t count,
                       const struct memo_setting *setting);

#endif
