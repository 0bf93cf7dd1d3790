/* tally: which invocations of a plan are done, from the records in its folder. */
#ifndef TARE_TALLY_H
#define TARE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/records.h"

struct err;
struct folder;
struct folder_plan;
struct plan;
struct record;
struct text;

/* One invocation: a unit of the plan (a cell, or its A or A' of --aa) in one block. */
struct tally_one {
    char *file;       /* the record's name in the folder; NULL: not done. Owned */
    bool failed;      /* its workload failed; the record says why */
    double elapsed_s; /* its time, including its slice; NaN: not recorded */
    double figure;    /* profile overhead: the mean iteration in s; memory: the mean PSS in bytes; NaN: none */
    bool is_read;     /* tally.records has its record */
};

/* A record's place in its plan. label: 0 none, 1 A, 2 A'. */
struct place_of_record {
    size_t cell;
    uint64_t block;
    int label;
};

/* Starts as {.units = …, .cells = …, .plan = …, .folder = …, .bound = …}; ended by tally_free(). */
struct tally {
    size_t cells, units;             /* of a block */
    struct tally_one *one;           /* of block b (from 0) and unit u: one[b * units + u] */
    size_t blocks;                   /* allocated blocks */
    const struct plan *plan;         /* a cell of it that cannot run is not waited for; NULL: all can run */
    const struct folder *folder;     /* whose records they are, */
    const struct folder_plan *bound; /* and what it is bound to */
    size_t strangers;                /* records of no plan in the folder; not counted */
    /* What each cell's invocations have taken elsewhere, in s; NaN: unknown. For estimates; NULL: nothing is known. */
    const double *elsewhere_s;
    /* Called for each record that counts, with its file's name and content; NULL is allowed. A negative errno ends the
     * reading. */
    int (*each)(void *to, const char *file, const struct place_of_record *at, const struct text *bytes, struct err *e);
    void *to;
    struct records records; /* the records that were read, with details; later ones are missing */
};

/* The cell and the label (0: none, 1: A, 2: A') of a unit. */
size_t tally_cell(const struct tally *t, size_t unit);
int tally_label(const struct tally *t, size_t unit);
extern const char *const tally_label_names[]; /* "A", "A'"; NULL for 0 */

/* Whether this host can run its cell. */
bool tally_is_run(const struct tally *t, size_t unit);

/* The number of invocations in the first `blocks` blocks that can run. */
size_t tally_wanted(const struct tally *t, uint64_t blocks);

/* NULL: that block has not begun. */
const struct tally_one *tally_at(const struct tally *t, uint64_t block, size_t unit);

/* The number of finished invocations in the first `blocks` blocks, and of those the failed ones. */
size_t tally_done(const struct tally *t, uint64_t blocks);
size_t tally_failed(const struct tally *t, uint64_t blocks);

/* Reads the folder's records. A file with a record's name that is none, as after a crash, is reported on stderr and, if
 * mend, moved to aside/; if retry, so are the records of failed invocations. Of two records of one invocation the first
 * by name counts. -EINVAL (usage): a record of a newer schema, or of another plan. */
int tally_read(struct tally *t, bool mend, bool retry, struct err *e);

/* The same of one record alone, by its name; none of that name is no failure. */
int tally_read_one(struct tally *t, const char *name, struct err *e);

/* Reads the records written since then into t->records, so that each record is read once. */
int tally_read_rest(struct tally *t, struct err *e);

/* Adds an invocation that was just run and saved under this name. */
void tally_add(struct tally *t, uint64_t block, size_t unit, const char *file, const struct record *r,
               double elapsed_s);

void tally_free(struct tally *t);

/* --- the remaining time, from the times of the finished invocations. Pure. --- */

struct estimate {
    double seconds; /* a cell without a measured invocation counts as estimate_other() says; NaN: no cell has one */
    size_t unknown; /* invocations of cells without a measured one */
    size_t left;    /* all remaining invocations */
};

/* The mean of what each cell's invocations have taken, in s, here or else elsewhere (tally.h); NaN: none of them says.
 * The caller frees it. */
double *estimate_cells(const struct tally *t);

/* What a cell of which nothing is known counts with, in s: the mean over the others; NaN: nothing is known of any. */
double estimate_other(const double *cell_s, size_t cells);

/* Estimates the unfinished invocations of the first `blocks` blocks. */
struct estimate estimate_left(const struct tally *t, uint64_t blocks);

/* Adds "about 1 min 05 s", "unknown" if nothing was measured, or "nothing" if nothing is left. */
void estimate_say(const struct estimate *e, struct text *out);

#endif
