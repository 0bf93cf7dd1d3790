/* One cell's invocations, or two cells', on logarithms. */
#include "analysis/analysis.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats_modes.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats_series.h"

#define LAG1_MIN 10

static const char FEW[] = "fewer than 5 invocations on a side";
static const char EMPTY_SIDE[] = "a side has no invocation with the figure";
static const char NOT_ABOVE_0[] = "a figure is not above 0: there is no ratio";

/* --- serial correlation ------------------------------------------------------------------------------------------- */

/* The correlation of neighbours in time, of one series or of two pooled ones. */
struct serial {
    double lagged, all; /* sums of products */
    size_t n, series;
};

static void serial_add(struct serial *s, const double *x, size_t n)
{
    double mean = n ? gsl_stats_mean(x, 1, n) : 0;
    for (size_t i = 0; i < n; i++) {
        s->all += (x[i] - mean) * (x[i] - mean);
        if (i + 1 < n)
            s->lagged += (x[i] - mean) * (x[i + 1] - mean);
    }
    s->n += n;
    s->series++;
}

/* r underestimates rho by about (1 + 3 rho)/n (Kendall, Biometrika 41, 1954; Marriott and Pope, ibid.), so rho = (n r +
 * 1)/(n - 3). NaN: a series has fewer than LAG1_MIN values, or there is no spread. */
static double serial_lag1(const struct serial *s)
{
    double n = (double)s->n / (double)(s->series ? s->series : 1);
    if (n < LAG1_MIN || !(s->all > 0))
        return NAN;
    return fmin(0.95, (n * s->lagged / s->all + 1) / (n - 3));
}

/* Whether it is significantly above 0, one-sided at 2.5%: under independence r + 1/n is normal with variance 1/n.
 * Without the test, a chance correlation of ten values would widen every other interval by a half. */
static bool serial_is_shown(const struct serial *s)
{
    double n = (double)s->n / (double)(s->series ? s->series : 1);
    return n >= LAG1_MIN && s->all > 0 && (s->lagged / s->all + 1 / n) * sqrt((double)s->n) > 1.96;
}

/* The factor by which the variance of a mean of n exceeds sigma^2/n: 1 + 2 sum (1 - k/n) rho^k (Bayley and Hammersley,
 * JRSS B 8, 1946). n divided by it is the equivalent number of independent values. */
static double excess(double rho, size_t n)
{
    double f = 1, power = 1;
    for (size_t k = 1; k < n && power > 1e-9; k++) {
        power *= rho;
        f += 2 * (1 - (double)k / (double)n) * power;
    }
    return fmin(f, (double)n / 2);
}

/* The variance of the mean of n values with this variance, and its degrees of freedom. Under correlation the sample
 * variance is too small by (n - f)/(n - 1), which is corrected. */
struct of_mean {
    double variance, df;
};

static struct of_mean of_mean(double variance, size_t n, double rho)
{
    double f = rho > 0 ? excess(rho, n) : 1, size = (double)n;
    return (struct of_mean){variance * (size - 1) / (size - f) * f / size, fmax(1, size / f - 1)};
}

/* --- values, by node ---------------------------------------------------------------------------------------------- */

/* On which scale two cells are compared: logarithms, or of slopes the values themselves. */
static double on_scale(double value, bool plain)
{
    return plain ? value : log(value);
}

static double off_scale(double value, bool plain)
{
    return plain ? value : exp(value);
}

/* A set of logarithms in the order of time, those of a node together where `nodes` is above 1. */
struct side {
    double *log; /* owned */
    size_t n;
    double mean, variance; /* variance: NaN with fewer than 2 */
};

static bool are_above_0(const struct analysis_value *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(v[i].value > 0) || isinf(v[i].value))
            return false;
    return true;
}

static bool are_one_value(const struct analysis_value *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i].value < v[0].value || v[i].value > v[0].value)
            return false;
    return n > 0;
}

static const char *node_of(const struct analysis_value *v)
{
    return v->node ? v->node : "";
}

static bool is_of(const struct analysis_value *v, const char *node)
{
    return !node || strcmp(node_of(v), node) == 0;
}

