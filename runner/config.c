#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "cpu_request.h"

#define UNSET INT64_MIN

static const char *const MODES[] = {"threads", "processes", "interpreters", NULL};
static const char *const PROFILES[] = {"overhead", "memory", NULL};
static const char *const STARTS[] = {"", "fork", "forkserver", "spawn", NULL};
static const char *const PARTITIONS[] = {"auto", "root", "isolated", "none", NULL};
static const char *const SMTS[] = {"use", "avoid", NULL};
static const char *const ISOLATIONS[] = {"auto", "strict", "off", NULL};
static const char *const CONFINEMENTS[] = {"full", "light", "off", NULL};
static const char *const NETWORKS[] = {"none", "host", NULL};
static const char *const FORMATS[] = {"text", "json", "md", "csv", NULL};
static const char *const SIZE_FORMATS[] = {"text", "json", NULL};
static const char *const TABLE_FORMATS[] = {"csv", NULL};
static const char *const METHODS[] = {"auto", "t", "bootstrap", NULL};

const struct scenario scenarios[] = {
    {"scenario1", "what creating, starting and joining workers costs: threads, processes, interpreters"},
    {NULL, NULL},
};

enum kind {
    CHOICE,  /* one of `choices`; its index is stored */
    INTEGER, /* low … high */
    BYTES,   /* low … high, with K, M, G, T */
    SECONDS, /* stored in ms, low … high in ms */
    YES,     /* takes no value */
    NO,      /* takes no value; the opposite of the row before it */
    TEXT,
    LIST, /* a text that may be given again */
    HELP,
};

/* A row: one option. The defaults are the two profiles'; UNSET: none. */
struct option_row {
    const char *name;
    enum kind kind;
    const char *value; /* how --help calls its value */
    size_t offset;     /* in struct config */
    const char *const *choices;
    int64_t low, high;
    int64_t if_overhead, if_memory;
    unsigned commands;
    const char *help;
};

#define CELL(field)   offsetof(struct config, cell.field)
#define OUTPUT(field) offsetof(struct config, output.field)
#define HOST(field)   offsetof(struct config, host.field)
#define AGAIN(field)  offsetof(struct config, invocations.field)
#define STATS(field)  offsetof(struct config, analysis.field)
#define ROW_BASE      256 /* what getopt_long(3) gives for the first row: no letter's number */
#define BOTH          (CONFIG_RUN | CONFIG_MATRIX)
#define ALL           (BOTH | CONFIG_EXEC)
#define HOSTS         (CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_RESTORE)
#define RECORDS       (CONFIG_COMPARE | CONFIG_PLAN_SIZE | CONFIG_REPORT)

