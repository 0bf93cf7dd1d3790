/* shapes: samples of the distributions that the rules are calibrated with. */
#ifndef TARE_TESTS_SHAPES_H
#define TARE_TESTS_SHAPES_H

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stddef.h>

#include "analysis/analysis.h"

enum shape { SHAPE_NORMAL, SHAPE_LOGNORMAL, SHAPE_GAMMA, SHAPE_BIMODAL, SHAPE_OUTLIERS };

#define SHAPES 5

static const char *const SHAPE_NAMES[SHAPES] = {"normal, cv 5%", "lognormal, sd 0.3", "gamma, shape 2",
                                                "bimodal, 10% slow", "outliers, 5%"};

/* One value above 0. slow: the share of runs of the bimodal shape that are 1.63 times as slow; its modes have a cv of
 * 2%, and so has the shape with outliers, which are twice as slow. */
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
        return (gsl_rng_uniform(rng) < slow ? 1.63 : 1) * fmax(0.01, 1 + gsl_ran_gaussian(rng, 0.02));
    case SHAPE_OUTLIERS:
        return (gsl_rng_uniform(rng) < 0.05 ? 2 : 1) * fmax(0.01, 1 + gsl_ran_gaussian(rng, 0.02));
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
