/* push_place: a registry or a layout behind one face: its manifests, and a layout that what is to go there is put into,
 * or what was there is found in. Only push and pull's files use it. */
#ifndef TARE_PUSH_PLACE_H
#define TARE_PUSH_PLACE_H

#include <stdint.h>

#include "archive/scratch.h"
#include "bundle/push.h"

struct err;
struct json_t;
struct text;

/* Starts as {.layout = -1}; ended with place_close(). */
struct push_place {
    struct push_ref ref;
    struct scratch scratch; /* of a registry: where its layout is */
    int layout;
};

int place_open(const char *ref, int make, struct push_place *ret, struct err *e);
void place_close(struct push_place *p);

#define PLACE_NAME_MAX 2400

/* "docker://HOST/REPO:TAG", "docker://HOST/REPO@sha256:…" or "oci:FOLDER:TAG". Returns buf. */
const char *place_name(const struct push_place *p, const char *tag, char buf[PLACE_NAME_MAX]);

/* Appends the bytes of the manifest or index that has this tag or digest, its own digest checked where it is known.
 * hex: its digest. -ENOENT (usage): there is none. */
int place_manifest(const struct push_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX], struct err *e);

/* Puts a manifest (index: an index of what is there already) into the layout under the tag, and in a registry's case
 * from there into the registry with its blobs. o is taken over; hex: its digest. */
int place_put(const struct push_place *p, const char *tag, struct json_t *o, const char *type, char hex[DIGEST_HEX],
              uint64_t *size_bytes, struct err *e);

/* Brings what has this tag or digest into the layout. */
int place_fetch(const struct push_place *p, const char *tag, struct err *e);

/* "sha256-…": where the referrers of a manifest are listed. buf of 80 bytes, which is returned. */
const char *place_referrers_tag(const char *hex, char buf[80]);

#endif
