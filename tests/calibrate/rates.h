/* rates: how often the rules of runner/analysis/ are wrong, by simulation of data whose truth is known. Shared by
 * `make calibrate` (calibrate.c) and the reduced test in tests/unit/analysis/test_calibrate.c. Every rate is a share, 0
 * to 1. */
#ifndef TARE_TESTS_RATES_H
#define TARE_TESTS_RATES_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/calibrate/shapes.h"

#define RATES_N_MAX     100
#define RATES_CELLS_MAX 15

/* What one simulated comparison is made of. */
struct trial {
    enum shape shape;
    size_t n, cells;
    double ratio;          /* of B to A, true */
    double slow_a, slow_b; /* shares of the slow mode, of SHAPE_BIMODAL and SHAPE_CONSTANTS */
    bool in_blocks;
};

/* ln(B/A) of the geometric means, true. */
static inline double trial_truth(const struct trial *t)
{
    const bool has_modes = t->shape == SHAPE_BIMODAL || t->shape == SHAPE_CONSTANTS;
    return log(t->ratio) + (has_modes ? (t->slow_b - t->slow_a) * log(SHAPE_SLOW) : 0);
}

static inline struct analysis_ratio trial_ratio(gsl_rng *rng, const struct trial *t, const struct analysis_noise *noise)
{
    struct analysis_value a[RATES_N_MAX], b[RATES_N_MAX];
    shape_fill(rng, t->shape, t->slow_a, 1, a, t->n);
    shape_fill(rng, t->shape, t->slow_b, t->ratio, b, t->n);
    for (size_t i = 0; i < t->n; i++)
        a[i].block = b[i].block = i + 1;
    return analysis_ratio(a, t->n, b, t->n, t->in_blocks, 1e-9, noise);
}

/* --- one ratio ---------------------------------------------------------------------------------------------------- */

struct coverage {
    double covered, above, below; /* above: the interval lies above the truth */
};

static inline struct coverage rate_coverage(gsl_rng *rng, const struct trial *t, size_t times)
{
    size_t above = 0, below = 0;
    for (size_t i = 0; i < times; i++) {
        struct analysis_ratio r = trial_ratio(rng, t, NULL);
        struct stats_interval v = analysis_interval(&r, 0.95);
        above += log(v.low) > trial_truth(t);
        below += log(v.high) < trial_truth(t);
    }
    return (struct coverage){1 - (double)(above + below) / (double)times, (double)above / (double)times,
                             (double)below / (double)times};
}

/* --- families ----------------------------------------------------------------------------------------------------- */

struct family {
    double differs, same; /* shares of comparisons in which at least one row says so */
};

