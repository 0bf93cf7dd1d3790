/* userdir: the caller's own folders, which tare reads and writes. Root uses a variable of the environment only if
 * nobody else could have placed what it names (trust.h). */
#ifndef TARE_USERDIR_H
#define TARE_USERDIR_H

#include <stddef.h>

/* $HOME, else the folder of the caller's account in /etc/passwd; "" where neither is trusted. */
const char *userdir_home(void);

/* $TARE_CACHE, else $XDG_CACHE_HOME/tare, else ~/.cache/tare. Returns buf. */
const char *userdir_cache(char *buf, size_t cap);

#define USERDIR_STATE_OF_ROOT "/var/lib/tare"

/* The folder in which this user's tare keeps data for later runs: $TARE_STATE if it is trusted (trust_path()), else
 * USERDIR_STATE_OF_ROOT for root, the user's cache for others. cap: PATH_MAX suffices. */
void userdir_state(char *buf, size_t cap);

#endif
