#include "cell/workload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/text.h"
#include "launch/allowance.h"
#include "launch/ledger.h"

static void add_word(struct workload_words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_word(struct workload_words *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    w->word = xgrow(w->word, w->count + 1, sizeof(*w->word));
    w->word[w->count++] = text_vprintf(fmt, ap);
    va_end(ap);
    w->word[w->count] = NULL;
}

#define add_option(w, name, fmt, value)                                                                                \
    do {                                                                                                               \
        add_word(w, "%s", name);                                                                                       \
        add_word(w, fmt, value);                                                                                       \
    } while (0)

struct workload_words workload_argv(const struct runtime *runtime, const struct cell *cell, const char *mp_start)
{
    struct workload_words w = {0};
    for (char *const *word = cell->scenario->command[runtime->native ? RUNTIME_NATIVE : RUNTIME_PYTHON]; *word;
         word++) {
        cleanup_free char *filled = scenario_word(cell->scenario, *word, runtime->path);
        add_word(&w, "%s", filled);
    }
    add_option(&w, "--mode", "%s", mode_names[cell->mode]);
    add_option(&w, "--profile", "%s", profile_names[cell->profile]);
    add_option(&w, "--iterations", "%lld", (long long)cell->iterations);
    add_option(&w, "--warmup", "%lld", (long long)cell->warmup);
    add_option(&w, "--workers", "%lld", (long long)cell->workers);
    add_option(&w, "--pids", "%d", cell->mem_sample ? 1 : 0);
    if (*mp_start)
        add_option(&w, "--mp-start", "%s", mp_start);
    for (size_t i = 0; i < cell->scenario->knobs; i++) {
        add_word(&w, "--%s", cell->scenario->knob[i].name);
        add_word(&w, "%s", cell->knob[i]);
    }
    const char *fault = getenv("TARE_FAULT"); /* by this the tests make a workload fail */
    if (fault && *fault)
        add_option(&w, "--fault", "%s", fault);
    return w;
}

/* Sets NAME=VALUE and replaces one of the same name. */
static void set_variable(struct workload_words *w, const char *variable)
{
    size_t len = strcspn(variable, "=") + 1;
    for (size_t i = 0; i < w->count; i++) {
        if (strncmp(w->word[i], variable, len) != 0)
            continue;
        free(w->word[i]);
        w->word[i] = xstrdup(variable);
        return;
    }
    add_word(w, "%s", variable);
}

static void add_allowed(struct workload_words *w)
{
    const char *path = getenv("PATH");
    const char *home = getenv("HOME");
    add_word(w, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
    add_word(w, "HOME=%s", home ? home : "/");
    add_word(w, "LC_ALL=C.UTF-8");
    add_word(w, "TZ=UTC");
    add_word(w, "PYTHONHASHSEED=0");
}

/* What the cell sets; the GIL by a variable, which child processes inherit. */
static void add_of_cell(struct workload_words *w, const struct cell *cell)
{
    if (cell->gil != GIL_DEFAULT)
        add_word(w, "PYTHON_GIL=%d", cell->gil == GIL_ON);
    for (size_t i = 0; i < cell->environment.count; i++)
        set_variable(w, cell->environment.word[i]);
}

struct workload_words workload_environment(const struct cell *cell, const char *tmpdir, int ledger_fd)
{
    struct workload_words w = {0};
    add_allowed(&w);
    add_word(&w, "TMPDIR=%s", tmpdir);
    add_word(&w, LEDGER_ENV "=%d", ledger_fd);
    add_of_cell(&w, cell);
    return w;
}

struct workload_words workload_command_environment(const struct cell *cell)
{
    struct workload_words w = {0};
    const char *term = getenv("TERM");
    if (cell->confinement == CONFINEMENT_OFF) {
        for (char **variable = environ; *variable; variable++)
            set_variable(&w, *variable);
    } else {
        add_allowed(&w);
        if (term)
            add_word(&w, "TERM=%s", term);
    }
    add_of_cell(&w, cell);
    return w;
}

void workload_words_free(struct workload_words *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->word[i]);
    free(w->word);
    *w = (struct workload_words){0};
}

struct confine_request workload_confinement(const struct cell *cell, const char *const *needed, size_t count)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < cell->allowed.count; i++)
        allowed |= 1U << text_index(cell->allowed.word[i], allowance_names); /* cell_complete() refused unknown ones */
    return (struct confine_request){
        .read_only_root = cell->confinement == CONFINEMENT_FULL,
        .filter = cell->confinement == CONFINEMENT_FULL,
        .allowed = allowed,
        .host_network = cell->network == NETWORK_HOST,
        .has_user = cell->user,
        .uid = cell->uid,
        .gid = cell->gid,
        .writable = cell->writable.word,
        .writable_count = cell->writable.count,
        .tmp_bytes = cell->tmp_bytes,
        .needed = needed,
        .needed_count = count,
    };
}

static struct temporary tmpdir = {.parent_fd = -1, .fd = -1}; /* one at a time */

static const char *tmpdir_base(void)
{
    const char *base = temporary_base();
    return strlen(base) <= 40 ? base : "/tmp"; /* the names of sockets below it have a limit: unix(7) */
}

int workload_tmpdir_make(char *path, size_t cap, struct err *e)
{
    int failed = temporary_make(tmpdir_base(), "tare.", &tmpdir, e);
    text_format(path, cap, "%s", tmpdir.path);
    return failed == 0 ? 0 : err_wrap(e, "for the workload");
}

void workload_tmpdir_remove(void)
{
    temporary_remove(&tmpdir);
}

/* Whether a folder may be a leftover: ours; for root also one given to an unprivileged workload, which keeps root's
 * group, as nobody else can do. */
static bool may_be_left(int dirfd, const char *name)
{
    struct stat st;
    bool workloads = strncmp(name, "tare.", 5) == 0 && strlen(name) == strlen("tare.XXXXXX");
    bool scratch = strncmp(name, ".tare-", 6) == 0 && strlen(name) == strlen(".tare-XXXXXX"); /* archive/tmpdir.c */
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (!workloads && !scratch)
        return st.st_uid == geteuid() && file_is_left(dirfd, name);
    return S_ISDIR(st.st_mode) && (st.st_uid == geteuid() || (geteuid() == 0 && st.st_gid == 0));
}

void workload_folder_clean(const char *base, bool dry_run, void (*fn)(const char *path, int failed, void *context),
                           void *context)
{
    char path[PATH_MAX];
    cleanup_dir DIR *dir = strlen(base) < sizeof(path) - NAME_MAX - 2 ? opendir(base) : NULL;
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        if (!may_be_left(dirfd(dir), d->d_name))
            continue;
        cleanup_close int fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
            continue;
        text_format(path, sizeof(path), "%s/%s", base, d->d_name);
        fn(path, dry_run ? 0 : file_remove_tree(dirfd(dir), d->d_name), context);
    }
}

void workload_tmpdirs_clean(bool dry_run, void (*fn)(const char *path, int failed, void *context), void *context)
{
    const char *tmp = getenv("TMPDIR");
    workload_folder_clean(tmpdir_base(), dry_run, fn, context);
    if (tmp && *tmp && strcmp(tmp, tmpdir_base()) != 0) /* too long for a workload's folder, not for the others */
        workload_folder_clean(tmp, dry_run, fn, context);
}
