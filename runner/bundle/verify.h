/* verify: finds out whether a bundle is what it says, offline; nothing of the bundle is executed. The verify command
 * and reproduce call it. The caller ends the result, in which the bundle stays open. */
#ifndef TARE_VERIFY_H
#define TARE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "archive/findings.h"
#include "base/digest.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/hostdiff.h"
#include "bundle/minisig.h"
#include "plan/trust.h"

struct err;

struct verify_options {
    const char *path;  /* a tar, a tar.zst or a folder */
    const char *key;   /* a public key's file; NULL: none */
    const char *paper; /* a LaTeX text; NULL: none */
};

enum verify_signature {
    VERIFY_UNSIGNED,
    VERIFY_SIGNED,  /* by the key that was given */
    VERIFY_UNKNOWN, /* by a key that was not given */
    VERIFY_FORGED,  /* it does not fit, or is none: a finding */
};

const char *verify_signature_name(enum verify_signature s); /* "unsigned", "signed", "unknown key", "broken" */

/* Ended with verification_free(). */
struct verification {
    struct opened_bundle at; /* the bundle, open until the end; its findings are what is wrong with it */
    bool loaded;             /* at.bundle says what the bundle says */
    bool derived, compared;  /* integrity was good, so that derivation and environment were looked at */
    char sha256[DIGEST_HEX]; /* of the tar, uncompressed: as it is or, of a folder, as it would be */
    enum verify_signature signature;
    char key_id[MINISIG_KEY_ID];
    struct text summary;        /* coverage and claims, lines */
    struct text notes;          /* what was not compared and why, a line each */
    struct trust_grants grants; /* what of the host the plan would take, were it run: no fault, and nobody's surprise */
    struct hostdiff hostdiff;
};

/* Goes through all steps; what is wrong is a finding. Where integrity is broken nothing that was not vouched for is
 * derived from. -EINVAL and the like (usage): there is no bundle at that path, or the key or paper cannot be read.
 * The caller ends *ret with verification_free(). */
int verify(const struct verify_options *o, struct verification *ret, struct err *e);

/* Whether there is a finding of the kind. */
bool verification_failed(const struct verification *v, enum finding_verdict kind);

void verify_text(const struct verification *v, const char *path, struct text *out);
void verify_json(const struct verification *v, const char *path, struct text *out);

void verification_free(struct verification *v);

#endif
