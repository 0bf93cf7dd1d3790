/* config: the option table, and argv -> a complete cell. Pure: it looks at nothing of the host. */
#ifndef TARE_CONFIG_H
#define TARE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "cell/request.h"
#include "cell/scenario.h"

struct err;
struct text;

enum start_method { START_OWN, START_FORK, START_FORKSERVER, START_SPAWN }; /* START_OWN: the interpreter's default */
enum partition { PARTITION_AUTO, PARTITION_ROOT, PARTITION_ISOLATED, PARTITION_NONE };
enum gil { GIL_DEFAULT, GIL_ON, GIL_OFF }; /* GIL_DEFAULT: the build's default */
enum smt { SMT_USE, SMT_AVOID };
enum isolation { ISOLATION_AUTO, ISOLATION_STRICT, ISOLATION_OFF };
enum confinement { CONFINEMENT_FULL, CONFINEMENT_LIGHT, CONFINEMENT_OFF };
enum network { NETWORK_NONE, NETWORK_HOST };
enum engine { ENGINE_LOCAL, ENGINE_SLURM };
enum role { ROLE_UNDECLARED, ROLE_SAME_TEAM, ROLE_DIFFERENT_TEAM };

const char *start_method_name(enum start_method s); /* NULL for START_OWN */
extern const char *const isolation_names[];         /* ended by NULL, as those below */
extern const char *const partition_names[];
extern const char *const smt_names[];
extern const char *const confinement_names[];
extern const char *const gil_names[];

#define CONFIG_WORDS_MAX 32

/* The values of an option that may be given several times. */
struct config_words {
    const char *word[CONFIG_WORDS_MAX];
    size_t count;
};

/* Options outside the table: knobs of a scenario that is not known yet. */
struct config_knobs {
    struct {
        char name[SCENARIO_WORD_MAX];
        const char *value;
    } item[SCENARIO_KNOBS_MAX];
    size_t count;
};

/* One cell: what to run, how often, where, with which limits. A value; argv owns the texts. */
struct cell {
    const struct scenario *scenario;     /* borrowed; NULL for a command */
    char *const *argv;                   /* a plan's command instead of a scenario; borrowed; NULL: none */
    int64_t mode, profile, start_method; /* values of the enums above; the option table writes int64_t */
    int64_t iterations, warmup, workers, mem_interval_ms;
    const char *knob[SCENARIO_KNOBS_MAX]; /* values of the scenario's knobs, by index; NULL: not set */
    struct config_knobs later;            /* until cell_complete() */
    int64_t mem_sample, counters;         /* truths */
    const char *until_slope;              /* profile growth: the precision that ends it; NULL: not asked for */
    const char *runtime;                  /* "auto", "native", "python3", "3.14t" and the like, or a path */
    int64_t gil;                          /* enum gil */
    const char *cpus;                     /* as given (request.h); NULL: chosen from the topology */
    int64_t smt, numa;                    /* numa: a node; below 0: not asked for */
    int64_t memory_max_bytes, pids_max, tmp_bytes;
    int64_t has_memory_max, has_pids_max; /* truths; if false, pids_max has a default */
    int64_t memory_high_bytes, has_memory_high;
    const char *cpu_max;      /* as given; NULL: not given */
    struct quota quota;       /* the same, once the cell is complete */
    const char *profile_file; /* a file with limits in libcgroup's format; NULL: none */
    const char *cgroup_root;  /* NULL: searched for */
    int64_t isolation, partition;
    int64_t timeout_ms; /* 0: none */
    int64_t stall_ms;   /* time without progress that ends the run; 0: none */
    int64_t confinement, network;
    const char *user; /* "UID[:GID]"; NULL: chosen */
    uint32_t uid, gid;
    struct config_words writable, environment, allowed;
};