/* clang-format off */
static const struct option_row ROWS[] = {
    {"mode", CHOICE, "MODE", CELL(mode), MODES, 0, 0, MODE_THREADS, MODE_THREADS, CONFIG_RUN,
     "what the workers are"},
    {"profile", CHOICE, "PROFILE", CELL(profile), PROFILES, 0, 0, PROFILE_OVERHEAD, PROFILE_OVERHEAD, CONFIG_RUN,
     "overhead: the workers do their loop and exit; memory: they hold still while their memory is sampled"},
    {"iterations", INTEGER, "N", CELL(iterations), NULL, 1, 10000000, 1000, 30, BOTH,
     "measured iterations"},
    {"workers", INTEGER, "N", CELL(workers), NULL, 1, 4096, 8, 8, BOTH,
     "workers of an iteration"},
    {"work-iters", INTEGER, "N", CELL(work_iters), NULL, 1, 1000000000, 20000, 20000, BOTH,
     "steps of the hash loop that each worker does"},
    {"warmup", INTEGER, "N", CELL(warmup), NULL, 0, 1000000, 5, 2, BOTH,
     "iterations before those that are measured"},
    {"mp-start", CHOICE, "METHOD", CELL(start_method), STARTS, 0, 0, START_OWN, START_OWN, CONFIG_RUN,
     "start method, for --mode processes; without it the interpreter's own"},
    {"hold-ms", INTEGER, "MS", CELL(hold_ms), NULL, 0, 3600000, 0, 1000, BOTH,
     "how long the workers of profile memory go on"},
    {"mem-interval-ms", INTEGER, "MS", CELL(mem_interval_ms), NULL, 1, 60000, 50, 50, ALL,
     "time between two readings of every process's smaps_rollup"},
    {"mem-sample", YES, NULL, CELL(mem_sample), NULL, 0, 0, 0, 1, ALL,
     "sample memory during the run; the default of profile memory"},
    {"no-mem-sample", NO, NULL, CELL(mem_sample), NULL, 0, 0, UNSET, UNSET, BOTH,
     "do not; the default of profile overhead"},
    {"runtime", TEXT, "RUNTIME", CELL(runtime), NULL, 0, 0, UNSET, UNSET, BOTH,
     "auto: 3.14t for threads, 3.14 for processes and interpreters; 3.14t or 3.14: that build for any mode; native: the "
     "same benchmark in C; or the path of an interpreter"},
    {"cpus", TEXT, "LIST|xN", CELL(cpus), NULL, 0, 0, UNSET, UNSET, ALL | CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_SELFTEST,
     "the benchmark's CPUs: auto: whole cores of one kind, chosen from the topology; a list, as 0-3,8 or 3 for CPU 3 "
     "alone; or xN, as x4: so many, whole cores first (default auto)"},
    {"smt", CHOICE, "HOW", CELL(smt), SMTS, 0, 0, SMT_USE, SMT_USE, ALL | CONFIG_DOCTOR | CONFIG_TUNE,
     "avoid: one thread of each core, its siblings left idle, and checked that they were"},
    {"numa", INTEGER, "NODE", CELL(numa), NULL, 0, 1023, UNSET, UNSET, ALL | CONFIG_DOCTOR | CONFIG_TUNE | CONFIG_SELFTEST,
     "CPUs of this NUMA node; without it of the one with most cores"},
    {"partition", CHOICE, "KIND", CELL(partition), PARTITIONS, 0, 0, PARTITION_AUTO, PARTITION_AUTO, ALL | CONFIG_SELFTEST,
     "whether the slice's CPUs are taken from all others: root: exclusive and load-balanced; isolated: exclusive and not "
     "balanced, for workloads that pin every thread; auto: root where it can be had"},
    {"memory-max", BYTES, "SIZE", CELL(memory_max_bytes), NULL, 1 << 20, INT64_MAX, UNSET, UNSET, ALL,
     "memory.max of the slice, as 512M"},
    {"pids-max", INTEGER, "N", CELL(pids_max), NULL, 4, 4194304, UNSET, UNSET, ALL,
     "pids.max of the slice; without it 4 a worker and 256 to spare"},
    {"profile-file", TEXT, "FILE", CELL(profile_file), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN,
     "limits of the slice in libcgroup's format (cgconfig.conf(5)), its first group; options come before it"},
    {"cgroup-root", TEXT, "PATH", CELL(cgroup_root), NULL, 0, 0, UNSET, UNSET, ALL | CONFIG_CLEAN | CONFIG_SELFTEST,
     "make the slices in this cgroup v2 directory"},
    {"isolation", CHOICE, "LEVEL", CELL(isolation), ISOLATIONS, 0, 0, ISOLATION_AUTO, ISOLATION_AUTO, ALL | CONFIG_SELFTEST,
     "auto: as much as the host gives, and say so; strict: all of it or exit 3 before anything runs; off: no slice"},
    {"confine", CHOICE, "LEVEL", CELL(confinement), CONFINEMENTS, 0, 0, CONFINEMENT_FULL, CONFINEMENT_FULL, ALL,
     "full: namespaces, a read-only root, no capabilities, a system call filter; light: without the last filter and with "
     "a writable root; off: none of it"},
    {"rw", LIST, "PATH", CELL(writable), NULL, 0, 0, UNSET, UNSET, ALL,
     "a path that stays writable; may be given again"},
    {"env", LIST, "NAME=VALUE", CELL(environment), NULL, 0, 0, UNSET, UNSET, ALL,
     "a variable of the environment, which has PATH, HOME and fixed ones otherwise; may be given again"},
    {"network", CHOICE, "WHICH", CELL(network), NETWORKS, 0, 0, NETWORK_NONE, NETWORK_NONE, ALL,
     "none: the loopback alone; host: the host's"},
    {"user", TEXT, "UID[:GID]", CELL(user), NULL, 0, 0, UNSET, UNSET, ALL,
     "run it as this user, where tare is root; without it 65534, or the owner of what is closed to that one"},
    {"repeat", INTEGER, "N", AGAIN(repeat), NULL, 1, 1000000, 1, 1, CONFIG_EXEC,
     "measured invocations, each in a fresh slice"},
    {"warmup", INTEGER, "N", AGAIN(warmup), NULL, 0, 1000000, 0, 0, CONFIG_EXEC,
     "invocations before those that are measured"},
    {"prepare", TEXT, "COMMAND", AGAIN(prepare), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "a shell command before each invocation, outside of its slice"},
    {"cleanup", TEXT, "COMMAND", AGAIN(cleanup), NULL, 0, 0, UNSET, UNSET, CONFIG_EXEC,
     "a shell command after each invocation, outside of its slice"},
    {"quiet", YES, NULL, AGAIN(quiet), NULL, 0, 0, 0, 0, CONFIG_EXEC,
     "no summary on standard error"},
    {"timeout", SECONDS, "SECONDS", CELL(timeout_ms), NULL, 1, 7LL * 86400 * 1000, 0, 0, ALL,
     "end a run that takes longer"},
    {"json", TEXT, "FILE", OUTPUT(json), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN | CONFIG_EXEC,
     "write the record to FILE; - writes it to standard output in place of the text"},
    {"out", TEXT, "DIR", OUTPUT(dir), NULL, 0, 0, UNSET, UNSET, ALL,
     "write the record into DIR under its own id"},
    {"tune", YES, NULL, HOST(tune), NULL, 0, 0, UNSET, UNSET, CONFIG_RUN,
     "tune the host before the run and restore it after, however it ends (see 'tare tune --help')"},
    {"json", YES, NULL, HOST(json), NULL, 0, 0, UNSET, UNSET, CONFIG_DOCTOR | CONFIG_SELFTEST,
     "print JSON in place of text"},
    {"only", TEXT, "ID,...", HOST(only), NULL, 0, 0, UNSET, UNSET, CONFIG_TUNE,
     "these settings and no others"},
    {"dry-run", YES, NULL, HOST(dry_run), NULL, 0, 0, UNSET, UNSET, CONFIG_TUNE,
     "say what would be changed, and change nothing"},
    {"force", YES, NULL, HOST(force), NULL, 0, 0, UNSET, UNSET, CONFIG_RESTORE,
     "put back what somebody else changed in the meantime, too"},
    {"sysroot", TEXT, "DIR", HOST(sysroot), NULL, 0, 0, UNSET, UNSET, HOSTS,
     "take /proc and /sys from below DIR: a captured machine"},
    {"figure", LIST, "NAME", STATS(figure), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE | CONFIG_PLAN_SIZE,
     "what is compared: avg_iter_s, p50_iter_s, p95_iter_s, total_wall_s, rss_bytes, uss_bytes, pss_bytes, "
     "all_pids_pss_bytes, current_bytes, anon_bytes, kernel_bytes, peak_bytes, cpu_usage_usec, or any number of the "
     "records' result; may be given again (default: pss_bytes of profile memory, a rate where there is one, else "
     "avg_iter_s)"},
    {"margin", TEXT, "SHARE", STATS(margin), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "reproduced: the 90% interval of the ratio lies within this, as 0.02 or 2% (default 0.02)"},
    {"across", TEXT, "KEY,...", STATS(across), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "keys of the scenario, or runtime, in which two cells that are compared may differ, as mode,runtime; one cell "
     "against one other needs none"},
    {"method", CHOICE, "METHOD", STATS(method), METHODS, 0, 0, 0, 0, CONFIG_COMPARE,
     "of the interval: t: Welch's on the logarithms of invocations; bootstrap: nodes and invocations resampled; auto: t "
     "up to 20 invocations, bootstrap above"},
    {"seed", INTEGER, "N", STATS(seed), NULL, 0, UINT32_MAX, 1, 1, CONFIG_COMPARE,
     "of what is drawn at random: the bootstrap, the dip test"},
    {"resamples", INTEGER, "N", STATS(resamples), NULL, 100, 1000000, 2000, 2000, CONFIG_COMPARE,
     "of the bootstrap"},
    {"steady", YES, NULL, STATS(steady), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "read every iteration too, and class each cell: flat, warmup, slowdown, no steady state or inconsistent"},
    {"noise", YES, NULL, STATS(noise), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "A and B are the same, run twice (or A alone a plan's folder run with --aa): write how far they are apart as this "
     "host's noise floor"},
    {"noise-floor", TEXT, "FILE", STATS(noise_floor), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "the noise floor that is read, or written with --noise; none: no floor (default noise-floor.json beside B, beside A, "
     "in $TARE_STATE)"},
    {"force", YES, NULL, STATS(force), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "compare records of slices, of borrowed ones, of none and of emulated machines with each other; the result says so"},
    {"fail-if", LIST, "CONDITION", STATS(fail_if), NULL, 0, 0, UNSET, UNSET, CONFIG_COMPARE,
     "exit 1 where B is slower:SHARE, faster:SHARE or memory:SHARE (more of it) beyond that share and the difference is "
     "shown; different; not-reproduced; inconclusive; or where that cannot be judged; may be given again"},
    {"precision", TEXT, "SHARE", STATS(precision), NULL, 0, 0, UNSET, UNSET, CONFIG_PLAN_SIZE,
     "the wanted half-width of the 95% interval, as a share of the mean (default 0.02)"},
    {"format", CHOICE, "FORMAT", STATS(format), FORMATS, 0, 0, 0, 0, CONFIG_COMPARE,
     "of the result"},
    {"format", CHOICE, "FORMAT", STATS(format), SIZE_FORMATS, 0, 0, 0, 0, CONFIG_PLAN_SIZE,
     "of the result"},
    {"format", CHOICE, "FORMAT", STATS(table_format), TABLE_FORMATS, 0, 0, 0, 0, CONFIG_REPORT,
     "of the result"},
    {"help", HELP, NULL, offsetof(struct config, help), NULL, 0, 0, UNSET, UNSET,
     ALL | HOSTS | CONFIG_CLEAN | CONFIG_SELFTEST | RECORDS,
     "print this and exit"},
};
/* clang-format on */

