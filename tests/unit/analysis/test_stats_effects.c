#include "analysis/stats_effects.h"

#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

/* --- against another implementation ------------------------------------------------------------------------------
 *
 * R 4.2 with metafor 3.8-1:
 *     r <- rma(y, v, method = "PM", control = list(tol = 1e-14)); c(r$tau2, r$I2 / 100, r$QE, r$QEp)
 *     t.test(y)$conf.int; predict(lm(y ~ 1), newdata = data.frame(a = 1), interval = "prediction") */

static const struct {
    size_t n;
    double y[6], v[6];
    double tau2, i2, q, q_p;
} METAFOR[] = {
    {5,
     {0.41, 0.52, 0.33, 0.78, 0.60},
     {0.0100, 0.0036, 0.0225, 0.0064, 0.0049},
     0.0194999152352,
     0.740132058521048,
     12.8853867669578,
     0.0118496068847},
    {3, {1.10, 1.12, 1.09}, {.01, .02, .03}, 0, 0, 0.0209090909091, 0.9895999133598},
    {6,
     {0.2, 2.5, 1.0, 0.7, 1.4, 3.1},
     {.5, .01, .2, .3, .04, .9},
     0.772017735441,
     0.899972330711,
     48.4827361564,
     2.83069527156e-09},
};

static void tau2_i2_and_q_are_those_of_metafor(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(METAFOR); i++) {
        struct pooled p = stats_effects(METAFOR[i].y, METAFOR[i].v, METAFOR[i].n, 0.95);
        assert_near(p.tau2, METAFOR[i].tau2, 1e-9);
        assert_near(p.i2, METAFOR[i].i2, 1e-9);
        assert_near(p.q, METAFOR[i].q, 1e-8);
        assert_near(p.q_p, METAFOR[i].q_p, 1e-10);
    }
}

static void intervals_are_those_of_r(void **state)
{
    (void)state;
    struct pooled p = stats_effects(METAFOR[0].y, METAFOR[0].v, 5, 0.95);
    assert_near(p.mean.at, 0.528, 1e-12);
    assert_near(p.mean.low, 0.311259377618, 1e-11);
    assert_near(p.mean.high, 0.744740622382, 1e-11);
    assert_near(p.prediction.low, -0.00290393137033, 1e-11);
    assert_near(p.prediction.high, 1.05890393137033, 1e-11);
}

/* y <- c(1, 1.2, 0.9, 2, 2.3, 1.8, 1.1); g <- factor(c(0, 0, 0, 1, 1, 1, 2)); anova(lm(y ~ g))$`Pr(>F)`[1] */
static void classes_are_told_apart_as_by_r(void **state)
{
    (void)state;
    const double y[] = {1, 1.2, 0.9, 2, 2.3, 1.8, 1.1};
    const size_t of[] = {0, 0, 0, 1, 1, 1, 2}, own[] = {0, 1, 2, 3, 4, 5, 6};
    assert_near(stats_effects_classes_p(y, of, 7, 3), 0.00892956309732, 1e-12);
    assert_true(isnan(stats_effects_classes_p(y, of, 7, 1)));
    assert_true(isnan(stats_effects_classes_p(y, own, 7, 7)));
    assert_near(stats_effects_classes_p((const double[]){1, 1, 2}, (const size_t[]){0, 0, 1}, 3, 2), 0, 0);
    assert_near(stats_effects_classes_p((const double[]){1, 1, 1}, (const size_t[]){0, 0, 1}, 3, 2), 1, 0);
}

