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
#include "cgroups/setting.h"
#include "cgroups/tree.h"

struct err;

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
