/* cgdir: one cgroup v2 directory by its descriptor: empty it, remove it with all below it. Plain system calls. */
#ifndef TARE_CGDIR_H
#define TARE_CGDIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether any process is in it or below it, by cgroup.events. Returns 1, 0 or a negative errno. */
int cgdir_populated(int dirfd);

/* Ends every process in it and below it and waits until it is empty, at the latest until deadline_ns
 * (CLOCK_MONOTONIC). -ETIMEDOUT: someone is still in it; other errors of writing its files. */
int cgdir_kill(int dirfd, int64_t deadline_ns);

/* Stops every process in it and below it, and waits for that some 500 ms. -ETIMEDOUT: not all of them have stopped.
 * Ended by cgdir_thaw(), also after a failure. */
int cgdir_freeze(int dirfd);
void cgdir_thaw(int dirfd);

/* Calls fn for each process in it and below it as cgroup.procs lists them; pid 0: one of another pid namespace, which
 * to us has no number. 0 or a negative errno. */
int cgdir_each_process(int dirfd, void (*fn)(pid_t pid, void *context), void *context);

/* Removes parent/name and the directories below it, deepest first, killing who is in them; tries again while the
 * kernel says EBUSY, until deadline_ns. That it is gone already is no error. Symbolic links are never followed. */
int cgdir_remove(int parent_fd, const char *name, int64_t deadline_ns);

/* Removes parent/name alone: -EBUSY at once where there are directories in it, else as above, and kills nobody. */
int cgdir_remove_empty(int parent_fd, const char *name, int64_t deadline_ns);

/* Moves every process directly in `from` into `to`, until none is left there. Whoever ends meanwhile is no error.
 * Returns 0, or the errno of the first that could not be moved, or -EAGAIN where others keep coming. */
int cgdir_move_all(int from_fd, int to_fd);

/* Calls fn for each directory in it until one answers other than 0, and returns that answer; 0 at the end, or a
 * negative errno. */
int cgdir_each_child(int dirfd, int (*fn)(const char *name, uint64_t inode, void *context), void *context);

#endif
