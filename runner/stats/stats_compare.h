/* stats_compare: two sets of invocations against each other: their ratio, whether they are equivalent, by how much one
 * lies above the other. Pure. Each value is one invocation's: iterations are not independent. */
#ifndef TARE_STATS_COMPARE_H
#define TARE_STATS_COMPARE_H

#include <stddef.h>

#include "stats/stats_interval.h"

/* Invocations of both sides that are compared with each other and not with others': a node's. */
struct stats_stratum {
    const double *a, *b; /* above 0 */
    size_t a_count, b_count;
};

/* The mean over strata, each weighing the same, of mean(ln b) - mean(ln a). */
struct stats_log_ratio {
    double at;           /* NaN: a figure is not above 0, or a side is empty */
    double se, df;       /* its standard error and degrees of freedom */
    double p;            /* two-sided, of no difference */
    const char *why_not; /* NULL: se, df and p are there */
};

/* Welch's interval on logarithms: se^2 = sum w^2 (s_a^2/n_a + s_b^2/n_b) with w = 1/strata, df by Satterthwaite
 * (Biometrics Bulletin 2(6), 1946; Welch, Biometrika 34, 1947). Logarithms, not Fieller's theorem on the means: the
 * ratio B/A and A/B then say the same, a margin is the same both ways, and times are nearer to log-normal. What it
 * estimates is the ratio of geometric means. why_not: fewer than STATS_INTERVAL_MIN invocations on a side, a stratum
 * with fewer than two on one, no spread at all. */
struct stats_log_ratio stats_log_ratio(const struct stats_stratum *strata, size_t n);

/* The ratio itself, exp(at -+ t se). */
struct stats_interval stats_ratio_interval(const struct stats_log_ratio *r, double confidence);

enum stats_equivalence {
    STATS_REPRODUCED,     /* the 90% interval of the ratio lies within the margin */
    STATS_NOT_REPRODUCED, /* wholly outside of it */
    STATS_INCONCLUSIVE,   /* across its edge */
    STATS_UNKNOWN,        /* there is no interval */
};

const char *stats_equivalence_name(enum stats_equivalence e);

/* Two one-sided tests at 5% (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987), as the 90% interval that
 * says the same. The margin is one of the ratio: 0.02 allows from 1/1.02 to 1.02. The interval has to be a 90% one. */
enum stats_equivalence stats_equivalence(const struct stats_interval *ratio90, double margin);

/* The median of all b - a, the shift between the two (Hodges and Lehmann, Annals of Mathematical Statistics 34, 1963).
 * Both ascending. NaN where a side is empty. O((a + b) * 64) without the pairs in memory. */
double stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count);

/* P(b > a) - P(b < a), from -1 to 1 (Cliff, Psychological Bulletin 114, 1993). Both ascending. NaN where one is empty.
 */
double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count);

/* Holm's step-down adjustment of m p-values for having looked at m of them (Scandinavian Journal of Statistics 6,
 * 1979): written over p, never above 1. NaN (no test) stays and is not counted. */
void stats_holm(double *p, size_t m);

#endif
