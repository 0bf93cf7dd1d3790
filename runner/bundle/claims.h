/* claims: reads a paper's claims about its records (schema tare.claims/1) and judges whether the records support them.
 * Pure.
 *
 *     schema: tare.claims/1
 *     claims:
 *       - id: C1
 *         text: forkserver costs more than 1.5 times what threads cost
 *         ratio: {of: scenario1-processes-forkserver-overhead, to: scenario1-threads-overhead, figure: avg_iter_s}
 *         expect: {min: 1.5}
 *
 * A claim is one of
 *     ratio    {of, to, figure}     mean(of) / mean(to) is within expect
 *     order    {cells, figure}      each cell's mean is below the next one's; no expect
 *     bound    {of, figure}         the mean is within expect
 *     scaling  {cells, by, figure}  the figure grows with the key `by` of the cells' scenario, by an exponent in expect
 *     value    {of, figure}         as a bound, but meaningful only on the same class of hardware
 *
 * Cells are ids of the plan, figures are names in the records (record/records.h). Means are geometric. Slopes of
 * profile growth (record/growth.h), which may be 0 and below, have arithmetic means, and an order of them goes by
 * differences; a ratio of them takes every slope to be above 0. Equality is an expect with two edges, as {min: 0.98,
 * max: 1.02}.
 *
 * Old files may give a tolerance, a width up to which the estimate decided across an edge: if the truth was at the
 * edge, it called a claim supported in half of all runs. It is read but has no effect, and INCONCLUSIVE claims say so.
 */
#ifndef TARE_CLAIMS_H
#define TARE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_interval.h"
#include "base/text.h"

struct err;
struct figure_about;
struct plan;
struct records;
struct yaml;
struct yaml_node;

#define CLAIMS_SCHEMA "tare.claims/1"

enum claim_kind { CLAIM_RATIO, CLAIM_ORDER, CLAIM_BOUND, CLAIM_SCALING, CLAIM_VALUE };

struct claim {
    const char *id, *text;
    enum claim_kind kind;
    const char **cell; /* for a ratio: of, to */
    size_t cells;
    const char *figure, *by;       /* by: only for scaling, else NULL */
    double min, max;               /* NaN: not given */
    double tolerance;              /* from old files, without effect; NaN: not given */
    const struct yaml_node *place; /* for messages */
};

/* Starts as {0}; the owner ends it with claims_free(). */
struct claims {
    struct claim *list;
    size_t count;
    struct text bytes; /* the file */
    struct yaml *file; /* owns what list points to */
};

/* The verdict of one claim. */
enum claim_verdict {
    CLAIM_SUPPORTED,    /* the 95% interval is within expect; if the truth is at the edge, in at most 2.5% by chance */
    CLAIM_CONTRADICTED, /* the interval is outside of expect; likewise */
    CLAIM_INCONCLUSIVE, /* the interval crosses an edge, or there is none */
    CLAIM_NOT_RUN,      /* a cell has no figure */
};

#define CLAIM_VERDICTS 4

extern const char *const claim_verdict_names[];
extern const char *const claim_kind_names[];

struct judgement {
    enum claim_verdict verdict;
    struct stats_interval
        found;     /* 95%: the ratio, mean or exponent; for an order the smallest ratio of neighbours; `at` NaN: none */
    char why[240]; /* for INCONCLUSIVE and NOT RUN; else "" */
};

/* Parses a claims file; takes ownership of bytes in any case. -EINVAL (usage), one line with the place: a schema error,
 * a claim of no kind or of two, a duplicate or invalid id, an invalid number, min above max. */
int claims_parse(const char *name, struct text *bytes, struct claims *ret, struct err *e);

/* Checks that each cell in a claim is in the plan. -EINVAL (usage): the place, and what is allowed. */
int claims_check(const struct claims *c, const struct plan *plan, struct err *e);

/* Checks that each claim's figure is in the records; it may be unknown while no record of its cells ended well. -EINVAL
 * (usage): the place, and what is allowed. */
int claims_check_figures(const struct claims *c, const struct records *r, struct err *e);

/* Judges one claim by the records of its cells (invocation.plan_cell; in A/A plans the records of A). Times from
 * emulated machines do not count: NOT RUN. Intervals as in `tare compare` (analysis.h): for a ratio, t on logarithms
 * over nodes, else over the plan's blocks as pairs; likewise for a mean; for an exponent, least squares on logarithms.
 */
struct judgement claim_judge(const struct claim *c, const struct records *r);

/* --- one claim of many reproductions ----------------------------------------------------------------------------- */

/* What a claim's records give as one number: for an order each ratio of neighbours is one, else there is one. */
struct claim_effect {
    struct stats_interval found; /* as in a judgement; an order's intervals hold jointly */
    double at, variance; /* of found.at on the scale of its interval: ln(ratio), ln(mean), exponent; NaN: none */
    bool is_run;         /* false: why says why it is NOT RUN */
    char why[240];
};

size_t claim_effects(const struct claim *c);

/* part: below claim_effects(). */
struct claim_effect claim_effect(const struct claim *c, const struct records *r, size_t part);

/* Whether its effects' scale is logarithmic: not of an exponent, nor where slopes of profile growth, which may be 0 and
 * below, have arithmetic means, and an order of them differences. */
bool claim_is_on_logs(const struct claim *c);

/* The lower edge of what it expects; NaN: none. */
double claim_min(const struct claim *c);

/* The verdict of an interval: SUPPORTED within what the claim expects, CONTRADICTED outside, else INCONCLUSIVE with
 * why.
 */
struct judgement claim_judge_interval(const struct claim *c, struct stats_interval i);

/* Prints a value of the claim's in the unit of its figure. Returns buf. */
const char *claim_number(const struct claim *c, const struct figure_about *about, double value, char *buf, size_t cap);

/* Print them in the unit that the records declare: "more than 1.5", "2.31 [2.20, 2.43]", "36.1 MiB [35.9, 36.3]".
 * Return buf. */
const char *claim_expected(const struct claim *c, const struct records *r, char *buf, size_t cap);
const char *claim_found(const struct claim *c, const struct judgement *j, const struct records *r, char *buf,
                        size_t cap);

/* Whether a verdict counts for more where several parts of a claim have one: CONTRADICTED most, SUPPORTED least. */
bool claim_is_worse(enum claim_verdict a, enum claim_verdict b);

/* How many of the judgements have each verdict. */
void claims_count(const struct judgement *j, size_t count, size_t of[CLAIM_VERDICTS]);

/* Adds "claims: 3, 2 SUPPORTED, 1 NOT RUN". */
void claims_say_counts(size_t claims, const size_t of[CLAIM_VERDICTS], struct text *out);

/* 0: at least one claim was judged and all judged ones are SUPPORTED, or there are no claims. Else 1 (ERR_SAID_NO). */
int claims_status(size_t claims, const size_t of[CLAIM_VERDICTS]);

void claims_free(struct claims *c);

#endif
