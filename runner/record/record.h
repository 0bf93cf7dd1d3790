/* record: everything about one invocation: request, environment, results; written as record.json (schema
 * tare.record/1), the one source of text, tables and reports. timing{emulated, by}: whether software emulated the CPU,
 * and what did; by is null otherwise. No time of a record with emulated true is a measurement: readers make it
 * RECORD_EMULATED (invocation.h), and compare no time of it. */
#ifndef TARE_RECORD_H
#define TARE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/facts.h"
#include "base/stats.h"
#include "cell/config.h"
#include "cell/runtime.h"
#include "cgroups/slice.h"
#include "launch/memory.h"
#include "record/growth.h"
#include "record/verdict.h"

#define RECORD_SCHEMA "tare.record/1"
#define RECORD_ID_MAX 48

struct err;

enum termination {
    TERMINATION_OK,
    TERMINATION_TIMEOUT,
    TERMINATION_OOM,
    TERMINATION_SIGNAL,
    TERMINATION_WORKLOAD_ERROR,
    TERMINATION_INTERRUPTED,
    TERMINATION_STALLED,
};

extern const char *const termination_names[];

/* The slice as it was asked for and as it was. */
struct record_slice {
    enum slice_provenance provenance;
    char reason[1000]; /* why it is not a better provenance */
    char path[PATH_MAX];
    struct slice_availability controller[SLICE_CONTROLLERS];
    char cpus_requested[256];
    char cpus_effective[256]; /* "": unknown */
    char cpus_by[40];         /* "cpuset", "affinity" */
    char cpus_reason[200];    /* why these CPUs */
    char housekeeping[256];   /* "": none to spare */
    struct slice_setting setting[SLICE_SETTINGS_MAX];
    size_t settings;
};

/* The place of an invocation among those of `tare exec`, and the commands around each. */
struct record_series {
    int64_t invocation, repeat; /* from 1; 0: not in a series */
    int64_t warmup;             /* unrecorded invocations before the first */
    const char *prepare, *cleanup;
    bool any_exit;  /* --ignore-failure: an exit status other than 0 is no failure */
    int64_t block;  /* with several commands: the round, from 1; 0: one command */
    const char *id; /* with several commands: what all records of this run share; else NULL */
};

/* A file that a command names. */
struct record_file {
    const char *word; /* of its words; borrowed */
    char sha256[65], reason[100];
};

struct record {
    char id[RECORD_ID_MAX];
    char started_at[32]; /* UTC, ISO 8601 */
    struct cell cell;
    const struct runtime *runtime; /* NULL: a command */
    const char *command, *cwd;     /* a command's program and folder; NULL: a scenario */
    char *const *argv;
    struct record_file *file; /* of a command: those that its plan carries; owned */
    size_t files;
    struct record_series series; /* of `tare exec` */
    const struct facts *host;
    const struct facts *image; /* of image_capture(): the container image of the run; NULL: not captured */
    struct facts plan;         /* name, sha256, seed, cell, label, block, position, ... of the plan; empty: no plan */
    char mp_start_method[16];  /* "": the mode has none */
    struct record_slice slice;
    struct verdict isolation;
    int64_t *start_ns, *end_ns; /* of the measured iterations; owned */
    int64_t *ready_ns;          /* when all workers of an iteration were ready; 0: unknown; NULL: not reported. Owned */
    int64_t hold_ns;            /* how long every worker then holds; 0: unknown */
    size_t iterations;
    bool has_wall;
    double total_wall_s;
    struct stats_iterations result;
    struct facts figures;  /* the figures that the scenario declares, in its order */
    int gil_enabled;       /* the workload's report at its start: 0, 1; -1: no report, or no GIL */
    int gil_at_end;        /* the same after the last iteration */
    uint64_t gil_turned;   /* the iteration, from 1 with the warm-up, after which it first changed; 0: never */
    char gil_module[128];  /* the module for which the interpreter turned the GIL on, by its warning; "": no warning */
    char gil_warning[400]; /* that warning without control characters; "": none */
    uint64_t check;        /* the result of the hash loop */
    bool sampled;
    char memory_reason[240]; /* why there are no samples */
    int64_t stall_ms;        /* the run is ended after so long without progress; 0: never */
    char stall_reason[120];  /* why never */
    int64_t tick_ns, rollup_ns;
    struct sample *samples; /* owned */
    size_t sample_count;
    uint64_t missed_ticks, walks, missed_walks, spared_walks;
    struct memory_summary memory, plateau;
    struct growth growth;     /* of profile growth */
    struct facts peak;        /* peak_bytes, uncertainty_bytes */
    struct facts cpu;         /* of cpu.stat */
    struct facts events;      /* of memory.events and pids.events */
    struct facts inherited;   /* the limits of the cgroups above, by inspect_inherited(); empty: not read */
    struct facts counters;    /* by counters_describe() and energy_describe(); empty: not asked for */
    struct facts disturbance; /* by disturbance_describe(); empty: not read */
    struct facts confinement;
    struct facts program;    /* the sha256 of a command's program */
    struct facts instrument; /* the costs of tare itself */
    enum termination termination;
    char detail[1000];  /* why it is not ok */
    char trouble[1000]; /* what tare could not clean up; "": nothing */
    int interrupted_by; /* the signal by which the user ended the run; 0: none */
    bool exited, signalled;
    int exit_status, signal;
};

/* The emulator of the CPU ("QEMU TCG (…)"), by the facts of host_capture(), which own it; NULL: nothing shows one.
 * Times under an emulated CPU show order, not size: nobody compares or claims them. */
const char *record_emulated_by(const struct facts *host);

/* Makes an empty record, which record_free() ends. Its memory is mapped, not touched: few runs use most of it, and
 * untouched pages cost a short run nothing. Out of memory aborts. */
struct record *record_new(void);

/* Frees what the record owns. It does not own runtime, host and image. */
void record_clear(struct record *r);

/* The same, and frees a record of record_new(). NULL is allowed. */
void record_free(struct record *r);

/* Makes an id from the time and 32 random bits, of [0-9a-fTZ-]. */
void record_make_id(char id[RECORD_ID_MAX], char started_at[32]);

/* Writes the record as JSON: keys in a fixed order, integers in ns and bytes, absent figures null with "<key>_reason"
 * or "reason" beside them. -EIO: the stream failed. */
int record_write(const struct record *r, FILE *out, struct err *e);

/* Writes the record as a file of an open folder, complete or not at all. said: the path for messages. */
int record_save_at(const struct record *r, int dirfd, const char *name, const char *said, struct err *e);

/* The exit code for a record: 0; 128 + the signal that interrupted it; or a negative errno with the reason in e: the
 * workload failed, tare failed, or the slice is less than --isolation strict demands. */
int record_exit(const struct record *r, struct err *e);

#endif
