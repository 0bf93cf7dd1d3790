/* pack_info: env/pack.json (schema tare.pack/1): authors, tare version, title and license of a bundle: what does not
 * follow from the records. Pack writes it, bundle.c reads it. */
#ifndef TARE_PACK_INFO_H
#define TARE_PACK_INFO_H

#include <stddef.h>

#define BUNDLE_PACK "env/pack.json"
#define PACK_SCHEMA "tare.pack/1"
#define PACK_FORMAT 2 /* format of all derived files: raise it when equal sources give other bytes */

struct err;
struct json_t;

/* Parses it. -EINVAL (usage): not JSON, another schema, or a key missing or of the wrong type. The caller ends *ret
 * with json_decref(). */
int pack_info_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* Parses "Family, Given <ORCID or e-mail>" into {family, given, orcid, email}, the last two optional; without a comma,
 * a group's {name}. -EINVAL (usage): another form, or a wrong check digit in the ORCID iD. */
int pack_info_author(const char *text, struct json_t **ret, struct err *e);

/* "Given Family", or the group's name. Returns buf. */
const char *pack_info_name(const struct json_t *author, char *buf, size_t cap);

#endif
