#include "archive/parcel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

/* A folder on the way down. */
struct walk {
    struct parcel *parcel;
    struct findings *findings;
    uint64_t total_bytes;
    bool full; /* a limit was reached: nothing more is looked at */
};

void parcel_free(struct parcel *p)
{
    free(p->file);
    *p = (struct parcel){0};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct parcel_file *)a)->path, ((const struct parcel_file *)b)->path);
}

const struct parcel_file *parcel_find(const struct parcel *p, const char *path)
{
    struct parcel_file key = {.size_bytes = 0};
    if (strlen(path) > PARCEL_PATH_MAX)
        return NULL;
    text_format(key.path, sizeof(key.path), "%s", path);
    return p->count ? bsearch(&key, p->file, p->count, sizeof(*p->file), by_path) : NULL;
}

static const char *part_fault(const char *part, size_t len)
{
    if (len == 0)
        return "an empty part in its path";
    if (len <= 2 && strncmp(part, "..", len) == 0)
        return "'.' or '..' in its path";
    return NULL;
}

const char *parcel_path_fault(const char *path)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    const char *fault = NULL;
    if (*path == '/')
        return "an absolute path";
    if (strlen(path) > PARCEL_PATH_MAX)
        return "its path is longer than 200 bytes";
    if (path[strspn(path, ALLOWED)] != '\0')
        return "its path has a character other than A-Z a-z 0-9 . _ - /";
    for (const char *part = path; !fault; part += strcspn(part, "/") + 1) {
        fault = part_fault(part, strcspn(part, "/"));
        if (part[strcspn(part, "/")] == '\0')
            break;
    }
    return fault;
}

static void add_file(struct walk *w, const char *path, uint64_t size_bytes, const char *sha256)
{
    struct parcel *p = w->parcel;
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 64;
        p->file = realloc(p->file, p->cap * sizeof(*p->file));
        if (!p->file)
            abort();
    }
    struct parcel_file *file = &p->file[p->count++];
    file->size_bytes = size_bytes;
    text_format(file->path, sizeof(file->path), "%s", path);
    text_format(file->sha256, sizeof(file->sha256), "%s", sha256);
}

static bool fits(struct walk *w, const char *path, const struct stat *st)
{
    if (w->parcel->count == PARCEL_FILES_MAX) {
        findings_add(w->findings, FINDING_INTEGRITY, path, "more than %d files; the rest is not looked at",
                     PARCEL_FILES_MAX);
        w->full = true;
    } else if ((uint64_t)st->st_size > PARCEL_FILE_MAX || w->total_bytes + (uint64_t)st->st_size > PARCEL_TOTAL_MAX) {
        findings_add(w->findings, FINDING_INTEGRITY, path, "more than %llu bytes in one file, or %llu in all",
                     PARCEL_FILE_MAX, PARCEL_TOTAL_MAX);
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
    int failed = fd < 0 ? -errno : digest_fd(fd, hex);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: %s", path, strerror(-failed));
    add_file(w, path, (uint64_t)st->st_size, hex);
    return 0;
}

static int walk_folder(struct walk *w, int dirfd, const char *above, struct err *e);

static int take_entry(struct walk *w, int dirfd, const char *above, const char *name, struct err *e)
{
    char path[PARCEL_PATH_MAX + NAME_MAX + 2];
    struct stat st;
    text_format(path, sizeof(path), "%s%s%s", above, *above ? "/" : "", name);
    const char *fault = parcel_path_fault(path);
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

/* Ends dirfd. Depth is bounded by the length of a path. */
static int walk_folder(struct walk *w, int dirfd, const char *above, struct err *e)
{
    cleanup_dir DIR *dir = fdopendir(dirfd);
    int failed = 0;
    if (!dir) {
        (void)close(dirfd);
        return err_sys(e, ERR_USAGE, "%s", above);
    }
    for (const struct dirent *d; failed == 0 && !w->full && (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            failed = take_entry(w, dirfd, above, d->d_name, e);
    return failed;
}

int parcel_read_folder(int dirfd, struct parcel *ret, struct findings *f, struct err *e)
{
    struct walk w = {.parcel = ret, .findings = f};
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "the folder");
    int failed = walk_folder(&w, fd, "", e);
    if (ret->count)
        qsort(ret->file, ret->count, sizeof(*ret->file), by_path);
    return failed;
}
