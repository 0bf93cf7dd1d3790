#include "host/tune/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/trust.h"
#include "base/userdir.h"
#include "base/yaml.h"

#define MARK              "tare-tune/2"
#define MARK_OF_PATHS     "tare-tune/1"
#define NAME              "tune.journal"
#define JOURNAL_BYTES_MAX (64 << 20)
#define LOCK_NS           (3 * NS_PER_S)

/* --- one line --------------------------------------------------------------------------------------------------- */

/* FNV-1a, 32 bits: detects torn writes, not forgery. */
static uint32_t checksum(const char *bytes, size_t len)
{
    uint32_t sum = 2166136261U;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * 16777619U;
    return sum;
}

static void add_line(struct text *out, const char *boot_id, const struct journal_record *r)
{
    size_t start = out->len;
    char name[64] = "";
    (void)knob_name_of(r->path, name, sizeof(name)); /* journal_append() has checked it */
    text_add(out, MARK " %s %s %s ", boot_id, r->keep ? "keep" : "set", name);
    yaml_add_quoted(r->old_bytes, out);
    text_add(out, " ");
    yaml_add_quoted(r->new_bytes, out);
    text_add(out, " ");
    text_add(out, "%08x\n", checksum(out->data + start, out->len - start));
}

/* Reads ` "bytes"` from *rest and moves past it. NULL: not there. The caller frees it. */
static char *take_quoted(const char **rest)
{
    const char *p = *rest;
    unsigned code = 0;
    struct text bytes = {0};
    if (strncmp(p, " \"", 2) != 0)
        return NULL;
    text_add(&bytes, "%s", "");
    for (p += 2; *p && *p != '"'; p++) {
        if (*p != '\\')
            text_add_bytes(&bytes, p, 1);
        else if (p[1] == 'x' && sscanf(p + 2, "%2x", &code) == 1 && code != 0 && strlen(p) >= 4)
            text_add(&bytes, "%c", (char)code), p += 3;
        else
            text_add(&bytes, "%c", p[1] == 'n' ? '\n' : p[1]), p += p[1] != '\0';
    }
    *rest = *p == '"' ? p + 1 : p;
    return bytes.data;
}

static void free_record(struct journal_record *r)
{
    free(r->path);
    free(r->old_bytes);
    free(r->new_bytes);
    *r = (struct journal_record){0};
}

/* The setting's file and kind. NULL: not a setting of the table. The caller frees it. */
static char *take_setting(const char *mark, char *word, const char **rest, enum knob_kind *kind)
{
    static const char *const KINDS[] = {"value", "choice", "list", "mask", NULL}; /* of enum knob_kind */
    char path[PATH_MAX], name[64];
    if (strcmp(mark, MARK) == 0)
        return knob_find(word, path, sizeof(path), kind) == 0 ? xstrdup(path) : NULL;
    const int said = text_index(word, KINDS);
    char *named = strcmp(mark, MARK_OF_PATHS) == 0 && said >= 0 ? take_quoted(rest) : NULL;
    if (named && knob_name_of(named, name, sizeof(name)) == 0 && knob_find(name, path, sizeof(path), kind) == 0 &&
        (int)*kind == said)
        return named;
    free(named);
    return NULL;
}

/* Parses a line; false: not a valid record. boot (64 bytes) receives its boot id. */
static bool parse_line(const char *line, size_t len, char *boot, struct journal_record *ret)
{
    char mark[16], word[8], setting[64];
    int at = 0;
    char *end = NULL;
    if (len < 9 || line[len - 9] != ' ' || strtoul(line + len - 8, &end, 16) != checksum(line, len - 8))
        return false;
    if (sscanf(line, "%15s %63s %7s %63s%n", mark, boot, word, setting, &at) != 4)
        return false;
    const char *rest = line + at;
    ret->keep = strcmp(word, "keep") == 0;
    ret->path = take_setting(mark, setting, &rest, &ret->kind);
    ret->old_bytes = ret->path ? take_quoted(&rest) : NULL;
    ret->new_bytes = ret->old_bytes ? take_quoted(&rest) : NULL;
    if (!ret->new_bytes)
        free_record(ret);
    return ret->path != NULL;
}

/* --- the file --------------------------------------------------------------------------------------------------- */

int journal_place(const char *root, char *buf, size_t cap, struct err *e)
{
    const char *state = getenv("TARE_STATE");
    const bool given = state && *state;
    if (given && trust_path(state, e) != 0)
        return err_wrap(e, "$TARE_STATE, the journal's folder");
    return text_fits(buf, cap, "%s%s/" NAME, given ? "" : root, given ? state : USERDIR_STATE_OF_ROOT)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "the journal's folder: its path is too long");
}

