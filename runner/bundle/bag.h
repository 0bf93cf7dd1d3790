/* bag: BagIt 1.0 (RFC 8493). Pack writes the manifests of a payload; everything that opens a bundle holds them against
 * the files, both ways. */
#ifndef TARE_BAG_H
#define TARE_BAG_H

#include <stdint.h>

struct err;
struct findings;
struct filelist;

#define BAG_DECLARATION  "bagit.txt"
#define BAG_MANIFEST     "manifest-sha256.txt"
#define BAG_TAG_MANIFEST "tagmanifest-sha256.txt"
#define BAG_SIGNATURE    BAG_TAG_MANIFEST ".minisig"

/* What bag-info.txt says besides the payload's size. */
struct bag_info {
    const char *software;    /* "tare 1.0 (…)" */
    const char *description; /* one line */
    int64_t date_s;          /* Bagging-Date, UTC, as seconds since 1970 */
};

/* Writes bagit.txt, bag-info.txt and both manifests into dirfd, whose data/ is whole already; the list is what
 * filelist_read() gave of it. */
int bag_write(int dirfd, const struct filelist *payload, const struct bag_info *info, struct err *e);

/* Holds a bag against its manifests: each file of data/ is named with its digest and each name has its file, likewise
 * the tag files; bagit.txt is version 1.0 and UTF-8, Payload-Oxum is right where it is given. All that is wrong
 * is a finding (integrity). -errno (usage) where a file cannot be read. */
int bag_check(int dirfd, const struct filelist *files, struct findings *f, struct err *e);

#endif
