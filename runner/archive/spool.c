#include "archive/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

#define NAME ".spool"

int spool_open(int dirfd, struct spool *ret, struct err *e)
{
    ret->fd = openat(dirfd, NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ret->bytes = 0;
    return ret->fd >= 0 && unlinkat(dirfd, NAME, 0) == 0 ? 0 : err_sys(e, ERR_HOST, "a temporary file for the records");
}

void spool_close(struct spool *s)
{
    if (s->fd >= 0)
        (void)close(STEAL_FD(s->fd));
    s->bytes = 0;
}

int spool_add(struct spool *s, const void *bytes, size_t len)
{
    for (const char *p = bytes; len > 0;) {
        ssize_t n = pwrite(s->fd, p, len, (off_t)s->bytes);
        if (n < 0 && errno != EINTR)
            return -errno;
        s->bytes += n > 0 ? (uint64_t)n : 0;
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}
