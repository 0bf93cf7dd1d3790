/* place: a registry or a layout behind one face: its manifests, and a layout that what is to go there is put into,
 * or what was there is found in. Push and pull use it. */
#ifndef TARE_PLACE_H
#define TARE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/scratch.h"
#include "base/digest.h"
#include "oci/reference.h"

struct err;
struct json_t;
struct text;

/* Starts as {.layout = -1}; ended with place_close(). */
struct oci_place {
    struct oci_reference ref;
    struct scratch scratch; /* of a registry: where its layout is */
    int layout;
};

int place_open(const char *ref, bool make, struct oci_place *ret, struct err *e);
void place_close(struct oci_place *p);

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
