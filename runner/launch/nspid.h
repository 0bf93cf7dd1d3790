/* nspid: the pids of a process, one for each pid namespace that it lies in. */
#ifndef TARE_NSPID_H
#define TARE_NSPID_H

#include <stddef.h>

/* Reads the line "NSpid:" of /proc/PID/status (proc_pid_status(5)). Returns in how many namespaces the process has a
 * pid, the reader's first, and in *ret that of the innermost, by which the process knows itself. 0: the text has no
 * such line, and *ret is as it was. */
size_t nspid_read(const char *status, int *ret);

#endif
