/* place: a registry or a layout on disk behind one interface, for push and pull. Manifests are stored and found by tag
 * or digest. For a registry, skopeo copies to and from a layout in a temporary folder. */
#ifndef TARE_PLACE_H
#define TARE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/tmpdir.h"
#include "base/digest.h"
#include "oci/reference.h"

struct err;
struct json_t;
struct text;

/* Starts as PLACE_UNOPENED; the owner ends it with place_close(). */
struct oci_place {
    struct oci_reference ref;
    struct temporary unpacked; /* for a registry: the folder of its layout */
    int layout;
};

int place_open(const char *ref, bool make, struct oci_place *ret, struct err *e);
void place_close(struct oci_place *p);
#define PLACE_UNOPENED ((struct oci_place){.unpacked = {.fd = -1}, .layout = -1})
#define cleanup_place  __attribute__((cleanup(place_close)))

#define PLACE_NAME_MAX 2400

/* "docker://HOST/REPO:TAG", "docker://HOST/REPO@sha256:…" or "oci:FOLDER:TAG". Returns buf. */
const char *place_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX]);

/* Appends the manifest or index with this tag or digest; a known digest is checked. hex: its digest. -ENOENT (usage):
 * none. */
int place_manifest(const struct oci_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX], struct err *e);

/* Stores a manifest, or an index of stored manifests, under the tag in the layout, and for a registry copies it there
 * with its blobs. Takes ownership of o. hex: its digest. */
int place_put(const struct oci_place *p, const char *tag, struct json_t *o, const char *type, char hex[DIGEST_HEX],
              uint64_t *size_bytes, struct err *e);

/* Copies the manifest with this tag or digest, and its blobs, into the layout. */
int place_fetch(const struct oci_place *p, const char *tag, struct err *e);

/* "sha256-…", the tag that lists the referrers of a manifest. Returns buf. */
const char *place_referrers_tag(const char *hex, char buf[80]);

#endif
