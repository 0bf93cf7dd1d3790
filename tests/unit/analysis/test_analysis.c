#include "analysis/analysis.h"
#include "base/cleanup.h"
#include "base/figure.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <string.h>

/* R's data set sleep (Student 1908), as logarithms: what is analysed is exp() of them. R 4.2.2, of vectors x1 and x2.
 */
static const double SLEEP1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double SLEEP2[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

static void exps(const double *x, struct analysis_value *ret, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct analysis_value){.value = exp(x[i]), .block = i + 1};
}

static void plain(const double *x, struct analysis_value *ret, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct analysis_value){.value = x[i]};
}

/* R: t.test(x2, x1): df = 17.776474, p-value = 0.07939414, -0.2054832307 to 3.3654832307. */
static void the_ratio_is_welchs_on_logarithms(void **state)
{
    (void)state;
    struct analysis_value a[10], b[10];
    exps(SLEEP1, a, 10);
    exps(SLEEP2, b, 10);
    struct analysis_ratio r = analysis_ratio(a, 10, b, 10, false, 0, NULL);
    struct stats_interval i = analysis_interval(&r, 0.95);
    assert_null(r.why_not);
    assert_int_equal(r.method, ANALYSIS_WELCH);
    assert_near(r.log, 1.58, 1e-9);
    assert_near(r.df, 17.776474, 1e-6);
    assert_near(log(i.low), -0.2054832307, 1e-9);
    assert_near(log(i.high), 3.3654832307, 1e-9);
    assert_near(r.b_mean / r.a_mean, i.at, 1e-12);
    assert_near(log(r.a_mean), 0.75, 1e-12);
}

/* R: t.test(x2, x1, paired = TRUE): 0.7001142367 to 2.4598857633. Whether the values go in pairs is the caller's to
 * say.
 */
static void blocks_of_one_run_are_pairs(void **state)
{
    (void)state;
    struct analysis_value a[10], b[10];
    exps(SLEEP1, a, 10);
    exps(SLEEP2, b, 10);
    struct analysis_ratio r = analysis_ratio(a, 10, b, 10, true, 0, NULL);
    struct stats_interval i = analysis_interval(&r, 0.95);
    assert_int_equal(r.method, ANALYSIS_PAIRS);
    assert_int_equal(r.pairs, 10);
    assert_near(log(i.low), 0.7001142367, 1e-9);
    assert_near(log(i.high), 2.4598857633, 1e-9);
    b[3].block = 4 + 1; /* a block twice: not one run of a plan */
    assert_int_equal(analysis_ratio(a, 10, b, 10, true, 0, NULL).method, ANALYSIS_WELCH);
    b[3].block = 11;
    r = analysis_ratio(a, 10, b, 10, true, 0, NULL);
    assert_int_equal(r.pairs, 9);
    assert_non_null(r.note);
    assert_near(r.b_mean / r.a_mean, exp(r.log), 1e-12);
}

/* The same two tests of R, of the values themselves: among them are 0 and numbers below. */
static void slopes_have_a_difference(void **state)
{
    (void)state;
    struct analysis_value a[10], b[10];
    struct analysis_verdict v;
    plain(SLEEP1, a, 10);
    plain(SLEEP2, b, 10);
    assert_non_null(analysis_ratio(a, 10, b, 10, false, 0, NULL).why_not);
    struct analysis_ratio r = analysis_difference(a, 10, b, 10, false, 0.5, NULL);
    struct stats_interval i = analysis_interval(&r, 0.95);
    assert_null(r.why_not);
    assert_near(r.a_mean, 0.75, 1e-12);
    assert_near(r.b_mean, 2.33, 1e-12);
    assert_near(i.at, 1.58, 1e-12);
    assert_near(i.low, -0.2054832307, 1e-9);
    assert_near(i.high, 3.3654832307, 1e-9);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_UNCLEAR);
    assert_near(v.p, 0.07939414, 1e-7);
    assert_near(v.half_width, 3.3654832307 - 1.58, 1e-9);
    for (size_t k = 0; k < 10; k++)
        a[k].block = b[k].block = k + 1;
    r = analysis_difference(a, 10, b, 10, true, 0.5, NULL);
    i = analysis_interval(&r, 0.95);
    assert_int_equal(r.method, ANALYSIS_PAIRS);
    assert_near(i.low, 0.7001142367, 1e-9);
    assert_near(i.high, 2.4598857633, 1e-9);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_GREATER);
    assert_true(v.differs && v.is_outside && v.is_difference);
    r = analysis_difference(b, 10, a, 10, true, 0.5, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_LESS);
    assert_string_equal(analysis_difference(a, 4, b, 4, false, 0.5, NULL).why_not,
                        "fewer than 5 invocations on a side");
    assert_string_equal(analysis_difference(a, 0, b, 4, false, 0.5, NULL).why_not,
                        "a side has no invocation with the figure");
}

