/* config: the option table, and argv -> one cell with everything decided. Pure: nothing is looked up on the host. */
#ifndef TARE_CONFIG_H
#define TARE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"

struct err;
struct text;

enum mode { MODE_THREADS, MODE_PROCESSES, MODE_INTERPRETERS };
enum profile { PROFILE_OVERHEAD, PROFILE_MEMORY };
enum start_method { START_OWN, START_FORK, START_FORKSERVER, START_SPAWN }; /* own: the interpreter's default */
enum partition { PARTITION_AUTO, PARTITION_ROOT, PARTITION_ISOLATED, PARTITION_NONE };
enum smt { SMT_USE, SMT_AVOID };
enum isolation { ISOLATION_AUTO, ISOLATION_STRICT, ISOLATION_OFF };
enum confinement { CONFINEMENT_FULL, CONFINEMENT_LIGHT, CONFINEMENT_OFF };
enum network { NETWORK_NONE, NETWORK_HOST };

const char *mode_name(enum mode m);
const char *profile_name(enum profile p);
const char *start_method_name(enum start_method s); /* NULL for START_OWN */
const char *isolation_name(enum isolation i);
const char *partition_name(enum partition p);
const char *smt_name(enum smt s);
const char *confinement_name(enum confinement c);

/* What can be weighed. */
struct scenario {
    const char *name;
    const char *summary;
};

/* Ends with a name of NULL. */
extern const struct scenario scenarios[];
const struct scenario *scenario_find(const char *name); /* NULL: there is none of this name */

#define CONFIG_WORDS_MAX 32

/* What an option gave that can be given more than once. */
struct config_words {
    const char *word[CONFIG_WORDS_MAX];
    size_t count;
};

/* One cell: what to run, how often, where, within which limits. A value; the texts belong to argv. */
struct cell {
    const struct scenario *scenario;
    int64_t mode, profile, start_method; /* the enums above: the option table writes whole numbers */
    int64_t iterations, warmup, workers, work_iters;
    int64_t hold_ms, mem_interval_ms;
    int64_t mem_sample;  /* truth */
    const char *runtime; /* "auto", "native", "3.14t", "3.14" or a path */
    const char *cpus;    /* as it was asked for (cpu_request.h); NULL: chosen from the topology */
    int64_t smt, numa;   /* numa: a node; below 0 where it was not asked for */
    int64_t memory_max_bytes, pids_max;
    int64_t has_memory_max, has_pids_max; /* truth: asked for; without it pids_max has a default */
    const char *profile_file;             /* limits in libcgroup's format; NULL: none */
    const char *cgroup_root;              /* NULL: found */
    int64_t isolation, partition;
    int64_t timeout_ms; /* 0: none */
    int64_t confinement, network;
    const char *user; /* "UID[:GID]"; NULL: chosen */
    uint32_t uid, gid;
    struct config_words writable, environment;
};

/* `tare exec`: what is run besides its cell. */
struct invocations {
    char *const *argv;             /* the command; NULL: none was named */
    int64_t repeat, warmup;        /* measured ones and those before them */
    const char *prepare, *cleanup; /* shell commands around each; NULL: none */
    int64_t quiet;
};

/* Where results go besides the terminal. */
struct output {
    const char *json; /* a file, "-" for standard output; NULL: none */
    const char *dir;  /* a folder that gets <record id>.json; NULL: none */
};

/* What looks at the host or sets it takes besides. */
struct host_options {
    const char *sysroot;                /* NULL: the real one */
    const char *only;                   /* ids, comma-separated; NULL: the usual ones */
    int64_t json, dry_run, force, tune; /* truths */
};

/* What is made of records: compare, plan-size, report. */
struct analysis {
    struct config_words figure, fail_if;
    const char *margin, *precision; /* shares as text; NULL: the default */
    const char *across, *noise_floor;
    int64_t format, method, table_format;          /* table_format: of report */
    int64_t seed, resamples, noise, force, steady; /* the last three: truths */
};

struct config {
    struct cell cell;
    struct output output;
    struct host_options host;
    struct invocations invocations;
    struct analysis analysis;
    const char *positional; /* the scenario or plan; NULL: none was named */
    const char *second;     /* the other of compare's two; NULL: none was named */
    bool help;
};

enum analysis_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_CSV };

/* Who takes an option. */
enum config_command {
    CONFIG_RUN = 1,
    CONFIG_MATRIX = 2,
    CONFIG_EXEC = 4,
    CONFIG_CLEAN = 8,
    CONFIG_DOCTOR = 16,
    CONFIG_TUNE = 32,
    CONFIG_RESTORE = 64,
    CONFIG_SELFTEST = 128,
    CONFIG_COMPARE = 4096,
    CONFIG_PLAN_SIZE = 8192,
    CONFIG_REPORT = 16384,
};

/* Reads a command's argv (argv[0] is its name). Options that were not given get the profile's defaults.
 * -EINVAL (usage): one line that names the option, the value and what is allowed. */
int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e);

/* Fills in the defaults of the profile for what was not set, and refuses what contradicts itself. For plans, which set
 * fields themselves: start from cell_unset(). */
struct cell cell_unset(void);
int cell_complete(struct cell *cell, struct err *e);

/* What stands before /proc and /sys: "" for the real ones. */
const char *config_sysroot(const struct config *c);

/* The command's options, one paragraph a row, for --help. */
void config_help(enum config_command command, struct text *out);

#endif
