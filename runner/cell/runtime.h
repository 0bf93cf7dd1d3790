/* runtime: which interpreter (or the native workload) a cell runs on, found, asked what it is, and remembered. */
#ifndef TARE_RUNTIME_H
#define TARE_RUNTIME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/facts.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/distributions.h"

struct err;

struct runtime {
    bool native;
    char name[32];           /* "3.14t", "3.14", "native" */
    char path[PATH_MAX];     /* the executable */
    char sha256[65];         /* of the executable */
    char version[32];        /* "3.14.6"; of native: the C library's */
    char banner[256];        /* sys.version in one line; of native: compiler and C library */
    char implementation[32]; /* "cpython", "native" */
    char default_start[16];  /* multiprocessing.get_start_method(); of native "forkserver", for the same comparison */
    struct text configure_args; /* "" where the build does not say */
    struct facts build; /* jit, jit_enabled, tail_call, pgo, lto, debug, frame_pointers, allocator, compiler: as the
                         * interpreter says in the cell's environment; and "features", what of it is not the plain
                         * build's, as "jit+pgo", or "plain". Empty for native */
    struct distributions packages; /* installed for it; of native none */
    bool free_threaded;            /* built with Py_GIL_DISABLED; false for native */
    bool gil_enabled;              /* as the interpreter says of itself; meaningless for native */
    bool interpreters;             /* it has concurrent.interpreters (3.14) */
    struct text files; /* what it reads to run the scenario, one path a line: warmed before the first slice */
};

/* Finds the runtime that the cell asks for (without a scenario: of Python), in the order: --runtime, $TARE_PYTHON_FT or
 * $TARE_PYTHON_GIL, the places of interpreters.h; asks the interpreter itself what it is
 * (in confinement; remembered in the cache by the executable's identity). A GIL build is never taken for a
 * free-threaded one. -EINVAL (usage): what was named is no interpreter, too old, or the wrong build. -ENOENT (host):
 * none to be had; the message says what was tried and the remedy. The caller ends *ret with runtime_free(). */
int runtime_find(const struct cell *cell, struct runtime *ret, struct err *e);
void runtime_free(struct runtime *r);

/* -ENOTSUP (usage): the cell has a knob that only newer versions of Python have, and not as its default is.
 * runtime_find() looks; who takes a runtime that was found for another cell has to. */
int runtime_check_knobs(const struct cell *cell, const struct runtime *r, struct err *e);

/* An interpreter that lies on this host. */
struct runtime_seen {
    struct runtime runtime; /* its path; the rest where why_not is "" */
    char real[PATH_MAX];    /* where links lead to */
    char why_not[256];      /* why it cannot be weighed; "": it can */
};

/* Every interpreter in the places of interpreters.h, each asked what it is, in their order. The caller frees *ret, and
 * ends each runtime with runtime_free(). Returns how many. */
size_t runtime_list(struct runtime_seen **ret);

/* The path of a workload that came with tare. -ENOENT: it is not where tare was built or installed. */
int runtime_find_workload(const char *file, char *buf, size_t cap, struct err *e);

#endif
