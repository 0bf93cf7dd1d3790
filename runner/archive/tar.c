#include "archive/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "archive/spool.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#define CHUNK 65536

/* Whether a file expands more than any bundle does: a decompression bomb. */
static bool is_bomb(uint64_t bytes, uint64_t file_bytes)
{
    return bytes > TAR_SMALL && bytes / TAR_RATIO_MAX > file_bytes;
}

static uint64_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static void end_reader(struct archive **a)
{
    (void)archive_read_free(*a);
}
#define cleanup_reader __attribute__((cleanup(end_reader)))

static void end_writer(struct archive **a)
{
    (void)archive_write_free(*a);
}
#define cleanup_writer __attribute__((cleanup(end_writer)))

/* A tar on its way into a folder. */
struct unpacking {
    struct archive *archive;
    uint64_t file_bytes; /* of the archive file */
    int dirfd;
    const struct tar_spooling *spooling; /* NULL: none */
    struct findings *findings;
    char *top;
    uint64_t total_bytes;
    size_t files;
    bool inside; /* no top folder: the first entry is "./" */
    bool full;   /* a limit was reached: ignore the rest */
};

static void refuse(struct unpacking *u, const char *path, const char *why)
{
    findings_add(u->findings, FINDING_INTEGRITY, path, "%s", why);
}

static void refuse_the_rest(struct unpacking *u, const char *path, const char *why)
{
    refuse(u, path, why);
    u->full = true;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static bool is_folder(struct archive_entry *entry)
{
    return archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);
}

static const char *entry_fault(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) || archive_entry_symlink(entry))
        return "a link";
    if (archive_entry_filetype(entry) != AE_IFREG && !is_folder(entry))
        return "neither a file nor a folder (a device, a socket)";
    if (archive_entry_sparse_count(entry) > 0)
        return "a sparse file";
    return NULL;
}

/* Removes a leading "./" and a folder's final slash. buf has at least FILELIST_PATH_MAX + 2 bytes. */
static const char *plain_path(const char *path, bool folder, char *buf, size_t cap)
{
    while (strncmp(path, "./", 2) == 0 && (path[2] != '/' || folder))
        path += 2;
    text_format(buf, cap, "%s", strcmp(path, ".") == 0 ? "" : path);
    size_t len = strlen(buf);
    if (folder && len > 0 && buf[len - 1] == '/')
        buf[len - 1] = '\0';
    return buf;
}

/* The path after the top folder; NULL: refused. */
static const char *inside_top(struct unpacking *u, const char *path)
{
    const char *slash = strchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (u->inside)
        return path;
    if (!slash) {
        refuse(u, path, "not in the bundle's top folder");
        return NULL;
    }
    if (*u->top == '\0')
        text_format(u->top, FILELIST_PATH_MAX + 1, "%.*s", (int)len, path);
    if (strlen(u->top) != len || strncmp(u->top, path, len) != 0) {
        refuse(u, path, "a second top folder");
        return NULL;
    }
    return slash + 1;
}

/* Where a file's bytes go: to fd, or to a spool with their digest. */
struct sink {
    int fd;
    struct spool *spool; /* NULL: to fd */
    struct digest *digest;
};

static int write_chunk(const struct sink *to, const char *chunk, size_t len)
{
    if (!to->spool)
        return file_write_fd(to->fd, chunk, len);
    digest_add(to->digest, chunk, len);
    return spool_add(to->spool, chunk, len);
}

/* Limits the bytes really read, not the size in the header. size: receives how many there were. */
static int write_data(struct unpacking *u, const char *path, const struct sink *to, uint64_t *size, struct err *e)
{
    char chunk[CHUNK];
    *size = 0;
    for (;;) {
        la_ssize_t n = archive_read_data(u->archive, chunk, sizeof(chunk));
        if (n < 0)
            return err_set(e, ERR_USAGE, -EBADMSG, "%s: %s", path, archive_error_string(u->archive));
        if (n == 0)
            return 0;
        *size += (uint64_t)n;
        u->total_bytes += (uint64_t)n;
        if (*size > FILELIST_FILE_MAX || u->total_bytes > FILELIST_TOTAL_MAX) {
            refuse_the_rest(u, path, "more than 1 GiB in one file, or 4 GiB in all; the rest is not read");
            return 0;
        }
        TRY(err_code(e, ERR_OURS, write_chunk(to, chunk, (size_t)n), "%s", path));
    }
}

