/* stats_interval: an estimate with its interval, for a sample's median, quantile and mean, and an exponent. Pure.
 * Without an interval, why_not is a sentence, and low and high are NaN. */
#ifndef TARE_STATS_INTERVAL_H
#define TARE_STATS_INTERVAL_H

#include <stddef.h>

/* With fewer invocations there is no interval: with two degrees of freedom t is 4.3, and the spread of three or four
 * values says next to nothing. */
#define STATS_INTERVAL_MIN 5

struct stats_interval {
    double at; /* the estimate; NaN: none */
    double low, high;
    double confidence;   /* as 0.95; for ranks their coverage, at least what was asked for */
    const char *why_not; /* NULL: low and high are known. A constant text */
};

/* An estimate (or NaN) without an interval, for this reason. */
struct stats_interval stats_no_interval(double at, double confidence, const char *why_not);

/* Two ranks (from 1) between which the quantile lies. */
struct stats_ranks {
    size_t low, high;
    double confidence;
    const char *why_not;
};

/* The ranks j < k of n independent values with P(X(j) <= q-quantile <= X(k)) = B(k-1; n, q) - B(j-1; n, q) >=
 * confidence, B the binomial distribution (Le Boudec, Performance Evaluation, 2010, Theorem 2.1). Each tail is at most
 * half of what may be missed; where the upper cannot be, as for a p95 of 59 to 71 values, k is n and j pays for it.
 * why_not: no two ranks reach the confidence: fewer than 6 values for a median at 95%, than 59 for a p95. */
struct stats_ranks stats_quantile_ranks(size_t n, double q, double confidence);

/* The values at these ranks of n ascending values; the estimate is the type 7 quantile. */
struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double q, double confidence);

/* Student's t on n invocation means: mean -+ t(1 - a/2; n-1) s / sqrt(n) (Student, Biometrika 6, 1908; as Kalibera and
 * Jones 2013, section 9.1, use it at the highest level). why_not: fewer than STATS_INTERVAL_MIN. */
struct stats_interval stats_mean_interval(const double *means, size_t n, double confidence);

/* The slope of ln y over ln x by ordinary least squares, and Student's interval of it with n - 2 degrees of freedom
 * (Draper and Smith, Applied Regression Analysis, 3rd ed. 1998, section 1.4): 1 is linear, 0 does not grow. Each pair
 * is one invocation. why_not: fewer than STATS_INTERVAL_MIN pairs, fewer than two different x, a value that is not
 * above 0. */
struct stats_interval stats_log_slope(const double *x, const double *y, size_t n, double confidence);

/* t(p; df); df need not be whole. NaN: df is NaN or not above 0. Above a million, also infinite, it is the normal
 * quantile. */
double stats_student(double p, double df);

#endif
