/* pack: writes a plan's folder as a bundle. */
#ifndef TARE_PACK_H
#define TARE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct artefact_options;
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

#endif
