/* stats_series: outliers, autocorrelation and steady state of one invocation's iterations, in order of time. Pure. */
#ifndef TARE_STATS_SERIES_H
#define TARE_STATS_SERIES_H

#include <stddef.h>

/* Autocorrelation at `lag`: sum (x_i - m)(x_{i+lag} - m) / sum (x_i - m)^2 (Box, Jenkins and
 * Reinsel, Time Series Analysis, 2.1.5). Independent values lie within -+1.96/sqrt(n) in 95 of 100. NaN: lag >= n, or
 * the values are all the same. */
double stats_autocorrelation(const double *x, size_t n, size_t lag);

/* Fewer values have no outliers: among five normal values one in five would be one. */
#define STATS_OUTLIERS_MIN 10

/* Values far from the rest: |x - median| > c(n) MAD / 0.6745 (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
 * 1993, who have 3.5 for c). c(n) bounds the farthest of n normal values in 95 of 100 samples, by simulation of
 * 100,000 each: 4.63 of 10, 3.99 of 20, 3.75 of 50 and 100, 4.08 of 1000; with 3.5 throughout 12 of 100 clean samples
 * of 10 had one, and 39 of 1000. Outliers are reported, never dropped. Writes at most `cap` of their indices to where
 * (NULL: none) and returns how many there are; 0 below STATS_OUTLIERS_MIN, and if at least half of the values are
 * equal. */
size_t stats_outliers(const double *x, size_t n, size_t *where, size_t cap);

enum stats_steady {
    STATS_FLAT,            /* steady from the first iteration */
    STATS_WARMUP,          /* slower at first, then steady */
    STATS_SLOWDOWN,        /* steady in the end, but slower than before */
    STATS_NO_STEADY_STATE, /* still changes in the last quarter */
    STATS_INCONSISTENT,    /* several invocations differ in class */
    STATS_STEADY_UNKNOWN,  /* too few iterations */
};

extern const char *const stats_steady_names[];

#define STATS_STEADY_MIN 20

struct stats_steady_state {
    enum stats_steady class;
    size_t from;        /* the first iteration of the steady state; n: none */
    double mean;        /* of the steady state; NaN: none */
    size_t changes;     /* changepoints found */
    size_t outliers;    /* iterations ignored in the search for changepoints */
    const char *reason; /* for STATS_STEADY_UNKNOWN; else NULL */
};

/* Finds segments by changepoints and classifies by their means, after Barrett, Bolz-Tereick, Killick, Mount and Tratt,
 * Virtual Machine Warmup Blows Hot and Cold, OOPSLA 2017, sections 4 and 5. Outliers of a sliding window of 200 (beyond
 * median -+ 3 (p90 - p10)) are ignored. PELT finds changes of a Gaussian's mean and variance with penalty 15 ln n.
 * Segments equivalent to the last one belong to the steady state, which must cover the last quarter (theirs: the last
 * 500 of 2000). Equivalent here means within max(standard deviation of the last segment, 1% of its mean); theirs is
 * max(variance, 1 ms), for iterations of about a second. More than 4000 values are reduced to medians of blocks of
 * equal length, since PELT's time is quadratic on a flat series. x in any unit; fewer than STATS_STEADY_MIN values:
 * unknown. */
struct stats_steady_state stats_steady_state(const double *x, size_t n);

/* The values between two changepoints. */
struct stats_segment {
    size_t from; /* its first iteration; it ends where the next begins */
    double mean; /* without outliers */
};

/* The segments that stats_steady_state() finds, in order; ret has room for n. Returns how many; 0 below
 * STATS_STEADY_MIN values. */
size_t stats_segments(const double *x, size_t n, struct stats_segment *ret);

/* The class of a cell: the common class of its n invocations, else inconsistent. Unknown ones do not count. */
enum stats_steady stats_steady_of_all(const enum stats_steady *classes, size_t n);

/* PELT (Killick, Fearnhead and Eckley, JASA 107, 2012): segments of at least 2 values that minimise the sum over
 * segments of n_s (ln(2 pi v_s) + 1) + penalty, where v_s is the variance. Writes their ends (exclusive, ascending, the
 * last is n) to ends, which has room for n. Returns how many; n >= 2. */
size_t stats_pelt(const double *x, size_t n, double penalty, size_t *ends);

#endif
