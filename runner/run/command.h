/* command: any program in the place of a scenario's workload. */
#ifndef TARE_RUN_COMMAND_H
#define TARE_RUN_COMMAND_H

#include "record/record.h"

/* A command of the user's, in place of a scenario's workload. Its standard input, output and error are the caller's. */
struct run_command {
    const char *path;  /* absolute */
    char *const *argv; /* argv[0] as it was given */
    const char *cwd;   /* absolute */
    struct record_series series;
};

#endif