static int spool_file(struct unpacking *u, const char *path, struct err *e)
{
    char hex[DIGEST_HEX];
    uint64_t size = 0;
    const struct sink to = {-1, u->spooling->spool, digest_begin()};
    int failed = write_data(u, path, &to, &size, e);
    digest_end(to.digest, hex);
    if (failed == 0 && !u->full)
        filelist_add_spooled(u->spooling->list, path, to.spool, size, hex);
    return failed;
}

static bool is_spooled(const struct unpacking *u, const char *path)
{
    const struct tar_spooling *s = u->spooling;
    return s && strncmp(path, s->below, strlen(s->below)) == 0 && !text_ends_with(path, s->but);
}

static int unpack_file(struct unpacking *u, const char *path, struct err *e)
{
    uint64_t ignored = 0;
    if (is_spooled(u, path))
        return spool_file(u, path, e);
    int failed = files_make_folders(u->dirfd, path);
    cleanup_close int fd =
        failed != 0 ? -1 : openat(u->dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    failed = failed != 0 ? failed : fd < 0 ? -errno : 0;
    if (failed == -EEXIST || failed == -ENOTDIR || failed == -EISDIR) {
        refuse(u, path, FILELIST_TWICE);
        return 0;
    }
    TRY(err_code(e, ERR_OURS, failed, "cannot unpack %s", path));
    return write_data(u, path, &(const struct sink){.fd = fd}, &ignored, e);
}

static int take_entry(struct unpacking *u, struct archive_entry *entry, struct err *e)
{
    char buf[PATH_MAX];
    const char *name = archive_entry_pathname(entry);
    if (!name) {
        refuse(u, "", "an entry without a readable name");
        return 0;
    }
    const char *path = plain_path(name, is_folder(entry), buf, sizeof(buf));
    if (u->files == 1 && is_folder(entry) && *path == '\0') {
        u->inside = true;
        return 0;
    }
    const char *wrong = entry_fault(entry), *fault = wrong ? wrong : filelist_path_fault(path);
    if (fault) {
        refuse(u, name, fault);
        return 0;
    }
    if (is_folder(entry)) /* made with its first file: BagIt has no empty folders */
        return 0;
    const char *inside = inside_top(u, path);
    if (inside && is_bomb(u->total_bytes + (uint64_t)archive_entry_size(entry), u->file_bytes)) {
        refuse_the_rest(u, inside, "more than 200 times the size of the archive file; the rest is not read");
        return 0;
    }
    return inside ? unpack_file(u, inside, e) : 0;
}

static int unpack_entries(struct unpacking *u, struct err *e)
{
    struct archive_entry *entry = NULL;
    while (!u->full) {
        int status = archive_read_next_header(u->archive, &entry);
        if (status == ARCHIVE_EOF)
            break;
        if (status < ARCHIVE_WARN)
            return err_set(e, ERR_USAGE, -EBADMSG, "not a tar, or a damaged one: %s", archive_error_string(u->archive));
        if (++u->files > FILELIST_COUNT_MAX)
            refuse_the_rest(u, "", "more than 100000 entries; the rest is not read");
        else
            TRY(take_entry(u, entry, e));
    }
    return 0;
}

/* Recognises other archive formats; NULL: none of them. */
static const char *other_kind(int fd)
{
    static const struct {
        const char *magic;
        size_t len;
        const char *said;
    } KINDS[] = {
        {"PK\003\004", 4,
         "it is a zip, and what is allowed is a tar, a tar.zst or a folder (unzip it, and name the folder)"},
        {"\037\213", 2, "it is compressed by gzip, and what is allowed is a tar or a tar.zst (gzip -d)"},
        {"BZh", 3, "it is compressed by bzip2, and what is allowed is a tar or a tar.zst (bzip2 -d)"},
        {"\3757zXZ", 6, "it is compressed by xz, and what is allowed is a tar or a tar.zst (xz -d)"},
        {"7z\274\257\047\034", 6,
         "it is a 7z archive, and what is allowed is a tar, a tar.zst or a folder (7z x, and name the folder)"},
        {"Rar!", 4,
         "it is a rar archive, and what is allowed is a tar, a tar.zst or a folder (unrar x, and name the folder)"},
    };
    char begin[8] = "";
    ssize_t n = pread(fd, begin, sizeof(begin), 0);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (n >= (ssize_t)KINDS[i].len && memcmp(begin, KINDS[i].magic, KINDS[i].len) == 0)
            return KINDS[i].said;
    return n == 0 ? "it is empty" : NULL;
}

int tar_unpack(int fd, int dirfd, const struct tar_spooling *spooling, char top[FILELIST_PATH_MAX + 1],
               struct findings *f, struct err *e)
{
    cleanup_reader struct archive *a = archive_read_new();
    struct unpacking u = {
        .archive = a, .file_bytes = size_of(fd), .dirfd = dirfd, .spooling = spooling, .findings = f, .top = top};
    const char *other = other_kind(fd);
    *top = '\0';
    if (other)
        return err_set(e, ERR_USAGE, -EINVAL, "%s", other);
    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK || archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_open_fd(a, fd, CHUNK) != ARCHIVE_OK)
        return err_set(e, ERR_USAGE, -EBADMSG, "not a tar: %s", a ? archive_error_string(a) : "out of memory");
    return unpack_entries(&u, e);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static int broken(struct archive *a, struct err *e)
{
    int number = archive_errno(a); /* its own message may be only "Write error" */
    return err_set(e, ERR_OURS, number > 0 ? -number : -EIO, "cannot write the tar: %s",
                   number > 0 ? strerror(number) : archive_error_string(a));
}

static int stale(const struct listed_file *file, int code, struct err *e)
{
    return code == -ESTALE ? err_set(e, ERR_OURS, code, "%s changed meanwhile", file->path)
                           : err_code(e, ERR_OURS, code, "%s", file->path);
}

/* Copies a file into the tar, and computes its digest from the same bytes; a spool is our own, and stays as it is. */
static int write_entry(struct archive *a, const struct listed_file *file, int dirfd, struct archive_entry *entry,
                       struct err *e)
{
    char chunk[CHUNK], hex[DIGEST_HEX];
    cleanup_opened_file struct opened_file o;
    int failed = filelist_open(file, dirfd, &o);
    if (failed != 0)
        return stale(file, failed, e);
    if (archive_write_header(a, entry) != ARCHIVE_OK)
        return broken(a, e);
    struct digest *d = file->spool ? NULL : digest_begin();
    ssize_t n = 0;
    while (failed == 0 && (n = filelist_next(&o, chunk, sizeof(chunk))) > 0) {
        if (d)
            digest_add(d, chunk, (size_t)n);
        failed = archive_write_data(a, chunk, (size_t)n) == n ? 0 : broken(a, e);
    }
    if (d)
        digest_end(d, hex);
    if (failed != 0)
        return failed;
    return n == 0 && (!d || strcmp(hex, file->sha256) == 0) ? 0 : stale(file, n < 0 ? (int)n : -ESTALE, e);
}

static int write_file(struct archive *a, const struct listed_file *file, int dirfd, const char *top, int64_t mtime_s,
                      struct err *e)
{
    char path[2 * FILELIST_PATH_MAX + 2];
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory");
    text_format(path, sizeof(path), "%s/%s", top, file->path);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, mtime_s, 0);
    archive_entry_set_size(entry, (la_int64_t)file->size_bytes);
    int failed = write_entry(a, file, dirfd, entry, e);
    archive_entry_free(entry);
    return failed;
}

