/* analysis: the invocations of one cell, or of two beside each other, and what may be said of them. All commands take
 * their figures, ratios, intervals and verdicts from here. Pure.
 *
 * One estimand: the mean of an invocation's figure is the geometric mean over invocations, a ratio is that of two
 * geometric means, at every number of invocations. Every interval is Student's or Welch's t on logarithms. A slope,
 * which can be 0 and below, has an arithmetic mean, a difference, and the same t on the values themselves. The rules'
 * error rates are in tests/calibrate/README.md, which `make calibrate` writes. */
#ifndef TARE_ANALYSIS_H
#define TARE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/stats_interval.h"

/* The name of the mean wherever it is shown. */
#define ANALYSIS_MEAN_NAME "geometric mean"

#define ANALYSIS_CONFIDENCE 0.95 /* of every interval that is shown, if several: of all of them together */

#define ANALYSIS_RUNS_MAX 100000 /* more invocations a side are never suggested */

/* Up to which two cells are the same, where nothing else is asked for: a share of the ratio; of slopes bytes per 1,000
 * iterations. */
#define ANALYSIS_MARGIN        0.02
#define ANALYSIS_GROWTH_MARGIN (64 << 10)

/* In how many comparisons the number of runs that "would do" decides. */
#define ANALYSIS_POWER 0.80

/* With fewer invocations per side the verdict is never "the same", equal constants included: a mode that occurs in one
 * run in ten on one side and one in five on the other stays unseen on both in (0.9 * 0.8)^n of comparisons, which is
 * below 1% from 15 on, and 19% at five. */
#define ANALYSIS_SAME_MIN 15

/* One invocation's figure. Lists of them are in order of time. */
struct analysis_value {
    double value;
    const char *node; /* NULL or "": unknown */
    uint64_t block;   /* block of the plan, from 1; 0: none */
};

/* --- one cell ----------------------------------------------------------------------------------------------------- */

struct analysis_summary {
    size_t n;
    struct stats_interval mean;   /* geometric; by t on logarithms, so that it stays above 0 */
    double log_variance;          /* of the mean's logarithm; NaN: the mean has no interval */
    struct stats_interval median; /* by order statistics (Le Boudec 2010, Theorem 2.1); needs 6 values */
    struct stats_interval p95;    /* the same; needs 59 values */
    double min, max;              /* NaN: no value */
    double sd;                    /* standard deviation about the arithmetic mean; NaN with fewer than 2 values */
    double lag1;                  /* correlation of neighbours, corrected for bias; NaN with fewer than 10 values */
    bool is_constant;             /* every value is the same */
    size_t outliers;              /* values far from the rest (stats_outliers()); reported, never dropped */
    double dip_p;                 /* p of a single mode (stats_modes.h); NaN: dip_why says why */
    const char *outliers_why, *dip_why; /* why they are missing, or NULL */
};

#define ANALYSIS_NO_DIP UINT64_MAX

/* Summarises a cell's values. A value at or below 0 leaves no geometric mean, only the median. If the values name
 * several nodes, the mean is over the nodes' means, and neither outliers nor several modes are looked for. seed: of the
 * dip test's simulation, which takes milliseconds; ANALYSIS_NO_DIP: no dip test, and dip_why says so. plain: of slopes,
 * which can be 0 and below: the mean is the arithmetic one, its t on the values themselves, and log_variance is that
 * mean's own. */
struct analysis_summary analysis_summary(const struct analysis_value *v, size_t n, bool plain, uint64_t seed);

/* --- two cells ---------------------------------------------------------------------------------------------------- */

enum analysis_method {
    ANALYSIS_NONE,    /* no interval: see why_not */
    ANALYSIS_WELCH,   /* invocations of both sides, independent of each other */
    ANALYSIS_PAIRS,   /* blocks of one run of a plan, each a pair */
    ANALYSIS_NODES,   /* nodes, each a pair of means */
    ANALYSIS_CONSTANT /* each side's values are all equal: the ratio is known up to their resolution */
};

extern const char *const analysis_method_names[]; /* "none", "Welch's t on logarithms", … */

/* The variance of a log ratio between two runs of the same, beyond what their invocations explain. {0}: none. */
struct analysis_noise {
    double variance; /* of ln(B/A) */
    double quartic;  /* variance^2 / df: its term in Satterthwaite's sum */
    size_t cells;    /* the cells it was measured with */
    double p;        /* p of there being none */
};

struct analysis_ratio;

/* From the A/A ratios of one figure, made without noise: mean(log^2 - variance) over those that have an interval, where
 * it is shown at 2.5% that there is more than the invocations' own spread (each t as the normal deviate of its p, the
 * squares against chi^2; Fisher 1932 in Lancaster's form, Biometrika 48, 1961), else 0: what one A/A of five
 * invocations cannot tell from nothing is not put on every interval of the host. The quartic is that of a combination
 * of mean squares (Satterthwaite 1946; Searle, Casella and McCulloch, Variance Components, 1992, section 2.3). Its
 * degrees of freedom, variance^2/quartic, are about the number of cells at most. */
struct analysis_noise analysis_noise_of(const struct analysis_ratio *aa, size_t count);

/* B compared with A. */
struct analysis_ratio {
    enum analysis_method method;
    bool is_difference;    /* of slopes: log, variance and noise are of B - A, the means arithmetic */
    double tolerance;      /* of a difference: up to which the two are the same, in the figure's unit */
    double log;            /* ln(B/A), or B - A; NaN where there is none */
    double a_mean, b_mean; /* the geometric means whose ratio it is */
    double variance, df;   /* of log, all parts together */
    double noise_variance; /* the host's noise in it */
    size_t a_used, b_used; /* invocations */
    size_t nodes;          /* nodes that both sides have; 0: unknown or none in common */
    size_t pairs;          /* blocks or nodes of the t; 0: Welch */
    double lag1;           /* as in analysis_summary, of both sides or of the pairs; NaN: unknown */
    double inflation;      /* the factor by which serial correlation increased the variance; 1: none */
    bool zero_side;        /* one side is all 0, the other is not */
    const char *note;      /* how nodes and blocks affect the ratio, or NULL */
    const char *why_not;   /* NULL: there is an interval */
};

