/* manual: the text on each command, for `tare --help`, `tare COMMAND --help`, the man pages and the shells' completion.
 * The options come from the option table (config.h). */
#ifndef TARE_MANUAL_H
#define TARE_MANUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cell/config.h"

struct manual {
    enum config_command command;
    const char *name;
    const char *takes;    /* "PLAN", for `tare --help` */
    const char *summary;  /* one line */
    const char *usage;    /* its synopsis, one form per line */
    const char *text;     /* paragraphs, separated by an empty line */
    const char *examples; /* command lines, one per line, each explained after a '#' */
};

extern const struct manual manuals[]; /* in the order of `tare --help` */
extern const size_t manual_count;

/* hyperfine's options and their counterparts in `tare exec`, one per line as in examples. */
extern const char manual_hyperfine[];

/* The option of `tare exec` that does what hyperfine's does, both without dashes. Returns false if there is none. */
bool manual_answers_hyperfine(const char *option, char *ret, size_t cap);

/* An option for the man pages and completion. */
struct manual_option {
    const char *name, *value;   /* its name, and its value's; "": it takes none */
    const char *const *choices; /* the words that it accepts, ended by NULL; NULL: any text */
    bool is_place;              /* its value is a file or folder */
    struct text does;           /* what it does, what is allowed, and its default */
};

/* The n-th option of a command. *ret starts as {0} and is for one call after the other: false, after the last, leaves
 * nothing in it. */
bool manual_option(enum config_command command, size_t n, struct manual_option *ret);

/* Prints the command's help: usage, text, options, and `more` (NULL is allowed). A scenario adds its own defaults and
 * its knobs. Returns 0, for the command to return. */
int manual_print(enum config_command command, const struct scenario *scenario, const char *more);

/* Adds the same to a text, without `more`. */
void manual_help(enum config_command command, const struct scenario *scenario, struct text *out);

#define MANUAL_WIDTH 80

#define MANUAL_EXIT_CODES                                                                                              \
    "0 done; 1 a comparison or verification said no; 2 usage or bad input; 3 the host cannot give what was demanded; " \
    "4 the workload failed; 5 tare's own failure; 128+n ended by signal n."

#endif
