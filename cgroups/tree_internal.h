/* tree_internal: the fields of struct slice_tree, for the files of cgroups/ that build it and undo it. */
#ifndef TARE_TREE_INTERNAL_H
#define TARE_TREE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroups/tree.h"

struct err;

/* One run's directory, and what has to be undone at its end. */
struct slice_tree {
    struct slice_root root;
    bool own;    /* the run's directory exists: false for borrowed and none */
    bool whole;  /* the run's directory is its one slice (root.one_slice) */
    bool nested; /* root.path is SLICE_CREATED_NAME, below base, which this run makes or shares */
    int base_fd; /* the existing directory whose subtree_control we change: the mount point where nested, else the root;
                    locked while runs start and end */
    int root_fd; /* slice_tree_path() */
    int run_fd;  /* slice_tree_path()/tare-<run id> */
    int supervisor_fd;
    int spare_fd;   /* reserved: closed before undoing, which needs descriptors that may have run out */
    char name[256]; /* tare-<run id> */
    bool made_run;
    bool locked;      /* base_fd, by us */
    bool moved;       /* the caller sits in supervisor */
    unsigned enabled; /* one bit per controller that this run enabled in base */
    uint64_t first;   /* inode of the first directory made below base since then; later ones have larger inodes */
    bool has_supervisor_cpus;
    struct slice_setting supervisor_cpus;
};

/* Runs that share a directory start and end one at a time (flock(2)). Waits at most SLICE_LOCK_S. -EBUSY: another
 * process held it all the time. Other errors: the lock failed; without it another run may interfere half way.
 */
#define SLICE_LOCK_S 30
int slice_lock(int fd);
void slice_unlock(int fd);

/* Whether name can name a directory here: not empty, no leading dot, no '/' or newline, below 200 bytes. */
bool slice_is_file_name(const char *name);

/* Enables the available controllers in base, root and the run's directory, whose descriptors are open. A controller
 * that the kernel refuses becomes unavailable, with the reason. -EBUSY: base holds other processes (enable.c). */
int slice_enable(struct slice_tree *t, struct err *e);

/* Undoes slice_enable(), also of killed runs, unless another run may use it. Best effort. Call it before the
 * directories are removed (enable.c). */
void slice_disable(struct slice_tree *t);

/* In a delegated directory: moves every process directly in it into the leaf SLICE_SHELTER, because a cgroup with
 * controllers below may hold none. Call it before slice_enable(), which reports processes that stayed (delegated.c). */
int slice_shelter(struct slice_tree *t, struct err *e);

/* Undoes slice_shelter(), after slice_disable(), once no other run is there. Best effort. */
void slice_unshelter(struct slice_tree *t);

/* Where base_fd is. */
static inline const char *slice_base_path(const struct slice_tree *t)
{
    return t->root.provenance == SLICE_CREATED ? t->root.mount : t->root.path;
}

static inline bool slice_is_delegated(const struct slice_tree *t)
{
    return t->root.provenance == SLICE_DELEGATED || t->root.provenance == SLICE_SCOPE;
}

#define SLICE_SHELTER "supervisor"

#endif
