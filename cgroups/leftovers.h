/* leftovers: what runs that were killed left in the hierarchy: found, ended and removed. A run holds a lock (flock(2))
 * on its directory for as long as it lives; the kernel lets go of it however the run ends. */
#ifndef TARE_LEFTOVERS_H
#define TARE_LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct slice_root;

enum leftover_state {
    LEFTOVER_REMOVED, /* it was a dead run's; its processes were ended and it is gone, or would be in a dry run */
    LEFTOVER_ALIVE,   /* its run is alive: untouched */
    LEFTOVER_STUCK,   /* it is a dead run's and could not be removed */
    LEFTOVER_FOREIGN, /* another user made it: untouched */
};

struct leftover {
    const char *path;
    enum leftover_state state;
    int processes; /* that were in it */
    int failed;    /* why it is stuck: a negative errno */
    uid_t owner;
};

typedef void leftover_fn(const struct leftover *l, void *context);

/* How many directories of dead runs are directly in the root; 0 where it cannot be read, or is locked for long. Touches
 * nothing. */
int leftovers_count(const struct slice_root *root);

/* Ends and removes every dead run of the caller's in this root and calls fn for each run that it finds: below a given
 * one and below systemd's tare.slice at any depth, directly in any other. What dead runs enabled, claimed and moved on
 * the way there is put back where no other run is left to need it. dry_run: calls fn and changes nothing. */
void leftovers_clean(const struct slice_root *root, bool dry_run, leftover_fn *fn, void *context);

#endif
