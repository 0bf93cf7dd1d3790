/* config_internal: the option table of all commands, and a row's value from its text. Only config's own files read it.
 */
#ifndef TARE_CONFIG_INTERNAL_H
#define TARE_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"

#define UNSET INT64_MIN /* of a number: it was not given, or has no default */

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

/* Whose a setting is where a plan makes it: a plan says what is weighed, and that is taken from anybody's. What reaches
 * past the slice into the host is the host's to grant, and of a plan that is not the user's own it is not taken. */
enum plan_setting {
    NO_PLANS, /* no plan can set it */
    WEIGHED,
    GRANTED,
};

/* A row: one option. The defaults are two profiles'; growth's are memory's but for what config_default() says. UNSET:
 * none. */
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
    enum plan_setting plan;
    const char *why;  /* of WEIGHED: why it does no harm, NULL where that is plain; of GRANTED: what it would reach */
    int64_t harmless; /* of GRANTED: values that take nothing of the host. CHOICE: a bit each; INTEGER, BYTES: up to
                       * this; TEXT: above 0: words without a slash */
};

#define CONFIG_OPTIONS_MAX 160 /* of a command at once */

extern const struct option_row config_rows[];
extern const size_t config_row_count;

/* Where the value of a row of numbers is. */
int64_t *config_number(struct config *c, const struct option_row *row);
bool config_is_number(enum kind kind);
bool config_takes_value(enum kind kind);

/* The default of a row of numbers in this profile; UNSET: none. */
int64_t config_default(const struct option_row *row, enum profile profile);

/* What an option does, with what is allowed and its default. */
void config_does(const struct option_row *row, struct text *out);

/* "threads, processes or interpreters" */
void config_list_choices(const char *const *choices, struct text *out);

/* Keeps an option that is no common one until the scenario is known. */
int cell_set_later(struct cell *cell, const char *name, const char *value, struct err *e);

/* Takes the value of one option. -EINVAL (usage): the value is none that is allowed; the message says what is. */
int config_take(struct config *c, const struct option_row *row, const char *value, struct err *e);

#endif
