/* tune: changes kernel settings for fair benchmarks at run time: plans, applies with a journal, restores. For tune,
 * restore and run --tune. */
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
    TUNE_CHANGED, /* written and read back */
    TUNE_ALREADY, /* nothing to do */
    TUNE_REFUSED, /* by the kernel; see reason */
    TUNE_ABSENT,  /* no such setting here; see reason */
    TUNE_KEPT,    /* noted, to be restored if another write changes it */
    /* only for a restore: */
    TUNE_RESTORED,
    TUNE_FOREIGN, /* another program changed it; left alone */
    TUNE_GONE,    /* the file no longer exists */
    TUNE_OUTCOMES,
};

extern const char *const tune_outcome_names[TUNE_OUTCOMES];

struct tune_step {
    const char *id; /* the table row's; NULL in a restore */
    char path[160];
    enum knob_kind kind;
    bool keep;
    const char *fine; /* other acceptable values, "a|b"; NULL: none */
    bool at_least;    /* a higher number is acceptable too */
    char *want;       /* NULL: nothing to write */
    enum tune_outcome outcome;
    char *was, *now; /* values before and after; NULL: unknown */
    char reason[200];
};

/* Starts as {0}; the owner ends it with tune_steps_free(). */
struct tune_steps {
    struct tune_step *step;
    size_t steps;
};

/* The root of the files, and how to write them: a test can end the process at any write. */
struct tune_host {
    const char *root;
    int (*write)(void *context, const char *root, const char *path, enum knob_kind kind, const char *content);
    void *context;
};

/* Writes by knob_write(). */
struct tune_host tune_host_of(const char *root);

/* Plans the steps in order, from the host's present state. only: a comma-separated list of ids; NULL: the table's
 * default. -EINVAL (usage): unknown id. */
int tune_plan(const char *root, const struct topology_choice *cpus, const char *only, struct tune_steps *ret,
              struct err *e);

/* Fills in "was" and the outcome that tune_apply() would have, without writing. */
void tune_preview(const char *root, struct tune_steps *steps);

/* Applies each step: journal, write, read back. A refusal by the kernel is an outcome. An error is the journal's; the
 * remaining steps are then untouched. */
int tune_apply(const struct tune_host *host, struct tune_steps *steps, struct journal *j, struct err *e);

/* Restores what the journal has, the last first, and reduces it to what could not be restored. force: also what another
 * program changed. ret gets one step per path. */
int tune_restore(const struct tune_host *host, struct journal *j, bool force, struct tune_steps *ret, struct err *e);

size_t tune_count(const struct tune_steps *steps, enum tune_outcome outcome);
void tune_steps_free(struct tune_steps *steps);

/* The boot id in /proc under root. */
int tune_boot_id(const char *root, char *buf, size_t cap, struct err *e);

/* Opens the journal at its place under root, as journal_open() does. The caller ends it with journal_close(). */
int tune_open_journal(const char *root, bool create, struct journal *ret, struct err *e);

/* The table, a line "  id   what it does" per row. */
void tune_help(struct text *out);

/* --- for tune_plan.c --- */

/* Appends a step; the caller fills in the rest. */
struct tune_step *tune_steps_add(struct tune_steps *steps, const char *id, enum knob_kind kind, const char *path);

#endif
