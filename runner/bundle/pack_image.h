/* pack_image: puts an image into a bundle, through skopeo, as the OCI layout that oci/image.h describes. Pack calls it.
 */
#ifndef TARE_PACK_IMAGE_H
#define TARE_PACK_IMAGE_H

struct bundle;
struct err;
struct text;

/* Puts the image of this name (as skopeo(1) has it) into the payload of the bundle, whose records are there and whose
 * derived files are not. beside: a folder on the same file system, for what is in the making. The same image from the
 * same place gives the same bytes: blobs are neither compressed nor converted, and an OCI manifest stays as it is.
 * -ENOENT (host): no skopeo. -EREMOTEIO, -ENOENT (usage): it cannot be had. -EFBIG (usage): it does not fit into a
 * bundle. -ESTALE (usage): the records name another. -EINVAL (usage): it is no image of the kinds known. */
int pack_image(const struct bundle *b, const char *ref, const char *beside, struct err *e);

/* Of a bundle that holds an image: which, and how many of its records name it, a line; else nothing. */
int pack_image_summary(const struct bundle *b, struct text *said, struct err *e);

#endif
