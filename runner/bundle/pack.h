/* pack: writes a plan's folder as a bundle. */
#ifndef TARE_PACK_H
#define TARE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct artefact_options;
struct bundle;
struct err;
struct text;

/* The result. */
struct packed {
    char sha256[DIGEST_HEX]; /* of the tar, uncompressed */
    size_t files;
    uint64_t bytes; /* of the payload */
};

/* Writes a plan's folder as a bundle, which replaces o->output if that exists, and appends messages to `said`, one per
 * line. Equal records give equal bytes for any path, time zone, locale and umask; the date in it is $SOURCE_DATE_EPOCH,
 * else that of the newest record. -EINVAL (usage): not a plan's folder, a claim with an unknown cell, an invalid author
 * or license. -ENODATA (usage): invocations are missing and allow_incomplete is not set. -ENOENT (host): no gnuplot.
 * Errors of pack_image(). */
int pack(const char *folder, const struct artefact_options *o, struct packed *ret, struct text *said, struct err *e);

/* Copies the image with this name (of skopeo(1)) into the payload, which has its records but no derived files yet, as
 * the OCI layout of oci/image.h. beside: a folder on the same file system for temporary files. The same image from the
 * same place gives equal bytes: blobs are neither compressed nor converted, and an OCI manifest stays as it is. -ENOENT
 * (host): no skopeo. -EREMOTEIO, -ENOENT (usage): the image is not available. -EFBIG (usage): too large for a bundle.
 * -ESTALE (usage): the records name another image. -EINVAL (usage): an unknown kind of image. */
int pack_image(const struct bundle *b, const char *ref, const char *beside, struct err *e);

/* If the bundle has an image, appends a line with its name and how many records name it. */
int pack_image_summary(const struct bundle *b, struct text *said, struct err *e);

#endif
