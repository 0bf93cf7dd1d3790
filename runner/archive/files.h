/* files: reads and writes files below a folder given by its descriptor. Bundles, bags and OCI layouts are made and read
 * with it. No path leads out of the folder, and links are not followed. */
#ifndef TARE_FILES_H
#define TARE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct text;

/* Writes a file below dirfd and makes its folders. -EEXIST: it exists already. */
int files_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e);

/* Appends a file below dirfd to ret; ret->data is then never NULL. Links are followed if dirfd is AT_FDCWD, for the
 * user's own files. -EFBIG: more than max bytes in ret. */
int files_read(int dirfd, const char *path, size_t max, struct text *ret);

/* Makes the folders of a path below dirfd. 0 or a negative errno. */
int files_make_folders(int dirfd, const char *path);

/* Whether the files at this path below both folders have equal bytes. false also if one cannot be read. */
bool files_same(int a_fd, int b_fd, const char *path);

#endif
