/* reproduction: reads the counter-record (schema tare.reproduction/1), the result of running a bundle again. It lies
 * beside the new records and is packed with them. reproduce writes it; reproduction_check judges it. */
#ifndef TARE_REPRODUCTION_H
#define TARE_REPRODUCTION_H

#include <stddef.h>

struct bundle;
struct err;
struct filelist;
struct findings;
struct invocation;
struct json_t;
struct judgement;

#define REPRODUCTION_SCHEMA "tare.reproduction/1"
#define REPRODUCTION_FILE   "reproduction.json"
#define REPRODUCTION_SIGNED "reproduction.json.minisig"
#define REPRODUCTION_MAX    (16U << 20) /* bytes */

/* Parses one. -EINVAL (usage): not JSON, another schema, or a needed key is missing. The caller ends *ret with
 * json_decref(). */
int reproduction_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* The SHA-256 of the original bundle; owned by the object. */
const char *reproduction_of(const struct json_t *o);

/* Whether it comes from a smoke run. */
int reproduction_is_smoke(const struct json_t *o);

/* What an invocation weighed: "cpython", "native", "no interpreter". Another program than the original's proves nothing
 * of it: `runtime: auto` takes native code where a host has no Python. */
const char *reproduction_program(const struct invocation *one);

/* Why a claim of such a cell is not run: what was weighed here, and by the original. */
#define REPRODUCTION_WEIGHED "it weighed %.40s, the original "
#define REPRODUCTION_ANOTHER REPRODUCTION_WEIGHED "%.40s: another program"

/* Checks a bundle's counter-record against its records and claims: that each record is listed with its digest, each
 * listed record exists, each verdict follows, and no time equals the original's. Each fault is a finding (derivation).
 */
void reproduction_check(const struct bundle *b, const struct filelist *payload, struct findings *f);

/* A judgement as {verdict, at, low, high, why}. The caller owns it. */
struct json_t *reproduction_judgement(const struct judgement *j);

#endif
