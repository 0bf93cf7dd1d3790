/* claims: what a paper claims of its records, in a file of its own (schema tare.claims/1), and whether the records bear
 * it out. Pure.
 *
 *     schema: tare.claims/1
 *     claims:
 *       - id: C1
 *         text: forkserver costs more than 1.5 times what threads cost
 *         ratio: {of: scenario1-processes-forkserver-overhead, to: scenario1-threads-overhead, figure: avg_iter_s}
 *         expect: {min: 1.5}
 *
 * A claim is one of
 *     ratio    {of, to, figure}     mean(of) / mean(to), expected to lie in expect; means are geometric
 *     order    {cells, figure}      each cell's mean below the next one's; no expect
 *     bound    {of, figure}         the mean, expected to lie in expect
 *     scaling  {cells, by, figure}  the exponent with which the figure grows with the key `by` of the cells' scenario
 *     value    {of, figure}         as a bound; it means something on the same class of hardware alone
 * cells by their plan's ids, figures by the records' names (record/records.h). To be equal is to lie in an expect of
 * two edges, as {min: 0.98, max: 1.02}.
 *
 * A file of before may give a tolerance, a width up to which the estimate decided across an edge: where the truth lay
 * at the edge it called a claim supported in half of all runs. It is read, decides nothing, and what is INCONCLUSIVE
 * says so. */
#ifndef TARE_CLAIMS_H
#define TARE_CLAIMS_H

#include <stddef.h>

#include "analysis/stats_interval.h"
#include "base/text.h"

struct err;
struct plan;
struct records;
struct yaml;
struct yaml_node;

#define CLAIMS_SCHEMA "tare.claims/1"

enum claim_kind { CLAIM_RATIO, CLAIM_ORDER, CLAIM_BOUND, CLAIM_SCALING, CLAIM_VALUE };

struct claim {
    const char *id, *text;
    enum claim_kind kind;
    const char **cell; /* of a ratio `of` and `to` */
    size_t cells;
    const char *figure, *by;       /* by: of scaling alone, else NULL */
    double min, max;               /* NaN: not given */
    double tolerance;              /* of a file of before; NaN: not given. It decides nothing */
    const struct yaml_node *place; /* of what its kind says */
};

/* Starts as {0}; the owner ends it with claims_free(). */
struct claims {
    struct claim *list;
    size_t count;
    struct text bytes; /* of the file */
    struct yaml *file; /* what list points into */
};

/* The verdict of one claim. */
enum claim_verdict {
    CLAIM_SUPPORTED, /* the 95% interval lies within what is expected: by chance in at most 2.5% where the truth lies at
                      * its edge */
    CLAIM_CONTRADICTED, /* outside: the same */
    CLAIM_INCONCLUSIVE, /* across the edge, or no interval */
    CLAIM_NOT_RUN,      /* a cell has no figure */
};

#define CLAIM_VERDICTS 4

const char *claim_verdict_name(enum claim_verdict v);
const char *claim_kind_name(enum claim_kind k);

struct judgement {
    enum claim_verdict verdict;
    struct stats_interval found; /* of the ratio, the mean or the exponent, 95%; of an order the least of the ratios of
                                  * neighbours; at NaN where there is none */
    char why[240];               /* of INCONCLUSIVE and NOT RUN; else "" */
};

/* Reads a claims file (bytes are taken over in any case). -EINVAL (usage): one line with the place: a schema error, a
 * claim of no kind or of two, an id that is there twice or is no word, a number that is none, min above max. */
int claims_parse(const char *name, struct text *bytes, struct claims *ret, struct err *e);

/* Whether each cell that a claim names is one of the plan. -EINVAL (usage): the place, and what is allowed. */
int claims_check(const struct claims *c, const struct plan *plan, struct err *e);

/* Whether each claim's figure is one of the records'. One of whose cells no record ended well may be unknown yet.
 * -EINVAL (usage): the place, and what is allowed. */
int claims_check_figures(const struct claims *c, const struct records *r, struct err *e);

/* Judges one claim by the records of its cells (invocation.plan_cell; of A/A plans the records of A). A time of an
 * emulated machine is no measure: NOT RUN. Intervals as `tare compare` has them: t on logarithms for a ratio, over
 * nodes, else the plan's blocks as pairs, and for a mean (analysis.h); least squares on logarithms for an exponent. */
struct judgement claim_judge(const struct claim *c, const struct records *r);

/* As people read them, in the unit that the records declare: "more than 1.5", "2.31 [2.20, 2.43]", "36.1 MiB
 * [35.9, 36.3]"; in a buffer of the caller's, which is returned. */
const char *claim_expected(const struct claim *c, const struct records *r, char *buf, size_t cap);
const char *claim_found(const struct claim *c, const struct judgement *j, const struct records *r, char *buf,
                        size_t cap);

void claims_free(struct claims *c);

#endif
