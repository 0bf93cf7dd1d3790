/* pack_image: copies an image into a bundle with skopeo, as the OCI layout of oci/image.h. Pack calls it. */
#ifndef TARE_PACK_IMAGE_H
#define TARE_PACK_IMAGE_H

struct bundle;
struct err;
struct text;

/* Copies the image with this name (of skopeo(1)) into the payload, which has its records but no derived files yet.
 * beside: a folder on the same file system for temporary files. The same image from the same place gives equal bytes:
 * blobs are neither compressed nor converted, and an OCI manifest stays as it is. -ENOENT (host): no skopeo.
 * -EREMOTEIO, -ENOENT (usage): the image is not available. -EFBIG (usage): too large for a bundle. -ESTALE (usage): the
 * records name another image. -EINVAL (usage): an unknown kind of image. */
int pack_image(const struct bundle *b, const char *ref, const char *beside, struct err *e);

/* If the bundle has an image, appends a line with its name and how many records name it. */
int pack_image_summary(const struct bundle *b, struct text *said, struct err *e);

#endif