/* Those of this node; NULL: all. */
static struct side side_on(const struct analysis_value *v, size_t n, const char *node, bool plain)
{
    struct side s = {.log = xcalloc(n, sizeof(double)), .mean = NAN, .variance = NAN};
    for (size_t i = 0; i < n; i++)
        if (is_of(&v[i], node))
            s.log[s.n++] = on_scale(v[i].value, plain);
    if (s.n > 0)
        s.mean = gsl_stats_mean(s.log, 1, s.n);
    if (s.n > 1)
        s.variance = gsl_stats_variance_m(s.log, 1, s.n, s.mean);
    return s;
}

static double mean_on(const struct analysis_value *v, size_t n, const char *node, bool plain)
{
    struct side s = side_on(v, n, node, plain);
    free(s.log);
    return s.mean;
}

/* The different nodes, in the order of their first values; the caller frees the list. */
static const char **nodes_of(const struct analysis_value *v, size_t n, size_t *count)
{
    const char **node = xcalloc(n, sizeof(const char *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < *count && strcmp(node[k], node_of(&v[i])) != 0)
            k++;
        if (k == *count)
            node[(*count)++] = node_of(&v[i]);
    }
    return node;
}

static bool has_node(const struct analysis_value *v, size_t n, const char *node)
{
    for (size_t i = 0; i < n; i++)
        if (is_of(&v[i], node))
            return true;
    return false;
}

/* --- one cell ----------------------------------------------------------------------------------------------------- */

static struct stats_interval interval_on(double mean, struct of_mean m, double confidence, bool plain)
{
    double half = stats_student((1 + confidence) / 2, m.df) * sqrt(m.variance);
    return (struct stats_interval){off_scale(mean, plain), off_scale(mean - half, plain), off_scale(mean + half, plain),
                                   confidence, NULL};
}

/* The mean over the means of nodes, if there are several. */
static struct stats_interval mean_of_nodes(const struct analysis_value *v, size_t n, const char *const *node,
                                           size_t nodes, bool plain, double *log_variance)
{
    cleanup_free double *mean = xcalloc(nodes, sizeof(*mean));
    for (size_t i = 0; i < nodes; i++)
        mean[i] = mean_on(v, n, node[i], plain);
    double at = gsl_stats_mean(mean, 1, nodes);
    struct of_mean m = of_mean(gsl_stats_variance_m(mean, 1, nodes, at), nodes, 0);
    *log_variance = m.variance;
    return interval_on(at, m, ANALYSIS_CONFIDENCE, plain);
}

static struct stats_interval mean_of(const struct analysis_value *v, size_t n, bool plain, struct analysis_summary *s)
{
    size_t nodes = 0;
    double over_nodes_variance = NAN;
    struct serial serial = {0};
    if (n > 0 && s->is_constant) {
        struct stats_interval at = {v[0].value, v[0].value, v[0].value, ANALYSIS_CONFIDENCE, NULL};
        if (n < STATS_INTERVAL_MIN)
            return stats_no_interval(v[0].value, ANALYSIS_CONFIDENCE, "fewer than 5 invocations");
        s->log_variance = 0;
        return at;
    }
    if (!plain && !are_above_0(v, n))
        return stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "a value is not above 0: there is no geometric mean");
    cleanup_free const char **node = nodes_of(v, n, &nodes);
    struct side all = side_on(v, n, NULL, plain);
    cleanup_free double *log = all.log;
    struct stats_interval over_nodes =
        nodes > 1 ? mean_of_nodes(v, n, node, nodes, plain, &over_nodes_variance) : (struct stats_interval){0};
    if (n < STATS_INTERVAL_MIN)
        return stats_no_interval(n == 0      ? NAN
                                 : nodes > 1 ? over_nodes.at
                                             : off_scale(all.mean, plain),
                                 ANALYSIS_CONFIDENCE, "fewer than 5 invocations");
    if (nodes > 1) {
        s->log_variance = over_nodes_variance;
        return over_nodes;
    }
    serial_add(&serial, log, n);
    s->lag1 = serial_lag1(&serial);
    double rho = serial_is_shown(&serial) ? s->lag1 : 0;
    struct of_mean m = of_mean(all.variance, n, rho);
    s->log_variance = m.variance;
    return interval_on(all.mean, m, ANALYSIS_CONFIDENCE, plain);
}

