/* bag: BagIt 1.0 (RFC 8493). Pack writes the manifests of a payload; everything that opens a bundle compares them with
 * the files, in both directions. */
#ifndef TARE_BAG_H
#define TARE_BAG_H

#include <stdint.h>

struct err;
struct findings;
struct filelist;

#define BAG_DECLARATION  "bagit.txt"
#define BAG_INFO         "bag-info.txt"
#define BAG_MANIFEST     "manifest-sha256.txt"
#define BAG_TAG_MANIFEST "tagmanifest-sha256.txt"
#define BAG_SIGNATURE    BAG_TAG_MANIFEST ".minisig"

/* Writes bagit.txt, bag-info.txt and both manifests into dirfd, whose data/ is complete; payload: its list by
 * filelist_read(). software: "tare 1.0 (…)"; date: "2026-10-11". */
int bag_write(int dirfd, const struct filelist *payload, const char *software, const char *date, struct err *e);

/* Checks a bag against its manifests: each file of data/ is listed with its digest and each listed file exists,
 * likewise the tag files; bagit.txt says version 1.0 and UTF-8; Payload-Oxum, if given, is right. Each fault is a
 * finding (integrity). A negative errno (usage): a file cannot be read. */
int bag_check(int dirfd, const struct filelist *files, struct findings *f, struct err *e);

#endif
