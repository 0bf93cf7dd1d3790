#include "record/output.h"

#include <errno.h>
#include <string.h>

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

int output_probe(const struct output *out, struct err *e)
{
    char path[PATH_MAX];
    if (out->json && !output_on_stdout(out) && record_probe(out->json, e) != 0)
        return err_wrap(e, "--json");
    if (!out->dir)
        return 0;
    int failed = file_make_dirs(out->dir);
    if (failed != 0) {
        errno = -failed;
        return err_sys(e, ERR_USAGE, "--out '%s': cannot make the folder", out->dir);
    }
    if (strlen(out->dir) > sizeof(path) - 64)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    text_format(path, sizeof(path), "%s/probe.json", out->dir);
    return record_probe(path, e) == 0 ? 0 : err_wrap(e, "--out");
}

int output_save(const struct record *r, const struct output *out, struct err *e)
{
    char path[PATH_MAX];
    int failed = 0;
    if (out->dir) {
        text_format(path, sizeof(path), "%s/%s.json", out->dir, r->id);
        failed = record_save(r, path, e);
    }
    if (failed == 0 && out->json && !output_on_stdout(out))
        failed = record_save(r, out->json, e);
    return failed;
}
