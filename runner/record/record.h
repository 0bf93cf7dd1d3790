/* record: everything that one invocation was, asked and gave; written as record.json (schema tare.record/1), the one
 * truth that text, tables and reports are made from.
 *
 * timing{emulated, by}: whether software emulated the CPU, and what; by is null where none did. No time of a record
 * with emulated true is a measure: who compares, reports or claims times asks timing_record_emulated_by() first, and
 * refuses. */
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

const char *termination_name(enum termination t);

/* The slice as it was asked for and as it was. */
struct record_slice {
    enum slice_provenance provenance;
    char reason[1000]; /* why no better provenance */
    char path[PATH_MAX];
    struct slice_availability controller[SLICE_CONTROLLERS];
    char cpus_requested[256];
    char cpus_effective[256]; /* "" where not to be had */
    char cpus_by[40];         /* "cpuset", "affinity" */
    char cpus_reason[200];    /* why these */
    char housekeeping[256];   /* "" none to spare */
    struct slice_setting setting[SLICE_SETTINGS_MAX];
    size_t settings;
};

/* Which invocation of a command it was, of how many, and what was run around each of them. */
struct record_series {
    int64_t invocation, repeat; /* from 1; 0: of no series */
    int64_t warmup;             /* invocations before those that are recorded */
    const char *prepare, *cleanup;
    bool any_exit; /* an exit status other than 0 is no failure */
    int64_t block; /* of several commands, from 1: which round of all of them it was in; 0: of one alone */
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
    const char *command, *cwd;     /* of a command: its program and folder; NULL: a scenario */
    char *const *argv;
    struct record_file *file; /* of a command: those that its plan carries; owned */
    size_t files;
    struct record_series series; /* of a command */
    const struct facts *host;
    const struct facts
        *image; /* of image_capture(): the one that the run is in, or `image`, absent; NULL: not looked */
    struct facts
        plan; /* of a plan's invocation: name, sha256, seed, cell, label, block, position, ...; empty: of none */
    char mp_start_method[16]; /* "" where the mode has none */
    struct record_slice slice;
    struct verdict isolation;
    int64_t *start_ns, *end_ns; /* measured iterations done; owned */
    int64_t *ready_ns;          /* when all workers of each were ready, 0 unknown; NULL: nobody tells. Owned */
    int64_t hold_ns;            /* how long every worker then goes on; 0: not known */
    size_t iterations;
    bool has_wall;
    double total_wall_s;
    struct stats_iterations result;
    struct facts figures;  /* those that the scenario declares, in its order */
    int gil_enabled;       /* as the running workload said at its start: 0, 1; -1 it did not say or has none */
    int gil_at_end;        /* the same, after its last iteration */
    uint64_t gil_turned;   /* after which iteration it first said otherwise, from 1 with the warm-up; 0: it never did */
    char gil_module[128];  /* what the interpreter warned that it turned the GIL on for; "" it did not warn */
    char gil_warning[400]; /* what it said then, without control characters; "" likewise */
    uint64_t check;        /* what the hash loop gave */
    bool sampled;
    char memory_reason[240]; /* why there are no samples */
    int64_t stall_ms;        /* without progress for so long it is ended; 0: that is not looked for */
    char stall_reason[120];  /* why not */
    int64_t tick_ns, rollup_ns;
    struct sample *samples; /* owned */
    size_t sample_count;
    uint64_t missed_ticks, walks, missed_walks, spared_walks;
    struct memory_summary memory, plateau;
    struct growth growth;     /* of profile growth */
    struct facts peak;        /* peak_bytes, uncertainty_bytes */
    struct facts cpu;         /* of cpu.stat */
    struct facts events;      /* of memory.events, pids.events */
    struct facts inherited;   /* limits of the cgroups above: of inspect_inherited(); empty where they were not read */
    struct facts counters;    /* of counters_describe() and energy_describe(); empty where they were not asked for */
    struct facts disturbance; /* of disturbance_describe(); empty where it was not read */
    struct facts confinement;
    struct facts program;    /* of a command: its sha256 */
    struct facts instrument; /* what tare itself cost */
    enum termination termination;
    char detail[1000];  /* why it is not ok */
    char trouble[1000]; /* what tare could not clean up; "" where all is gone */
    int interrupted_by; /* the signal that the user ended it with; 0 none */
    bool exited, signalled;
    int exit_status, signal;
};

/* An empty record, for record_free(). Its pages are mapped and not yet there: most of its room is for what few runs
 * have, and a page that nobody writes to costs a short run nothing. NULL: -ENOMEM (ours) is in e. */
struct record *record_new(struct err *e);

/* Frees what the record owns; runtime, host and image are not its. */
void record_clear(struct record *r);

/* The same, and the record of record_new(). NULL is well. */
void record_free(struct record *r);

/* A fresh id: the time and 32 random bits, of [0-9a-fTZ-]. */
void record_make_id(char id[RECORD_ID_MAX], char started_at[32]);

/* Writes the record as JSON: keys in a fixed order, integers in ns and bytes, absent figures null with "<key>_reason"
 * or "reason" beside them. -EIO: the stream failed. */
int record_write(const struct record *r, FILE *out, struct err *e);

/* Writes it to path, whole or not at all (file_replace's promise). */
int record_save(const struct record *r, const char *path, struct err *e);
/* The same of a name in a folder that is held; said: as messages have it. */
int record_save_at(const struct record *r, int dirfd, const char *name, const char *said, struct err *e);

/* The exit code that a record stands for: 0, 128 and the signal that interrupted it, or a negative errno, and e says
 * why: the workload failed, tare did, or the slice is less than --isolation strict demands. */
int record_exit(const struct record *r, struct err *e);

#endif
