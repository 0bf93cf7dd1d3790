#include "confine/confine_user.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"

static bool may(const struct stat *st, uid_t uid, gid_t gid, mode_t bits)
{
    unsigned shift = st->st_uid == uid ? 6 : st->st_gid == gid ? 3 : 0;
    return ((st->st_mode >> shift) & bits) == bits;
}

/* Whether a user without capabilities comes to a path and may do `bits` there. If not: what is closed to it. */
static bool reaches(const char *path, uid_t uid, gid_t gid, mode_t bits, char *closed, struct stat *st)
{
    char part[PATH_MAX];
    if (!realpath(path, part))
        return true; /* whoever needs it says so */
    size_t len = strlen(part);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        text_format(closed, PATH_MAX, "%.*s", (int)i, part);
        if (stat(closed, st) != 0)
            return true;
        if (!may(st, uid, gid, i < len ? 1 : bits))
            return false;
    }
    return true;
}

static bool reaches_all(const struct confine_request *q, uid_t uid, gid_t gid, char *closed, struct stat *st)
{
    for (size_t i = 0; i < q->needed_count; i++)
        if (!reaches(q->needed[i], uid, gid, 5, closed, st))
            return false;
    for (size_t i = 0; i < q->writable_count; i++)
        if (!reaches(q->writable[i], uid, gid, 2, closed, st))
            return false;
    return true;
}

/* ACLs are not asked: where one opens a folder, its owner is taken all the same. */
static void choose(const struct confine_request *q, struct confine_user *c)
{
    char closed[PATH_MAX];
    struct stat st;
    c->uid = geteuid();
    c->gid = getegid();
    c->change = c->uid == 0;
    if (!c->change) {
        text_format(c->reason, sizeof(c->reason), "the caller is not root");
        return;
    }
    c->uid = q->has_user ? q->uid : CONFINE_NOBODY;
    c->gid = q->has_user ? q->gid : CONFINE_NOBODY;
    if (q->has_user || reaches_all(q, c->uid, c->gid, closed, &st))
        return;
    c->uid = st.st_uid;
    c->gid = st.st_gid;
    (void)snprintf(c->reason, sizeof(c->reason), "'%.180s' is closed to %d: its owner, without capabilities", closed,
                   CONFINE_NOBODY);
}

static int check_user(const struct confine_request *q, struct err *e)
{
    char closed[PATH_MAX];
    struct stat st;
    if (!q->has_user)
        return 0;
    if (geteuid() != 0)
        return err_set(e, ERR_USAGE, -EPERM, "--user '%u': only root can become another user", (unsigned)q->uid);
    if (!reaches_all(q, q->uid, q->gid, closed, &st))
        return err_set(e, ERR_USAGE, -EACCES, "--user '%u': '%s' is closed to it", (unsigned)q->uid, closed);
    return 0;
}

int confine_user_choose(const struct confine_request *q, struct confine_user *ret, struct err *e)
{
    int failed = check_user(q, e);
    *ret = (struct confine_user){0};
    if (failed == 0)
        choose(q, ret);
    return failed;
}
