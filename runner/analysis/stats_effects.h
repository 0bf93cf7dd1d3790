/* stats_effects: one effect that several machines measured, as one estimate of a random-effects model: the mean over
 * machines, how far machines differ, and where the next machine is expected. Pure.
 *
 * The model: y_i = mu + u_i + e_i, u_i from machine to machine with the variance tau2, e_i with the machine's own
 * variance v_i, which is itself an estimate from a few invocations (DerSimonian and Laird, Controlled Clinical Trials
 * 7, 1986).
 *
 * tau2 is Paule and Mandel's (J. Res. NBS 87(5), 1982): it always exists and needs no distribution (Veroniki et al.,
 * Research Synthesis Methods 7, 2016). The mean weighs every machine alike, and its interval is Hartung, Knapp, Sidik
 * and Jonkman's of those weights, which then is Student's t of the y_i with k - 1 degrees of freedom (Hartung and
 * Knapp, Statistics in Medicine 20, 2001; Sidik and Jonkman, ibid. 21, 2002; equal weights: Shuster, ibid. 29, 2010).
 *
 * Equal weights were chosen by coverage. With v_i from 5 to 30 invocations the usual weights 1/(v_i + tau2), with tau2
 * by Paule and Mandel or by REML alike, cover the mean in 92.5 to 95 % of 3 machines and in 87 % where one has 100
 * invocations, and the next machine in 80 to 95 %; equal weights cover the mean in 95 to 97 % and the next machine in
 * 95 % and more. tests/unit/analysis/test_stats_effects.c holds them to it. */
#ifndef TARE_STATS_EFFECTS_H
#define TARE_STATS_EFFECTS_H

#include <stddef.h>

#include "analysis/stats_interval.h"

/* Machines below which nothing is predicted of the next one. */
#define STATS_EFFECTS_PREDICTION_MIN 3

struct pooled {
    size_t machines;
    struct stats_interval mean;       /* why_not: fewer than 2 machines */
    struct stats_interval prediction; /* where a new machine's effect is expected; why_not: fewer than 3 machines */
    double tau2;                      /* between machines, in the square of y's unit; NaN below 2 machines */
    double i2;                        /* the share of tau2 in all variance, 0 to 1; NaN below 2 */
    double q,
        q_p; /* Cochran's Q, and the p of no difference between machines by chi^2; NaN below 2, or if a v_i is 0 */
};

/* y: each machine's effect, finite; v: its variance, finite and >= 0. The prediction interval is
 * mean -+ t(k - 1) s sqrt(1 + 1/k), s the standard deviation of the y_i: the next machine's effect, measured as these
 * were (Higgins, Thompson and Spiegelhalter, JRSS A 172, 2009, with equal weights). I2 is tau2 / (tau2 + v), v the
 * typical v_i (Higgins and Thompson, Statistics in Medicine 21, 2002, equation 9). */
struct pooled stats_effects(const double *y, const double *v, size_t machines, double confidence);

/* The p of all classes having one mean, by the one-way analysis of variance with equal weights: F with classes - 1 and
 * machines - classes degrees of freedom (Fisher 1925). class_of: below classes, each of which has a machine. NaN: one
 * class, or no class has two machines. Machines of a class that do not differ at all give 0, or 1 if no class does:
 * effects that are apart by less than 1e-12 (of the mean, if that is above 1) do not differ but by rounding. */
double stats_effects_classes_p(const double *y, const size_t *class_of, size_t machines, size_t classes);

#endif