static inline struct family rate_family(gsl_rng *rng, const struct trial *t, size_t times)
{
    struct analysis_ratio row[RATES_CELLS_MAX];
    struct analysis_verdict verdict[RATES_CELLS_MAX];
    size_t differs = 0, same = 0;
    for (size_t i = 0; i < times; i++) {
        bool one_differs = false, one_same = false;
        for (size_t c = 0; c < t->cells; c++)
            row[c] = trial_ratio(rng, t, NULL);
        analysis_judge(row, t->cells, 0.02, verdict);
        for (size_t c = 0; c < t->cells; c++) {
            one_differs |= verdict[c].differs;
            one_same |= verdict[c].word == ANALYSIS_SAME;
        }
        differs += one_differs;
        same += one_same;
    }
    return (struct family){(double)differs / (double)times, (double)same / (double)times};
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

/* Nodes 10% apart, a change of 5% that differs from node to node by 3%, five invocations a side with 2% each. */
static inline double rate_nodes(gsl_rng *rng, size_t nodes, size_t times)
{
    static const char *const NAME[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct analysis_value a[RATES_N_MAX], b[RATES_N_MAX];
    size_t covered = 0;
    for (size_t i = 0; i < times; i++) {
        size_t n = 0;
        for (size_t k = 0; k < nodes; k++) {
            double node = gsl_ran_gaussian(rng, 0.1), change = log(1.05) + gsl_ran_gaussian(rng, 0.03);
            for (size_t j = 0; j < 5; j++, n++) {
                a[n] = (struct analysis_value){exp(node + gsl_ran_gaussian(rng, 0.02)), NAME[k], 0};
                b[n] = (struct analysis_value){exp(node + change + gsl_ran_gaussian(rng, 0.02)), NAME[k], 0};
            }
        }
        struct analysis_ratio r = analysis_ratio(a, n, b, n, false, 1e-9, NULL);
        struct stats_interval v = analysis_interval(&r, 0.95);
        covered += v.low <= 1.05 && 1.05 <= v.high;
    }
    return (double)covered / (double)times;
}

/* --- neighbours that resemble each other -------------------------------------------------------------------------- */

struct serial_rates {
    double covered, widened, without; /* without: covered by the plain interval */
};

static inline void fill_serial(gsl_rng *rng, double rho, struct analysis_value *v, size_t n)
{
    double e = gsl_ran_gaussian(rng, 1);
    for (size_t i = 0; i < n; i++, e = rho * e + sqrt(1 - rho * rho) * gsl_ran_gaussian(rng, 1))
        v[i] = (struct analysis_value){.value = exp(0.05 * e)};
}

static inline struct serial_rates rate_serial(gsl_rng *rng, double rho, size_t n, size_t times)
{
    struct analysis_value a[RATES_N_MAX], b[RATES_N_MAX];
    size_t covered = 0, widened = 0, without = 0;
    for (size_t i = 0; i < times; i++) {
        fill_serial(rng, rho, a, n);
        fill_serial(rng, rho, b, n);
        struct analysis_ratio r = analysis_ratio(a, n, b, n, false, 1e-9, NULL), plain = r;
        struct stats_interval v = analysis_interval(&r, 0.95);
        covered += v.low <= 1 && 1 <= v.high;
        widened += r.inflation > 1;
        plain.variance /= r.inflation;
        plain.df = 2 * (double)n - 2;
        v = analysis_interval(&plain, 0.95);
        without += v.low <= 1 && 1 <= v.high;
    }
    const double all = (double)times;
    return (struct serial_rates){(double)covered / all, (double)widened / all, (double)without / all};
}

/* --- noise -------------------------------------------------------------------------------------------------------- */

struct noise_rates {
    double covered, found, shown; /* of a true +5%; that the A/A showed noise */
};

/* An A/A of so many cells and invocations a side, then a comparison of 20 a side with a cv of 5%. tau: by how much one
 * run differs from the next, as a standard deviation of its logarithm. */
static inline struct noise_rates rate_noise(gsl_rng *rng, size_t cells, size_t aa_n, double tau, size_t times)
{
    struct trial t = {.shape = SHAPE_NORMAL, .n = aa_n, .cells = cells};
    struct analysis_ratio aa[RATES_CELLS_MAX];
    size_t covered = 0, found = 0, shown = 0;
    for (size_t i = 0; i < times; i++) {
        t.n = aa_n;
        for (size_t c = 0; c < cells; c++) {
            t.ratio = exp(gsl_ran_gaussian(rng, tau * M_SQRT2));
            aa[c] = trial_ratio(rng, &t, NULL);
        }
        struct analysis_noise noise = analysis_noise_of(aa, cells);
        t.n = 20;
        t.ratio = 1.05 * exp(gsl_ran_gaussian(rng, tau * M_SQRT2));
        struct analysis_ratio r = trial_ratio(rng, &t, &noise);
        struct stats_interval v = analysis_interval(&r, 0.95);
        covered += v.low <= 1.05 && 1.05 <= v.high;
        found += v.low > 1;
        shown += noise.variance > 0;
    }
    const double all = (double)times;
    return (struct noise_rates){(double)covered / all, (double)found / all, (double)shown / all};
}

/* --- slopes ------------------------------------------------------------------------------------------------------- */

enum slopes { SLOPES_NORMAL, SLOPES_SKEWED, SLOPES_ARENAS, SLOPES };

static const char *const SLOPES_NAMES[SLOPES] = {"normal, sd 20 KiB", "exponential, sd 20 KiB",
                                                 "an arena of 256 KiB more in one of ten"};

/* A slope about 0, in KiB for 1,000 iterations. */
static inline double slope_draw(gsl_rng *rng, enum slopes s)
{
    if (s == SLOPES_SKEWED)
        return 20 * (gsl_ran_exponential(rng, 1) - 1);
    return gsl_ran_gaussian(rng, s == SLOPES_ARENAS ? 4 : 20) +
           (s == SLOPES_ARENAS && gsl_rng_uniform(rng) < 0.1 ? 256 : 0);
}

struct slope_rates {
    double covered, differs, same;
};

/* Of cells whose slopes differ by `more` KiB: how often one interval covers that; in how many comparisons of `cells` a
 * row is called different, or the same within `tolerance` KiB. */
static inline struct slope_rates rate_slopes(gsl_rng *rng, enum slopes s, double more, size_t cells, size_t n,
                                             double tolerance, size_t times)
{
    struct analysis_value a[RATES_N_MAX], b[RATES_N_MAX];
    struct analysis_ratio row[RATES_CELLS_MAX];
    struct analysis_verdict verdict[RATES_CELLS_MAX];
    size_t covered = 0, differs = 0, same = 0;
    for (size_t i = 0; i < times; i++) {
        bool one_differs = false, one_same = false;
        for (size_t c = 0; c < cells; c++) {
            for (size_t k = 0; k < n; k++) {
                a[k] = (struct analysis_value){.value = slope_draw(rng, s)};
                b[k] = (struct analysis_value){.value = slope_draw(rng, s) + more};
            }
            row[c] = analysis_difference(a, n, b, n, false, tolerance, NULL);
        }
        const struct stats_interval first = analysis_interval(&row[0], 0.95);
        covered += first.low <= more && more <= first.high;
        analysis_judge(row, cells, 0.02, verdict);
        for (size_t c = 0; c < cells; c++) {
            one_differs |= verdict[c].differs;
            one_same |= verdict[c].word == ANALYSIS_SAME;
        }
        differs += one_differs;
        same += one_same;
    }
    const double all = (double)times;
    return (struct slope_rates){(double)covered / all, (double)differs / all, (double)same / all};
}

/* --- one cell ----------------------------------------------------------------------------------------------------- */

struct cell_rates {
    double covered, outliers, several; /* the mean; samples with a flag; called of several modes */
};

/* page: values are rounded to it; 0: not. with_dip: simulating its p takes most of the time. */
static inline struct cell_rates rate_cell(gsl_rng *rng, enum shape s, size_t n, double page, bool with_dip,
                                          size_t times)
{
    struct analysis_value v[RATES_N_MAX];
    const double truth = shape_log_mean(s);
    size_t covered = 0, outliers = 0, several = 0;
    for (size_t i = 0; i < times; i++) {
        shape_fill(rng, s, SHAPE_SLOW_SHARE, 1, v, n);
        for (size_t k = 0; page > 0 && k < n; k++)
            v[k].value = page * fmax(1, round(v[k].value / page));
        struct analysis_summary is = analysis_summary(v, n, false, with_dip ? 1 : ANALYSIS_NO_DIP);
        covered += log(is.mean.low) <= truth && truth <= log(is.mean.high);
        outliers += is.outliers > 0;
        several += is.dip_p < 0.05;
    }
    const double all = (double)times;
    return (struct cell_rates){(double)covered / all, (double)outliers / all, (double)several / all};
}

#endif
