/* config: the option table, and argv -> one cell with everything decided. Pure: nothing is looked up on the host. */
#ifndef TARE_CONFIG_H
#define TARE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "cell/quota.h"
#include "cell/scenario.h"

struct err;
struct text;

enum start_method { START_OWN, START_FORK, START_FORKSERVER, START_SPAWN }; /* own: the interpreter's default */
enum partition { PARTITION_AUTO, PARTITION_ROOT, PARTITION_ISOLATED, PARTITION_NONE };
enum gil { GIL_DEFAULT, GIL_ON, GIL_OFF }; /* default: the build's own */
enum smt { SMT_USE, SMT_AVOID };
enum isolation { ISOLATION_AUTO, ISOLATION_STRICT, ISOLATION_OFF };
enum confinement { CONFINEMENT_FULL, CONFINEMENT_LIGHT, CONFINEMENT_OFF };
enum network { NETWORK_NONE, NETWORK_HOST };
enum engine { ENGINE_LOCAL, ENGINE_SLURM };
enum role { ROLE_UNDECLARED, ROLE_SAME_TEAM, ROLE_DIFFERENT_TEAM };

const char *start_method_name(enum start_method s); /* NULL for START_OWN */
const char *isolation_name(enum isolation i);
const char *partition_name(enum partition p);
const char *smt_name(enum smt s);
const char *confinement_name(enum confinement c);
const char *gil_name(enum gil g);

#define CONFIG_WORDS_MAX 32

/* What an option gave that can be given more than once. */
struct config_words {
    const char *word[CONFIG_WORDS_MAX];
    size_t count;
};

/* Options that are no common ones: knobs of a scenario that was not known yet. */
struct config_knobs {
    struct {
        char name[SCENARIO_WORD_MAX];
        const char *value;
    } item[SCENARIO_KNOBS_MAX];
    size_t count;
};

/* One cell: what to run, how often, where, within which limits. A value; the texts belong to argv. */
struct cell {
    const struct scenario *scenario;     /* borrowed; NULL for a command */
    char *const *argv;                   /* of a plan's command, in place of a scenario; borrowed; NULL: none */
    int64_t mode, profile, start_method; /* the enums above: the option table writes whole numbers */
    int64_t iterations, warmup, workers, mem_interval_ms;
    const char *knob[SCENARIO_KNOBS_MAX]; /* values of the scenario's, by its numbers; NULL: not set */
    struct config_knobs later;            /* until cell_complete() */
    int64_t mem_sample, counters;         /* truths */
    const char *until_slope;              /* of profile growth: how well its slope is to be known; NULL: not asked */
    const char *runtime;                  /* "auto", "native", "python3", "3.14t" and the like, or a path */
    int64_t gil;                          /* enum gil: as the interpreter is told to have it */
    const char *cpus;                     /* as it was asked for (cpu_request.h); NULL: chosen from the topology */
    int64_t smt, numa;                    /* numa: a node; below 0 where it was not asked for */
    int64_t memory_max_bytes, pids_max, tmp_bytes;
    int64_t has_memory_max, has_pids_max; /* truth: asked for; without it pids_max has a default */
    int64_t memory_high_bytes, has_memory_high;
    const char *cpu_max;      /* as it was asked for; NULL: not */
    struct quota quota;       /* the same, of a complete cell */
    const char *profile_file; /* limits in libcgroup's format; NULL: none */
    const char *cgroup_root;  /* NULL: found */
    int64_t isolation, partition;
    int64_t timeout_ms; /* 0: none */
    int64_t stall_ms;   /* without progress; 0: it is not looked for */
    int64_t confinement, network;
    const char *user; /* "UID[:GID]"; NULL: chosen */
    uint32_t uid, gid;
    struct config_words writable, environment, allowed;
};

/* `tare exec`: what is run besides its cell. */
struct invocations {
    char *const *argv;                      /* what stands behind the options; NULL: nothing */
    struct config_words command, parameter; /* as --command and --parameter have them: commands.h */
    struct config_words name, export;       /* of the commands; files for what came of them */
    const char *shell;                      /* that runs --command */
    const char *output;            /* where what they print goes: "null", "inherit" or a file; NULL: not said */
    int64_t repeat, warmup;        /* measured ones of each, 0: not said; and those before them */
    int64_t seed;                  /* of the order of several; below 0: drawn */
    int64_t ignore_failure;        /* truth */
    const char *prepare, *cleanup; /* shell commands around each; NULL: none */
};

