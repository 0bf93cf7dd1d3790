#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"

int standard_open(void)
{
    bool is_open = true;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        is_open = is_open && fcntl(fd, F_GETFD) >= 0;
    while (!is_open) { /* open(2) takes the lowest free descriptor */
        int fd = open("/dev/null", O_RDWR | O_NOCTTY);
        if (fd < 0)
            return -errno;
        is_open = fd >= STDERR_FILENO;
        if (fd > STDERR_FILENO)
            return close(fd) == 0 ? 0 : -errno;
    }
    return 0;
}

bool standard_stack_suffices(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STANDARD_STACK_MIN)
        return true;
    (void)fprintf(stderr, "tare: the stack limit is %llu KiB; at least %zu KiB are needed (ulimit -s %zu)\n",
                  (unsigned long long)limit.rlim_cur >> 10, STANDARD_STACK_MIN >> 10, STANDARD_STACK_MIN >> 10);
    return false;
}

static int to_null(int standard, int flags, const char *what, struct err *e)
{
    int fd = open("/dev/null", flags | O_CLOEXEC);
    bool done = fd >= 0 && dup2(fd, standard) == standard;
    if (!done)
        return err_sys(e, ERR_OURS, "cannot redirect standard %s to /dev/null", what);
    (void)close(fd);
    return 0;
}

/* /dev/null, /dev/zero and the like (devices.txt: major 1, memory devices). */
static bool is_the_same_for_all(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1;
}

/* Copies standard input to fd. */
static int read_to_end(int fd, struct err *e)
{
    static char chunk[1 << 16];
    size_t size = 0;
    for (;;) {
        ssize_t n = file_read_fd(STDIN_FILENO, -1, chunk, sizeof(chunk));
        if (n <= 0)
            return err_code(e, ERR_USAGE, (int)n, "standard input");
        size += (size_t)n;
        if (size > STANDARD_INPUT_MAX)
            return err_set(
                e, ERR_USAGE, -E2BIG,
                "standard input: more than %zu MiB cannot be repeated for each invocation (give a file: < FILE)",
                STANDARD_INPUT_MAX >> 20);
        TRY(err_code(e, ERR_HOST, file_write_fd(fd, chunk, (size_t)n), "cannot keep standard input"));
    }
}

static int keep_in_memory(struct err *e)
{
    cleanup_close int fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    TRY(fd < 0 ? err_sys(e, ERR_HOST, "cannot keep standard input") : read_to_end(fd, e));
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 ||
        lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, STDIN_FILENO) < 0)
        return err_sys(e, ERR_OURS, "cannot keep standard input");
    return 0;
}

int standard_input_keep(off_t *from, struct err *e)
{
    struct stat st;
    *from = -1;
    if (fstat(STDIN_FILENO, &st) != 0)
        return err_sys(e, ERR_USAGE, "standard input");
    if (is_the_same_for_all(&st))
        return 0;
    if (isatty(STDIN_FILENO))
        return to_null(STDIN_FILENO, O_RDONLY, "input", e);
    if (S_ISREG(st.st_mode)) {
        *from = lseek(STDIN_FILENO, 0, SEEK_CUR);
        return *from < 0 ? err_sys(e, ERR_USAGE, "standard input") : 0;
    }
    if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return err_set(
            e, ERR_USAGE, -ENOTSUP,
            "standard input is a device, which cannot be repeated for each invocation (give < /dev/null or < FILE)");
    int failed = keep_in_memory(e);
    *from = 0;
    return failed;
}

void standard_input_again(off_t from)
{
    if (from >= 0)
        (void)lseek(STDIN_FILENO, from, SEEK_SET);
}

int standard_silence(struct err *e)
{
    return to_null(STDOUT_FILENO, O_WRONLY, "output", e);
}
