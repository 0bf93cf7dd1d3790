/* source: a file that somebody else may have written, opened without harm and read whole: no device is opened, no FIFO
 * is waited for, and nothing larger than it may be is read. */
#ifndef TARE_SOURCE_H
#define TARE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct stat;
struct text;

/* Opens a file below dirfd (AT_FDCWD: the working directory) for reading, after it was looked at by O_PATH (open(2)),
 * which neither opens a device nor waits for a FIFO's writer. follow: a link that is the path's last part is followed.
 * st: what fstat(2) says of it; NULL is allowed. The caller closes what is returned. -ENOTSUP: it is no regular file;
 * -ELOOP: a link that is not followed; -ENOENT, -EACCES, ... */
int source_open(int dirfd, const char *path, bool follow, struct stat *st);

/* Appends the whole file to ret, which is then never NULL. -EFBIG: it has more than max bytes; else as source_open().
 */
int source_read(int dirfd, const char *path, bool follow, size_t max, struct text *ret, struct stat *st);

/* What an error of these two says: "is no regular file" of -ENOTSUP, else strerror(3)'s. */
const char *source_fault(int code);

#endif
