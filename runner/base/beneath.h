/* beneath: opening names below a folder that is held, and never outside of it. */
#ifndef TARE_BENEATH_H
#define TARE_BENEATH_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct err;

/* Opens a relative path below dirfd: no "..", no symbolic link in it, not even at its end (openat2(2),
 * RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). Where the kernel or a filter has no openat2 (before Linux 5.6) each name is
 * opened by itself with O_NOFOLLOW: the same promise, but that a folder which is moved away meanwhile is followed.
 * O_CLOEXEC is added. A descriptor, or a negative errno; -ELOOP: a link; -EXDEV: it would leave the folder. */
int beneath_open(int dirfd, const char *path, int flags, mode_t mode);

/* Opens path in the tree at root as chroot(2) would: absolute links and ".." lead to the tree's own top
 * (RESOLVE_IN_ROOT). Without openat2 a link is -ELOOP. root "" or NULL: the real one, opened as open(2) does. */
int beneath_open_root(const char *root, const char *path, int flags);

/* The same of a folder that is to be read; NULL and errno. The caller closes it. */
DIR *beneath_open_dir(const char *root, const char *path);

/* Whether there is something of this name in the tree, at the end of its links. */
bool beneath_exists(const char *root, const char *path);

/* The text of a link in the tree, ended by NUL. Returns its length, or a negative errno; -EINVAL: it is none. */
ssize_t beneath_read_link(const char *root, const char *path, char *buf, size_t cap);

/* Where a path that the user named leads: its folder, held, and the last name in it, which is no link. make: folders
 * that are missing are made, mode 0755. Root follows no link but root's own: whoever placed another could choose what
 * root writes to. -EPERM (usage): such a link; the message says what to name in its place. -ENAMETOOLONG, -ENOENT, …
 * (usage). The caller closes the folder. */
int beneath_resolve(const char *path, bool make, int *ret_dirfd, char name[NAME_MAX + 1], struct err *e);

/* The same of a path that is a folder itself. */
int beneath_open_folder(const char *path, bool make, int *ret, struct err *e);

/* mkdir -p of a relative path below dirfd. 0 or a negative errno. */
int beneath_make_folders(int dirfd, const char *path);

#endif
