/* scenario: what can be weighed, as its scenario.yml says it: modes, profiles, knobs, commands, figures. Values; pure.
 */
#ifndef TARE_SCENARIO_H
#define TARE_SCENARIO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct text;

enum mode { MODE_THREADS, MODE_PROCESSES, MODE_INTERPRETERS };
enum profile { PROFILE_OVERHEAD, PROFILE_MEMORY, PROFILE_GROWTH };
enum runtime_kind { RUNTIME_PYTHON, RUNTIME_NATIVE };
#define PROFILES_COUNT      3
#define RUNTIME_KINDS_COUNT 2

/* Their names, NULL at the end. */
extern const char *const mode_names[];
extern const char *const profile_names[];
extern const char *const runtime_kind_names[];
extern const char *const start_names[]; /* of processes: fork, forkserver, spawn */
const char *mode_name(enum mode m);
const char *profile_name(enum profile p);

#define SCENARIO_KNOBS_MAX    16
#define SCENARIO_CHOICES_MAX  16
#define SCENARIO_DEFAULTS_MAX 16
#define SCENARIO_WORDS_MAX    32
#define SCENARIO_FIGURES_MAX  32 /* as many as a ledger has room for */
#define SCENARIO_WORD_MAX     32 /* bytes of a name or a value, with its NUL */
#define SCENARIO_LINE_MAX     240

enum scenario_knob_type {
    SCENARIO_INTEGER,
    SCENARIO_REAL,
    SCENARIO_CHOICE,
    SCENARIO_MODULES, /* one of the choices, or names of Python modules, comma-separated */
};

/* An option of the scenario's own. Its values stay the texts that they were given as. */
struct scenario_knob {
    char name[SCENARIO_WORD_MAX]; /* of the option: "hold-ms" */
    char key[SCENARIO_WORD_MAX];  /* in the record: "hold_ms" */
    enum scenario_knob_type type;
    char unit[SCENARIO_WORD_MAX]; /* "" none */
    char help[SCENARIO_LINE_MAX];
    char low[SCENARIO_WORD_MAX], high[SCENARIO_WORD_MAX]; /* of a number */
    char word[SCENARIO_CHOICES_MAX][SCENARIO_WORD_MAX];   /* of a choice */
    const char *choice[SCENARIO_CHOICES_MAX + 1];         /* the same, NULL at the end */
    char fallback[PROFILES_COUNT][SCENARIO_WORD_MAX];     /* the default in each profile */
    char empty[SCENARIO_WORD_MAX];                        /* with which workers do nothing; "": there is none */
    unsigned modes, profiles, kinds, starts;              /* what it goes with: bits of the enums and names above */
    unsigned since;                                       /* Python 3.since and newer have it; 0: all */
    unsigned since_choices; /* bits of the choices that this is of; 0: of all values but the default */
};

/* What a profile says where the command line does not: a common option's name and value. */
struct scenario_default {
    char option[SCENARIO_WORD_MAX], value[SCENARIO_WORD_MAX];
};

struct scenario_profile {
    bool offered;
    struct scenario_default fallback[SCENARIO_DEFAULTS_MAX];
    size_t count;
};

/* A number that the workload reports of the whole run. */
struct scenario_figure {
    char name[SCENARIO_WORD_MAX], unit[SCENARIO_WORD_MAX], help[SCENARIO_LINE_MAX];
    char title[SCENARIO_LINE_MAX];                           /* as tables have it; "": its name */
    char kind[SCENARIO_WORD_MAX], better[SCENARIO_WORD_MAX]; /* words of base/figure.h; "": by the name's end */
};

struct scenario {
    char name[SCENARIO_WORD_MAX], summary[SCENARIO_LINE_MAX];
    char file[PATH_MAX];     /* its scenario.yml, absolute, links resolved */
    char dir[PATH_MAX];      /* the folder of it */
    char lib[PATH_MAX];      /* of what scenarios have in common: tare_ledger.py */
    char sha256[65];         /* of the file */
    char content_sha256[65]; /* of its folder (carried.h); "" of those that came with tare, and where it has none */
    char content_fault[400]; /* why it has none */
    bool installed;          /* found by its name */
    unsigned modes;          /* bits of enum mode */
    enum mode mode;          /* the one without --mode */
    struct scenario_profile profile[PROFILES_COUNT];
    struct scenario_knob knob[SCENARIO_KNOBS_MAX];
    size_t knobs;
    char *command[RUNTIME_KINDS_COUNT][SCENARIO_WORDS_MAX + 1]; /* argv with {python}, {dir}, {lib}; [0] NULL: none */
    struct scenario_figure figure[SCENARIO_FIGURES_MAX];
    size_t figures;
};

/* Whether a scenario is named by its path: by a word with a slash or a dot in it. Else it is one that came with tare.
 */
bool scenario_is_path(const char *named);

/* Frees a scenario that scenario_parse() made. NULL does no harm. */
void scenario_free(struct scenario *s);

/* The knob of this name; NULL: none. As of all options, no beginning of a name is taken for it. */
const struct scenario_knob *scenario_knob_find(const struct scenario *s, const char *name);

/* Whether a text can be the knob's value. -EINVAL (usage): "--NAME 'VALUE': what is allowed is ...". */
int scenario_knob_check(const struct scenario_knob *k, const char *value, struct err *e);

/* Whether versions of Python before 3.since lack this value, which the knob has in a profile. */
bool scenario_knob_needs_since(const struct scenario_knob *k, const char *value, enum profile profile);

/* Whether its values are words, and no numbers. */
bool scenario_knob_is_word(const struct scenario_knob *k);

/* What is allowed, as --help says it: "1 to 4096". */
void scenario_knob_allowed(const struct scenario_knob *k, struct text *out);

/* Whether it has knobs with which its workers do nothing but start and end. */
bool scenario_can_be_empty(const struct scenario *s);

/* The profile without --profile: the first of the enum that is offered. */
enum profile scenario_profile_default(const struct scenario *s);

const struct scenario_figure *scenario_figure_find(const struct scenario *s, const char *name); /* NULL: none */

/* A word of a command with {python}, {dir} and {lib} filled in. The caller frees it. python NULL: there is none. */
char *scenario_word(const struct scenario *s, const char *word, const char *python);

/* The names whose bits are set: "threads or processes". */
void scenario_list_bits(const char *const *names, unsigned bits, struct text *out);

#endif
