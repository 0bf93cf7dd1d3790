#include "cgroups/cgdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"

#define BACKOFF_FIRST_NS (100 * 1000LL)
#define BACKOFF_LAST_NS  (10 * NS_PER_MS)
#define MOVE_ROUNDS      100 /* a process forked during one round is moved in the next */
#define FREEZE_WAIT_NS   (500 * NS_PER_MS)

static int read_event(int dirfd, const char *key)
{
    char events[256];
    uint64_t v = 0;
    ssize_t len = file_read_at(dirfd, "cgroup.events", events, sizeof(events));
    TRY(len < 0 ? (int)len : cgfile_key(events, key, &v));
    return v != 0;
}

int cgdir_populated(int dirfd)
{
    return read_event(dirfd, "populated");
}

/* Waits briefly for cgroup.events to change: the kernel reports changes at most every 10 ms
 * (CGROUP_FILE_NOTIFY_MIN_INTV), but a killed process is usually gone after a tenth of that. */
static void wait_for_change(int events_fd, int64_t *pause_ns, int64_t left_ns)
{
    struct pollfd p = {.fd = events_fd, .events = POLLPRI};
    struct timespec t = clock_timespec(*pause_ns < left_ns ? *pause_ns : left_ns);
    (void)ppoll(&p, 1, &t, NULL);
    if (*pause_ns < BACKOFF_LAST_NS)
        *pause_ns *= 2;
}

static int wait_event(int dirfd, const char *key, int want, int64_t deadline_ns)
{
    cleanup_close int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    char first[256];
    if (fd < 0)
        return -errno;
    for (int64_t pause_ns = BACKOFF_FIRST_NS;;) {
        /* poll(2) reports changes since this descriptor was last read. */
        if (pread(fd, first, sizeof(first), 0) < 0)
            return -errno;
        int now = read_event(dirfd, key);
        if (now < 0 || now == want)
            return now < 0 ? now : 0;
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (left_ns <= 0)
            return -ETIMEDOUT;
        wait_for_change(fd, &pause_ns, left_ns);
    }
}

DIR *cgdir_children(int dirfd)
{
    cleanup_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *children = fd < 0 ? NULL : fdopendir(fd);
    if (children)
        STEAL_FD(fd);
    return children;
}

const struct dirent *cgdir_next_child(DIR *children)
{
    const struct dirent *d = NULL;
    do {
        if (!children)
            return NULL;
        errno = 0;
        d = readdir(children);
    } while (d && (d->d_type != DT_DIR || strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0));
    return d;
}