#define DIP_MIN 10

/* Each is about a place of its own, which the mean over nodes knows of. */
static const char OF_NODES[] = "the invocations are of several nodes";

/* Outliers on logarithms, as all else is, where there are any. */
static void take_outliers(const double *sorted, size_t n, bool plain, struct analysis_summary *s)
{
    cleanup_free double *x = xcalloc(n, sizeof(*x));
    double step = stats_least_step(sorted, n);
    size_t ties = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = on_scale(sorted[i], plain || !(sorted[0] > 0));
        ties += i > 0 && sorted[i] <= sorted[i - 1];
    }
    if (n < STATS_OUTLIERS_MIN)
        s->outliers_why = "fewer than 10 invocations";
    else if (ties > 0 && sorted[3 * n / 4] - sorted[n / 4] < 6 * step)
        s->outliers_why = "the values are too coarse: half of them lie within 6 steps";
    else
        s->outliers = stats_outliers(x, n, NULL, 0);
}

static bool are_of_one_node(const struct analysis_value *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!is_of(&v[i], node_of(&v[0])))
            return false;
    return true;
}

struct analysis_summary analysis_summary(const struct analysis_value *v, size_t n, bool plain, uint64_t seed)
{
    struct analysis_summary s = {.n = n, .log_variance = NAN, .min = NAN, .max = NAN, .lag1 = NAN, .dip_p = NAN};
    cleanup_free double *sorted = xcalloc(n, sizeof(*sorted));
    for (size_t i = 0; i < n; i++)
        sorted[i] = v[i].value;
    gsl_sort(sorted, 1, n);
    s.is_constant = are_one_value(v, n);
    s.mean = mean_of(v, n, plain, &s);
    s.median = stats_quantile_interval(sorted, n, 0.5, ANALYSIS_CONFIDENCE);
    s.p95 = stats_quantile_interval(sorted, n, 0.95, ANALYSIS_CONFIDENCE);
    s.dip_why = n < DIP_MIN               ? "fewer than 10 invocations"
                : !are_of_one_node(v, n)  ? OF_NODES
                : seed == ANALYSIS_NO_DIP ? "it was not asked for"
                                          : NULL;
    if (n == 0)
        return s;
    s.min = sorted[0];
    s.max = sorted[n - 1];
    s.sd = n > 1 ? gsl_stats_sd(sorted, 1, n) : NAN;
    if (are_of_one_node(v, n))
        take_outliers(sorted, n, plain, &s);
    else
        s.outliers_why = OF_NODES;
    if (!s.dip_why)
        s.dip_p = stats_dip_p(stats_dip_of_rounded(sorted, n), n, 1000, seed);
    return s;
}

/* --- two cells: which design -------------------------------------------------------------------------------------- */

const char *const analysis_method_names[] = {"none", "Welch's t on logarithms", "t on logarithms of pairs (blocks)",
                                             "t on logarithms of nodes", "constants"};

struct two_sides {
    const struct analysis_value *a, *b;
    size_t a_count, b_count;
    bool plain; /* slopes: no logarithms */
};

static struct analysis_ratio no_ratio(const char *why)
{
    return (struct analysis_ratio){.method = ANALYSIS_NONE,
                                   .log = NAN,
                                   .a_mean = NAN,
                                   .b_mean = NAN,
                                   .variance = NAN,
                                   .df = NAN,
                                   .lag1 = NAN,
                                   .inflation = 1,
                                   .why_not = why};
}

/* Keeps the values of nodes that both sides have, if there are any; returns a note on the others. The caller frees
 * `kept`. */
