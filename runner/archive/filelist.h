/* filelist: the files of a bundle's folder as a sorted list of paths and digests, for pack, verify, sign and bag. The
 * folder is untrusted: what a bundle may not contain becomes a finding and is left out. The caller owns the list. */
#ifndef TARE_FILELIST_H
#define TARE_FILELIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;
struct findings;

#define FILELIST_PATH_MAX  200                /* bytes; ustar allows 255 in two parts */
#define FILELIST_COUNT_MAX 100000             /* ten times 10,000 records with their figures */
#define FILELIST_FILE_MAX  (1ULL << 30)       /* bytes of one file: an image's layer */
#define FILELIST_TOTAL_MAX (4 * (1ULL << 30)) /* bytes of all, uncompressed */

struct listed_file {
    char path[FILELIST_PATH_MAX + 1];
    uint64_t size_bytes;
    char sha256[DIGEST_HEX];
};

/* The files, sorted bytewise by path. Starts as {0}; the owner ends it with filelist_free(). */
struct filelist {
    struct listed_file *file;
    size_t count;
};

void filelist_free(struct filelist *p);
#define cleanup_filelist __attribute__((cleanup(filelist_free)))

/* The file of this path, or NULL. */
const struct listed_file *filelist_find(const struct filelist *p, const char *path);

/* Why a path is not allowed in a bundle: absolute, "..", an empty part, too long, or a character other than
 * [A-Za-z0-9._/-]. NULL: it is allowed. Pure. */
const char *filelist_path_fault(const char *path);

/* Lists the files below dirfd, with digests. Links, devices, sockets, forbidden names, too many and too large files
 * become findings and are left out. A negative errno (usage): a folder or file cannot be read. */
int filelist_read(int dirfd, struct filelist *ret, struct findings *f, struct err *e);

#endif
