/* filelist: the files of a bundle as a sorted list of paths and digests, for pack, verify, sign and bag. They lie in a
 * folder, and the records in a spool beside it. Both are untrusted: what a bundle may not contain becomes a finding and
 * is left out. The caller owns the list. */
#ifndef TARE_FILELIST_H
#define TARE_FILELIST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"

struct err;
struct findings;
struct text;

#define FILELIST_PATH_MAX  200                /* bytes; ustar allows 255 in two parts */
#define FILELIST_COUNT_MAX 100000             /* ten times 10,000 records with their figures */
#define FILELIST_FILE_MAX  (1ULL << 30)       /* bytes of one file: an image's layer */
#define FILELIST_TOTAL_MAX (4 * (1ULL << 30)) /* bytes of all, uncompressed */
#define FILELIST_TWICE     "it occurs twice, or both as a file and as a folder"

struct listed_file {
    char path[FILELIST_PATH_MAX + 1];
    uint64_t size_bytes;
    char sha256[DIGEST_HEX];
    const struct spool *spool; /* holds its bytes, from at_bytes on; NULL: they are the file of this path. Borrowed */
    uint64_t at_bytes;
};

/* The files, sorted bytewise by path. Starts as {0}; the owner ends it with filelist_free(). */
struct filelist {
    struct listed_file *file;
    size_t count;
};

/* A listed file while it is read. */
struct opened_file {
    const struct listed_file *file;
    int fd, owned_fd; /* owned_fd: -1: fd is the spool's */
    uint64_t read_bytes;
};

void filelist_free(struct filelist *p);
#define cleanup_filelist __attribute__((cleanup(filelist_free)))

/* The file of this path, or NULL. */
const struct listed_file *filelist_find(const struct filelist *p, const char *path);

/* Why a path is not allowed in a bundle: absolute, "..", an empty part, too long, or a character other than
 * [A-Za-z0-9._/-]. NULL: it is allowed. Pure. */
const char *filelist_path_fault(const char *path);

/* Adds the files below dirfd, with digests, to those of the list, which are of a spool, and sorts it. Links, devices,
 * sockets, forbidden names, what the spool has too, too many and too large files become findings and are left out. A
 * negative errno (usage): a folder or file cannot be read. */
int filelist_read(int dirfd, struct filelist *ret, struct findings *f, struct err *e);

/* Adds a file whose bytes end where the spool does, at the end of the list: filelist_read() sorts it. */
void filelist_add_spooled(struct filelist *p, const char *path, const struct spool *spool, uint64_t size_bytes,
                          const char *sha256);

/* Adds a file below dirfd that was written since, or lists it anew, and keeps the order. A negative errno (ours): it
 * cannot be read. */
int filelist_add(struct filelist *p, int dirfd, const char *path, struct err *e);

/* The files below a folder ("data/"), by their paths in it: a list of its own. */
void filelist_below(const struct filelist *p, const char *folder, struct filelist *ret);

/* Opens a file of the list that was made of dirfd. -ESTALE: it has another size than is listed. The caller ends *ret
 * with filelist_close(), also after a failure. */
int filelist_open(const struct listed_file *file, int dirfd, struct opened_file *ret);
void filelist_close(struct opened_file *o);
#define cleanup_opened_file __attribute__((cleanup(filelist_close)))

/* Reads on into buf. Returns the bytes read, 0 at its end, or a negative errno. -ESTALE: it has become shorter. */
ssize_t filelist_next(struct opened_file *o, char *buf, size_t cap);

/* Reads it whole into ret, in place of what is there. Errors as above. */
int filelist_bytes(const struct listed_file *file, int dirfd, struct text *ret);

#endif
