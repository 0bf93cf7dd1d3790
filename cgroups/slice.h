/* slice: where the cgroup v2 hierarchy is ours, and one directory of it per invocation, from create to destroy.
 * Limits are written through libcgroup where it can do it (slice.c, the only includer of <libcgroup.h>); what it gets
 * wrong on v2 (enabling controllers, exclusive creation, removal) and every reading is plain system calls. Not for use
 * from two threads at once: libcgroup is not. */
#ifndef TARE_SLICE_H
#define TARE_SLICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"

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

/* The controllers that tare asks for, in this order. */
enum slice_controller { SLICE_CPUSET, SLICE_CPU, SLICE_MEMORY, SLICE_PIDS, SLICE_IO, SLICE_CONTROLLERS };

const char *slice_controller_name(enum slice_controller c); /* as cgroup.controllers spells it */

/* Whether a controller can be had below the root, and if not why and what to do about it. */
struct slice_availability {
    bool available;
    char reason[240]; /* "" where available; "v1 holds it (mounted at …; boot with cgroup_no_v1=all)" */
};

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

/* Whether the slice's CPUs are taken from everybody else (cpuset.cpus.partition). */
enum slice_partition {
    SLICE_PARTITION_NONE,
    SLICE_PARTITION_AUTO,     /* root; none, and that is well, where the slice has every CPU there is */
    SLICE_PARTITION_ROOT,     /* exclusive and load-balanced */
    SLICE_PARTITION_ISOLATED, /* exclusive and not balanced: for workloads that pin every thread */
};

/* What is asked of a slice. A field that is not asked for is left as the kernel makes it. */
struct slice_limits {
    struct cpulist cpus; /* cpuset.cpus; empty: not asked for */
    struct cpulist mems; /* cpuset.mems; empty: not asked for */
    enum slice_partition partition;
    bool has_memory_max; /* memory.max */
    uint64_t memory_max_bytes;
    bool swap_off;     /* memory.swap.max = 0 */
    bool oom_group;    /* memory.oom.group = 1 */
    bool has_pids_max; /* pids.max */
    uint64_t pids_max;
};

/* One limit as asked for and as the kernel gave it back. */
struct slice_setting {
    const char *file;     /* "memory.max"; static */
    char requested[1024]; /* as written */
    char achieved[1024];  /* as read back afterwards; "" where there is nothing to read */
    bool ok;
    char reason[240]; /* why it is not what was asked, or why it is as good although it cannot be read; "" otherwise */
};

#define SLICE_SETTINGS_MAX 16

/* One run's place in the hierarchy: <root>/tare-<run id>, in it `supervisor`, which the calling process moves into. */
struct slice_tree;

/* Creates the run's directory, enables the available controllers on the way down and moves the calling process into
 * supervisor, on the CPUs `housekeeping` where that is not NULL or empty and cpuset is there. For borrowed and none it
 * touches nothing and still gives a tree. Failure leaves nothing behind. Runs that share a root wait for each other
 * here and in slice_tree_close(). With caller_stays it is not moved, which waits for an RCU grace period.
 * -EINVAL: run_id is no file name. -EEXIST: a run of this id is there. -EACCES: not ours to write. -EBUSY: the root
 * holds processes other than the caller (no internal processes rule). The caller ends it with slice_tree_close(). */
int slice_tree_open(const struct slice_root *root, const char *run_id, const struct cpulist *housekeeping,
                    struct slice_tree **ret, struct err *e);

/* The root as it turned out: a controller that the kernel would not enable is no longer available. The tree keeps it.
 */
const struct slice_root *slice_tree_root(const struct slice_tree *tree);

/* The housekeeping CPUs as asked for and as they took effect; NULL where none were asked for. The tree keeps it. */
const struct slice_setting *slice_tree_supervisor_cpus(const struct slice_tree *tree);

/* Moves the caller back to where it was, removes what slice_tree_open() made (the created /tare.slice too, once it is
 * empty), disables what it enabled unless somebody else came to use it, frees *tree and sets it to NULL. Every slice
 * must have been destroyed: -EBUSY names what is left. Also after a failure *tree is freed. */
int slice_tree_close(struct slice_tree **tree, struct err *e);

struct slice;

/* Creates <tree>/name and writes the limits. A limit that cannot be had is no error: it is a setting with ok false
 * and its reason. For borrowed and none no directory is made; the settings say what the container has instead.
 * -EINVAL: name is no file name, or a CPU list too scattered to write. -EEXIST: a slice of this name is there. On
 * failure *ret is untouched and nothing is left behind. The caller owns *ret and ends it with slice_destroy(), before
 * the tree. */
int slice_create(struct slice_tree *tree, const char *name, const struct slice_limits *limits, struct slice **ret,
                 struct err *e);

/* Its directory (for clone3 and for reading), -1 for none. The slice keeps it. */
int slice_dirfd(const struct slice *s);
/* Whether a child can be born into it: false for borrowed and none. */
bool slice_is_own(const struct slice *s);
const char *slice_path(const struct slice *s); /* absolute; "" for none */
/* The limits as asked and as they took effect, in the order of struct slice_limits. The slice keeps them. */
const struct slice_setting *slice_settings(const struct slice *s, size_t *count);
/* cpuset.cpus.effective, read now. -ENOENT: no cpuset here. */
int slice_effective_cpus(const struct slice *s, struct cpulist *ret);

/* Reads the partition's file again, into its setting: ok false, with what the kernel says, where it has been lost. NULL
 * where none was asked for. The slice keeps it. */
const struct slice_setting *slice_check_partition(struct slice *s);
/* The CPUs that are left to everybody outside of partitions: cpuset.cpus.effective at the mount point, read now.
 * -ENOENT: no cpuset there. */
int slice_common_cpus(const struct slice *s, struct cpulist *ret);

/* Whether any process is in it or below it, by cgroup.events "populated". Returns 1, 0 or a negative errno, for
 * borrowed and none -EOPNOTSUPP. */
int slice_populated(const struct slice *s);

/* Ends every process in it and below it by cgroup.kill (thawed first, where it was frozen; before Linux 5.14 frozen,
 * killed one by one and thawed) and waits until it is empty, at most timeout_ms. Their parents reap them. The slice is
 * then good for destroying only: Linux kills at birth whoever CLONE_INTO_CGROUP puts into a cgroup that was killed more
 * often than its parent's (kill_seq, seen on 6.18). For borrowed and none: -EOPNOTSUPP, the caller has to end what it
 * started. -ETIMEDOUT: someone is still in it. */
int slice_kill(struct slice *s, int timeout_ms, struct err *e);

/* Kills what is left, removes the directory and those below it with retries for some 2 s (rmdir answers EBUSY for some
 * ms after a kill), frees *s and sets it to NULL. Also after a failure *s is freed; the error names what is left. */
int slice_destroy(struct slice **s, struct err *e);

#endif
