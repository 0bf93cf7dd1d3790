/* skopeo: runs skopeo(1), which copies between registries, engines and folders with its own credentials and rules.
 * Place and pack_image call it. */
#ifndef TARE_SKOPEO_H
#define TARE_SKOPEO_H

#include <stdbool.h>

struct err;
struct text;

/* "docker://HOST/REPO:TAG" on the loopback: a registry there has no certificate, and is spoken to without (as docker
 * does). Pure. */
bool skopeo_is_loopback(const char *ref);

/* Copies a manifest with all that it needs, byte for byte; index_only: an index alone, whose manifests are there
 * already, which skopeo writes anew (version 1.9 leaves the entries' artifactType out). One of the two is a registry's.
 * -ENOENT (host): no skopeo; -EREMOTEIO (usage): what it said, its last line. */
int skopeo_copy(const char *from, const char *to, bool index_only, struct err *e);

/* Copies an image that any transport of skopeo's names into this folder, which is made: manifest.json as its place has
 * it, and each blob under the digits of its digest (skopeo's `dir:`, which converts and compresses nothing). Of an
 * index it is this machine's image. What skopeo itself puts aside goes into `beside`. Errors as above. */
int skopeo_fetch(const char *ref, const char *beside, const char *folder, struct err *e);

/* Appends the bytes of a manifest or index; beside (NULL: $TMPDIR or /tmp) is for what is put aside meanwhile. -ENOENT
 * (usage): the registry has none of this name. */
int skopeo_manifest(const char *ref, const char *beside, struct text *ret, struct err *e);

#endif
