/* tree: one run's directory below the root, with the runner's own leaf in it, from open to close. */
#ifndef TARE_TREE_H
#define TARE_TREE_H

#include "base/cpulist.h"
#include "cgroups/root.h"
#include "cgroups/setting.h"

struct err;

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

#endif
