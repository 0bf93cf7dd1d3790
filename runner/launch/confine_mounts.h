/* confine_mounts: the file system that a confined workload sees. confine.c plans it in the parent and mounts it in the
 * child. */
#ifndef TARE_CONFINE_MOUNTS_H
#define TARE_CONFINE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "launch/confine_request.h"

struct err;
struct confine_user;

/* A file or folder of the host to show at its own path. */
struct confine_bind {
    char *path;
    bool folder;
    bool writable;
    bool device; /* of /dev */
};

/* A folder that is replaced by an empty one, except for binds below it. */
struct confine_hidden {
    char *path;
    const char *options; /* of its tmpfs; NULL: mount_private() mounts it */
};

#define CONFINE_HIDDEN_MAX 64
#define CONFINE_MASKED_MAX 64

struct confine_mounts {
    bool read_only_root;
    struct confine_bind *bind; /* ordered by path, parents first, as are the hidden ones */
    size_t count;
    struct confine_hidden hidden[CONFINE_HIDDEN_MAX];
    size_t hidden_count;
    char *masked[CONFINE_MASKED_MAX]; /* sockets of the host, replaced by /dev/null */
    size_t masked_count;
    bool more_sockets; /* more than CONFINE_MASKED_MAX: the rest is not masked */
    char tmp_options[64];
    char *input; /* the regular file of standard input, to reopen on a read-only mount; NULL: none */
};

/* Plans the mounts for this user. If user->veils, the folders that it cannot enter on the way to needed paths are
 * hidden, and the needed paths shown below. -ENOENT, -EINVAL (usage): a writable path does not exist, or is the root.
 * The caller ends *ret with confine_mounts_free(). */
int confine_mounts_plan(const struct confine_request *request, const struct confine_user *user,
                        struct confine_mounts *ret, struct err *e);
void confine_mounts_free(struct confine_mounts *m);

/* In the child, in a mount namespace of its own: system calls only. */
void confine_mounts_apply(const struct confine_mounts *m, struct confine_outcome *outcome);

#endif
