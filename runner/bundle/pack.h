/* pack: writes a plan's folder as a bundle. */
#ifndef TARE_PACK_H
#define TARE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;
struct text;

struct pack_options {
    const char *folder, *output; /* a plan's folder; the bundle, replaced if it exists */
    const char *const *author;   /* for pack_info_author(); none: the project's */
    size_t authors;
    const char *title, *license, *license_file, *claims; /* NULL: from the plan; the project's; none; searched */
    const char *image;                                   /* as skopeo(1) names it; NULL: none */
    const char *source_url;                              /* where to get tare; NULL: from CITATION.cff */
    const char *crate;                                   /* CRATE_1_1 and so on */
    bool allow_incomplete;
};

/* The result. */
struct packed {
    char sha256[DIGEST_HEX]; /* of the tar, uncompressed */
    size_t files;
    uint64_t bytes; /* of the payload */
};

/* Writes the bundle and appends messages to `said`, one per line. Equal records give equal bytes for any path, time
 * zone, locale and umask; the date in it is $SOURCE_DATE_EPOCH, else that of the newest record. -EINVAL (usage): not a
 * plan's folder, a claim with an unknown cell, an invalid author or license. -ENODATA (usage): invocations are missing
 * and allow_incomplete is not set. -ENOENT (host): no gnuplot. Errors of pack_image(). */
int pack(const struct pack_options *o, struct packed *ret, struct text *said, struct err *e);

#endif
