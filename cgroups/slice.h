/* slice: one cgroup v2 directory per invocation, from create to destroy. Limits are written through libcgroup where
 * that works (slice.c is the only includer of <libcgroup.h>). What libcgroup gets wrong on v2 (enabling controllers,
 * exclusive creation, removal) and every reading uses plain system calls. Not thread-safe, because libcgroup is not. */
#ifndef TARE_SLICE_H
#define TARE_SLICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "cgroups/partition.h"
#include "cgroups/setting.h"
#include "cgroups/tree.h"

struct err;

/* A slice, and what its callers read of it. */
struct slice {
    const struct slice_tree *tree;
    bool own;  /* a child can be started in it (CLONE_INTO_CGROUP): false for borrowed and none */
    int dirfd; /* for clone3 and for reading; -1 for none. The slice owns it */
    char name[256];
    char path[PATH_MAX];                     /* absolute; "" for none */
    struct slice_setting *partition_setting; /* points into settings; NULL: no partition was asked for */
    struct partition_claims partition;
    size_t count;
    struct slice_setting settings[SLICE_SETTINGS_MAX]; /* the limits as asked and as they took effect, in the order of
                                                          struct slice_limits; only the first `count` are initialised */
};

/* Creates <tree>/name and writes the limits. A limit that the host cannot give is no error: its setting has ok false
 * and the reason. For borrowed and none no directory is made; the settings say what the container has instead. -EINVAL:
 * name is not a file name, or the text of a CPU list does not fit. -EEXIST: a slice of this name exists. On failure
 * *ret is untouched and nothing is left behind. The caller owns *ret and ends it with slice_destroy(), before the tree.
 */
int slice_create(struct slice_tree *tree, const char *name, const struct slice_limits *limits, struct slice **ret,
                 struct err *e);

/* cpuset.cpus.effective, read now. -ENOENT: no cpuset controller here. */
int slice_effective_cpus(const struct slice *s, struct cpulist *ret);

/* Reads the partition's file again into its setting: ok is false if the partition was lost, and achieved has what the
 * kernel says. NULL if none was asked for. The slice owns it. */
const struct slice_setting *slice_check_partition(struct slice *s);
/* The CPUs outside of all partitions: cpuset.cpus.effective at the mount point, read now. -ENOENT: no cpuset there. */
int slice_common_cpus(const struct slice *s, struct cpulist *ret);

/* Whether the slice or a directory below holds a process (cgroup.events, "populated"). Returns 1, 0 or a negative
 * errno; -EOPNOTSUPP for borrowed and none. */
int slice_populated(const struct slice *s);

/* Kills every process in the slice and below with cgroup.kill (before Linux 5.14: freezes, kills one by one, thaws) and
 * waits until it is empty, at most timeout_ms. Their parents reap them. Afterwards the slice can only be destroyed:
 * Linux kills at birth what CLONE_INTO_CGROUP puts into a killed cgroup (kill_seq, seen on 6.18). -EOPNOTSUPP: borrowed
 * or none; the caller ends what it started. -ETIMEDOUT: a process is still in it. */
int slice_kill(struct slice *s, int timeout_ms, struct err *e);

/* Kills what is left, removes the directory and those below, retrying for 2 s (rmdir answers EBUSY for some ms after a
 * kill), frees *s and sets it to NULL. On failure *s is freed too; the error names what is left. NULL in *s is allowed.
 */
int slice_destroy(struct slice **s, struct err *e);

#endif
