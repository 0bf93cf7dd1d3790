/* push: stores bundles in registries and OCI layouts, as artefacts with their own type (OCI image-spec 1.1,
 * manifest.md, "Guidelines for Artifact Usage"): a manifest with an artifactType, the empty config, and the tar as its
 * one layer. A reproduction is attached to its original by `subject`, and listed under the tag of the referrers tag
 * scheme (distribution-spec 1.1, "Referrers Tag Schema"), which also works in registries without the referrers API. */
#ifndef TARE_PUSH_H
#define TARE_PUSH_H

#include "base/digest.h"

struct err;
struct text;

#define PUSH_TYPE "application/vnd.tare.bundle.v1+tar"

struct pushed {
    char bundle_sha256[DIGEST_HEX], manifest_sha256[DIGEST_HEX];
};

/* Stores the bundle; or an in-toto Statement (attest.h) about the bundle `subject`, which it must be about. subject:
 * the tag or manifest digest, in the same place, of the bundle that it reproduces; NULL: none. Appends messages to
 * said, one per line. -EINVAL (usage): not a bundle's tar, damaged, it does not reproduce the subject, or what is
 * attached has no tag of its own. -ENOENT: no such subject (usage), no skopeo (host). -EREMOTEIO (usage): the registry
 * refused; with its message. */
int push(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said, struct err *e);

/* Fetches the bundle, checks its digests (the manifest's against its name, the tar's against the manifest) and writes
 * it to `output`. -EBADMSG (said no): they differ. -ENOENT (usage): no such tag. -EINVAL (usage): not a bundle. Appends
 * a line to said for each attached reproduction. */
int pull(const char *ref, const char *output, struct pushed *ret, struct text *said, struct err *e);

/* Hands over one bundle. name: its manifest's digest. path: its tar in a folder that is removed afterwards; NULL: it
 * could not be fetched, and why_not says why. A negative return ends the walk. */
typedef int pull_fn(const char *name, const char *path, const char *why_not, void *to, struct err *e);

/* Hands over the bundle of this name, then each bundle that is attached to it, one at a time and in the order of the
 * list. A bundle that is attached but cannot be fetched is handed over with its reason. Errors as of pull(); -E2BIG
 * (usage): more than PULL_ATTACHED_MAX are listed. */
#define PULL_ATTACHED_MAX 1000
int pull_attached(const char *ref, pull_fn *take, void *to, struct err *e);

#endif
