/* mounts: parses /proc/self/mountinfo for cgroup mounts and /proc/self/cgroup for the caller's own cgroup. Pure.
 * Formats: proc(5), cgroups(7). */
#ifndef TARE_MOUNTS_H
#define TARE_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct cgmount {
    int version;            /* 1: "cgroup", 2: "cgroup2" */
    bool writable;          /* neither the mount nor the file system is read-only */
    char root[PATH_MAX];    /* the cgroup that the mount shows, as our cgroup namespace names it; "/": all */
    char point[PATH_MAX];   /* where it is mounted, octal escapes decoded */
    char options[PATH_MAX]; /* of the file system, comma-separated; in v1 they name the controllers */
};

/* Reads the next cgroup mount from *text and moves *text past it; false at the end. Malformed lines are skipped. */
bool mounts_next(const char **text, struct cgmount *ret);

/* The caller's own cgroup in the v1 hierarchy that holds this controller, by its v1 name: "4:memory:/a/b"; "": in v2,
 * "0::/a/b". -ENOENT: no such hierarchy. -ENAMETOOLONG: it does not fit. */
int mounts_own_cgroup(const char *text, const char *controller, char *ret, size_t cap);

/* The directory at which the mount shows this cgroup (named as in our namespace). -ENOENT: the mount does not show it.
 * -ENAMETOOLONG: it does not fit. */
int mounts_directory(const struct cgmount *m, const char *cgroup, char *ret, size_t cap);

#endif
