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

/* What the mean is called wherever it is shown. */
#define ANALYSIS_MEAN_NAME "geometric mean"

#define ANALYSIS_CONFIDENCE 0.95

/* Invocations on each side below which "the same" is never said: a mode that one run in ten of one side has and one in
 * five of the other goes unseen on both in (0.9 * 0.8)^n of comparisons, which is below 1% from 15 on. */
#define ANALYSIS_SAME_MIN 15

/* One invocation's figure. Invocations are given in the order of time. */
struct analysis_value {
    double value;
    const char *node; /* NULL and "": not known */
    uint64_t block;   /* of its plan, from 1; 0: none */
};

/* --- one cell ----------------------------------------------------------------------------------------------------- */

struct analysis_summary {
    size_t n;
    struct stats_interval mean;   /* geometric; t on logarithms, so that it never leaves what is above 0 */
    double log_variance;          /* of the mean's logarithm; NaN where the mean has no interval */
    struct stats_interval median; /* by order statistics (Le Boudec 2010, Theorem 2.1): from 6 values on */
    struct stats_interval p95;    /* the same: from 59 values on */
    double min, max;              /* NaN without any */
    double sd;                    /* standard deviation, about the arithmetic mean; NaN below 2 values */
    double lag1;                  /* correlation of neighbours, corrected for its bias; NaN below 10 values */
    double effective;             /* as many independent invocations would tell as much; n where lag1 is not shown */
    bool is_constant;             /* every value is the same */
    size_t outliers;              /* far from the rest (stats_outliers()); named, never dropped */
    double dip_p;                 /* of one mode (stats_modes.h); NaN where dip_why says why */
    const char *outliers_why, *dip_why; /* why they were not looked for, or NULL */
};

#define ANALYSIS_NO_DIP UINT64_MAX

/* A value at or below 0 leaves no geometric mean: the median stays. Over the means of nodes where the values name
 * several. seed: of the dip test's simulation, which takes milliseconds; ANALYSIS_NO_DIP: it is not made, and dip_why
 * says so. */
struct analysis_summary analysis_summary(const struct analysis_value *v, size_t n, uint64_t seed);

/* Of slopes, which can be 0 and below: the mean is the arithmetic one, its t on the values themselves, and log_variance
 * is that mean's own. */
struct analysis_summary analysis_summary_of_slopes(const struct analysis_value *v, size_t n, uint64_t seed);

/* --- two cells ---------------------------------------------------------------------------------------------------- */

enum analysis_method {
    ANALYSIS_NONE,    /* why_not says why */
    ANALYSIS_WELCH,   /* invocations of both sides, independent of each other */
    ANALYSIS_PAIRS,   /* blocks of one run of a plan, each a pair */
    ANALYSIS_NODES,   /* nodes, each a pair of means */
    ANALYSIS_CONSTANT /* every value of a side is the same: only their resolution is between them */
};

/* "Welch's t on logarithms", "t on logarithms of pairs (blocks)", … */
const char *analysis_method_name(enum analysis_method m);

/* A variance of a log ratio that the invocations do not tell of: what two runs of the same are apart by beyond what
 * their invocations make of it. {0}: none. */
struct analysis_noise {
    double variance; /* of ln(B/A) */
    double quartic;  /* variance^2 / df: what it brings to Satterthwaite's sum */
    size_t cells;    /* that it was measured by */
    double p;        /* of there being none */
};

struct analysis_ratio;

/* From the A/A ratios of one figure, made without noise: mean(log^2 - variance) over those that have an interval, where
 * it is shown at 2.5% that there is more than the invocations' own spread (each t as the normal deviate of its p, the
 * squares against chi^2; Fisher 1932 in Lancaster's form, Biometrika 48, 1961), else 0: what one A/A of five
 * invocations cannot tell from nothing is not put on every interval of the host. The quartic is that of a combination
 * of mean squares (Satterthwaite 1946; Searle, Casella and McCulloch, Variance Components, 1992, section 2.3). Its
 * degrees of freedom, variance^2/quartic, are about the number of cells at most. */