/* What `tare exec` takes besides its cell. */
struct invocations {
    char *const *argv;                      /* the words after the options; NULL: none */
    struct config_words command, parameter; /* the values of --command and --parameter: commands.h */
    struct config_words name, export;       /* the commands' names; the files of --export */
    const char *shell;                      /* runs --command */
    const char *output;                     /* where their output goes: "null", "inherit" or a file; NULL: not given */
    int64_t repeat, warmup;                 /* measured invocations of each, 0: not given; unmeasured ones before */
    int64_t seed;                           /* of the order of several commands; below 0: drawn */
    int64_t ignore_failure;                 /* truth */
    const char *prepare, *cleanup;          /* shell commands around each invocation; NULL: none */
};

/* How the output looks. */
struct shown {
    int64_t quiet, verbose; /* truths */
    int64_t color;          /* enum terminal_color */
};

/* Where results go, besides the terminal. */
struct output {
    const char *json; /* a file, "-" for standard output; NULL: none */
    const char *dir;  /* a folder that gets <record id>.json; NULL: none */
};

/* The options of commands that inspect or set the host. */
struct host_options {
    const char *sysroot;                /* NULL: the real one */
    const char *only;                   /* ids, comma-separated; NULL: the default ones */
    int64_t json, dry_run, force, tune; /* truths */
};

/* The options of compare, plan-size and report. */
struct analysis {
    struct config_words figure, fail_if;
    const char *margin, *precision; /* shares as text; NULL: the default */
    const char *growth_margin;      /* a size as text; NULL: the default */
    const char *across, *between, *noise_floor;
    const char *paper, *output;         /* report: the folder for a paper's files; the file for the report */
    int64_t text;                       /* report: truth, short for a table_format */
    int64_t format, table_format;       /* table_format: report's */
    int64_t seed, noise, force, steady; /* the last three: truths */
};

/* The RO-Crate version of a bundle. */
enum crate_version { CRATE_PACK_1_1, CRATE_PACK_1_2, CRATE_PACK_1_3 };

/* The options of `tare pack`, `verify`, `sign`, `reproduce`, `pool`, `push` and `pull`. */
struct artefact_options {
    const char *output; /* NULL: not named */
    struct config_words author;
    const char *title, *license, *license_file, *claims, *image, *key, *paper;
    const char *out, *sign, *subject;
    struct config_words keys; /* `tare pool` */
    const char *source_url, *attestation;
    int64_t crate;                                                 /* enum crate_version */
    int64_t role;                                                  /* enum role */
    int64_t allow_incomplete, smoke, force, host, in_image, in_vm; /* truths */
};

/* A cell's option from the command line. */
struct config_option {
    const char *name, *value; /* a switch's value is "true" */
};

#define CONFIG_GIVEN_MAX 64

/* The option that makes several of each of a plan's cells. */
#define CONFIG_EACH_RUNTIME "each-runtime"

struct config_given {
    struct config_option option[CONFIG_GIVEN_MAX];
    size_t count;
};

/* The options of `tare matrix`. */
struct campaign_options {
    int64_t seed;        /* below 0: the plan's, or drawn */
    int64_t invocations; /* 0: the plan's */
    const char *until_precise;
    int64_t max_invocations; /* 0: the plan's */
    int64_t noise;           /* truth: --aa */
    int64_t retry;           /* truth */
    int64_t trust;           /* truth: grant a foreign plan's settings of this host */
    int64_t engine;
    int64_t task; /* below 0: the whole plan */
    struct config_words sbatch, each_runtime;
};

/* The options of `tare bench` and `tare scale`. Lists are texts as given. */
struct bench_options {
    const char *workers, *modes; /* NULL: chosen */
    const char *starts;          /* of bench: start methods; NULL: the interpreter's own */
    const char *python, *keep;   /* NULL: chosen; none */
    int64_t pool, discard;       /* pool: 0 fresh, 1 pool; discard: truth */
    int64_t calls;
    const char *strong;      /* scale: the knob or argument that is divided among the workers; NULL: none */
    struct config_words arg; /* NAME=VALUE */
};

/* The options of `tare bisect`. NULL: not given. */
struct bisect_options {
    const char *claim, *figure, *error; /* error: a share as text */
    int64_t first, most;                /* invocations per side at the first and the last look */
    const char *git, *build, *built;    /* a checkout, a shell command in it, the interpreter that it builds */
    struct config_words command;        /* commands instead of interpreters */
};

