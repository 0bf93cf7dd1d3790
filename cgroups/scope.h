/* scope: asks systemd over D-Bus for a cgroup of our own. root.c is the only caller. */
#ifndef TARE_SCOPE_H
#define TARE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

/* Asks systemd for a transient scope with Delegate=yes and waits, 5 s at most, until the calling process is in it.
 * by_user: the user's systemd over the user bus; else the host's. The scope ends with its last process. Returns 0, or a
 * negative errno and the reason in why. It executes tare-scope (scope_main.c), which
 * loads libsystemd. */
int scope_enter(bool by_user, char *why, size_t cap);

#endif
