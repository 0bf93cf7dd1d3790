/* landlock: what a workload may open for writing, told by folders (landlock(7)); system calls only. A read-only mount
 * does not stop a write to a FIFO, nor /proc/self/fd from opening what lies on another mount. */
#ifndef TARE_LANDLOCK_H
#define TARE_LANDLOCK_H

#include <stdbool.h>

/* A set of rules that so far allows no file to be opened for writing, and, where the kernel knows that (ABI 9), no
 * connection to a UNIX socket of somebody outside; that one only where sockets is. *abi: the kernel's version, 0 where
 * it has none that is of use (2, Linux 5.19, has what it takes to rename between folders). Returns a descriptor, or
 * -1. */
int landlock_begin(bool sockets, int *abi);

/* Allows it below a folder (of O_PATH), or to a file. Returns 0 or -1 with errno. */
int landlock_allow(int rules, int abi, int fd, bool folder);

/* For the caller and all that it starts; it takes no_new_privs. Returns 0 or -1 with errno. */
int landlock_enforce(int rules);

#endif
