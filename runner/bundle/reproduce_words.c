/* A reproduction in words. */
#include "bundle/reproduce_words.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "bundle/reproduce.h"

const char *reproduce_role_name(int64_t role)
{
    static const char *const NAMES[] = {"undeclared", "same-team", "different-team"};
    return NAMES[role];
}

const char *reproduce_term(int64_t role)
{
    static const char *const TERMS[] = {
        "repeatability or reproducibility: the team was not declared",
        "repeatability (same team, same experimental setup)",
        "reproducibility (different team, same experimental setup)",
    };
    return TERMS[role];
}

#define DIFFERENCES_SHOWN 20

/* Of the machine that the command was given on. */
static void add_environment(const struct reproduction *r, struct text *out)
{
    const struct verification *v = &r->verified;
    if (!v->compared) {
        text_add(out, "environment: not looked at\n");
        return;
    }
    text_add(out, "environment: %zu of %zu fields of the machine differ%s\n", v->distance.count, v->distance.fields,
             r->o->where == REPRODUCE_HOST && r->o->engine != ENGINE_SLURM
                 ? ""
                 : " (this host's; what ran elsewhere has its own in its records)");
    verify_distance_text(&v->distance, "theirs ", DIFFERENCES_SHOWN, out);
    if (v->distance.count > DIFFERENCES_SHOWN)
        text_add(out, "  and %zu more (reproduction.json has all)\n", v->distance.count - DIFFERENCES_SHOWN);
}

static void add_run(const struct reproduction *r, struct text *out)
{
    static const char *const WHERE[] = {"on this host", "in the image that the records name", "in the VM image"};
    const char *where = reproduction_in_held_image(r) ? "in the image that the bundle holds" : WHERE[r->o->where];
    text_add(out, "re-run %s%s: %zu of %zu invocations, %zu failed\n", where,
             r->o->engine == ENGINE_SLURM ? " by Slurm" : "", r->run, r->planned, r->failed);
    if (r->o->smoke)
        text_add(out,
                 "  smoke: a short subset, %lld of %lld invocations a cell, at most %d iterations each: a first look, "
                 "not the whole plan\n",
                 (long long)r->invocations, (long long)r->original.bundle.plan.invocations, SMOKE_ITERATIONS);
}

static void add_claim(const struct claim *c, const struct records *r, const struct judgement *theirs,
                      const struct judgement *here, struct text *out)
{
    char expected[96], found[96];
    cleanup_free char *text = text_printable(c->text), *why = text_printable(here->why);
    text_add(out, "  %s: %s: %s\n", claim_verdict_name(here->verdict), c->id, text);
    text_add(out, "    expected %s; theirs %s (%s); ", claim_expected(c, r, expected, sizeof(expected)),
             claim_found(c, theirs, r, found, sizeof(found)), claim_verdict_name(theirs->verdict));
    text_add(out, "here %s%s%s%s\n", claim_found(c, here, r, found, sizeof(found)), *why ? " (" : "", why,
             *why ? ")" : "");
}

void reproduction_text(const struct reproduction *r, struct text *out)
{
    size_t of[CLAIM_VERDICTS];
    const struct bundle *b = &r->original.bundle;
    const struct verification *v = &r->verified;
    text_add(out, "%s\nsha256 %s\n", r->o->path, v->sha256);
    text_add(out, "integrity: %s\n",
             verification_failed(v, FINDING_INTEGRITY) ? "broken, and run all the same (--force)" : "good");
    text_add(out, "derivation: %s\n",
             !v->derived                                  ? "not looked at"
             : verification_failed(v, FINDING_DERIVATION) ? "broken ('tare verify' tells what)"
                                                          : "good");
    add_environment(r, out);
    add_run(r, out);
    text_add(out, "claims: %zu", b->claims.count);
    reproduction_count(r, of);
    for (int i = 0; i < CLAIM_VERDICTS; i++)
        if (of[i])
            text_add(out, ", %zu %s", of[i], claim_verdict_name((enum claim_verdict)i));
    text_add(out, "\n");
    for (size_t i = 0; i < b->claims.count; i++)
        add_claim(&b->claims.list[i], &b->records, &b->judgement[i], &r->judgement[i], out);
    text_add(out, "terms: %s, by " REPRODUCE_TERMS_SOURCE "\n  " REPRODUCE_TERMS_NOTE "\n", reproduce_term(r->o->role));
}