static int open_child(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The lines of cgroup.procs; NULL and errno on failure. The caller closes it. */
static FILE *open_procs(int dirfd)
{
    cleanup_close int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *procs = fd < 0 ? NULL : fdopen(fd, "r");
    if (procs)
        STEAL_FD(fd);
    return procs;
}

int cgdir_each_process(int dirfd, void (*fn)(pid_t pid, void *context), void *context)
{
    cleanup_file FILE *procs = open_procs(dirfd);
    char line[32];
    if (!procs)
        return -errno;
    while (fgets(line, sizeof(line), procs)) {
        int64_t pid = 0;
        if (text_to_i64(line, &pid) == 0)
            fn((pid_t)pid, context);
    }
    if (ferror(procs))
        return -EIO;
    cleanup_dir DIR *children = cgdir_children(dirfd);
    for (const struct dirent *d; (d = cgdir_next_child(children));) {
        cleanup_close int fd = open_child(dirfd, d->d_name);
        if (fd != -ENOENT)
            TRY(fd < 0 ? fd : cgdir_each_process(fd, fn, context));
    }
    return -errno;
}

static void kill_one(pid_t pid, void *context)
{
    (void)context;
    if (pid > 0)
        (void)kill(pid, SIGKILL);
}

int cgdir_freeze(int dirfd)
{
    TRY(file_write_at(dirfd, "cgroup.freeze", "1"));
    return wait_event(dirfd, "frozen", 1, clock_now_ns() + FREEZE_WAIT_NS);
}

/* On some kernels cgroup.kill does not end a frozen process before it is thawed. */
void cgdir_thaw(int dirfd)
{
    char frozen[8];
    if (file_read_at(dirfd, "cgroup.freeze", frozen, sizeof(frozen)) > 0 && strcmp(frozen, "1") == 0)
        (void)file_write_at(dirfd, "cgroup.freeze", "0");
}

/* Before Linux 5.14 there is no cgroup.kill. Frozen processes cannot fork while the list is read, so that a fork bomb
 * is caught whole and no pid is reused. */
static int kill_frozen(int dirfd)
{
    int failed = cgdir_freeze(dirfd);
    int signalled = cgdir_each_process(dirfd, kill_one, NULL); /* also after a failed freeze: most end anyway */
    int thawed = file_write_at(dirfd, "cgroup.freeze", "0");
    if (signalled != 0)
        return signalled;
    return failed == -ETIMEDOUT ? 0 : failed != 0 ? failed : thawed;
}

int cgdir_kill(int dirfd, int64_t deadline_ns)
{
    cgdir_thaw(dirfd);
    int failed = file_write_at(dirfd, "cgroup.kill", "1");
    if (failed == -ENOENT)
        failed = kill_frozen(dirfd);
    return failed != 0 ? failed : wait_event(dirfd, "populated", 0, deadline_ns);
}

/* Copies the name of one child directory. Returns 1, 0: there is none, or a negative errno. */
static int find_child(int dirfd, char name[NAME_MAX + 1])
{
    cleanup_dir DIR *children = cgdir_children(dirfd);
    const struct dirent *d = cgdir_next_child(children);
    if (!d)
        return -errno;
    text_format(name, NAME_MAX + 1, "%s", d->d_name);
    return 1;
}

/* Returns how many were listed, or a negative errno. */
static int move_listed(int from_fd, int to_fd)
{
    int listed = 0;
    cleanup_file FILE *procs = open_procs(from_fd);
    char line[32];
    if (!procs)
        return -errno;
    while (fgets(line, sizeof(line), procs)) {
        int64_t pid = 0;
        listed++;
        if (text_to_i64(line, &pid) != 0 || pid <= 0) /* 0: a process of another pid namespace */
            return -EPERM;
        int failed = file_write_at(to_fd, "cgroup.procs", line);
        if (failed != 0 && failed != -ESRCH)
            return failed;
    }
    return ferror(procs) ? -EIO : listed;
}

int cgdir_move_all(int from_fd, int to_fd)
{
    for (int i = 0; i < MOVE_ROUNDS; i++) {
        int listed = move_listed(from_fd, to_fd);
        if (listed <= 0)
            return listed;
    }
    return -EAGAIN;
}

/* Removes one childless directory somewhere below dirfd. It walks down from the top each time instead of recursing: a
 * workload may nest deeper than the limit on descriptors. Returns 1: removed one, 0: there is none, or a negative
 * errno. */
static int remove_a_leaf(int dirfd)
{
    char name[NAME_MAX + 1];
    char below[NAME_MAX + 1];
    int found = find_child(dirfd, name);
    if (found != 1)
        return found;
    cleanup_close int parent = open_child(dirfd, ".");
    for (;;) {
        cleanup_close int child = parent < 0 ? parent : open_child(parent, name);
        if (child < 0)
            return child == -ENOENT ? 1 : child;
        found = find_child(child, below);
        if (found != 1)
            break;
        (void)close(parent);
        parent = STEAL_FD(child);
        memcpy(name, below, sizeof(name));
    }
    if (found < 0)
        return found;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 1 : -errno;
}

/* Kills the processes and removes the directories in parent/name. Returns 1: try again at once, 0: after a pause, or a
 * negative errno. */
static int clear(int parent_fd, const char *name, int64_t deadline_ns)
{
    cleanup_close int fd = open_child(parent_fd, name);
    if (fd < 0)
        return fd;
    int populated = cgdir_populated(fd);
    int killed = populated == 1 ? cgdir_kill(fd, deadline_ns) : 0;
    if (killed != 0)
        return killed;
    int progress = populated == 1;
    int removed = remove_a_leaf(fd);
    for (; removed == 1; removed = remove_a_leaf(fd))
        progress = 1;
    return removed == 0 || removed == -EBUSY ? progress : removed;
}

static int refuse_children(int parent_fd, const char *name)
{
    char below[NAME_MAX + 1];
    cleanup_close int fd = open_child(parent_fd, name);
    int found = fd < 0 ? fd : find_child(fd, below);
    return found == 1 ? -EBUSY : found;
}

static int remove_it(bool clears, int parent_fd, const char *name, int64_t deadline_ns)
{
    for (int64_t pause_ns = BACKOFF_FIRST_NS;;) {
        if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY && errno != ENOTEMPTY)
            return -errno;
        int again = clears ? clear(parent_fd, name, deadline_ns) : refuse_children(parent_fd, name);
        if (again < 0)
            return again == -ENOENT ? 0 : again;
        if (again == 1)
            continue;
        if (clock_now_ns() >= deadline_ns)
            return -EBUSY;
        struct timespec t = clock_timespec(pause_ns);
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
        pause_ns = pause_ns < BACKOFF_LAST_NS ? pause_ns * 2 : pause_ns;
    }
}

int cgdir_remove(int parent_fd, const char *name, int64_t deadline_ns)
{
    return remove_it(true, parent_fd, name, deadline_ns);
}

int cgdir_remove_empty(int parent_fd, const char *name, int64_t deadline_ns)
{
    return remove_it(false, parent_fd, name, deadline_ns);
}
