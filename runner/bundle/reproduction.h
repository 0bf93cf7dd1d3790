/* reproduction: the counter-record (schema tare.reproduction/1): what running a bundle again gave. It lies beside the
 * new records and is packed with them. Read here; written by reproduce, judged by reproduction_check. */
#ifndef TARE_REPRODUCTION_H
#define TARE_REPRODUCTION_H

#include <stddef.h>

#include "base/digest.h"

struct err;
struct json_t;
struct judgement;

#define REPRODUCTION_SCHEMA "tare.reproduction/1"
#define REPRODUCTION_FILE   "reproduction.json"
#define REPRODUCTION_SIGNED "reproduction.json.minisig"
#define REPRODUCTION_MAX    (16U << 20) /* bytes */

/* Reads one. -EINVAL (usage): it is no JSON, of another schema, or what a bundle of it needs is missing. The caller
 * ends *ret with json_decref(). */
int reproduction_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* The SHA-256 of the bundle that it is of; the object's own. */
const char *reproduction_of(const struct json_t *o);

/* Whether it is one of a short subset. */
int reproduction_is_smoke(const struct json_t *o);

/* How it writes a judgement: {verdict, at, low, high, why}. The caller's. */
struct json_t *reproduction_judgement(const struct judgement *j);

#endif
