/* tree: one run's directory below the root, with the runner's own leaf in it, from open to close. run/ and exec open
 * it; slices are made in it. */
#ifndef TARE_TREE_H
#define TARE_TREE_H

#include "base/cpulist.h"
#include "cgroups/root.h"
#include "cgroups/setting.h"

struct err;

/* One run's place in the hierarchy: slice_tree_path()/tare-<run id>, in it `supervisor`, which the calling process
 * moves into, and the slices. With root->one_slice, where the caller stays outside, it has neither: it is the slice. */
struct slice_tree;

/* Creates the run's directory, enables the available controllers down to it and moves the calling process into
 * `supervisor`, limited to the CPUs `housekeeping` (NULL or empty: no limit; needs cpuset). For borrowed and none it
 * changes nothing and still gives a tree. With root->caller_stays the caller is not moved (moving waits for an RCU
 * grace period). Runs that share a root wait for each other here and in slice_tree_close(). On failure nothing is left
 * behind. -EINVAL: run_id is not a file name. -EEXIST: a run of this id exists. -EACCES: not ours to write. -EBUSY: the
 * root holds other processes (no internal processes rule), or stays locked. The caller ends it with slice_tree_close().
 */
int slice_tree_open(const struct slice_root *root, const char *run_id, const struct cpulist *housekeeping,
                    struct slice_tree **ret, struct err *e);

/* The root; a controller that the kernel refused to enable is no longer available in it. The tree owns it. */
const struct slice_root *slice_tree_root(const struct slice_tree *tree);

/* The directory that holds the run's own: the root's path, or the mount point, where a run of one slice needs no
 * /tare.slice around it. The tree owns it. */
const char *slice_tree_path(const struct slice_tree *tree);

/* The housekeeping CPUs as asked for and as they took effect; NULL if none were asked for. The tree owns it. */
const struct slice_setting *slice_tree_supervisor_cpus(const struct slice_tree *tree);

/* Moves the caller back, removes what slice_tree_open() made (the created /tare.slice too, once empty), disables the
 * controllers it enabled unless another run uses them, frees *tree and sets it to NULL. Destroy every slice first:
 * -EBUSY names what is left. On failure *tree is freed too. NULL in *tree is allowed. */
int slice_tree_close(struct slice_tree **tree, struct err *e);

#endif
