#include "base/stats_trend.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>

#include "base/cleanup.h"

#define BLOCKS_MAX 64

/* The median of the Dickey-Fuller statistic with a linear trend (Fuller, Introduction to Statistical Time Series, 1996,
 * table 10.A.2), and the constant of Roy and Fuller's correction as Perron and Yabu have them. */
#define TAU_MEDIAN (-2.18)
#define TAU_FAR    (-10.0)
#define TRENDS     2 /* level and slope */

/* Means of blocks of equal length, oldest first. */
static size_t reduce(const double *y, size_t n, double block[2 * BLOCKS_MAX], size_t *length)
{
    *length = n > BLOCKS_MAX ? n / BLOCKS_MAX : 1;
    const size_t blocks = n / *length, skipped = n - blocks * *length;
    for (size_t b = 0; b < blocks; b++) {
        double sum = 0;
        for (size_t i = 0; i < *length; i++)
            sum += y[skipped + b * *length + i];
        block[b] = sum / (double)*length;
    }
    return blocks;
}

/* The residuals of y from its least-squares line. Returns the line's slope. */
static double residuals(const double *y, size_t n, double *left)
{
    double x[2 * BLOCKS_MAX] = {0}, at = 0, slope = 0, c00 = 0, c01 = 0, c11 = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        x[i] = (double)i;
    (void)gsl_fit_linear(x, 1, y, 1, n, &at, &slope, &c00, &c01, &c11, &squares);
    for (size_t i = 0; i < n; i++)
        left[i] = y[i] - at - slope * x[i];
    return slope;
}

/* Roy and Fuller's correction, in standard errors of the coefficient, from its t against 1. */
static double correction(double tau, double n)
{
    const double c1 = (1 + TRENDS) * n;
    const double c2 = (c1 - TAU_MEDIAN * TAU_MEDIAN * (1 + n)) / (TAU_MEDIAN * (TAU_MEDIAN - TAU_FAR) * (1 + n));
    if (tau > TAU_MEDIAN)
        return -tau;
    if (tau > TAU_FAR)
        return tau / n - (1 + TRENDS) / (tau + c2 * (tau - TAU_FAR));
    return tau > -sqrt(c1) ? tau / n - (1 + TRENDS) / tau : 0;
}

/* The coefficient of first-order noise; 1 if it is close to 1. u: residuals from a line, not all 0. */
static double coefficient(const double *u, size_t n)
{
    double products = 0, squares = 0, errors = 0;
    for (size_t i = 1; i < n; i++) {
        products += u[i] * u[i - 1];
        squares += u[i - 1] * u[i - 1];
    }
    double a = products / squares;
    for (size_t i = 1; i < n; i++)
        errors += (u[i] - a * u[i - 1]) * (u[i] - a * u[i - 1]);
    const double stderr_a = sqrt(errors / (double)(n - 2) / squares);
    if (stderr_a > 0)
        a += correction((a - 1) / stderr_a, (double)n) * stderr_a;
    if (a > 1 - 1 / sqrt((double)n))
        return 1;
    return a < -0.99 ? -0.99 : a;
}

/* Value i minus a times the one before; the first is scaled to the others' variance (Prais and Winsten).
 */
static double differenced(double before, double now, double a, size_t i)
{
    if (i > 0)
        return now - a * before;
    return a < 1 ? now * sqrt(1 - a * a) : now;
}

/* The line by generalised least squares; *stderr_slope is its slope's standard error. */
static double line(const double *y, size_t n, double a, double *stderr_slope)
{
    double s11 = 0, s12 = 0, s22 = 0, t1 = 0, t2 = 0, errors = 0;
    for (int pass = 0; pass < 2; pass++) {
        const double det = s11 * s22 - s12 * s12;
        const double at = (s22 * t1 - s12 * t2) / det, slope = (s11 * t2 - s12 * t1) / det;
        for (size_t i = 0; i < n; i++) {
            const double one = differenced(1, 1, a, i), x = differenced((double)i, (double)i + 1, a, i);
            const double v = differenced(i ? y[i - 1] : 0, y[i], a, i);
            if (pass == 1) {
                errors += (v - at * one - slope * x) * (v - at * one - slope * x);
                continue;
            }
            s11 += one * one;
            s12 += one * x;
            s22 += x * x;
            t1 += one * v;
            t2 += x * v;
        }
        if (pass == 1) {
            *stderr_slope = sqrt(errors / (double)(n - TRENDS) * s11 / det);
            return slope;
        }
    }
    return NAN;
}

struct stats_trend stats_trend(const double *y, size_t n, double confidence)
{
    static const char FEW[] = "there are too few readings", ABSENT[] = "a reading is missing";
    double block[2 * BLOCKS_MAX] = {0}, left[2 * BLOCKS_MAX] = {0}, squares = 0, level = 0, error = 0;
    size_t length = 1;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(y[i]))
            return (struct stats_trend){NAN, NAN, NAN, ABSENT};
    if (n < 2)
        return (struct stats_trend){NAN, NAN, NAN, FEW};
    const size_t blocks = reduce(y, n, block, &length);
    double slope = residuals(block, blocks, left);
    if (n < STATS_TREND_MIN)
        return (struct stats_trend){slope, NAN, NAN, FEW};
    for (size_t i = 0; i < blocks; i++) {
        squares += left[i] * left[i];
        level = fmax(level, fabs(block[i]));
    }
    if (sqrt(squares) > (double)blocks * level * DBL_EPSILON) /* else all lie on the line */
        slope = line(block, blocks, coefficient(left, blocks), &error);
    const double half = gsl_cdf_tdist_Pinv((1 + confidence) / 2, (double)(blocks - TRENDS)) * error;
    return (struct stats_trend){slope / (double)length, (slope - half) / (double)length,
                                (slope + half) / (double)length, NULL};
}

void stats_trend_take_out(double *y, size_t n, size_t period)
{
    const double middle = ((double)n - 1) / 2;
    double place[STATS_TREND_PERIOD_MAX] = {0}, mean = 0, products = 0, squares = 0, level = 0, most = 0;
    if (period < 2 || period > STATS_TREND_PERIOD_MAX || n < 4 * period)
        return;
    for (size_t i = 0; i < n; i++)
        mean += y[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        products += ((double)i - middle) * (y[i] - mean);
        squares += ((double)i - middle) * ((double)i - middle);
        level = fmax(level, fabs(y[i]));
    }
    for (size_t i = 0; i < n; i++) {
        const size_t of_place = n / period + (i % period < n % period);
        place[i % period] += (y[i] - mean - products / squares * ((double)i - middle)) / (double)of_place;
    }
    for (size_t i = 0; i < period; i++)
        most = fmax(most, fabs(place[i]));
    for (size_t i = 0; i < n && most > (double)n * level * DBL_EPSILON; i++) /* else it is rounding */
        y[i] -= place[i % period];
}

bool stats_trend_is_look(size_t n, size_t most)
{
    static const size_t LOOKS[] = {64, 96, 128};
    for (size_t i = 0; i < ARRAY_LEN(LOOKS); i++)
        if (n == LOOKS[i] && 2 * n <= most)
            return true;
    return false;
}

bool stats_trend_will_do(const double *y, size_t n, double half_width, double confidence)
{
    const size_t half = n / 2;
    const struct stats_trend t = stats_trend(y + n - half, half, confidence);
    return !t.why_not && (t.high - t.low) / 2 * pow((double)half / (double)n, 1.5) <= half_width;
}
