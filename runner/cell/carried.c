#include "cell/carried.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"

#define REMEDY "a scenario is carried with its folder: give it one of its own"

static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/* --- listing ----------------------------------------------------------------------------------------------------- */

struct listing {
    const char *folder;
    bool copy; /* a copy: nothing is left out */
    struct carried_files *files;
    size_t seen; /* files and folders so far */
    struct err *e;
};

static int list_folder(struct listing *l, int fd, const char *prefix, int depth);

static int refuse(const struct listing *l, const char *path, int code, const char *why)
{
    cleanup_free char *shown = text_printable(path);
    return err_set(l->e, ERR_USAGE, code, "'%s': '%s' %s (" REMEDY ")", l->folder, shown, why);
}

static int add_file(struct listing *l, int dirfd, const char *name, const char *path)
{
    struct carried_files *c = l->files;
    struct stat st;
    cleanup_close int fd = source_open(dirfd, name, false, &st);
    if (fd < 0)
        return refuse(l, path, fd, fd == -ELOOP ? "is a link" : source_fault(fd));
    c->bytes += (uint64_t)st.st_size;
    if (c->count == CARRIED_FILES_MAX || c->bytes > CARRIED_BYTES_MAX)
        return refuse(l, path, -EFBIG, "is past what is allowed: 1000 files and 64 MiB in all");
    c->file = xgrow(c->file, c->count, sizeof(*c->file));
    struct carried_file *f = &c->file[c->count++];
    text_format(f->path, sizeof(f->path), "%s", path);
    f->size_bytes = (uint64_t)st.st_size;
    int failed = digest_fd(fd, f->sha256);
    return failed == 0 ? 0 : refuse(l, path, failed, strerror(-failed));
}

static bool holds_plan(int fd)
{
    return faccessat(fd, "plan.lock", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int add_entry(struct listing *l, int dirfd, const char *name, const char *prefix, int depth)
{
    char path[CARRIED_PATH_MAX + 1];
    struct stat st;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (*name == '.' || strcmp(name, "__pycache__") == 0)
        return l->copy ? refuse(l, name, -EINVAL, "is in no copy of a scenario") : 0;
    int n = snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return refuse(l, name, -ENAMETOOLONG, "has a path of more than 120 bytes");
    if (name[strspn(name, ALLOWED)])
        return refuse(l, path, -EINVAL, "has a character other than letters, digits and ._- in its name");
    if (++l->seen > 2 * (size_t)CARRIED_FILES_MAX)
        return refuse(l, path, -EFBIG, "is past what is allowed: 1000 files and 64 MiB in all");
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return refuse(l, path, -errno, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return add_file(l, dirfd, name, path);
    if (depth == CARRIED_DEPTH_MAX)
        return refuse(l, path, -ELOOP, "is nested more than 8 folders deep");
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return refuse(l, path, -errno, strerror(errno));
    if (holds_plan(fd)) {
        (void)close(fd);
        return l->copy ? refuse(l, name, -EINVAL, "is in no copy of a scenario") : 0;
    }
    return list_folder(l, fd, path, depth + 1);
}

/* Closes fd. */
static int list_folder(struct listing *l, int fd, const char *prefix, int depth)
{
    int failed = 0;
    cleanup_dir DIR *dir = fdopendir(fd);
    if (!dir) {
        failed = refuse(l, *prefix ? prefix : ".", -errno, strerror(errno));
        (void)close(fd);
        return failed;
    }
    for (struct dirent *d; failed == 0 && (d = readdir(dir));)
        failed = add_entry(l, fd, d->d_name, prefix, depth);
    return failed;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct carried_file *)a)->path, ((const struct carried_file *)b)->path);
}

static int check_twins(const struct listing *l)
{
    const struct carried_files *c = l->files;
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(c->file[i].path, c->file[k].path) == 0)
                return refuse(l, c->file[i].path, -EEXIST, "differs from another in letter case alone");
    return 0;
}

static void sum_up(struct carried_files *c)
{
    cleanup_text struct text lines = {0};
    if (c->count)
        qsort(c->file, c->count, sizeof(*c->file), by_path);
    text_add_bytes(&lines, "", 0);
    for (size_t i = 0; i < c->count; i++)
        text_add(&lines, "%s  %s\n", c->file[i].sha256, c->file[i].path);
    digest_bytes(lines.data, lines.len, c->sha256);
}

int carried_list(const char *folder, bool copy, struct carried_files *ret, struct err *e)
{
    struct carried_files c = {0};
    struct listing l = {.folder = folder, .copy = copy, .files = &c, .e = e};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 ? err_sys(e, ERR_USAGE, "'%s'", folder) : list_folder(&l, fd, "", 0);
    if (failed == 0)
        failed = check_twins(&l);
    if (failed == 0)
        sum_up(&c);
    if (failed == 0)
        *ret = c;
    else
        carried_free(&c);
    return failed;
}