/* Within the tolerance, and only with enough of them. */
static void flat_slopes_are_the_same_within_their_tolerance(void **state)
{
    (void)state;
    struct analysis_value a[20], b[20];
    struct analysis_verdict v;
    for (size_t i = 0; i < 20; i++) {
        a[i] = (struct analysis_value){.value = (double)(i % 5) - 2};
        b[i] = (struct analysis_value){.value = 2 - (double)(i % 5)};
    }
    struct analysis_ratio r = analysis_difference(a, 20, b, 20, false, 2, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_SAME);
    r = analysis_difference(a, 10, b, 10, false, 2, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_UNCLEAR);
    const struct analysis_noise noise = {.variance = 4, .quartic = 1, .cells = 15};
    r = analysis_difference(a, 20, b, 20, false, 2, &noise);
    analysis_judge(&r, 1, 0.02, &v);
    assert_true(v.word == ANALYSIS_UNCLEAR && v.is_noise);
}

/* R: t.test(c(0.05, 0.02, 0.11)): -0.05383749101 to 0.17383749101; of the first two -0.155593071 to 0.225593071.
 * Pooled, the nodes' tenfold difference would swamp it. */
static void nodes_are_values_from_two_on(void **state)
{
    (void)state;
    static const char *const NODE[] = {"n1", "n2", "n3"};
    static const double CHANGE[] = {0.05, 0.02, 0.11};
    struct analysis_value a[15], b[15];
    for (size_t i = 0; i < 15; i++) {
        double base = pow(10, (double)(i / 5)) * exp(0.01 * ((double)(i % 5) - 2));
        a[i] = (struct analysis_value){.value = base, .node = NODE[i / 5]};
        b[i] = (struct analysis_value){.value = base * exp(CHANGE[i / 5]), .node = NODE[i / 5]};
    }
    struct analysis_ratio three = analysis_ratio(a, 15, b, 15, true, 0, NULL),
                          two = analysis_ratio(a, 10, b, 10, true, 0, NULL);
    struct stats_interval i = analysis_interval(&three, 0.95), k = analysis_interval(&two, 0.95);
    assert_int_equal(three.method, ANALYSIS_NODES);
    assert_int_equal(three.nodes, 3);
    assert_near(log(i.low), -0.05383749101, 1e-9);
    assert_near(log(i.high), 0.17383749101, 1e-9);
    assert_near(log(k.low), -0.155593071, 1e-9);
    assert_near(log(k.high), 0.225593071, 1e-9);
    struct analysis_ratio uneven = analysis_ratio(a, 15, b, 10, false, 0, NULL);
    assert_int_equal(uneven.nodes, 2);
    assert_int_equal(uneven.a_used, 10);
    assert_string_equal(uneven.note, "a node that one side alone has is left out of the ratio");
    assert_non_null(analysis_ratio(a, 5, b + 5, 5, false, 0, NULL).note);
}

