#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#define AGAIN_MAX 64 /* openat2(2) fails with EAGAIN after a concurrent rename */
#define LINKS_MAX 40 /* path_resolution(7) */

/* --- by the kernel ----------------------------------------------------------------------------------------------- */

/* A descriptor or a negative errno. */
static int ask_kernel(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = (unsigned)flags,
        .mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode : 0,
        .resolve = resolve,
    };
    for (int i = 0; i < AGAIN_MAX; i++) {
        int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN)
            return fd >= 0 ? fd : -errno;
    }
    return -EAGAIN;
}

/* Whether openat2 is missing (before Linux 5.6) or filtered (EPERM in old containers). If EPERM came from the file, the
 * stepwise open gives it again. */
static bool lacks_openat2(int answer)
{
    return answer == -ENOSYS || answer == -EPERM;
}

/* --- step by step ------------------------------------------------------------------------------------------------ */

/* Copies the first name of *path and moves *path past it. 1; 0 at the end; -ENAMETOOLONG. */
static int next_name(const char **path, char name[NAME_MAX + 1])
{
    const char *from = *path + strspn(*path, "/");
    size_t len = strcspn(from, "/");
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, from, len);
    name[len] = '\0';
    *path = from + len + strspn(from + len, "/");
    return len > 0;
}

/* Opens the folder dirfd/name. -ELOOP: a link (O_PATH | O_NOFOLLOW opens the link itself); -ENOTDIR. */
static int step(int dirfd, const char *name)
{
    struct stat st;
    cleanup_close int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? STEAL_FD(fd) : S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
}

static int open_stepwise(int dirfd, const char *path, int flags, mode_t mode)
{
    char name[NAME_MAX + 1];
    cleanup_close int held = -1;
    int at = dirfd;
    if (*path == '/')
        return -EXDEV;
    for (;;) {
        int more = next_name(&path, name);
        if (more <= 0)
            return more < 0 ? more : -ENOENT;
        if (strcmp(name, "..") == 0)
            return -EXDEV;
        if (!*path)
            break;
        int fd = step(at, name);
        if (fd < 0)
            return fd;
        close_fd(&held);
        at = held = fd;
    }
    int fd = openat(at, name, flags | O_NOFOLLOW, mode);
    return fd < 0 ? -errno : fd;
}

