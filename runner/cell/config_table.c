#include "cell/config_internal.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "launch/allowance.h"

static const char *const STARTS[] = {"", "fork", "forkserver", "spawn", NULL};
const char *const partition_names[] = {"auto", "root", "isolated", "none", NULL};
const char *const gil_names[] = {"default", "on", "off", NULL};
const char *const smt_names[] = {"use", "avoid", NULL};
const char *const isolation_names[] = {"auto", "strict", "off", NULL};
const char *const confinement_names[] = {"full", "light", "off", NULL};
static const char *const NETWORKS[] = {"none", "host", NULL};
static const char *const FORMATS[] = {"text", "json", "md", "csv", NULL};
static const char *const SIZE_FORMATS[] = {"text", "json", NULL};
static const char *const TABLE_FORMATS[] = {"html", "text",           "csv",           "md",      "tex",
                                            "json", "github-smaller", "github-bigger", "bencher", NULL};
static const char *const ENGINES[] = {"local", "slurm", NULL};
static const char *const COLORS[] = {"auto", "always", "never", NULL};
static const char *const LIFECYCLES[] = {"fresh", "pool", NULL};
static const char *const CRATES[] = {"1.1", "1.2", "1.3", NULL};
static const char *const ROLES[] = {"", "same-team", "different-team", NULL};

#define CELL(field)     offsetof(struct config, cell.field)
#define OUTPUT(field)   offsetof(struct config, output.field)
#define HOST(field)     offsetof(struct config, host.field)
#define AGAIN(field)    offsetof(struct config, invocations.field)
#define STATS(field)    offsetof(struct config, analysis.field)
#define PLAN(field)     offsetof(struct config, campaign.field)
#define BUNDLE(field)   offsetof(struct config, artefact.field)
#define FUNCTION(field) offsetof(struct config, bench.field)
#define BISECT(field)   offsetof(struct config, bisect.field)
#define CELLS           (CONFIG_RUN | CONFIG_PLAN)
#define BOTH            (CELLS | CONFIG_MATRIX)
#define SWEEPS          (CONFIG_BENCH | CONFIG_SCALE)
#define ALL             (BOTH | CONFIG_EXEC | SWEEPS | CONFIG_BISECT)
#define HOSTS           (CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_RESTORE)
#define BUNDLES         (CONFIG_PACK | CONFIG_VERIFY | CONFIG_SIGN | CONFIG_REPRODUCE | CONFIG_PUSH | CONFIG_PULL | CONFIG_POOL)
#define SHOWN(field)    offsetof(struct config, shown.field)
#define RECORDS         (CONFIG_COMPARE | CONFIG_PLAN_SIZE | CONFIG_REPORT)
#define EVERY                                                                                                          \
    (CONFIG_RUN | SWEEPS | CONFIG_BISECT | CONFIG_MATRIX | CONFIG_EXEC | HOSTS | CONFIG_CLEAN | CONFIG_SELFTEST |      \
     RECORDS | BUNDLES)

