#include "bundle/reproduction.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/version.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/reproduce.h"
#include "bundle/reproduce_words.h"

/* --- writing ----------------------------------------------------------------------------------------------------- */

static json_t *text_json(const char *text)
{
    json_t *s = json_string(text);
    return s ? s : json_string("(no UTF-8)");
}

static json_t *number_json(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *judgement_json(const struct judgement *j)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "verdict", claim_verdict_name(j->verdict), "at",
                     number_json(j->found.at), "low", number_json(j->found.why_not ? NAN : j->found.low), "high",
                     number_json(j->found.why_not ? NAN : j->found.high), "why",
                     *j->why ? text_json(j->why) : json_null());
}

static json_t *claims_json(const struct reproduction *r)
{
    json_t *list = json_array();
    const struct bundle *b = &r->original.bundle;
    for (size_t i = 0; i < b->claims.count; i++) {
        char expected[96];
        const struct claim *c = &b->claims.list[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:s, s:s, s:f, s:o, s:o}", "id", c->id, "text", text_json(c->text), "figure",
                            c->figure, "expected", claim_expected(c, &b->records, expected, sizeof(expected)),
                            "tolerance", c->tolerance, "theirs", judgement_json(&b->judgement[i]), "here",
                            judgement_json(&r->judgement[i])));
    }
    return list;
}

static json_t *counts_json(const struct reproduction *r)
{
    size_t of[CLAIM_VERDICTS];
    json_t *o = json_object();
    reproduction_count(r, of);
    for (int v = 0; v < CLAIM_VERDICTS; v++)
        (void)json_object_set_new(o, claim_verdict_name((enum claim_verdict)v), json_integer((json_int_t)of[v]));
    return o;
}

static json_t *environment_json(const struct verification *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->distance.count; i++)
        (void)json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "field", text_json(v->distance.list[i].field),
                                                    "theirs", text_json(v->distance.list[i].theirs), "here",
                                                    text_json(v->distance.list[i].here)));
    return json_pack("{s:s, s:I, s:I, s:o}", "here",
                     "the host that ran it; what ran in an image, a VM or on a node has its own in its records",
                     "fields", (json_int_t)v->distance.fields, "varying", (json_int_t)v->distance.varying,
                     "differences", list);
}

/* By their places in a bundle, whose digests are those of the folder's files. */
static int records_json(const struct reproduction *r, json_t *list, struct err *e)
{
    char path[PARCEL_PATH_MAX + 1], hex[DIGEST_HEX];
    const struct plan *plan = &r->original.bundle.plan;
    for (size_t i = 0; i < r->records.count; i++) {
        const struct invocation *one = &r->records.list[i];
        size_t cell = bundle_cell(plan, one->plan_cell);
        if (cell == plan->cells)
            continue; /* of no plan: it is not packed either */
        int failed = digest_file(one->path, hex);
        if (failed != 0)
            return err_set(e, ERR_OURS, failed, "'%s': %s", one->path, strerror(-failed));
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "path",
                            bundle_record_path(plan, cell, one->block, bundle_label(one->label), path), "sha256", hex));
    }
    return 0;
}

static json_t *original_json(const struct reproduction *r)
{
    static const char *const SIGNATURES[] = {"unsigned", "signed", "unknown key", "broken"};
    const struct verification *v = &r->verified;
    const struct bundle *b = &r->original.bundle;
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:b}", "sha256", v->sha256, "title",
                     json_incref(json_object_get(b->pack, "title")), "plan", b->plan.name, "plan_sha256",
                     b->bound.sha256, "integrity", verification_failed(v, FINDING_INTEGRITY) ? "broken" : "good",
                     "signature", SIGNATURES[v->signature], "derivation",
                     v->derived ? json_string(verification_failed(v, FINDING_DERIVATION) ? "broken" : "good")
                                : json_string("not looked at"),
                     "forced", verification_failed(v, FINDING_INTEGRITY));
}

