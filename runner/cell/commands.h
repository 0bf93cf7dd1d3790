/* commands: the commands of `tare exec`: each one given, once per value of the parameters in it. Pure. */
#ifndef TARE_COMMANDS_H
#define TARE_COMMANDS_H

#include <stddef.h>

#include "cell/config.h"

struct err;

struct command {
    char *name;              /* for tables, one line, unique. Owned, as is all in it */
    char **argv;             /* ended by NULL */
    char *prepare, *cleanup; /* shell commands around each invocation; NULL: none */
    char **value;            /* by parameter; NULL: the command does not have it */
};

#define COMMANDS_MAX 1000

struct commands {
    struct command *list;
    size_t count;
    char **parameter; /* the parameters' names; owned */
    size_t parameters;
};

/* Makes the commands, from the words of argv, separated by "--", or from the strings of --command, which a shell
 * (--shell) runs. "{NAME}" in them, in --prepare, --cleanup and --name stands for each value of the parameter NAME in
 * turn; the last parameter changes fastest. Values are separated by commas; 1..8 and 0..1..0.25 (with a step) are
 * ranges that include both ends. -EINVAL (usage): no command, or an empty one; words and strings together; a malformed
 * or unused parameter; more names than commands. -E2BIG (usage): more than COMMANDS_MAX. The caller ends *ret with
 * commands_free(). */
int commands_make(const struct invocations *asked, struct commands *ret, struct err *e);

void commands_free(struct commands *c);

#endif