/* Adds a path from a list, which must not lead out of the folder. */
static int add_named(struct listing *l, int folder_fd, const char *path)
{
    char dir[CARRIED_PATH_MAX + 1] = ".";
    const char *slash = strrchr(path, '/');
    if (strlen(path) > CARRIED_PATH_MAX)
        return refuse(l, path, -ENAMETOOLONG, "has a path of more than 120 bytes");
    for (const char *c = path; *c; c++)
        if (*c != '/' && !strchr(ALLOWED, *c))
            return refuse(l, path, -EINVAL, "has a character other than letters, digits and ._- in its name");
    if (slash)
        text_format(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
    cleanup_close int fd = beneath_open(folder_fd, dir, O_RDONLY | O_DIRECTORY, 0);
    return fd < 0 ? refuse(l, path, fd, strerror(-fd)) : add_file(l, fd, slash ? slash + 1 : path, path);
}

int carried_list_named(const char *folder, const char *paths, struct carried_files *ret, struct err *e)
{
    struct listing l = {.folder = folder, .files = ret, .e = e};
    cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "'%s'", folder);
    for (size_t len; *paths; paths += len + (paths[len] == '\n')) {
        len = strcspn(paths, "\n");
        cleanup_free char *path = text_printf("%.*s", (int)len, paths);
        TRY(add_named(&l, fd, path));
    }
    sum_up(ret);
    return 0;
}

void carried_free(struct carried_files *c)
{
    free(STEAL(c->file));
    c->count = 0;
}

/* --- copying ----------------------------------------------------------------------------------------------------- */

static bool is_program(const char *bytes, size_t len)
{
    return (len >= 4 && memcmp(bytes, "\177ELF", 4) == 0) || (len >= 2 && memcmp(bytes, "#!", 2) == 0);
}

/* Makes the folders above a file. */
static int make_folders(int dirfd, const char *path)
{
    char above[CARRIED_PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    text_format(above, sizeof(above), "%.*s", slash ? (int)(slash - path) : 0, path);
    return slash ? beneath_make_folders(dirfd, above) : 0;
}

/* Not fchmodat(2): it would follow a link that was put there meanwhile. */
static int make_program(int dirfd, const char *path)
{
    cleanup_close int fd = beneath_open(dirfd, path, O_RDONLY, 0);
    return fd >= 0 ? fchmod(fd, 0755) : -1;
}

static int copy_file(const struct carried_file *f, int from, int to, struct err *e)
{
    char sha256[DIGEST_HEX] = "";
    cleanup_text struct text bytes = {0};
    int failed = source_read(from, f->path, false, f->size_bytes, &bytes, NULL);
    if (failed == 0)
        digest_bytes(bytes.data, bytes.len, sha256);
    if (failed == 0 && strcmp(sha256, f->sha256) != 0)
        failed = -ESTALE;
    if (failed != 0)
        failed = err_set(e, ERR_USAGE, failed, "'%s': %s", f->path,
                         failed == -ESTALE || failed == -EFBIG ? "it was changed meanwhile" : source_fault(failed));
    else if ((failed = make_folders(to, f->path)) != 0)
        failed = err_set(e, ERR_OURS, failed, "'%s': %s", f->path, strerror(-failed));
    else
        failed = file_create_at(to, f->path, bytes.data, bytes.len, e);
    if (failed == 0 && is_program(bytes.data, bytes.len) && make_program(to, f->path) != 0)
        failed = err_sys(e, ERR_OURS, "'%s'", f->path);
    return failed;
}

int carried_copy(const struct carried_files *c, const char *from, int dirfd, const char *to, struct err *e)
{
    cleanup_close int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from_fd < 0)
        return err_sys(e, ERR_USAGE, "'%s'", from);
    int failed = beneath_make_folders(dirfd, to);
    cleanup_close int to_fd = failed == 0 ? beneath_open(dirfd, to, O_RDONLY | O_DIRECTORY, 0) : failed;
    if (to_fd < 0)
        return err_set(e, ERR_OURS, to_fd, "'%s': %s", to, strerror(-to_fd));
    for (size_t i = 0; failed == 0 && i < c->count; i++)
        failed = copy_file(&c->file[i], from_fd, to_fd, e);
    return failed == 0 ? 0 : err_wrap(e, "'%s'", to);
}

int carried_set_modes(const struct carried_files *c, const char *folder, struct err *e)
{
    char head[4];
    cleanup_close int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return err_sys(e, ERR_OURS, "'%s'", folder);
    for (size_t i = 0; i < c->count; i++) {
        cleanup_close int fd = source_open(dirfd, c->file[i].path, false, NULL);
        ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head));
        bool program = n > 0 && is_program(head, (size_t)n);
        if (fd >= 0 && fchmod(fd, program ? 0755 : 0644) != 0)
            return err_sys(e, ERR_OURS, "'%s/%s'", folder, c->file[i].path);
    }
    return 0;
}

/* --- those of a plan --------------------------------------------------------------------------------------------- */

const struct carried_scenario *carried_find(const struct carried *c, const char *word)
{
    for (size_t i = 0; c && i < c->count; i++)
        if (strcmp(c->of[i].word, word) == 0)
            return &c->of[i];
    return NULL;
}

const char *carried_place(const struct carried_scenario *s, char *buf, size_t cap)
{
    text_format(buf, cap, CARRIED_FOLDER "/%s-%.12s", s->name, s->sha256);
    return buf;
}
