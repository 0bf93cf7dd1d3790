/* Judges a family of ratios, with the host's noise. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "analysis/analysis.h"

/* --- noise -------------------------------------------------------------------------------------------------------- */

static bool is_measured(const struct analysis_ratio *r)
{
    return !r->why_not && r->variance > 0;
}

/* The square of the normal deviate with the same p as this t. */
static double deviate2(const struct analysis_ratio *r)
{
    double p = gsl_cdf_tdist_Q(fabs(r->log) / sqrt(r->variance), fmin(r->df, 1e6));
    double z = gsl_cdf_ugaussian_Qinv(fmax(p, 1e-300));
    return z * z;
}

struct analysis_noise analysis_noise_of(const struct analysis_ratio *aa, size_t count)
{
    struct analysis_noise n = {.p = NAN};
    double between = 0, within = 0, within_quartic = 0, chi2 = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_measured(&aa[i]))
            continue;
        n.cells++;
        between += aa[i].log * aa[i].log;
        within += aa[i].variance;
        within_quartic += aa[i].variance * aa[i].variance / aa[i].df;
        chi2 += deviate2(&aa[i]);
    }
    if (n.cells == 0)
        return n;
    const double m = (double)n.cells;
    n.p = gsl_cdf_chisq_Q(chi2, m);
    between /= m;
    within /= m;
    if (n.p >= 0.025 || between <= within)
        return n;
    n.variance = between - within;
    n.quartic = between * between / m + within_quartic / (m * m);
    return n;
}

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

/* What has to fit into the margin with n runs per side (or n pairs): the interval's half-width, and how far its middle
 * strays in ANALYSIS_POWER of comparisons. */
static double reach_at(const struct analysis_ratio *r, size_t n, double confidence)
{
    const double runs = (double)n;
    double own = r->variance - r->noise_variance, df = runs - 1, variance;
    if (r->pairs > 0) {
        variance = own * (double)r->pairs / runs;
    } else {
        variance = own / (1 / (double)r->a_used + 1 / (double)r->b_used) * 2 / runs;
        df = 2 * runs - 2;
    }
    return (stats_student((1 + confidence) / 2, df) + stats_student((1 + ANALYSIS_POWER) / 2, df)) *
           sqrt(variance + r->noise_variance);
}

/* What says that there is no difference, and between which bounds the two are the same: of a ratio, or of a difference.
 */
struct bounds {
    double none, low, high;
};

static struct bounds bounds_of(const struct analysis_ratio *r, double margin)
{
    if (r->is_difference)
        return (struct bounds){0, -r->tolerance, r->tolerance};
    return (struct bounds){1, 1 / (1 + margin), 1 + margin};
}

size_t analysis_runs(const struct analysis_ratio *r, double margin, double confidence)
{
    const double wanted = r->is_difference ? r->tolerance : log1p(margin);
    size_t low = r->method == ANALYSIS_NODES ? 2 : ANALYSIS_SAME_MIN, high = ANALYSIS_RUNS_MAX;
    if (r->why_not || reach_at(r, high, confidence) > wanted)
        return 0;
    while (low < high) { /* the reach falls with n */
        size_t n = low + (high - low) / 2;
        if (reach_at(r, n, confidence) <= wanted)
            high = n;
        else
            low = n + 1;
    }
    return low;
}

static bool is_too_few_for_same(const struct analysis_ratio *r)
{
    return r->a_used < ANALYSIS_SAME_MIN || r->b_used < ANALYSIS_SAME_MIN;
}

static enum analysis_word word_of(const struct stats_interval *i, const struct bounds *b)
{
    if (i->low >= b->low && i->high <= b->high)
        return ANALYSIS_SAME;
    if (i->low > b->none)
        return ANALYSIS_GREATER;
    return i->high < b->none ? ANALYSIS_LESS : ANALYSIS_UNCLEAR;
}

/* What there were of, and of what so many more would tell. That a slow mode is missed is a matter of invocations. */
static void take_runs(const struct analysis_ratio *r, double margin, double confidence, struct analysis_verdict *v)
{
    v->of_nodes = r->method == ANALYSIS_NODES && !v->is_few;
    v->used = v->of_nodes ? r->pairs : r->a_used < r->b_used ? r->a_used : r->b_used;
    if (v->word == ANALYSIS_UNCLEAR)
        v->runs = v->is_few && r->method == ANALYSIS_NODES ? ANALYSIS_SAME_MIN : analysis_runs(r, margin, confidence);
}

static struct analysis_verdict of_zero_side(const struct analysis_ratio *r)
{
    return (struct analysis_verdict){.word = r->b_mean > 0 ? ANALYSIS_GREATER : ANALYSIS_LESS,
                                     .ratio = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, r->why_not),
                                     .differs = true,
                                     .is_outside = true,
                                     .p = NAN,
                                     .half_width = NAN,
                                     .why = r->why_not};
}

static bool would_be_clear(const struct analysis_ratio *r, const struct bounds *b, double confidence)
{
    struct analysis_ratio quiet = *r;
    quiet.variance -= r->noise_variance;
    quiet.df = r->pairs > 0 ? (double)r->pairs - 1 : (double)(r->a_used + r->b_used) - 2;
    struct stats_interval i = analysis_interval(&quiet, confidence);
    return word_of(&i, b) != ANALYSIS_UNCLEAR;
}

static struct analysis_verdict judge(const struct analysis_ratio *r, size_t m, double margin)
{
    const double confidence = 1 - (1 - ANALYSIS_CONFIDENCE) / (double)m;
    const struct bounds b = bounds_of(r, margin);
    if (r->zero_side)
        return of_zero_side(r);
    struct analysis_verdict v = {.word = ANALYSIS_UNKNOWN,
                                 .ratio = analysis_interval(r, r->why_not ? ANALYSIS_CONFIDENCE : confidence),
                                 .is_difference = r->is_difference,
                                 .tolerance = r->tolerance,
                                 .p = NAN,
                                 .half_width = NAN,
                                 .why = r->why_not};
    if (r->why_not)
        return v;
    v.ratio.confidence = ANALYSIS_CONFIDENCE; /* of all of them together */
    v.word = word_of(&v.ratio, &b);
    v.differs = v.ratio.low > b.none || v.ratio.high < b.none;
    v.is_outside = v.ratio.low > b.high || v.ratio.high < b.low;
    v.p = r->variance > 0 ? fmin(1, (double)m * 2 * gsl_cdf_tdist_Q(fabs(r->log) / sqrt(r->variance), fmin(r->df, 1e6)))
          : v.differs     ? 0
                          : 1;
    v.half_width = r->is_difference ? v.ratio.high - r->log : expm1(log(v.ratio.high) - r->log);
    if (v.word == ANALYSIS_SAME && is_too_few_for_same(r)) {
        v.is_few = !v.differs;
        v.word = v.differs ? (r->log > 0 ? ANALYSIS_GREATER : ANALYSIS_LESS) : ANALYSIS_UNCLEAR;
        v.why = v.differs ? NULL : "fewer than 15 invocations on a side may have missed a slow mode";
    }
    take_runs(r, margin, confidence, &v);
    v.is_noise = v.word == ANALYSIS_UNCLEAR && r->noise_variance > 0 && would_be_clear(r, &b, confidence);
    return v;
}

void analysis_judge(const struct analysis_ratio *row, size_t rows, double margin, struct analysis_verdict *ret)
{
    size_t m = 0;
    for (size_t i = 0; i < rows; i++)
        m += row[i].why_not == NULL || row[i].zero_side;
    for (size_t i = 0; i < rows; i++)
        ret[i] = judge(&row[i], m ? m : 1, margin);
}
