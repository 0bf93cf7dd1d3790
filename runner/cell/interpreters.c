#include "cell/interpreters.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/trust.h"
#include "base/userdir.h"

bool interpreter_name_parse(const char *text, struct interpreter_name *ret)
{
    char t = '\0', more = '\0';
    const char *dot = strchr(text, '.');
    if (text[strspn(text, "0123456789.t")] || *text == '0' || !dot || (dot[1] == '0' && dot[2] >= '0' && dot[2] <= '9'))
        return false;
    int fields = sscanf(text, "%2d.%3d%c%c", &ret->major, &ret->minor, &t, &more);
    ret->free_threaded = fields == 3 && t == 't';
    return (fields == 2 || ret->free_threaded) && ret->major > 0 && ret->minor >= 0;
}

bool interpreter_name_is_supported(const struct interpreter_name *n)
{
    return n->major == 3 && n->minor >= (n->free_threaded ? 13 : 12);
}

/* A place with many builds: a folder for each below its base. */
static void base_of_cache(char *buf, size_t cap)
{
    char cache[PATH_MAX];
    text_format(buf, cap, "%s/cpython", userdir_cache(cache, sizeof(cache)));
}

/* https://docs.astral.sh/uv/reference/storage/ */
static void base_of_uv(char *buf, size_t cap)
{
    const char *own = trust_variable("UV_PYTHON_INSTALL_DIR"), *data = trust_variable("XDG_DATA_HOME");
    if (own && *own)
        text_format(buf, cap, "%s", own);
    else if (data && *data)
        text_format(buf, cap, "%s/uv/python", data);
    else
        text_format(buf, cap, "%s/.local/share/uv/python", userdir_home());
}

static void base_of_pyenv(char *buf, size_t cap)
{
    const char *own = trust_variable("PYENV_ROOT");
    if (own && *own)
        text_format(buf, cap, "%s/versions", own);
    else
        text_format(buf, cap, "%s/.pyenv/versions", userdir_home());
}

bool interpreters_is_built(const char *path)
{
    char base[PATH_MAX];
    base_of_cache(base, sizeof(base));
    const size_t len = strlen(base);
    return strncmp(path, base, len) == 0 && path[len] == '/';
}

struct dated {
    const char *path;
    struct timespec at;
};

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct dated *)a)->at, *y = &((const struct dated *)b)->at;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? 1 : -1;
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static bool look_through(const char *folder, const char *pattern, interpreter_look *look, void *context)
{
    cleanup_glob glob_t found = {0};
    struct stat st;
    if (!file_glob(folder, pattern, 0, &found))
        return false;
    cleanup_free struct dated *one = xcalloc(found.gl_pathc, sizeof(*one));
    size_t n = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
            one[n++] = (struct dated){path, st.st_mtim};
    }
    qsort(one, n, sizeof(*one), newest_first);
    for (size_t i = 0; i < n; i++)
        if (look(one[i].path, context))
            return true;
    return false;
}

static bool look_on_path(const char *file, interpreter_look *look, void *context)
{
    const char *path = getenv("PATH");
    for (const char *p = path ? path : ""; *p;) {
        size_t len = strcspn(p, ":");
        cleanup_free char *folder = text_printf("%.*s", (int)len, p);
        if (*p == '/' && look_through(folder, file, look, context))
            return true;
        p += len;
        p += *p == ':';
    }
    return false;
}

bool interpreters_each(const char *file, interpreter_look *look, void (*place_end)(const char *, void *), void *context)
{
    static const struct {
        const char *place;
        void (*base)(char *, size_t);
    } PLACES[] = {{"the cache", base_of_cache}, {"uv", base_of_uv}, {"pyenv", base_of_pyenv}};
    char base[PATH_MAX], cache[PATH_MAX], place[PATH_MAX + 32];
    cleanup_free char *pattern = text_printf("*/bin/%s", file);
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++) {
        PLACES[i].base(base, sizeof(base));
        text_format(place, sizeof(place), "%s%s%s", PLACES[i].place, i == 0 ? " " : "",
                    i == 0 ? userdir_cache(cache, sizeof(cache)) : "");
        if (look_through(base, pattern, look, context))
            return true;
        if (place_end)
            place_end(place, context);
    }
    if (look_on_path(file, look, context))
        return true;
    if (place_end)
        place_end("PATH", context);
    return false;
}

void interpreters_variants(const char *file, interpreter_look *look, void *context)
{
    char cache[PATH_MAX];
    cleanup_free char *folder = text_printf("%s/cpython-variants", userdir_cache(cache, sizeof(cache)));
    cleanup_free char *pattern = text_printf("*/bin/%s", file);
    (void)look_through(folder, pattern, look, context);
}
