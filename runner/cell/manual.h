/* manual: what is told of each command: by `tare --help`, by `tare COMMAND --help`, by the man pages and the shells'
 * completion. The options are the option table's (config.h). */
#ifndef TARE_MANUAL_H
#define TARE_MANUAL_H

#include <stddef.h>

#include "cell/config.h"

struct manual {
    enum config_command command;
    const char *name;
    const char *takes;    /* "PLAN", as `tare --help` shows it */
    const char *summary;  /* one line */
    const char *usage;    /* how it is called, a line each */
    const char *text;     /* paragraphs, parted by an empty line */
    const char *examples; /* command lines with what they do behind a '#', a line each */
};

extern const struct manual manuals[]; /* in the order of `tare --help` */
extern const size_t manual_count;

/* hyperfine's options, and what answers each in `tare exec`; lines as those of examples. */
extern const char manual_hyperfine[];

/* The n-th of a command's options as people call it: its name, its value ("" none), which are static, and what it
 * does, with what is allowed and its default, added to does. Returns false behind the last. */
bool manual_option(enum config_command command, size_t n, const char **name, const char **value, struct text *does);

/* What the n-th of a command's options takes, where that is one of some words; they end with NULL. NULL: any text. */
const char *const *manual_choices(enum config_command command, size_t n);

/* Prints the command's help to standard output: usage and text, the options, what more there is to say (NULL: nothing).
 * With a scenario its own defaults, and then its knobs. Returns 0, for the command to return. */
int manual_print(enum config_command command, const struct scenario *scenario, const char *more);

/* The same as a text, without more. */
void manual_help(enum config_command command, const struct scenario *scenario, struct text *out);

#define MANUAL_WIDTH 80

#define MANUAL_EXIT_CODES                                                                                              \
    "0 done; 1 a comparison or verification said no; 2 usage or bad input; 3 the host cannot give what was demanded; " \
    "4 the workload failed; 5 tare's own failure; 128+n ended by signal n."

#endif
