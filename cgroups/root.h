/* root: the directory below which slices are made, and how it was had. */
#ifndef TARE_ROOT_H
#define TARE_ROOT_H

#include <limits.h>
#include <stdbool.h>

#include "cgroups/controller.h"

struct err;

/* Names the root where --cgroup-root does not; empty is as good as unset. */
#define SLICE_ROOT_VARIABLE "TARE_CGROUP_ROOT"

/* How the root was had (design, "How the root is found"). */
enum slice_provenance {
    SLICE_GIVEN,     /* --cgroup-root PATH, or the variable */
    SLICE_DELEGATED, /* our own v2 directory is ours to write */
    SLICE_SCOPE,     /* a transient scope of systemd's, Delegate=yes */
    SLICE_CREATED,   /* root without systemd: /tare.slice */
    SLICE_BORROWED,  /* a read-only cgroupfs of our own cgroup namespace: the container is the slice */
    SLICE_NONE,      /* no cgroup v2 to be had: affinity and per-process figures alone */
};

const char *slice_provenance_name(enum slice_provenance p); /* "given", "created", … */

/* Where slices are made: found by slice_root_find(), a value. */
struct slice_root {
    enum slice_provenance provenance;
    char reason[1000];    /* why it is no better: what each step before it in the search lacked; "" for given */
    char mount[PATH_MAX]; /* the cgroup2 mount point; "" where none is mounted */
    char path[PATH_MAX];  /* the directory that slices are made in, or (borrowed) that stands in for one; "" for none,
                             and  for a scope that has not been asked for */
    char own[PATH_MAX];   /* where the caller was when this was found; "" where the mount does not show it */
    struct slice_availability controller[SLICE_CONTROLLERS];
    bool caller_stays; /* for the caller to set: slice_tree_open() leaves it where it is, unless that is in the root */
};

/* Finds the root: the v2 hierarchy by its type in /proc/self/mountinfo (proc(5)), never by a well-known path. Creates
 * and writes nothing. sysroot: prefix of /proc, /run and /sys for tests, "" for the real ones; under a prefix write
 * permission is judged by the mount's options alone. given: --cgroup-root, or NULL, which without a sysroot is what
 * SLICE_ROOT_VARIABLE says; it must be a directory on a cgroup2 file system. -EINVAL (usage): given is not that.
 * -EACCES (host): given cannot be written. On failure *ret is untouched. Otherwise 0, at worst with SLICE_NONE and the
 * reason. */
int slice_root_find(const char *sysroot, const char *given, struct slice_root *ret, struct err *e);

/* Where the root is a scope: asks systemd for it, which takes the calling process in; a scope that is refused is a step
 * that does not apply, and the search goes on. Any other root is left as it is. *root is then good for
 * slice_tree_open(). The scope ends with the last process in it. */
int slice_root_enter(struct slice_root *root, struct err *e);

/* Whether slice_tree_open() leaves the caller in the cgroup that it is in. */
bool slice_root_leaves_caller(const struct slice_root *root);

#endif
