/* tally: what of a plan is done, by the records in its folder. */
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

/* One invocation: a unit of the plan (a cell, or its A or A' of --aa) in one block. */
struct tally_one {
    char *file;       /* the record's name in the folder; NULL: it is not done. Owned */
    bool failed;      /* its workload did not end well; the record says why */
    double elapsed_s; /* what it took, from before its slice to after it; NaN: the record does not say */
    double figure;    /* what is weighed: of profile overhead the mean iteration in s, of memory the mean PSS in bytes;
                       * NaN: it has none */
    bool is_read;     /* its record is in tally.records */
};

/* Where in its plan a record is: label 0 none, 1 A, 2 A'. */
struct place_of_record {
    size_t cell;
    uint64_t block;
    int label;
};

/* Starts as {.units = …, .cells = …}; ended by tally_free(). */
struct tally {
    size_t cells, units;     /* of a block */
    struct tally_one *one;   /* of block b (from 0) and unit u: one[b * units + u] */
    size_t blocks;           /* that have room */
    const struct plan *plan; /* of tally_read(): its cells that are not run are not waited for; NULL: all are */
    size_t strangers;        /* records in the folder that are of no plan; they are not counted */
    /* Called with each record that counts, by its file's name and with its bytes; NULL: not. A negative errno ends the
     * reading. */
    int (*each)(void *to, const char *file, const struct place_of_record *at, const struct text *bytes, struct err *e);
    void *to;
    struct records records; /* those that were read, with details: what has been run since is not among them */
};

/* The unit of a cell and its label (0: none, 1: A, 2: A'). */
size_t tally_unit(const struct tally *t, size_t cell, int label);
size_t tally_cell(const struct tally *t, size_t unit);
int tally_label(const struct tally *t, size_t unit);
const char *tally_label_name(int label); /* "A", "A'"; NULL for 0 */

/* Whether its cell is run on this host. */
bool tally_is_run(const struct tally *t, size_t unit);

/* How many invocations of the first `blocks` blocks are. */
size_t tally_wanted(const struct tally *t, uint64_t blocks);

/* NULL where that block has not begun. */
const struct tally_one *tally_at(const struct tally *t, uint64_t block, size_t unit);

/* How many of the first `blocks` blocks' invocations are done, and how many of those failed. */
size_t tally_done(const struct tally *t, uint64_t blocks);
size_t tally_failed(const struct tally *t, uint64_t blocks);

/* Reads the folder's records. What is named as a record and is none, as after a crash, is said on stderr and, where
 * mend is true, moved to aside/; retry: records of failed invocations too. Where two are of one invocation the first by
 * name counts. -EINVAL (usage): a record of a newer schema, or of another plan. */
int tally_read(struct tally *t, const struct plan *plan, const struct folder *folder, const struct folder_plan *bound,
               bool mend, bool retry, struct err *e);

/* The same of one record alone, by its name; none of that name is no failure. */
int tally_read_one(struct tally *t, const struct plan *plan, const struct folder *folder,
                   const struct folder_plan *bound, const char *name, struct err *e);

/* Reads the records that have been run since into t->records, so that each was read once. */
int tally_read_rest(struct tally *t, const struct folder *folder, struct err *e);

/* Takes in what has just been run and saved under this name. */
void tally_add(struct tally *t, uint64_t block, size_t unit, const char *file, const struct record *r,
               double elapsed_s);

void tally_free(struct tally *t);

#endif
