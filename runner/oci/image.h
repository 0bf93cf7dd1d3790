/* image: the container image that a bundle holds, as an OCI image layout of one image (OCI Image Layout 1.1) below
 * env/image/. Pack puts it there (pack_image.h); verify, reproduce and the documents read it here. Its manifest is the
 * original one, or says the same of the same config and layers. Records may name the image by other manifests or
 * indexes: these are below env/image-named/, each under its digest. */
#ifndef TARE_OCI_IMAGE_H
#define TARE_OCI_IMAGE_H

#include <stdbool.h>

#include "base/digest.h"

struct err;
struct findings;
struct json_t;
struct filelist;

#define IMAGE_LAYOUT "env/image"
#define IMAGE_NAMED  "env/image-named"

#define IMAGE_CONFIG_TYPE "application/vnd.oci.image.config.v1+json"

/* Which one it is. */
struct oci_image {
    bool there;
    char manifest[DIGEST_HEX]; /* digits of the manifest's digest: what a registry calls it */
    char config[DIGEST_HEX];   /* of the config's: the image id of docker and podman */
};

/* Whether a path of the payload is of the image. Pure. */
bool oci_image_has(const char *path);

/* Reads which image the payload in this folder holds; none is no error. Usage errors name the file. */
int oci_image_read(int data_fd, struct oci_image *ret, struct err *e);

/* Whether an engine's name of an image, "[NAME@]sha256:HEX", is one of this one's. */
bool oci_image_is(const struct oci_image *l, int data_fd, const char *digest);

/* What the first bytes of a layer say that it is, as a media type; NULL: it cannot be read. */
const char *oci_layer_type(int dirfd, const char *path);

/* Whether a manifest or index (env/image-named/) leads to the image: it has its config, or lists its manifest or one
 * that the payload has by its digest and that does. payload may be NULL: only the image's own. Pure. */
bool oci_image_leads_to(const struct json_t *o, const struct oci_image *l, const struct filelist *payload);

/* Holds all of it against the specification and the digests: each blob has its name's, index, manifest, config and
 * layers are there with their sizes and media types, and nothing else is. A finding (integrity) each, by its file. */
void oci_image_check(const struct filelist *payload, int data_fd, struct findings *f);

#endif
