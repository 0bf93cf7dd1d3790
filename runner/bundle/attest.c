#include "bundle/attest.h"

#include <errno.h>
#include <string.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/claims.h"
#include "bundle/reproduction.h"
#include "bundle/sign.h"
#include "bundle/verify.h"

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* A resource descriptor: a name and a digest. */
static json_t *descriptor(const char *name, const char *sha256)
{
    return json_pack("{s:s, s:{s:s}}", "name", name, "digest", "sha256", sha256);
}

/* The files by which all others are known, and those that the verdicts go by. */
static json_t *materials_of(const struct verification *v)
{
    static const char *const NAMES[] = {BAG_MANIFEST,
                                        BAG_TAG_MANIFEST,
                                        BUNDLE_DATA "/" BUNDLE_PLAN,
                                        BUNDLE_DATA "/" BUNDLE_LOCK,
                                        BUNDLE_DATA "/" BUNDLE_CLAIMS,
                                        BUNDLE_DATA "/" REPRODUCTION_FILE};
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        const struct listed_file *file = filelist_find(&v->at.all, NAMES[i]);
        if (file)
            (void)json_array_append_new(list, descriptor(NAMES[i], file->sha256));
    }
    return list;
}

static json_t *claims_of(const struct verification *v)
{
    const struct bundle *b = &v->at.bundle;
    json_t *list = json_array();
    for (size_t i = 0; i < b->claims.count; i++) {
        char expected[96];
        const struct claim *c = &b->claims.list[i];
        json_t *one = reproduction_judgement(&b->judgement[i]);
        json_put(one, "id", json_of_bytes(c->id));
        json_put(one, "text", json_of_bytes(c->text));
        json_put(one, "figure", json_of_bytes(c->figure));
        json_put(one, "expected", json_of_bytes(claim_expected(c, &b->records, expected, sizeof(expected))));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *statement(const struct verification *v)
{
    cleanup_free char *name = text_printf("%s.tar", *v->at.top         ? v->at.top
                                                    : v->at.bundle.top ? v->at.bundle.top
                                                                       : "bundle");
    json_t *predicate =
        json_pack("{s:o, s:s, s:s, s:s, s:I, s:o, s:o}", "verifier", json_of_tool(), "integrity",
                  verify_word(v, FINDING_INTEGRITY), "derivation", verify_word(v, FINDING_DERIVATION), "signature",
                  verify_signature_names[v->signature], "records", (json_int_t)v->at.bundle.records.count, "claims",
                  claims_of(v), "digests", materials_of(v));
    json_put_text(predicate, "key", *v->key_id ? v->key_id : NULL);
    json_put(predicate, "notes", json_of_bytes(v->notes.data)); /* what was not compared, and why */
    json_put_text(predicate, "reproduces",
                  v->at.bundle.reproduction ? reproduction_of(v->at.bundle.reproduction) : NULL);
    return json_pack("{s:s, s:[o], s:s, s:o}", "_type", ATTEST_STATEMENT, "subject", descriptor(name, v->sha256),
                     "predicateType", ATTEST_PREDICATE, "predicate", predicate);
}

int attest_write(const struct verification *v, const char *path, const char *key, struct err *e)
{
    cleanup_text struct text t = {0};
    if (!digest_is_hex(v->sha256))
        return err_set(e, ERR_USAGE, -EINVAL, "--attestation: the bundle could not be read, so that it has no digest");
    json_text(statement(v), &t);
    TRY(file_replace(path, t.data, t.len, e));
    return key ? sign_file(path, "attestation.json", key, e) : 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

int attest_parse(const char *bytes, size_t len, json_t **ret, char sha256[DIGEST_HEX], struct err *e)
{
    cleanup_json json_t *o = json_object_of(bytes, len);
    const json_t *subject = json_object_get(o, "subject"), *one = json_array_get(subject, 0);
    const char *digest = json_word(json_object_get(one, "digest"), "sha256");
    if (!o || strcmp(json_word(o, "_type"), ATTEST_STATEMENT) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "it is no in-toto Statement: its _type is not " ATTEST_STATEMENT);
    if (json_array_size(subject) != 1 || !digest_is_hex(digest))
        return err_set(e, ERR_USAGE, -EINVAL, "the statement has to have one subject, with a SHA-256");
    if (!*json_word(o, "predicateType"))
        return err_set(e, ERR_USAGE, -EINVAL, "the statement has no predicateType");
    text_format(sha256, DIGEST_HEX, "%s", digest);
    *ret = json_incref(o);
    return 0;
}
