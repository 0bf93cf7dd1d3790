/* confine_user: who a confined workload runs as. */
#ifndef TARE_CONFINE_USER_H
#define TARE_CONFINE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "launch/confine_request.h"

struct err;

struct confine_user {
    uid_t uid;
    gid_t gid;
    bool change;      /* the caller is root: it becomes this user */
    bool veils;       /* it comes to what it needs only where folders of root's on the way are hidden */
    char reason[256]; /* why it is not the one that was asked for; "" otherwise */
};

/* Of the folders above a path the next that is closed to a user, behind the first `from` bytes: its length; 0: there is
 * none. */
size_t confine_user_closed(const char *path, uid_t uid, gid_t gid, size_t from);

/* As confine_prepare() says of it. */
int confine_user_choose(const struct confine_request *request, struct confine_user *ret, struct err *e);

#endif
