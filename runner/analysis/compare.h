/* compare: two sets of records, cell by cell: their ratio, its interval, and what can be said of it. Pure. */
#ifndef TARE_COMPARE_H
#define TARE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "base/figure.h"
#include "base/stats_series.h"
#include "base/text.h"
#include "record/records.h"

struct err;
struct noise;

/* The invocations of a pair of cells. */
struct cell_pair {
    const struct cell_group *a, *b;
};

struct compare_options {
    const char *const *figure; /* none: what the profile is for */
    size_t figures;
    const char *across;        /* keys, comma-separated, in which the cells of a pair may differ; NULL: none */
    bool between;              /* the sides are told apart where they are named: no row says it again */
    double margin;             /* as 0.02 */
    double growth_margin;      /* of slopes: bytes per 1,000 iterations */
    bool as_ratios;            /* slopes too, whose ratio a claim speaks of */
    uint64_t seed;             /* of the dip test, or ANALYSIS_NO_DIP */
    bool force;                /* kinds that are not comparable are compared all the same */
    const struct noise *noise; /* that was measured on this host; NULL: none */
};

/* One side of a row. */
struct compare_side {
    const struct keyset *cell;
    size_t used;                /* invocations with the figure */
    size_t failed;              /* that did not end well: left out */
    size_t missing;             /* that ended well and have no such figure: left out */
    const char *why_not;        /* of the last of those two */
    double *value;              /* ascending, `used` of them; owned */
    struct analysis_summary is; /* of all of them */
    double mean;                /* geometric: of those whose ratio it is; NaN: is.mean.why_not */
    enum stats_steady steady;
    bool has_steady;
};

/* One cell and one figure. */
struct compare_row {
    char *label; /* owned */
    const char *figure;
    struct figure_about about;
    struct compare_side a, b;
    struct analysis_ratio ratio;     /* of B/A, of slopes B - A */
    struct analysis_verdict verdict; /* its interval is the one to show: of all rows together */
    struct analysis_noise noise;     /* of the figure on this host; cells 0: none was measured */
    double shift, dominance;         /* Hodges-Lehmann B - A, Cliff's delta */
};

/* A field of the environment in which the sides differ; each value with how many records have it where there are
 * several. */
struct compare_difference {
    const char *key;
    char *a, *b; /* owned */
};

struct comparison {
    struct compare_row *row;
    size_t rows;
    struct compare_difference *difference;
    size_t differences, fields;    /* fields: of how many */
    struct keysets only_a, only_b; /* cells without a counterpart */
    char *forced;                  /* what --force let through, or NULL; owned */
    bool emulated;
};

/* Compares. -EINVAL (usage): no cell in common, an unknown figure, kinds that are not comparable and no force,
 * a figure that the two declare as something else each. The caller ends *ret with comparison_free(); it points into
 * both records. */
int compare_records(const struct records *a, const struct records *b, const struct compare_options *o,
                    struct comparison *ret, struct err *e);

/* The figure that is compared of a pair where none is named: what its cells are run for, memory, a rate or a time. */
const char *compare_own_figure(const struct records *ra, const struct records *rb, const struct cell_pair *p);

/* What a figure is: as A's records declare it, or else B's, or else by its name. */
struct figure_about compare_about(const struct records *ra, const struct records *rb, const char *figure);

void comparison_free(struct comparison *c);

/* From an A/A comparison, made without noise: a row for each of its that has an interval. of: any of its records, for
 * the host. within_run: as above. -EINVAL (usage): no row has an interval; why it has none is named. */
int compare_noise(const struct comparison *aa, const struct invocation *of, bool within_run, struct noise *ret,
                  struct err *e);

/* A condition of --fail-if. */
enum compare_condition_kind {
    CONDITION_SLOWER,
    CONDITION_FASTER,
    CONDITION_MEMORY,
    CONDITION_GROWTH,
    CONDITION_DIFFERENT,
    CONDITION_NOT_SAME,
    CONDITION_UNCLEAR,
};

struct compare_condition {
    const char *text; /* as it was given */
    enum compare_condition_kind kind;
    double share; /* as 0.05; of the first three. Of growth bytes per 1,000 iterations */
};

/* "slower:5%", "faster:0.1", "memory:10%", "growth:64K", "different", "not-same", "unclear"; of before,
 * "not-reproduced" for not-same and "inconclusive" for unclear. -EINVAL (usage). */
int compare_condition(const char *text, struct compare_condition *ret, struct err *e);

/* Whether it can be said of such a figure: slower and faster of a time or a rate of which one is better, memory of
 * memory, growth of a slope, the others of any. */
bool compare_concerns(const struct compare_condition *c, const struct figure_about *about);

/* -EINVAL (usage): one of the conditions concerns no row at all, and could neither hold nor pass. */
int compare_conditions_check(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct err *e);

/* Whether one of the conditions holds. Each is looked for in every row that it concerns, and has three ends:
 *
 * - it holds: slower, faster, memory, growth: the interval shows a difference, and the estimate is beyond the share;
 *   different: the interval leaves 1 out; not-same: all of it lies beyond the margin. Also where there is no interval:
 * a gate that lets pass what it could not see is none.
 * - it does not: slower, faster, memory, growth: no end of the interval is beyond the share; different, not-same: the
 *   verdict is "same".
 * - cannot tell: else. It is a line in *unclear, which says when the host's noise is why, and fails nothing by itself;
 *   the condition "unclear" holds wherever another one cannot tell, and where it is the only one, wherever a row's
 *   verdict is unclear.
 *
 * Slower, faster: of times and rates, by the figure's better direction; a figure that has none is never slower. memory:
 * of memory. growth: of slopes, by their difference. held, unclear: a line each, may not be NULL. */
bool compare_conditions_hold(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct text *held, struct text *unclear);

#endif
