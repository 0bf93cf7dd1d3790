/* file: small files read whole, under a root prefix where one is given; files written whole or not at all. */
#ifndef TARE_FILE_H
#define TARE_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct err;
struct text;

/* Reads root + path (root "" or NULL: the real one) into buf, ended by NUL, one newline at the end taken off.
 * Returns the length, or a negative errno; -EFBIG where it does not fit. */
ssize_t file_read(const char *root, const char *path, char *buf, size_t cap);

/* The same below an open directory. */
ssize_t file_read_at(int dirfd, const char *name, char *buf, size_t cap);

/* Reads a file of any size and appends it to ret. Returns 0 or a negative errno. */
int file_read_all(const char *root, const char *path, struct text *ret);

/* Writes a kernel file: one write call, no creation. Returns 0 or a negative errno. */
int file_write_at(int dirfd, const char *name, const char *value);

/* A file in the making: written under a temporary name beside its path, synced and renamed when it is whole
 * (rename(2): a reader sees the old file or the new). Until then, and after a failure, path is untouched. */
struct file_draft {
    FILE *stream;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
};

/* Opens the draft; of a link, beside the file that it leads to. -EINVAL (usage): no regular file, or something in /dev
 * or /proc. -ENAMETOOLONG, -EACCES, -ENOENT, … On success it is ended by commit or abandon. */
int file_draft_open(const char *path, struct file_draft *ret, struct err *e);
/* Syncs, closes, renames and syncs the folder. On failure the temporary file is gone. */
int file_draft_commit(struct file_draft *draft, struct err *e);
void file_draft_abandon(struct file_draft *draft);

/* A draft of these bytes, opened, written and committed. */
int file_replace(const char *path, const char *bytes, size_t len, struct err *e);

/* Removes what name is below dirfd (AT_FDCWD: the working directory), a folder with all that is in it; links are not
 * followed, not even one that its owner swaps in meanwhile. Returns 0, also where there is none, or a negative errno;
 * -ELOOP: nested deeper than 256 folders. */
int file_remove_tree(int dirfd, const char *name);

/* A new file of mode 0644, whatever the umask, below an open directory. -EEXIST: there is something of that name. What
 * was begun and failed is gone. */
int file_create_at(int dirfd, const char *name, const char *bytes, size_t len, struct err *e);

/* FOLDER/name in the first of these folders that has it; they are relative to the folder that this program is in, as a
 * build tree and an installation have them. Returns 0, -ENOENT, or why the program's own place is not known. */
int file_beside_program(const char *const *folder, size_t folders, const char *name, char *buf, size_t cap);

/* mkdir -p. Returns 0 or a negative errno. */
int file_make_dirs(const char *path);

#endif
