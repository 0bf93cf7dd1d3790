/* summary: what is said of a set of records: its cells, each figure with its interval, and the ratio to threads. Made
 * once, by compare and stats; what is written of it (page, paper, tables) computes nothing. */
#ifndef TARE_SUMMARY_H
#define TARE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "analysis/stats_interval.h"
#include "base/figure.h"
#include "base/stats_series.h"
#include "record/records.h"

struct err;
struct text;

/* One cell and one figure, over the invocations that ended well. */
struct summary_figure {
    struct analysis_summary is; /* its mean is the one that is shown: geometric */
    size_t used;                /* invocations that have it */
    const char *why_not;        /* where none has: the record's reason, else NULL */
    struct analysis_ratio of;   /* the base's is A; its why_not where there is none */
    /* The ratio's interval and word, of one family: the figure that each cell is run for together, as tare compare has
     * it, and each other figure over the cells. The ratio is NaN where there is none. */
    struct analysis_verdict verdict;
    size_t runs; /* of the side that has fewer */
};

struct summary_cell {
    const struct keyset *cell;
    const struct invocation **invocation; /* ascending by id, which is by time; owned */
    size_t count, ok;
    char *id;    /* of [a-z0-9-], unique among these cells: names files, macros and places; owned */
    char *label; /* as people call it, without its profile; owned */
    const char *scenario, *mode, *start, *runtime, *profile; /* "" where the records have none */
    double workers;                                          /* NaN where the records have none */
    bool emulated;                                           /* its times are no measure */
    const struct summary_cell *base; /* threads of the same, on the free-threaded build where there is one; may be
                                      itself; NULL: there are none */
    struct summary_figure *figure;   /* one for each of records.name; owned */
    enum stats_steady steady;        /* of all its invocations */
    const struct invocation
        *typical; /* whose mean iteration is the median one's (the lower of two); NULL: none is ok */
};

struct summary {
    struct records records;    /* by time; of summary_make() borrowed */
    bool is_owner;             /* of the records */
    struct summary_cell *cell; /* by scenario, profile, mode, start method, runtime, workers */
    size_t cells;
};

/* Reads these records, files or folders, each once, and works them out. Where they lie does not matter: the same
 * records make the same summary. drawn: every iteration and sample is kept, for drawings. Errors as records_read(). The
 * caller ends *ret with summary_free(). */
int summary_read(const char *const *paths, size_t count, bool drawn, struct summary *ret, struct err *e);

/* Of records that were read with steady and details, and for drawings with iterations and points. Sorts their list by
 * id; they have to outlive the summary. */
void summary_make(struct records *r, struct summary *ret);

void summary_free(struct summary *s);

/* What two sides are the same within. */
#define SUMMARY_MARGIN 0.02

/* The verdict in words (words.h) of a cell that was compared with another; "" of one that was not. */
const char *summary_verdict(const struct summary *s, const struct summary_cell *c, size_t index, char *buf);

/* Why two cells are not compared in this figure: measured in different ways, or in emulated times. NULL: they are. */
const char *summary_incomparable(const struct summary *s, const struct summary_cell *a, const struct summary_cell *b,
                                 const char *figure);

/* The number of the cell's first rate of which more is better; below 0: it has none. */
int summary_rate(const struct summary *s, const struct summary_cell *c);

/* A figure, by its number, of one cell against that of another, base; runs: of the side that has fewer. */
struct analysis_ratio summary_ratio(const struct summary *s, const struct summary_cell *base,
                                    const struct summary_cell *c, size_t index, size_t *runs);

/* The figure of a cell by its name; NULL: no record has one of that name. */
const struct summary_figure *summary_figure(const struct summary *s, const struct summary_cell *c, const char *name);

/* Truth: of profile memory. */
bool summary_is_memory(const struct summary_cell *c);

/* Adds the cell's label without its workers: what it has in common with cells of other numbers of them. */
void summary_curve_name(const struct summary_cell *c, struct text *out);

/* How a figure is shown. */
struct summary_unit {
    const char *name;  /* the figure's */
    const char *title; /* "mean time of an iteration" */
    const char *unit;  /* "ms"; "" where it has none that is known */
    double scale;      /* from the record's unit to this one */
};

/* Never NULL; the title of an unknown figure is its name. */
struct summary_unit summary_unit(const struct summary *s, const char *figure);

/* What has to be said with the figures, a line each that begins with "* ": checks of the isolation that do not hold,
 * emulated times, missed samples, nodes, invocations that failed. */
void summary_notes(const struct summary *s, struct text *out);

/* What the records say, a sentence a line that begins with "LABEL: ": each mode's memory, or its time, beside threads'.
 * "" where no cell is run for that. The caller frees it. */
char *summary_answer(const struct summary *s, bool memory);

#endif
