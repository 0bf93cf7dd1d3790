/* stats_usl: the curves by which a system's speed-up bends as workers are added. Pure.
 *
 * The time of work that n workers share is y(n) = 1 + s (n - 1) + k n (n - 1) times what it would be without loss:
 * Gunther's universal scalability law (Guerrilla Capacity Planning, 2007, section 4.4; arXiv:0808.1431), speed-up
 * n / y(n). s: contention, what goes on one after the other; k: coherency, what each has to settle with each other.
 * With k = 0 it is Amdahl's law (AFIPS 30, 1967), whose serial share is s. */
#ifndef TARE_STATS_USL_H
#define TARE_STATS_USL_H

#include <stddef.h>

/* Numbers of workers, the one that the others are over among them, below which nothing is fitted: that one is met by
 * every curve, and two more would fix two parameters with nothing left to tell whether they hold. */
#define STATS_USL_MIN 4

struct stats_usl {
    double sigma, kappa;           /* at or above 0 both */
    double free_sigma, free_kappa; /* the same without that bound, the centres of their intervals */
    double rms;                    /* root mean square of ln(y/curve) over the points above one worker */
    double r2;                     /* 1 - residual/total sum of squares of ln y, the total about its mean */
    double worst;                  /* the largest |ln(y/curve)| */
    size_t worst_at;               /* its point */
    double amdahl;                 /* s of Amdahl's law alone, at or above 0 */
    double amdahl_rms, amdahl_r2;
};

/* Least squares of ln y, since values differ by a share of themselves: Gauss-Newton from the linear least squares of
 * weight 1/y^2 (Nocedal and Wright, Numerical Optimization, 2nd ed. 2006, section 10.3). workers: from 1 up; y above 0.
 * Fewer than STATS_USL_MIN values must not be given. */
struct stats_usl stats_usl_fit(const double *workers, const double *y, size_t n);

/* y of n workers. */
double stats_usl_at(double sigma, double kappa, double workers);

#endif
