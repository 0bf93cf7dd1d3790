/* stats_trend: the slope of one process's series over time, in which each value depends on those before. Pure. */
#ifndef TARE_STATS_TREND_H
#define TARE_STATS_TREND_H

#include <stdbool.h>
#include <stddef.h>

/* Fewer values have no interval: they tell too little of how each depends on the one before. */
#define STATS_TREND_MIN 32

struct stats_trend {
    double slope; /* per value, in the values' unit; of too few values by least squares; NaN of fewer than 2 */
    double low, high;
    const char *why_not; /* why there is no interval, a constant text; NULL: low and high are there */
};

/* The slope of n evenly spaced values and its interval at `confidence`.
 *
 * Values of one process are not independent, so Student's interval of a least-squares slope would be far too narrow.
 * This is Perron and Yabu's (Journal of Econometrics 151(1), 2009, section 3): a straight line with noise of the first
 * order, whose coefficient is estimated from the residuals, corrected for its bias (Roy and Fuller, Journal of Business
 * and Economic Statistics 19(4), 2001) and set to 1 where it is within n^-1/2 of it; then generalised least squares
 * with it. So it holds for noise that stays near the line and for noise that wanders. 128 values and more are first
 * reduced to means of blocks of n / 64 values; the oldest, which fill no block, are left out. If all values lie on one
 * line, the interval has no width.
 *
 * Coverage of a nominal 95%, by simulation (tests/unit/base/test_stats_trend.c): 93 to 97% of first-order noise up to a
 * coefficient of 0.9 in 128 values (91% at 0.9 in 64); at least 93% of a staircase, as an allocator's arenas make it;
 * 85% of a random walk, such as a leak of random size: its slope takes several invocations. */
struct stats_trend stats_trend(const double *y, size_t n, double confidence);

/* Takes out of n evenly spaced values what comes back with every period-th of them: the mean beside the least-squares
 * line, of each place in the period. What comes back looks to stats_trend() like noise of the first order with a
 * negative coefficient, whose intervals are too narrow: of a level that rises by 64 KiB after each fourth reading, 7.2%
 * missed 0 where 5% should; without it 3.5% do (128 values). Fewer than four periods, or a period above 16, stay as
 * they are. */
#define STATS_TREND_PERIOD_MAX 16
void stats_trend_take_out(double *y, size_t n, size_t period);

/* Whether to ask after n values if they suffice, for a series of at most `most` values: at 64, 96 and 128, if twice as
 * many fit. */
bool stats_trend_is_look(size_t n, size_t most);

/* Of n values so far: whether the second half of 2n values, which has none of these, is expected to give an interval of
 * at most -+half_width. The values that decide are not those that are measured, so stopping then does not change the
 * interval's coverage, however often this is asked. The width of a slope's interval goes with the length to the power
 * of -3/2. */
bool stats_trend_will_do(const double *y, size_t n, double half_width, double confidence);

#endif