/* How what is printed looks. */
struct shown {
    int64_t quiet, verbose; /* truths */
    int64_t color;          /* enum terminal_color */
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
    const char *across, *between, *noise_floor;
    const char *paper, *output;         /* of report: the folder for what a paper takes in, the file for the report */
    int64_t text;                       /* of report: a truth, for table_format */
    int64_t format, table_format;       /* table_format: of report */
    int64_t seed, noise, force, steady; /* the last three: truths */
};

/* The version of RO-Crate that a bundle is packed as. */
enum crate_version { CRATE_PACK_1_1, CRATE_PACK_1_2, CRATE_PACK_1_3 };

/* `tare pack`, `verify`, `sign`, `reproduce`, `pool`, `push`, `pull`. */
struct artefact_options {
    const char *output; /* NULL: none was named */
    struct config_words author;
    const char *title, *license, *license_file, *claims, *image, *key, *paper;
    const char *out, *sign, *subject;
    struct config_words keys; /* of `tare pool` */
    const char *source_url, *attestation;
    int64_t crate;                                                 /* enum crate_version */
    int64_t role;                                                  /* enum role */
    int64_t allow_incomplete, smoke, force, host, in_image, in_vm; /* truths */
};

/* An option of a cell as the command line gave it. */
struct config_option {
    const char *name, *value; /* a switch's value is "true" */
};

#define CONFIG_GIVEN_MAX 64

/* The option that a plan takes as several cells in place of one. */
#define CONFIG_EACH_RUNTIME "each-runtime"

struct config_given {
    struct config_option option[CONFIG_GIVEN_MAX];
    size_t count;
};

/* `tare matrix`: how a plan is gone through. */
struct campaign_options {
    int64_t seed;        /* below 0: the plan's, else drawn */
    int64_t invocations; /* 0: the plan's */
    const char *until_precise;
    int64_t max_invocations; /* 0: the plan's */
    int64_t noise;           /* truth: --aa */
    int64_t retry;           /* truth */
    int64_t trust;           /* truth: what a plan of somebody else's says of this host is taken */
    int64_t engine;
    int64_t task; /* below 0: all of the plan */
    struct config_words sbatch, each_runtime;
};

/* `tare bench` and `tare scale`: a function and how it is called. Lists as they were given. */
struct bench_options {
    const char *workers, *modes; /* NULL: chosen */
    const char *starts;          /* of bench: start methods; NULL: the interpreter's own */
    const char *python, *keep;   /* NULL: chosen; none */
    int64_t pool, discard;       /* pool: 0 fresh, 1 pool; discard: truth */
    int64_t calls;
    const char *strong;      /* of scale: the knob or the argument that the workers share; NULL: none */
    struct config_words arg; /* NAME=VALUE */
};

/* `tare bisect`: a list, what is claimed of its later ones, and where builds come from. NULL: not given. */
struct bisect_options {
    const char *claim, *figure, *error; /* error: a share as text */
    int64_t first, most;                /* invocations a side at the first and the last look */
    const char *git, *build, *built;    /* a checkout, a shell command in it, the interpreter that this leaves */
    struct config_words command;        /* in place of interpreters */
};

struct config {
    struct cell cell;
    struct config_given given; /* of CONFIG_MATRIX, _BENCH, _SCALE and _BISECT: what cell was set by, in order */
    struct bench_options bench;
    struct output output;
    struct host_options host;
    struct invocations invocations;
    struct shown shown;
    struct analysis analysis;
    struct campaign_options campaign;
    struct artefact_options artefact;
    struct bisect_options bisect;
    const char *positional; /* the scenario or plan; NULL: none was named */
    const char *second;     /* the other of compare's and push's two; NULL: none was named */
    char *const *names;     /* report's, pool's and bisect's, all of them, NULL at the end */
    int64_t why;            /* truth: of run and scale, a diagnostic run afterwards */
    bool help;
};

