#include "plan/folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"
#include "cell/scenario.h"
#include "plan/order.h"
#include "plan/plan.h"

#define DYING_NS        (10 * NS_PER_S)
#define ASIDE_MAX       10000
#define FOLDER_FILE_MAX (1U << 20)

static const char *path_in(const struct folder *f, const char *name, char buf[PATH_MAX])
{
    text_format(buf, PATH_MAX, "%s/%s", f->path, name);
    return buf;
}

/* --- the lock ---------------------------------------------------------------------------------------------------- */

static int refuse_busy(const struct folder *f, int fd, struct err *e)
{
    char who[80] = "";
    ssize_t n = pread(fd, who, sizeof(who) - 1, 0);
    who[n > 0 ? (size_t)n : 0] = '\0';
    who[strcspn(who, "\n")] = '\0';
    return err_set(e, ERR_USAGE, -EBUSY,
                   "'%s': another tare matrix is at work in it%s%s (wait for it, or take another "
                   "--out)",
                   f->path, *who ? ": " : "", who);
}

/* tare writes into the lock file, so it must not be a link or a second name of another file. */
static int refuse_lock(const struct folder *f, struct err *e)
{
    return err_set(e, ERR_USAGE, -EPERM,
                   "'%s/.lock' is a link, or no file of this name alone: no lock of tare's (remove it)", f->path);
}

static void sign_lock(int fd)
{
    char host[64] = "", line[96];
    (void)gethostname(host, sizeof(host) - 1);
    int n = snprintf(line, sizeof(line), "pid %d on %s\n", (int)getpid(), host);
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, line, (size_t)n, 0);
}

/* Whether the process is gone or on its way: a zombie, or with PF_EXITING in its flags, or with a SIGKILL that it has
 * yet to take, which on a busy machine lasts (proc_pid_stat(5): the fields 3, 9 and 31; the state follows the last
 * bracket). Between taking SIGKILL and PF_EXITING only the last field, 52, tells: newer kernels show there what the
 * process ends by from the moment that it is sent (do_task_stat, of signal->group_exit_code). */
static bool is_ending(int pid)
{
    enum { PF_EXITING = 4 };
    char path[64], stat[1024], state;
    unsigned flags = 0;
    unsigned long pending = 0;
    text_format(path, sizeof(path), "/proc/%d/stat", pid);
    if (kill(pid, 0) != 0)
        return errno == ESRCH;
    const char *after = file_read("", path, stat, sizeof(stat)) > 0 ? strrchr(stat, ')') : NULL;
    if (!after || sscanf(after,
                         ") %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d "
                         "%*u %*u %*u %*u %*u %*u %lu",
                         &state, &flags, &pending) != 3)
        return false;
    const char *last = strrchr(after, ' ');
    return state == 'Z' || state == 'X' || (flags & PF_EXITING) || (pending & (1UL << (SIGKILL - 1))) ||
           (last && strtol(last, NULL, 10) == SIGKILL);
}

/* Whether the process named in the lock was of this host and has ended, or is about to. */
static bool signer_is_ending(int fd)
{
    char host[64] = "", line[96], signed_on[64];
    int pid = 0;
    (void)gethostname(host, sizeof(host) - 1);
    ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
    line[n > 0 ? n : 0] = '\0';
    return sscanf(line, "pid %d on %63s", &pid, signed_on) == 2 && pid > 0 && strcmp(host, signed_on) == 0 &&
           is_ending(pid);
}

/* A lock lasts until the last process that inherited its descriptor has ended (flock(2)). A killed tare, and a child
 * of it that was about to start, need a moment to end. On older kernels nothing of it shows for a moment, so that one
 * look decides nothing. 0, or -errno. */
static int wait_for_lock(int fd)
{
    int64_t deadline_ns = clock_now_ns() + DYING_NS;
    int alive = 0;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return -errno;
        alive = signer_is_ending(fd) ? 0 : alive + 1;
        if (clock_now_ns() > deadline_ns || alive > 1)
            return -EBUSY;
        (void)poll(NULL, 0, 20);
    }
    return 0;
}

static int take_lock(struct folder *f, struct err *e)
{
    struct stat st;
    cleanup_close int fd = beneath_open(f->fd, ".lock", O_RDWR | O_CREAT | O_NONBLOCK, 0644);
    errno = fd < 0 ? -fd : 0;
    if (fd == -ELOOP)
        return refuse_lock(f, e);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(e, ERR_USAGE, "--out '%s': cannot write there", f->path);
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
        return refuse_lock(f, e);
    int failed = wait_for_lock(fd);
    if (failed != 0)
        return failed == -EBUSY ? refuse_busy(f, fd, e) : err_code(e, ERR_HOST, failed, "flock '%s/.lock'", f->path);
    if (fstat(fd, &st) == 0 && st.st_nlink == 0) /* its holder has just removed the folder */
        return refuse_busy(f, fd, e);
    fail_point("folder locked");
    sign_lock(fd);
    f->lock_fd = STEAL_FD(fd);
    return 0;
}

