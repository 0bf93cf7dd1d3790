/* sweep: a Python function, or a scenario, in several modes and with several numbers of workers, as a plan that is
 * written for it and run at once. What `tare bench` and `tare scale` have in common. */
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
struct text;

#define SWEEP_WORKERS_MAX 16 /* numbers of them */
#define SWEEP_MODES_MAX   3
#define SWEEP_STARTS_MAX  3
#define SWEEP_INVOCATIONS 5 /* the fewest that give an interval */

/* Starts as {.c = …, .temporary = TEMPORARY_NONE}; ended with sweep_end(), whatever came of it. */
struct sweep {
    const struct config *c; /* the command line's; borrowed */
    bool is_function;       /* else what is named is a scenario */
    struct function function;
    struct function_look look;
    const struct scenario *scenario; /* of a scenario; borrowed */
    struct runtime runtime;          /* the interpreter that the first mode takes */
    enum mode mode[SWEEP_MODES_MAX]; /* on an interpreter */
    size_t modes;
    enum start_method start[SWEEP_STARTS_MAX]; /* of processes */
    size_t starts;                             /* 0: the interpreter's own */
    bool natives, native; /* natives: "native" is a mode; native: it was asked for, threads of the same in C */
    int64_t workers[SWEEP_WORKERS_MAX];
    size_t counts; /* of workers */
    int cpus;      /* the benchmark's */
    struct temporary temporary;
    char python[PATH_MAX]; /* the runtime that the plan's cells ask for */
    char place[PATH_MAX];  /* the scenario, as the plan's cells name it */
    char plan[PATH_MAX];
    char records[PATH_MAX]; /* "": they are kept, with --out */
};

/* Takes what is named, --modes (without it threads and processes), --mp-start, --workers and --python. scenarios: it
 * may be a scenario, by its name or folder, too, and "native" is a mode. -EINVAL and the like (usage): one line. */
int sweep_take_options(struct sweep *s, bool scenarios, struct err *e);

/* Finds the interpreter: that of the first mode, or where `scenarios` was said that of threads; and has it call the
 * function, if it is one. Errors as runtime_find() and function_look(); a failure's traceback is printed. */
int sweep_look(struct sweep *s, struct err *e);

/* Takes a mode out, if it is there. */
void sweep_leave_out(struct sweep *s, enum mode mode);

/* How many iterations make an invocation of about a second, by what a call took, where each CPU has its share of the
 * workers. Of a function. calls: of a worker in an iteration. */
int64_t sweep_iterations(const struct sweep *s, int64_t calls);

/* Makes the folder of the plan, and in it, or in --keep, the function's scenario. */
int sweep_begin(struct sweep *s, struct err *e);

/* "[threads, processes]", "[fork, spawn]" and "[1, 2, 4]", as YAML has them. Modes are without processes where these
 * have start methods, which no other mode has in a plan's entry. */
void sweep_add_modes(const struct sweep *s, struct text *out);
void sweep_add_starts(const struct sweep *s, struct text *out);
void sweep_add_workers(const struct sweep *s, struct text *out);

/* Runs this plan (tare.plan/1) as `tare matrix` does, with the options of the command line, its records in --out or in
 * a folder that sweep_end() removes. Returns as matrix_run(). */
int sweep_run(struct sweep *s, const char *name, const struct text *plan, const struct matrix_shows *shows,
              struct err *e);

void sweep_end(struct sweep *s);

/* "work of mypkg.work (size=10): a call takes 4.6 ms and returns 20 B" with its newline. Of a function. */
void sweep_add_function(const struct sweep *s, struct text *out);

/* Where the scenario and the records are, a line each that begins with "* ". folder: of the records. */
void sweep_add_places(const struct sweep *s, const char *folder, struct text *out);

#endif
