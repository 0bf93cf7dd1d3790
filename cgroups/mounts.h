/* mounts: the cgroup file systems out of /proc/self/mountinfo, and one's own place out of /proc/self/cgroup. Pure, on
 * text. Formats: proc(5), cgroups(7). */
#ifndef TARE_MOUNTS_H
#define TARE_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct cgmount {
    int version;            /* 1: "cgroup", 2: "cgroup2" */
    bool writable;          /* neither the mount nor the file system is read-only */
    char root[PATH_MAX];    /* the cgroup that the mount shows, as seen from our cgroup namespace; "/" for all of it */
    char point[PATH_MAX];   /* where it is mounted, octal escapes decoded */
    char options[PATH_MAX]; /* of the file system, comma-separated: v1 names its controllers there */
};

/* The next cgroup mount from *text on, which moves past it: start with the whole file, end at false. Lines that are
 * not of mountinfo's form are passed over. */
bool mounts_next(const char **text, struct cgmount *ret);

/* Whether a comma-separated list of options holds the word. */
bool mounts_has_option(const char *options, const char *word);

/* Our own v2 cgroup: what follows "0::". -ENOENT: no such line; -ENAMETOOLONG: does not fit. */
int mounts_own_cgroup(const char *text, char *ret, size_t cap);

/* The directory under which a mount shows a cgroup (both as seen from our namespace). -ENOENT: it does not show it;
 * -ENAMETOOLONG. */
int mounts_directory(const struct cgmount *m, const char *cgroup, char *ret, size_t cap);

#endif
