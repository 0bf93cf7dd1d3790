#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

static int open_rooted(const char *root, const char *path)
{
    char whole[PATH_MAX];
    int n = snprintf(whole, sizeof(whole), "%s%s", root ? root : "", path);
    if (n < 0 || (size_t)n >= sizeof(whole))
        return -ENAMETOOLONG;
    int fd = open(whole, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static ssize_t read_whole(int fd, char *buf, size_t cap)
{
    size_t len = 0;
    for (;;) {
        if (len == cap)
            return -EFBIG;
        ssize_t n = read(fd, buf + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len > 0 && buf[len - 1] == '\n')
        len--;
    buf[len] = '\0';
    return (ssize_t)len;
}

ssize_t file_read(const char *root, const char *path, char *buf, size_t cap)
{
    cleanup_close int fd = open_rooted(root, path);
    return fd < 0 ? fd : read_whole(fd, buf, cap);
}

ssize_t file_read_at(int dirfd, const char *name, char *buf, size_t cap)
{
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : read_whole(fd, buf, cap);
}

int file_read_all(const char *root, const char *path, struct text *ret)
{
    cleanup_close int fd = open_rooted(root, path);
    char chunk[16384];
    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        text_add_bytes(ret, chunk, (size_t)n);
    }
}

int file_write_at(int dirfd, const char *name, const char *value)
{
    cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, value, strlen(value));
    if (n < 0)
        return -errno;
    return (size_t)n == strlen(value) ? 0 : -EIO;
}

/* The folder that holds path, opened so that a rename in it can be synced. */
static int open_parent(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    memcpy(dir, path, len);
    dir[len] = '\0';
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A file of this name is a killed process's of the same pid: pids repeat from boot to boot, in containers at once. */
static int create_anew(const char *path)
{
    static const int FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = open(path, FLAGS, 0644);
    if (fd < 0 && errno == EEXIST && unlink(path) == 0)
        fd = open(path, FLAGS, 0644);
    return fd;
}

/* A rename would put a file in the place of a device, and of a link: the file that it leads to is meant. One of the
 * system's own, as /dev/stdout is, leads wherever a descriptor does. */
static int draft_place(const char *path, char ret[PATH_MAX], struct err *e)
{
    struct stat st;
    bool there = stat(path, &st) == 0, system = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    if ((there && !S_ISREG(st.st_mode)) || system)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no regular file", path);
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        return realpath(path, ret) ? 0 : err_sys(e, ERR_USAGE, "the link '%s'", path);
    int n = snprintf(ret, PATH_MAX, "%s", path);
    return n >= 0 && n < PATH_MAX ? 0 : err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the name is too long", path);
}

int file_draft_open(const char *path, struct file_draft *ret, struct err *e)
{
    int failed = draft_place(path, ret->path, e);
    if (failed != 0)
        return failed;
    int m = snprintf(ret->temporary, sizeof(ret->temporary), "%s.tmp.%d", ret->path, (int)getpid());
    if (m < 0 || (size_t)m >= sizeof(ret->temporary))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the name is too long", path);
    int fd = create_anew(ret->temporary);
    ret->stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (!ret->stream) {
        int code = err_sys(e, ERR_OURS, "cannot write '%s'", path);
        if (fd >= 0) {
            (void)close(fd);
            (void)unlink(ret->temporary);
        }
        return code;
    }
    return 0;
}

void file_draft_abandon(struct file_draft *draft)
{
    if (draft->stream)
        (void)fclose(STEAL(draft->stream));
    (void)unlink(draft->temporary);
}

int file_draft_commit(struct file_draft *draft, struct err *e)
{
    cleanup_close int parent = open_parent(draft->path); /* before anything is changed: it may be unreadable */
    bool whole =
        parent >= 0 && fflush(draft->stream) == 0 && !ferror(draft->stream) && fsync(fileno(draft->stream)) == 0;
    int number = errno ? errno : EIO; /* ferror() sets none, and an error of code 0 would pass for success */
    if (fclose(STEAL(draft->stream)) != 0 && whole) {
        whole = false;
        number = errno;
    }
    if (whole && rename(draft->temporary, draft->path) != 0) {
        whole = false;
        number = errno;
    }
    if (!whole) {
        (void)unlink(draft->temporary);
        errno = number;
        return err_sys(e, ERR_OURS, "cannot write '%s'", draft->path);
    }
    if (fsync(parent) != 0 && errno != EINVAL) /* fsync(2): this file system syncs no folders */
        return err_sys(e, ERR_OURS, "cannot sync the folder of '%s'", draft->path);
    return 0;
}

int file_replace(const char *path, const char *bytes, size_t len, struct err *e)
{
    struct file_draft draft;
    int failed = file_draft_open(path, &draft, e);
    if (failed != 0)
        return failed;
    (void)fwrite(bytes, 1, len, draft.stream); /* its failure is found by commit */
    return file_draft_commit(&draft, e);
}

int file_create_at(int dirfd, const char *name, const char *bytes, size_t len, struct err *e)
{
    cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_sys(e, errno == EEXIST ? ERR_USAGE : ERR_OURS, "cannot write '%s'", name);
    bool failed = fchmod(fd, 0644) != 0;
    for (size_t at = 0; !failed && at < len;) {
        ssize_t n = write(fd, bytes + at, len - at);
        failed = n < 0 && errno != EINTR;
        at += n > 0 ? (size_t)n : 0;
    }
    if (!failed)
        return 0;
    int code = err_sys(e, ERR_OURS, "cannot write '%s'", name);
    (void)unlinkat(dirfd, name, 0);
    return code;
}

int file_make_dirs(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(part))
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        struct stat st;
        if (mkdir(part, 0755) != 0 && (errno != EEXIST || stat(part, &st) != 0))
            return -errno;
        if (i == len && stat(part, &st) == 0 && !S_ISDIR(st.st_mode))
            return -ENOTDIR;
    }
    return 0;
}

#define NESTED_MAX 256 /* each takes a descriptor, of which a process has 1024 at least */

/* By descriptors and never by paths. */
static int remove_nested(int dirfd, const char *name, int depth)
{
    int failed = 0;
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    if (depth == NESTED_MAX)
        return -ELOOP;
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    cleanup_dir DIR *dir = fdopendir(fd);
    if (!dir) {
        failed = -errno;
        (void)close(fd);
        return failed;
    }
    for (struct dirent *d = readdir(dir); d && failed == 0; d = readdir(dir))
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            failed = remove_nested(fd, d->d_name, depth + 1);
    if (failed == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        failed = -errno;
    return failed;
}

int file_remove_tree(int dirfd, const char *name)
{
    return remove_nested(dirfd, name, 0);
}

int file_beside_program(const char *const *folder, size_t folders, const char *name, char *buf, size_t cap)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n < 0)
        return -errno;
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    for (size_t i = 0; i < folders; i++) {
        text_format(buf, cap, "%s/%s/%s", exe, folder[i], name);
        if (access(buf, F_OK) == 0)
            return 0;
    }
    return -ENOENT;
}