static json_t *run_json(const struct reproduction *r)
{
    json_t *smoke = r->o->smoke ? json_pack("{s:I, s:i, s:i}", "invocations", (json_int_t)r->invocations,
                                            "iterations_at_most", SMOKE_ITERATIONS, "warmup", SMOKE_WARMUP)
                                : json_null();
    json_t *o = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I}", "where", reproduce_where_name(r->o->where), "engine",
                          r->o->engine == ENGINE_SLURM ? "slurm" : "local", "smoke", smoke, "planned",
                          (json_int_t)r->planned, "run", (json_int_t)r->run, "failed", (json_int_t)r->failed);
    if (r->o->where == REPRODUCE_IMAGE)
        (void)json_object_set_new(o, "image", json_string(reproduction_in_held_image(r) ? "held" : "named"));
    return o;
}

/* When the newest record was begun: what is written follows from what was measured. */
static const char *newest(const struct records *r)
{
    const char *at = "";
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->list[i].started_at, at) > 0)
            at = r->list[i].started_at;
    return at;
}

int reproduction_json(const struct reproduction *r, json_t **ret, struct err *e)
{
    json_t *records = json_array();
    int failed = records_json(r, records, e);
    if (failed != 0) {
        json_decref(records);
        return failed;
    }
    *ret =
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:o, s:o, s:{s:s, s:s, s:s, s:s}, s:o, s:o, s:o, s:o}", "schema",
                  REPRODUCTION_SCHEMA, "tool", "name", "tare", "version", TARE_VERSION, "commit", TARE_COMMIT, "date",
                  newest(&r->records), "original", original_json(r), "rerun", run_json(r), "terms", "declared_role",
                  reproduce_role_name(r->o->role), "shows", reproduce_term(r->o->role), "source",
                  REPRODUCE_TERMS_SOURCE, "note", REPRODUCE_TERMS_NOTE, "environment", environment_json(&r->verified),
                  "claims", claims_json(r), "counts", counts_json(r), "records", records);
    return *ret ? 0 : err_set(e, ERR_OURS, -ENOMEM, "no memory for " REPRODUCTION_FILE);
}

int reproduction_write(const struct reproduction *r, struct err *e)
{
    char path[PATH_MAX];
    struct text t = {0};
    json_t *o = NULL;
    int failed = reproduction_json(r, &o, e);
    if (failed != 0)
        return failed;
    derive_json(o, &t);
    text_format(path, sizeof(path), "%s/" REPRODUCTION_FILE, r->out);
    failed = file_replace_at(r->out_fd, REPRODUCTION_FILE, path, t.data, t.len, e);
    text_free(&t);
    return failed;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static bool is_sha256(const char *hex)
{
    return strlen(hex) == DIGEST_HEX - 1 && strspn(hex, "0123456789abcdef") == DIGEST_HEX - 1;
}

int reproduction_parse(const char *bytes, size_t len, json_t **ret, struct err *e)
{
    json_error_t why;
    const char *schema = NULL, *sha256 = NULL;
    json_t *claims = NULL, *records = NULL, *smoke = NULL;
    json_t *o = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    if (!o)
        return err_set(e, ERR_USAGE, -EINVAL, REPRODUCTION_FILE ": line %d: %s", why.line, why.text);
    int failed =
        json_unpack_ex(o, &why, 0, "{s:s, s:{s:s}, s:{s:o}, s:o, s:o}", "schema", &schema, "original", "sha256",
                       &sha256, "rerun", "smoke", &smoke, "claims", &claims, "records", &records) == 0
            ? 0
            : err_set(e, ERR_USAGE, -EINVAL, REPRODUCTION_FILE ": %s", why.text);
    if (failed == 0 && strcmp(schema, REPRODUCTION_SCHEMA) != 0)
        failed = err_set(e, ERR_USAGE, -EINVAL,
                         REPRODUCTION_FILE ": its schema is '%.40s'; this tare reads " REPRODUCTION_SCHEMA, schema);
    if (failed == 0 && (!is_sha256(sha256) || !json_is_array(claims) || !json_is_array(records)))
        failed = err_set(e, ERR_USAGE, -EINVAL,
                         REPRODUCTION_FILE ": original.sha256 is no SHA-256, or claims or records is no list");
    if (failed != 0)
        json_decref(o);
    else
        *ret = o;
    return failed;
}

const char *reproduction_of(const json_t *o)
{
    return json_string_value(json_object_get(json_object_get(o, "original"), "sha256"));
}

int reproduction_is_smoke(const json_t *o)
{
    return json_is_object(json_object_get(json_object_get(o, "rerun"), "smoke"));
}

/* --- a bundle of one --------------------------------------------------------------------------------------------- */

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static const json_t *entry(const json_t *list, const char *key, const char *value)
{
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(list, i, one) if (strcmp(text_at(one, key), value) == 0) return one;
    return NULL;
}

static void check_records(const struct bundle *b, const struct parcel *payload, struct findings *f)
{
    const json_t *list = json_object_get(b->reproduction, "records");
    for (size_t i = 0; i < b->records.count; i++) {
        const struct parcel_file *file = parcel_find(payload, b->records.list[i].path);
        const json_t *one = entry(list, "path", b->records.list[i].path);
        if (!one)
            findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, "it does not name the record %s",
                         b->records.list[i].path);
        else if (!file || strcmp(file->sha256, text_at(one, "sha256")) != 0)
            findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, "it has another digest of the record %s",
                         b->records.list[i].path);
    }
    if (json_array_size(list) != b->records.count)
        findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, "it names %zu records, and there are %zu",
                     json_array_size(list), b->records.count);
}

