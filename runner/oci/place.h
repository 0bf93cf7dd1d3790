/* place: a registry or a layout on disk, both used the same way. Push and pull open one. Manifests are put and looked
 * up by tag or digest; a registry has a layout in a temporary folder beside it, which skopeo copies to and from. */
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

/* Starts as PLACE_UNOPENED; ended with place_close(). */
struct oci_place {
    struct oci_reference ref;
    struct tmpdir unpacked; /* of a registry: where its layout is */
    int layout;
};

int place_open(const char *ref, bool make, struct oci_place *ret, struct err *e);
void place_close(struct oci_place *p);
#define PLACE_UNOPENED ((struct oci_place){.unpacked = {.fd = -1}, .layout = -1})
#define cleanup_place  __attribute__((cleanup(place_close)))

#define PLACE_NAME_MAX 2400

/* "docker://HOST/REPO:TAG", "docker://HOST/REPO@sha256:…" or "oci:FOLDER:TAG". Returns buf. */
const char *place_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX]);

/* Appends the bytes of the manifest or index that has this tag or digest, its own digest checked where it is known.
 * hex: its digest. -ENOENT (usage): there is none. */
int place_manifest(const struct oci_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX], struct err *e);

/* Puts a manifest (index: an index of what is there already) into the layout under the tag, and in a registry's case
 * from there into the registry with its blobs. o is taken over; hex: its digest. */
int place_put(const struct oci_place *p, const char *tag, struct json_t *o, const char *type, char hex[DIGEST_HEX],
              uint64_t *size_bytes, struct err *e);

/* Brings what has this tag or digest into the layout. */
int place_fetch(const struct oci_place *p, const char *tag, struct err *e);

/* "sha256-…": where the referrers of a manifest are listed. buf of 80 bytes, which is returned. */
const char *place_referrers_tag(const char *hex, char buf[80]);

#endif
