/* tar: unpacks a bundle's tar into a folder, writes a folder as a tar, and computes the digest of either, with
 * libarchive. For pack, sign, push and opening bundles. A tar is untrusted: refused entries become findings, and
 * nothing is written for them. */
#ifndef TARE_TAR_H
#define TARE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/filelist.h"
#include "base/digest.h"

struct err;
struct findings;
struct spool;

#define TAR_RATIO_MAX 200 /* unpacked to packed bytes, above TAR_SMALL */
#define TAR_SMALL     (64ULL << 20)

/* The files below this folder ("data/records/") go to the spool and into the list, with their digests. but: what ends
 * with this does not. */
struct tar_spooling {
    const char *below, *but;
    struct spool *spool;
    struct filelist *list;
};

/* Unpacks a tar (ustar, pax or GNU), plain or zstd-compressed, into the empty folder dirfd, without its one top folder.
 * spooling: NULL is allowed; what is twice there filelist_read() finds. top receives that folder's name; "" if it was
 * packed from inside, as "./bagit.txt". Names in extended headers override the plain ones; the manifests decide what
 * the bag must have. Refused, as findings: links, devices, sparse files, forbidden paths, duplicate entries, and more
 * than the limits above, also by its headers alone (it stops there). A negative errno (usage): not a tar (the message
 * names a known other format), or truncated. */
int tar_unpack(int fd, int dirfd, const struct tar_spooling *spooling, char top[FILELIST_PATH_MAX + 1],
               struct findings *f, struct err *e);

/* The content of a tar: the files of the list below dirfd, each as top/path. */
struct tar_spec {
    const struct filelist *list;
    int dirfd;
    const char *top;
    int64_t mtime_s;
};

/* Writes a canonical ustar to fd (-1: nowhere): sorted, uid and gid 0 without names, mode 0644, no folders, no padding
 * past the two empty blocks. hex: receives its digest; NULL is allowed. -ESTALE: a file's digest has changed, which
 * shows at its end. */
int tar_write(const struct tar_spec *t, int fd, char hex[DIGEST_HEX], struct err *e);

/* The same to a path, atomically: the old file stays until the new one is complete. */
int tar_save(const struct tar_spec *t, const char *path, char hex[DIGEST_HEX], struct err *e);

/* Whether a tar, not compressed, has the very bytes that tar_write() would write. */
int tar_compare(const struct tar_spec *t, int fd, bool *same, struct err *e);

/* Describes how a tar differs in form from what tar_write() writes: "GNU headers, folders of their own, owners"; "": no
 * difference seen. -EINVAL (usage): data after its end. */
int tar_describe(int fd, int64_t mtime_s, char *form, size_t cap, struct err *e);

/* The digest of the tar's bytes without zstd compression, from its beginning. -EFBIG (usage): longer than a bundle can
 * be. */
int tar_digest_uncompressed(int fd, char hex[DIGEST_HEX], struct err *e);

/* Checks early whether the -o file can be written. -EINVAL, -ENOENT and the like (usage): its name does not end in
 * .tar, or its folder cannot be written. */
int tar_check_output(const char *path, struct err *e);

#endif
