/* A verification as text and as JSON. */
#include <string.h>

#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/hostdiff.h"
#include "bundle/verify.h"

const char *const verify_signature_names[] = {"unsigned", "signed", "unknown key", "broken"};

const char *verify_word(const struct verification *v, enum finding_verdict kind)
{
    if (kind == FINDING_INTEGRITY)
        return verification_failed(v, kind) ? "broken" : "good";
    if (kind == FINDING_DERIVATION)
        return !v->derived                    ? "not looked at"
               : verification_failed(v, kind) ? "broken"
               : v->other_format              ? "records only"
                                              : "good";
    if (kind == FINDING_ENVIRONMENT)
        return !v->compared ? "not looked at" : v->hostdiff.count ? "differs" : "same";
    return "not run";
}

static void add_findings(const struct verification *v, enum finding_verdict kind, struct text *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < v->at.findings.count; i++) {
        const struct finding *f = &v->at.findings.list[i];
        if (f->verdict != kind)
            continue;
        text_add(out, "  * %s%s%s\n", f->file, *f->file ? ": " : "", f->text);
        shown++;
    }
    if (v->at.findings.found[kind] > shown)
        text_add(out, "  * and %zu more\n", v->at.findings.found[kind] - shown);
}

static const char *signature_text(const struct verification *v, char *buf, size_t cap)
{
    if (v->signature == VERIFY_UNSIGNED)
        return "unsigned";
    (void)snprintf(buf, cap,
                   v->signature == VERIFY_SIGNED    ? "signed by the key %s"
                   : v->signature == VERIFY_UNKNOWN ? "signed by the key %s, which was not given (--key)"
                                                    : "its signature does not hold%.0s",
                   v->key_id);
    return buf;
}

static void add_environment(const struct verification *v, struct text *out)
{
    if (!v->compared)
        return;
    text_add(out, "  %zu of %zu fields of the machine differ from this one's\n", v->hostdiff.count, v->hostdiff.fields);
    hostdiff_text(&v->hostdiff, "", "--json", out);
}

/* Adds each line, indented by two blanks. */
static void add_indented(const char *lines, struct text *out)
{
    for (const char *p = lines; *p; p += strcspn(p, "\n") + 1)
        text_add(out, "  %.*s\n", (int)strcspn(p, "\n"), p);
}

static void add_claim(const struct bundle *b, size_t i, struct text *out)
{
    char expected[96], found[96];
    const struct claim *c = &b->claims.list[i];
    const struct judgement *j = &b->judgement[i];
    cleanup_free char *text = text_printable(c->text), *why = text_printable(j->why);
    text_add(out, "  %s %s: %s; expected %s, found %s%s%s%s\n", c->id, text, claim_verdict_names[j->verdict],
             claim_expected(c, &b->records, expected, sizeof(expected)),
             claim_found(c, j, &b->records, found, sizeof(found)), *why ? " (" : "", why, *why ? ")" : "");
}

void verify_text(const struct verification *v, const char *path, struct text *out)
{
    char signature[120];
    text_add(out, "%s: %zu files, %zu records\n", path, v->at.all.count, v->at.bundle.records.count);
    if (*v->sha256)
        text_add(out, "sha256 %s\n", v->sha256);
    text_add(out, "integrity: %s\n  %s\n", verify_word(v, FINDING_INTEGRITY),
             signature_text(v, signature, sizeof(signature)));
    add_findings(v, FINDING_INTEGRITY, out);
    text_add(out, "derivation: %s\n", verify_word(v, FINDING_DERIVATION));
    add_indented(v->summary.data, out);
    for (size_t i = 0; i < v->at.bundle.claims.count; i++)
        add_claim(&v->at.bundle, i, out);
    add_indented(v->notes.data, out);
    add_findings(v, FINDING_DERIVATION, out);
    text_add(out, "environment: %s\n", verify_word(v, FINDING_ENVIRONMENT));
    add_environment(v, out);
    text_add(out, "re-run: %s (tare reproduce)\n", verify_word(v, FINDING_RERUN));
    if (v->grants.count > 0)
        text_add(out, "  what the plan says of the host is refused then, or taken by --trust-plan:\n");
    add_indented(v->grants.lines.data ? v->grants.lines.data : "", out);
}

/* --- json -------------------------------------------------------------------------------------------------------- */

static json_t *verdict_json(const struct verification *v, enum finding_verdict kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->at.findings.count; i++)
        if (v->at.findings.list[i].verdict == kind)
            (void)json_array_append_new(list, json_pack("{s:s, s:s}", "file", v->at.findings.list[i].file, "text",
                                                        v->at.findings.list[i].text));
    return json_pack("{s:s, s:I, s:o}", "verdict", verify_word(v, kind), "found",
                     (json_int_t)v->at.findings.found[kind], "findings", list);
}

/* Adds the settings that a run takes only with --trust-plan. */
static json_t *rerun_json(const struct verification *v)
{
    json_t *o = verdict_json(v, FINDING_RERUN);
    (void)json_object_set_new(o, "needs_trust", json_of_lines(v->grants.lines.data ? v->grants.lines.data : ""));
    return o;
}

static json_t *claims_json(const struct bundle *b)
{
    char expected[96], found[96];
    json_t *list = json_array();
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        const struct judgement *j = &b->judgement[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:o, s:s, s:s, s:s, s:o}", "id", json_of_bytes(c->id),
                                                    "text", json_of_bytes(c->text), "expected",
                                                    claim_expected(c, &b->records, expected, sizeof(expected)), "found",
                                                    claim_found(c, j, &b->records, found, sizeof(found)), "verdict",
                                                    claim_verdict_names[j->verdict], "why", json_of_bytes(j->why)));
    }
    return list;
}

static json_t *environment_json(const struct verification *v)
{
    json_t *o = verdict_json(v, FINDING_ENVIRONMENT);
    hostdiff_put(&v->hostdiff, o);
    return o;
}

void verify_json(const struct verification *v, const char *path, struct text *out)
{
    json_t *integrity = verdict_json(v, FINDING_INTEGRITY), *derivation = verdict_json(v, FINDING_DERIVATION);
    json_put_text(integrity, "signature", verify_signature_names[v->signature]);
    json_put_text(integrity, "key", *v->key_id ? v->key_id : NULL);
    (void)json_object_set_new(derivation, "claims", claims_json(&v->at.bundle));
    (void)json_object_set_new(derivation, "notes", json_of_lines(v->notes.data));
    json_t *o =
        json_pack("{s:s, s:o, s:s?, s:I, s:I, s:o, s:o, s:o, s:o}", "schema", "tare.verification/1", "bundle",
                  json_of_bytes(path), "sha256", *v->sha256 ? v->sha256 : NULL, "files", (json_int_t)v->at.all.count,
                  "records", (json_int_t)v->at.bundle.records.count, "integrity", integrity, "derivation", derivation,
                  "environment", environment_json(v), "rerun", rerun_json(v));
    json_text(o, out);
}
