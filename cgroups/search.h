/* search: what the steps of the search for the root (root.c) have in common. */
#ifndef TARE_SEARCH_H
#define TARE_SEARCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cgroups/mounts.h"

struct err;
struct slice_root;

#define SLICE_CREATED_NAME "tare.slice"

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

/* Says of each controller whether root->path can hand it down, and why not (controllers.c). */
void slice_find_controllers(const struct surroundings *s, struct slice_root *root);

/* dir/name under sysroot into buf; "" where it cannot be read: what is not there lists nothing (controllers.c). */
void slice_read_in(const char *sysroot, const char *dir, const char *name, char *buf, size_t cap);

/* Whether path is dir or lies below it (controllers.c). */
bool slice_is_below(const char *path, const char *dir);

#endif
