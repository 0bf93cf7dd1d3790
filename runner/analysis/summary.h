/* summary: the results of a set of records: its cells, each figure with its interval, and how it is to that of threads.
 * Computed once, by compare and stats; page, paper and tables only show it. */
#ifndef TARE_SUMMARY_H
#define TARE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/stats_interval.h"
#include "base/figure.h"
#include "base/stats_series.h"
#include "record/records.h"

struct err;
struct text;

/* One figure of one cell, over its successful invocations. */
struct summary_figure {
    struct analysis_summary is; /* its geometric mean is the shown one */
    size_t used;                /* invocations with the figure */
    const char *why_not;        /* if none has it, the record's reason; else NULL */
    /* Against the base, which is A: of the ratio, of slopes the difference, the interval and verdict. The cells' main
     * figures are one family, as in tare compare; every other figure is a family over the cells. NaN: there is none. */
    struct analysis_verdict verdict;
};

struct summary_cell {
    const struct keyset *cell;
    const struct invocation **invocation; /* by id, which is by time; owned */
    size_t count, ok;
    char *id;    /* of [a-z0-9-], unique among these cells, for names of files, macros and places; owned */
    char *label; /* the name for readers, without the profile; owned */
    const char *scenario, *mode, *start, *runtime, *profile; /* "": the records have none */
    double workers;                                          /* NaN: the records have none */
    bool emulated;                                           /* its times are not measurements */
    const struct summary_cell *base; /* the cell of threads to compare with, on the free-threaded build if there is one;
                                        may be the cell itself; NULL: none */
    size_t main;                     /* the figure that is compared with the base's, by its index */
    struct analysis_verdict verdict; /* of that one */
    enum stats_steady steady;        /* the class over all its invocations */
    const struct invocation
        *typical; /* the invocation with the median mean iteration (the lower of two); NULL: none succeeded */
};

struct summary {
    struct records records;    /* by time; borrowed with summary_make() */
    bool is_owner;             /* owns the records */
    struct summary_cell *cell; /* by scenario, profile, mode, start method, runtime, workers */
    size_t cells;
    struct summary_figure **figure; /* by index: of each cell, made where it is first asked for, since few are of ten
                                     * thousand cells; owned */
};

/* Reads records from files or folders, each once, and computes the summary. Their places do not matter: the same
 * records make the same summary. drawn: keeps every iteration and sample, for drawings. Errors as records_read(). The
 * caller ends *ret with summary_free(). */
int summary_read(const char *const *paths, size_t count, bool drawn, struct summary *ret, struct err *e);

/* The same from records that were read with steady and details, and for drawings with iterations and points. Sorts
 * their list by id; they must outlive the summary. */
void summary_make(struct records *r, struct summary *ret);

void summary_free(struct summary *s);
#define cleanup_summary __attribute__((cleanup(summary_free)))

/* The verdict in words (words.h) on a cell's comparison; "": not compared. */
const char *summary_verdict(const struct summary *s, const struct summary_cell *c, size_t index, char *buf);

/* Why two cells are not compared in this figure: measured in different ways, or emulated times. NULL: they can be
 * compared. */
const char *summary_incomparable(const struct summary *s, const struct summary_cell *a, const struct summary_cell *b,
                                 const char *figure);

/* The index of the cell's first rate of which more is better; below 0: none. */
int summary_rate(const struct summary *s, const struct summary_cell *c);

/* A figure (by index) of one cell against that of `base`: the ratio, of slopes the difference. */
struct analysis_ratio summary_effect(const struct summary *s, const struct summary_cell *base,
                                     const struct summary_cell *c, size_t index);

/* A cell's figure by its index among the records' names. */
const struct summary_figure *summary_at(const struct summary *s, const struct summary_cell *c, size_t index);

/* A cell's figure by name; NULL: no record has it. */
const struct summary_figure *summary_figure(const struct summary *s, const struct summary_cell *c, const char *name);

/* The name of the first plan that a record is of; NULL: none is of any. */
const char *summary_plan(const struct summary *s);

/* Its invocations as a group, which borrows them. */
struct cell_group summary_group(const struct summary_cell *c);

/* Whether the cell has profile memory. */
bool summary_is_memory(const struct summary_cell *c);

/* Adds the cell's label without its workers, which its curve shares. */
void summary_curve_name(const struct summary_cell *c, struct text *out);

/* Adds the notes that belong to the figures, one per line, each after "* ": failed isolation checks, emulated times,
 * missed samples, nodes, failed invocations. */
void summary_notes(const struct summary *s, struct text *out);

/* If the cell is of threads that took turns, since their interpreter has a GIL or a module turned it on, adds a note
 * that says so: whoever names a venv's interpreter or imports a package may not think of it. */
void summary_note_gil(const struct summary_cell *c, struct text *out);

/* The answer: one sentence per line after "LABEL: ", each mode's memory, or its time, compared with threads'. "": no
 * cell measures that. The caller frees it. */
char *summary_answer(const struct summary *s, bool memory);

#endif