static const char *keep_common_nodes(struct two_sides *s, struct analysis_value **kept, size_t *common)
{
    size_t a_nodes = 0, b_nodes = 0, a = 0, b = 0;
    cleanup_free const char **of_a = nodes_of(s->a, s->a_count, &a_nodes),
                            **of_b = nodes_of(s->b, s->b_count, &b_nodes);
    *common = 0;
    for (size_t i = 0; i < a_nodes; i++)
        *common += *of_a[i] && has_node(s->b, s->b_count, of_a[i]);
    if (a_nodes == 0 || b_nodes == 0 || (*common == a_nodes && *common == b_nodes))
        return NULL;
    if (*common == 0 && ((a_nodes == 1 && !*of_a[0]) || (b_nodes == 1 && !*of_b[0])))
        return a_nodes == 1 && b_nodes == 1 && !*of_a[0] && !*of_b[0]
                   ? NULL
                   : "one side does not name its node: all are taken together";
    if (*common == 0)
        return "the sides ran on different nodes: the ratio is one of node and change together";
    *kept = xcalloc(s->a_count + s->b_count, sizeof(**kept));
    for (size_t i = 0; i < s->a_count; i++)
        if (*node_of(&s->a[i]) && has_node(s->b, s->b_count, node_of(&s->a[i])))
            (*kept)[a++] = s->a[i];
    for (size_t i = 0; i < s->b_count; i++)
        if (*node_of(&s->b[i]) && has_node(s->a, s->a_count, node_of(&s->b[i])))
            (*kept)[a + b++] = s->b[i];
    *s = (struct two_sides){*kept, *kept + a, a, b, s->plain};
    return "a node that one side alone has is left out of the ratio";
}

/* Whether each invocation has a block and no block occurs twice, as in one run of one plan. */
static bool is_in_blocks(const struct analysis_value *v, size_t n)
{
    cleanup_free double *block = xcalloc(n, sizeof(*block));
    for (size_t i = 0; i < n; i++)
        block[i] = (double)v[i].block;
    gsl_sort(block, 1, n);
    for (size_t i = 0; i < n; i++)
        if (block[i] < 1 || (i > 0 && block[i] <= block[i - 1]))
            return false;
    return n > 0;
}

/* --- two cells: the three ways ------------------------------------------------------------------------------------ */

/* Takes the mean of differences d, with its t. */
static void take_differences(struct analysis_ratio *r, const double *d, size_t n, double rho)
{
    struct of_mean m = of_mean(gsl_stats_variance(d, 1, n), n, rho);
    r->variance = m.variance;
    r->df = m.df;
    r->pairs = n;
}

/* Welch's interval on logarithms: variance = s_a^2/n_a + s_b^2/n_b, df by Satterthwaite (Biometrics Bulletin 2(6),
 * 1946; Welch, Biometrika 34, 1947). Logarithms, not Fieller's theorem on the means: the ratios B/A and A/B then say
 * the same, a margin is the same both ways, and times are nearer to log-normal. */
static void by_welch(const struct two_sides *s, struct analysis_ratio *r)
{
    struct side a = side_on(s->a, s->a_count, NULL, s->plain), b = side_on(s->b, s->b_count, NULL, s->plain);
    struct serial serial = {0};
    serial_add(&serial, a.log, a.n);
    serial_add(&serial, b.log, b.n);
    r->a_mean = off_scale(a.mean, s->plain);
    r->b_mean = off_scale(b.mean, s->plain);
    r->log = b.mean - a.mean;
    r->method = ANALYSIS_WELCH;
    r->lag1 = serial_lag1(&serial);
    double rho = serial_is_shown(&serial) ? r->lag1 : 0;
    if (a.n >= 2 && b.n >= 2) {
        struct of_mean x = of_mean(a.variance, a.n, rho), y = of_mean(b.variance, b.n, rho);
        double plain = a.variance / (double)a.n + b.variance / (double)b.n;
        r->variance = x.variance + y.variance;
        r->df = r->variance * r->variance / (x.variance * x.variance / x.df + y.variance * y.variance / y.df);
        r->inflation = rho > 0 && plain > 0 ? r->variance / plain : 1;
    }
    free(a.log);
    free(b.log);
}

/* The correlation of neighbouring blocks; 0: not significant. */
static double rho_of_blocks(const double *d, size_t n, double *lag1)
{
    struct serial serial = {0};
    serial_add(&serial, d, n);
    *lag1 = serial_lag1(&serial);
    return serial_is_shown(&serial) ? *lag1 : 0;
}

