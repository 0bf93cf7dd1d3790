#include "analysis/stats_usl.h"

#include <math.h>
#include <stdbool.h>

#include "base/cleanup.h"

double stats_usl_at(double sigma, double kappa, double workers)
{
    return 1 + (sigma + kappa * workers) * (workers - 1);
}

/* What is fitted: which of the two parameters are free. */
struct problem {
    const double *workers, *y;
    size_t n;
    bool sigma, kappa;
};

/* The residual sum of squares of ln y; infinite where the curve is not above 0. */
static double squares(const struct problem *p, double sigma, double kappa)
{
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double at = stats_usl_at(sigma, kappa, p->workers[i]);
        const double r = at > 0 ? log(p->y[i] / at) : INFINITY;
        sum += r * r;
    }
    return sum;
}

/* The step that solves the normal equations of rows (a, b) to r with the free parameters. */
struct normal {
    double aa, ab, bb, ar, br;
};

static void add_row(struct normal *m, double a, double b, double r)
{
    m->aa += a * a;
    m->ab += a * b;
    m->bb += b * b;
    m->ar += a * r;
    m->br += b * r;
}

static void solve(const struct problem *p, const struct normal *m, double *sigma, double *kappa)
{
    const double det = m->aa * m->bb - m->ab * m->ab;
    *sigma = *kappa = 0;
    if (p->sigma && p->kappa) {
        *sigma = det > 0 ? (m->ar * m->bb - m->br * m->ab) / det : 0;
        *kappa = det > 0 ? (m->br * m->aa - m->ar * m->ab) / det : 0;
    } else if (p->sigma) {
        *sigma = m->aa > 0 ? m->ar / m->aa : 0;
    } else if (p->kappa) {
        *kappa = m->bb > 0 ? m->br / m->bb : 0;
    }
}

/* (y - 1)/y to a = (n - 1)/y, b = n (n - 1)/y. */
static void begin(const struct problem *p, double *sigma, double *kappa)
{
    struct normal m = {0};
    for (size_t i = 0; i < p->n; i++) {
        const double w = p->workers[i], y = p->y[i];
        add_row(&m, (w - 1) / y, w * (w - 1) / y, (y - 1) / y);
    }
    solve(p, &m, sigma, kappa);
    if (isinf(squares(p, *sigma, *kappa)))
        *sigma = *kappa = 0;
}

static void fit(const struct problem *p, double *sigma, double *kappa)
{
    begin(p, sigma, kappa);
    double best = squares(p, *sigma, *kappa);
    for (int round = 0; round < 100; round++) {
        struct normal m = {0};
        double s, k, step = 1;
        for (size_t i = 0; i < p->n; i++) {
            const double w = p->workers[i], at = stats_usl_at(*sigma, *kappa, w);
            add_row(&m, (w - 1) / at, w * (w - 1) / at, log(p->y[i] / at));
        }
        solve(p, &m, &s, &k);
        while (step > 1e-6 && !(squares(p, *sigma + step * s, *kappa + step * k) <= best))
            step /= 2;
        if (step <= 1e-6)
            return;
        *sigma += step * s;
        *kappa += step * k;
        best = squares(p, *sigma, *kappa);
        if (fabs(s) + fabs(k) < 1e-14)
            return;
    }
}

/* The least squares among those of which neither parameter is below 0. */
static void fit_bounded(const struct problem *p, struct stats_usl *ret)
{
    static const struct {
        bool sigma, kappa;
    } EDGES[] = {{true, false}, {false, true}, {false, false}};
    double best = INFINITY;
    ret->sigma = ret->free_sigma;
    ret->kappa = ret->free_kappa;
    if (ret->sigma >= 0 && ret->kappa >= 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(EDGES); i++) {
        const struct problem edge = {p->workers, p->y, p->n, EDGES[i].sigma, EDGES[i].kappa};
        double sigma, kappa;
        fit(&edge, &sigma, &kappa);
        const double sum = squares(p, sigma, kappa);
        if (sigma < 0 || kappa < 0 || sum >= best)
            continue;
        best = sum;
        ret->sigma = sigma;
        ret->kappa = kappa;
    }
}

static double total_squares(const struct problem *p)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < p->n; i++)
        mean += log(p->y[i]) / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        sum += (log(p->y[i]) - mean) * (log(p->y[i]) - mean);
    return sum;
}

static void take_quality(const struct problem *p, double sigma, double kappa, double *rms, double *r2)
{
    const double left = squares(p, sigma, kappa), total = total_squares(p);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->workers[i] > 1;
    *rms = sqrt(left / (double)n);
    *r2 = total > 0 ? 1 - left / total : NAN;
}

struct stats_usl stats_usl_fit(const double *workers, const double *y, size_t n)
{
    const struct problem both = {workers, y, n, true, true}, serial = {workers, y, n, true, false};
    struct stats_usl u = {0};
    double none;
    fit(&both, &u.free_sigma, &u.free_kappa);
    fit_bounded(&both, &u);
    fit(&serial, &u.amdahl, &none);
    u.amdahl = fmax(0, u.amdahl);
    take_quality(&both, u.sigma, u.kappa, &u.rms, &u.r2);
    take_quality(&both, u.amdahl, 0, &u.amdahl_rms, &u.amdahl_r2);
    for (size_t i = 0; i < n; i++) {
        const double off = fabs(log(y[i] / stats_usl_at(u.sigma, u.kappa, workers[i])));
        if (off > u.worst) {
            u.worst = off;
            u.worst_at = i;
        }
    }
    return u;
}
