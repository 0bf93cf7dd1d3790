/* Prints a reproduction as text, and writes it as the counter-record (reproduction.h). Its terms are those of ACM's
 * Artifact Review and Badging; it is not a badge. */
#include <errno.h>
#include <math.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/claims.h"
#include "bundle/hostdiff.h"
#include "bundle/reproduce.h"
#include "bundle/reproduction.h"

static const char *const ROLES[] = {"undeclared", "same-team", "different-team"};

const char *const reproduce_terms[] = {
    "repeatability or reproducibility: the team was not declared",
    "repeatability (same team, same experimental setup)",
    "reproducibility (different team, same experimental setup)",
};

/* The environment of the machine that runs the command. */
static void add_environment(const struct reproduction *r, struct text *out)
{
    const struct verification *v = &r->verified;
    if (!v->compared) {
        text_add(out, "environment: not looked at\n");
        return;
    }
    text_add(
        out, "environment: %zu of %zu fields of machine and runtimes differ%s\n", v->hostdiff.count, v->hostdiff.fields,
        r->where == REPRODUCE_HOST && !r->is_slurm ? ""
                                                   : " (this host's; what ran elsewhere has its own in its records)");
    hostdiff_text(&v->hostdiff, "theirs ", REPRODUCTION_FILE, out);
}

static void add_run(const struct reproduction *r, struct text *out)
{
    static const char *const WHERE[] = {"on this host", "in the image that the records name", "in the VM image"};
    const char *where = reproduction_in_held_image(r) ? "in the image that the bundle holds" : WHERE[r->where];
    text_add(out, "re-run %s%s: %zu of %zu invocations, %zu failed\n", where, r->is_slurm ? " by Slurm" : "", r->run,
             r->planned, r->failed);
    if (r->smoke)
        text_add(out,
                 "  smoke: a short subset, %lld of %lld invocations a cell, at most %d iterations each: a first look, "
                 "not the whole plan\n",
                 (long long)r->invocations, (long long)r->verified.at.bundle.plan.invocations, SMOKE_ITERATIONS);
}

static void add_claim(const struct claim *c, const struct records *r, const struct judgement *theirs,
                      const struct judgement *here, struct text *out)
{
    char expected[96], found[96];
    cleanup_free char *text = text_printable(c->text), *why = text_printable(here->why);
    text_add(out, "  %s: %s: %s\n", claim_verdict_names[here->verdict], c->id, text);
    text_add(out, "    expected %s; theirs %s (%s); ", claim_expected(c, r, expected, sizeof(expected)),
             claim_found(c, theirs, r, found, sizeof(found)), claim_verdict_names[theirs->verdict]);
    text_add(out, "here %s%s%s%s\n", claim_found(c, here, r, found, sizeof(found)), *why ? " (" : "", why,
             *why ? ")" : "");
}

void reproduction_text(const struct reproduction *r, struct text *out)
{
    size_t of[CLAIM_VERDICTS];
    const struct bundle *b = &r->verified.at.bundle;
    const struct verification *v = &r->verified;
    text_add(out, "%s\nsha256 %s\n", r->c->positional, v->sha256);
    text_add(out, "integrity: %s\n",
             verification_failed(v, FINDING_INTEGRITY) ? "broken, and run all the same (--force)" : "good");
    text_add(out, "derivation: %s%s\n", verify_word(v, FINDING_DERIVATION),
             verification_failed(v, FINDING_DERIVATION) ? " ('tare verify' tells what)" : "");
    add_environment(r, out);
    add_run(r, out);
    claims_count(r->judgement, b->claims.count, of);
    claims_say_counts(b->claims.count, of, out);
    text_add(out, "\n");
    for (size_t i = 0; i < b->claims.count; i++)
        add_claim(&b->claims.list[i], &b->records, &b->judgement[i], &r->judgement[i], out);
    text_add(out, "terms: %s, by " REPRODUCE_TERMS_SOURCE "\n  " REPRODUCE_TERMS_NOTE "\n",
             reproduce_terms[r->c->artefact.role]);
}

/* --- the counter-record ------------------------------------------------------------------------------------------ */

static json_t *claims_json(const struct reproduction *r)
{
    json_t *list = json_array();
    const struct bundle *b = &r->verified.at.bundle;
    for (size_t i = 0; i < b->claims.count; i++) {
        char expected[96];
        const struct claim *c = &b->claims.list[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:s, s:s, s:o?, s:o, s:o}", "id", c->id, "text", json_of_bytes(c->text),
                            "figure", c->figure, "expected", claim_expected(c, &b->records, expected, sizeof(expected)),
                            "tolerance", json_real(c->tolerance), "theirs", reproduction_judgement(&b->judgement[i]),
                            "here", reproduction_judgement(&r->judgement[i])));
    }
    return list;
}