const char *mode_name(enum mode m)
{
    return MODES[m];
}

const char *profile_name(enum profile p)
{
    return PROFILES[p];
}

const char *start_method_name(enum start_method s)
{
    return s == START_OWN ? NULL : STARTS[s];
}

const char *partition_name(enum partition p)
{
    return PARTITIONS[p];
}

const char *smt_name(enum smt s)
{
    return SMTS[s];
}

const char *isolation_name(enum isolation i)
{
    return ISOLATIONS[i];
}

const char *confinement_name(enum confinement c)
{
    return CONFINEMENTS[c];
}

const struct scenario *scenario_find(const char *name)
{
    for (const struct scenario *s = scenarios; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

static int64_t *number_at(struct config *c, const struct option_row *row)
{
    return (int64_t *)(void *)((char *)c + row->offset);
}

static bool is_number(enum kind kind)
{
    return kind == CHOICE || kind == INTEGER || kind == BYTES || kind == SECONDS || kind == YES;
}

/* "threads, processes or interpreters" */
static void list_choices(const char *const *choices, struct text *out)
{
    for (size_t i = 0; choices[i]; i++) {
        if (!*choices[i])
            continue;
        bool first = out->len == 0;
        text_add(out, "%s%s", first ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
    }
}

static void format_limit(const struct option_row *row, int64_t limit, char *buf, size_t cap)
{
    if (row->kind == BYTES)
        (void)text_bytes((uint64_t)limit, buf, cap);
    else if (row->kind == SECONDS)
        (void)snprintf(buf, cap, "%g", (double)limit / 1000);
    else
        (void)snprintf(buf, cap, "%lld", (long long)limit);
}

static int refuse(const struct option_row *row, const char *value, struct err *e)
{
    struct text allowed = {0};
    char low[32], high[32];
    if (row->kind == CHOICE) {
        list_choices(row->choices, &allowed);
    } else {
        format_limit(row, row->low, low, sizeof(low));
        format_limit(row, row->high, high, sizeof(high));
        text_add(&allowed, "%s from %s%s",
                 row->kind == INTEGER ? "a whole number"
                 : row->kind == BYTES ? "a size such as 512M"
                                      : "seconds",
                 low, row->high == INT64_MAX ? " up" : "");
        if (row->high != INT64_MAX)
            text_add(&allowed, " to %s", high);
    }
    (void)err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is %s", row->name, value, allowed.data);
    text_free(&allowed);
    return -EINVAL;
}

static int parse_choice(const struct option_row *row, const char *value, int64_t *ret)
{
    for (int64_t i = 0; row->choices[i]; i++) {
        if (*value && strcmp(row->choices[i], value) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_number(const struct option_row *row, const char *value, int64_t *ret)
{
    int64_t n = 0;
    uint64_t bytes = 0;
    if (row->kind == INTEGER) {
        if (text_to_i64(value, &n) != 0)
            return -EINVAL;
    } else if (row->kind == BYTES) {
        if (text_to_bytes(value, &bytes) != 0 || bytes > INT64_MAX)
            return -EINVAL;
        n = (int64_t)bytes;
    } else {
        char *end = NULL;
        double seconds = strtod(value, &end);
        if (end == value || *end || !isfinite(seconds) || fabs(seconds) > 1e9)
            return -EINVAL;
        n = llround(seconds * 1000);
    }
    if (n < row->low || n > row->high)
        return -ERANGE;
    *ret = n;
    return 0;
}

static int take_word(struct config_words *words, const struct option_row *row, const char *value, struct err *e)
{
    if (!*value)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s '': it takes a %s", row->name, row->value);
    if (words->count == CONFIG_WORDS_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "--%s '%s': it can be given %d times", row->name, value, CONFIG_WORDS_MAX);
    words->word[words->count++] = value;
    return 0;
}

static int take_option(struct config *c, const struct option_row *row, const char *value, struct err *e)
{
    switch (row->kind) {
    case CHOICE:
        return parse_choice(row, value, number_at(c, row)) == 0 ? 0 : refuse(row, value, e);
    case INTEGER:
    case BYTES:
    case SECONDS:
        return parse_number(row, value, number_at(c, row)) == 0 ? 0 : refuse(row, value, e);
    case YES:
    case NO:
        *number_at(c, row) = row->kind == YES;
        return 0;
    case TEXT:
        if (!*value)
            return err_set(e, ERR_USAGE, -EINVAL, "--%s '': it takes a %s", row->name, row->value);
        *(const char **)(void *)((char *)c + row->offset) = value;
        return 0;
    case LIST:
        return take_word((struct config_words *)(void *)((char *)c + row->offset), row, value, e);
    case HELP:
        c->help = true;
        return 0;
    }
    return -EINVAL;
}

static bool is_of_cell(const struct option_row *row)
{
    return row->offset < offsetof(struct config, cell) + sizeof(struct cell);
}

struct cell cell_unset(void)
{
    struct config c = {0};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (is_number(ROWS[i].kind) && is_of_cell(&ROWS[i]))
            *number_at(&c, &ROWS[i]) = UNSET;
    return c.cell;
}

/* "UID" or "UID:GID", numbers both. */
static int parse_user(struct cell *cell, struct err *e)
{
    char uid[16] = "";
    uint64_t u = 0, g = 0;
    const char *colon = cell->user ? strchr(cell->user, ':') : NULL;
    size_t len = !cell->user ? 0 : colon ? (size_t)(colon - cell->user) : strlen(cell->user);
    if (!cell->user)
        return 0;
    if (len < sizeof(uid))
        memcpy(uid, cell->user, len);
    bool ok = text_to_u64(uid, &u) == 0 && text_to_u64(colon ? colon + 1 : uid, &g) == 0;
    if (!ok || u >= UINT32_MAX || g >= UINT32_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "--user '%s': what is allowed is UID or UID:GID, in numbers", cell->user);
    cell->uid = (uint32_t)u;
    cell->gid = (uint32_t)g;
    return 0;
}

static int check_confinement(struct cell *cell, struct err *e)
{
    for (size_t i = 0; i < cell->environment.count; i++)
        if (strcspn(cell->environment.word[i], "=") == 0 || !strchr(cell->environment.word[i], '='))
            return err_set(e, ERR_USAGE, -EINVAL, "--env '%s': what is allowed is NAME=VALUE",
                           cell->environment.word[i]);
    const char *what = cell->user ? "--user" : cell->writable.count ? "--rw" : NULL;
    if (what && cell->confinement == CONFINEMENT_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "%s goes with --confine full or light; it is off", what);
    return parse_user(cell, e);
}

/* What the options contradict each other in. */
static int check_cell(const struct cell *cell, struct err *e)
{
    if (cell->start_method != START_OWN && cell->mode != MODE_PROCESSES)
        return err_set(e, ERR_USAGE, -EINVAL, "--mp-start '%s' goes with --mode processes; the mode is %s",
                       start_method_name((enum start_method)cell->start_method), mode_name((enum mode)cell->mode));
    if (cell->mode == MODE_INTERPRETERS && strcmp(cell->runtime, "native") == 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "--runtime 'native' has no interpreters; what is allowed with it is --mode threads or processes");
    if (cell->profile == PROFILE_OVERHEAD && cell->hold_ms != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--hold-ms '%lld' goes with --profile memory; the profile is overhead",
                       (long long)cell->hold_ms);
    if (cell->cgroup_root && cell->isolation == ISOLATION_OFF)
        return err_set(e, ERR_USAGE, -EINVAL, "--cgroup-root '%s' contradicts --isolation off", cell->cgroup_root);
    if (cpu_request_parse(cell->cpus, &(struct cpu_request){0}) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--cpus '%s': what is allowed is " CPU_REQUEST_ALLOWED, cell->cpus);
    return 0;
}

int cell_complete(struct cell *cell, struct err *e)
{
    struct config c = {.cell = *cell};
    if (c.cell.profile == UNSET)
        c.cell.profile = PROFILE_OVERHEAD;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct option_row *row = &ROWS[i];
        if (is_number(row->kind) && is_of_cell(row) && *number_at(&c, row) == UNSET)
            *number_at(&c, row) = c.cell.profile == PROFILE_MEMORY ? row->if_memory : row->if_overhead;
    }
    c.cell.has_memory_max = c.cell.memory_max_bytes != UNSET;
    c.cell.has_pids_max = c.cell.pids_max != UNSET;
    if (c.cell.pids_max == UNSET)
        c.cell.pids_max = 4 * c.cell.workers + 256;
    if (!c.cell.runtime)
        c.cell.runtime = "auto";
    int r = check_cell(&c.cell, e);
    if (r == 0)
        r = check_confinement(&c.cell, e);
    if (r == 0)
        *cell = c.cell;
    return r;
}

const char *config_sysroot(const struct config *c)
{
    const char *dir = c->host.sysroot;
    return dir && strspn(dir, "/") != strlen(dir) ? dir : "";
}

static bool takes_value(enum kind kind)
{
    return kind != YES && kind != NO && kind != HELP;
}

#define ROW_BASE 256 /* above any letter: by that optopt tells a row from one */

/* The rows of a command as getopt_long(3) wants them; val is the row's index. */
static void fill_getopt(enum config_command command, struct option *options)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (ROWS[i].commands & command)
            options[n++] = (struct option){ROWS[i].name, takes_value(ROWS[i].kind) ? required_argument : no_argument,
                                           NULL, ROW_BASE + (int)i};
    options[n] = (struct option){0};
}

/* getopt_long(3) sorts argv as it goes, so the word is not where optind stood before the call: a long option is the
 * last that it took; of short ones, which tare has none of, optopt is the letter. */
static int unknown_option(char **argv, bool known, struct err *e)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *word = optopt != 0 && optopt < ROW_BASE ? letter : argv[optind - 1];
    if (known)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it takes a value ('tare %s --help' lists the options)", word,
                       argv[0]);
    return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no option of 'tare %s' ('tare %s --help' lists them)", word, argv[0],
                   argv[0]);
}

int config_parse(enum config_command command, int argc, char **argv, struct config *ret, struct err *e)
{
    struct option options[ARRAY_LEN(ROWS) + 1];
    struct config c = {.cell = cell_unset(), .invocations = {.repeat = 1}, .analysis = {.seed = 1, .resamples = 2000}};
    fill_getopt(command, options);
    opterr = 0;
    optind = 0; /* GNU: start anew */
    for (;;) {
        int row = getopt_long(argc, argv, command == CONFIG_EXEC ? "+:" : ":", options, NULL);
        if (row == -1)
            break;
        if (row == '?' || row == ':')
            return unknown_option(argv, row == ':', e);
        int r = take_option(&c, &ROWS[row - ROW_BASE], optarg, e);
        if (r != 0)
            return r;
    }
    if (command == CONFIG_EXEC)
        c.invocations.argv = optind < argc ? argv + optind : NULL;
    else if (optind < argc)
        c.positional = argv[optind++];
    if (command == CONFIG_COMPARE && optind < argc)
        c.second = argv[optind++];
    if (command != CONFIG_EXEC && optind < argc)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare %s' takes %s, and '%s' is it", argv[optind], argv[0],
                       c.second ? "two names" : "one name", c.second ? c.second : c.positional);
    if (command != CONFIG_MATRIX && !c.help) {
        if (command == CONFIG_EXEC && c.cell.pids_max == UNSET)
            c.cell.pids_max = 0;
        int r = cell_complete(&c.cell, e);
        if (r != 0)
            return r;
    }
    *ret = c;
    return 0;
}

/* "(1 to 4096; default 8)", "(auto, strict or off; default auto)" */
static void help_allowed(const struct option_row *row, struct text *out)
{
    struct text allowed = {0};
    if (row->kind == INTEGER)
        text_add(&allowed, "%lld to %lld", (long long)row->low, (long long)row->high);
    else if (row->kind == CHOICE)
        list_choices(row->choices, &allowed);
    else
        return;
    text_add(out, " (%s", allowed.data);
    text_free(&allowed);
    if (row->kind == CHOICE && *row->choices[row->if_overhead])
        text_add(out, "; default %s", row->choices[row->if_overhead]);
    if (row->kind == INTEGER && row->if_overhead != UNSET)
        text_add(out, "; default %lld", (long long)row->if_overhead);
    if (row->if_memory != row->if_overhead)
        text_add(out, ", profile memory %lld", (long long)row->if_memory);
    text_add(out, ")");
}

/* Adds text in lines of at most 100 columns, each after the first indented. */
static void add_wrapped(struct text *out, size_t indent, const char *words)
{
    size_t column = indent;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (column + 1 + len > 100 && column > indent) {
            text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent)
            text_add(out, " ");
        text_add(out, "%.*s", (int)len, words);
        column += len + 1;
        words += len;
        words += strspn(words, " ");
    }
    text_add(out, "\n");
}

void config_help(enum config_command command, struct text *out)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct option_row *row = &ROWS[i];
        if (!(row->commands & command))
            continue;
        struct text left = {0}, right = {0};
        text_add(&left, "  --%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        text_add(&right, "%s", row->help);
        help_allowed(row, &right);
        text_add(out, "%-26s ", left.data);
        add_wrapped(out, 27, right.data);
        text_free(&left);
        text_free(&right);
    }
}
