/* verify: checks offline whether a bundle is what it claims to be; executes nothing of it. For the verify command and
 * reproduce. The bundle stays open in the result, which the caller ends. */
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

enum verify_signature {
    VERIFY_UNSIGNED,
    VERIFY_SIGNED,  /* by the key that was given */
    VERIFY_UNKNOWN, /* by a key that was not given */
    VERIFY_FORGED,  /* wrong or malformed: a finding */
};

extern const char *const verify_signature_names[]; /* "unsigned", "signed", "unknown key", "broken" */

/* The caller ends it with verification_free(). */
struct verification {
    struct opened_bundle at; /* the open bundle, and the findings */
    bool loaded;             /* at.bundle is filled in */
    bool derived, compared;  /* derivation and environment were checked, since integrity was good */
    bool other_format;       /* of derivation the records alone were, since it was packed in another PACK_FORMAT */
    char sha256[DIGEST_HEX]; /* of the uncompressed tar; for a folder, of the tar that it would give */
    enum verify_signature signature;
    char key_id[MINISIG_KEY_ID];
    struct text summary;        /* coverage and claims, lines */
    struct text notes;          /* what was not compared and why, one per line */
    struct trust_grants grants; /* what the plan would need from the host; not a fault */
    struct hostdiff hostdiff;
};

/* Does all steps over a tar, a tar.zst or a folder; key: a public key's file; paper: a LaTeX text; both may be NULL.
 * Faults are findings. If integrity is broken, nothing is derived. -EINVAL and the like (usage): no
 * bundle at that path, or key or paper cannot be read. */
int verify(const char *path, const char *key, const char *paper, struct verification *ret, struct err *e);

/* Reads a public key's file. Errors (usage) name the option --key. */
int verify_key_read(const char *path, struct minisig_key *ret, struct err *e);

/* Whose signature holds, of a bundle that was verified without a key: that of the bag, or else that of its
 * reproduction.json, which names the digest of each record. VERIFY_SIGNED: keys[*signer] made it. VERIFY_UNKNOWN: a key
 * that is not among them. VERIFY_FORGED: it does not hold, or is no signature. key_id: the signer's, or "". */
enum verify_signature verify_signer(const struct verification *v, const struct minisig_key *keys, size_t count,
                                    size_t *signer, char key_id[MINISIG_KEY_ID]);

/* Whether there is a finding of this kind. */
bool verification_failed(const struct verification *v, enum finding_verdict kind);

/* The word of a verdict: "good", "broken", "records only", "not looked at", …; those of tare-verification.schema.json.
 */
const char *verify_word(const struct verification *v, enum finding_verdict kind);

void verify_text(const struct verification *v, const char *path, struct text *out);
void verify_json(const struct verification *v, const char *path, struct text *out);

void verification_free(struct verification *v);

#endif
