/* userdir: the folders of the caller's own that tare reads and writes. Root takes from the environment only what nobody
 * else could have put there (trust.h). */
#ifndef TARE_USERDIR_H
#define TARE_USERDIR_H

#include <stddef.h>

/* $HOME, else the folder of the caller's account in /etc/passwd; "" where neither is trusted. */
const char *userdir_home(void);

/* $TARE_CACHE, else $XDG_CACHE_HOME/tare, else ~/.cache/tare. Returns buf. */
const char *userdir_cache(char *buf, size_t cap);

#endif
