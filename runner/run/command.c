#include "run/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

/* Why a file cannot be executed; NULL: no reason found. */
static const char *why_no_program(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return strerror(errno);
    if (S_ISDIR(st.st_mode))
        return "it is a folder";
    return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? NULL : "it is not executable";
}

int run_command_find(const char *name, char ret[PATH_MAX], struct err *e)
{
    char candidate[PATH_MAX];
    const char *path = getenv("PATH");
    if (!*name)
        return err_set(e, ERR_USAGE, -ENOENT, "'': the command's name is empty");
    if (strchr(name, '/')) {
        if (!realpath(name, candidate))
            return err_sys(e, ERR_USAGE, "'%s'", name);
        const char *why = why_no_program(candidate);
        if (why)
            return err_set(e, ERR_USAGE, -EACCES, "'%s': %s", name, why);
        text_format(ret, PATH_MAX, "%s", candidate);
        return 0;
    }
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at;
         at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        if (text_fits(candidate, sizeof(candidate), "%.*s/%s", (int)strcspn(at, ":"), at, name) &&
            candidate[0] == '/' && !why_no_program(candidate)) {
            text_format(ret, PATH_MAX, "%s", candidate);
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, -ENOENT, "'%s': no such command on PATH", name);
}

/* --- hidden paths ------------------------------------------------------------------------------------------------ */

/* Whether the command sees the path in spite of its private folders. */
static bool is_shown(const char *path, const struct run_command *command, const struct cell *cell)
{
    bool shown = text_is_below(path, command->cwd) || strcmp(path, command->path) == 0;
    for (size_t i = 0; !shown && i < command->files; i++)
        shown = strcmp(path, command->file[i].path) == 0;
    for (size_t i = 0; !shown && i < cell->writable.count; i++) {
        char real[PATH_MAX];
        shown = realpath(cell->writable.word[i], real) && text_is_below(path, real);
    }
    return shown;
}

char *run_command_missed(const struct run_command *command, const struct cell *cell)
{
    static const char *const PRIVATE[] = {"/tmp/", "/dev/shm/", "/run/", "/var/run/"};
    if (cell->confinement == CONFINEMENT_OFF)
        return NULL;
    for (size_t i = 0; command->argv[i]; i++)
        for (size_t k = 0; k < ARRAY_LEN(PRIVATE); k++)
            for (const char *at = strstr(command->argv[i], PRIVATE[k]); at; at = strstr(at + 1, PRIVATE[k])) {
                /* up to a character that ends a word in a shell */
                cleanup_free char *path = text_printf("%.*s", (int)strcspn(at, " \t\n'\";|&<>()`$"), at);
                char real[PATH_MAX];
                if (realpath(path, real) && !is_shown(real, command, cell))
                    return xstrdup(real);
            }
    return NULL;
}