struct analysis_noise analysis_noise_of(const struct analysis_ratio *aa, size_t count);

/* B against A. */
struct analysis_ratio {
    enum analysis_method method;
    bool is_difference;    /* of slopes: log, variance and noise are of B - A, the means arithmetic */
    double tolerance;      /* of a difference: up to which the two are the same, in the figure's unit */
    double log;            /* ln(B/A), or B - A; NaN where there is none */
    double a_mean, b_mean; /* the geometric means whose ratio it is */
    double variance, df;   /* of log, everything in it */
    double noise_variance; /* the part of it that is the host's noise */
    size_t a_used, b_used; /* invocations */
    size_t nodes;          /* that both sides have; 0: not known or none in common */
    size_t pairs;          /* blocks, or nodes, that the t is over; 0 of Welch */
    double lag1;           /* as in analysis_summary, of both sides or of the pairs; NaN not known */
    double inflation;      /* by how much serial correlation made the variance greater: 1 none */
    bool zero_side;        /* one side is 0 throughout, the other is not */
    const char *note;      /* what nodes and blocks do to the ratio, or NULL */
    const char *why_not;   /* NULL: there is an interval */
};

/* The plan's design decides what is paired, never the data: nodes where both sides have two and more in common; else
 * blocks where one run of one plan gave both sides in blocks (same_run); else Welch. NaN and infinite values must not
 * be given. resolution: of the figure (about.h). noise: NULL none. */
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
    double weight; /* of the mean of their logarithms; 0: it has no part in it */
};

/* The variance of sum(weight * mean of logarithms) over cells: a ratio is the contrast of weights -1 and 1; of another
 * smooth function of the means its derivatives are the weights, and the variance is the delta method's (Oehlert, The
 * American Statistician 46(1), 1992). */
struct analysis_contrast {
    enum analysis_method method; /* as analysis_ratio() chooses it: nodes, blocks, else samples */
    double variance, df;         /* NaN where there are none */
    size_t n;                    /* blocks, nodes, or the invocations of the cell that has fewest */
    const char *why_not;         /* NULL: they are there */
};

/* Each node's, or each block's, own sum is one value of a t; of samples that are neither it is Welch's and
 * Satterthwaite's variance. same_run: one run of one plan gave all of them. why_not: below 5 invocations or blocks, a
 * value that is not above 0. */
struct analysis_contrast analysis_contrast(const struct analysis_term *term, size_t terms, bool same_run);

/* --- a family of them --------------------------------------------------------------------------------------------- */

enum analysis_word {
    ANALYSIS_UNKNOWN, /* there is no interval */
    ANALYSIS_UNCLEAR, /* the interval tells neither */
    ANALYSIS_SAME,    /* it lies within the margin */
    ANALYSIS_GREATER, /* it lies above 1, and not within the margin: B is greater */
    ANALYSIS_LESS,    /* below 1 */
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
    size_t runs;                 /* a side, with which the half-width would be about the margin; 0: none would do */
    bool is_noise;               /* unclear, and would not be without the host's noise in it */
    const char *why;             /* of ANALYSIS_UNCLEAR and ANALYSIS_UNKNOWN, where it is not the width; or NULL */
};

/* Judges all rows of one comparison as one family: each interval has the confidence 1 - 0.05/m, m the rows that have
 * one, so that in 95 of 100 comparisons all of them hold (Bonferroni; Dunn, JASA 56, 1961), whatever the rows share: a
 * base, a host. Both verdicts take the same interval (an interval within the margin is Schuirmann's two one-sided
 * tests, 1987, at 2.5% and less), so that neither family errs in more than 5%. margin: of the ratio, 0.02 allows 1/1.02
 * to 1.02; a difference has its tolerance. One ret a row. */
void analysis_judge(const struct analysis_ratio *row, size_t rows, double margin, struct analysis_verdict *ret);

#endif
