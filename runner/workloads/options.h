/* options: parses a C workload's command line: the common options and the scenario's knobs. */
#ifndef TARE_WORKLOADS_OPTIONS_H
#define TARE_WORKLOADS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum mode { MODE_THREADS, MODE_PROCESSES, MODE_INTERPRETERS };
enum profile { PROFILE_OVERHEAD, PROFILE_MEMORY, PROFILE_GROWTH };
enum mp_start { MP_START_FORK, MP_START_FORKSERVER, MP_START_SPAWN };
enum fault {
    FAULT_NONE,
    FAULT_WORKER_RAISE,
    FAULT_WORKER_EXIT,
    FAULT_WORKER_KILL,
    FAULT_MAIN_RAISE,
    FAULT_HANG,
    FAULT_DAEMON,
    FAULT_FORK_BOMB,
    FAULT_EAT_MEMORY,
};

#define OPTIONS_KNOBS 8

/* All are numbers, parsed by one table. A choice is the index of its word. */
struct options {
    uint64_t mode;
    uint64_t profile;
    uint64_t iterations;
    uint64_t warmup;
    uint64_t workers;
    uint64_t mp_start;
    uint64_t pids;
    uint64_t fault;
    uint64_t grace_ms;            /* time allowed to workers beyond their duration */
    uint64_t knob[OPTIONS_KNOBS]; /* in the order of the scenario's table */
};

/* A knob of a scenario, or a common option. */
struct option_row {
    const char *name;         /* with its dashes */
    const char *const *words; /* the choices, NULL at the end; or NULL: a number between min and max */
    uint64_t min;
    uint64_t max;
    bool optional;
    uint64_t fallback; /* the default of an optional one */
};

/* Reads --NAME VALUE pairs. knobs: count rows, at most OPTIONS_KNOBS. -EINVAL; -ENOTSUP: a mode that C does not have.
 */
int options_parse(int argc, char **argv, const struct option_row *knobs, size_t count, struct options *ret,
                  struct err *e);

#endif
