/* shapes: samples of the distributions that the rules are calibrated with. */
#ifndef TARE_TESTS_SHAPES_H
#define TARE_TESTS_SHAPES_H

#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stddef.h>

#include "analysis/analysis.h"

enum shape { SHAPE_NORMAL, SHAPE_LOGNORMAL, SHAPE_GAMMA, SHAPE_BIMODAL, SHAPE_OUTLIERS, SHAPE_CONSTANTS };

#define SHAPES           5    /* the last is of the tables of slow modes alone */
#define SHAPE_SLOW       1.63 /* times as slow; a tenth more of it is 5% */
#define SHAPE_SLOW_SHARE 0.1
#define SHAPE_OUT        2
#define SHAPE_OUT_SHARE  0.05

static const char *const SHAPE_NAMES[SHAPES + 1] = {"normal, cv 5%",  "lognormal, sd 0.3",
                                                    "gamma, shape 2", "bimodal, 10% slow",
                                                    "outliers, 5%",   "two constants, 10% slow"};

/* One value above 0. slow: the share of runs of the bimodal shape that are 1.63 times as slow; its modes have a cv of
 * 2%, and so has the shape with outliers, which are twice as slow. Constants have the same modes, as memory in pages
 * and counters do. */
static inline double shape_draw(gsl_rng *rng, enum shape s, double slow)
{
    switch (s) {
    case SHAPE_NORMAL:
        return fmax(0.01, 1 + gsl_ran_gaussian(rng, 0.05));
    case SHAPE_LOGNORMAL:
        return gsl_ran_lognormal(rng, 0, 0.3);
    case SHAPE_GAMMA:
        return gsl_ran_gamma(rng, 2, 1);
    case SHAPE_BIMODAL:
        return (gsl_rng_uniform(rng) < slow ? SHAPE_SLOW : 1) * fmax(0.01, 1 + gsl_ran_gaussian(rng, 0.02));
    case SHAPE_CONSTANTS:
        return gsl_rng_uniform(rng) < slow ? SHAPE_SLOW : 1;
    case SHAPE_OUTLIERS:
        return (gsl_rng_uniform(rng) < SHAPE_OUT_SHARE ? SHAPE_OUT : 1) * fmax(0.01, 1 + gsl_ran_gaussian(rng, 0.02));
    }
    return NAN;
}

/* The mean of its logarithm. Of a normal variable with a small cv the first terms of the series; of a gamma variable
 * the digamma function, 1 - Euler's constant at 2. */
static inline double shape_log_mean(enum shape s)
{
    const double narrow = -0.02 * 0.02 / 2 - 3 * pow(0.02, 4) / 4;
    switch (s) {
    case SHAPE_NORMAL:
        return -0.05 * 0.05 / 2 - 3 * pow(0.05, 4) / 4;
    case SHAPE_LOGNORMAL:
        return 0;
    case SHAPE_GAMMA:
        return 1 - M_EULER;
    case SHAPE_BIMODAL:
        return SHAPE_SLOW_SHARE * log(SHAPE_SLOW) + narrow;
    case SHAPE_CONSTANTS:
        return SHAPE_SLOW_SHARE * log(SHAPE_SLOW);
    case SHAPE_OUTLIERS:
        return SHAPE_OUT_SHARE * log(SHAPE_OUT) + narrow;
    }
    return NAN;
}

/* n of them, each times factor. */
static inline void shape_fill(gsl_rng *rng, enum shape s, double slow, double factor, struct analysis_value *v,
                              size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (struct analysis_value){.value = factor * shape_draw(rng, s, slow)};
}

#endif
