/* tar: unpacks a bundle's tar into a folder, writes a folder's files as one, and gives the digest of either. Pack,
 * sign, push and the opening of bundles call it; libarchive reads and writes the formats. A tar is hostile until shown
 * otherwise: what is refused becomes a finding, and nothing is written for it. */
#ifndef TARE_TAR_H
#define TARE_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "archive/filelist.h"
#include "base/digest.h"

struct err;
struct findings;

#define TAR_RATIO_MAX 200 /* of all to the file that it comes out of, past what is small anyway: */
#define TAR_SMALL     (64ULL << 20)

/* Unpacks a tar (ustar, pax or GNU's), plain or zstd-compressed, into the empty folder dirfd, without its one top
 * folder, whose name goes to top; that is "" where it was packed from inside of that folder, as "./bagit.txt". What
 * extended headers say of a name goes before the plain ones: the manifests tell what the bag should have. Refused, as
 * findings: links, devices, sparse files, paths that cannot be, an entry that comes twice, more than the limits above,
 * also where its headers only say so (it stops there). -errno (usage) where fd is no tar, with what it is where that
 * is known (zip, gzip, ...), or breaks off. */
int tar_unpack(int fd, int dirfd, char top[FILELIST_PATH_MAX + 1], struct findings *f, struct err *e);

/* What goes into a tar: the files of the list, which are below dirfd, each as top/path. */
struct tar_spec {
    const struct filelist *list;
    int dirfd;
    const char *top;
    int64_t mtime_s;
};

/* Writes a canonical ustar to fd: sorted, uid and gid 0 without names, mode 0644, no folders, no padding past the two
 * empty blocks. A file that does not have its digest any more: -ESTALE. */
int tar_write(const struct tar_spec *t, int fd, struct err *e);

/* The same as the file of this path, which is the old one or the whole new one. */
int tar_save(const struct tar_spec *t, const char *path, struct err *e);

/* The digest of the tar that tar_write() would write. */
int tar_digest(const struct tar_spec *t, char hex[DIGEST_HEX], struct err *e);

/* Says how a tar that was unpacked differs in form from what tar_write() writes: "GNU headers, folders of their
 * own, owners"; "" where nothing of that kind is seen. -EINVAL (usage): it differs in more than form, as there is
 * something behind its end. */
int tar_describe(int fd, int64_t mtime_s, char *form, size_t cap, struct err *e);

/* The digest of a tar's own bytes, without its zstd compression; from its beginning. -EFBIG (usage): it is
 * longer than a bundle can be. */
int tar_digest_uncompressed(int fd, char hex[DIGEST_HEX], struct err *e);

/* Whether a bundle's tar can be written as the -o file, before anything is done for it. -EINVAL, -ENOENT and the like
 * (usage): its name does not end in .tar, or its folder is none that can be written into. */
int tar_check_output(const char *path, struct err *e);

#endif
