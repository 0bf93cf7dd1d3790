/* confine_user: who a confined workload runs as. */
#ifndef TARE_CONFINE_USER_H
#define TARE_CONFINE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "confine/confine.h"

struct err;

struct confine_user {
    uid_t uid;
    gid_t gid;
    bool change;      /* the caller is root: it becomes this user */
    char reason[256]; /* why it is not the one that was asked for; "" otherwise */
};

/* As confine_prepare() says of it. */
int confine_user_choose(const struct confine_request *request, struct confine_user *ret, struct err *e);

#endif
