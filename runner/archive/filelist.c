#include "archive/filelist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/spool.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

struct walk {
    struct filelist *list;
    struct findings *findings;
    uint64_t total_bytes;
    bool full; /* a limit was reached: ignore the rest */
};

void filelist_free(struct filelist *p)
{
    free(p->file);
    *p = (struct filelist){0};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct listed_file *)a)->path, ((const struct listed_file *)b)->path);
}

const struct listed_file *filelist_find(const struct filelist *p, const char *path)
{
    struct listed_file key = {.size_bytes = 0};
    if (strlen(path) > FILELIST_PATH_MAX)
        return NULL;
    text_format(key.path, sizeof(key.path), "%s", path);
    return p->count ? bsearch(&key, p->file, p->count, sizeof(*p->file), by_path) : NULL;
}

const char *filelist_path_fault(const char *path)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    if (*path == '/')
        return "an absolute path";
    if (strlen(path) > FILELIST_PATH_MAX)
        return "its path is longer than 200 bytes";
    if (path[strspn(path, ALLOWED)] != '\0')
        return "its path has a character other than A-Z a-z 0-9 . _ - /";
    for (const char *part = path;; part += strcspn(part, "/") + 1) {
        const size_t len = strcspn(part, "/");
        if (len == 0)
            return "an empty part in its path";
        if (len <= 2 && strncmp(part, "..", len) == 0)
            return "'.' or '..' in its path";
        if (part[len] == '\0')
            return NULL;
    }
}

static struct listed_file *add_file(struct filelist *p, const char *path, uint64_t size_bytes, const char *sha256)
{
    p->file = xgrow(p->file, p->count, sizeof(*p->file));
    struct listed_file *file = &p->file[p->count++];
    *file = (struct listed_file){.size_bytes = size_bytes};
    text_format(file->path, sizeof(file->path), "%s", path);
    text_format(file->sha256, sizeof(file->sha256), "%s", sha256);
    return file;
}

void filelist_add_spooled(struct filelist *p, const char *path, const struct spool *spool, uint64_t size_bytes,
                          const char *sha256)
{
    struct listed_file *file = add_file(p, path, size_bytes, sha256);
    file->spool = spool;
    file->at_bytes = spool->bytes - size_bytes;
}

static bool fits(struct walk *w, const char *path, const struct stat *st)
{
    if (w->list->count >= FILELIST_COUNT_MAX) {
        findings_add(w->findings, FINDING_INTEGRITY, path, "more than %d files; the rest is ignored",
                     FILELIST_COUNT_MAX);
        w->full = true;
    } else if ((uint64_t)st->st_size > FILELIST_FILE_MAX ||
               w->total_bytes + (uint64_t)st->st_size > FILELIST_TOTAL_MAX) {
        findings_add(w->findings, FINDING_INTEGRITY, path, "more than %llu bytes in one file, or %llu in all",
                     FILELIST_FILE_MAX, FILELIST_TOTAL_MAX);
        return false;
    }
    w->total_bytes += (uint64_t)st->st_size;
    return !w->full;
}

static int take_file(struct walk *w, int dirfd, const char *name, const char *path, const struct stat *st,
                     struct err *e)
{
    char hex[DIGEST_HEX];
    if (!fits(w, path, st))
        return 0;
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    TRY(err_code(e, ERR_USAGE, fd < 0 ? -errno : digest_fd(fd, hex), "%s", path));
    (void)add_file(w->list, path, (uint64_t)st->st_size, hex);
    return 0;
}

static int walk_folder(struct walk *w, int dirfd, const char *above, struct err *e);

