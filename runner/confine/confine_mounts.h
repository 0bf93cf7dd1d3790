/* confine_mounts: what a confined workload sees of the file system: planned in the parent, mounted in the child. */
#ifndef TARE_CONFINE_MOUNTS_H
#define TARE_CONFINE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "confine/confine.h"

struct err;

/* A file or folder of the host's that is mounted over what is there. */
struct confine_bind {
    char *path;
    bool folder;
    bool writable;
    bool device; /* of /dev */
};

struct confine_mounts {
    bool read_only_root;
    struct confine_bind *bind; /* devices, then what is shown, then what is writable */
    size_t count;
};

/* -ENOENT, -EINVAL (usage): a writable path that is not there, or is the root. Ended with confine_mounts_free(). */
int confine_mounts_plan(const struct confine_request *request, struct confine_mounts *ret, struct err *e);
void confine_mounts_free(struct confine_mounts *m);

/* In the child, in a mount namespace of its own: system calls only. */
void confine_mounts_apply(const struct confine_mounts *m, struct confine_outcome *outcome);

#endif
