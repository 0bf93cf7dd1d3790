/* image: the container image in a bundle, as an OCI image layout with one image (OCI Image Layout 1.1) in env/image/.
 * Pack stores it (pack_image.c); verify, reproduce and the documents read it. Its manifest is the original, or an
 * equivalent one with the same config and layers. Other manifests or indexes by which records name the image are in
 * env/image-named/, each named by its digest. */
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

/* Its identity. */
struct oci_image {
    bool there;
    char manifest[DIGEST_HEX]; /* digits of the manifest's digest, its name in a registry */
    char config[DIGEST_HEX];   /* digits of the config's digest, the image id of docker and podman */
};

/* Whether a path of the payload belongs to the image. Pure. */
bool oci_image_has(const char *path);

/* Reads the identity of the payload's image; no image is no error. Usage errors name the file. */
int oci_image_read(int data_fd, struct oci_image *ret, struct err *e);

/* Whether "[NAME@]sha256:HEX", as an engine names images, names this image. */
bool oci_image_is(const struct oci_image *l, int data_fd, const char *digest);

/* The media type of a layer by its first bytes; NULL: unreadable. */
const char *oci_layer_type(int dirfd, const char *path);

/* Whether a manifest or index (env/image-named/) refers to the image: it has its config, or lists its manifest or
 * another one in env/image-named/. payload NULL: only the image's own. Pure. */
bool oci_image_leads_to(const struct json_t *o, const struct oci_image *l, const struct filelist *payload);

/* Checks the whole image against specification and digests: each blob has the digest of its name; index, manifest,
 * config and layers exist with their sizes and media types; and there is nothing else. Each fault is a finding
 * (integrity) with its file. */
void oci_image_check(const struct filelist *payload, int data_fd, struct findings *f);

#endif
