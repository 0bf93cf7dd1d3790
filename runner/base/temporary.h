/* temporary: temporary folders of tare. `tare clean` finds them by their names and sees by the lock which are in use.
 */
#ifndef TARE_TEMPORARY_H
#define TARE_TEMPORARY_H

#include <limits.h>

struct err;

#define TEMPORARY_NAME_MAX 24
#define TEMPORARY_BASE_MAX (PATH_MAX - 512) /* every name in the folder fits into PATH_MAX */

struct temporary {
    int parent_fd; /* the folder in which it lies */
    int fd;        /* holds the lock (flock(2)) */
    char name[TEMPORARY_NAME_MAX];
    char path[PATH_MAX]; /* for messages; "" for none */
};

#define TEMPORARY_NONE ((struct temporary){.parent_fd = -1, .fd = -1})

/* Where they are made: $TMPDIR, else /tmp. */
const char *temporary_base(void);

/* Makes an empty folder, mode 0700: base/PREFIXxxxxxx with six random letters or digits. base is opened by
 * beneath_open_folder(), so that root follows no other user's link; all later work is done below it. The caller ends it
 * with temporary_remove(). -EACCES, -ENOSPC, …; -EPERM: such a link (all host). -ENAMETOOLONG (usage). */
int temporary_make(const char *base, const char *prefix, struct temporary *ret, struct err *e);

/* Removes it with its content if it is still in its place; prints on standard error what could not be removed. Sets *t
 * to TEMPORARY_NONE. */
void temporary_remove(struct temporary *t);

#endif
