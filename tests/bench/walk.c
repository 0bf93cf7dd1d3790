/* walk: what sampler.py measures. Told by a letter a line on standard input, it answers each with the CPU time that
 * this thread took for it, in ns, and how many processes it summed:
 *
 *     s    one walk of tare's sampler over the processes of the cgroup
 *     k    the bare kernel read: the list of the pids, then open, read and close of each one's smaps_rollup; nothing is
 * parsed but the pids
 *
 * usage: walk CGROUP      its processes are members, too, as workers are */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "launch/sample.h"

#define PIDS_MAX 8192

static int64_t thread_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static size_t list(int procs_fd, int *pids)
{
    static char text[1 << 16];
    size_t len = 0, count = 0;
    for (ssize_t n = 1; n > 0; len += n > 0 ? (size_t)n : 0) /* a page each */
        n = pread(procs_fd, text + len, sizeof(text) - 1 - len, (off_t)len);
    text[len] = '\0';
    for (char *at = text, *end; count < PIDS_MAX; at = end) {
        const long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        pids[count++] = (int)pid;
    }
    return count;
}

static size_t read_all(int procs_fd)
{
    static int pids[PIDS_MAX];
    const size_t count = list(procs_fd, pids);
    size_t read_from = 0;
    for (size_t i = 0; i < count; i++) {
        char path[64], text[4096];
        (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pids[i]);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        read_from += fd >= 0 && read(fd, text, sizeof(text)) > 0;
        if (fd >= 0)
            (void)close(fd);
    }
    return read_from;
}

int main(int argc, char **argv)
{
    static int members[PIDS_MAX];
    char line[16];
    const int dirfd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const int procs_fd = dirfd < 0 ? -1 : openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (procs_fd < 0) {
        perror(argc == 2 ? argv[1] : "usage: walk CGROUP");
        return 2;
    }
    struct sampler *sampler = sampler_open(dirfd);
    const size_t count = list(procs_fd, members);
    while (fgets(line, sizeof(line), stdin)) {
        struct sample sample = {0};
        const int64_t start_ns = thread_ns();
        if (line[0] == 's')
            sampler_walk(sampler, members, count, &sample);
        const size_t summed = line[0] == 's' ? sample.all_count : read_all(procs_fd);
        (void)printf("%lld %zu\n", (long long)(thread_ns() - start_ns), summed);
        (void)fflush(stdout);
    }
    sampler_close(&sampler);
    return 0;
}
