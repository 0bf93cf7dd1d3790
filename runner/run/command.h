/* command: any program in the place of a scenario's workload. */
#ifndef TARE_RUN_COMMAND_H
#define TARE_RUN_COMMAND_H

#include <limits.h>

#include "record/record.h"

struct err;

/* A command of the user's, in place of a scenario's workload. Its standard input is the caller's. */
struct run_command {
    const char *path;  /* absolute */
    char *const *argv; /* argv[0] as it was given */
    const char *cwd;   /* absolute */
    int output_fd;     /* that gets what it prints; below 0: the caller's standard output and error do */
    bool is_silent;    /* it reads nothing, and of what it prints only the last line is kept, for where it fails */
    struct record_series series;
};

/* What execvp(3) would run by this name; absolute. -ENOENT, -EACCES, … (usage). */
int run_command_find(const char *name, char ret[PATH_MAX], struct err *e);

/* The first path in a command's words that is there for the caller and not for the command, whose /tmp, /dev/shm and
 * /run are its own: where it failed it may have missed that. The caller frees it; NULL: there is none. */
char *run_command_missed(const struct run_command *command, const struct cell *cell);

#endif
