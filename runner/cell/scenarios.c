#include "cell/scenarios.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cell/carried.h"
#include "cell/runtime.h"

#define LOADED_MAX 64
#define FILE_NAME  "scenario.yml"

enum origin { INSTALLED, ANYBODYS, COPY };

static struct scenario *loaded[LOADED_MAX];
static size_t loaded_count;

void scenarios_free(void)
{
    for (size_t i = 0; i < loaded_count; i++)
        scenario_free(STEAL(loaded[i]));
    loaded_count = 0;
}

static int read_small(const char *path, bool follow, struct text *ret, struct err *e)
{
    int failed = source_read(AT_FDCWD, path, follow, SCENARIO_FILE_MAX, ret, NULL);
    if (failed == -EFBIG)
        return err_set(e, ERR_USAGE, failed, "'%s': a scenario's file has at most %d bytes", path, SCENARIO_FILE_MAX);
    if (failed == -ENOTSUP)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no file", path);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "'%s': %s", path, strerror(-failed));
}

/* Sets file and folder. The folder's links are resolved, the file's not: in a build tree the file is a link, and the
 * programs lie beside it. */
static int place(struct scenario *s, const char *path, struct err *e)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct err ignored = {0};
    text_format(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (!realpath(dir, s->dir))
        return err_sys(e, ERR_USAGE, "'%s'", path);
    if (!text_fits(s->file, sizeof(s->file), "%s/%s", s->dir, slash ? slash + 1 : path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the path is too long", path);
    if (runtime_find_workload(".", s->lib, sizeof(s->lib), &ignored) != 0)
        text_format(s->lib, sizeof(s->lib), "%s", s->dir);
    return 0;
}

/* Takes the digest of the whole folder. A folder that cannot be carried can still be weighed. */
static void take_content(struct scenario *s, bool copy)
{
    cleanup_carried struct carried_files files = {0};
    struct err e = {0};
    if (s->installed)
        return;
    if (*(strrchr(s->file, '/') + 1) == '.') {
        text_format(s->content_fault, sizeof(s->content_fault), "a hidden file is not carried");
        return;
    }
    if (carried_list(s->dir, copy, &files, &e) != 0) {
        text_format(s->content_fault, sizeof(s->content_fault), "%.*s", (int)sizeof(s->content_fault) - 1, e.text);
        return;
    }
    text_format(s->content_sha256, sizeof(s->content_sha256), "%s", files.sha256);
}

static const struct scenario *find_loaded(const struct scenario *like)
{
    for (size_t i = 0; i < loaded_count; i++)
        if (strcmp(loaded[i]->file, like->file) == 0 && strcmp(loaded[i]->sha256, like->sha256) == 0)
            return loaded[i];
    return NULL;
}

/* Keeps the scenario, or returns the one that was loaded from the same file before. */
static int load(const char *path, enum origin origin, const struct scenario **ret, struct err *e)
{
    cleanup_scenario struct scenario *s = NULL;
    cleanup_text struct text bytes = {0};
    TRY(read_small(path, origin != COPY, &bytes, e));
    TRY(scenario_parse(path, bytes.data, bytes.len, &s, e));
    digest_bytes(bytes.data, bytes.len, s->sha256);
    s->installed = origin == INSTALLED;
    TRY(place(s, path, e));
    *ret = find_loaded(s);
    if (*ret)
        return 0;
    if (loaded_count == LOADED_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "'%s': more than %d scenarios at once", path, LOADED_MAX);
    take_content(s, origin == COPY);
    *ret = loaded[loaded_count++] = STEAL(s);
    return 0;
}

/* Adds the names of the installed scenarios, sorted. */
static void add_names(const char *separator, struct suggest *s, struct text *out)
{
    char lib[PATH_MAX];
    cleanup_glob glob_t found = {0};
    struct err ignored = {0};
    if (runtime_find_workload(".", lib, sizeof(lib), &ignored) != 0 || !file_glob(lib, "*/" FILE_NAME, 0, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(lib) + 1;
        char folder[NAME_MAX + 1];
        text_format(folder, sizeof(folder), "%.*s", (int)strcspn(name, "/"), name);
        text_add(out, "%s%s", out->len ? separator : "", folder);
        if (s)
            suggest_offer(s, folder);
    }
}

static int unknown(const char *named, struct err *e)
{
    char path[PATH_MAX];
    if (*named && text_fits(path, sizeof(path), "%s/" FILE_NAME, named) && access(path, F_OK) == 0)
        return err_set(e, ERR_USAGE, -ENOENT, "'%s' is no scenario of tare's; the folder of that name is './%s'", named,
                       named);
    char near[SUGGEST_TEXT_MAX];
    struct suggest s = SUGGEST(named);
    cleanup_text struct text names = {0};
    add_names(", ", &s, &names);
    return err_set(e, ERR_USAGE, -ENOENT,
                   "'%s' is no scenario; what is allowed is %s, or the path of a folder with a " FILE_NAME "%s", named,
                   names.data ? names.data : "none", suggest_text(&s, "", near));
}

int scenarios_find(const char *named, const struct scenario **ret, struct err *e)
{
    char path[PATH_MAX + 32], dir[PATH_MAX];
    struct stat st;
    struct err ignored = {0};
    if (!scenario_is_path(named)) {
        if (!*named || strlen(named) > NAME_MAX || runtime_find_workload(named, dir, sizeof(dir), &ignored) != 0)
            return unknown(named, e);
        text_format(path, sizeof(path), "%s/" FILE_NAME, dir);
        return access(path, R_OK) == 0 ? load(path, INSTALLED, ret, e) : unknown(named, e);
    }
    const char *end = strstr(named, ".py"); /* "work.py", "work.py:encode" */
    if (end && (end[3] == '\0' || end[3] == ':'))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s' is no scenario; what 'tare bench' and 'tare scale' take is a function, as work.py:encode",
                       named);
    if (stat(named, &st) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", named);
    if (!text_fits(path, sizeof(path), "%s%s", named, S_ISDIR(st.st_mode) ? "/" FILE_NAME : ""))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the path is too long", named);
    return load(path, ANYBODYS, ret, e);
}

int scenarios_find_carried(const struct carried *carried, const char *named, const struct scenario **ret, struct err *e)
{
    char path[PATH_MAX], in[128];
    const struct carried_one *one = carried && carried->folder ? carried_find(carried, named, false) : NULL;
    if (!scenario_is_path(named) || (!one && !(carried && carried->alone)))
        return scenarios_find(named, ret, e);
    if (!one)
        return err_set(e, ERR_USAGE, -ENOENT, "the scenario '%s' is not carried here, and nothing else is looked at",
                       named);
    if (!text_fits(path, sizeof(path), "%s/%s/%s", carried->folder, carried_place(one, in, sizeof(in)), one->file))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the path is too long", named);
    if (!carried_is_there(carried, one))
        return err_set(e, ERR_USAGE, -ENOENT, "%s: the copy of the scenario '%s' is not there", in, named);
    const struct scenario *s = NULL;
    TRY(load(path, COPY, &s, e));
    if (strcmp(s->content_sha256, one->sha256) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it is not the scenario '%s' of plan.lock%s%s", in, named,
                       *s->content_fault ? ": " : ", whose SHA-256 is another", s->content_fault);
    *ret = s;
    return 0;
}

int scenarios_list(struct text *out, struct err *e)
{
    cleanup_text struct text names = {0};
    char *rest = NULL;
    add_names(" ", NULL, &names);
    for (char *name = names.data ? strtok_r(names.data, " ", &rest) : NULL; name; name = strtok_r(NULL, " ", &rest)) {
        const struct scenario *s = NULL;
        TRY(scenarios_find(name, &s, e));
        text_add(out, "%s  %s\n", name, s->summary);
    }
    return 0;
}
