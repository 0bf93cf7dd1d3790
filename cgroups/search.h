/* search: what the steps of the search for the root share. Private to cgroups/: root.c, delegated.c, controllers.c
 * and those that walk the hierarchy. */
#ifndef TARE_SEARCH_H
#define TARE_SEARCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cgroups/controller.h"
#include "cgroups/mounts.h"

struct err;
struct slice_root;

#define SLICE_CREATED_NAME "tare.slice"

/* What the steps decide by; root.c fills it. */
struct surroundings {
    const char *sysroot;
    char given[PATH_MAX];  /* --cgroup-root, resolved; "": none given */
    const char *given_by;  /* "--cgroup-root" or "$TARE_CGROUP_ROOT", for messages */
    struct text mountinfo; /* read where the mount is not at a usual place */
    bool mounted;
    bool v1_holds[SLICE_CONTROLLERS];
    bool hierarchy_root; /* the mount shows the root of the hierarchy, which alone has no cgroup.type */
    bool superuser;
    unsigned uid; /* effective */
    bool systemd;
    bool containers;     /* our cgroup is a container's, named as on its host */
    bool entered;        /* systemd has moved us into a scope */
    const char *refused; /* why systemd refused a scope; NULL: not asked */
    struct cgmount mount;
    char own[PATH_MAX]; /* our cgroup as our namespace names it; "": unknown */
};

/* A step of the search. Returns whether it applies (ret->path is then set); if not, the reason is in why. */
typedef bool slice_step_fn(const struct surroundings *s, struct slice_root *ret, char *why, size_t cap);

/* Our own cgroup, if it is delegated to us (delegated.c). */
slice_step_fn slice_step_delegated;

/* Writes why a step does not apply. Returns false, for `return slice_lacking(…)` (root.c). */
bool slice_lacking(char *why, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* dir/name into ret; false: it does not fit (root.c). */
bool slice_join(char *ret, size_t cap, const char *dir, const char *name);
/* Whether dir/name exists under sysroot (root.c). */
bool slice_exists(const char *sysroot, const char *dir, const char *name);
/* Whether our cgroup is a container's: its engine made it for the processes of our pid namespace alone (delegated.c).
 */
bool slice_is_containers(const struct surroundings *s);
/* Whether our cgroup is the root of a cgroup namespace of our own (delegated.c). */
bool slice_is_namespace_root(const struct surroundings *s);
/* Whether the mount comes from another cgroup namespace, so that our names do not apply in it (root.c). */
bool slice_is_outside(const struct surroundings *s);
/* Whether the directory can be written; under a sysroot only the mount's options decide (root.c). */
bool slice_writable(const struct surroundings *s, const char *dir);

/* Fills root->controller: whether root->path can delegate each controller, and why not (controllers.c). */
void slice_find_controllers(const struct surroundings *s, struct slice_root *root);

/* Reads dir/name under sysroot into buf; "" if it cannot be read (controllers.c). */
void slice_read_in(const char *sysroot, const char *dir, const char *name, char *buf, size_t cap);

#endif