static void remember(struct journal *j, struct journal_record *r)
{
    j->record = xgrow(j->record, j->records, sizeof(*j->record));
    j->record[j->records++] = *r;
    *r = (struct journal_record){0};
}

/* Reads every line. other_boot receives the boot id of records of another boot, if there are any. */
static void read_lines(struct journal *j, char *text, char other_boot[64])
{
    for (char *line = text; line && *line;) {
        char boot[64] = "";
        char *end = strchr(line, '\n');
        struct journal_record r = {0};
        if (!end) {
            j->torn = true;
            j->whole_bytes = (off_t)(line - text);
            return;
        }
        *end = '\0';
        if (!parse_line(line, (size_t)(end - line), boot, &r))
            j->damaged += end != line;
        else if (strcmp(boot, j->boot_id) == 0)
            remember(j, &r);
        else
            text_format(other_boot, 64, "%s", boot);
        free_record(&r);
        line = end + 1;
    }
}

/* Renames the journal to NAME.SUFFIX, or NAME.SUFFIX.N if that exists. */
static int set_aside(struct journal *j, const char *suffix, struct err *e)
{
    for (int n = 1; n < 1000; n++) {
        const bool fits = n == 1 ? text_fits(j->set_aside, sizeof(j->set_aside), "%s.%s", j->path, suffix)
                                 : text_fits(j->set_aside, sizeof(j->set_aside), "%s.%s.%d", j->path, suffix, n);
        if (!fits)
            return err_set(e, ERR_OURS, -ENAMETOOLONG, "'%s': the name is too long", j->path);
        if (renameat2(j->dir_fd, NAME, j->dir_fd, strrchr(j->set_aside, '/') + 1, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return err_sys(e, ERR_OURS, "cannot rename '%s' to '%s'", j->path, j->set_aside);
}

/* Waits for a killed process, which lives until its system call returns (an fsync, for example). */
static int lock_folder(int dir_fd)
{
    const int64_t until_ns = clock_now_ns() + LOCK_NS;
    const struct timespec pause = clock_timespec(20 * NS_PER_MS);
    int failed = 0;
    while ((failed = flock(dir_fd, LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK && clock_now_ns() < until_ns)
        (void)nanosleep(&pause, NULL);
    return failed;
}

static int open_folder(struct journal *j, bool create, struct err *e)
{
    char dir[PATH_MAX];
    text_format(dir, sizeof(dir), "%s", j->path);
    *strrchr(dir, '/') = '\0';
    int failed = trust_path(dir, e);
    if (failed == 0)
        failed = beneath_open_folder(dir, create, &j->dir_fd, e);
    if (failed != 0) {
        if (e)
            e->kind = failed == -EPERM ? ERR_HOST : ERR_OURS;
        return err_wrap(e, "the journal's folder");
    }
    if (lock_folder(j->dir_fd) != 0)
        return err_set(e, ERR_HOST, -EBUSY, "another tare holds the journal's folder '%s'", dir);
    return 0;
}

/* Only a regular file, not a link or device, that no other user owns or may write to (-EPERM). */
static int read_bytes(int dir_fd, struct text *ret)
{
    struct stat st;
    cleanup_close int fd = beneath_open(dir_fd, NAME, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fd < 0 ? fd : -errno;
    if (!S_ISREG(st.st_mode) || st.st_size > JOURNAL_BYTES_MAX)
        return -EINVAL;
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022) || st.st_nlink != 1)
        return -EPERM;
    return file_append_fd(fd, JOURNAL_BYTES_MAX, ret);
}

static int read_journal(struct journal *j, struct err *e)
{
    cleanup_text struct text text = {0};
    char other_boot[64] = "";
    int failed = read_bytes(j->dir_fd, &text);
    if (failed == 0 && text.data)
        read_lines(j, text.data, other_boot);
    if (failed == -EPERM)
        return err_set(
            e, ERR_HOST, failed,
            "the journal '%s' belongs to another user, or others may write to it: it is not trusted (inspect and "
            "remove it)",
            j->path);
    if (failed != 0 && failed != -ENOENT)
        return err_set(e, ERR_OURS, failed, "the journal '%s': %s", j->path,
                       failed == -EINVAL ? "not a regular file of at most 64 MiB" : strerror(-failed));
    j->other_boot = *other_boot != '\0';
    if (failed == 0 && j->records == 0 && (j->other_boot || j->damaged > 0))
        return set_aside(j, *other_boot ? other_boot : "damaged", e);
    return 0;
}

static int open_file(struct journal *j, bool create, struct err *e)
{
    j->fd = beneath_open(j->dir_fd, NAME, O_RDWR | O_APPEND | (create ? O_CREAT : 0), 0600);
    if (j->fd == -ENOENT && !create)
        return 0;
    TRY(err_code(e, ERR_OURS, j->fd, "the journal '%s'", j->path));
    if (create && j->torn && ftruncate(j->fd, j->whole_bytes) != 0) /* removes a torn line */
        return err_sys(e, ERR_OURS, "the journal '%s'", j->path);
    if (create && (fsync(j->fd) != 0 || file_sync_folder(j->dir_fd) != 0))
        return err_sys(e, ERR_OURS, "the journal '%s'", j->path);
    return 0;
}

int journal_open(const char *path, const char *boot_id, bool create, struct journal *ret, struct err *e)
{
    struct journal j = {.dir_fd = -1, .fd = -1};
    text_format(j.path, sizeof(j.path), "%s", path);
    text_format(j.boot_id, sizeof(j.boot_id), "%s", boot_id);
    int failed = open_folder(&j, create, e);
    bool nothing = failed == -ENOENT && !create;
    if (failed == 0)
        failed = read_journal(&j, e);
    if (failed == 0)
        failed = open_file(&j, create, e);
    if (failed == -EACCES || failed == -EROFS || (failed == -EPERM && geteuid() != 0)) {
        if (e)
            e->kind = ERR_HOST;
        (void)err_remedy(e, "run as root, or set TARE_STATE to a folder of your own");
    }
    if (failed != 0)
        journal_close(&j);
    if (failed != 0 && !nothing)
        return failed;
    if (nothing && e)
        *e = (struct err){0};
    *ret = j;
    return 0;
}

int journal_append(struct journal *j, const struct journal_record *r, struct err *e)
{
    cleanup_text struct text line = {0};
    struct stat st;
    char name[64];
    if (knob_name_of(r->path, name, sizeof(name)) != 0)
        return err_set(e, ERR_OURS, -ENOENT, "'%s' is not a setting that a journal can name", r->path);
    if (fstat(j->fd, &st) != 0)
        return err_sys(e, ERR_OURS, "the journal '%s'", j->path);
    add_line(&line, j->boot_id, r);
    errno = EIO; /* for a short write */
    if (write(j->fd, line.data, line.len) != (ssize_t)line.len || fsync(j->fd) != 0) {
        int code = err_sys(e, ERR_OURS, "the journal '%s'", j->path);
        (void)!ftruncate(j->fd, st.st_size);
        return code;
    }
    struct journal_record mine = {.path = xstrdup(r->path),
                                  .old_bytes = xstrdup(r->old_bytes),
                                  .new_bytes = xstrdup(r->new_bytes),
                                  r->kind,
                                  r->keep};
    remember(j, &mine);
    return 0;
}

const struct journal_record *journal_first(const struct journal *j, const char *path)
{
    for (size_t i = 0; i < j->records; i++)
        if (strcmp(j->record[i].path, path) == 0)
            return &j->record[i];
    return NULL;
}

int journal_reduce(struct journal *j, const bool *marks, struct err *e)
{
    cleanup_text struct text lines = {0};
    for (size_t i = 0; i < j->records; i++)
        if (marks[i])
            add_line(&lines, j->boot_id, &j->record[i]);
    if (lines.len > 0)
        TRY(file_replace_at(j->dir_fd, NAME, j->path, lines.data, lines.len, e));
    else if (j->damaged > 0)
        TRY(set_aside(j, "damaged", e));
    else if (unlinkat(j->dir_fd, NAME, 0) != 0 && errno != ENOENT)
        return err_sys(e, ERR_OURS, "cannot remove '%s'", j->path);
    if (j->dir_fd >= 0 && file_sync_folder(j->dir_fd) != 0)
        return err_sys(e, ERR_OURS, "the folder of '%s'", j->path);
    return 0;
}

void journal_close(struct journal *j)
{
    for (size_t i = 0; i < j->records; i++)
        free_record(&j->record[i]);
    free(j->record);
    close_fd(&j->fd);
    close_fd(&j->dir_fd);
    j->record = NULL;
    j->records = 0;
    j->fd = j->dir_fd = -1;
}
