/* layout: a folder of content by digest (OCI Image Layout 1.1, image-layout.md), as far as bundles need it. Place and
 * pack_image write and read one. The caller owns the folder's descriptor. */
#ifndef TARE_OCI_LAYOUT_H
#define TARE_OCI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;
struct json_t;
struct text;

#define OCI_MANIFEST     "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX        "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST_MAX (4U << 20) /* bytes: what registries take, too (distribution-spec, "Pushing Manifests") */

#define OCI_LAYOUT_FILE "oci-layout"
#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}\n"
#define OCI_INDEX_FILE  "index.json"
#define OCI_BLOBS       "blobs/sha256/"

/* The digits in "sha256:HEX", a pointer into the text; NULL: not such a digest. Pure. */
const char *oci_digest_hex(const char *digest);

/* Makes {mediaType, digest, size}; the caller owns it. */
struct json_t *oci_descriptor(const char *type, const char *hex, uint64_t size_bytes);

/* Opens a layout; make: turns a new or empty folder into one. The caller closes *ret. -EINVAL (usage): the folder is
 * not a layout. -ENOENT (usage): there is no folder. */
int oci_layout_open(const char *path, bool make, int *ret, struct err *e);

/* Stores a blob of these bytes. hex: its digest. */
int oci_put_bytes(int layout, const char *bytes, size_t len, char hex[DIGEST_HEX], struct err *e);

/* Stores a blob from a file, read from its beginning. hex, *size_bytes: its digest and size. */
int oci_put_file(int layout, int fd, char hex[DIGEST_HEX], uint64_t *size_bytes, struct err *e);

/* Tags the described content, and takes the tag from any other. */
int oci_tag(int layout, const char *tag, const struct json_t *descriptor, struct err *e);

/* Makes the descriptor the only one in the index, without a tag, and writes that index. */
int oci_set_only(int layout, const struct json_t *descriptor, struct err *e);
void oci_index_text(const struct json_t *descriptor, struct text *ret);

/* Finds the descriptor of a tag, or of a manifest by its digest ("sha256:…"); tag NULL: the only one. The caller owns
 * *ret. -ENOENT (usage): none; the message lists the tags. */
int oci_find(int layout, const char *tag, struct json_t **ret, struct err *e);

/* Appends a manifest or index, by its digest ("sha256:…"). -EBADMSG (said no): its bytes have another digest. */
int oci_get_bytes(int layout, const char *digest, struct text *ret, struct err *e);

/* Copies a blob to fd. -EBADMSG (said no): its bytes have another digest or size. */
int oci_get_file(int layout, const char *digest, uint64_t size_bytes, int fd, struct err *e);

#endif