/* 0.1 five times sums to one ulp more than five times 0.1, and the mean over all does not. */
static void rounding_tells_no_classes_apart(void **state)
{
    (void)state;
    const size_t of[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    for (double at = 0.1; at < 1e6; at *= 3.7) {
        double y[11];
        for (size_t i = 0; i < 11; i++)
            y[i] = at;
        assert_near(stats_effects_classes_p(y, of, 11, 2), 1, 0);
        for (size_t i = 6; i < 11; i++)
            y[i] = at * (1 + 1e-9);
        assert_true(stats_effects_classes_p(y, of, 11, 2) < 1e-6);
    }
}

/* --- what cannot be said ------------------------------------------------------------------------------------------ */

static void one_machine_has_no_interval_and_two_predict_nothing(void **state)
{
    (void)state;
    struct pooled none = stats_effects(NULL, NULL, 0, 0.95), one = stats_effects(METAFOR[0].y, METAFOR[0].v, 1, 0.95),
                  two = stats_effects(METAFOR[0].y, METAFOR[0].v, 2, 0.95);
    assert_true(isnan(none.mean.at));
    assert_string_equal(one.mean.why_not, "fewer than 2 machines");
    assert_true(isnan(one.tau2) && isnan(one.i2) && isnan(one.q));
    assert_null(two.mean.why_not);
    assert_string_equal(two.prediction.why_not, "fewer than 3 machines: nothing is predicted of the next one");
    assert_true(isnan(two.prediction.low));
}

static void effects_without_a_spread_of_their_own_leave_q_unknown(void **state)
{
    (void)state;
    const double none[] = {0, 0, 0}, same[] = {2, 2, 2}, apart[] = {1, 2, 3};
    struct pooled p = stats_effects(same, none, 3, 0.95);
    assert_near(p.prediction.low, 2, 0);
    assert_near(p.tau2, 0, 0);
    assert_true(isnan(p.q));
    p = stats_effects(apart, none, 3, 0.95);
    assert_near(p.tau2, 1, 1e-9); /* the variance of the effects */
    assert_true(isnan(p.i2));
}

/* --- coverage ------------------------------------------------------------------------------------------------------
 *
 * Machines of a known truth: the mean is 0, machines differ by tau, and each measures its own effect by the mean of a
 * few normal invocations (5 to 30, not the same number on each), whose variance it estimates from them. */

static const size_t INVOCATIONS[] = {5, 30, 10, 20, 7, 25, 15, 5, 30, 12};
#define MACHINES_MAX ARRAY_LEN(INVOCATIONS)

struct coverage {
    double mean, prediction;
};

static struct coverage simulate(gsl_rng *rng, size_t machines, double tau, size_t rounds)
{
    struct coverage c = {0, 0};
    double y[MACHINES_MAX], v[MACHINES_MAX];
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < machines; i++) {
            double n = (double)INVOCATIONS[i];
            y[i] = gsl_ran_gaussian(rng, tau) + gsl_ran_gaussian(rng, 1 / sqrt(n));
            v[i] = gsl_ran_chisq(rng, n - 1) / (n - 1) / n;
        }
        struct pooled p = stats_effects(y, v, machines, 0.95);
        double next = gsl_ran_gaussian(rng, tau);
        c.mean += p.mean.low <= 0 && p.mean.high >= 0;
        c.prediction += p.prediction.low <= next && next <= p.prediction.high;
    }
    c.mean /= (double)rounds;
    c.prediction /= (double)rounds;
    return c;
}

static void the_mean_is_covered_in_93_to_97_percent_and_the_next_machine_in_at_least_94(void **state)
{
    (void)state;
    static const size_t MACHINES[] = {3, 5, 10};
    static const double TAU[] = {0, 0.1, 0.25, 0.5, 1};
    const size_t rounds = NEAR_SLOW ? 1000 : 6000;
    const double slack = NEAR_SLOW ? 0.015 : 0.005;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
    gsl_rng_set(rng, 20261129);
    for (size_t i = 0; i < ARRAY_LEN(MACHINES); i++)
        for (size_t k = 0; k < ARRAY_LEN(TAU); k++) {
            struct coverage c = simulate(rng, MACHINES[i], TAU[k], rounds);
            if (c.mean < 0.935 - slack || c.mean > 0.965 + slack || c.prediction < 0.945 - slack)
                fail_msg("%zu machines, tau %g: the mean is covered in %.1f %%, the next machine in %.1f %%",
                         MACHINES[i], TAU[k], 100 * c.mean, 100 * c.prediction);
        }
    gsl_rng_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tau2_i2_and_q_are_those_of_metafor),
        cmocka_unit_test(intervals_are_those_of_r),
        cmocka_unit_test(classes_are_told_apart_as_by_r),
        cmocka_unit_test(rounding_tells_no_classes_apart),
        cmocka_unit_test(one_machine_has_no_interval_and_two_predict_nothing),
        cmocka_unit_test(effects_without_a_spread_of_their_own_leave_q_unknown),
        cmocka_unit_test(the_mean_is_covered_in_93_to_97_percent_and_the_next_machine_in_at_least_94),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
