#include "record/output.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

bool output_wanted(const struct output *out)
{
    return out->json || out->dir;
}

bool output_on_stdout(const struct output *out)
{
    return out->json && strcmp(out->json, "-") == 0;
}

/* How much of the path is there already. */
static size_t length_there(const char *dir)
{
    char part[PATH_MAX];
    size_t len = strlen(dir);
    text_format(part, sizeof(part), "%s", dir);
    while (len > 0 && access(part, F_OK) != 0) {
        while (len > 0 && part[len - 1] == '/')
            len--;
        while (len > 0 && part[len - 1] != '/')
            len--;
        part[len] = '\0';
    }
    return len;
}

/* What was made of the path, the innermost first. */
static void remove_made(const char *dir, size_t there)
{
    char part[PATH_MAX];
    text_format(part, sizeof(part), "%s", dir);
    for (size_t len = strlen(part); len > there;) {
        part[len] = '\0';
        if (part[len - 1] != '/')
            (void)rmdir(part);
        while (len > there && part[len - 1] != '/')
            len--;
        while (len > there && part[len - 1] == '/')
            len--;
    }
}

static int make_folder(const char *dir, struct err *e)
{
    int failed = file_make_dirs(dir);
    errno = -failed;
    return failed == 0 ? 0 : err_sys(e, ERR_USAGE, "--out '%s': cannot make the folder", dir);
}

static int probe_folder(const char *dir, struct err *e)
{
    char path[PATH_MAX];
    if (strlen(dir) > sizeof(path) - 64)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    size_t there = length_there(dir);
    int failed = make_folder(dir, e);
    if (failed == 0) {
        text_format(path, sizeof(path), "%s/probe.json", dir);
        errno = -(failed = record_probe(path, NULL));
        if (failed != 0)
            (void)err_sys(e, ERR_USAGE, "--out '%s': cannot write in it", dir);
    }
    remove_made(dir, there);
    return failed;
}

int output_probe(const struct output *out, struct err *e)
{
    if (out->json && !output_on_stdout(out) && record_probe(out->json, e) != 0)
        return err_wrap(e, "--json");
    return out->dir ? probe_folder(out->dir, e) : 0;
}

int output_save(const struct record *r, const struct output *out, struct err *e)
{
    char path[PATH_MAX];
    int failed = 0;
    if (out->dir)
        failed = make_folder(out->dir, e);
    if (failed == 0 && out->dir) {
        text_format(path, sizeof(path), "%s/%s.json", out->dir, r->id);
        failed = record_save(r, path, e);
    }
    if (failed == 0 && out->json && !output_on_stdout(out))
        failed = record_save(r, out->json, e);
    return failed;
}
