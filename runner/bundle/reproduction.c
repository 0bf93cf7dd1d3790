#include "bundle/reproduction.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json_put.h"
#include "bundle/claims.h"
#include "record/records.h"

int reproduction_parse(const char *bytes, size_t len, json_t **ret, struct err *e)
{
    json_error_t why;
    const char *schema = NULL, *sha256 = NULL;
    json_t *claims = NULL, *records = NULL, *smoke = NULL;
    cleanup_json json_t *o = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    if (!o)
        return err_set(e, ERR_USAGE, -EINVAL, REPRODUCTION_FILE ": line %d: %s", why.line, why.text);
    if (json_unpack_ex(o, &why, 0, "{s:s, s:{s:s}, s:{s:o}, s:o, s:o}", "schema", &schema, "original", "sha256",
                       &sha256, "rerun", "smoke", &smoke, "claims", &claims, "records", &records) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, REPRODUCTION_FILE ": %s", why.text);
    if (strcmp(schema, REPRODUCTION_SCHEMA) != 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       REPRODUCTION_FILE ": its schema is '%.40s'; this tare reads " REPRODUCTION_SCHEMA, schema);
    if (!digest_is_hex(sha256) || !json_is_array(claims) || !json_is_array(records))
        return err_set(e, ERR_USAGE, -EINVAL,
                       REPRODUCTION_FILE ": original.sha256 is no SHA-256, or claims or records is no list");
    *ret = json_incref(o);
    return 0;
}

const char *reproduction_of(const json_t *o)
{
    return json_string_value(json_object_get(json_object_get(o, "original"), "sha256"));
}

int reproduction_is_smoke(const json_t *o)
{
    return json_is_object(json_object_get(json_object_get(o, "rerun"), "smoke"));
}

json_t *reproduction_judgement(const struct judgement *j)
{
    /* A number that is not finite is NULL, which is packed as null. */
    return json_pack("{s:s, s:o?, s:o?, s:o?, s:o?}", "verdict", claim_verdict_names[j->verdict], "at",
                     json_real(j->found.at), "low", json_real(j->found.why_not ? NAN : j->found.low), "high",
                     json_real(j->found.why_not ? NAN : j->found.high), "why", *j->why ? json_of_bytes(j->why) : NULL);
}

const char *reproduction_program(const struct invocation *one)
{
    const char *name = keyset_word(one->environment, "runtime.implementation");
    return *name ? name : "no interpreter";
}