/* Where the tar goes. */
struct written {
    int fd; /* -1: nowhere */
    struct digest *digest;
    int like_fd; /* without a digest: the tar that it is compared with, block by block */
    uint64_t same_bytes;
    bool differs;
};

/* -EEXIST: there is something else in the tar that it is compared with, and the rest is not looked at. */
static int take_block(struct written *w, const void *bytes, size_t len)
{
    char there[CHUNK];
    if (w->digest) {
        digest_add(w->digest, bytes, len);
        return w->fd < 0 ? 0 : file_write_fd(w->fd, bytes, len);
    }
    w->differs = w->differs || len > sizeof(there) ||
                 file_read_fd(w->like_fd, (off_t)w->same_bytes, there, len) != (ssize_t)len ||
                 memcmp(there, bytes, len) != 0;
    w->same_bytes += len;
    return w->differs ? -EEXIST : 0;
}

static la_ssize_t write_block(struct archive *a, void *to, const void *bytes, size_t len)
{
    int failed = take_block(to, bytes, len);
    if (failed != 0)
        archive_set_error(a, -failed, "%s", strerror(-failed));
    return failed == 0 ? (la_ssize_t)len : -1;
}

static int write_entries(const struct tar_spec *t, struct written *to, struct err *e)
{
    cleanup_writer struct archive *a = archive_write_new();
    if (!a || archive_write_set_format_ustar(a) != ARCHIVE_OK || archive_write_add_filter_none(a) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(a, CHUNK) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK)
        abort();
    if (archive_write_open(a, to, NULL, write_block, NULL) != ARCHIVE_OK)
        return broken(a, e);
    for (size_t i = 0; i < t->list->count; i++)
        TRY(write_file(a, &t->list->file[i], t->dirfd, t->top, t->mtime_s, e));
    return archive_write_close(a) == ARCHIVE_OK ? 0 : broken(a, e);
}

