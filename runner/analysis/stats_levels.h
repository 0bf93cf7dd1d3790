/* stats_levels: measurements nested in levels (iterations in invocations, invocations in nodes), the variance that each
 * level adds, and how often to repeat it. Pure.
 *
 * Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, in the corrected printing (section 9.2).
 * Level 1 is the lowest, the iteration. */
#ifndef TARE_STATS_LEVELS_H
#define TARE_STATS_LEVELS_H

#include <stddef.h>

#define STATS_LEVELS_MAX 3

/* Repetitions: values, or units of the level below. Every unit has the same weight in its parent's mean, however many
 * values it has. */
struct stats_unit {
    const struct stats_unit *unit; /* NULL: the lowest level */
    const double *value;
    size_t n; /* units, or values */
};

/* The mean of the means below it. NaN without any. */
double stats_unit_mean(const struct stats_unit *u);

/* The components; level i is at index i - 1. */
struct stats_components {
    size_t levels;
    double mean;
    double r[STATS_LEVELS_MAX];  /* repetitions; the harmonic mean if the counts differ */
    double s2[STATS_LEVELS_MAX]; /* S_i^2: the mean variance among the means of level i within one unit above it */
    double t2[STATS_LEVELS_MAX]; /* T_i^2 = S_i^2 - S_{i-1}^2 / r_{i-1}: what level i adds; may be below 0 by chance */
    const char *why_not;         /* NULL: they are there */
};

/* root holds the units of the highest of `levels` (1 to STATS_LEVELS_MAX) levels. why_not: a level has no unit with two
 * repetitions, or more levels than that. */
struct stats_components stats_variance_components(const struct stats_unit *root, size_t levels);

/* r_i = sqrt(c_{i+1}/c_i * T_i^2/T_{i+1}^2), rounded up: how often to repeat a level in each unit of the one above it
 * for the least cost (section 6.2, equation 4). A component of 0 or less below gives 1; above gives 0: no number, since
 * then repeating the level above is never the better buy. cost: time that one repetition of the level takes by itself.
 */
double stats_optimal_repetitions(double t2, double t2_above, double cost, double cost_above);

/* The number of units of the highest level that makes the 95% half-width at most `relative` of the mean in 80 of 100
 * plans, with s2 the variance of one unit's mean: the least n >= 5 with t(0.975; n-1) s sqrt(q/n) <= relative * mean
 * (section 9.1), q = chi^2(0.80; n-1)/(n-1), since the plan's own spread is by chance above s in half of all plans
 * (Kupper and Hafner, The American Statistician 43(2), 1989). At most `cap`. */
size_t stats_units_for_precision(double s2, double mean, double relative, size_t cap);

#endif
