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
    const char *folder, *output; /* a plan's folder; the bundle that is written, replaced where it is there */
    const char *const *author;   /* as pack_info_author() takes them; none: the project's */
    size_t authors;
    const char *title, *license, *license_file, *claims; /* NULL: made of the plan, the project's, none, found */
    const char *image;                                   /* as skopeo(1) names it; NULL: none is packed */
    bool allow_incomplete;
};

/* What was packed. */
struct packed {
    char sha256[DIGEST_HEX]; /* of the tar, uncompressed */
    size_t files;
    uint64_t bytes; /* of the payload */
};

/* Writes the bundle and appends what is to be said of it to `said`, a line each. The same records give the same bytes
 * on any path, time zone, locale and umask; the date in it is $SOURCE_DATE_EPOCH, else the newest record's. -EINVAL
 * (usage): no plan's folder, a claim of a cell that the plan does not have, an author or license that is none. -ENODATA
 * (usage): invocations are missing and allow_incomplete is not set. -ENOENT (host): no gnuplot. Of the image what
 * pack_image() says. */
int pack(const struct pack_options *o, struct packed *ret, struct text *said, struct err *e);

/* Of the payload in `root`/data: bagit.txt, bag-info.txt, both manifests, written into rootfd. */
struct bundle;
int pack_bag(const struct bundle *b, int rootfd, int datafd, struct err *e);

/* The lines of pack's and verify's on coverage and claims. */
void pack_summary(const struct bundle *b, struct text *said);

#endif
