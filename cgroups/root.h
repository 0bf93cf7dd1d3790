/* root: finds the directory below which slices are made. Called by run, exec, doctor and clean; a struct slice_root is
 * a plain value. */
#ifndef TARE_ROOT_H
#define TARE_ROOT_H

#include <limits.h>
#include <stdbool.h>

#include "cgroups/controller.h"

struct err;

/* Environment variable that names the root when --cgroup-root does not. Empty counts as unset. */
#define SLICE_ROOT_VARIABLE "TARE_CGROUP_ROOT"

/* How the root was found. */
enum slice_provenance {
    SLICE_GIVEN,     /* --cgroup-root PATH, or the variable */
    SLICE_DELEGATED, /* our own v2 cgroup, delegated to us */
    SLICE_SCOPE,     /* a transient systemd scope with Delegate=yes */
    SLICE_CREATED,   /* /tare.slice: for root, on a host without systemd */
    SLICE_BORROWED,  /* the cgroupfs is a container's and read-only: the container is the slice */
    SLICE_NONE,      /* no cgroup v2: only CPU affinity and per-process figures */
};

extern const char *const slice_provenance_names[]; /* "given", "created", … */

/* Filled by slice_root_find(). */
struct slice_root {
    enum slice_provenance provenance;
    char reason[1000];    /* why each earlier step of the search did not apply; "" for given */
    char mount[PATH_MAX]; /* the cgroup2 mount point; "" where none is mounted */
    char path[PATH_MAX];  /* slices are made in it; for borrowed it stands in for one; "" for none, and for a scope
                             before slice_root_enter() */
    char own[PATH_MAX];   /* the caller's cgroup at the time of the search; "" if the mount does not show it */
    struct slice_availability controller[SLICE_CONTROLLERS];
    bool caller_stays; /* set by the caller: slice_tree_open() does not move the caller, unless it is inside the root */
    bool one_slice;    /* set by a caller that makes a single slice: if the caller stays outside, the run's directory
                          itself is the slice, which saves the kernel a cgroup */
};

/* Finds the root. The v2 hierarchy is found by its type: at the usual places first (statfs(2)), else in
 * /proc/self/mountinfo (proc(5)).
 * Creates and writes nothing. sysroot: prefix of /proc, /run and /sys for tests; NULL or "" for the real ones. Under a
 * prefix only the mount's options decide whether it is writable. given: --cgroup-root, a directory on a cgroup2 file
 * system; NULL: SLICE_ROOT_VARIABLE (not under a sysroot). -EINVAL (usage): given is not such a directory. -EACCES
 * (host): given cannot be written. -EOPNOTSUPP, -EBUSY (host): given is threaded or frozen. On failure *ret
 * holds nothing of use. With nothing given it succeeds, at worst with SLICE_NONE and the reason. */
int slice_root_find(const char *sysroot, const char *given, struct slice_root *ret, struct err *e);

/* Copies what the strings hold, not all the room that they have. */
void slice_root_copy(struct slice_root *to, const struct slice_root *from);

/* If the root is a scope: asks systemd for it, which moves the calling process into it. If systemd refuses, the search
 * goes on with the next step. Other roots stay as they are. Call it before slice_tree_open(). The scope ends with its
 * last process. */
int slice_root_enter(struct slice_root *root, struct err *e);

/* Whether slice_tree_open() leaves the caller in its cgroup. */
bool slice_root_leaves_caller(const struct slice_root *root);

#endif
