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
#define REMEDY_READ                                                                                                    \
    "what a function reads in its folder is copied: put a file with a plain name there, of at most 64 MiB, or name "   \
    "one elsewhere by its whole path"
#define REMEDY_FILE "what a command names by its path is carried: a copy with a plain name, of at most 64 MiB"

static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/* --- listing ----------------------------------------------------------------------------------------------------- */

struct listing {
    const char *folder;
    bool copy; /* a copy: nothing is left out */
    struct carried_files *files;
    size_t seen; /* files and folders so far */
    const char *remedy;
    struct err *e;
};

static int list_folder(struct listing *l, int fd, const char *prefix, int depth);

static int refuse(const struct listing *l, const char *path, int code, const char *why)
{
    cleanup_free char *shown = text_printable(path);
    return err_set(l->e, ERR_USAGE, code, "'%s': '%s' %s (%s)", l->folder, shown, why, l->remedy);
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

static int add_entry(struct listing *l, int dirfd, const char *name, const char *prefix, int depth)
{
    char path[CARRIED_PATH_MAX + 1];
    struct stat st;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (*name == '.' || strcmp(name, "__pycache__") == 0)
        return l->copy ? refuse(l, name, -EINVAL, "is in no copy of a scenario") : 0;
    if (!text_fits(path, sizeof(path), "%s%s%s", prefix, *prefix ? "/" : "", name))
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
    if (faccessat(fd, "plan.lock", F_OK, AT_SYMLINK_NOFOLLOW) == 0) { /* it holds a plan */
        (void)close(fd);
        return l->copy ? refuse(l, name, -EINVAL, "is in no copy of a scenario") : 0;
    }
    return list_folder(l, fd, path, depth + 1);
}

/* Closes fd. */
static int list_folder(struct listing *l, int fd, const char *prefix, int depth)
{
    cleanup_dir DIR *dir = fdopendir(fd);
    if (!dir) {
        int failed = refuse(l, *prefix ? prefix : ".", -errno, strerror(errno));
        (void)close(fd);
        return failed;
    }
    for (struct dirent *d; (d = readdir(dir));)
        TRY(add_entry(l, fd, d->d_name, prefix, depth));
    return 0;
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
    cleanup_carried struct carried_files c = {0};
    struct listing l = {.folder = folder, .copy = copy, .files = &c, .remedy = REMEDY, .e = e};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    TRY(fd < 0 ? err_sys(e, ERR_USAGE, "'%s'", folder) : list_folder(&l, fd, "", 0));
    TRY(check_twins(&l));
    sum_up(&c);
    *ret = c;
    c = (struct carried_files){0};
    return 0;
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
    if (fd < 0)
        return refuse(l, path, fd, fd == -ELOOP ? "is behind a link" : strerror(-fd));
    return add_file(l, fd, slash ? slash + 1 : path, path);
}

static int list_named(const char *folder, const char *paths, const char *remedy, struct carried_files *ret,
                      struct err *e)
{
    struct listing l = {.folder = folder, .files = ret, .remedy = remedy, .e = e};
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

int carried_list_named(const char *folder, const char *paths, struct carried_files *ret, struct err *e)
{
    return list_named(folder, paths, REMEDY_READ, ret, e);
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

static int copy_file(const struct carried_file *f, int from, int to, struct err *e)
{
    char sha256[DIGEST_HEX] = "";
    cleanup_text struct text bytes = {0};
    int failed = source_read(from, f->path, false, f->size_bytes, &bytes, NULL);
    digest_bytes(bytes.data, bytes.len, sha256);
    if (failed == 0 && strcmp(sha256, f->sha256) != 0)
        failed = -ESTALE;
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", f->path,
                       failed == -ESTALE || failed == -EFBIG ? "it was changed meanwhile" : source_fault(failed));
    if ((failed = make_folders(to, f->path)) != 0)
        return err_set(e, ERR_OURS, failed, "'%s': %s", f->path, strerror(-failed));
    TRY(file_create_at(to, f->path, bytes.data, bytes.len, e));
    if (!is_program(bytes.data, bytes.len))
        return 0;
    /* Not fchmodat(2): it would follow a link that was put there meanwhile. */
    cleanup_close int fd = beneath_open(to, f->path, O_RDONLY, 0);
    return fd >= 0 && fchmod(fd, 0755) == 0 ? 0 : err_sys(e, ERR_OURS, "'%s'", f->path);
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

const struct carried_one *carried_find(const struct carried *c, const char *word, bool of_command)
{
    for (size_t i = 0; c && i < c->count; i++)
        if (c->of[i].of_command == of_command && strcmp(c->of[i].word, word) == 0)
            return &c->of[i];
    return NULL;
}

const char *carried_place(const struct carried_one *s, char *buf, size_t cap)
{
    if (s->of_command)
        text_format(buf, cap, CARRIED_PROGRAMS "/%.12s", s->sha256);
    else
        text_format(buf, cap, CARRIED_FOLDER "/%s-%.12s", s->name, s->sha256);
    return buf;
}

bool carried_is_repeated(const struct carried *c, size_t i)
{
    char in[128], other[128];
    size_t k = 0;
    (void)carried_place(&c->of[i], in, sizeof(in));
    while (k < i && strcmp(carried_place(&c->of[k], other, sizeof(other)), in) != 0)
        k++;
    return k < i;
}

bool carried_is_there(const struct carried *c, const struct carried_one *one)
{
    char in[128];
    cleanup_close int dir = open(c->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int fd =
        dir < 0 ? -1 : beneath_open(dir, carried_place(one, in, sizeof(in)), O_RDONLY | O_DIRECTORY, 0);
    return fd >= 0;
}

/* --- a command's file -------------------------------------------------------------------------------------------- */

bool carried_is_installed(const char *path)
{
    static const char *const SYSTEM[] = {"/usr",    "/bin", "/sbin", "/lib",  "/lib32", "/lib64",
                                         "/libx32", "/etc", "/dev",  "/proc", "/sys",   "/run"};
    char lib[PATH_MAX];
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; i < ARRAY_LEN(SYSTEM); i++)
        if (text_is_below(path, SYSTEM[i]) && !text_is_below(path, "/usr/local"))
            return true;
    if (!slash || slash - path < 4 || strncmp(slash - 4, "/bin", 4) != 0)
        return false;
    text_format(lib, sizeof(lib), "%.*slib", (int)(slash - path) - 3, path);
    return access(lib, F_OK) == 0;
}

int carried_find_file(const char *word, char dir[PATH_MAX], struct carried_one *ret, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    cleanup_carried struct carried_files files = {0};
    if (!realpath(word, path) || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || carried_is_installed(path))
        return -ENOENT;
    char *slash = strrchr(path, '/');
    text_format(dir, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (strlen(slash + 1) > CARRIED_PATH_MAX || slash[1] == '.')
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s': it is hidden, or its name is longer than %d bytes (" REMEDY_FILE ")", word,
                       CARRIED_PATH_MAX);
    TRY(list_named(dir, slash + 1, REMEDY_FILE, &files, e));
    *ret = (struct carried_one){.of_command = true, .word = word, .bytes = files.bytes};
    text_format(ret->file, sizeof(ret->file), "%s", slash + 1);
    text_format(ret->sha256, sizeof(ret->sha256), "%s", files.sha256);
    return 0;
}

int carried_open_file(const struct carried *c, const struct carried_one *one, char path[PATH_MAX], struct err *e)
{
    char in[128], folder[PATH_MAX], copy[PATH_MAX + 160];
    cleanup_carried struct carried_files files = {0};
    if (!carried_is_there(c, one) || !realpath(c->folder, folder))
        return err_set(e, ERR_USAGE, -ENOENT, "%s: the copy of the command's file '%s' is not there",
                       carried_place(one, in, sizeof(in)), one->word);
    text_format(copy, sizeof(copy), "%s/%s", folder, carried_place(one, in, sizeof(in)));
    TRY(carried_list(copy, true, &files, e));
    if (strcmp(files.sha256, one->sha256) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it is not the file '%s' of plan.lock, whose SHA-256 is another", in,
                       one->word);
    return text_fits(path, PATH_MAX, "%s/%s", copy, one->file)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': its path is too long", one->word);
}

bool carried_is_file(const struct carried_one *one, const char *sha256)
{
    char hex[DIGEST_HEX];
    cleanup_free char *line = text_printf("%s  %s\n", sha256, one->file);
    digest_bytes(line, strlen(line), hex);
    return strcmp(hex, one->sha256) == 0;
}
