/* confine_user: chooses the user that a confined workload runs as. Of confine.c. */
#ifndef TARE_CONFINE_USER_H
#define TARE_CONFINE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "launch/confine_request.h"

struct err;

struct confine_user {
    uid_t uid;
    gid_t gid;
    bool change;      /* the caller is root and becomes this user */
    bool veils;       /* root-owned folders on the way to needed paths must be hidden */
    char reason[256]; /* why it is not the user asked for; else "" */
};

/* The length of the next folder above path, after its first `from` bytes, that the user cannot enter; 0: none. */
size_t confine_user_closed(const char *path, uid_t uid, gid_t gid, size_t from);

/* Chooses as confine_prepare() documents. */
int confine_user_choose(const struct confine_request *request, struct confine_user *ret, struct err *e);

#endif