struct config {
    struct cell cell;
    struct config_given given; /* CONFIG_MATRIX, _BENCH, _SCALE and _BISECT: the options that set the cell, in order */
    struct bench_options bench;
    struct output output;
    struct host_options host;
    struct invocations invocations;
    struct shown shown;
    struct analysis analysis;
    struct campaign_options campaign;
    struct artefact_options artefact;
    struct bisect_options bisect;
    const char *positional; /* the scenario or plan; NULL: none */
    const char *second;     /* the second argument of compare and push; NULL: none */
    char *const *names;     /* all arguments of report, pool and bisect, ended by NULL */
    int64_t why;            /* truth: of run and scale, a diagnostic run afterwards */
    bool help;
    bool is_bare; /* the command alone was given */
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

/* The commands, as bits of an option's row. */
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
    CONFIG_PLAN = 256, /* not a command: the options of a plan's cells */
};

/* Reads a command's argv (argv[0] is its name). The cell of CONFIG_RUN, CONFIG_MATRIX, CONFIG_BENCH and CONFIG_SCALE
 * still needs cell_complete(), because its scenario decides, too; options outside the table are kept for it. The other
 * commands' cells are complete. -EINVAL (usage): one line names the option, the value and what is allowed; *ret then
 * holds nothing of use. */
int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e);

/* The same, and applies --quiet, --verbose and --color (terminal.h). It turns a quiet command's standard output into
 * /dev/null, unless the weighed command owns it (exec) or JSON goes there. */
int config_begin(enum config_command command, int argc, char **argv, struct config *ret, struct err *e);

/* A cell with nothing set. */
struct cell cell_unset(void);

/* Completes a cell: takes the scenario's knobs, fills in the defaults of scenario and profile, and refuses
 * contradictions and what the scenario does not offer. -EINVAL (usage); the cell is then half complete. */
int cell_complete(struct cell *cell, struct err *e);

/* The kind of the scenario's command that the cell uses. */
enum runtime_kind cell_runtime_kind(const struct cell *cell);

/* Whether a knob, by its index, applies to the cell's mode and runtime; if not, its value has no meaning. */
bool cell_knob_counts(const struct cell *cell, size_t knob);

/* The least time of an iteration: the sum of the knobs in ms. The cell must be complete. */
int64_t cell_knobs_ms(const struct cell *cell);

/* Whether the command has an option of this name. */
bool config_has_option(enum config_command command, const char *name);

/* Whether a command has an option of this name, so that no knob may have it. The options of bench do not count: the
 * scenarios it makes have them as knobs. */
bool config_is_no_knob(const char *name);

struct suggest;
/* Offers the command's option names to a suggestion (suggest.h). */
void config_offer(enum config_command command, struct suggest *s);

/* Sets one of a cell's options by its name, without the dashes, from a text, with the checks and messages of the
 * command line. The scenario's knobs are options, too; before the scenario is set, any other name is kept for
 * cell_complete() to judge. A switch takes "true" or "false". The cell keeps the pointer, so value must outlive it.
 * -EINVAL (usage): no such option, or a value that is not allowed. */
int cell_set(struct cell *cell, const char *option, const char *value, struct err *e);

/* The n-th option, from 0, that a plan's cells can set; NULL after the last. */
const char *config_cell_option(size_t n);

/* Says in a few words what the host would grant by this option of a plan's cell; NULL: it only describes what is
 * weighed, which any plan may. "scenario" counts as an option, and so does "command", with its first word as the value.
 */
const char *config_grant(const char *option, const char *value);

/* The folder above /proc and /sys; "": the real root. -ENOTDIR, … (usage): not a folder. */
int config_sysroot(const struct config *c, const char **ret, struct err *e);

/* Adds the command's options for --help, one paragraph each. A scenario adds its own defaults and its knobs. */
void config_help(enum config_command command, const struct scenario *scenario, struct text *out);

#endif