static json_t *counts_json(const struct reproduction *r)
{
    size_t of[CLAIM_VERDICTS];
    json_t *o = json_object();
    claims_count(r->judgement, r->verified.at.bundle.claims.count, of);
    for (int v = 0; v < CLAIM_VERDICTS; v++)
        (void)json_object_set_new(o, claim_verdict_names[v], json_integer((json_int_t)of[v]));
    return o;
}

static json_t *environment_json(const struct verification *v)
{
    json_t *o = json_pack("{s:s}", "here",
                          "the host that ran it; what ran in an image, a VM or on a node has its own in its records");
    hostdiff_put(&v->hostdiff, o);
    return o;
}

/* The records by their paths in a bundle, with the digests of the folder's files. */
static json_t *records_json(const struct reproduction *r)
{
    json_t *list = json_array();
    char path[FILELIST_PATH_MAX + 1];
    const struct plan *plan = &r->verified.at.bundle.plan;
    for (size_t i = 0; i < r->records.count; i++) {
        const struct invocation *one = &r->records.list[i];
        size_t cell = plan_find_cell(plan, one->plan_cell);
        if (cell == plan->cells)
            continue; /* a record of no plan is not packed either */
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s}", "path", bundle_record_path(plan, cell, one->block, bundle_label(one->label), path),
                      "sha256", r->sha256[i]));
    }
    return list;
}

static json_t *original_json(const struct reproduction *r)
{
    const struct verification *v = &r->verified;
    const struct bundle *b = &r->verified.at.bundle;
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:b}", "sha256", v->sha256, "title",
                     json_incref(json_object_get(b->pack, "title")), "plan", b->plan.name, "plan_sha256",
                     b->bound.sha256, "integrity", verify_word(v, FINDING_INTEGRITY), "signature",
                     verify_signature_names[v->signature], "derivation", verify_word(v, FINDING_DERIVATION), "forced",
                     verification_failed(v, FINDING_INTEGRITY));
}

static json_t *run_json(const struct reproduction *r)
{
    static const char *const WHERE[] = {"host", "image", "vm"};
    json_t *smoke = r->smoke ? json_pack("{s:I, s:i, s:i}", "invocations", (json_int_t)r->invocations,
                                         "iterations_at_most", SMOKE_ITERATIONS, "warmup", SMOKE_WARMUP)
                             : json_null();
    json_t *o = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I}", "where", WHERE[r->where], "engine",
                          r->is_slurm ? "slurm" : "local", "smoke", smoke, "planned", (json_int_t)r->planned, "run",
                          (json_int_t)r->run, "failed", (json_int_t)r->failed);
    if (r->where == REPRODUCE_IMAGE)
        (void)json_object_set_new(o, "image", json_string(reproduction_in_held_image(r) ? "held" : "named"));
    return o;
}

int reproduction_json(const struct reproduction *r, json_t **ret, struct err *e)
{
    *ret = json_pack("{s:s, s:o, s:s, s:o, s:o, s:{s:s, s:s, s:s, s:s}, s:o, s:o, s:o, s:o}", "schema",
                     REPRODUCTION_SCHEMA, "tool", json_of_tool(), "date", bundle_newest(&r->records), "original",
                     original_json(r), "rerun", run_json(r), "terms", "declared_role", ROLES[r->c->artefact.role],
                     "shows", reproduce_terms[r->c->artefact.role], "source", REPRODUCE_TERMS_SOURCE, "note",
                     REPRODUCE_TERMS_NOTE, "environment", environment_json(&r->verified), "claims", claims_json(r),
                     "counts", counts_json(r), "records", records_json(r));
    return *ret ? 0 : err_set(e, ERR_OURS, -ENOMEM, "no memory for " REPRODUCTION_FILE);
}

int reproduction_write(const struct reproduction *r, struct err *e)
{
    char path[PATH_MAX];
    cleanup_text struct text t = {0};
    json_t *o = NULL;
    TRY(reproduction_json(r, &o, e));
    json_text(o, &t);
    text_format(path, sizeof(path), "%s/" REPRODUCTION_FILE, r->out);
    return file_replace_at(r->out_fd, REPRODUCTION_FILE, path, t.data, t.len, e);
}