static int take_entry(struct walk *w, int dirfd, const char *above, const char *name, struct err *e)
{
    char path[FILELIST_PATH_MAX + NAME_MAX + 2];
    struct stat st;
    text_format(path, sizeof(path), "%s%s%s", above, *above ? "/" : "", name);
    const char *fault = filelist_path_fault(path);
    if (!fault && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(e, ERR_USAGE, "%s", path);
    if (!fault && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        fault = "neither a file nor a folder (a link, a device, a socket)";
    if (fault) {
        findings_add(w->findings, FINDING_INTEGRITY, path, "%s", fault);
        return 0;
    }
    if (S_ISREG(st.st_mode))
        return take_file(w, dirfd, name, path, &st, e);
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? err_sys(e, ERR_USAGE, "%s", path) : walk_folder(w, fd, path, e);
}

/* Closes dirfd. The length of a path bounds the depth. */
static int walk_folder(struct walk *w, int dirfd, const char *above, struct err *e)
{
    cleanup_dir DIR *dir = fdopendir(dirfd);
    if (!dir) {
        (void)close(dirfd);
        return err_sys(e, ERR_USAGE, "%s", above);
    }
    for (const struct dirent *d; !w->full && (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            TRY(take_entry(w, dirfd, above, d->d_name, e));
    return 0;
}

/* Whether a file is listed where this one has a folder. */
static bool lies_in_file(const struct filelist *p, const char *path)
{
    char above[FILELIST_PATH_MAX + 1];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        text_format(above, sizeof(above), "%.*s", (int)(slash - path), path);
        if (filelist_find(p, above))
            return true;
    }
    return false;
}

/* A folder has no path twice and no folder in a file, but a spool may have both, also beside a folder. */
static void leave_out_twins(struct filelist *p, struct findings *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        bool is_twin = kept > 0 && strcmp(p->file[kept - 1].path, p->file[i].path) == 0;
        if (is_twin || lies_in_file(p, p->file[i].path))
            findings_add(f, FINDING_INTEGRITY, p->file[i].path, FILELIST_TWICE);
        else
            p->file[kept++] = p->file[i];
    }
    p->count = kept;
}

static void sort(struct filelist *p)
{
    if (p->count)
        qsort(p->file, p->count, sizeof(*p->file), by_path);
}

int filelist_read(int dirfd, struct filelist *ret, struct findings *f, struct err *e)
{
    struct walk w = {.list = ret, .findings = f};
    const bool has_spooled = ret->count > 0;
    for (size_t i = 0; i < ret->count; i++)
        w.total_bytes += ret->file[i].size_bytes;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "cannot read the folder");
    int failed = walk_folder(&w, fd, "", e);
    sort(ret);
    if (has_spooled)
        leave_out_twins(ret, f);
    return failed;
}

int filelist_add(struct filelist *p, int dirfd, const char *path, struct err *e)
{
    char hex[DIGEST_HEX];
    struct stat st = {0};
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    TRY(err_code(e, ERR_OURS, fd < 0 || fstat(fd, &st) != 0 ? -errno : digest_fd(fd, hex), "%s", path));
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->file[i].path, path) == 0)
            p->file[i] = p->file[--p->count];
    (void)add_file(p, path, (uint64_t)st.st_size, hex);
    sort(p);
    return 0;
}

void filelist_below(const struct filelist *p, const char *folder, struct filelist *ret)
{
    const size_t len = strlen(folder);
    for (size_t i = 0; i < p->count; i++) {
        const struct listed_file *file = &p->file[i];
        if (strncmp(file->path, folder, len) != 0)
            continue;
        struct listed_file *own = add_file(ret, file->path + len, file->size_bytes, file->sha256);
        own->spool = file->spool;
        own->at_bytes = file->at_bytes;
    }
}

int filelist_open(const struct listed_file *file, int dirfd, struct opened_file *ret)
{
    struct stat st;
    *ret = (struct opened_file){.file = file, .owned_fd = -1};
    if (file->spool) {
        ret->fd = file->spool->fd;
        return 0;
    }
    ret->fd = ret->owned_fd = openat(dirfd, file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (ret->fd < 0 || fstat(ret->fd, &st) != 0)
        return -errno;
    return (uint64_t)st.st_size == file->size_bytes ? 0 : -ESTALE;
}

void filelist_close(struct opened_file *o)
{
    close_fd(&o->owned_fd);
}

ssize_t filelist_next(struct opened_file *o, char *buf, size_t cap)
{
    const uint64_t left = o->file->size_bytes - o->read_bytes;
    ssize_t n = file_read_fd(o->fd, (off_t)(o->file->at_bytes + o->read_bytes), buf, left < cap ? (size_t)left : cap);
    o->read_bytes += n > 0 ? (uint64_t)n : 0;
    return n == 0 && left > 0 ? -ESTALE : n;
}

int filelist_bytes(const struct listed_file *file, int dirfd, struct text *ret)
{
    char chunk[65536];
    cleanup_opened_file struct opened_file o;
    int failed = filelist_open(file, dirfd, &o);
    ssize_t n = failed;
    ret->len = 0;
    text_add_bytes(ret, "", 0);
    while (failed == 0 && (n = filelist_next(&o, chunk, sizeof(chunk))) > 0)
        text_add_bytes(ret, chunk, (size_t)n);
    return (int)n;
}
