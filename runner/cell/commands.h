/* commands: what `tare exec` runs: each command that it was given, once for every value of the parameters in it. Pure.
 */
#ifndef TARE_COMMANDS_H
#define TARE_COMMANDS_H

#include <stddef.h>

#include "cell/config.h"

struct err;

struct command {
    char *name;              /* as tables have it, one line; no two are the same. Owned, as all in it */
    char **argv;             /* ends with NULL */
    char *prepare, *cleanup; /* shell commands around each invocation; NULL: none */
    char **value;            /* of each parameter by its number; NULL: it has none of this one */
};

#define COMMANDS_MAX 1000

struct commands {
    struct command *list;
    size_t count;
    char **parameter; /* their names; owned */
    size_t parameters;
};

/* The commands: the words of argv, which "--" parts, or else the strings of --command, run by the shell (--shell).
 * "{NAME}" in them, in --prepare, --cleanup and --name is replaced by each value of the parameter NAME in turn; the
 * last parameter changes fastest. Values are parted by commas; 1..8 and 0..1..0.25 are ranges, with a step and both
 * ends in. -EINVAL (usage): no command, or an empty one; words and strings at once; a parameter that is none, or is in
 * no command; more names than commands. -E2BIG (usage): more than COMMANDS_MAX. The caller ends *ret with
 * commands_free(). */
int commands_make(const struct invocations *asked, struct commands *ret, struct err *e);

void commands_free(struct commands *c);

#endif
