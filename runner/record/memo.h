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

/* What equal members in equal order make, borrowed. */
enum memo_set { MEMO_CELL, MEMO_ENVIRONMENT, MEMO_SETS };

/* Returns NULL if nothing is kept for these members. */
const struct keyset *memo_find_set(const struct memo *m, enum memo_set which, const struct member *const *list,
                                   size_t count);
void memo_keep_set(struct memo *m, enum memo_set which, const struct member *const *list, size_t count,
                   const struct keyset *made);

#endif
