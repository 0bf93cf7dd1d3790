#include "archive/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"

int files_make_folders(int dirfd, const char *path)
{
    char part[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        text_format(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (mkdirat(dirfd, part, 0755) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

int files_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e)
{
    TRY(err_code(e, ERR_OURS, files_make_folders(dirfd, path), "%s", path));
    return file_create_at(dirfd, path, bytes, len, e);
}

int files_read(int dirfd, const char *path, size_t max, struct text *ret)
{
    return source_read(dirfd, path, dirfd == AT_FDCWD, max - ret->len, ret, NULL);
}

bool files_same(int a_fd, int b_fd, const char *path)
{
    char a_block[16384], b_block[16384];
    cleanup_close int a = openat(a_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    cleanup_close int b = openat(b_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    for (;;) {
        ssize_t n = a < 0 ? -1 : file_read_fd(a, -1, a_block, sizeof(a_block));
        ssize_t m = b < 0 ? -1 : file_read_fd(b, -1, b_block, sizeof(b_block));
        if (n < 0 || n != m || memcmp(a_block, b_block, (size_t)n) != 0)
            return false;
        if (n == 0)
            return true;
    }
}
