/* confine: isolates a workload: namespaces, mounts, user, capabilities, Landlock, seccomp. The parent prepares it
 * before clone3 (paths resolved, filter chosen); the child applies it with system calls only. spawn and exec use it.
 * The only includer of <sys/capability.h>. */
#ifndef TARE_CONFINE_H
#define TARE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch/confine_mounts.h"
#include "launch/confine_user.h"
#include "launch/filter.h"

struct err;
struct text;

/* "namespaces", "read-only root", …: names the step in a message. */
extern const char *const confine_layer_names[];

/* A prepared confinement: what its callers read of it. */
struct confine {
    bool wants[CONFINE_LAYERS];    /* the layers that were asked for */
    uint64_t namespaces;           /* flags for clone3: CLONE_NEWPID, and CLONE_NEWUSER if the caller needs it to make
                                      the other namespaces */
    int unshared;                  /* made by unshare(2) in its first process */
    char uid_map[48], gid_map[48]; /* "": the workload gets no user namespace of its own */
    struct confine_user user;
    struct confine_mounts mounts;
    int capabilities;            /* how many this kernel has */
    const struct filter *filter; /* NULL: none; static */
};

/* Prepares the confinement. If the caller is root and names no user, the workload runs as CONFINE_NOBODY, or as the
 * owner of the first needed folder that CONFINE_NOBODY cannot enter (at worst root's uid, without capabilities);
 * its reason says which. A folder owned by root that only CONFINE_NOBODY cannot enter is no obstacle: it is
 * hidden, and what is needed below it is shown. -EINVAL, -ENOENT (usage): an impossible path or user. -EISDIR (usage):
 * one of descriptors 0 to 2 is a folder. The caller ends it with confine_free(). */
int confine_prepare(const struct confine_request *request, struct confine **ret, struct err *e);
void confine_free(struct confine **confine);
#define cleanup_confine __attribute__((cleanup(confine_free)))

/* The name of a system call of this architecture by its number, or "nr_N"; in buf. */
const char *confine_call_name(int nr, char *buf, size_t cap);

/* --- in the child: system calls only ---------------------------------------------------------------------------- */

/* In the first process of the pid namespace: makes the other namespaces (the slowest step), id maps, mounts, loopback
 * and host name. */
void confine_enter(const struct confine *c, struct confine_outcome *outcome);

/* In the workload's process or its parent: empties the bounding set, so that no exec gains a capability. */
void confine_drop_bounding(const struct confine *c, struct confine_outcome *outcome);

/* In the workload's process, last before its exec: sets user, capabilities, no_new_privs and the filter. Returns the
 * listener of the filter's notifications (seccomp_unotify(2)), or -1. */
int confine_drop(const struct confine *c, struct confine_outcome *outcome);

#endif
