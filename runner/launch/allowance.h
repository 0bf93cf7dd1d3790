/* allowance: groups of system calls that the filter refuses unless --allow names them. Pure. */
#ifndef TARE_ALLOWANCE_H
#define TARE_ALLOWANCE_H

#define ALLOWANCE_NAMES "io_uring" /* all names, for messages and --help */

enum allowance { ALLOW_IO_URING, ALLOWANCES };

/* As on the command line: "io_uring"; ends with NULL. */
extern const char *const allowance_names[];

#endif