/* Rows that plans cannot set leave out the last fields. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define BIT(choice) (1LL << (choice))

/* clang-format off */
const struct option_row config_rows[] = {
    {"workers", TEXT, "N,...", FUNCTION(workers), NULL, 0, 0, UNSET, UNSET, SWEEPS,
     "how many workers, each number a cell of every mode (default 1, 2, 4, ... up to the benchmark's CPUs, and these)"},
    {"modes", TEXT, "MODE,...", FUNCTION(modes), NULL, 0, 0, UNSET, UNSET, CONFIG_BENCH,
     "of threads, processes and interpreters (default threads,processes)"},
    {"mp-start", TEXT, "METHOD,...", FUNCTION(starts), NULL, 0, 0, UNSET, UNSET, CONFIG_BENCH,
     "how processes are started: of fork, forkserver and spawn, each a cell of every number of workers (default the "
     "interpreter's own)"},
    {"modes", TEXT, "MODE,...", FUNCTION(modes), NULL, 0, 0, UNSET, UNSET, CONFIG_SCALE,
     "of native (a scenario's program in C), threads, processes and interpreters (default all that there are)"},
    {"strong", TEXT, "KNOB", FUNCTION(strong), NULL, 0, 0, UNSET, UNSET, CONFIG_SCALE,
     "the workers share the work: this knob of the scenario, as work-iters, or of a function calls or a whole number that "
     "--arg gives, is divided among them; without it each does the same work"},
    {"json", TEXT, "FILE|-", OUTPUT(json), NULL, 0, 0, UNSET, UNSET, CONFIG_SCALE,
     "write what was found (schema tare.scale/1, tare-json(5)) to FILE; - writes it to standard output in place of the text"},
    {"python", TEXT, "PYTHON", FUNCTION(python), NULL, 0, 0, UNSET, UNSET, CONFIG_SCALE,
     "the interpreter of all modes, as .venv/bin/python, whose packages are there then; or its name, as 3.14 (default 3.14t)"},
    {"python", TEXT, "PYTHON", FUNCTION(python), NULL, 0, 0, UNSET, UNSET, CONFIG_BENCH,
     "the interpreter of all modes, as .venv/bin/python, whose packages are there then; or its name, as 3.14t (default "
     "3.14t for threads, 3.14 for the others)"},
    {"arg", LIST, "NAME=VALUE", FUNCTION(arg), NULL, 0, 0, UNSET, UNSET, SWEEPS,
     "an argument of the function: as its parameter is annotated (int, float, str, bool), else a Python literal, else text; "
     "may be given again"},
    {"lifecycle", CHOICE, "WHICH", FUNCTION(pool), LIFECYCLES, 0, 0, 0, 0, CONFIG_BENCH,
     "fresh: each iteration starts its workers and joins them; pool: they are there already"},
    {"calls", INTEGER, "N", FUNCTION(calls), NULL, 1, 1000000000, 1, 1, CONFIG_BENCH,
     "calls that each worker makes in an iteration"},
    {"discard-results", YES, NULL, FUNCTION(discard), NULL, 0, 0, 0, 0, CONFIG_BENCH,
     "leave what the calls return where they were made; without it they go to the caller, inside the clock"},
    {"iterations", INTEGER, "N", CELL(iterations), NULL, 1, 10000000, UNSET, UNSET, SWEEPS,
     "measured iterations of an invocation (default: of a function about a second's; of a scenario its own number, 50 at most)"},
    {"warmup", INTEGER, "N", CELL(warmup), NULL, 0, 1000000, UNSET, UNSET, SWEEPS,
     "iterations before those that are measured (default 1)"},
    {"invocations", INTEGER, "N", PLAN(invocations), NULL, 1, 100000, UNSET, UNSET, SWEEPS,
     "blocks, each with an invocation of every cell (default 5, the fewest that give an interval)"},
    {"keep", TEXT, "DIR", FUNCTION(keep), NULL, 0, 0, UNSET, UNSET, SWEEPS,
     "leave the function as a scenario in this folder, which is new or empty: 'tare run DIR', plans and bundles take it"},
    {"out", TEXT, "DIR", OUTPUT(dir), NULL, 0, 0, UNSET, UNSET, SWEEPS,
     "keep the records in this folder, as a plan's: 'tare matrix DIR' goes on with it, 'tare report DIR' shows it"},
    {"claim", TEXT, "CLAIM", BISECT(claim), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "what makes one bad, against the first of the list: slower:SHARE, faster:SHARE or memory:SHARE, by more than that "
     "share, as 5%, or growth:SIZE, by more than that for 1,000 iterations, as 64K (default slower:5%)"},
    {"figure", TEXT, "NAME", BISECT(figure), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "what is claimed of, as 'tare compare' has it (default: what each cell is run for)"},
    {"error", TEXT, "SHARE", BISECT(error), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "how often a bisection may decide wrongly, over all of its steps, looks and cells (default 5%)"},
    {"invocations", INTEGER, "N", BISECT(first), NULL, 5, 10000, 6, 6, CONFIG_BISECT,
     "invocations of either side of a step before it is looked at; looked at again at twice as many, and so on"},
    {"max-invocations", INTEGER, "N", BISECT(most), NULL, 5, 100000, 48, 48, CONFIG_BISECT,
     "where a step that cannot tell gives up, and the bisection with it"},
    {"command", LIST, "STRING", BISECT(command), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "a command as /bin/sh reads it, in place of the plan and of interpreters: given two times or more, in order"},
    {"git", TEXT, "DIR", BISECT(git), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "GOOD and BAD are commits of this checkout; the list is what --first-parent has between them, each built where a step "
     "needs it, in a clone of its own below the bisection's folder"},
    {"build", TEXT, "COMMAND", BISECT(build), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "the shell command that builds a clone, in its folder; for --git"},
    {"built", TEXT, "PATH", BISECT(built), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "the interpreter that --build leaves in a clone (default python)"},
    {"out", TEXT, "DIR", OUTPUT(dir), NULL, 0, 0, UNSET, UNSET, CONFIG_BISECT,
     "the bisection's folder, a plan's folder in it for each step; the same command goes on with it, also after a kill "
     "(default out/bisect-NAME, the plan's name)"},
    {"mode", CHOICE, "MODE", CELL(mode), mode_names, 0, 0, MODE_THREADS, MODE_THREADS, CELLS,
     "what the workers are",
     WEIGHED},
    {"profile", CHOICE, "PROFILE", CELL(profile), profile_names, 0, 0, PROFILE_OVERHEAD, PROFILE_OVERHEAD, CELLS,
     "overhead: the workers do their loop and exit; memory: they hold still while their memory is sampled; growth: how "
     "memory grows from iteration to iteration, and what of it; forked copies collect garbage for it, with its finalisers",
     WEIGHED},
    {"iterations", INTEGER, "N", CELL(iterations), NULL, 1, 10000000, 1000, 30, BOTH | CONFIG_BISECT,
     "measured iterations",
     WEIGHED},
    {"until-slope", TEXT, "W/1000", CELL(until_slope), NULL, 0, 0, UNSET, UNSET, BOTH,
     "of profile growth: end before --iterations where the interval of PSS's slope will be +-W for 1000 iterations: a "
     "share of PSS, as 1%/1000, or a size, as 64K/1000",
     WEIGHED},
    {"workers", INTEGER, "N", CELL(workers), NULL, 1, CONFIG_WORKERS_MAX, 8, 8, BOTH | CONFIG_BISECT,
     "workers of an iteration",
     WEIGHED},
    {"warmup", INTEGER, "N", CELL(warmup), NULL, 0, 1000000, 5, 2, BOTH | CONFIG_BISECT,
     "iterations before those that are measured",
     WEIGHED},
    {"mp-start", CHOICE, "METHOD", CELL(start_method), STARTS, 0, 0, START_OWN, START_OWN, CELLS,
     "start method, for --mode processes; without it the interpreter's own",
     WEIGHED},
    {"mem-interval-ms", INTEGER, "MS", CELL(mem_interval_ms), NULL, 1, 60000, 50, 50, ALL,
     "time between two readings of every process's smaps_rollup",
     WEIGHED},
    {"mem-sample", YES, NULL, CELL(mem_sample), NULL, 0, 0, 0, 1, BOTH,
     "sample memory during the run; the default of profile memory",
     WEIGHED},
    {"mem-sample", YES, NULL, CELL(mem_sample), NULL, 0, 0, 0, 1, CONFIG_EXEC,
     "sample memory during the run"},
    {"no-mem-sample", NO, NULL, CELL(mem_sample), NULL, 0, 0, UNSET, UNSET, BOTH,
     "do not; the default of profile overhead",
     WEIGHED},
    {"runtime", TEXT, "RUNTIME", CELL(runtime), NULL, 0, 0, UNSET, UNSET, BOTH,
     "auto: 3.14t for threads and with --gil, 3.14 for processes and interpreters; 3.14t, 3.14, 3.13 and the like: that build for any "
     "mode; python3: the first on PATH; the path of an interpreter, a venv's too; native: the same benchmark in C; list "
     "(of run alone): shows the interpreters that are here",
     GRANTED, "it names a program of this host", 1},
    {"counters", YES, NULL, CELL(counters), NULL, 0, 0, 0, 0, ALL,
     "count the slice's instructions, cycles, cache and branch misses, context switches, migrations and page faults "
     "(perf_event_open(2)), and the energy of the whole processor meanwhile (RAPL); records have them; each that is not to be had says why",
     WEIGHED}, /* it looks at what is weighed, from outside */
    {CONFIG_EACH_RUNTIME, LIST, "RUNTIME", PLAN(each_runtime), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX,
     "run each cell on this runtime, and on each other that is named so, in the same blocks; commands and native "
     "cells are left as they are; may be given again"},
    {"gil", CHOICE, "WHICH", CELL(gil), gil_names, 0, 0, GIL_DEFAULT, GIL_DEFAULT, BOTH | CONFIG_BENCH | CONFIG_BISECT,
     "on or off: the same free-threaded build (3.13t and newer) with its GIL and without, also where a module would turn "
     "it on; default: as the build has it; checked in the run",
     WEIGHED}, /* it is the interpreter's own switch */
    {"cpus", TEXT, "LIST|xN", CELL(cpus), NULL, 0, 0, UNSET, UNSET, ALL | CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_SELFTEST,
     "the benchmark's CPUs: auto: whole cores of one kind, chosen from the topology; a list, as 0-3,8 or 3 for CPU 3 "
     "alone; or xN, as x4: so many, whole cores first (default auto)",
     WEIGHED}, /* of those that the caller has */
    {"smt", CHOICE, "HOW", CELL(smt), smt_names, 0, 0, SMT_USE, SMT_USE, ALL | CONFIG_DOCTOR | CONFIG_TUNE,
     "avoid: one thread of each core, its siblings left idle, and checked that they were",
     WEIGHED},
    {"numa", INTEGER, "NODE", CELL(numa), NULL, 0, 1023, UNSET, UNSET, ALL | CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_SELFTEST,
     "CPUs of this NUMA node; without it of the one with most cores",
     WEIGHED},
    {"partition", CHOICE, "KIND", CELL(partition), partition_names, 0, 0, PARTITION_AUTO, PARTITION_AUTO, ALL | CONFIG_SELFTEST,
     "whether the slice's CPUs are taken from all others: root: exclusive and load-balanced; isolated: exclusive and not "
     "balanced, for workloads that pin every thread; auto: root where it can be had",
     GRANTED, "it insists on CPUs that are taken from everybody else", BIT(PARTITION_AUTO) | BIT(PARTITION_NONE)},
    {"memory-max", BYTES, "SIZE", CELL(memory_max_bytes), NULL, 1 << 20, 1LL << 50, UNSET, UNSET, ALL,
     "memory.max of the slice, as 512M",
     WEIGHED}, /* without it there is no limit */
    {"memory-high", BYTES, "SIZE", CELL(memory_high_bytes), NULL, 1 << 20, 1LL << 50, UNSET, UNSET, ALL,
     "memory.high of the slice, as 256M: above it memory is reclaimed and its processes are slowed down, none is ended; "
     "exit 3 where it cannot be set",
     WEIGHED}, /* without it there is no limit */
    {"cpu-max", TEXT, "SHARE", CELL(cpu_max), NULL, 0, 0, UNSET, UNSET, ALL,
     "cpu.max of the slice, its quota of CPU time: 50% of one CPU, 1.5 CPUs, or as the kernel has it, '50000 100000' us; "
     "exit 3 where it cannot be set",
     WEIGHED}, /* without it there is no limit */
    {"pids-max", INTEGER, "N", CELL(pids_max), NULL, 4, 4194304, UNSET, UNSET, BOTH | SWEEPS | CONFIG_BISECT,
     "pids.max of the slice; without it 4 a worker and 256 to spare",
     GRANTED, "it allows more tasks than any cell has by itself", CONFIG_PIDS(CONFIG_WORKERS_MAX)},
    {"pids-max", INTEGER, "N", CELL(pids_max), NULL, 4, 4194304, UNSET, UNSET, CONFIG_EXEC,
     "pids.max of the slice; without it 4096"},
    {"tmp-size", BYTES, "SIZE", CELL(tmp_bytes), NULL, 1 << 16, 1LL << 50, 1 << 30, 1 << 30, ALL,
     "what the private /tmp and /dev/shm hold at most, each; its memory counts as the slice's",
     GRANTED, "it lets the workload fill more memory than any cell by itself", 1 << 30},
    {"profile-file", TEXT, "FILE", CELL(profile_file), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN | CONFIG_EXEC,
     "limits of the slice in libcgroup's format (cgconfig.conf(5)), its first group; options come before it"},
    {"cgroup-root", TEXT, "PATH", CELL(cgroup_root), NULL, 0, 0, UNSET, UNSET, ALL | CONFIG_SELFTEST,
     "make the slices in this cgroup v2 directory ($TARE_CGROUP_ROOT)",
     GRANTED, "it names a folder of this host"},
    {"cgroup-root", TEXT, "PATH", CELL(cgroup_root), NULL, 0, 0, UNSET, UNSET, CONFIG_CLEAN,
     "look in this cgroup v2 directory and below it alone (default $TARE_CGROUP_ROOT)"},
    {"isolation", CHOICE, "LEVEL", CELL(isolation), isolation_names, 0, 0, ISOLATION_AUTO, ISOLATION_AUTO, ALL | CONFIG_SELFTEST,
     "auto: as much as the host gives, and say so; strict: all of it or exit 3 before anything runs; off: no slice",
     GRANTED, "it does without the slice and its limits", BIT(ISOLATION_AUTO) | BIT(ISOLATION_STRICT)},
    {"confine", CHOICE, "LEVEL", CELL(confinement), confinement_names, 0, 0, CONFINEMENT_FULL, CONFINEMENT_FULL, ALL,
     "full: namespaces, a read-only root, no capabilities, a system call filter; light: without the last filter and with "
     "a writable root; off: none of it",
     GRANTED, "it takes away what keeps the workload from the host", BIT(CONFINEMENT_FULL)},
    {"rw", LIST, "PATH", CELL(writable), NULL, 0, 0, UNSET, UNSET, ALL,
     "a path that stays writable; may be given again",
     GRANTED, "it lets the workload write to this host"},
    {"env", LIST, "NAME=VALUE", CELL(environment), NULL, 0, 0, UNSET, UNSET, ALL,
     "a variable of the environment, which has PATH, HOME and fixed ones otherwise; may be given again",
     GRANTED, "a variable can have an interpreter load and run what it names"},
    {"network", CHOICE, "WHICH", CELL(network), NETWORKS, 0, 0, NETWORK_NONE, NETWORK_NONE, ALL,
     "none: the loopback alone; host: the host's",
     GRANTED, "it opens the network of this host", BIT(NETWORK_NONE)},
    {"allow", LIST, "WHAT", CELL(allowed), NULL, 0, 0, UNSET, UNSET, ALL,
     "what the system call filter of --confine full lets through besides: " ALLOWANCE_NAMES "; may be given again",
     GRANTED, "it lets the workload make system calls that the filter refuses"},
    {"user", TEXT, "UID[:GID]", CELL(user), NULL, 0, 0, UNSET, UNSET, ALL,
     "run it as this user, where tare is root; without it 65534, or the owner of what is closed to that one",
     GRANTED, "it names a user of this host"},
    {"repeat", INTEGER, "N", AGAIN(repeat), NULL, 1, 1000000, UNSET, UNSET, CONFIG_EXEC,
     "measured invocations of each command, each in a fresh slice; without it one of one command, 10 of each of several"},
    {"warmup", INTEGER, "N", AGAIN(warmup), NULL, 0, 1000000, 0, 0, CONFIG_EXEC,
     "invocations of each before those that are measured"},
    {"prepare", TEXT, "COMMAND", AGAIN(prepare), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "a shell command before each invocation, outside of its slice"},
    {"cleanup", TEXT, "COMMAND", AGAIN(cleanup), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "a shell command after each invocation, outside of its slice"},
    {"command", LIST, "STRING", AGAIN(command), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "a command as a shell reads it, in place of words behind the options; may be given again. The shell's own start is "
     "part of what is measured"},
    {"shell", TEXT, "PROGRAM", AGAIN(shell), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "what runs --command, as PROGRAM -c STRING (default /bin/sh)"},
    {"parameter", LIST, "NAME=VALUES", AGAIN(parameter), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "run each command that has {NAME} in it once for every value: a list, as n=1,2,4, with ranges, as n=1..8 or "
     "n=0..1..0.25; may be given again"},
    {"name", LIST, "NAME", AGAIN(name), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "what the first command is called, given again the next; without it its own words"},
    {"ignore-failure", YES, NULL, AGAIN(ignore_failure), NULL, 0, 0, 0, 0, CONFIG_EXEC,
     "an exit status other than 0 is counted and said, and ends nothing; a signal, a limit or --timeout still does"},
    {"output", TEXT, "null|inherit|FILE", AGAIN(output), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "where what the commands print goes: inherit: the caller's standard output and error, the default of one command; "
     "null: nowhere, that of several; or a file, which is begun anew; also -o"},
    {"export", LIST, "FILE", AGAIN(export), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "write the table to FILE, by its name's end .md, .csv or .json (tare-json(5)); may be given again"},
    {"random-seed", INTEGER, "N", AGAIN(seed), NULL, 0, UINT32_MAX, UNSET, UNSET, CONFIG_EXEC,
     "of the order of several commands within each block; without it drawn, and said"},
    {"quiet", YES, NULL, SHOWN(quiet), NULL, 0, 0, 0, 0, CONFIG_EXEC,
     "no summary on standard error; also -q"},
    {"timeout", SECONDS, "SECONDS", CELL(timeout_ms), NULL, 1, 7LL * 86400 * 1000, 0, 0, ALL,
     "end a run that takes longer",
     WEIGHED},
    {"stall", SECONDS, "SECONDS", CELL(stall_ms), NULL, 0, 7LL * 86400 * 1000, 120000, 120000, BOTH | SWEEPS | CONFIG_BISECT,
     "end a run without progress for so long, beyond its knobs in ms: no iteration, no message, no CPU time; 0: never",
     WEIGHED}, /* whoever runs it can end it */
    {"json", TEXT, "FILE|-", OUTPUT(json), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN | CONFIG_EXEC,
     "write the record to FILE; - writes it to standard output in place of the text"},
    {"out", TEXT, "DIR", OUTPUT(dir), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN | CONFIG_EXEC,
     "write the record into DIR under its own id"},
    {"why", YES, NULL, offsetof(struct config, why), NULL, 0, 0, 0, 0, CONFIG_RUN,
     "afterwards run it once more, traced, and tell what its threads lose their time to: which lock, which object, which "
     "function, and what to do; in the same Python with frame pointers, once scripts/build-python --config diag built it; "
     "meanwhile all that runs the same interpreter or C library on this host is slower, on "
     "other CPUs too; root or CAP_PERFMON (exit 3 without); beside the record as NAME.why.json"},
    {"why", YES, NULL, offsetof(struct config, why), NULL, 0, 0, 0, 0, CONFIG_SELFTEST,
     "in place of the known loads run work whose threads lose their speed-up to one thing that is known, with 2 to 8 "
     "threads, and say whether 'tare run --why' names it; takes minutes; root or CAP_PERFMON (exit 3 without)"},
    {"only", TEXT, "PATTERN,...", HOST(only), NULL, 0, 0, UNSET, UNSET, CONFIG_SELFTEST,
     "of --why: these and no others"},
    {"runtime", TEXT, "RUNTIME", CELL(runtime), NULL, 0, 0, UNSET, UNSET, CONFIG_SELFTEST,
     "of --why: the free-threaded interpreter, by its name or path (default: one that scripts/build-python --config diag "
     "built, else 3.14t)"},
    {"why", YES, NULL, offsetof(struct config, why), NULL, 0, 0, 0, 0, CONFIG_SCALE,
     "afterwards run the most threads once more, traced, and tell what they lose their time to, as 'tare run --why' does; "
     "no figure is of that run; root or CAP_PERFMON (exit 3 without, when all else is told); in --json, and with --out "
     "beside a record as NAME.why.json, which 'tare report' shows with a flame graph"},
    {"out", TEXT, "DIR", OUTPUT(dir), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX,
     "the plan's folder: a copy of the plan and a record an invocation; one folder holds one plan (default out/NAME)"},
    {"invocations", INTEGER, "N", PLAN(invocations), NULL, 1, 100000, UNSET, UNSET, CONFIG_MATRIX,
     "invocations of each cell, in place of the plan's; a folder that has some gets the others"},
    {"seed", INTEGER, "N", PLAN(seed), NULL, 0, JSON_WHOLE_MAX, UNSET, UNSET, CONFIG_MATRIX | SWEEPS,
     "seed of the order, in place of the plan's; without any it is drawn, and recorded"},
    {"until-precise", TEXT, "R", PLAN(until_precise), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX | SWEEPS,
     "go on, a block at a time, until the half-width of each cell's 95% interval is below R of its mean (2% or 0.02), "
     "or to --max-invocations"},
    {"max-invocations", INTEGER, "N", PLAN(max_invocations), NULL, 1, 100000, UNSET, UNSET, CONFIG_MATRIX | SWEEPS,
     "where --until-precise gives up; without it the plan's, or 30"},
    {"aa", YES, NULL, PLAN(noise), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX,
     "run each cell as two, A and A', shuffled together: what differs between them is this host's noise"},
    {"retry", YES, NULL, PLAN(retry), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX | CONFIG_BISECT,
     "run invocations that failed again; their records are kept in aside/. With --engine slurm also ask the nodes again for "
     "cells that one of them could not run"},
    {"engine", CHOICE, "ENGINE", PLAN(engine), ENGINES, 0, 0, ENGINE_LOCAL, ENGINE_LOCAL, CONFIG_MATRIX | CONFIG_REPRODUCE,
     "local: here, one after the other; slurm: an array of jobs, one an invocation, the folder shared by the nodes"},
    {"sbatch", LIST, "OPTION", PLAN(sbatch), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX | CONFIG_REPRODUCE,
     "an option handed on to sbatch, as --sbatch=--account=x; may be given again"},
    {"task", INTEGER, "N", PLAN(task), NULL, 0, INT32_MAX, UNSET, UNSET, CONFIG_MATRIX,
     "run the N-th invocation, from 0, of the folder that is named in place of a plan: what a job of the array does"},
    {"trust-plan", YES, NULL, PLAN(trust), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX | CONFIG_REPRODUCE | CONFIG_BISECT,
     "take what a plan that is not one's own, a bundle's or another user's, says of this host: confinement, environment, "
     "paths, ...; what was taken is said, a line each"},
    {"tune", YES, NULL, HOST(tune), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN,
     "tune the host before the run and restore it after, however it ends (see 'tare tune --help')"},
    {"only", TEXT, "ID,...", HOST(only), NULL, 0, 0, UNSET, UNSET, CONFIG_TUNE,
     "these settings and no others"},
    {"dry-run", YES, NULL, HOST(dry_run), NULL, 0, 0, UNSET, UNSET, CONFIG_MATRIX,
     "print the order, what is done of it and how long the rest will take (slurm: the batch script), and run nothing"},
    {"dry-run", YES, NULL, HOST(dry_run), NULL, 0, 0, UNSET, UNSET, CONFIG_TUNE,
     "say what would be changed, and change nothing"},
    {"dry-run", YES, NULL, HOST(dry_run), NULL, 0, 0, UNSET, UNSET, CONFIG_CLEAN,
     "say what would be removed, and remove nothing"},
    {"force", YES, NULL, HOST(force), NULL, 0, 0, UNSET, UNSET, CONFIG_RESTORE,
     "put back what somebody else changed in the meantime, too"},
    {"sysroot", TEXT, "DIR", HOST(sysroot), NULL, 0, 0, UNSET, UNSET, HOSTS,
     "take /proc and /sys from below DIR: a captured machine"},
    {"figure", LIST, "NAME", STATS(figure), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE | CONFIG_PLAN_SIZE,
     "what is compared, or is to be that precise: " CONFIG_FIGURES ", or any number of the records' result; may be given "
     "again (default: pss_bytes of profile memory, growth_pss_bytes of profile growth, a rate where there is one, else "
     "avg_iter_s)"},
    {"margin", TEXT, "SHARE", STATS(margin), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "the same: the interval of the ratio lies within this, as 0.02 or 2% (default 0.02)"},
    {"growth-margin", TEXT, "SIZE", STATS(growth_margin), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "of slopes of profile growth: the interval of their difference lies within this for 1,000 iterations (default 64K)"},
    {"across", TEXT, "KEY,...", STATS(across), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "keys of the scenario, or runtime, in which two cells that are compared may differ, as mode,runtime; one cell "
     "against one other needs none"},
    {"between", TEXT, "KEY=A,B", STATS(between), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "of the one folder that is named: its cells with KEY=B over those with KEY=A that are alike otherwise, as "
     "sharing=private,shared"},
    {"random-seed", INTEGER, "N", STATS(seed), NULL, 0, UINT32_MAX, 1, 1, CONFIG_COMPARE,
     "of what is drawn at random: the dip test"},
    {"steady", YES, NULL, STATS(steady), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "read every iteration too, and class each cell: flat, warmup, slowdown, no steady state or inconsistent"},
    {"noise", YES, NULL, STATS(noise), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "A and B are the same, run twice (or A alone a plan's folder run with --aa): write by how much they are apart beyond "
     "their invocations' own spread, as this host's noise"},
    {"noise-floor", TEXT, "FILE", STATS(noise_floor), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "the noise that is read and added to every interval, or written with --noise; none: none (default noise-floor.json beside B, beside A, "
     "in $TARE_STATE)"},
    {"force", YES, NULL, STATS(force), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "compare records of slices, of borrowed ones, of none and of emulated machines with each other; the result says so"},
    {"fail-if", LIST, "CONDITION", STATS(fail_if), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "exit 1 where B is slower:SHARE, faster:SHARE or memory:SHARE (more of it) beyond that share, or grows by growth:SIZE "
     "more for 1,000 iterations, as 64K, and the difference is shown; different; not-same (all of the interval beyond the margin); or where that cannot be judged. What the interval "
     "leaves open is a line, and exit 1 with unclear; may be given again"},
    {"precision", TEXT, "SHARE", STATS(precision), NULL, 0, 0, UNSET, UNSET, CONFIG_PLAN_SIZE,
     "the wanted half-width of the 95% interval, as a share of the mean (default 0.02)"},
    {"format", CHOICE, "FORMAT", STATS(format), FORMATS, 0, 0, 0, 0, CONFIG_COMPARE,
     "of the result; tare-json(5) says what is in the JSON"},
    {"format", CHOICE, "FORMAT", STATS(format), SIZE_FORMATS, 0, 0, 0, 0, CONFIG_PLAN_SIZE,
     "of the result; tare-json(5) says what is in the JSON"},
    {"format", CHOICE, "FORMAT", STATS(table_format), TABLE_FORMATS, 0, 0, 0, 0, CONFIG_REPORT,
     "html: the whole report as one page, DIR/report.html; text: a row a cell, and the answer in words; csv: a row a "
     "record, with every figure; md, tex, json (tare-json(5)): the report's tables; github-smaller, github-bigger: what "
     "github-action-benchmark takes as customSmallerIsBetter and customBiggerIsBetter, bencher: Bencher's metric format, "
     "each with the figure that a cell is run for; all but html are printed"},
    {"text", YES, NULL, STATS(text), NULL, 0, 0, UNSET, UNSET, CONFIG_REPORT,
     "the same as --format text"},
    {"output", TEXT, "FILE|-", STATS(output), NULL, 0, 0, UNSET, UNSET, CONFIG_REPORT,
     "write the report to FILE; -o FILE is the same; - is standard output"},
    {"paper", TEXT, "FOLDER", STATS(paper), NULL, 0, 0, UNSET, UNSET, CONFIG_REPORT,
     "write what a paper takes in into this folder, which is new or empty: numbers.tex, tables, figures, appendix.tex"},
    {"output", TEXT, "FILE", BUNDLE(output), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "the bundle, or -o FILE"},
    {"author", LIST, "NAME", BUNDLE(author), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "\"Family, Given <ORCID iD or e-mail>\", or a group's name; may be given again (default the project's)"},
    {"title", TEXT, "TITLE", BUNDLE(title), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "of what is packed; without it made of the plan's name"},
    {"license", TEXT, "SPDX", BUNDLE(license), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "of what is packed, as CC-BY-4.0 (default the project's)"},
    {"license-file", TEXT, "FILE", BUNDLE(license_file), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "the license's text; without it where to read it"},
    {"claims", TEXT, "FILE", BUNDLE(claims), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "what is claimed of the records; tare-claims(5) says how"},
    {"with-image", TEXT, "REF", BUNDLE(image), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "pack the image that the records were made in, too, as skopeo(1) names it: docker-daemon:NAME:TAG, "
     "containers-storage:NAME, docker-archive:FILE, oci:DIR, docker://HOST/NAME@DIGEST"},
    {"crate", CHOICE, "VERSION", BUNDLE(crate), CRATES, 0, 0, CRATE_PACK_1_1, CRATE_PACK_1_1, CONFIG_PACK,
     "of RO-Crate: 1.1 with Process Run Crate 0.5, 1.3 with 0.6; 1.2 with none, as none goes with it"},
    {"source-url", TEXT, "URL", BUNDLE(source_url), NULL, 0, 0, UNSET, UNSET, CONFIG_PACK,
     "where tare is to be had, for the reviewer's first command (default repository-code of tare's CITATION.cff)"},
    {"allow-incomplete", YES, NULL, BUNDLE(allow_incomplete), NULL, 0, 0, 0, 0, CONFIG_PACK,
     "pack a plan of which invocations are missing; the bundle says so"},
    {"key", TEXT, "FILE", BUNDLE(key), NULL, 0, 0, UNSET, UNSET, CONFIG_VERIFY,
     "the public key (minisign's) that the bundle has to be signed with"},
    {"key", TEXT, "FILE", BUNDLE(key), NULL, 0, 0, UNSET, UNSET, CONFIG_SIGN,
     "the secret key, as 'minisign -G' makes one"},
    {"paper", TEXT, "MAIN.TEX", BUNDLE(paper), NULL, 0, 0, UNSET, UNSET, CONFIG_VERIFY,
     "look for numbers in this LaTeX text that do not come from the bundle's numbers.tex"},
    {"attestation", TEXT, "FILE", BUNDLE(attestation), NULL, 0, 0, UNSET, UNSET, CONFIG_VERIFY,
     "also write what was found as an in-toto Statement to FILE, which is replaced; 'tare push FILE REF --subject TAG' "
     "attaches it to the bundle"},
    {"sign", TEXT, "FILE", BUNDLE(sign), NULL, 0, 0, UNSET, UNSET, CONFIG_VERIFY,
     "sign the attestation with this secret key of minisign's"},
    {"smoke", YES, NULL, BUNDLE(smoke), NULL, 0, 0, 0, 0, CONFIG_REPRODUCE,
     "a short subset, some minutes: every cell, with at most five invocations of five iterations; the result says so"},
    {"host", YES, NULL, BUNDLE(host), NULL, 0, 0, 0, 0, CONFIG_REPRODUCE,
     "run it on this host itself (the default)"},
    {"in-image", YES, NULL, BUNDLE(in_image), NULL, 0, 0, 0, 0, CONFIG_REPRODUCE,
     "run it in the bundle's image, by scripts/docker-run (ENGINE=podman: in place of docker): the one that it holds, "
     "else the one whose digest its records name"},
    {"in-vm", YES, NULL, BUNDLE(in_vm), NULL, 0, 0, 0, 0, CONFIG_REPRODUCE,
     "run it in the VM image, by scripts/vm; what is emulated has no times"},
    {"role", CHOICE, "WHO", BUNDLE(role), ROLES, 0, 0, ROLE_UNDECLARED, ROLE_UNDECLARED, CONFIG_REPRODUCE,
     "who runs it: same-team (what is shown is repeatability) or different-team (reproducibility); a declaration, which "
     "nothing checks"},
    {"out", TEXT, "DIR", BUNDLE(out), NULL, 0, 0, UNSET, UNSET, CONFIG_REPRODUCE,
     "the folder of the new records and of reproduction.json; run again with the same it goes on, and 'tare pack' packs "
     "it (default out/reproduction-, the plan's name and the bundle's first digits)"},
    {"sign", TEXT, "FILE", BUNDLE(sign), NULL, 0, 0, UNSET, UNSET, CONFIG_REPRODUCE,
     "sign reproduction.json with this secret key of minisign's"},
    {"force", YES, NULL, BUNDLE(force), NULL, 0, 0, UNSET, UNSET, CONFIG_REPRODUCE,
     "run a bundle that is not whole, too; the result says so"},
    {"output", TEXT, "FILE", BUNDLE(output), NULL, 0, 0, UNSET, UNSET, CONFIG_PULL,
     "the bundle that is written, or -o FILE"},
    {"subject", TEXT, "NAME", BUNDLE(subject), NULL, 0, 0, UNSET, UNSET, CONFIG_PUSH,
     "attach what is pushed, a reproduction, to the bundle that it reproduces, which is in the same place under this tag "
     "or manifest digest (sha256:...)"},
    {"key", LIST, "FILE", BUNDLE(keys), NULL, 0, 0, UNSET, UNSET, CONFIG_POOL,
     "a public key (minisign's) of somebody who may have signed a reproduction; may be given again"},
    {"output", TEXT, "FILE", BUNDLE(output), NULL, 0, 0, UNSET, UNSET, CONFIG_POOL,
     "also write a page of HTML with a forest plot for each claim to FILE; -o FILE is the same"},
    {"json", YES, NULL, HOST(json), NULL, 0, 0, UNSET, UNSET,
     CONFIG_DOCTOR | CONFIG_SELFTEST | CONFIG_VERIFY | CONFIG_REPRODUCE | CONFIG_POOL,
     "print JSON in place of text; tare-json(5) says what is in it"},
    {"quiet", YES, NULL, SHOWN(quiet), NULL, 0, 0, 0, 0, EVERY & ~CONFIG_EXEC,
     "print nothing but errors, also -q; what was asked for in files, or with --json -, is written all the same"},
    {"verbose", YES, NULL, SHOWN(verbose), NULL, 0, 0, 0, 0, CONFIG_RUN | SWEEPS | CONFIG_MATRIX,
     "say all: each check of the isolation, the text of each invocation; also -v"},
    {"color", CHOICE, "WHEN", SHOWN(color), COLORS, 0, 0, COLOR_AUTO, COLOR_AUTO, EVERY,
     "auto: colours where the text goes to a terminal and NO_COLOR is not set"},
    {"help", HELP, NULL, offsetof(struct config, help), NULL, 0, 0, UNSET, UNSET,
     EVERY,
     "print this and exit, also -h"},
};
/* clang-format on */

_Static_assert(ARRAY_LEN(config_rows) <= CONFIG_OPTIONS_MAX, "config.c holds as many");
const size_t config_row_count = ARRAY_LEN(config_rows);

const char *start_method_name(enum start_method s)
{
    return s == START_OWN ? NULL : STARTS[s];
}
