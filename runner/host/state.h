/* state: the folder in which this user's tare keeps data for later runs. */
#ifndef TARE_STATE_H
#define TARE_STATE_H

#include <stddef.h>

#define STATE_SYSTEM_DIR "/var/lib/tare"

/* $TARE_STATE if it is trusted (trust_path()), else STATE_SYSTEM_DIR for root, the user's cache for others. cap:
 * PATH_MAX suffices. */
void state_dir(char *buf, size_t cap);

#endif