/* R: t.test(x2, x1, conf.level = 1 - 0.05/3): -0.6637390182 to 3.8237390182. */
static void the_interval_that_is_shown_decides_for_all_rows_together(void **state)
{
    (void)state;
    struct analysis_value a[10], b[10];
    exps(SLEEP1, a, 10);
    exps(SLEEP2, b, 10);
    struct analysis_ratio one = analysis_ratio(a, 10, b, 10, false, 0, NULL);
    struct analysis_ratio none = analysis_ratio(a, 3, b, 3, false, 0, NULL);
    const struct analysis_ratio row[] = {one, one, none, one};
    struct analysis_verdict v[4];
    analysis_judge(row, 4, 0.02, v);
    assert_near(log(v[0].ratio.low), -0.6637390182, 1e-9);
    assert_near(log(v[0].ratio.high), 3.8237390182, 1e-9);
    assert_near(v[0].p, 3 * 0.07939414019, 1e-9);
    assert_int_equal(v[0].word, ANALYSIS_UNCLEAR);
    assert_int_equal(v[2].word, ANALYSIS_UNKNOWN);
    assert_string_equal(v[2].why, "fewer than 5 invocations on a side");
}

/* The old rules judged by Holm's p up to 20 invocations and by the plain interval above. */
static void interval_p_and_word_never_disagree(void **state)
{
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t n = 19; n <= 22; n++)
        for (size_t k = 0; k < 100; k++) {
            struct analysis_value a[22], b[22];
            struct analysis_ratio row[15];
            struct analysis_verdict v[15];
            for (size_t c = 0; c < 15; c++) {
                for (size_t i = 0; i < n; i++) {
                    a[i] = (struct analysis_value){.value = exp(gsl_ran_gaussian(rng, 0.05))};
                    b[i] = (struct analysis_value){.value = exp(0.05 + gsl_ran_gaussian(rng, 0.05))};
                }
                row[c] = analysis_ratio(a, n, b, n, false, 1e-9, NULL);
            }
            analysis_judge(row, 15, 0.02, v);
            for (size_t c = 0; c < 15; c++) {
                assert_true(v[c].differs == (v[c].p < 0.05));
                assert_true(v[c].differs == (v[c].ratio.low > 1 || v[c].ratio.high < 1));
                assert_true((v[c].word == ANALYSIS_GREATER || v[c].word == ANALYSIS_LESS) <= v[c].differs);
            }
        }
    gsl_rng_free(rng);
}

/* Equal ones as all else: five of each side miss a mode of one run in ten against one in five in 19 of 100. */
static void constants_are_decided_and_are_the_same_from_15_on(void **state)
{
    (void)state;
    static const double FIVE[] = {5, 5, 5, 5, 5}, SIX[] = {6, 6, 6, 6, 6}, ZERO[] = {0, 0, 0, 0, 0},
                        MIXED[] = {0, 1, 2, 3, 4};
    struct analysis_value five[5], six[5], zero[5], mixed[5], fives[15], zeros[15];
    struct analysis_verdict v[8];
    plain(FIVE, five, 5);
    plain(SIX, six, 5);
    plain(ZERO, zero, 5);
    plain(MIXED, mixed, 5);
    for (size_t i = 0; i < 3; i++) {
        plain(FIVE, fives + 5 * i, 5);
        plain(ZERO, zeros + 5 * i, 5);
    }
    const struct analysis_ratio row[] = {
        analysis_ratio(five, 5, five, 5, false, 0, NULL),     analysis_ratio(five, 5, six, 5, false, 1e-9, NULL),
        analysis_ratio(zero, 5, zero, 5, false, 1, NULL),     analysis_ratio(six, 5, zero, 5, false, 1, NULL),
        analysis_ratio(mixed, 5, five, 5, false, 1, NULL),    analysis_ratio(five, 5, six, 5, false, 10, NULL),
        analysis_ratio(fives, 15, fives, 15, false, 0, NULL), analysis_ratio(zeros, 15, zeros, 15, false, 1, NULL)};
    analysis_judge(row, 8, 0.02, v);
    assert_int_equal(v[0].word, ANALYSIS_UNCLEAR);
    assert_true(v[0].is_few && !v[0].differs);
    assert_int_equal(v[0].runs, 15);
    assert_near(v[0].ratio.low, 1, 0);
    assert_int_equal(v[1].word, ANALYSIS_GREATER);
    assert_near(v[1].ratio.at, 1.2, 1e-12);
    assert_int_equal(v[2].word, ANALYSIS_UNCLEAR);
    assert_int_equal(v[3].word, ANALYSIS_LESS);
    assert_int_equal(v[4].word, ANALYSIS_UNKNOWN);
    assert_int_equal(v[5].word, ANALYSIS_UNCLEAR); /* a clock that counts in tens cannot tell 5 from 6 */
    assert_int_equal(v[6].word, ANALYSIS_SAME);
    assert_int_equal(v[7].word, ANALYSIS_SAME);
    assert_string_equal(analysis_ratio(five, 4, five, 4, false, 0, NULL).why_not, "fewer than 5 invocations on a side");
}

