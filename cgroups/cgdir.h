/* cgdir: one cgroup v2 directory, held by its descriptor: list, kill, freeze, empty and remove it. Plain system calls.
 * Used by slice, tree, enable, delegated and leftovers; the descriptors stay the caller's. */
#ifndef TARE_CGDIR_H
#define TARE_CGDIR_H

#include <dirent.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether the directory or one below it holds a process (cgroup.events, "populated"). Returns 1, 0 or a negative errno.
 */
int cgdir_populated(int dirfd);

/* Kills every process in the directory and below, and waits until it is empty, until deadline_ns (CLOCK_MONOTONIC) at
 * the latest. -ETIMEDOUT: a process is still in it. Other errors come from writing its files. */
int cgdir_kill(int dirfd, int64_t deadline_ns);

/* Freezes every process in the directory and below, and waits up to 500 ms for that. -ETIMEDOUT: some still run. The
 * caller undoes it with cgdir_thaw(), also after a failure. */
int cgdir_freeze(int dirfd);
void cgdir_thaw(int dirfd);

/* Calls fn for each process in the directory and below, as cgroup.procs lists them. pid is 0 for a process of another
 * pid namespace, which has no number in ours. Returns 0 or a negative errno. */
int cgdir_each_process(int dirfd, void (*fn)(pid_t pid, void *context), void *context);

/* Kills what is in parent/name and below, and removes the directories, deepest first. Retries on EBUSY until
 * deadline_ns. Success if parent/name does not exist. Symbolic links are never followed. */
int cgdir_remove(int parent_fd, const char *name, int64_t deadline_ns);

/* Removes parent/name if it has no child directories (else -EBUSY at once), retries as cgdir_remove() does, and kills
 * nothing. */
int cgdir_remove_empty(int parent_fd, const char *name, int64_t deadline_ns);

/* Moves every process directly in `from` into `to`, until none is left. A process that ends meanwhile is no error.
 * Returns 0, the negative errno of the first that could not be moved, or -EAGAIN if new ones keep coming. */
int cgdir_move_all(int from_fd, int to_fd);

/* Opens the list of child directories for cgdir_next_child(). The caller closes it; NULL and errno on failure. */
DIR *cgdir_children(int dirfd);
/* The next child directory; NULL: the end, errno 0, or a failure, errno set. children NULL: NULL, errno untouched. */
const struct dirent *cgdir_next_child(DIR *children);

#endif
