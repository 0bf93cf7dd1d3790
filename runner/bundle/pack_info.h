/* pack_info: env/pack.json (schema tare.pack/1): who packed a bundle, with which tare, title and license. Pack writes
 * it, bundle.c reads it; what does not follow from the records follows from it. */
#ifndef TARE_PACK_INFO_H
#define TARE_PACK_INFO_H

#include <stddef.h>

#define BUNDLE_PACK "env/pack.json"
#define PACK_SCHEMA "tare.pack/1"
#define PACK_FORMAT 2 /* of all that is derived: raised where the same sources give other bytes */

struct err;
struct json_t;

/* Reads it. -EINVAL (usage): it is no JSON, of another schema, or a key is missing or of another kind. The caller ends
 * *ret with json_decref(). */
int pack_info_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* "Family, Given <ORCID or e-mail>" -> {family, given, orcid, email}, of which the last two may be missing; without a
 * comma {name}: a group. -EINVAL (usage): what is allowed is that; an ORCID iD whose check digit is wrong. */
int pack_info_author(const char *text, struct json_t **ret, struct err *e);

/* "Given Family", or the group's name; in a buffer of the caller's, which is returned. */
const char *pack_info_name(const struct json_t *author, char *buf, size_t cap);

#endif
