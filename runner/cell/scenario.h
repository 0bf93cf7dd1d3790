/* scenario: what can be weighed, from its scenario.yml: modes, profiles, knobs, commands, figures. Values; pure. */
#ifndef TARE_SCENARIO_H
#define TARE_SCENARIO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct facts;
struct ledger_map;
struct text;

enum mode { MODE_THREADS, MODE_PROCESSES, MODE_INTERPRETERS };
enum profile { PROFILE_OVERHEAD, PROFILE_MEMORY, PROFILE_GROWTH };
enum runtime_kind { RUNTIME_PYTHON, RUNTIME_NATIVE };
#define PROFILES_COUNT      3
#define RUNTIME_KINDS_COUNT 2

/* Their names, ended by NULL. */
extern const char *const mode_names[];
extern const char *const profile_names[];
extern const char *const runtime_kind_names[];
extern const char *const start_names[]; /* the start methods of processes: fork, forkserver, spawn */

#define SCENARIO_KNOBS_MAX    16
#define SCENARIO_CHOICES_MAX  16
#define SCENARIO_DEFAULTS_MAX 16
#define SCENARIO_WORDS_MAX    32
#define SCENARIO_FIGURES_MAX  32 /* the room in a ledger */
#define SCENARIO_WORD_MAX     32 /* bytes of a name or a value with its NUL */
#define SCENARIO_LINE_MAX     240

enum scenario_knob_type {
    SCENARIO_INTEGER,
    SCENARIO_REAL,
    SCENARIO_CHOICE,
    SCENARIO_MODULES, /* one of the choices, or comma-separated Python modules */
};

/* A scenario's own option. Its values stay texts. */
struct scenario_knob {
    char name[SCENARIO_WORD_MAX]; /* the option's name: "hold-ms" */
    char key[SCENARIO_WORD_MAX];  /* its key in the record: "hold_ms" */
    enum scenario_knob_type type;
    char unit[SCENARIO_WORD_MAX]; /* "": none */
    char help[SCENARIO_LINE_MAX];
    char low[SCENARIO_WORD_MAX], high[SCENARIO_WORD_MAX]; /* of a number: its range */
    char word[SCENARIO_CHOICES_MAX][SCENARIO_WORD_MAX];   /* of a choice: its words */
    const char *choice[SCENARIO_CHOICES_MAX + 1];         /* the same, ended by NULL */
    char fallback[PROFILES_COUNT][SCENARIO_WORD_MAX];     /* the default in each profile */
    char empty[SCENARIO_WORD_MAX];                        /* with which workers do nothing; "": there is none */
    unsigned modes, profiles, kinds, starts;              /* what it goes with: bits of the enums and names above */
    unsigned since;                                       /* Python 3.since and newer have it; 0: all */
    unsigned since_choices; /* bits of the choices that this is of; 0: of all values but the default */
};

/* A profile's default of a common option: its name and value. */
struct scenario_default {
    char option[SCENARIO_WORD_MAX], value[SCENARIO_WORD_MAX];
};

struct scenario_profile {
    bool offered;
    struct scenario_default fallback[SCENARIO_DEFAULTS_MAX];
    size_t count;
};

/* A number that the workload reports for the whole run. */
struct scenario_figure {
    char name[SCENARIO_WORD_MAX], unit[SCENARIO_WORD_MAX], help[SCENARIO_LINE_MAX];
    char title[SCENARIO_LINE_MAX]; /* for tables; "": its name */
    char kind[SCENARIO_WORD_MAX],
        better[SCENARIO_WORD_MAX]; /* words of base/figure.h; "": the end of the name decides */
};

struct scenario {
    char name[SCENARIO_WORD_MAX], summary[SCENARIO_LINE_MAX];
    char file[PATH_MAX];     /* its scenario.yml, absolute, with links resolved */
    char dir[PATH_MAX];      /* the folder of that file */
    char lib[PATH_MAX];      /* the folder of what scenarios share: tare_ledger.py */
    char sha256[65];         /* of the file */
    char content_sha256[65]; /* of its folder (carried.h); "": it came with tare, or there is none */
    char content_fault[400]; /* why there is none */
    bool installed;          /* it came with tare */
    unsigned modes;          /* bits of enum mode */
    enum mode mode;          /* the default mode */
    struct scenario_profile profile[PROFILES_COUNT];
    struct scenario_knob knob[SCENARIO_KNOBS_MAX];
    size_t knobs;
    char *command[RUNTIME_KINDS_COUNT]
                 [SCENARIO_WORDS_MAX + 1]; /* argv with {python}, {dir} and {lib}; [0] NULL: no such command */
    struct scenario_figure figure[SCENARIO_FIGURES_MAX];
    size_t figures;
};

/* Whether the word is a path: it has a slash or a dot. Any other names a scenario that came with tare. */
bool scenario_is_path(const char *named);

#define SCENARIO_SCHEMA   "tare.scenario/1"
#define SCENARIO_FILE_MAX 65536 /* bytes; a scenario is a page */

/* Parses a scenario. name: the file's name in messages. The caller fills in the scenario's file, dir, lib, sha256 and
 * installed. -EINVAL (usage): NAME:LINE:COLUMN: what is wrong and what is allowed. The caller ends *ret with
 * scenario_free(). */
int scenario_parse(const char *name, const char *bytes, size_t len, struct scenario **ret, struct err *e);

/* Frees a scenario of scenario_parse(). NULL is allowed. */
void scenario_free(struct scenario *s);

static inline void cleanup_scenario_(struct scenario **s)
{
    scenario_free(*s);
}
#define cleanup_scenario __attribute__((cleanup(cleanup_scenario_)))

/* Finds a knob by its whole name, as for all options; NULL: none. */
const struct scenario_knob *scenario_knob_find(const struct scenario *s, const char *name);

/* Checks a knob's value. -EINVAL (usage): "--NAME 'VALUE': what is allowed is ...". */
int scenario_knob_check(const struct scenario_knob *k, const char *value, struct err *e);

/* Whether versions of Python before 3.since lack this value, which the knob has in a profile. */
bool scenario_knob_needs_since(const struct scenario_knob *k, const char *value, enum profile profile);

/* Whether its values are words, and no numbers. */
bool scenario_knob_is_word(const struct scenario_knob *k);

/* Adds what is allowed, for --help: "1 to 4096". */
void scenario_knob_allowed(const struct scenario_knob *k, struct text *out);

/* Whether it has knobs with which its workers do nothing but start and end. */
bool scenario_can_be_empty(const struct scenario *s);

/* The profiles that are offered, as bits; and the one without --profile: the first of them. */
unsigned scenario_profiles(const struct scenario *s);
enum profile scenario_profile_default(const struct scenario *s);

const struct scenario_figure *scenario_figure_find(const struct scenario *s,
                                                   const char *name); /* NULL: no such figure */

/* Fills {python}, {dir} and {lib} into a word of a command. The caller frees it. python: NULL is allowed. */
char *scenario_word(const struct scenario *s, const char *word, const char *python);

/* Checks that every figure in a workload's ledger is declared. -EPROTO (workload) names the first that is not. */
int figures_check(const struct ledger_map *ledger, const struct scenario *scenario, struct err *e);

/* Takes the declared figures of it in the scenario's order; unreported ones are absent with a reason. */
void figures_take(const struct ledger_map *ledger, const struct scenario *scenario, struct facts *out);

#endif
