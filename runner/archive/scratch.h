/* scratch: folders of the artefact's own, and files in them by a descriptor. */
#ifndef TARE_SCRATCH_H
#define TARE_SCRATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct text;

/* A folder that is gone with scratch_end(). */
struct scratch {
    char path[PATH_MAX / 2];
    int fd;
};

/* Makes an empty one in `beside` (NULL: $TMPDIR or /tmp), mode 0700. It is removed when the process is ended by SIGINT,
 * SIGTERM or SIGHUP too, after what the process has started; where it was killed `tare clean` does it, in $TMPDIR and
 * /tmp alone. At most four at a time. -ENOSPC and the like (host). */
int scratch_begin(const char *beside, struct scratch *ret, struct err *e);
void scratch_end(struct scratch *s);

/* Writes a file of these bytes below dirfd, its folders made as needed. -EEXIST (ours): it is there already. */
int scratch_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e);

/* Appends a file below dirfd to ret, which is then never NULL. Links are followed where dirfd is AT_FDCWD: a
 * file of the user's. -EFBIG: larger than max. */
int scratch_read(int dirfd, const char *path, size_t max, struct text *ret);

/* The folders that lead to a path, below dirfd. 0 or a negative errno. */
int scratch_make_folders(int dirfd, const char *path);

/* Whether a bundle's tar can be written as the -o file, before anything is done for it. -EINVAL, -ENOENT and the like
 * (usage): its name does not end in .tar, or its folder is none that can be written into. */
int scratch_check_output(const char *path, struct err *e);

/* Whether two files below two folders have the same bytes. false also where one cannot be read. */
bool scratch_same(int a_fd, int b_fd, const char *path);

#endif
