#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
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
    /* The very file that was looked at, whatever the path leads to by now (proc(5), /proc/PID/fd). */
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    int fd = open(link, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int source_read(int dirfd, const char *path, bool follow, size_t max, struct text *ret, struct stat *st)
{
    char chunk[16384];
    text_add_bytes(ret, "", 0);
    cleanup_close int fd = source_open(dirfd, path, follow, st);
    if (fd < 0)
        return fd;
    for (size_t len = 0;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        len += (size_t)n;
        if (len > max)
            return -EFBIG;
        text_add_bytes(ret, chunk, (size_t)n);
    }
}

const char *source_fault(int code)
{
    return code == -ENOTSUP ? "is no regular file" : strerror(-code);
}
