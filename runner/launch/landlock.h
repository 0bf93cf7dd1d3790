/* landlock: restricts which files a workload may open for writing (landlock(7)); system calls only. A read-only mount
 * alone would not stop writes to FIFOs, nor opening files of other mounts through /proc/self/fd. */
#ifndef TARE_LANDLOCK_H
#define TARE_LANDLOCK_H

#include <stdbool.h>

/* Makes a set of rules that allows no file to be opened for writing and, if sockets is set and the kernel supports it
 * (ABI 9), no connection to UNIX sockets outside. *abi: the kernel's version; 0: none, or below 2 (Linux 5.19), which
 * cannot allow renames between folders. Returns a descriptor or -1. */
int landlock_begin(bool sockets, int *abi);

/* Allows writing below a folder (an O_PATH descriptor) or to a file. 0, or -1 with errno. */
int landlock_allow(int rules, int abi, int fd, bool folder);

/* Enforces the rules on the caller and its children; needs no_new_privs. 0, or -1 with errno. */
int landlock_enforce(int rules);

#endif
