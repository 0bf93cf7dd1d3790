/* reproduction: the counter-record (schema tare.reproduction/1): what running a bundle again gave. It lies beside the
 * new records, and is packed with them. */
#ifndef TARE_REPRODUCTION_H
#define TARE_REPRODUCTION_H

#include <stddef.h>

#include "base/digest.h"

struct bundle;
struct err;
struct findings;
struct json_t;
struct parcel;
struct reproduction;

#define REPRODUCTION_SCHEMA "tare.reproduction/1"
#define REPRODUCTION_FILE   "reproduction.json"
#define REPRODUCTION_SIGNED "reproduction.json.minisig"
#define REPRODUCTION_MAX    (16U << 20) /* bytes */

/* Writes it into the folder of the new records. */
int reproduction_write(const struct reproduction *r, struct err *e);

/* The same, printed: its JSON. The caller's. */
int reproduction_json(const struct reproduction *r, struct json_t **ret, struct err *e);

/* Reads one. -EINVAL (usage): it is no JSON, of another schema, or what a bundle of it needs is missing. The caller
 * ends *ret with json_decref(). */
int reproduction_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* The SHA-256 of the bundle that it is of; the object's own. */
const char *reproduction_of(const struct json_t *o);

/* Whether it is one of a short subset. */
int reproduction_is_smoke(const struct json_t *o);

/* Holds a bundle's counter-record against its records and claims: each record is named with its digest and each name is
 * there, each verdict follows, no time is the original's own. A finding (derivation) each that does not. */
void reproduction_check(const struct bundle *b, const struct parcel *payload, struct findings *f);

#endif