int tar_write(const struct tar_spec *t, int fd, char hex[DIGEST_HEX], struct err *e)
{
    struct written to = {.fd = fd, .digest = digest_begin(), .like_fd = -1};
    int failed = write_entries(t, &to, e);
    digest_end(to.digest, hex);
    return failed;
}

int tar_compare(const struct tar_spec *t, int fd, bool *same, struct err *e)
{
    struct written to = {.fd = -1, .like_fd = fd};
    int failed = write_entries(t, &to, e);
    *same = failed == 0 && to.same_bytes == size_of(fd);
    if (failed == 0 || !to.differs)
        return failed;
    *e = (struct err){0};
    return 0;
}

int tar_save(const struct tar_spec *t, const char *path, char hex[DIGEST_HEX], struct err *e)
{
    struct file_draft draft;
    TRY(file_draft_open(path, &draft, e));
    return file_draft_end(&draft, tar_write(t, fileno(draft.stream), hex, e), e);
}

/* Opens the archive from the beginning of the file. NULL: it cannot be read. */
static struct archive *open_archive(int fd, bool raw)
{
    struct archive *a = lseek(fd, 0, SEEK_SET) == 0 ? archive_read_new() : NULL;
    if (a && (raw ? archive_read_support_format_raw(a) : archive_read_support_format_tar(a)) == ARCHIVE_OK &&
        archive_read_support_filter_zstd(a) == ARCHIVE_OK && archive_read_open_fd(a, fd, CHUNK) == ARCHIVE_OK)
        return a;
    (void)archive_read_free(a);
    return NULL;
}

static int digest_data(struct archive *a, uint64_t file_bytes, struct digest *d, struct err *e)
{
    static const uint64_t MOST =
        FILELIST_TOTAL_MAX + FILELIST_COUNT_MAX * 1024ULL; /* with header and padding of each file */
    char chunk[CHUNK];
    uint64_t total = 0;
    for (;;) {
        la_ssize_t n = archive_read_data(a, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n < 0)
            return err_set(e, ERR_USAGE, -EBADMSG, "not a tar, or a damaged one: %s", archive_error_string(a));
        total += (uint64_t)n;
        if (total > MOST || is_bomb(total, file_bytes))
            return err_set(e, ERR_USAGE, -EFBIG, "it is longer than a bundle can be");
        digest_add(d, chunk, (size_t)n);
    }
}

int tar_digest_uncompressed(int fd, char hex[DIGEST_HEX], struct err *e)
{
    cleanup_reader struct archive *a = open_archive(fd, true);
    struct archive_entry *entry = NULL;
    if (!a || archive_read_next_header(a, &entry) != ARCHIVE_OK)
        return err_set(e, ERR_USAGE, -EBADMSG, "not a tar: %s", a ? archive_error_string(a) : "it cannot be read");
    struct digest *d = digest_begin();
    int failed = digest_data(a, size_of(fd), d, e);
    digest_end(d, hex);
    return failed;
}

