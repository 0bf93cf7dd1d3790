/* userdir: the caller's own folders, which tare reads and writes. Root uses a variable of the environment only if
 * nobody else could have placed what it names (trust.h). */
#ifndef TARE_USERDIR_H
#define TARE_USERDIR_H

#include <stddef.h>

/* $HOME, else the folder of the caller's account in /etc/passwd; "" where neither is trusted. */
const char *userdir_home(void);

/* $TARE_CACHE, else $XDG_CACHE_HOME/tare, else ~/.cache/tare. Returns buf. */
const char *userdir_cache(char *buf, size_t cap);

#endif
