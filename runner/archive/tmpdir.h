/* tmpdir: a folder for as long as a command needs it. Pack, verify, push, pull and skopeo work in one. Whoever made it
 * removes it; where a signal ends the process, tmpdir does. */
#ifndef TARE_TMPDIR_H
#define TARE_TMPDIR_H

#include <limits.h>

struct err;

/* Starts as {.fd = -1} or {0}; gone with tmpdir_remove(). */
struct tmpdir {
    char path[PATH_MAX / 2];
    int fd;
};

/* Makes an empty one in `beside` (NULL: $TMPDIR or /tmp), mode 0700. It is removed when the process is ended by SIGINT,
 * SIGTERM or SIGHUP too, after what the process has started; where it was killed `tare clean` does it, in $TMPDIR and
 * /tmp alone. At most four at a time. -ENOSPC and the like (host). */
int tmpdir_make(const char *beside, struct tmpdir *ret, struct err *e);
void tmpdir_remove(struct tmpdir *s);
#define cleanup_tmpdir __attribute__((cleanup(tmpdir_remove)))

#endif
