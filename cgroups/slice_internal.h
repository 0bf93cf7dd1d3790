/* slice_internal: what the parts of slice share among themselves, and nobody else includes. */
#ifndef TARE_SLICE_INTERNAL_H
#define TARE_SLICE_INTERNAL_H

#include "base/text.h"
#include "cgroups/mounts.h"
#include "cgroups/slice.h"

struct err;

#define SLICE_CREATED_NAME "tare.slice"
#define CGFILE_CAP         8192 /* cgroup.controllers, cpuset.cpus.effective and the like: some hundred bytes */

/* What the search for the root judges by (root.c). */
struct surroundings {
    const char *sysroot;
    char given[PATH_MAX]; /* resolved; "" where not asked for */
    const char *given_by; /* where that was said: "--cgroup-root", "$TARE_CGROUP_ROOT" */
    struct text mountinfo;
    bool mounted;
    bool hierarchy_root; /* the mount shows the hierarchy's very root: that one has no cgroup.type */
    bool superuser;
    unsigned uid; /* the effective one */
    bool systemd;
    bool containers;     /* our cgroup is not the hierarchy's root in sight, and a container's own */
    bool entered;        /* a scope has been asked for, and we are in it */
    const char *refused; /* why there is none; NULL: it has not been asked for */
    struct cgmount mount;
    char own[PATH_MAX]; /* our cgroup as our namespace shows it; "" unknown */
};

/* A step of the search. Returns 1 where it applies (ret->provenance and path are then set), 0 where not (why says it),
 * or an error. */
typedef int slice_step_fn(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap, struct err *e);

/* Our own directory, where it is ours to write (delegated.c). */
slice_step_fn slice_step_delegated;

/* Where systemd can be asked for a scope; it is not yet (root.c). ret->path is then "". */
slice_step_fn slice_step_scope;

/* Why a step does not apply; 0, for `return slice_lacking(…)` (root.c, as the next three). */
int slice_lacking(char *why, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool slice_join(char *ret, size_t cap, const char *dir, const char *name);
bool slice_exists(const char *sysroot, const char *dir, const char *name);
/* Whether our cgroup, in the host's cgroup namespace, is a container's that we are in (container.c). */
bool slice_is_containers(const struct surroundings *s);
/* Whether our cgroup is the root of a cgroup namespace of our own (delegated.c). */
bool slice_is_namespace_root(const struct surroundings *s);
/* Whether the mount shows a part of the hierarchy in which our cgroup namespace's names say nothing. */
bool slice_is_outside(const struct surroundings *s);
/* Whether the directory can be written; under a sysroot as far as the mount's options tell. */
bool slice_writable(const struct surroundings *s, const char *dir);

/* One run's directory and what has to be undone at its end (tree.c). */
struct slice_tree {
    struct slice_root root;
    bool own;    /* there is a directory of ours at all: not for borrowed and none */
    int base_fd; /* the directory that is not ours and whose subtree_control we alter: the mount point for created,
                    else the root; locked while runs come and go */
    int root_fd; /* root.path */
    int run_fd;  /* root.path/tare-<run id> */
    int supervisor_fd;
    char name[256]; /* tare-<run id> */
    bool made_run;
    bool moved;       /* the caller sits in supervisor */
    unsigned enabled; /* controllers that this run enabled in base, a bit each */
    uint64_t first;   /* inode of the first directory made below base since then: what has a larger one came later */
    bool has_supervisor_cpus;
    struct slice_setting supervisor_cpus;
};

/* Runs that share a directory come and go one at a time. Advisory, and not waited for without end (tree.c). */
void slice_lock(int fd);
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

/* Says of each controller whether root->path can hand it down, and why not (controllers.c). */
void slice_find_controllers(const struct surroundings *s, struct slice_root *root);

/* dir/name under sysroot into buf; "" where it cannot be read: what is not there lists nothing (controllers.c). */
void slice_read_in(const char *sysroot, const char *dir, const char *name, char *buf, size_t cap);

/* Whether path is dir or lies below it (controllers.c). */
bool slice_is_below(const char *path, const char *dir);

#endif
