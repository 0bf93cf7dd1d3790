/* files: reads and writes files below a folder that the caller holds by its descriptor. Bundles, bags and OCI layouts
 * are made and read with it; no path leads out of the folder, and links are not followed. */
#ifndef TARE_FILES_H
#define TARE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct text;

/* Writes a file of these bytes below dirfd, its folders made as needed. -EEXIST (ours): it is there already. */
int files_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e);

/* Appends a file below dirfd to ret, which is then never NULL. Links are followed where dirfd is AT_FDCWD: a
 * file of the user's. -EFBIG: larger than max. */
int files_read(int dirfd, const char *path, size_t max, struct text *ret);

/* The folders that lead to a path, below dirfd. 0 or a negative errno. */
int files_make_folders(int dirfd, const char *path);

/* Whether two files below two folders have the same bytes. false also where one cannot be read. */
bool files_same(int a_fd, int b_fd, const char *path);

#endif
