/* command: a user's command run in place of a scenario's workload (tare exec, a plan's commands). */
#ifndef TARE_RUN_COMMAND_H
#define TARE_RUN_COMMAND_H

#include <limits.h>

#include "record/record.h"

struct err;

/* A file that a word of it names. */
struct run_file {
    const char *word, *path; /* as the user gave it; absolute */
};

/* The caller owns all of it. Its standard input is the caller's. */
struct run_command {
    const char *path;            /* absolute */
    char *const *argv;           /* argv[0] as the user gave it */
    char *const *said;           /* the words as the user gave them, for the record; NULL: argv */
    const struct run_file *file; /* shown to it wherever they are, and known in the record by their digests */
    size_t files;                /* at most CARRIED_MAX */
    const char *cwd;             /* absolute */
    int output_fd;               /* for its output; below 0: the caller's standard output and error */
    bool is_silent;              /* it reads nothing; of its output only the last line is kept, for a failure message */
    struct record_series series;
};

/* Finds what execvp(3) would run, as an absolute path. -ENOENT, -EACCES, … (usage). */
int run_command_find(const char *name, char ret[PATH_MAX], struct err *e);

/* For the message after a failure: the first path in a command's words that exists for the caller but not for the
 * command, which has its own /tmp, /dev/shm and /run. The caller frees it; NULL: none. */
char *run_command_missed(const struct run_command *command, const struct cell *cell);

#endif
