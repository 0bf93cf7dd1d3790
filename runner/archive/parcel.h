/* parcel: the files of a bundle as a sorted list of paths and digests, out of a folder or a tar; and the tar made of
 * them. A parcel is hostile until shown otherwise: what is refused is a finding, and nothing is written for it. */
#ifndef TARE_PARCEL_H
#define TARE_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;
struct findings;

#define PARCEL_PATH_MAX  200                /* bytes; ustar holds 255 in two parts, of which no part is cut here */
#define PARCEL_FILES_MAX 100000             /* 10,000 records and their figures, tenfold */
#define PARCEL_FILE_MAX  (1ULL << 30)       /* bytes of one file: an image's layer */
#define PARCEL_TOTAL_MAX (4 * (1ULL << 30)) /* bytes of all, uncompressed */
#define PARCEL_RATIO_MAX 200                /* of all to the file that it comes out of, past what is small anyway: */
#define PARCEL_SMALL     (64ULL << 20)

struct parcel_file {
    char path[PARCEL_PATH_MAX + 1];
    uint64_t size_bytes;
    char sha256[DIGEST_HEX];
};

/* The files, sorted bytewise by path. Starts as {0}; the owner ends it with parcel_free(). */
struct parcel {
    struct parcel_file *file;
    size_t count;
    size_t cap;
};

void parcel_free(struct parcel *p);

/* The file of this path, or NULL. */
const struct parcel_file *parcel_find(const struct parcel *p, const char *path);

/* Why a path cannot be one of a bundle: absolute, "..", an empty part, too long, or a character other than
 * [A-Za-z0-9._/-]. NULL where it can. Pure. */
const char *parcel_path_fault(const char *path);

/* Lists what is below dirfd, with digests. Links, devices, sockets, names that cannot be, too many and too large files
 * are findings and left out. -errno (usage) where a folder or file cannot be read. */
int parcel_read_folder(int dirfd, struct parcel *ret, struct findings *f, struct err *e);

/* Unpacks a tar (ustar, pax or GNU's), plain or zstd-compressed, into the empty folder dirfd, without its one top
 * folder, whose name goes to top; that is "" where it was packed from inside of that folder, as "./bagit.txt". What
 * extended headers say of a name goes before the plain ones: the manifests tell what the bag should have. Refused, as
 * findings: links, devices, sparse files, paths that cannot be, an entry that comes twice, more than the limits above,
 * also where its headers only say so (it stops there). -errno (usage) where fd is no tar, with what it is where that
 * is known (zip, gzip, ...), or breaks off. */
int parcel_unpack(int fd, int dirfd, char top[PARCEL_PATH_MAX + 1], struct findings *f, struct err *e);

/* Writes the files below dirfd as a canonical ustar to fd, each as top/path: sorted, uid and gid 0 without names, mode
 * 0644, mtime as given, no folders, no padding past the two empty blocks. A file that does not have its
 * digest any more: -ESTALE. */
int parcel_write_tar(const struct parcel *p, int dirfd, const char *top, int64_t mtime_s, int fd, struct err *e);

/* The digest of the tar that parcel_write_tar() would write. */
int parcel_digest_tar(const struct parcel *p, int dirfd, const char *top, int64_t mtime_s, char hex[DIGEST_HEX],
                      struct err *e);

/* Says how a tar that was unpacked differs in form from what parcel_write_tar() writes: "GNU headers, folders of their
 * own, owners"; "" where nothing of that kind is seen. -EINVAL (usage): it differs in more than form, as there is
 * something behind its end. fd: its beginning is looked for. */
int parcel_describe_tar(int fd, int64_t mtime_s, char *form, size_t cap, struct err *e);

/* The digest of a tar's own bytes, without its zstd compression; fd stands at its beginning. -EFBIG (usage): it is
 * longer than a bundle can be. */
int parcel_digest_uncompressed(int fd, char hex[DIGEST_HEX], struct err *e);

#endif
