#include "artefact/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#define SLOTS 4

/* The folders there are, for whoever ends the process. */
static char standing[SLOTS][PATH_MAX / 2];

/* Reading folders is not async-signal-safe by the letter; here the process is at its end, and nothing else runs after
 * it. */
static void on_end(int signal)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (*standing[i])
            (void)file_remove_tree(AT_FDCWD, standing[i]);
    (void)raise(signal); /* SA_RESETHAND: the default now */
}

static void watch_for_the_end(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    (void)sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++)
        (void)sigaction(SIGNALS[i], &act, NULL);
}

static void stand(const char *path, const char *instead)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (strcmp(standing[i], path) == 0) {
            text_format(standing[i], sizeof(standing[i]), "%s", instead);
            return;
        }
}

int scratch_begin(const char *beside, struct scratch *ret, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    const char *in = beside ? beside : tmp && *tmp ? tmp : "/tmp";
    if (strlen(in) > sizeof(ret->path) - 32)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", in);
    text_format(ret->path, sizeof(ret->path), "%s/.tare-XXXXXX", in);
    if (!mkdtemp(ret->path))
        return err_sys(e, ERR_HOST, "a folder in '%s'", in);
    stand("", ret->path);
    watch_for_the_end();
    ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret->fd >= 0)
        return 0;
    int failed = err_sys(e, ERR_HOST, "'%s'", ret->path);
    scratch_end(ret);
    return failed;
}

void scratch_end(struct scratch *s)
{
    if (!*s->path)
        return;
    if (s->fd >= 0)
        (void)close(STEAL_FD(s->fd));
    (void)file_remove_tree(AT_FDCWD, s->path);
    stand(s->path, "");
    s->path[0] = '\0';
}

int scratch_make_folders(int dirfd, const char *path)
{
    char part[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        text_format(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (mkdirat(dirfd, part, 0755) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

int scratch_write(int dirfd, const char *path, const char *bytes, size_t len, struct err *e)
{
    int failed = scratch_make_folders(dirfd, path);
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "%s: %s", path, strerror(-failed));
    return file_create_at(dirfd, path, bytes, len, e);
}

int scratch_read(int dirfd, const char *path, size_t max, struct text *ret)
{
    char chunk[16384];
    const int follow = dirfd == AT_FDCWD ? 0 : O_NOFOLLOW;
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow);
    text_add_bytes(ret, "", 0);
    if (fd < 0)
        return -errno;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (ret->len + (size_t)n > max)
            return -EFBIG;
        text_add_bytes(ret, chunk, (size_t)n);
    }
}

static ssize_t read_block(int fd, char *buf, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = read(fd, buf + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

bool scratch_same(int a_fd, int b_fd, const char *path)
{
    char a_block[16384], b_block[16384];
    cleanup_close int a = openat(a_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    cleanup_close int b = openat(b_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    for (;;) {
        ssize_t n = a < 0 ? -1 : read_block(a, a_block, sizeof(a_block));
        ssize_t m = b < 0 ? -1 : read_block(b, b_block, sizeof(b_block));
        if (n < 0 || n != m || memcmp(a_block, b_block, (size_t)n) != 0)
            return false;
        if (n == 0)
            return true;
    }
}