static void same_is_said_from_15_on(void **state)
{
    (void)state;
    struct analysis_value v[15];
    struct analysis_verdict few, enough;
    for (size_t i = 0; i < 15; i++)
        v[i] = (struct analysis_value){.value = 1 + 0.001 * (double)(i % 3)};
    struct analysis_ratio r14 = analysis_ratio(v, 14, v, 14, false, 0, NULL),
                          r15 = analysis_ratio(v, 15, v, 15, false, 0, NULL);
    analysis_judge(&r14, 1, 0.02, &few);
    analysis_judge(&r15, 1, 0.02, &enough);
    assert_int_equal(few.word, ANALYSIS_UNCLEAR);
    assert_non_null(few.why);
    assert_int_equal(few.runs, 15);
    assert_int_equal(enough.word, ANALYSIS_SAME);
}

static void so_many_runs_would_do(void **state)
{
    (void)state;
    struct analysis_value a[10], b[10];
    struct analysis_verdict v;
    for (size_t i = 0; i < 10; i++)
        a[i] = b[i] = (struct analysis_value){.value = exp(0.05 * ((double)i - 4.5))};
    struct analysis_ratio r = analysis_ratio(a, 10, b, 10, false, 0, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    double s2 = r.variance * 5; /* of one invocation */
    assert_int_equal(v.word, ANALYSIS_UNCLEAR);
    for (size_t less = 0; less < 2; less++) {
        const double n = (double)(v.runs - less), t = stats_student(0.975, 2 * n - 2) + stats_student(0.9, 2 * n - 2);
        assert_int_equal(t * sqrt(2 * s2 / n) <= log(1.02), less == 0);
    }
    assert_near(v.half_width, expm1(stats_student(0.975, r.df) * sqrt(r.variance)), 1e-12);
    r.variance = 1e-6; /* decided */
    analysis_judge(&r, 1, 0.02, &v);
    assert_true(v.is_few);
    for (size_t i = 0; i < 10; i++)
        b[i].value *= 20;
    r = analysis_ratio(a, 10, b, 10, false, 0, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_GREATER);
    assert_int_equal(v.runs, 0);
}

/* The number that would do, held against simulated comparisons of so many: it decides in 80 of 100, be the two the same
 * or apart by the margin. (That of the half-width alone decides in 5 of 100 where they are the same.) */
static void with_so_many_runs_it_is_decided(void **state)
{
    (void)state;
    enum { TIMES = NEAR_SLOW ? 300 : 1000 };
    const struct analysis_ratio two = {.method = ANALYSIS_WELCH, .variance = 2 * 0.03 * 0.03, .a_used = 1, .b_used = 1};
    const size_t n = analysis_runs(&two, 0.02, 0.95);
    static struct analysis_value a[200], b[200];
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    assert_in_range(n, 40, 60);
    for (size_t apart = 0; apart < 2; apart++) {
        size_t decided = 0;
        for (size_t k = 0; k < TIMES; k++) {
            for (size_t i = 0; i < n; i++) {
                a[i] = (struct analysis_value){.value = exp(gsl_ran_gaussian(rng, 0.03))};
                b[i] = (struct analysis_value){.value = (apart ? 1.02 : 1) * exp(gsl_ran_gaussian(rng, 0.03))};
            }
            struct analysis_verdict v;
            struct analysis_ratio r = analysis_ratio(a, n, b, n, false, 0, NULL);
            analysis_judge(&r, 1, 0.02, &v);
            decided += v.word != ANALYSIS_UNCLEAR;
        }
        assert_in_range(decided, TIMES * 75 / 100, TIMES * 98 / 100);
    }
    gsl_rng_free(rng);
}

/* Three nodes of seven invocations each: what would do is told in nodes, and is more than three. */
static void of_nodes_their_number_is_told(void **state)
{
    (void)state;
    static const char *const NODE[] = {"n1", "n2", "n3"};
    struct analysis_value a[21], b[21];
    struct analysis_verdict v;
    for (size_t i = 0; i < 21; i++) {
        a[i] = (struct analysis_value){.value = 1 + 0.001 * (double)(i % 5), .node = NODE[i % 3]};
        b[i] = (struct analysis_value){.value = a[i].value * (1 + 0.01 * (double)(i % 3)), .node = NODE[i % 3]};
    }
    struct analysis_ratio r = analysis_ratio(a, 21, b, 21, false, 0, NULL);
    analysis_judge(&r, 1, 0.02, &v);
    assert_int_equal(v.word, ANALYSIS_UNCLEAR);
    assert_true(v.of_nodes);
    assert_int_equal(v.used, 3);
    assert_in_range(v.runs, 4, 20);
    for (size_t i = 0; i < 21; i++)
        a[i].value *= 1 + (double)(i % 3); /* three places, and three nodes: no note that a mean describes none */
    const struct analysis_summary s = analysis_summary(a, 21, false, 1);
    assert_true(isnan(s.dip_p));
    assert_string_equal(s.dip_why, "the invocations are of several nodes");
    assert_string_equal(s.outliers_why, s.dip_why);
}

/* R: t.test(x1): mean 0.75, -0.5297804135 to 2.0297804135; sort(x)[qbinom ranks 2 and 9] for the median of ten. */
static void the_mean_is_geometric_and_its_interval_stays_above_0(void **state)
{
    (void)state;
    struct analysis_value a[10];
    exps(SLEEP1, a, 10);
    struct analysis_summary s = analysis_summary(a, 10, false, 1);
    assert_near(log(s.mean.at), 0.75, 1e-12);
    assert_near(log(s.mean.low), -0.5297804135, 1e-9);
    assert_near(log(s.mean.high), 2.0297804135, 1e-9);
    assert_near(log(s.median.low), -1.2, 1e-12);
    assert_near(log(s.median.high), 3.4, 1e-12);
    assert_non_null(s.p95.why_not);
    a[0].value = 0;
    s = analysis_summary(a, 10, false, 1);
    assert_true(isnan(s.mean.at) && s.mean.why_not && isfinite(s.median.at));
    s = analysis_summary(a, 0, false, 1);
    assert_true(isnan(s.mean.at) && isnan(s.min));
}

static void neighbours_that_hang_together_widen_the_interval(void **state)
{
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct analysis_value v[2][30];
    size_t covered = 0, plainly = 0;
    for (size_t k = 0; k < 1000; k++) {
        for (size_t s = 0; s < 2; s++) {
            double e = gsl_ran_gaussian(rng, 1);
            for (size_t i = 0; i < 30; i++, e = 0.5 * e + sqrt(0.75) * gsl_ran_gaussian(rng, 1))
                v[s][i] = (struct analysis_value){.value = exp(0.05 * e)};
        }
        struct analysis_ratio r = analysis_ratio(v[0], 30, v[1], 30, false, 0, NULL), naive = r;
        struct stats_interval i = analysis_interval(&r, 0.95);
        naive.variance /= r.inflation;
        naive.df = 58;
        covered += i.low <= 1 && i.high >= 1;
        i = analysis_interval(&naive, 0.95);
        plainly += i.low <= 1 && i.high >= 1;
    }
    assert_true(covered >= 915);
    assert_true(plainly < 800);
    gsl_rng_free(rng);
}

/* Searle, Casella and McCulloch's combination of mean squares by hand: log^2 = 0.01, variance 0.0004 each, four cells.
 */
static void noise_is_a_component_of_variance(void **state)
{
    (void)state;
    struct analysis_ratio aa[4];
    for (size_t i = 0; i < 4; i++)
        aa[i] =
            (struct analysis_ratio){.method = ANALYSIS_WELCH, .log = i % 2 ? 0.1 : -0.1, .variance = 0.0004, .df = 18};
    struct analysis_noise n = analysis_noise_of(aa, 4);
    assert_int_equal(n.cells, 4);
    assert_near(n.variance, 0.0096, 1e-12);
    assert_near(n.quartic, 0.01 * 0.01 / 4 + 4 * 0.0004 * 0.0004 / 18 / 16, 1e-15);
    struct analysis_value a[10], b[10];
    exps(SLEEP1, a, 10);
    exps(SLEEP2, b, 10);
    struct analysis_ratio quiet = analysis_ratio(a, 10, b, 10, false, 0, NULL),
                          noisy = analysis_ratio(a, 10, b, 10, false, 0, &n);
    assert_near(noisy.variance, quiet.variance + 0.0096, 1e-12);
    assert_near(noisy.df, noisy.variance * noisy.variance / (quiet.variance * quiet.variance / quiet.df + n.quartic),
                1e-9);
    for (size_t i = 0; i < 4; i++)
        aa[i].log = 0.01;
    assert_near(analysis_noise_of(aa, 4).variance, 0, 0); /* no more than the invocations' own spread */
    assert_int_equal(analysis_noise_of(aa, 0).cells, 0);
}

static void a_figure_says_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(figure_about("avg_iter_s").better, BETTER_LESS);
    assert_string_equal(figure_about("avg_iter_s").shown, "ms");
    assert_int_equal(figure_about("attempts").better, BETTER_NONE);
    assert_int_equal(figure_about("attempts").kind, FIGURE_COUNT);
    assert_int_equal(figure_about("throughput_mb_s").kind, FIGURE_RATE);
    assert_string_equal(figure_about("throughput_mb_s").shown, "MB/s");
    assert_int_equal(figure_about("ops_per_s").better, BETTER_MORE);
    assert_int_equal(figure_about("pss_bytes").kind, FIGURE_MEMORY);
    assert_string_equal(figure_about("dup_rate_pct").unit, "%");
    struct figure_about declared = figure_about_declared("attempts", "ids drawn", "1", "count", "more");
    assert_int_equal(declared.better, BETTER_MORE);
    assert_string_equal(declared.title, "ids drawn");
    assert_string_equal(figure_about_declared("wait", NULL, "ns", "time", "less").shown, "us");
    assert_int_equal(figure_about_declared("wait_s", NULL, NULL, NULL, "none").better, BETTER_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ratio_is_welchs_on_logarithms),
        cmocka_unit_test(blocks_of_one_run_are_pairs),
        cmocka_unit_test(slopes_have_a_difference),
        cmocka_unit_test(flat_slopes_are_the_same_within_their_tolerance),
        cmocka_unit_test(nodes_are_values_from_two_on),
        cmocka_unit_test(the_interval_that_is_shown_decides_for_all_rows_together),
        cmocka_unit_test(interval_p_and_word_never_disagree),
        cmocka_unit_test(constants_are_decided_and_are_the_same_from_15_on),
        cmocka_unit_test(same_is_said_from_15_on),
        cmocka_unit_test(so_many_runs_would_do),
        cmocka_unit_test(with_so_many_runs_it_is_decided),
        cmocka_unit_test(of_nodes_their_number_is_told),
        cmocka_unit_test(the_mean_is_geometric_and_its_interval_stays_above_0),
        cmocka_unit_test(neighbours_that_hang_together_widen_the_interval),
        cmocka_unit_test(noise_is_a_component_of_variance),
        cmocka_unit_test(a_figure_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
