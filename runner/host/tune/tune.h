/* tune: the settings that can be made fair while the machine runs: planned, applied with a journal, put back. */
#ifndef TARE_TUNE_H
#define TARE_TUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/tune/journal.h"
#include "host/tune/knob.h"

struct err;
struct text;
struct topology_choice;

enum tune_outcome {
    TUNE_PLANNED, /* to be written */
    TUNE_CHANGED, /* written, and the kernel says so */
    TUNE_ALREADY, /* nothing to do */
    TUNE_REFUSED, /* the kernel would not; reason */
    TUNE_ABSENT,  /* no such setting here; reason */
    TUNE_KEPT,    /* noted, to be put back should another write change it */
    /* of a restore alone: */
    TUNE_RESTORED,
    TUNE_FOREIGN, /* neither what it was nor what tare made it: somebody else changed it; left alone */
    TUNE_GONE,    /* the file is no longer there */
    TUNE_OUTCOMES,
};

const char *tune_outcome_name(enum tune_outcome o);

struct tune_step {
    const char *id; /* the row of the table; NULL in a restore */
    char path[160];
    enum knob_kind kind;
    bool keep;
    const char *fine; /* other values that will do, "a|b"; NULL none */
    bool at_least;    /* a higher number will do as well */
    char *want;       /* NULL where there is nothing to write */
    enum tune_outcome outcome;
    char *was, *now; /* values before and after; NULL unknown */
    char reason[200];
};

/* Starts as {0}; ended with tune_steps_free(). */
struct tune_steps {
    struct tune_step *step;
    size_t steps;
};

/* Whose files, and how they are written: a test can end the process at any write. */
struct tune_host {
    const char *root;
    int (*write)(void *context, const char *root, const char *path, enum knob_kind kind, const char *content);
    void *context;
};

/* The real one: knob_write(). */
struct tune_host tune_host_of(const char *root);

/* What is to be done, in order, read from the host as it is: only is a comma-separated list of ids, NULL the table's
 * own choice. -EINVAL (usage): no such id. */
int tune_plan(const char *root, const struct topology_choice *cpus, const char *only, struct tune_steps *ret,
              struct err *e);

/* Says what tune_apply() would do, without doing it: "was" and the outcome of each step. */
void tune_preview(const char *root, struct tune_steps *steps);

/* Does it: each setting into the journal, then to the kernel, then read back. What the kernel refuses is an outcome;
 * an error is the journal's, and then the rest has not been touched. */
int tune_apply(const struct tune_host *host, struct tune_steps *steps, struct journal *j, struct err *e);

/* Puts back what the journal says, the last first, and reduces it to what could not be put back. force: what somebody
 * else changed, too. One step a path in ret. */
int tune_restore(const struct tune_host *host, struct journal *j, bool force, struct tune_steps *ret, struct err *e);

size_t tune_count(const struct tune_steps *steps, enum tune_outcome outcome);
void tune_steps_free(struct tune_steps *steps);

/* The boot that /proc under root is of. */
int tune_boot_id(const char *root, char *buf, size_t cap, struct err *e);

/* Opens the journal at its place under root, as journal_open() does. The caller ends it with journal_close(). */
int tune_open_journal(const char *root, bool create, struct journal *ret, struct err *e);

/* The table: "  id   what it does" a line. */
void tune_help(struct text *out);

/* --- for tune_plan.c --- */

/* Appends a step; the caller fills in the rest. */
struct tune_step *tune_steps_add(struct tune_steps *steps, const char *id, enum knob_kind kind, const char *path);

#endif