int beneath_open(int dirfd, const char *path, int flags, mode_t mode)
{
    flags |= O_CLOEXEC;
    int fd = ask_kernel(dirfd, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    return lacks_openat2(fd) ? open_stepwise(dirfd, path, flags, mode) : fd;
}

int beneath_open_root(const char *root, const char *path, int flags)
{
    flags |= O_CLOEXEC;
    if (!root || !*root) {
        int fd = open(path, flags);
        return fd < 0 ? -errno : fd;
    }
    if (strlen(root) + strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    cleanup_close int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -errno;
    int fd = ask_kernel(top, *path ? path : ".", flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (!lacks_openat2(fd))
        return fd;
    path += strspn(path, "/");
    return open_stepwise(top, *path ? path : ".", flags, 0);
}

DIR *beneath_open_dir(const char *root, const char *path)
{
    int fd = beneath_open_root(root, path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd < 0)
        errno = -fd;
    else if (!dir)
        (void)close(fd);
    return dir;
}

bool beneath_exists(const char *root, const char *path)
{
    cleanup_close int fd = beneath_open_root(root, path, O_PATH);
    return fd >= 0;
}

ssize_t beneath_read_link(const char *root, const char *path, char *buf, size_t cap)
{
    cleanup_close int fd = beneath_open_root(root, path, O_PATH | O_NOFOLLOW);
    ssize_t n = fd < 0 ? fd : readlinkat(fd, "", buf, cap - 1);
    if (fd >= 0 && n < 0)
        n = errno == ENOENT ? -EINVAL : -errno; /* readlinkat(2) with "" on what is not a link */
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

int beneath_make_folders(int dirfd, const char *path)
{
    char name[NAME_MAX + 1];
    cleanup_close int held = -1;
    for (int more; (more = next_name(&path, name)) != 0;) {
        int at = held >= 0 ? held : dirfd;
        if (more < 0)
            return more;
        if (strcmp(name, "..") == 0)
            return -EXDEV;
        if (mkdirat(at, name, 0755) != 0 && errno != EEXIST)
            return -errno;
        int fd = step(at, name);
        if (fd < 0)
            return fd;
        close_fd(&held);
        held = fd;
    }
    return 0;
}

/* --- the user's paths -------------------------------------------------------------------------------------------- */

/* A walk through a path that replaces each link by its target. */
struct walk {
    const char *named; /* the user's path, for messages */
    bool make;
    int at;              /* the folder so far */
    char rest[PATH_MAX]; /* still to walk */
    int links;
};

static int is_named_wrong(const struct walk *w, int code, struct err *e)
{
    return err_set(e, ERR_USAGE, code, "'%s': %s", w->named, strerror(-code));
}

static int start(struct walk *w, struct err *e)
{
    int fd = open(w->rest[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return is_named_wrong(w, -errno, e);
    close_fd(&w->at);
    w->at = fd;
    return 0;
}

/* The owner of a link chooses its target: root refuses other users' links. */
static int check_link(const struct walk *w, int fd, const char *target, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return is_named_wrong(w, -errno, e);
    if (geteuid() != 0 || st.st_uid == 0)
        return 0;
    return err_set(
        e, ERR_USAGE, -EPERM,
        "'%s' contains a link of user %u (to '%s'); root follows only root's own links (name the target itself)",
        w->named, (unsigned)st.st_uid, target);
}

/* Replaces the link by its target. */
static int follow(struct walk *w, int fd, struct err *e)
{
    char target[PATH_MAX], whole[PATH_MAX];
    ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
    if (n <= 0)
        return is_named_wrong(w, n < 0 ? -errno : -ENOENT, e);
    target[n] = '\0';
    TRY(check_link(w, fd, target, e));
    if (++w->links > LINKS_MAX)
        return is_named_wrong(w, -ELOOP, e);
    if (!text_fits(whole, sizeof(whole), "%s%s%s", target, *w->rest ? "/" : "", w->rest))
        return is_named_wrong(w, -ENAMETOOLONG, e);
    text_format(w->rest, sizeof(w->rest), "%s", whole);
    return *w->rest == '/' ? start(w, e) : 0;
}

/* Enters one name of the path: moves w->at to the folder, or puts a link's target into w->rest. */
static int enter(struct walk *w, const char *name, struct err *e)
{
    struct stat st;
    cleanup_close int fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && w->make && (mkdirat(w->at, name, 0755) == 0 || errno == EEXIST))
        fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return is_named_wrong(w, -errno, e);
    if (!S_ISDIR(st.st_mode))
        return S_ISLNK(st.st_mode) ? follow(w, fd, e) : is_named_wrong(w, -ENOTDIR, e);
    (void)close(w->at);
    w->at = STEAL_FD(fd);
    return 0;
}

/* The last name. Follows a link and returns 0; else returns 1, the end. */
static int end_at(struct walk *w, const char *name, struct err *e)
{
    struct stat st;
    cleanup_close int fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && w->links > 0)
        return err_sys(e, ERR_USAGE, "the link '%s'", w->named);
    if (fd < 0 && errno != ENOENT)
        return is_named_wrong(w, -errno, e);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISLNK(st.st_mode))
        return 1;
    return follow(w, fd, e);
}

/* /dev and /proc: a name there may lead to a descriptor, as /dev/stdout. /dev/shm has plain files. */
static bool is_systems(const struct walk *w)
{
    return (strncmp(w->rest, "/dev/", 5) == 0 && strncmp(w->rest, "/dev/shm/", 9) != 0) ||
           strncmp(w->rest, "/proc/", 6) == 0;
}

static int walk(struct walk *w, char *name, struct err *e)
{
    int done = 0;
    while (done == 0) {
        const char *rest = w->rest;
        if (name && is_systems(w))
            return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not a regular file", w->named);
        char one[NAME_MAX + 1];
        int more = next_name(&rest, one);
        if (more < 0)
            return is_named_wrong(w, more, e);
        bool trails = more && !*rest && name && w->rest[strlen(w->rest) - 1] == '/';
        memmove(w->rest, rest, strlen(rest) + 1);
        if (!more)
            return name ? is_named_wrong(w, -EISDIR, e) : 0;
        bool last = !*w->rest && name;
        if (last && (trails || strcmp(one, ".") == 0 || strcmp(one, "..") == 0))
            return is_named_wrong(w, -EISDIR, e);
        done = last ? end_at(w, one, e) : enter(w, one, e);
        if (done == 1 && name)
            memcpy(name, one, sizeof(one));
    }
    return done < 0 ? done : 0;
}

int beneath_resolve(const char *path, bool make, int *ret_dirfd, char name[NAME_MAX + 1], struct err *e)
{
    struct walk w = {.named = path, .make = make, .at = -1};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(w.rest))
        return is_named_wrong(&w, len == 0 ? -ENOENT : -ENAMETOOLONG, e);
    memcpy(w.rest, path, len + 1);
    int failed = start(&w, e);
    if (failed == 0)
        failed = walk(&w, name, e);
    /* Syncing the folder needs more than O_PATH. */
    int fd = failed == 0 ? openat(w.at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (failed == 0 && fd < 0)
        failed = is_named_wrong(&w, -errno, e);
    close_fd(&w.at);
    if (failed == 0)
        *ret_dirfd = fd;
    return failed;
}

int beneath_open_folder(const char *path, bool make, int *ret, struct err *e)
{
    return beneath_resolve(path, make, ret, NULL, e);
}
