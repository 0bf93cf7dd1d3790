/* allowance: what the system call filter refuses unless it is asked for by name (--allow). Pure. */
#ifndef TARE_ALLOWANCE_H
#define TARE_ALLOWANCE_H

#define ALLOWANCE_NAMES "io_uring" /* all, for messages and the help */

enum allowance { ALLOW_IO_URING, ALLOWANCES };

/* As on the command line: "io_uring". */
const char *allowance_name(enum allowance a);

/* Its number by its name; -1: there is none of that name. */
int allowance_find(const char *name);

#endif
