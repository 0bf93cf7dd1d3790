#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#define TEMPORARIES 1000

ssize_t file_read_fd(int fd, off_t from, char *buf, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = from < 0 ? read(fd, buf + len, cap - len) : pread(fd, buf + len, cap - len, from + (off_t)len);
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

int file_sync_folder(int dirfd)
{
    return fsync(dirfd) == 0 || errno == EINVAL ? 0 : -errno;
}

int file_write_fd(int fd, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, bytes + at, len - at);
        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int file_append_fd(int fd, size_t max, struct text *ret)
{
    char chunk[65536];
    for (size_t len = 0;;) {
        ssize_t n = file_read_fd(fd, -1, chunk, sizeof(chunk));
        if (n <= 0)
            return (int)n;
        len += (size_t)n;
        if (len > max)
            return -EFBIG;
        text_add_bytes(ret, chunk, (size_t)n);
    }
}

bool file_glob(const char *folder, const char *pattern, int flags, glob_t *ret)
{
    cleanup_text struct text whole = {0};
    for (const char *c = folder; *c; c++)
        text_add(&whole, "%s%c", strchr("\\*?[]{}", *c) ? "\\" : "", *c);
    text_add(&whole, "/%s", pattern);
    return glob(whole.data, flags, NULL, ret) == 0;
}

static ssize_t read_whole(int fd, char *buf, size_t cap)
{
    ssize_t n = file_read_fd(fd, -1, buf, cap);
    if (n < 0)
        return n;
    size_t len = (size_t)n;
    if (len == cap)
        return -EFBIG;
    if (len > 0 && buf[len - 1] == '\n')
        len--;
    buf[len] = '\0';
    return (ssize_t)len;
}

ssize_t file_read(const char *root, const char *path, char *buf, size_t cap)
{
    cleanup_close int fd = beneath_open_root(root, path, O_RDONLY);
    return fd < 0 ? fd : read_whole(fd, buf, cap);
}

ssize_t file_read_at(int dirfd, const char *name, char *buf, size_t cap)
{
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : read_whole(fd, buf, cap);
}

int file_read_all(const char *root, const char *path, struct text *ret)
{
    cleanup_close int fd = beneath_open_root(root, path, O_RDONLY);
    return fd < 0 ? fd : file_append_fd(fd, SIZE_MAX, ret);
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

/* --- drafts ------------------------------------------------------------------------------------------------------ */

/* Makes something under a free temporary name in the folder: `make` answers at least 0, or -1 and errno. Returns its
 * answer; after a failure the name is "". */
static int make_named(int dirfd, char name[FILE_TEMPORARY_MAX],
                      int (*make)(int dirfd, const char *name, const char *of), const char *of)
{
    int made = -1;
    errno = EEXIST;
    for (unsigned n = 0; made < 0 && errno == EEXIST && n < TEMPORARIES; n++) {
        text_format(name, FILE_TEMPORARY_MAX, FILE_TEMPORARY_PREFIX "%d-%u.tmp", (int)getpid(), n);
        made = make(dirfd, name, of);
    }
    if (made < 0)
        name[0] = '\0';
    return made;
}

static int create_file(int dirfd, const char *name, const char *of)
{
    (void)of;
    return openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static int create_link(int dirfd, const char *name, const char *of)
{
    return linkat(AT_FDCWD, of, dirfd, name, AT_SYMLINK_FOLLOW);
}

static int create_folder(int dirfd, const char *name, const char *of)
{
    (void)of;
    return mkdirat(dirfd, name, 0755);
}

/* A file without a name, if the file system supports it (open(2), O_TMPFILE) and /proc can link it later; else -1. */
static int create_unnamed(int dirfd)
{
    char self[64];
    int fd = openat(dirfd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    text_format(self, sizeof(self), "/proc/self/fd/%d", fd);
    if (access(self, F_OK) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* A draft replaces only regular files; held: anything that appeared meanwhile, but no folder or device. */
static int check_place(int dirfd, const char *name, const char *said, bool held, struct err *e)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(e, ERR_USAGE, "'%s'", said);
    bool device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
    if (S_ISREG(st.st_mode) || (held && !device && !S_ISDIR(st.st_mode)))
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not a regular file", said);
}

static int open_draft(int dirfd, const char *name, const char *said, bool held, struct file_draft *ret, struct err *e)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX || strchr(name, '/') || strlen(said) >= sizeof(ret->path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the name is empty or too long", said);
    TRY(check_place(dirfd, name, said, held, e));
    *ret = (struct file_draft){.dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)};
    memcpy(ret->name, name, len + 1);
    text_format(ret->path, sizeof(ret->path), "%s", said);
    int fd = ret->dirfd < 0 ? -1 : create_unnamed(ret->dirfd);
    if (fd < 0 && ret->dirfd >= 0)
        fd = make_named(ret->dirfd, ret->temporary, create_file, NULL);
    if (fd >= 0) {
        (void)flock(fd, LOCK_EX | LOCK_NB); /* without file locks, the pid in the name decides */
        ret->stream = fdopen(fd, "w");
    }
    if (ret->stream)
        return 0;
    int code = err_sys(e, ERR_OURS, "cannot write '%s'", said);
    close_fd(&fd);
    file_draft_abandon(ret);
    return code;
}

int file_draft_open_at(int dirfd, const char *name, const char *said, struct file_draft *ret, struct err *e)
{
    return open_draft(dirfd, name, said, true, ret, e);
}

int file_draft_open(const char *path, struct file_draft *ret, struct err *e)
{
    char name[NAME_MAX + 1];
    cleanup_close int dirfd = -1;
    int failed = beneath_resolve(path, false, &dirfd, name, e);
    return failed != 0 ? failed : open_draft(dirfd, name, path, false, ret, e);
}

void file_draft_abandon(struct file_draft *draft)
{
    if (draft->stream)
        (void)fclose(STEAL(draft->stream));
    if (*draft->temporary)
        (void)unlinkat(draft->dirfd, draft->temporary, 0);
    draft->temporary[0] = '\0';
    close_fd(&draft->dirfd);
}

/* Puts the draft into its place; -1 and errno. linkat(2) cannot replace a file: over one, the draft first gets a
 * temporary name. */
static int place(struct file_draft *draft)
{
    char self[64];
    text_format(self, sizeof(self), "/proc/self/fd/%d", fileno(draft->stream));
    if (!*draft->temporary) {
        if (linkat(AT_FDCWD, self, draft->dirfd, draft->name, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        if (errno != EEXIST || make_named(draft->dirfd, draft->temporary, create_link, self) != 0)
            return -1;
    }
    if (renameat(draft->dirfd, draft->temporary, draft->dirfd, draft->name) != 0)
        return -1;
    draft->temporary[0] = '\0';
    return 0;
}

int file_draft_commit(struct file_draft *draft, struct err *e)
{
    errno = 0;
    bool whole =
        fflush(draft->stream) == 0 && !ferror(draft->stream) && fsync(fileno(draft->stream)) == 0 && place(draft) == 0;
    if (!whole) {
        errno = errno ? errno : EIO; /* ferror() sets no errno, and code 0 would mean success */
        int code = err_sys(e, ERR_OURS, "cannot write '%s'", draft->path);
        file_draft_abandon(draft);
        return code;
    }
    int failed =
        file_sync_folder(draft->dirfd) == 0 ? 0 : err_sys(e, ERR_OURS, "cannot sync the folder of '%s'", draft->path);
    file_draft_abandon(draft);
    return failed;
}

int file_draft_end(struct file_draft *draft, int failed, struct err *e)
{
    if (failed == 0)
        return file_draft_commit(draft, e);
    file_draft_abandon(draft);
    return failed;
}

static int write_draft(struct file_draft *draft, const char *bytes, size_t len, struct err *e)
{
    const bool written = fwrite(bytes, 1, len, draft->stream) == len;
    return file_draft_end(draft, written ? 0 : err_sys(e, ERR_OURS, "cannot write '%s'", draft->path), e);
}

/* Where a file is or will be: its folder has to be there, it need not. false: it cannot be. */
static bool resolve(const char *path, char real[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (realpath(path, real))
        return true;
    if (!text_fits(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") ||
        !realpath(folder, real))
        return false;
    const size_t len = strlen(real);
    return text_fits(real + len, PATH_MAX - len, "/%s", slash ? slash + 1 : path);
}

int file_refuse_input(const char *option, const char *output, const char *input, struct err *e)
{
    char to[PATH_MAX], from[PATH_MAX];
    if (!input || !realpath(input, from) || !resolve(output, to) || !text_is_below(to, from))
        return 0;
    const size_t len = strlen(from);
    return to[len] ? err_set(e, ERR_USAGE, -EINVAL, "%s '%s' lies in '%s', which is read (name a file outside of it)",
                             option, output, input)
                   : err_set(e, ERR_USAGE, -EINVAL, "%s '%s' would replace '%s', which is read (name another file)",
                             option, output, input);
}

int file_replace(const char *path, const char *bytes, size_t len, struct err *e)
{
    struct file_draft draft = {.dirfd = -1};
    int failed = file_draft_open(path, &draft, e);
    return failed != 0 ? failed : write_draft(&draft, bytes, len, e);
}

int file_replace_at(int dirfd, const char *name, const char *said, const char *bytes, size_t len, struct err *e)
{
    struct file_draft draft = {.dirfd = -1};
    int failed = file_draft_open_at(dirfd, name, said, &draft, e);
    return failed != 0 ? failed : write_draft(&draft, bytes, len, e);
}

/* Makes a folder with a temporary name below dirfd, mode 0755. *ret is its descriptor, which holds the lock. */
static int make_draft_folder(int dirfd, char name[FILE_TEMPORARY_MAX], int *ret, struct err *e)
{
    const bool made = make_named(dirfd, name, create_folder, NULL) == 0;
    int fd = made ? beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0) : -errno;
    TRY(err_code(e, ERR_OURS, fd, "cannot make a temporary folder"));
    (void)flock(fd, LOCK_EX | LOCK_NB);
    *ret = fd;
    return 0;
}

/* The pid in a temporary name; 0: not such a name. */
static pid_t pid_of_temporary(const char *name)
{
    static const char DIGITS[] = "0123456789";
    if (strncmp(name, FILE_TEMPORARY_PREFIX, strlen(FILE_TEMPORARY_PREFIX)) != 0)
        return 0;
    const char *pid = name + strlen(FILE_TEMPORARY_PREFIX);
    size_t digits = strspn(pid, DIGITS);
    const char *n = pid + digits + 1;
    if (digits == 0 || digits > 9 || pid[digits] != '-' || strspn(n, DIGITS) == 0 ||
        strcmp(n + strspn(n, DIGITS), ".tmp") != 0)
        return 0;
    return (pid_t)strtol(pid, NULL, 10);
}

/* The pid in NAME.tmp.PID, the drafts of an older tare; 0: not such a name. */
static pid_t pid_of_old_draft(const char *name)
{
    static const char MIDDLE[] = ".tmp.";
    const char *at = strrchr(name, '.');
    size_t middle = strlen(MIDDLE);
    if (!at || (size_t)(at - name) < middle || strncmp(at + 1 - middle, MIDDLE, middle) != 0 || !at[1] ||
        strlen(at + 1) > 9 || at[1 + strspn(at + 1, "0123456789")])
        return 0;
    return (pid_t)strtol(at + 1, NULL, 10);
}

/* Other programs use NAME.tmp.PID too: ours begin with our JSON schema. */
static bool begins_as_ours(int fd)
{
    static const char OURS[] = "\"schema\": \"tare.";
    char head[64];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    return n > 0 && memmem(head, (size_t)n, OURS, strlen(OURS));
}

/* Opens and locks dirfd/name if a killed process left it; errors as file_sweep(). */
static int open_left(int dirfd, const char *name)
{
    struct stat st;
    pid_t pid = pid_of_temporary(name);
    bool old = pid <= 0;
    if (old)
        pid = pid_of_old_draft(name);
    if (pid <= 0)
        return -ENOENT;
    if (kill(pid, 0) == 0 || errno != ESRCH)
        return -EBUSY;
    cleanup_close int fd = beneath_open(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return -ENOENT;
    if (old && (!S_ISREG(st.st_mode) || !begins_as_ours(fd)))
        return -ENOENT;
    if (geteuid() != 0 && st.st_uid != geteuid())
        return -EPERM;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return -EBUSY;
    return STEAL_FD(fd);
}

bool file_is_left(int dirfd, const char *name)
{
    cleanup_close int fd = open_left(dirfd, name);
    return fd >= 0;
}

int file_sweep(int dirfd, const char *name)
{
    cleanup_close int fd = open_left(dirfd, name);
    return fd < 0 ? fd : file_remove_tree(dirfd, name);
}

int file_create_at(int dirfd, const char *name, const char *bytes, size_t len, struct err *e)
{
    cleanup_close int fd = beneath_open(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
    TRY(err_code(e, fd == -EEXIST ? ERR_USAGE : ERR_OURS, fd, "cannot write '%s'", name));
    int failed = fchmod(fd, 0644) != 0 ? -errno : file_write_fd(fd, bytes, len);
    if (failed == 0)
        return 0;
    (void)unlinkat(dirfd, name, 0);
    return err_code(e, ERR_OURS, failed, "cannot write '%s'", name);
}

int file_make_dirs(const char *path)
{
    cleanup_close int fd = -1;
    return beneath_open_folder(path, true, &fd, NULL);
}

/* The length of a path without its last name and the slashes before it. */
static size_t parent_length(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

size_t file_part_there(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof(part))
        return 0;
    text_format(part, sizeof(part), "%s", path);
    while (len > 0 && access(part, F_OK) != 0) {
        len = parent_length(part, len);
        part[len] = '\0';
    }
    return len;
}

void file_take_back(const char *path, size_t there)
{
    char part[PATH_MAX], name[NAME_MAX + 1];
    size_t len = strlen(path);
    if (len >= sizeof(part))
        return;
    text_format(part, sizeof(part), "%s", path);
    while (len > 0 && part[len - 1] == '/')
        part[--len] = '\0';
    for (; len > there; len = parent_length(part, len)) {
        cleanup_close int dirfd = -1;
        part[len] = '\0';
        if (beneath_resolve(part, false, &dirfd, name, NULL) == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) != 0 &&
            errno != ENOENT)
            return;
    }
}

#define ROUNDS     16
#define NESTED_MAX 256 /* each level takes a descriptor, and the usual limit is 1024 */

static int remove_nested(int dirfd, const char *name, int depth);

/* Some file systems pass over names while others are removed: those stay for another round. */
static int remove_names(int fd, int depth)
{
    _Alignas(struct dirent64) char entries[1024];
    ssize_t n = lseek(fd, 0, SEEK_SET) == 0 ? 0 : -1;
    while (n >= 0 && (n = getdents64(fd, entries, sizeof(entries))) > 0) {
        const struct dirent64 *d = NULL;
        for (ssize_t at = 0; at < n; at += d->d_reclen) {
            d = (const struct dirent64 *)(const void *)(entries + at);
            if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
                TRY(remove_nested(fd, d->d_name, depth + 1));
        }
    }
    return n < 0 ? -errno : 0;
}

static int remove_nested(int dirfd, const char *name, int depth)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    cleanup_close int fd = -1; /* an empty folder takes none: there may be too many already */
    for (int round = 0;; round++) {
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if ((errno != ENOTEMPTY && errno != EEXIST) || round == ROUNDS)
            return -errno;
        if (depth == NESTED_MAX)
            return -ELOOP;
        if (fd < 0)
            fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return -errno;
        TRY(remove_names(fd, depth));
    }
}

int file_remove_tree(int dirfd, const char *name)
{
    return remove_nested(dirfd, name, 0);
}

size_t file_descriptors_max(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur : 0;
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

int file_folder_open(const char *path, struct file_folder *ret, struct err *e)
{
    struct file_folder f = {.parent = -1, .fd = -1};
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    cleanup_free char *plain = text_printf("%.*s", (int)len, path);
    TRY(beneath_resolve(plain, true, &f.parent, f.name, e));
    int failed = make_draft_folder(f.parent, f.draft, &f.fd, e);
    if (failed != 0)
        (void)close(f.parent);
    else
        *ret = f;
    return failed;
}

/* rename(2): over an empty folder. */
int file_folder_commit(struct file_folder *f, struct err *e)
{
    int failed = renameat(f->parent, f->draft, f->parent, f->name) == 0 ? 0 : -errno;
    if (failed == 0) {
        (void)close(STEAL_FD(f->fd));
        (void)close(STEAL_FD(f->parent));
        return 0;
    }
    file_folder_abandon(f);
    if (failed == -ENOTEMPTY || failed == -EEXIST || failed == -ENOTDIR)
        return err_set(e, ERR_USAGE, -EEXIST, "what is allowed is a new folder or an empty one");
    return err_set(e, ERR_OURS, failed, "%s", strerror(-failed));
}

void file_folder_abandon(struct file_folder *f)
{
    (void)file_remove_tree(f->parent, f->draft);
    (void)close(STEAL_FD(f->fd));
    (void)close(STEAL_FD(f->parent));
}