/* Compares two sides. The plan's design decides on pairs, never the data: nodes, if both sides have two or more in
 * common; else blocks, if one run of one plan gave both sides in blocks (same_run); else Welch. No value may be NaN or
 * infinite. resolution: the figure's (base/figure.h). noise: NULL is allowed. */
struct analysis_ratio analysis_ratio(const struct analysis_value *a, size_t a_count, const struct analysis_value *b,
                                     size_t b_count, bool same_run, double resolution,
                                     const struct analysis_noise *noise);

/* The difference B - A of slopes, by the same choice of what is paired. tolerance: as above. */
struct analysis_ratio analysis_difference(const struct analysis_value *a, size_t a_count,
                                          const struct analysis_value *b, size_t b_count, bool same_run,
                                          double tolerance, const struct analysis_noise *noise);

/* The ratio's interval: exp(log -+ t(1 - (1 - confidence)/2; df) sqrt(variance)); a difference's: without exp. */
struct stats_interval analysis_interval(const struct analysis_ratio *r, double confidence);

/* --- several cells ------------------------------------------------------------------------------------------------ */

/* One cell's part of a contrast. */
struct analysis_term {
    const struct analysis_value *value; /* borrowed */
    size_t count;
    double weight; /* weight of the mean of their logarithms; 0: not used */
};

/* The variance of sum(weight * mean of logarithms) over cells. A ratio is the contrast of weights -1 and 1; for another
 * smooth function of the means the weights are its derivatives, and the variance is the delta method's (Oehlert, The
 * American Statistician 46(1), 1992). */
struct analysis_contrast {
    enum analysis_method method; /* chosen as by analysis_ratio(): nodes, blocks, else samples */
    double variance, df;         /* NaN: none */
    size_t n;                    /* blocks, nodes, or the invocations of the cell with the fewest */
    const char *why_not;         /* NULL: the above are known */
};

/* Each node's or block's own sum is one value of a t; for independent samples it uses Welch's and Satterthwaite's
 * variance. same_run: one run of one plan gave all of them. why_not: fewer than 5 invocations or blocks, or a value
 * that is not above 0. */
struct analysis_contrast analysis_contrast(const struct analysis_term *term, size_t terms, bool same_run);

/* --- a family of them --------------------------------------------------------------------------------------------- */

enum analysis_word {
    ANALYSIS_UNKNOWN, /* no interval */
    ANALYSIS_UNCLEAR, /* the interval allows both */
    ANALYSIS_SAME,    /* the interval lies within the margin */
    ANALYSIS_GREATER, /* it lies above 1 and not within the margin: B is greater */
    ANALYSIS_LESS,    /* the same below 1 */
};

struct analysis_verdict {
    enum analysis_word word;
    struct stats_interval ratio; /* the simultaneous 95% interval: it alone decides, and it is what is shown */
    bool is_difference;          /* it is of B - A, and what leaves 1 out leaves 0 out */
    double tolerance;            /* as of the ratio */
    bool differs;                /* it leaves 1 out: also within the margin */
    bool is_outside;             /* all of it lies beyond the margin */
    double p;                    /* two-sided of no difference, times the rows (Bonferroni), at most 1: below 5% exactly
                                  * where the interval leaves 1 out; NaN without */
    double half_width;           /* of the interval, as 0.06, or in the unit of a difference; NaN without */
    size_t used;                 /* invocations of the side with fewer; of nodes their number */
    size_t runs;                 /* unclear: with so many of them it would be told (analysis_runs()); 0: no number would
                                  * do. Else 0 */
    bool of_nodes;               /* those two are nodes */
    bool is_few;                 /* unclear though the interval lies within the margin: below ANALYSIS_SAME_MIN */
    bool is_noise;               /* unclear, and would not be without the host's noise in it */
    const char *why;             /* of ANALYSIS_UNCLEAR and ANALYSIS_UNKNOWN, where it is not the width; or NULL */
};

/* Judges all rows of one comparison as one family: each interval has the confidence 1 - 0.05/m, m the rows that have
 * one, so that in 95 of 100 comparisons all of them hold (Bonferroni; Dunn, JASA 56, 1961), whatever the rows share: a
 * base, a host. Both verdicts take the same interval (an interval within the margin is Schuirmann's two one-sided
 * tests, 1987, at 2.5% and less), so that neither family errs in more than 5%, slow modes that nobody has seen aside
 * (ANALYSIS_SAME_MIN). margin: of the ratio, 0.02 allows 1/1.02
 * to 1.02; a difference has its tolerance. One ret a row. */
void analysis_judge(const struct analysis_ratio *row, size_t rows, double margin, struct analysis_verdict *ret);

/* The least number of invocations a side (of nodes, where r is over nodes) with which an interval of this confidence
 * decides in 80 of 100 comparisons, if the two are the same or differ by the margin and more: t(confidence) + t(power)
 * standard errors within the margin, the power two-sided since the same has two edges (Julious, Statistics in Medicine
 * 23, 2004, sections 4 and 5). Of two that differ by less than the margin no number decides more often than chance.
 * Of invocations never below ANALYSIS_SAME_MIN; 0: more than 100,000. */
size_t analysis_runs(const struct analysis_ratio *r, double margin, double confidence);

#endif