/* As a claim's own numbers were written; times of the same sum may differ by a 10^-12th. */
static bool is_near(const json_t *a, const json_t *b)
{
    double x = json_number_value(a), y = json_number_value(b);
    return json_is_null(a) == json_is_null(b) && json_is_number(a) == json_is_number(b) &&
           fabs(x - y) <= 1e-9 * fabs(y);
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_is_number(a) && json_is_number(b) && json_number_value(a) == json_number_value(b);
}

/* No time is measured twice to the last digit. */
static bool is_originals(const struct claim *c, const json_t *theirs, const json_t *here)
{
    const char *end = strrchr(c->figure, '_');
    return end && strcmp(end, "_s") == 0 && is_same(json_object_get(theirs, "at"), json_object_get(here, "at"));
}

static void check_claims(const struct bundle *b, struct findings *f)
{
    const json_t *list = json_object_get(b->reproduction, "claims");
    for (size_t i = 0; i < b->claims.count; i++) {
        const char *id = b->claims.list[i].id;
        const json_t *one = entry(list, "id", id), *here = json_object_get(one, "here");
        json_t *ours = judgement_json(&b->judgement[i]);
        /* An absolute value may be withheld where the hardware is another: that cannot be seen here. */
        bool withheld = b->claims.list[i].kind == CLAIM_VALUE && strcmp(text_at(here, "verdict"), "NOT RUN") == 0;
        if (!withheld && strcmp(text_at(here, "verdict"), text_at(ours, "verdict")) != 0)
            findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, "the claim '%s' is %s by it, and %s by the records",
                         id, *text_at(here, "verdict") ? text_at(here, "verdict") : "not there",
                         text_at(ours, "verdict"));
        else if (!is_near(json_object_get(here, "at"), json_object_get(ours, "at")) ||
                 !is_near(json_object_get(here, "low"), json_object_get(ours, "low")) ||
                 !is_near(json_object_get(here, "high"), json_object_get(ours, "high")))
            findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE,
                         "what it found of the claim '%s' is not what the records give", id);
        else if (is_originals(&b->claims.list[i], json_object_get(one, "theirs"), here))
            findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE,
                         "what it found of the claim '%s' is the original's time to the last digit: it is of the "
                         "original's records, and nothing was run again",
                         id);
        json_decref(ours);
    }
    if (json_array_size(list) != b->claims.count)
        findings_add(f, FINDING_DERIVATION, REPRODUCTION_FILE, "it judges %zu claims, and there are %zu",
                     json_array_size(list), b->claims.count);
}

void reproduction_check(const struct bundle *b, const struct parcel *payload, struct findings *f)
{
    check_records(b, payload, f);
    check_claims(b, f);
}
