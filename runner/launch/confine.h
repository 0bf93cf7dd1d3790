/* confine: what a workload is kept from. Prepared in the parent before clone3 (paths resolved, the filter chosen),
 * applied in the child with system calls only. The only includer of <sys/capability.h>. */
#ifndef TARE_CONFINE_H
#define TARE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch/confine_request.h"

struct err;
struct text;

/* "namespaces", "read-only root", …: names the step in a message. */
const char *confine_layer_name(enum confine_layer layer);

struct confine;

/* Prepares all of it. Who it runs as, where the caller is root and no user is named: CONFINE_NOBODY, or the owner of
 * the first folder that is closed to that one on the way to what it needs (root's own uid at worst: it has no
 * capabilities then); confine_user_reason() says which. A folder of root's on the way that is closed to
 * CONFINE_NOBODY alone makes no difference: it is hidden, and what is needed is shown below it. -EINVAL, -ENOENT
 * (usage): a path or user that cannot be; -EISDIR (usage): a descriptor that is handed on is a folder. The
 * caller ends it with confine_free(). */
int confine_prepare(const struct confine_request *request, struct confine **ret, struct err *e);
void confine_free(struct confine **confine);

/* Whether a layer was asked for. */
bool confine_wants(const struct confine *c, enum confine_layer layer);
uid_t confine_uid(const struct confine *c);
gid_t confine_gid(const struct confine *c);
const char *confine_user_reason(const struct confine *c); /* "" where it is what was asked for */

/* Whether it is in a user namespace of its own. */
bool confine_has_user_namespace(const struct confine *c);

/* The n-th folder that is empty inside but for what is shown in it; NULL behind the last. */
const char *confine_hidden(const struct confine *c, size_t n);

/* The filter as BPF (an array of struct sock_filter) and as a text that says what it answers to which call; NULL and 0
 * without one. Both are filter.h's. */
const void *confine_filter_bytes(const struct confine *c, size_t *len);
const char *confine_filter_text(const struct confine *c);

/* The name of a system call of this architecture by its number, or "nr_N"; in buf. */
const char *confine_call_name(int nr, char *buf, size_t cap);

/* --- in the child: system calls only ---------------------------------------------------------------------------- */

/* clone3's flags: the pid namespace, of which its first process has to be born; and CLONE_NEWUSER where the caller may
 * not make the others otherwise. */
uint64_t confine_namespaces(const struct confine *c);

/* In the first process of the pid namespace: the other namespaces, which take the longest of all, ids, mounts,
 * loopback, host name. */
void confine_enter(const struct confine *c, struct confine_outcome *outcome);

/* In the workload's own process or in the one that it is forked from: no capability is ever gained by an exec. */
void confine_drop_bounding(const struct confine *c, struct confine_outcome *outcome);

/* In the workload's own process, the last before its exec: user, capabilities, no_new_privs, the filter. Returns the
 * listener of the filter's notifications (seccomp_unotify(2)), or -1. */
int confine_drop(const struct confine *c, struct confine_outcome *outcome);

#endif
