/* scope: a place of our own on a host whose tree systemd owns, asked for over D-Bus. */
#ifndef TARE_SCOPE_H
#define TARE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

/* Asks systemd (the user's where by_user, over their bus; else the host's) for a transient scope with Delegate=yes and
 * waits, 5 s at most, until the calling process is in it. It ends when the last process has left it.
 * Returns 0, or a negative errno and why. libsystemd is loaded in a child that lives as long as the request: neither
 * its memory nor the time to load it is the caller's where no scope is asked for. */
int scope_enter(bool by_user, char *why, size_t cap);

#endif