enum analysis_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_CSV };
enum report_format {
    REPORT_HTML,
    REPORT_TEXT,
    REPORT_CSV,
    REPORT_MARKDOWN,
    REPORT_TEX,
    REPORT_JSON,
    REPORT_GITHUB_SMALLER,
    REPORT_GITHUB_BIGGER,
    REPORT_BENCHER,
};

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
    CONFIG_BENCH = 512,
    CONFIG_SCALE = 1024,
    CONFIG_COMPARE = 4096,
    CONFIG_PLAN_SIZE = 8192,
    CONFIG_REPORT = 16384,
    CONFIG_PACK = 32768,
    CONFIG_VERIFY = 65536,
    CONFIG_SIGN = 131072,
    CONFIG_REPRODUCE = 262144,
    CONFIG_PUSH = 524288,
    CONFIG_PULL = 1048576,
    CONFIG_POOL = 1 << 26,
    CONFIG_BISECT = 8388608,
    CONFIG_PLAN = 256, /* no command: what a plan's cells can set */
};

/* Reads a command's argv (argv[0] is its name). A cell of CONFIG_RUN, CONFIG_MATRIX, CONFIG_BENCH and CONFIG_SCALE is
 * left for cell_complete(): its scenario has a say; options that are no common ones wait in it for that. Those of the
 * others are complete. -EINVAL (usage): one line that names the option, the value and what is allowed. */
int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e);

/* The same for a command's whole run: what is said of quiet, verbose and colour takes effect (terminal.h). A quiet
 * command's standard output is /dev/null, but where it is the command's own (exec) or JSON was asked for on it. */
int config_begin(enum config_command command, int argc, char **argv, struct config *ret, struct err *e);

/* Nothing is set in it. */
struct cell cell_unset(void);

/* Takes the knobs of the cell's scenario, fills in the defaults of scenario and profile for what was not set, and
 * refuses what contradicts itself or what the scenario does not have. -EINVAL (usage). */
int cell_complete(struct cell *cell, struct err *e);

/* Which of a scenario's commands the cell takes. */
enum runtime_kind cell_runtime_kind(const struct cell *cell);

/* Whether a knob, by its number, goes with the cell's mode and runtime; where it does not, its value means nothing. */
bool cell_knob_counts(const struct cell *cell, size_t knob);

/* What an iteration takes at least: the sum of the knobs in ms. Of a complete cell. */
int64_t cell_knobs_ms(const struct cell *cell);

/* Whether a command has an option of this name. */
bool config_has_option(enum config_command command, const char *name);

/* Whether a command has an option of this name, so that no knob can have it; those of bench are knobs of what it makes.
 */
bool config_is_no_knob(const char *name);

struct suggest;
/* Offers the names of a command's options (suggest.h). */
void config_offer(enum config_command command, struct suggest *s);

/* Sets one option of a cell by its name, without the dashes, from its text, as the command line would: the same checks,
 * the same messages. The knobs of the cell's scenario are options too; before the scenario is set any other name is
 * kept for cell_complete() to judge. A switch takes "true" or "false". The cell keeps the pointer to a text ("runtime",
 * "cpus", "env"), so value must outlive it. -EINVAL (usage): no such option of a cell, or the value is none that is
 * allowed. */
int cell_set(struct cell *cell, const char *option, const char *value, struct err *e);

/* The options that a plan's cells can set, the n-th from 0; NULL behind the last. */
const char *config_cell_option(size_t n);

/* What the host would grant by this option of a plan's cell, in a few words; NULL where it is no more than what is
 * weighed, which is taken from anybody's plan. "scenario" counts as an option, and so does
 * "command", whose value is its first word. */
const char *config_grant(const char *option, const char *value);

/* What stands before /proc and /sys: "" for the real ones. -ENOTDIR and the like (usage): it is no folder. */
int config_sysroot(const struct config *c, const char **ret, struct err *e);

/* The command's options, one paragraph a row, for --help. With a scenario its own defaults, and then its knobs. */
void config_help(enum config_command command, const struct scenario *scenario, struct text *out);

#endif
