#include "launch/confine_user.h"

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

size_t confine_user_closed(const char *path, uid_t uid, gid_t gid, size_t from)
{
    char part[PATH_MAX];
    struct stat st;
    for (size_t i = from + 1; i < sizeof(part) && path[from] && path[i]; i++) {
        if (path[i] != '/')
            continue;
        text_format(part, sizeof(part), "%.*s", (int)i, path);
        if (stat(part, &st) == 0 && !may(&st, uid, gid, 1))
            return i;
    }
    return 0;
}

/* The user to check, and what was found on the way. */
struct way {
    uid_t uid;
    gid_t gid;
    bool may_veil; /* closed folders owned by root can be hidden, with the needed path shown below */
    bool veils;
    char closed[PATH_MAX];
    struct stat st; /* of closed */
};

/* Whether a user without capabilities reaches a path and has the permission `bits` there. If not, w->closed says where
 * it fails. */
static bool reaches(struct way *w, const char *path, mode_t bits)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return true; /* reported by its user */
    for (size_t len = 0; (len = confine_user_closed(real, w->uid, w->gid, len)) > 0;) {
        text_format(w->closed, sizeof(w->closed), "%.*s", (int)len, real);
        if (stat(w->closed, &w->st) != 0 || !w->may_veil || w->st.st_uid != 0)
            return false;
        w->veils = true;
    }
    text_format(w->closed, sizeof(w->closed), "%s", real);
    return stat(real, &w->st) != 0 || may(&w->st, w->uid, w->gid, bits);
}

static bool reaches_all(const struct confine_request *q, struct way *w)
{
    for (size_t i = 0; i < q->needed_count; i++)
        if (!reaches(w, q->needed[i], 5))
            return false;
    for (size_t i = 0; i < q->writable_count; i++)
        if (!reaches(w, q->writable[i], 2))
            return false;
    return true;
}

/* Ignores ACLs: a folder that only an ACL opens counts as closed. */
static void choose(const struct confine_request *q, struct confine_user *c)
{
    c->uid = geteuid();
    c->gid = getegid();
    c->change = c->uid == 0;
    if (!c->change) {
        text_format(c->reason, sizeof(c->reason), "the caller is not root");
        return;
    }
    c->uid = q->has_user ? q->uid : CONFINE_NOBODY;
    c->gid = q->has_user ? q->gid : CONFINE_NOBODY;
    struct way w = {.uid = c->uid, .gid = c->gid, .may_veil = true};
    if (q->has_user || reaches_all(q, &w)) {
        c->veils = w.veils;
        return;
    }
    c->uid = w.st.st_uid;
    c->gid = w.st.st_gid;
    (void)snprintf(c->reason, sizeof(c->reason), "'%.180s' is closed to %d: runs as its owner, without capabilities",
                   w.closed, CONFINE_NOBODY);
}

static int check_user(const struct confine_request *q, struct err *e)
{
    struct way w = {.uid = q->uid, .gid = q->gid};
    if (!q->has_user)
        return 0;
    if (geteuid() != 0)
        return err_set(e, ERR_USAGE, -EPERM, "--user '%u': only root can become another user", (unsigned)q->uid);
    if (!reaches_all(q, &w))
        return err_set(e, ERR_USAGE, -EACCES, "--user '%u': '%s' is closed to it", (unsigned)q->uid, w.closed);
    return 0;
}

int confine_user_choose(const struct confine_request *q, struct confine_user *ret, struct err *e)
{
    *ret = (struct confine_user){0};
    TRY(check_user(q, e));
    choose(q, ret);
    return 0;
}
