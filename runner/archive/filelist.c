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
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
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

static const char *part_fault(const char *part, size_t len)
{
    if (len == 0)
        return "an empty part in its path";
    if (len <= 2 && strncmp(part, "..", len) == 0)
        return "'.' or '..' in its path";
    return NULL;
}

const char *filelist_path_fault(const char *path)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    const char *fault = NULL;
    if (*path == '/')
        return "an absolute path";
    if (strlen(path) > FILELIST_PATH_MAX)
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
    struct filelist *p = w->list;
    p->file = xgrow(p->file, p->count, sizeof(*p->file));
    struct listed_file *file = &p->file[p->count++];
    file->size_bytes = size_bytes;
    text_format(file->path, sizeof(file->path), "%s", path);
    text_format(file->sha256, sizeof(file->sha256), "%s", sha256);
}

static bool fits(struct walk *w, const char *path, const struct stat *st)
{
    if (w->list->count == FILELIST_COUNT_MAX) {
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
    int failed = fd < 0 ? -errno : digest_fd(fd, hex);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: %s", path, strerror(-failed));
    add_file(w, path, (uint64_t)st->st_size, hex);
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

int filelist_read(int dirfd, struct filelist *ret, struct findings *f, struct err *e)
{
    struct walk w = {.list = ret, .findings = f};
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "cannot read the folder");
    int failed = walk_folder(&w, fd, "", e);
    if (ret->count)
        qsort(ret->file, ret->count, sizeof(*ret->file), by_path);
    return failed;
}
