#include "record/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/overlap.h"
#include "base/text.h"

bool output_wanted(const struct output *out)
{
    return out->json || out->dir;
}

bool output_on_stdout(const struct output *out)
{
    return out->json && strcmp(out->json, "-") == 0;
}

/* --- what is weighed does not reach it --------------------------------------------------------------------------- */

static bool is_same_file(int dirfd, const char *file, const struct stat *other)
{
    struct stat st;
    return fstatat(dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == other->st_dev &&
           st.st_ino == other->st_ino;
}

int output_refuse_writable(const struct cell *cell, int dirfd, const char *file, const char *said, struct err *e)
{
    for (size_t i = 0; i < cell->writable.count; i++) {
        const char *writable = cell->writable.word[i];
        struct stat st;
        cleanup_close int fd = open(writable, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0)
            return err_sys(e, ERR_USAGE, "--rw '%s'", writable);
        bool reaches = S_ISDIR(st.st_mode) ? overlap_contains(fd, dirfd) || (!file && overlap_contains(dirfd, fd))
                                           : file && is_same_file(dirfd, file, &st);
        if (reaches)
            return err_set(e, ERR_USAGE, -EPERM,
                           "--rw '%s' shows what is weighed a place of the output '%s', which it could replace (write "
                           "the output elsewhere, or name a narrower --rw)",
                           writable, said);
    }
    return 0;
}

int output_refuse_scenario(const char *option, const char *output, const struct scenario *s, struct err *e)
{
    cleanup_free char *file = text_printf("%s/scenario.yml", s->dir);
    TRY(file_refuse_input(option, output, file, e));
    for (size_t kind = 0; kind < RUNTIME_KINDS_COUNT; kind++)
        for (size_t i = 0; i < SCENARIO_WORDS_MAX && s->command[kind][i]; i++) {
            cleanup_free char *word = scenario_word(s, s->command[kind][i], NULL);
            if (strchr(word, '/')) /* else it is looked up on the PATH, or is none */
                TRY(file_refuse_input(option, output, word, e));
        }
    return 0;
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

/* Creates a temporary file and removes it at once. */
static int try_place(int dirfd, const char *name, const char *said, struct err *e)
{
    struct file_draft draft;
    int failed = file_draft_open_at(dirfd, name, said, &draft, e);
    if (failed == 0)
        file_draft_abandon(&draft);
    else if (e)
        e->kind = e->kind == ERR_HOST ? ERR_HOST : ERR_USAGE; /* ERR_HOST: this process fails, whatever the place */
    return failed;
}

/* The user's path must be a regular file or not exist: a FIFO or a device is never replaced. */
static int open_json(struct output_places *p, struct err *e)
{
    struct stat st;
    const char *path = p->asked->json;
    TRY(beneath_resolve(path, false, &p->json_fd, p->json, e));
    if (fstatat(p->json_fd, p->json, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not a regular file", path);
    return try_place(p->json_fd, p->json, path, e);
}

static int open_dir(struct output_places *p, struct err *e)
{
    const char *path = p->asked->dir;
    if (strlen(path) > PATH_MAX - 64)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "the name is too long");
    p->dir_there = file_part_there(path);
    int failed = beneath_open_folder(path, true, &p->dir_fd, e);
    if (failed != 0)
        file_take_back(path, p->dir_there);
    return failed != 0 ? failed : try_place(p->dir_fd, "probe.json", path, e);
}

static int open_all(struct output_places *p, const struct cell *cell, struct err *e)
{
    const struct output *out = p->asked;
    bool file = out->json && !output_on_stdout(out);
    if (file)
        TRY(file_refuse_input("--json", out->json, cell->profile_file, e));
    if (file && cell->scenario)
        TRY(output_refuse_scenario("--json", out->json, cell->scenario, e));
    if (file && open_json(p, e) != 0)
        return err_wrap(e, "--json");
    if (out->dir && open_dir(p, e) != 0)
        return err_wrap(e, "--out");
    int failed = file ? output_refuse_writable(cell, p->json_fd, p->json, out->json, e) : 0;
    return failed == 0 && out->dir ? output_refuse_writable(cell, p->dir_fd, NULL, out->dir, e) : failed;
}

int output_open(const struct output *out, const struct cell *cell, struct output_places *ret, struct err *e)
{
    *ret = (struct output_places){.asked = out, .json_fd = -1, .dir_fd = -1};
    int failed = open_all(ret, cell, e);
    if (failed != 0)
        output_close(ret);
    return failed;
}

void output_close(struct output_places *p)
{
    close_fd(&p->json_fd);
    if (p->dir_fd < 0)
        return;
    close_fd(&p->dir_fd);
    file_take_back(p->asked->dir, p->dir_there);
}

int output_save(const struct record *r, const struct output_places *p, struct err *e)
{
    char path[PATH_MAX], name[NAME_MAX + 1];
    if (p->dir_fd >= 0) {
        text_format(name, sizeof(name), "%s.json", r->id);
        text_format(path, sizeof(path), "%s/%s", p->asked->dir, name);
        TRY(record_save_at(r, p->dir_fd, name, path, e));
    }
    return p->json_fd >= 0 ? record_save_at(r, p->json_fd, p->json, p->asked->json, e) : 0;
}

bool output_is_why(const char *name)
{
    return text_ends_with(name, OUTPUT_WHY);
}

void output_why_of(const char *record, char *buf, size_t cap)
{
    const size_t len = strlen(record) - (text_ends_with(record, ".json") ? strlen(".json") : 0);
    text_format(buf, cap, "%.*s" OUTPUT_WHY, (int)len, record);
}

int output_save_why(const char *id, const struct text *content, const struct output_places *p, struct err *e)
{
    char name[2 * NAME_MAX];
    if (p->dir_fd >= 0) {
        output_why_of(id, name, sizeof(name));
        TRY(file_replace_at(p->dir_fd, name, name, content->data, content->len, e));
    }
    if (p->json_fd < 0)
        return 0;
    output_why_of(p->json, name, sizeof(name));
    return file_replace_at(p->json_fd, name, name, content->data, content->len, e);
}
