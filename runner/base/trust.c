#include "base/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"

#define LINKS_MAX 40 /* path_resolution(7) */
#define TOLD_MAX  16

/* A walk from the root of the tree: the trusted part, and the rest. */
struct way {
    const char *named;
    char done[PATH_MAX]; /* "/a/b"; "" for the top */
    char rest[PATH_MAX];
    int links;
};

static int refuse(const struct way *w, const char *why, struct err *e)
{
    return err_set(e, ERR_HOST, -EPERM, "'%s' is not trusted by root: '%s' %s", w->named, *w->done ? w->done : "/",
                   why);
}

/* Checks the file at w->done. last: the path ends there. */
static int check(const struct way *w, const struct stat *st, bool last, struct err *e)
{
    char why[64];
    bool passed = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && !last;
    if (st->st_uid != 0) {
        text_format(why, sizeof(why), "belongs to user %u", (unsigned)st->st_uid);
        return refuse(w, why, e);
    }
    /* A link's mode has no meaning; group 0 is root's. */
    unsigned others = S_ISLNK(st->st_mode) ? 0 : (unsigned)st->st_mode & (st->st_gid == 0 ? 02U : 022U);
    if (others && !passed)
        return refuse(w, others & 02U ? "is writable by everybody" : "is writable by its group", e);
    return 0;
}

/* Replaces the link by its target. */
static int follow(struct way *w, struct err *e)
{
    char target[PATH_MAX], whole[PATH_MAX];
    ssize_t n = readlink(w->done, target, sizeof(target) - 1);
    if (n <= 0 || ++w->links > LINKS_MAX)
        return err_set(e, ERR_HOST, -ELOOP, "'%s': too many links", w->named);
    target[n] = '\0';
    if (!text_fits(whole, sizeof(whole), "%s/%s", target, w->rest))
        return err_set(e, ERR_HOST, -ENAMETOOLONG, "'%s': the path is too long", w->named);
    if (target[0] == '/')
        w->done[0] = '\0';
    else
        *strrchr(w->done, '/') = '\0';
    text_format(w->rest, sizeof(w->rest), "%s", whole);
    return 0;
}

/* Moves the next name from rest to done. 1; 0: there is none; -ENAMETOOLONG. */
static int next(struct way *w, struct err *e)
{
    const char *name = w->rest + strspn(w->rest, "/");
    size_t len = strcspn(name, "/"), at = strlen(w->done);
    bool any = len > 0;
    if (len == 2 && strncmp(name, "..", 2) == 0) {
        if (at > 0)
            *strrchr(w->done, '/') = '\0';
    } else if (at + len + 2 >= sizeof(w->done)) {
        return err_set(e, ERR_HOST, -ENAMETOOLONG, "'%s': a link leads to a path that is too long", w->named);
    } else if (any && !(len == 1 && *name == '.')) {
        w->done[at] = '/';
        memcpy(w->done + at + 1, name, len);
        w->done[at + 1 + len] = '\0';
    }
    memmove(w->rest, name + len, strlen(name + len) + 1);
    return any;
}

static int walk(struct way *w, struct err *e)
{
    struct stat st;
    for (int more = 1; more;) {
        if (lstat(*w->done ? w->done : "/", &st) != 0) {
            if (errno != ENOENT)
                return err_sys(e, ERR_HOST, "'%s'", w->done);
            *strrchr(w->done, '/') = '\0'; /* its folder decides who can create it */
            return lstat(*w->done ? w->done : "/", &st) == 0 ? check(w, &st, true, e)
                                                             : err_sys(e, ERR_HOST, "'%s'", w->done);
        }
        bool last = w->rest[strspn(w->rest, "/")] == '\0';
        TRY(check(w, &st, last, e));
        if (S_ISLNK(st.st_mode)) {
            TRY(follow(w, e));
            last = false;
        }
        more = last ? 0 : next(w, e);
        if (more < 0)
            return more;
    }
    return 0;
}

int trust_path(const char *path, struct err *e)
{
    struct way w = {.named = path};
    char here[PATH_MAX] = "";
    if (geteuid() != 0)
        return 0;
    if (*path != '/' && !getcwd(here, sizeof(here)))
        return err_sys(e, ERR_HOST, "cannot read the working folder");
    if (!text_fits(w.rest, sizeof(w.rest), "%s/%s", here, path))
        return err_set(e, ERR_HOST, -ENAMETOOLONG, "'%.100s…': the path is too long", path);
    return walk(&w, e);
}

int trust_find_program(const char *name, char *buf, size_t cap, struct err *e)
{
    const char *path = getenv("PATH");
    struct err first = {0};
    for (const char *at = path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        struct stat st;
        struct err why = {0};
        if (!text_fits(buf, cap, "%.*s/%s", (int)strcspn(at, ":"), at, name) || buf[0] != '/' || *at == ':' ||
            stat(buf, &st) != 0 || !S_ISREG(st.st_mode) || access(buf, X_OK) != 0)
            continue;
        if (trust_path(buf, &why) == 0)
            return 0;
        if (first.code == 0)
            first = why;
    }
    if (first.code == 0)
        return err_set(e, ERR_HOST, -ENOENT, "%s: not found on PATH", name);
    return err_set(e, ERR_HOST, -EPERM, "%s: root trusts none on PATH: %s", name, first.text);
}

/* Prints it once per variable: several parts of a run ask for the same. */
static void tell(const char *name, const struct err *why)
{
    static const char *told[TOLD_MAX];
    size_t i = 0;
    while (i < TOLD_MAX && told[i] && strcmp(told[i], name) != 0)
        i++;
    if (i == TOLD_MAX || told[i])
        return;
    told[i] = name;
    (void)fprintf(stderr, "tare: $%s is ignored: %s\n", name, why->text);
}

const char *trust_variable(const char *name)
{
    const char *value = getenv(name);
    struct err why = {0};
    if (!value || !*value)
        return NULL;
    int failed = strlen(value) > TRUST_VALUE_MAX
                     ? err_set(&why, ERR_HOST, -ENAMETOOLONG, "what is allowed are %d bytes", TRUST_VALUE_MAX)
                     : trust_path(value, &why);
    if (failed == 0)
        return value;
    tell(name, &why);
    return NULL;
}
