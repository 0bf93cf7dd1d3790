#include "archive/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"

#define NAME ".spool"

int spool_open(int dirfd, struct spool *ret, struct err *e)
{
    ret->fd = openat(dirfd, NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ret->bytes = 0;
    return ret->fd >= 0 && unlinkat(dirfd, NAME, 0) == 0 ? 0 : err_sys(e, ERR_HOST, "a temporary file for the records");
}

void spool_close(struct spool *s)
{
    close_fd(&s->fd);
    s->bytes = 0;
}

int spool_add(struct spool *s, const void *bytes, size_t len)
{
    s->bytes += len; /* what is read of it is read by pread(2), so that it stands at its end */
    return file_write_fd(s->fd, bytes, len);
}
