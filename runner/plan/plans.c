#include "plan/plans.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/yaml.h"
#include "plan/plan.h"

bool plans_is_path(const char *name)
{
    const char *dot = strrchr(name, '.');
    return strchr(name, '/') || (dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0));
}

static bool is_claims(const char *path)
{
    return text_ends_with(path, PLANS_CLAIMS);
}

/* "quick" of ".../quick.yml". The caller frees it. */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return text_printf("%.*s", (int)strcspn(name, "."), name);
}

/* In a build tree the plans lie beside the program; installed, in share/tare, found from bin or libexec/tare. */
static int list_files(glob_t *ret, struct err *e)
{
    static const char *const BESIDE[] = {"plans", "../share/tare/plans", "../../share/tare/plans"};
    char path[PATH_MAX + 32], folder[PATH_MAX];
    if (file_beside_program(BESIDE, ARRAY_LEN(BESIDE), ".", path, sizeof(path)) != 0 || !realpath(path, folder))
        return err_set(e, ERR_OURS, -ENOENT, "tare's plans are not where it was built or installed");
    return file_glob(folder, "*.yml", 0, ret) ? 0 : err_set(e, ERR_OURS, -ENOENT, "there are no plans in %s", folder);
}

int plans_find(const char *name, char *buf, size_t cap, struct err *e)
{
    cleanup_glob glob_t files = {0};
    cleanup_text struct text names = {0};
    struct suggest near = SUGGEST(name);
    char said[SUGGEST_TEXT_MAX];
    if (plans_is_path(name)) {
        text_format(buf, cap, "%.*s", (int)cap - 1, name);
        return 0;
    }
    TRY(list_files(&files, e));
    for (size_t i = 0; i < files.gl_pathc; i++) {
        cleanup_free char *one = name_of(files.gl_pathv[i]);
        if (is_claims(files.gl_pathv[i]))
            continue;
        text_add(&names, "%s%s", names.len ? ", " : "", one);
        suggest_offer(&near, one);
        if (strcmp(one, name) != 0)
            continue;
        text_format(buf, cap, "%s", files.gl_pathv[i]);
        return 0;
    }
    return err_set(e, ERR_USAGE, -ENOENT, "'%s' is no plan; what is allowed is %s, or a file as ./%s.yml%s", name,
                   names.data, name, suggest_text(&near, "", said));
}

void plans_remedy(const char *path, struct err *e)
{
    char file[PATH_MAX];
    cleanup_free char *name = name_of(path);
    if (*name && plans_find(name, file, sizeof(file), NULL) == 0)
        (void)err_remedy(e, "'%s' is one that came with tare", name);
}

static int list_one(const char *path, struct text *out, struct err *e)
{
    cleanup_text struct text bytes = {0};
    cleanup_free char *name = name_of(path);
    cleanup_yaml struct yaml *y = NULL;
    TRY(err_code(e, ERR_OURS, file_read_all("", path, &bytes), "'%s'", path));
    TRY(yaml_read(path, bytes.data, bytes.len, &y, e));
    TRY(yaml_check_schema(yaml_root(y), PLAN_SCHEMA, e));
    text_add(out, "%-12s %s\n", name, yaml_text(yaml_root(y), "summary"));
    return 0;
}

int plans_list(struct text *out, struct err *e)
{
    cleanup_glob glob_t files = {0};
    TRY(list_files(&files, e));
    for (size_t i = 0; i < files.gl_pathc; i++)
        if (!is_claims(files.gl_pathv[i]))
            TRY(list_one(files.gl_pathv[i], out, e));
    return 0;
}