int folder_look(const char *path, struct folder *ret, struct err *e)
{
    if (strlen(path) >= sizeof(ret->path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    *ret = (struct folder){.fd = -1, .lock_fd = -1};
    text_format(ret->path, sizeof(ret->path), "%s", path);
    return 0;
}

int folder_hold(struct folder *f, struct err *e)
{
    return beneath_open_folder(f->path, false, &f->fd, e);
}

int folder_lock(struct folder *f, struct err *e)
{
    f->there = strlen(f->path);
    return take_lock(f, e);
}

int folder_open(const char *path, struct folder *ret, struct err *e)
{
    TRY(folder_look(path, ret, e));
    ret->there = file_part_there(path);
    int failed = beneath_open_folder(path, true, &ret->fd, e);
    failed = failed != 0 ? err_wrap(e, "--out: cannot make the folder") : take_lock(ret, e);
    if (failed != 0) {
        folder_close(ret);
        file_take_back(ret->path, ret->there);
    }
    return failed;
}

void folder_take_back(struct folder *f)
{
    if (f->lock_fd < 0 || folder_is_begun(f))
        return;
    if (f->bound)
        (void)unlinkat(f->fd, "plan.lock", 0);
    if (f->copied)
        (void)unlinkat(f->fd, "plan.yml", 0);
    if (f->carries)
        (void)(file_remove_tree(f->fd, CARRIED_FOLDER) | file_remove_tree(f->fd, CARRIED_PROGRAMS));
    if (f->bound || f->there < strlen(f->path))
        (void)unlinkat(f->fd, ".lock", 0);
    file_take_back(f->path, f->there);
}

void folder_close(struct folder *f)
{
    close_fd(&f->lock_fd);
    close_fd(&f->fd);
}

/* --- what it is bound to ----------------------------------------------------------------------------------------- */

bool folder_is_bound(const char *path)
{
    char lock[PATH_MAX];
    struct stat st;
    return text_fits(lock, sizeof(lock), "%s/plan.lock", path) && stat(lock, &st) == 0;
}

bool folder_is_begun(const struct folder *f)
{
    const struct dirent *d;
    cleanup_dir DIR *dir = opendir(f->path);
    while (dir && (d = readdir(dir)))
        if (text_ends_with(d->d_name, ".json") || strcmp(d->d_name, "slurm") == 0)
            return true;
    return false;
}

static void write_lock_text(const struct folder_plan *p, struct text *out)
{
    text_add(out,
             "# The plan that this folder's records are of, and what was decided for all of them. Written by tare.\n"
             "name = %s\nsha256 = %s\nseed = %lld\naa = %s\n",
             p->name, p->sha256, (long long)p->seed, p->noise ? "yes" : "no");
    for (size_t i = 0; i < p->given.count; i++)
        text_add(out, "option = %s %s\n", p->given.option[i].name, p->given.option[i].value);
    for (size_t i = 0; i < p->carried.count; i++) {
        const struct carried_one *s = &p->carried.of[i];
        if (s->of_command)
            text_add(out, "program = %s %s %s\n", s->sha256, s->file, s->word);
        else
            text_add(out, "scenario = %s %s %s %s\n", s->name, s->sha256, s->file, s->word);
    }
}

/* "NAME SHA256 FILE WORD", of a command's file without NAME, cut apart in place. NAME and FILE are parts of a path:
 * nothing may lead out of it. */
static int take_carried(struct carried *c, bool of_command, char *value)
{
    static const char NAMES[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char FILES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    struct carried_one *s = &c->of[c->count];
    const char *name = of_command ? "" : strsep(&value, " "), *sha256 = strsep(&value, " "),
               *file = strsep(&value, " ");
    if (c->count == CARRIED_MAX || !value || (of_command ? !strchr(value, '/') : !scenario_is_path(value) || !*name) ||
        strlen(name) >= sizeof(s->name) || name[strspn(name, NAMES)] || !digest_is_hex(sha256) || !*file ||
        *file == '.' || strlen(file) >= sizeof(s->file) || file[strspn(file, FILES)])
        return -EINVAL;
    *s = (struct carried_one){.of_command = of_command, .word = value};
    text_format(s->name, sizeof(s->name), "%s", name);
    text_format(s->sha256, sizeof(s->sha256), "%s", sha256);
    text_format(s->file, sizeof(s->file), "%s", file);
    c->count++;
    return 0;
}

/* Splits a line into key and value, in place. */
static int take_line(struct folder_plan *p, char *line)
{
    char *value = strstr(line, " = ");
    if (*line == '#' || !*line)
        return 0;
    if (!value)
        return -EINVAL;
    *value = '\0';
    value += 3;
    if (strcmp(line, "name") == 0)
        (void)snprintf(p->name, sizeof(p->name), "%s", value);
    else if (strcmp(line, "sha256") == 0)
        (void)snprintf(p->sha256, sizeof(p->sha256), "%s", value);
    else if (strcmp(line, "seed") == 0)
        return text_to_i64(value, &p->seed);
    else if (strcmp(line, "aa") == 0)
        p->noise = strcmp(value, "yes") == 0;
    else if (strcmp(line, "option") == 0 && p->given.count < CONFIG_GIVEN_MAX && strchr(value, ' ')) {
        char *space = strchr(value, ' ');
        *space = '\0';
        p->given.option[p->given.count++] = (struct config_option){value, space + 1};
    } else
        return strcmp(line, "scenario") == 0 || strcmp(line, "program") == 0
                   ? take_carried(&p->carried, *line == 'p', value)
                   : -EINVAL;
    return 0;
}

/* Reads a file of the folder, which may belong to another user. */
static int read_file(const struct folder *f, const char *name, struct text *ret, struct err *e)
{
    char path[PATH_MAX];
    (void)path_in(f, name, path);
    int failed = source_read(f->fd >= 0 ? f->fd : AT_FDCWD, f->fd >= 0 ? name : path, true, FOLDER_FILE_MAX, ret, NULL);
    if (failed == 0 || failed == -ENOENT)
        return failed;
    return err_set(e, ERR_USAGE, failed, "'%s': %s", path,
                   failed == -EFBIG ? "it has more than 1 MiB" : source_fault(failed));
}

int folder_read_lock(const struct folder *f, struct folder_plan *ret, struct err *e)
{
    char path[PATH_MAX];
    cleanup_folder_plan struct folder_plan p = {.seed = -1, .carried.folder = f->path};
    TRY(read_file(f, "plan.lock", &p.words, e));
    (void)path_in(f, "plan.lock", path);
    char *rest = p.words.data;
    for (unsigned n = 1; rest && *rest; n++)
        if (take_line(&p, strsep(&rest, "\n")) != 0)
            return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %u is none that tare wrote (take another --out)", path,
                           n);
    if (p.seed < 0 || strlen(p.sha256) != 64)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not whole (take another --out)", path);
    *ret = p;
    p.words = (struct text){0};
    return 0;
}

static int read_copy(const struct folder *f, struct text *ret, char sha256[65], struct err *e)
{
    TRY(read_file(f, "plan.yml", ret, e));
    digest_bytes(ret->data, ret->len, sha256);
    return 0;
}

int folder_read(const struct folder *f, struct folder_plan *ret, struct text *bytes, struct err *e)
{
    char sha256[65] = "";
    cleanup_folder_plan struct folder_plan p = {.seed = -1};
    int failed = folder_read_lock(f, &p, e);
    if (failed == -ENOENT)
        return err_set(e, ERR_USAGE, failed, "'%s' holds no plan (it has no plan.lock)", f->path);
    TRY(failed);
    failed = read_copy(f, bytes, sha256, e);
    if (failed == -ENOENT || (failed == 0 && strcmp(sha256, p.sha256) != 0))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s/plan.yml' is not the plan that its records are of: its SHA-256 is "
                       "not that of plan.lock (put it back, or take another --out)",
                       f->path);
    TRY(failed);
    *ret = p;
    p.words = (struct text){0};
    return 0;
}

void folder_plan_free(struct folder_plan *p)
{
    text_free(&p->words);
}

/* --- binding ----------------------------------------------------------------------------------------------------- */

static void say_options(const struct config_given *given, struct text *out)
{
    for (size_t i = 0; i < given->count; i++)
        text_add(out, " --%s %s", given->option[i].name, given->option[i].value);
    if (given->count == 0)
        text_add(out, " no options of cells");
}

static const char *kind_of(const struct carried_one *s)
{
    return s->of_command ? "program" : "scenario";
}

/* What has changed since is another one. */
static int refuse_changed(const struct folder *f, const struct folder_plan *has, const struct folder_plan *wanted,
                          struct err *e)
{
    for (size_t i = 0; i < wanted->carried.count; i++) {
        const struct carried_one *s = &wanted->carried.of[i],
                                 *was = carried_find(&has->carried, s->word, s->of_command);
        if (!was)
            return err_set(e, ERR_USAGE, -EEXIST, "'%s' holds the plan '%s' without its %s '%s' (take another --out)",
                           f->path, has->name, kind_of(s), s->word);
        if (strcmp(was->sha256, s->sha256) != 0)
            return err_set(e, ERR_USAGE, -EEXIST,
                           "'%s' holds records of the %s '%s' as it was (SHA-256 %.12s...), and it has changed since "
                           "(%.12s...): 'tare matrix %s' goes on with the copy (or take another --out)",
                           f->path, kind_of(s), s->word, was->sha256, *s->sha256 ? s->sha256 : "none", f->path);
    }
    return 0;
}

static int refuse_other(const struct folder *f, const struct folder_plan *has, const struct folder_plan *wanted,
                        struct err *e)
{
    static const char REMEDY[] = "one folder holds one plan (take another --out)";
    cleanup_text struct text ours = {0}, theirs = {0};
    say_options(&has->given, &theirs);
    say_options(&wanted->given, &ours);
    if (strcmp(has->sha256, wanted->sha256) != 0)
        return err_set(e, ERR_USAGE, -EEXIST,
                       "'%s' holds the plan '%s' (SHA-256 %.12s...), and this is '%s' (%.12s...): %s", f->path,
                       has->name, has->sha256, wanted->name, wanted->sha256, REMEDY);
    if (strcmp(theirs.data, ours.data) != 0)
        return err_set(e, ERR_USAGE, -EEXIST, "'%s' holds the plan '%s' with%s, and this is it with%s: %s", f->path,
                       has->name, theirs.data, ours.data, REMEDY);
    if (has->noise != wanted->noise)
        return err_set(e, ERR_USAGE, -EEXIST, "'%s' holds the plan '%s' %s --aa, and this is it %s: %s", f->path,
                       has->name, has->noise ? "with" : "without", has->noise ? "without" : "with", REMEDY);
    if (wanted->seed >= 0 && has->seed != wanted->seed)
        return err_set(e, ERR_USAGE, -EEXIST,
                       "'%s' holds the plan '%s' with the seed %lld, and this is it with %lld: %s", f->path, has->name,
                       (long long)has->seed, (long long)wanted->seed, REMEDY);
    return refuse_changed(f, has, wanted, e);
}

static int write_copy(struct folder *f, const struct text *bytes, struct err *e)
{
    char path[PATH_MAX];
    int failed = file_replace_at(f->fd, "plan.yml", path_in(f, "plan.yml", path), bytes->data, bytes->len, e);
    f->copied |= failed == 0;
    return failed;
}

/* Compares the folder's copy of the plan, or writes it if it is missing. */
static int check_copy(struct folder *f, const struct folder_plan *wanted, const struct text *bytes, bool write,
                      struct err *e)
{
    char sha256[65] = "";
    cleanup_text struct text there = {0};
    int failed = read_copy(f, &there, sha256, e);
    if (failed == -ENOENT)
        return write ? write_copy(f, bytes, e) : 0;
    if (failed == 0 && strcmp(sha256, wanted->sha256) != 0)
        return err_set(e, ERR_USAGE, -EEXIST,
                       "'%s/plan.yml' is another plan, or was changed: one folder holds one plan (take another --out)",
                       f->path);
    return failed;
}

/* plan.lock has one value per line, so no value may contain a newline. */
static int check_words(const struct folder_plan *wanted, struct err *e)
{
    const struct config_given *given = &wanted->given;
    for (size_t i = 0; i < wanted->carried.count; i++)
        if (strchr(wanted->carried.of[i].word, '\n'))
            return err_set(e, ERR_USAGE, -EINVAL, "a path that a plan names: what is allowed is one line");
    for (size_t i = 0; i < given->count; i++)
        if (strchr(given->option[i].value, '\n'))
            return err_set(e, ERR_USAGE, -EINVAL, "--%s: what is allowed for a plan is a value of one line",
                           given->option[i].name);
    return 0;
}

/* Removes an earlier try's copy, so that it is made anew: by its last name in the folder of the copies, which no link
 * can redirect. */
static int make_room(const struct folder *f, const char *in, struct err *e)
{
    char above[sizeof(CARRIED_FOLDER CARRIED_PROGRAMS)];
    text_format(above, sizeof(above), "%.*s", (int)strcspn(in, "/"), in);
    int failed = beneath_make_folders(f->fd, above);
    cleanup_close int fd = failed == 0 ? beneath_open(f->fd, above, O_RDONLY | O_DIRECTORY, 0) : failed;
    failed = fd < 0 ? fd : file_remove_tree(fd, strrchr(in, '/') + 1);
    return err_code(e, ERR_USAGE, failed, "'%s/%s'", f->path, in);
}

static int copy_one(struct folder *f, const struct carried_one *s, struct err *e)
{
    char in[128];
    cleanup_carried struct carried_files files = {0};
    TRY(s->of_command ? carried_list_named(s->from, s->file, &files, e) : carried_list(s->from, false, &files, e));
    if (strcmp(files.sha256, s->sha256) != 0)
        return err_set(e, ERR_USAGE, -ESTALE, "the %s '%s' was changed meanwhile", kind_of(s), s->word);
    TRY(make_room(f, carried_place(s, in, sizeof(in)), e));
    f->carries = true;
    return carried_copy(&files, s->from, f->fd, in, e);
}

/* Writes plan.lock last: without it the folder is not bound. over: replaces a plan that has not begun. */
static int bind_new(struct folder *f, struct folder_plan *wanted, const struct text *bytes, bool write, bool over,
                    struct err *e)
{
    char path[PATH_MAX];
    cleanup_text struct text lock = {0};
    TRY(check_words(wanted, e));
    if (over && write && unlinkat(f->fd, "plan.lock", 0) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", path_in(f, "plan.lock", path));
    if (!over)
        TRY(check_copy(f, wanted, bytes, write, e));
    else if (write)
        TRY(write_copy(f, bytes, e));
    for (size_t i = 0; write && i < wanted->carried.count; i++)
        if (!carried_is_repeated(&wanted->carried, i))
            TRY(copy_one(f, &wanted->carried.of[i], e));
    wanted->drawn = wanted->seed < 0 && !write;
    wanted->seed = wanted->seed >= 0 ? wanted->seed : order_draw_seed();
    if (!write)
        return 0;
    write_lock_text(wanted, &lock);
    TRY(file_replace_at(f->fd, "plan.lock", path_in(f, "plan.lock", path), lock.data, lock.len, e));
    f->bound = true;
    return 0;
}

int folder_bind(struct folder *f, struct folder_plan *wanted, const struct text *bytes, bool write, struct err *e)
{
    struct folder_plan has = {0};
    digest_bytes(bytes->data, bytes->len, wanted->sha256);
    int failed = folder_read_lock(f, &has, e);
    if (failed == -ENOENT)
        return bind_new(f, wanted, bytes, write, false, e);
    TRY(failed);
    failed = refuse_other(f, &has, wanted, e);
    folder_plan_free(&has);
    if (failed != 0 && !folder_is_begun(f)) {
        *e = (struct err){0};
        return bind_new(f, wanted, bytes, write, true, e);
    }
    wanted->seed = has.seed;
    return failed == 0 ? check_copy(f, wanted, bytes, write, e) : failed;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

const char *folder_record_name(uint64_t block, const char *cell, int label, char buf[NAME_MAX])
{
    static const char *const LABELS[] = {"", "-A", "-A2"};
    text_format(buf, NAME_MAX, "%04llu-%s%s.json", (unsigned long long)block, cell, LABELS[label]);
    return buf;
}

bool folder_is_record_name(const char *name)
{
    size_t digits = strspn(name, "0123456789"), len = strlen(name);
    return digits >= 4 && name[digits] == '-' && len > digits + 6 && strcmp(name + len - 5, ".json") == 0;
}

int folder_aside(const struct folder *f, struct err *e)
{
    int failed = beneath_make_folders(f->fd, "aside");
    int fd = failed == 0 ? beneath_open(f->fd, "aside", O_RDONLY | O_DIRECTORY, 0) : failed;
    return fd >= 0 ? fd : err_code(e, ERR_OURS, fd, "'%s/aside'", f->path);
}

int folder_set_aside(const struct folder *f, const char *name, char kept[NAME_MAX], struct err *e)
{
    cleanup_close int aside = folder_aside(f, e);
    if (aside < 0)
        return aside;
    for (int n = 1; n < ASIDE_MAX; n++) {
        int len = snprintf(kept, NAME_MAX, "aside/%s.%d", name, n);
        if (len < 0 || len >= NAME_MAX)
            break;
        if (renameat2(f->fd, name, aside, kept + strlen("aside/"), RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EEXIST)
            return err_sys(e, ERR_OURS, "'%s/%s': cannot be set aside as '%s'", f->path, name, kept);
    }
    return err_set(e, ERR_OURS, -EEXIST, "'%s/%s': there is no room for it in aside/", f->path, name);
}
