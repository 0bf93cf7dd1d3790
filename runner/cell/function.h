/* function: a Python function of the user's, made a scenario: found by its name, looked at in the confinement of a
 * workload, and written to a folder with a scenario.yml. tare_bench.py calls it. */
#ifndef TARE_FUNCTION_H
#define TARE_FUNCTION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "cell/config.h"
#include "cell/runtime.h"

struct err;

#define FUNCTION_NAME_MAX 200 /* bytes of a module's or a function's name, with its NUL */
#define FUNCTION_ARG_MAX  400 /* bytes of NAME=VALUE */

/* What the user says of it. */
struct function {
    char root[PATH_MAX];            /* the folder that its module is looked for in first; absolute */
    char file[PATH_MAX];            /* the module's; "": it was named by its module */
    char module[FUNCTION_NAME_MAX]; /* "mypkg.work" */
    char name[FUNCTION_NAME_MAX];   /* "encode" */
    const struct config_words *arg; /* NAME=VALUE; the caller's */
    bool returned;                  /* what it returns goes to the caller */
};

/* What a look at it gave. Starts as {0}; ended with function_look_free(). */
struct function_look {
    double call_s;         /* of one call, the shortest of a few */
    uint64_t result_bytes; /* as a process returns it; 0 where it is not returned */
    struct text files;     /* what it imported and opened below its root, a path a line */
    struct text trace;     /* of a failure: the last lines of its traceback */
};

/* FILE.py:FUNCTION, whose root is the folder above the packages that it is in (folders with an __init__.py), or
 * MODULE:FUNCTION, whose root is the working folder. arg and returned are left for the caller. -EINVAL, -ENOENT, …
 * (usage): it is neither, or there is no such file. */
int function_find(const char *named, struct function *ret, struct err *e);

/* NAME=VALUE each, no name twice. -EINVAL (usage). */
int function_check_arguments(const struct config_words *arg, struct err *e);

/* Has the interpreter import the module and call the function a few times, confined as the cell, which is complete,
 * says, for at most its timeout or ten minutes. -EINVAL (usage): the module has no such function, or it does not take
 * the arguments. -ECANCELED (workload): it raised something; ret->trace has the lines. -ECHILD (workload): it gave no
 * answer. */
int function_look(const struct function *f, const struct cell *cell, const struct runtime *runtime,
                  struct function_look *ret, struct err *e);
void function_look_free(struct function_look *l);

/* Writes scenario.yml, and copies of the files, into a folder that is held. modes: bits of enum mode. Errors as
 * carried_list_named() and carried_copy(). */
int function_write(const struct function *f, const struct function_look *look, unsigned modes,
                   const struct bench_options *o, int dirfd, struct err *e);

#endif
