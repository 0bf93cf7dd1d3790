/* sweep: runs a Python function or a scenario in several modes and with several numbers of workers, by a plan that it
 * writes. The common part of `tare bench` and `tare scale`. */
#ifndef TARE_SWEEP_H
#define TARE_SWEEP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/temporary.h"
#include "cell/config.h"
#include "cell/function.h"
#include "cell/runtime.h"
#include "plan/matrix.h"

struct err;
struct records;
struct text;

#define SWEEP_WORKERS_MAX 16 /* different numbers of workers */
#define SWEEP_MODES_MAX   3
#define SWEEP_STARTS_MAX  3
#define SWEEP_INVOCATIONS 5 /* the fewest that give an interval */

/* Starts as {.c = …, .temporary = TEMPORARY_NONE}. The caller ends it with sweep_end(), also after a failure. */
struct sweep {
    const struct config *c; /* the command line's; borrowed */
    bool is_function;       /* false: a scenario */
    struct function function;
    struct function_look look;
    const struct scenario *scenario; /* of a scenario; borrowed */
    struct runtime runtime;          /* the interpreter of the first mode */
    enum mode mode[SWEEP_MODES_MAX]; /* those that need an interpreter */
    size_t modes;
    enum start_method start[SWEEP_STARTS_MAX]; /* of processes */
    size_t starts;                             /* 0: the interpreter's own */
    bool natives, native; /* natives: the mode "native" (threads in C) exists; native: it was asked for */
    int64_t workers[SWEEP_WORKERS_MAX];
    size_t counts; /* the numbers of workers */
    int cpus;      /* the number of the benchmark's CPUs */
    struct temporary temporary;
    char python[PATH_MAX]; /* the runtime in the plan's cells */
    char place[PATH_MAX];  /* the scenario in the plan's cells */
    char plan[PATH_MAX];
    char records[PATH_MAX]; /* the folder of the records; "": --out names it */
};

/* Reads the positional argument, --modes (default: threads and processes), --mp-start, --workers and --python.
 * scenarios: the argument may also be a scenario, by name or folder, and "native" is a mode. -EINVAL, … (usage): one
 * line. */
int sweep_take_options(struct sweep *s, bool scenarios, struct err *e);

/* Finds the interpreter of the first mode (if `scenarios` was true, of threads), and lets it call the function, if it
 * is one, in a slice with the limits that its cells will have. Errors as for runtime_find(), session_open() and
 * function_look(); a failure's traceback is printed. -ENOMEM (workload): it was ended at the memory limit. Above 0:
 * 128+n, signal n ended it. */
int sweep_look(struct sweep *s, struct err *e);

/* Removes a mode, if it is there. */
void sweep_leave_out(struct sweep *s, enum mode mode);

/* The number of iterations of a function that take about a second, from the time of a call, when every CPU has its
 * share of the workers. calls: of a worker per iteration. */
int64_t sweep_iterations(const struct sweep *s, int64_t calls);

/* Makes the plan's folder, and in it the function's scenario. */
int sweep_begin(struct sweep *s, struct err *e);

/* Makes --keep, once all that can be refused was: the scenario is then that folder. */
int sweep_keep(struct sweep *s, struct err *e);

/* "[threads, processes]", "[fork, spawn]" and "[1, 2, 4]", as YAML has them. Modes are without processes where these
 * have start methods, which no other mode has in a plan's entry. */
void sweep_add_modes(const struct sweep *s, struct text *out);
void sweep_add_starts(const struct sweep *s, struct text *out);
void sweep_add_workers(const struct sweep *s, struct text *out);

/* Runs the plan (tare.plan/1) as `tare matrix` does, with the command line's options. The records go to --out, or to a
 * folder that sweep_end() removes. Returns as matrix_run(). */
int sweep_run(struct sweep *s, const char *name, const struct text *plan, const struct matrix_shows *shows,
              struct err *e);

void sweep_end(struct sweep *s);

/* For a function, adds the line "work of mypkg.work (size=10): a call takes 4.6 ms and returns 20 B". */
void sweep_add_function(const struct sweep *s, struct text *out);

/* If a file was missing in a run that is there where the function was looked at: adds a line, beginning with "* ", that
 * says which files a scenario has. */
void sweep_add_missing(const struct sweep *s, const struct records *r, struct text *out);

/* Adds the places of the scenario and the records, each on a line that begins with "* ". folder: the records'. */
void sweep_add_places(const struct sweep *s, const char *folder, struct text *out);

#endif
