/* confine_mounts: what a confined workload sees of the file system: planned in the parent, mounted in the child. */
#ifndef TARE_CONFINE_MOUNTS_H
#define TARE_CONFINE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "launch/confine_request.h"

struct err;
struct confine_user;

/* A file or folder of the host's that is mounted over what is there. */
struct confine_bind {
    char *path;
    bool folder;
    bool writable;
    bool device; /* of /dev */
};

/* A folder that is empty inside, but for what is shown below it. */
struct confine_hidden {
    char *path;
    const char *options; /* of its tmpfs */
};

#define CONFINE_HIDDEN_MAX 64
#define CONFINE_MASKED_MAX 64

struct confine_mounts {
    bool read_only_root;
    struct confine_bind *bind; /* ordered by path, a folder before what is below it; so are the hidden ones */
    size_t count;
    struct confine_hidden hidden[CONFINE_HIDDEN_MAX];
    size_t hidden_count;
    char *masked[CONFINE_MASKED_MAX]; /* sockets of the host's, shown as /dev/null */
    size_t masked_count;
    bool more_sockets; /* than that: the rest is not masked */
    char tmp_options[64];
    char *input; /* the regular file that standard input is, opened anew where its mount is read-only; NULL: none */
};

/* -ENOENT, -EINVAL (usage): a writable path that is not there, or is the root. user: whom it is for; where it veils,
 * what is closed to that one on the way to what it needs is hidden, and what it needs is shown below.
 * Ended with confine_mounts_free(). */
int confine_mounts_plan(const struct confine_request *request, const struct confine_user *user,
                        struct confine_mounts *ret, struct err *e);
void confine_mounts_free(struct confine_mounts *m);

/* In the child, in a mount namespace of its own: system calls only. */
void confine_mounts_apply(const struct confine_mounts *m, struct confine_outcome *outcome);

#endif