/* --- its form --------------------------------------------------------------------------------------------------- */

enum form { FORM_PAX, FORM_GNU, FORM_FOLDERS, FORM_NAMES, FORM_OWNERS, FORM_MODES, FORM_TIMES, FORM_ORDER };

static unsigned form_of(struct archive *a, struct archive_entry *entry, int64_t mtime_s, char last[PATH_MAX])
{
    const char *path = archive_entry_pathname(entry), *user = archive_entry_uname(entry),
               *group = archive_entry_gname(entry);
    int format = archive_format(a);
    unsigned seen =
        format == ARCHIVE_FORMAT_TAR_USTAR ? 0 : 1u << (format == ARCHIVE_FORMAT_TAR_GNUTAR ? FORM_GNU : FORM_PAX);
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return seen | 1u << FORM_FOLDERS;
    if (archive_entry_uid(entry) != 0 || archive_entry_gid(entry) != 0 || (user && *user) || (group && *group))
        seen |= 1u << FORM_OWNERS;
    if (archive_entry_perm(entry) != 0644)
        seen |= 1u << FORM_MODES;
    if (archive_entry_mtime(entry) != mtime_s)
        seen |= 1u << FORM_TIMES;
    if (path && strncmp(path, "./", 2) == 0)
        seen |= 1u << FORM_NAMES;
    if (path && strcmp(last, path) > 0)
        seen |= 1u << FORM_ORDER;
    text_format(last, PATH_MAX, "%s", path ? path : "");
    return seen;
}

/* Whether a byte other than zero comes at or after `from`. */
static bool has_more(struct archive *raw, la_int64_t from)
{
    char chunk[CHUNK];
    la_int64_t at = 0;
    for (la_ssize_t n; (n = archive_read_data(raw, chunk, sizeof(chunk))) > 0; at += n)
        for (la_ssize_t i = 0; i < n; i++)
            if (at + i >= from && chunk[i] != '\0')
                return true;
    return false;
}

int tar_describe(int fd, int64_t mtime_s, char *form, size_t cap, struct err *e)
{
    static const char *const WORDS[] = {
        "pax headers", "GNU headers", "folders of their own",  "names that begin with ./", "owners",
        "modes",       "times",       "the order of its files"};
    char last[PATH_MAX] = "";
    unsigned seen = 0;
    struct archive_entry *entry = NULL;
    cleanup_reader struct archive *a = open_archive(fd, false);
    if (!a)
        return err_set(e, ERR_OURS, -EIO, "cannot read the tar again");
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK)
        seen |= form_of(a, entry, mtime_s, last);
    cleanup_reader struct archive *raw = open_archive(fd, true);
    if (raw && archive_read_next_header(raw, &entry) == ARCHIVE_OK && has_more(raw, archive_filter_bytes(a, 0)))
        return err_set(e, ERR_USAGE, -EINVAL, "there is data after the end of the tar");
    *form = '\0';
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (seen >> i & 1)
            text_format(form + strlen(form), cap - strlen(form), "%s%s", *form ? ", " : "", WORDS[i]);
    return 0;
}

/* --- the output file --------------------------------------------------------------------------------------------- */

int tar_check_output(const char *path, struct err *e)
{
    char output[PATH_MAX];
    struct stat st;
    if (strlen(path) >= sizeof(output))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "-o: the name is too long");
    if (!text_ends_with(path, ".tar"))
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "-o '%s': what is allowed is a name that ends in .tar ('zstd FILE.tar' compresses it afterwards)", path);
    text_format(output, sizeof(output), "%s", path);
    const char *in = dirname(output);
    if (stat(in, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(in, W_OK | X_OK) == 0)
        return stat(path, &st) != 0 || S_ISREG(st.st_mode)
                   ? 0
                   : err_set(e, ERR_USAGE, -EINVAL, "-o '%s' is not a regular file", path);
    return err_sys(e, ERR_USAGE, "-o '%s': the folder '%s'", path, in);
}
