/* skopeo: runs skopeo(1), which copies between registries, engines and folders with its own credentials and policies.
 * For place and pack_image. */
#ifndef TARE_SKOPEO_H
#define TARE_SKOPEO_H

#include <stdbool.h>

struct err;
struct text;

/* Whether "docker://HOST/REPO:TAG" is on the loopback: such a registry is used without TLS, as docker does. Pure. */
bool skopeo_is_loopback(const char *ref);

/* Copies a manifest with all that it needs, byte for byte. index_only: only an index, whose manifests exist at the
 * target; skopeo rewrites it (version 1.9 drops the entries' artifactType). One of the two places is a registry.
 * -ENOENT (host): no skopeo. -EREMOTEIO (usage): its last line. */
int skopeo_copy(const char *from, const char *to, bool index_only, struct err *e);

/* Copies an image from any transport of skopeo into the new folder: the original manifest.json, and each blob named by
 * the digits of its digest (skopeo's `dir:`, which converts nothing). From an index it takes this machine's image.
 * Temporary files go into `beside`. Errors as above. */
int skopeo_fetch(const char *ref, const char *beside, const char *folder, struct err *e);

/* Appends a manifest or index; beside (NULL: $TMPDIR or /tmp): for temporary files. -ENOENT (usage): the registry does
 * not have it. */
int skopeo_manifest(const char *ref, const char *beside, struct text *ret, struct err *e);

#endif
