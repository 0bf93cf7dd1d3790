/* temporary: a folder of tare's own for a while. `tare clean` knows it by its name, and that it is in use by its lock.
 */
#ifndef TARE_TEMPORARY_H
#define TARE_TEMPORARY_H

#include <limits.h>

struct err;

#define TEMPORARY_NAME_MAX 24

struct temporary {
    int parent_fd; /* the folder that it is in */
    int fd;        /* itself; holds the lock (flock(2)) */
    char name[TEMPORARY_NAME_MAX];
    char path[PATH_MAX]; /* as it was named: "" for none */
};

#define TEMPORARY_NONE ((struct temporary){.parent_fd = -1, .fd = -1})

/* Where such folders are: $TMPDIR, else /tmp. */
const char *temporary_base(void);

/* Makes an empty one, mode 0700: base/PREFIXxxxxxx with six letters or digits at random. The base is opened as
 * beneath_open_folder() opens it, so that root goes through no other user's link, and all that follows is done below
 * it. The caller ends it with temporary_remove(). -EACCES, -ENOSPC, … and -EPERM, such a link (host). */
int temporary_make(const char *base, const char *prefix, struct temporary *ret, struct err *e);

/* Removes it with all that is in it, if it is still in its place, and says on standard error what stays. It becomes
 * TEMPORARY_NONE. */
void temporary_remove(struct temporary *t);

#endif
