/* spool: the bytes of many small files behind one another in one file. To make, open and remove a file costs more than
 * to write a record, and a bundle has thousands of them. */
#ifndef TARE_SPOOL_H
#define TARE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* Starts as SPOOL_UNOPENED; the owner ends it with spool_close(). */
struct spool {
    int fd;
    uint64_t bytes; /* written so far */
};
#define SPOOL_UNOPENED ((struct spool){.fd = -1})

/* Makes the spool's file in the folder dirfd and takes its name away at once: it is gone with its descriptor. -ENOSPC
 * and the like (host). */
int spool_open(int dirfd, struct spool *ret, struct err *e);
void spool_close(struct spool *s);

/* Appends bytes, which begin at the s->bytes of before. A negative errno: they cannot be written. */
int spool_add(struct spool *s, const void *bytes, size_t len);

#endif
