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

/* Stores the bundle. subject: the tag or manifest digest, in the same place, of the bundle that it reproduces; NULL:
 * none. Appends messages to said, one per line. -EINVAL (usage): not a bundle's tar, damaged, or it does not reproduce
 * the subject. -ENOENT: no such subject (usage), no skopeo (host). -EREMOTEIO (usage): the registry refused; with its
 * message. */
int push(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said, struct err *e);

/* Fetches the bundle, checks its digests (the manifest's against its name, the tar's against the manifest) and writes
 * it to `output`. -EBADMSG (said no): they differ. -ENOENT (usage): no such tag. -EINVAL (usage): not a bundle. Appends
 * a line to said for each attached reproduction. */
int pull(const char *ref, const char *output, struct pushed *ret, struct text *said, struct err *e);

#endif
