/* stats_series: one invocation's iterations in the order of time: outliers, autocorrelation, steady state. Pure. */
#ifndef TARE_STATS_SERIES_H
#define TARE_STATS_SERIES_H

#include <stddef.h>

/* Correlation of a series with itself `lag` later: sum (x_i - m)(x_{i+lag} - m) / sum (x_i - m)^2 (Box, Jenkins and
 * Reinsel, Time Series Analysis, 2.1.5). Independent values lie within -+1.96/sqrt(n) in 95 of 100. NaN: lag >= n, or
 * the values are all the same. */
double stats_autocorrelation(const double *x, size_t n, size_t lag);

/* Fewer values than this have no outliers: of five normal ones a fifth would. */
#define STATS_OUTLIERS_MIN 10

/* Values far from the rest: |x - median| > c(n) MAD / 0.6745 (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
 * 1993, who have 3.5 for c). c(n) is where the farthest of n normal values lies in 95 of 100 samples, by simulation of
 * 100,000 each: 4.63 of 10, 3.99 of 20, 3.75 of 50 and 100, 4.08 of 1000; with 3.5 throughout 12 of 100 clean samples
 * of 10 had one, and 39 of 1000. They are named, never dropped. Writes the indices of at most `cap` to where (NULL:
 * none) and returns how many there are; 0 below STATS_OUTLIERS_MIN, and where at least half of the values are the same.
 */
size_t stats_outliers(const double *x, size_t n, size_t *where, size_t cap);

enum stats_steady {
    STATS_FLAT,            /* no change that matters from the first iteration on */
    STATS_WARMUP,          /* slower first, then steady */
    STATS_SLOWDOWN,        /* steady at last, but not at the least that it had */
    STATS_NO_STEADY_STATE, /* it still changes in the last quarter */
    STATS_INCONSISTENT,    /* of several invocations: not all of one class */
    STATS_STEADY_UNKNOWN,  /* too few iterations to say */
};

const char *stats_steady_name(enum stats_steady s);

#define STATS_STEADY_MIN 20

struct stats_steady_state {
    enum stats_steady class;
    size_t from;        /* the first iteration of the steady state; n where there is none */
    double mean;        /* of the steady state; NaN where there is none */
    size_t changes;     /* changepoints found */
    size_t outliers;    /* iterations left aside in looking for them */
    const char *reason; /* of STATS_STEADY_UNKNOWN, else NULL */
};

/* Segments by changepoints, then classes by the segments' means, as Barrett, Bolz-Tereick, Killick, Mount and Tratt,
 * Virtual Machine Warmup Blows Hot and Cold, OOPSLA 2017, sections 4 and 5, have it: outliers of a sliding window of
 * 200 are left aside (beyond median -+ 3 (p90 - p10)); PELT finds changes of a Gaussian's mean and variance with the
 * penalty 15 ln n; segments that are equivalent to the last one belong to it; the last quarter has to (500 of their
 * 2000). Where they call segments equivalent within max(variance, 1 ms), of iterations of about a second, it is here
 * within max(standard deviation of the last segment, 1% of its mean). More than 4000 values are taken in blocks of
 * equal length, each by its median, since PELT takes time in the square of a flat series. x in any unit, n of them;
 * fewer than STATS_STEADY_MIN: unknown. */
struct stats_steady_state stats_steady_state(const double *x, size_t n);

/* One stretch between two changepoints. */
struct stats_segment {
    size_t from; /* the first iteration; it ends where the next begins */
    double mean; /* without outliers */
};

/* The segments that stats_steady_state() finds, ascending from iteration 0; ret has room for n. Returns how many: 0
 * below STATS_STEADY_MIN values. */
size_t stats_segments(const double *x, size_t n, struct stats_segment *ret);

/* The class of a cell: that of all its n invocations where they agree, else inconsistent; unknown ones do not count. */
enum stats_steady stats_steady_of_all(const enum stats_steady *classes, size_t n);

/* PELT (Killick, Fearnhead and Eckley, JASA 107, 2012): the ends (exclusive, ascending, the last is n) of segments of
 * at least 2 values that minimise the sum of n_s (ln(2 pi v_s) + 1) over segments, v_s their variance, and penalty
 * each. ends has room for n. Returns how many segments; n >= 2. */
size_t stats_pelt(const double *x, size_t n, double penalty, size_t *ends);

#endif
