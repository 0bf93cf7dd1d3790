#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

int source_open(int dirfd, const char *path, bool follow, struct stat *st)
{
    char link[64];
    struct stat looked = {0};
    if (!st)
        st = &looked;
    cleanup_close int place = openat(dirfd, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    if (place < 0 || fstat(place, st) != 0)
        return -errno;
    if (S_ISLNK(st->st_mode))
        return -ELOOP;
    if (!S_ISREG(st->st_mode))
        return -ENOTSUP;
    /* Opens the file that was checked, even if the path now leads elsewhere (proc(5), /proc/PID/fd). */
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    int fd = open(link, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int source_read(int dirfd, const char *path, bool follow, size_t max, struct text *ret, struct stat *st)
{
    text_add_bytes(ret, "", 0);
    cleanup_close int fd = source_open(dirfd, path, follow, st);
    return fd < 0 ? fd : file_append_fd(fd, max, ret);
}

const char *source_fault(int code)
{
    return code == -ENOTSUP ? "is not a regular file" : strerror(-code);
}
