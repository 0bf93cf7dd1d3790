/* leftovers: finds and removes the directories that killed runs left in the hierarchy (tare clean, doctor). A run holds
 * a flock(2) on its directory while it lives; the kernel releases it however the run ends. */
#ifndef TARE_LEFTOVERS_H
#define TARE_LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct slice_root;

enum leftover_state {
    LEFTOVER_REMOVED, /* of a dead run: its processes were killed and it was removed (dry run: would be) */
    LEFTOVER_ALIVE,   /* its run lives: untouched */
    LEFTOVER_STUCK,   /* of a dead run, but it could not be removed */
    LEFTOVER_FOREIGN, /* another user made it: untouched */
};

struct leftover {
    const char *path;
    enum leftover_state state;
    int processes; /* how many were in it */
    int failed;    /* why it is stuck: a negative errno */
    uid_t owner;
};

typedef void leftover_fn(const struct leftover *l, void *context);

/* How many directories of dead runs lie directly in the root. 0 if the root cannot be read, or stays locked. Changes
 * nothing. */
int leftovers_count(const struct slice_root *root);

/* Kills and removes every dead run of the caller's in this root, and calls fn for each run found. A given root and
 * systemd's tare.slice are searched at any depth; the others, one level. What dead runs enabled, claimed and moved in
 * the directories above is undone unless another run still needs it. dry_run: calls fn and changes nothing. */
void leftovers_clean(const struct slice_root *root, bool dry_run, leftover_fn *fn, void *context);

#endif