/* The t of paired differences (Student 1908). */
static void by_blocks(const struct two_sides *s, struct analysis_ratio *r)
{
    cleanup_free double *d = xcalloc(s->a_count, sizeof(*d));
    double a = 0, b = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->a_count; i++)
        for (size_t k = 0; k < s->b_count; k++)
            if (s->a[i].block == s->b[k].block) {
                const double of_a = on_scale(s->a[i].value, s->plain), of_b = on_scale(s->b[k].value, s->plain);
                a += of_a;
                b += of_b;
                d[n++] = of_b - of_a;
            }
    if (n < s->a_count || n < s->b_count)
        r->note = "a block that one side alone has is left out of the ratio";
    r->method = ANALYSIS_PAIRS;
    r->a_used = r->b_used = n;
    r->a_mean = n ? off_scale(a / (double)n, s->plain) : NAN;
    r->b_mean = n ? off_scale(b / (double)n, s->plain) : NAN;
    r->log = n ? (b - a) / (double)n : NAN;
    if (n < STATS_INTERVAL_MIN) {
        r->why_not = "fewer than 5 blocks that both sides have";
        return;
    }
    const double plain = gsl_stats_variance(d, 1, n) / (double)n, rho = rho_of_blocks(d, n, &r->lag1);
    take_differences(r, d, n, rho);
    r->inflation = rho > 0 && plain > 0 ? r->variance / plain : 1;
}

/* Each node's ratio of means is one value, however many invocations it has: the effect differs from node to node, and
 * more invocations of the same nodes do not show by how much (Kalibera and Jones 2013, section 3: repeat at the highest
 * level that varies). */
static void by_nodes(const struct two_sides *s, size_t common, struct analysis_ratio *r)
{
    size_t nodes = 0;
    cleanup_free const char **node = nodes_of(s->a, s->a_count, &nodes);
    cleanup_free double *d = xcalloc(common, sizeof(*d));
    double sum_a = 0, sum_b = 0;
    for (size_t i = 0; i < nodes; i++) {
        const double a = mean_on(s->a, s->a_count, node[i], s->plain), b = mean_on(s->b, s->b_count, node[i], s->plain);
        sum_a += a;
        sum_b += b;
        d[i] = b - a;
    }
    r->method = ANALYSIS_NODES;
    r->a_mean = off_scale(sum_a / (double)nodes, s->plain);
    r->b_mean = off_scale(sum_b / (double)nodes, s->plain);
    r->log = (sum_b - sum_a) / (double)nodes;
    take_differences(r, d, nodes, 0);
}

/* --- two cells ---------------------------------------------------------------------------------------------------- */

/* Rounding to the last place: a rectangle of that width, whose variance is a twelfth of its square (JCGM 100:2008, the
 * GUM, 4.3.7 and F.2.2.1). It is in common to all values of a side, and not made less by more of them. */
static double rounding(const struct analysis_ratio *r, double resolution)
{
    double a = resolution / r->a_mean, b = resolution / r->b_mean;
    return (a * a + b * b) / 12;
}

static struct analysis_ratio of_zeros(const struct two_sides *s)
{
    struct analysis_ratio r = no_ratio(NOT_ABOVE_0);
    if (!are_one_value(s->a, s->a_count) || !are_one_value(s->b, s->b_count))
        return r;
    bool a_is_0 = s->a[0].value >= 0 && s->a[0].value <= 0, b_is_0 = s->b[0].value >= 0 && s->b[0].value <= 0;
    r.a_mean = s->a[0].value;
    r.b_mean = s->b[0].value;
    if (s->a_count < STATS_INTERVAL_MIN || s->b_count < STATS_INTERVAL_MIN)
        return r;
    if (a_is_0 && b_is_0) {
        r.method = ANALYSIS_CONSTANT;
        r.log = r.variance = 0;
        r.df = INFINITY;
        r.why_not = NULL;
    } else if ((a_is_0 && s->b[0].value > 0) || (b_is_0 && s->a[0].value > 0)) {
        r.zero_side = true;
        r.why_not = "one side is 0 throughout and the other is not: there is no ratio";
    }
    return r;
}

