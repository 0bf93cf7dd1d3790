/* runtime: finds the interpreter (or the native workload) of a cell, asks it what it is, and remembers the answer. */
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
struct terminal_look;

struct runtime {
    bool native;
    char name[32];              /* "3.14t", "3.14", "native" */
    char path[PATH_MAX];        /* the executable */
    char sha256[65];            /* of the executable */
    char version[32];           /* "3.14.6"; native: the C library's */
    char banner[256];           /* sys.version in one line; native: compiler and C library */
    char implementation[32];    /* "cpython", "native" */
    char default_start[16];     /* multiprocessing.get_start_method(); native: "forkserver", for the same comparison */
    struct text configure_args; /* "": the build does not say */
    struct facts build; /* jit, jit_enabled, tail_call, pgo, lto, debug, frame_pointers, allocator, compiler: as the
                         * interpreter says in the cell's environment; and "features", what of it is not the plain
                         * build's, as "jit+pgo", or "plain". Empty for native */
    struct distributions packages; /* those installed for it; native: none */
    bool free_threaded;            /* built with Py_GIL_DISABLED; false for native */
    bool gil_enabled;              /* as the interpreter says; no meaning for native */
    bool interpreters;             /* it has concurrent.interpreters (3.14) */
    struct text files; /* the files it reads to run the scenario, one path per line; read into the page cache before the
                          first slice */
};

/* Finds the cell's runtime (without a scenario: a Python), in this order: --runtime, $TARE_PYTHON_FT or
 * $TARE_PYTHON_GIL, the places of interpreters.h. Asks the interpreter in confinement what it is, and remembers the
 * answer in the cache by the executable's identity. A GIL build never counts as free-threaded. -EINVAL (usage): what
 * was named is not an interpreter, too old, or the wrong build. -ENOENT (host): none found; the message says what was
 * tried, and the remedy. -ETIMEDOUT (host): not known, because one did not answer in time. The caller ends *ret with
 * runtime_free(). */
int runtime_find(const struct cell *cell, struct runtime *ret, struct err *e);
void runtime_free(struct runtime *r);

/* Finds the twin of an interpreter that scripts/build-python made: that of `--config diag`, of the same version and GIL
 * and with frame pointers, which tell a profiler whole stacks. false: there is none, or the other may have packages,
 * which the twin would lack. The caller ends *ret with runtime_free(). */
bool runtime_find_profiled(const struct cell *cell, const struct runtime *of, struct runtime *ret);

extern int runtime_patience_ms; /* how long an interpreter may take to answer; only tests set it */

/* -ENOTSUP (usage): a knob of the cell that is not at its default needs a newer Python. runtime_find() checks this; a
 * caller that reuses another cell's runtime must, too. */
int runtime_check_knobs(const struct cell *cell, const struct runtime *r, struct err *e);

/* An interpreter on this host. */
struct runtime_seen {
    struct runtime runtime; /* its path; its version if it is too old; the rest only if why_not is "" */
    char real[PATH_MAX];    /* with links resolved */
    char why_not[256];      /* why tare cannot weigh it; "": it can */
};

/* Lists the interpreters in the places of interpreters.h, in that order, and asks each what it is. The caller frees
 * *ret, and ends each runtime with runtime_free(). Returns the number. */
size_t runtime_list(struct runtime_seen **ret);

/* Adds that list for people: those that can be weighed, then the others by the reason why not, of each reason a few
 * (look->verbose: all). runtime_show.c */
void runtime_list_text(const struct runtime_seen *seen, size_t count, const struct terminal_look *look,
                       struct text *out);

/* Finds a workload that came with tare. -ENOENT: it is not where tare was built or installed. */
int runtime_find_workload(const char *file, char *buf, size_t cap, struct err *e);

#endif
