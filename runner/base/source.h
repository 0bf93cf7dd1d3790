/* source: opens and reads files that somebody else may have written: opens no device, waits for no FIFO, and reads no
 * more than a limit. */
#ifndef TARE_SOURCE_H
#define TARE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct stat;
struct text;

/* Opens a regular file below dirfd (AT_FDCWD: the working directory) for reading. It is first opened with O_PATH
 * (open(2)), which opens no device and waits for no FIFO. follow: a link as the last part of the path is followed. st:
 * receives fstat(2); NULL is allowed. Returns a descriptor for the caller to close. -ENOTSUP: not a regular file.
 * -ELOOP: a link. -ENOENT, -EACCES, … */
int source_open(int dirfd, const char *path, bool follow, struct stat *st);

/* Appends the file to ret; ret->data is then never NULL. -EFBIG: more than max bytes; else as source_open(). */
int source_read(int dirfd, const char *path, bool follow, size_t max, struct text *ret, struct stat *st);

/* The message for an error of these two: "is not a regular file" for -ENOTSUP, else strerror(3). */
const char *source_fault(int code);

#endif