static void add_noise(struct analysis_ratio *r, const struct analysis_noise *noise)
{
    if (!noise || !(noise->variance > 0))
        return;
    double quartic = r->variance * r->variance / r->df + noise->quartic;
    r->noise_variance = noise->variance;
    r->variance += noise->variance;
    r->df = r->variance * r->variance / quartic;
}

/* By the design of the plan. Of logarithms every value is above 0. */
static void take_both(const struct two_sides *s, size_t common, bool same_run, struct analysis_ratio *r)
{
    r->nodes = common;
    if (common > 1)
        by_nodes(s, common, r);
    else if (same_run && is_in_blocks(s->a, s->a_count) && is_in_blocks(s->b, s->b_count))
        by_blocks(s, r);
    else
        by_welch(s, r);
    if (!r->why_not && (s->a_count < STATS_INTERVAL_MIN || s->b_count < STATS_INTERVAL_MIN))
        r->why_not = FEW;
    if (r->why_not) {
        r->method = ANALYSIS_NONE;
        r->variance = r->df = NAN;
    } else if (!(r->variance > 0)) {
        r->method = ANALYSIS_CONSTANT;
        r->variance = 0;
        r->df = INFINITY;
    }
}

static struct analysis_ratio effect(struct two_sides s, bool same_run, double resolution,
                                    const struct analysis_noise *noise)
{
    cleanup_free struct analysis_value *kept = NULL;
    size_t common = 0;
    const char *note = keep_common_nodes(&s, &kept, &common);
    const bool is_empty = s.a_count == 0 || s.b_count == 0,
               has_scale = s.plain || (are_above_0(s.a, s.a_count) && are_above_0(s.b, s.b_count));
    struct analysis_ratio r = is_empty ? no_ratio(EMPTY_SIDE) : has_scale ? no_ratio(NULL) : of_zeros(&s);
    r.is_difference = s.plain;
    r.a_used = s.a_count;
    r.b_used = s.b_count;
    r.note = note;
    if (is_empty || !has_scale)
        return r;
    take_both(&s, common, same_run, &r);
    if (r.why_not)
        return r;
    r.variance += s.plain ? 0 : rounding(&r, resolution);
    add_noise(&r, noise);
    return r;
}

struct analysis_ratio analysis_ratio(const struct analysis_value *a, size_t a_count, const struct analysis_value *b,
                                     size_t b_count, bool same_run, double resolution,
                                     const struct analysis_noise *noise)
{
    return effect((struct two_sides){a, b, a_count, b_count, false}, same_run, resolution, noise);
}

struct analysis_ratio analysis_difference(const struct analysis_value *a, size_t a_count,
                                          const struct analysis_value *b, size_t b_count, bool same_run,
                                          double tolerance, const struct analysis_noise *noise)
{
    struct analysis_ratio r = effect((struct two_sides){a, b, a_count, b_count, true}, same_run, 0, noise);
    r.tolerance = tolerance;
    return r;
}

struct stats_interval analysis_interval(const struct analysis_ratio *r, double confidence)
{
    if (r->why_not)
        return stats_no_interval(off_scale(r->log, r->is_difference), confidence, r->why_not);
    return interval_on(r->log, (struct of_mean){r->variance, r->df}, confidence, r->is_difference);
}

/* --- several cells ------------------------------------------------------------------------------------------------ */

static size_t with_weight(const struct analysis_term *term, size_t terms, const struct analysis_term **ret)
{
    size_t n = 0;
    for (size_t i = 0; i < terms; i++)
        if (term[i].weight < 0 || term[i].weight > 0)
            ret[n++] = &term[i];
    return n;
}

/* The sum of a block or a node over the cells; NaN: a cell lacks it. */
static double sum_of_block(const struct analysis_term *const *term, size_t terms, uint64_t block)
{
    double sum = 0;
    for (size_t i = 0; i < terms; i++) {
        size_t k = 0;
        while (k < term[i]->count && term[i]->value[k].block != block)
            k++;
        sum += k < term[i]->count ? term[i]->weight * log(term[i]->value[k].value) : NAN;
    }
    return sum;
}

