/* push: bundles in registries and OCI layouts, as artefacts of a type of their own (OCI image-spec 1.1, manifest.md,
 * "Guidelines for Artifact Usage"): a manifest with an artifactType, the empty config, and the tar as its one layer. A
 * reproduction is attached to its original by `subject`, and listed under the tag of the referrers tag scheme
 * (distribution-spec 1.1, "Referrers Tag Schema"), which also those registries have that know no referrers. */
#ifndef TARE_PUSH_H
#define TARE_PUSH_H

#include "base/digest.h"

struct err;
struct text;

#define PUSH_TYPE "application/vnd.tare.bundle.v1+tar"

struct pushed {
    char bundle_sha256[DIGEST_HEX], manifest_sha256[DIGEST_HEX];
};

/* Puts the bundle there; subject: the tag or manifest digest of the bundle in the same place that it reproduces, NULL:
 * none. What there is to say is added to said, a line each. -EINVAL (usage): no tar of a bundle, one that is not whole,
 * or a subject that it does not reproduce; -ENOENT: no such subject (usage), no skopeo (host); -EREMOTEIO (usage): the
 * registry refused, and said why. */
int push(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said, struct err *e);

/* Gets the bundle and writes it to the file `output`, after its digests were checked: the manifest's against its name,
 * the tar's against the manifest. -EBADMSG (said no): they differ; -ENOENT (usage): no such tag; -EINVAL (usage): what
 * is there is no bundle. Reproductions that are attached to it are added to said, a line each. */
int pull(const char *ref, const char *output, struct pushed *ret, struct text *said, struct err *e);

#endif
