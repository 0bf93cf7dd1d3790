#include "launch/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"

#define ROOM ((size_t)1 << 16)
#define PIPE (1 << 20) /* an unprivileged user's maximum (pipe(7), pipe-max-size); less suffices */

static bool is_file(int fd, struct stat *st)
{
    return fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

static int open_pipe(struct relay *r, int n, int *fd, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    r->from[n] = ends[0];
    r->into[n] = ends[1];
    r->file[n] = *fd;
    *fd = ends[1];
    /* 0222: the command, maybe another user, can reopen it as /dev/stdout. */
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 || fchmod(ends[1], 0222) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE);
    return 0;
}

int relay_open(struct relay *ret, int *out, int *error, struct err *e)
{
    struct stat of_out, of_error;
    bool out_is = is_file(*out, &of_out), error_is = is_file(*error, &of_error);
    bool same = out_is && error_is && of_out.st_dev == of_error.st_dev && of_out.st_ino == of_error.st_ino;
    *ret = RELAY_NONE;
    int failed = out_is ? open_pipe(ret, 0, out, e) : 0;
    if (failed == 0 && same)
        *error = *out;
    else if (failed == 0 && error_is)
        failed = open_pipe(ret, 1, error, e);
    if (failed != 0)
        relay_close(ret);
    return failed;
}

void relay_started(struct relay *r)
{
    for (int i = 0; i < RELAY_PIPES; i++)
        close_fd(&r->into[i]);
}

/* Closes a pipe whose file cannot be written any more: the command then gets SIGPIPE. */
void relay_take(struct relay *r, int pipe)
{
    static char room[ROOM];
    ssize_t n = read(r->from[pipe], room, sizeof(room));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    int failed = n > 0 ? file_write_fd(r->file[pipe], room, (size_t)n) : 0;
    if (failed != 0 && r->failed == 0)
        r->failed = -failed;
    if (n <= 0 || failed != 0)
        (void)close(STEAL_FD(r->from[pipe]));
}

int relay_finish(struct relay *r)
{
    for (int i = 0; i < RELAY_PIPES; i++) {
        struct pollfd p = {.fd = r->from[i], .events = POLLIN};
        while (r->from[i] >= 0 && poll(&p, 1, 0) > 0)
            relay_take(r, i);
    }
    return -r->failed;
}

void relay_close(struct relay *r)
{
    relay_started(r);
    for (int i = 0; i < RELAY_PIPES; i++)
        close_fd(&r->from[i]);
}
