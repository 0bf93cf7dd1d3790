/* compare: two sets of records, cell by cell: their ratio, its interval, and what can be said of it. Pure. */
#ifndef TARE_COMPARE_H
#define TARE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "report/records.h"
#include "stats/stats_compare.h"
#include "stats/stats_series.h"

struct err;
struct noise;

enum compare_method { COMPARE_AUTO, COMPARE_T, COMPARE_BOOTSTRAP };

struct compare_options {
    const char *const *figure; /* none: what the profile is for */
    size_t figures;
    const char *across; /* keys, comma-separated, in which the cells of a pair may differ; NULL: none */
    double margin;      /* as 0.02 */
    enum compare_method method;
    uint64_t seed; /* of the bootstrap and the dip test */
    size_t resamples;
    bool force;                /* kinds that are not comparable are compared all the same */
    const struct noise *noise; /* the floor that was measured on this host; NULL: none */
};

/* One side of a row. */
struct compare_side {
    const struct pairs *cell;
    size_t used;         /* invocations with the figure */
    size_t failed;       /* that did not end well: left out */
    size_t missing;      /* that ended well and have no such figure: left out */
    const char *why_not; /* of the last of those two */
    double *value;       /* ascending, `used` of them; owned */
    double mean, median; /* NaN without any */
    size_t outliers;     /* among them, named and not dropped */
    double dip_p;        /* of one mode; NaN below 10 invocations */
    enum stats_steady steady;
    bool has_steady;
};

enum compare_finding {
    COMPARE_UNKNOWN,      /* no interval */
    COMPARE_INSIDE_NOISE, /* no farther from 1 than two runs of the same on this host were */
    COMPARE_NOT_SHOWN,
    COMPARE_DIFFERENT, /* Holm's p over all rows is below 5%, or the bootstrap interval leaves 1 out */
};

const char *compare_finding_name(enum compare_finding f);

/* One cell and one figure. */
struct compare_row {
    char *label; /* owned */
    const char *figure;
    bool more_is_less;
    struct compare_side a, b;
    struct stats_interval ratio95, ratio90; /* of B/A */
    double p, p_holm;                       /* NaN without an interval */
    bool bootstrapped;                      /* else Welch's t on logarithms */
    size_t nodes;            /* that were compared each with itself; 0: the records' nodes are not told apart */
    const char *node_note;   /* what the nodes do to the ratio, or NULL */
    double shift, dominance; /* Hodges-Lehmann B - A, Cliff's delta */
    double floor;            /* the noise floor, as 0.013; NaN: none was measured */
    bool floor_of_cell;      /* measured of this cell; else the greatest of the figure's */
    double margin;           /* that equivalence was judged at: the asked one, or the floor where it is wider */
    enum stats_equivalence equivalence;
    enum compare_finding finding;
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
    size_t differences, fields;            /* fields: of how many */
    const struct pairs **only_a, **only_b; /* cells without a counterpart */
    size_t only_as, only_bs;
    char *forced; /* what --force let through, or NULL; owned */
    bool emulated;
};

/* Compares. -EINVAL (usage): no cell in common, an unknown figure, kinds that are not comparable and no force. The
 * caller ends *ret with comparison_free(); it points into both records. */
int compare_records(const struct records *a, const struct records *b, const struct compare_options *o,
                    struct comparison *ret, struct err *e);

void comparison_free(struct comparison *c);

/* A condition of --fail-if. */
enum compare_condition_kind {
    CONDITION_SLOWER,
    CONDITION_FASTER,
    CONDITION_MEMORY,
    CONDITION_DIFFERENT,
    CONDITION_NOT_REPRODUCED,
    CONDITION_INCONCLUSIVE,
};

struct compare_condition {
    const char *text; /* as it was given */
    enum compare_condition_kind kind;
    double share; /* as 0.05; of the first three */
};

/* "slower:5%", "faster:0.1", "memory:10%", "different", "not-reproduced", "inconclusive". -EINVAL (usage). */
int compare_condition(const char *text, struct compare_condition *ret, struct err *e);

/* Whether the condition holds somewhere: then each place is a line of why. slower, faster, memory: the ratio is beyond
 * the share and the difference is shown. A row without an interval cannot be judged, which holds too, and says so: a
 * gate that lets pass what it could not see is none. */
bool compare_condition_holds(const struct compare_condition *condition, const struct comparison *c, struct text *why);

/* Truth: a figure of memory, in bytes. */
bool compare_is_bytes(const char *figure);

#endif
