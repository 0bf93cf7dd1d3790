/* config_internal: the option table of all commands, and a row's value from its text. Only config's own files read it.
 */
#ifndef TARE_CONFIG_INTERNAL_H
#define TARE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"

#define UNSET INT64_MIN /* of a number: not given, or no default */

enum kind {
    CHOICE,  /* one of `choices`; its index is stored */
    INTEGER, /* low … high */
    BYTES,   /* low … high, with K, M, G, T */
    SECONDS, /* stored in ms, low … high in ms */
    YES,     /* takes no value */
    NO,      /* takes no value; negates the row before it */
    TEXT,
    LIST, /* a text; may be given several times */
    HELP,
};

/* Who may decide a setting that a plan makes. A plan may say what is weighed, whoever wrote it. What reaches past the
 * slice into the host, the host grants: only the user's own plan may set it. */
enum plan_setting {
    NO_PLANS, /* plans cannot set it */
    WEIGHED,
    GRANTED,
};

/* A row: one option, with the defaults of two profiles; growth's are memory's, except for those in config_default().
 * UNSET: none. */
struct option_row {
    const char *name;
    enum kind kind;
    const char *value; /* its value's name in --help; of a file or folder see config_names_place() */
    size_t offset;     /* in struct config */
    const char *const *choices;
    int64_t low, high;
    int64_t if_overhead, if_memory;
    unsigned commands;
    const char *help; /* CONFIG_FIGURES in it stands for figure_list() */
    enum plan_setting plan;
    const char *reaches; /* GRANTED: what it would reach; else NULL */
    int64_t harmless; /* GRANTED: the values that ask nothing of the host. CHOICE: one bit each; INTEGER, BYTES: up to
                      this; TEXT, if above 0: words without a slash */
};

#define CONFIG_OPTIONS_MAX 160 /* per command */
#define CONFIG_FIGURES     "{figures}"
#define CONFIG_WORKERS_MAX 4096

/* pids.max of a scenario's slice, if --pids-max is not given. */
#define CONFIG_PIDS(workers) (4 * (workers) + 256)

extern const struct option_row config_rows[];
extern const size_t config_row_count;

/* The command's row of this name; NULL: it has none. */
const struct option_row *config_find(enum config_command command, const char *name);

/* Whether the row sets a member of struct cell. */
bool config_is_of_cell(const struct option_row *row);

/* The place of a numeric row's value. options: a struct config; for a row of the cell a struct cell, which stands first
 * in it, will do. */
int64_t *config_number(void *options, const struct option_row *row);
_Static_assert(offsetof(struct config, cell) == 0, "a cell's rows hold for the cell alone");
bool config_is_number(enum kind kind);
bool config_takes_value(enum kind kind);

/* Whether a value that is called so in --help names a file or folder, as FILE, or as null|inherit|FILE, where words are
 * allowed besides. A lone "-" names none, lest a file of that name be made: it is standard output where --help has it
 * ("FILE|-"), and refused elsewhere. */
bool config_names_place(const char *value);

/* A numeric row's default in this profile; UNSET: none. */
int64_t config_default(const struct option_row *row, enum profile profile);

/* Adds what an option does, what is allowed, and its default. */
void config_does(const struct option_row *row, struct text *out);

/* Keeps an option outside the table until the scenario is known. */
int cell_set_later(struct cell *cell, const char *name, const char *value, struct err *e);

/* Sets an option's value; options as of config_number(). -EINVAL (usage): not allowed; the message says what is. */
int config_take(void *options, const struct option_row *row, const char *value, struct err *e);

#endif
