/* function: turns a user's Python function into a scenario: finds it by name, calls it in a workload's confinement, and
 * writes a folder with a scenario.yml. tare_bench.py calls it. */
#ifndef TARE_FUNCTION_H
#define TARE_FUNCTION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/runtime.h"

struct err;

#define FUNCTION_NAME_MAX 200 /* bytes of a module's or function's name with its NUL */
#define FUNCTION_ARG_MAX  400 /* bytes of NAME=VALUE */

/* The user's description of the function. */
struct function {
    char root[PATH_MAX];            /* the first folder searched for its module; absolute */
    char file[PATH_MAX];            /* the module's file; "": the user named the module */
    char module[FUNCTION_NAME_MAX]; /* "mypkg.work" */
    char name[FUNCTION_NAME_MAX];   /* "encode" */
    const struct config_words *arg; /* NAME=VALUE; owned by the caller */
    bool returned;                  /* its results go back to the caller */
};

/* The result of function_look(). Starts as {0}; ended with function_look_free(). */
struct function_look {
    double call_s;         /* the shortest of a few calls */
    uint64_t result_bytes; /* pickled size; 0: not returned */
    struct text files;     /* what it imported and opened below its root, one path per line */
    struct text trace;     /* on failure: the last lines of its traceback */
};

/* Finds FILE.py:FUNCTION, whose root is the folder above its packages (folders with an __init__.py), or
 * MODULE:FUNCTION, whose root is the working folder. The caller fills in arg and returned. -EINVAL, -ENOENT, … (usage):
 * neither form, or no such file. */
int function_find(const char *named, struct function *ret, struct err *e);

/* Checks that each is NAME=VALUE and no name occurs twice. -EINVAL (usage). */
int function_check_arguments(const struct config_words *arg, struct err *e);

/* Where a function is looked at. */
struct function_place {
    int cgroup_fd;              /* the slice's directory; -1: the caller's cgroup */
    const struct cpulist *cpus; /* its affinity; NULL: the caller's */
    int signal_fd;              /* a signal in it (signalfd(2)) ends the look; below 0: none */
};

/* Lets the interpreter import the module and call the function a few times, in the confinement of the complete cell,
 * for at most the cell's timeout or ten minutes. -EINTR: a signal, which the caller takes. -EINVAL (usage): no such
 * function, or the arguments do not fit. -ECANCELED (workload): it raised an exception; ret->trace has the lines.
 * -ECHILD (workload): no answer. */
int function_look(const struct function *f, const struct cell *cell, const struct runtime *runtime,
                  const struct function_place *in, struct function_look *ret, struct err *e);
void function_look_free(struct function_look *l);

/* Writes scenario.yml and copies of the files into an open folder. modes: bits of enum mode. Errors as for
 * carried_list_named() and carried_copy(). */
int function_write(const struct function *f, const struct function_look *look, unsigned modes,
                   const struct bench_options *o, int dirfd, struct err *e);

#endif