static double sum_of_node(const struct analysis_term *const *term, size_t terms, const char *node)
{
    double sum = 0;
    for (size_t i = 0; i < terms; i++)
        sum += term[i]->weight * mean_on(term[i]->value, term[i]->count, node, false);
    return sum;
}

/* The sums of the nodes that all cells have. d has room for the first cell's values. */
static size_t sums_of_nodes(const struct analysis_term *const *term, size_t terms, double *d)
{
    size_t nodes = 0, n = 0;
    cleanup_free const char **node = nodes_of(term[0]->value, term[0]->count, &nodes);
    for (size_t i = 0; i < nodes; i++) {
        d[n] = *node[i] ? sum_of_node(term, terms, node[i]) : NAN;
        n += isnan(d[n]) ? 0 : 1;
    }
    return n;
}

static size_t sums_of_blocks(const struct analysis_term *const *term, size_t terms, double *d)
{
    size_t n = 0;
    for (size_t i = 0; i < terms; i++)
        if (!is_in_blocks(term[i]->value, term[i]->count))
            return 0;
    for (size_t i = 0; i < term[0]->count; i++) {
        d[n] = sum_of_block(term, terms, term[0]->value[i].block);
        n += isnan(d[n]) ? 0 : 1;
    }
    return n;
}

static void take_sums(const double *d, size_t n, enum analysis_method method, struct analysis_contrast *ret)
{
    double lag1 = NAN, rho = method == ANALYSIS_PAIRS ? rho_of_blocks(d, n, &lag1) : 0;
    const struct of_mean m = of_mean(gsl_stats_variance(d, 1, n), n, rho);
    *ret = (struct analysis_contrast){method, m.variance, m.df, n, NULL};
}

/* Welch and Satterthwaite of any number of samples: variance = sum w^2 s^2/n. */
static void take_samples(const struct analysis_term *const *term, size_t terms, struct analysis_contrast *ret)
{
    double quartic = 0;
    *ret = (struct analysis_contrast){ANALYSIS_WELCH, 0, 0, term[0]->count, NULL};
    for (size_t i = 0; i < terms; i++) {
        struct side s = side_on(term[i]->value, term[i]->count, NULL, false);
        const double part = term[i]->weight * term[i]->weight * s.variance / (double)s.n;
        ret->variance += part;
        quartic += part * part / ((double)s.n - 1);
        ret->n = s.n < ret->n ? s.n : ret->n;
        free(s.log);
    }
    ret->df = quartic > 0 ? ret->variance * ret->variance / quartic : INFINITY;
}

static struct analysis_contrast no_contrast(const char *why_not)
{
    return (struct analysis_contrast){ANALYSIS_NONE, NAN, NAN, 0, why_not};
}

struct analysis_contrast analysis_contrast(const struct analysis_term *term, size_t terms, bool same_run)
{
    cleanup_free const struct analysis_term **used = xcalloc(terms, sizeof(const struct analysis_term *));
    const size_t n = with_weight(term, terms, used);
    struct analysis_contrast c = {ANALYSIS_CONSTANT, 0, INFINITY, 0, NULL};
    if (n == 0)
        return c;
    for (size_t i = 0; i < n; i++) {
        if (used[i]->count < STATS_INTERVAL_MIN)
            return no_contrast("fewer than 5 invocations of a cell");
        if (!are_above_0(used[i]->value, used[i]->count))
            return no_contrast(NOT_ABOVE_0);
    }
    cleanup_free double *d = xcalloc(used[0]->count, sizeof(*d));
    const size_t nodes = sums_of_nodes(used, n, d);
    if (nodes > 1) {
        take_sums(d, nodes, ANALYSIS_NODES, &c);
        return c;
    }
    const size_t blocks = same_run ? sums_of_blocks(used, n, d) : 0;
    if (blocks >= STATS_INTERVAL_MIN)
        take_sums(d, blocks, ANALYSIS_PAIRS, &c);
    else if (blocks > 0)
        return no_contrast("fewer than 5 blocks that all of its cells have");
    else
        take_samples(used, n, &c);
    return c;
}
