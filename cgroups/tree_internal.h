/* tree_internal: a run's tree to those that build it up and take it down. */
#ifndef TARE_TREE_INTERNAL_H
#define TARE_TREE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroups/tree.h"

struct err;

/* One run's directory and what has to be undone at its end (tree.c). */
struct slice_tree {
    struct slice_root root;
    bool own;    /* there is a directory of ours at all: not for borrowed and none */
    int base_fd; /* the directory that is not ours and whose subtree_control we alter: the mount point for created,
                    else the root; locked while runs come and go */
    int root_fd; /* root.path */
    int run_fd;  /* root.path/tare-<run id> */
    int supervisor_fd;
    int spare_fd;   /* of no use but to be closed: what undoes this takes descriptors, and they may run out meanwhile */
    char name[256]; /* tare-<run id> */
    bool made_run;
    bool locked;      /* base_fd, by us */
    bool moved;       /* the caller sits in supervisor */
    unsigned enabled; /* controllers that this run enabled in base, a bit each */
    uint64_t first;   /* inode of the first directory made below base since then: what has a larger one came later */
    bool has_supervisor_cpus;
    struct slice_setting supervisor_cpus;
};

/* Runs that share a directory come and go one at a time (flock(2)). Waits for SLICE_LOCK_S at most. 0; -EBUSY: somebody
 * else held it all the time; or why there is no lock. Whoever goes on without it may meet another run half way. */
#define SLICE_LOCK_S 30
int slice_lock(int fd);
void slice_unlock(int fd);

/* Whether it can be a directory's name here. */
bool slice_is_file_name(const char *name);

/* Enables the available controllers in base, root and the run's directory, whose descriptors are open; one that the
 * kernel refuses becomes unavailable, with its reason. -EBUSY: base holds other processes (enable.c). */
int slice_enable(struct slice_tree *t, struct err *e);

/* Undoes slice_enable(), and what killed runs enabled, unless somebody else may have come to use it: best effort, and
 * before the directories are removed (enable.c). */
void slice_disable(struct slice_tree *t);

/* Of a delegated directory: moves every process that is directly in it into a leaf of its own, since a cgroup with
 * controllers below it may hold none. Before slice_enable(). Who cannot be moved is its complaint (delegated.c). */
int slice_shelter(struct slice_tree *t, struct err *e);

/* The other way round, after slice_disable(): as far as the kernel lets, once no other run is there. */
void slice_unshelter(struct slice_tree *t);

static inline bool slice_is_delegated(const struct slice_tree *t)
{
    return t->root.provenance == SLICE_DELEGATED || t->root.provenance == SLICE_SCOPE;
}

/* The leaf's name. */
#define SLICE_SHELTER "supervisor"

#endif
