/* beneath: opens paths below a folder held by its descriptor, and never outside of it. For every file of a bundle,
 * plan, record or sysroot. The caller closes each descriptor. */
#ifndef TARE_BENEATH_H
#define TARE_BENEATH_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct err;

/* Opens a relative path below dirfd. ".." and symbolic links, also as the last name, are refused (openat2(2),
 * RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). Without openat2 (before Linux 5.6, or filtered) it opens each name with
 * O_NOFOLLOW: the same, except that a folder moved away meanwhile is followed. O_CLOEXEC is added. Returns a descriptor
 * or a negative errno; -ELOOP: a link. -EXDEV: it would leave the folder. */
int beneath_open(int dirfd, const char *path, int flags, mode_t mode);

/* Opens path in the tree at root as after chroot(2): absolute links and ".." stay in the tree (RESOLVE_IN_ROOT).
 * Without openat2 a link is -ELOOP. root "" or NULL: the real root, with open(2). */
int beneath_open_root(const char *root, const char *path, int flags);

/* The same for reading a folder; NULL and errno on failure. */
DIR *beneath_open_dir(const char *root, const char *path);

/* Whether the path exists in the tree, links followed. */
bool beneath_exists(const char *root, const char *path);

/* Reads the target of a link in the tree, ended by NUL. Returns its length or a negative errno; -EINVAL: not a link. */
ssize_t beneath_read_link(const char *root, const char *path, char *buf, size_t cap);

/* Resolves a path given by the user into its folder and its last name, which is not a link. make: missing folders are
 * made, mode 0755. Root follows only links that root owns: another owner could choose what root writes to. -EPERM
 * (usage): such a link; the message says what to name instead. -ENAMETOOLONG, -ENOENT, … (usage). */
int beneath_resolve(const char *path, bool make, int *ret_dirfd, char name[NAME_MAX + 1], struct err *e);

/* The same for a path that is a folder. */
int beneath_open_folder(const char *path, bool make, int *ret, struct err *e);

/* mkdir -p of a relative path below dirfd. 0 or a negative errno. */
int beneath_make_folders(int dirfd, const char *path);

#endif
