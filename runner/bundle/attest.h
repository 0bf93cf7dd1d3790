/* attest: what a verification found, as an in-toto Statement (https://github.com/in-toto/attestation, spec/v1): its
 * subject is the bundle, its predicate the verdicts, the claims and the digests. Whoever signs it vouches for that. */
#ifndef TARE_ATTEST_H
#define TARE_ATTEST_H

#include <stddef.h>

#include "base/digest.h"

struct err;
struct json_t;
struct verification;

#define ATTEST_STATEMENT  "https://in-toto.io/Statement/v1"
#define ATTEST_PREDICATE  "urn:tare:verification:v1"
#define ATTEST_MEDIA_TYPE "application/vnd.in-toto+json"
#define ATTEST_MAX        (16U << 20) /* bytes */

/* Writes it to a file, which is replaced, and signs it beside (FILE.minisig) where key is a secret key of minisign's;
 * NULL: not. -EINVAL (usage): the bundle could not be read far enough to have a digest. Errors of sign_file(). */
int attest_write(const struct verification *v, const char *path, const char *key, struct err *e);

/* Reads a statement, whatever its predicate: sha256 receives that of its one subject. Fields that are not known are
 * ignored, as the specification asks for. -EINVAL (usage): it is none of this version, has another number of subjects
 * than one, no predicateType, or a digest that is no SHA-256. The caller ends *ret with json_decref(). */
int attest_parse(const char *bytes, size_t len, struct json_t **ret, char sha256[DIGEST_HEX], struct err *e);

#endif
