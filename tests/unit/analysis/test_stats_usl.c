#include "analysis/stats_usl.h"

#include "base/cleanup.h"
#include "tests/unit/near.h"

static const double WORKERS[] = {1, 2, 3, 4, 6, 8};
#define COUNT ARRAY_LEN(WORKERS)

static void a_planted_curve_is_found(void **state)
{
    static const double PLANTED[][2] = {{0.05, 0.002}, {0.3, 0}, {0, 0.01}, {0.0001, 0.00001}, {0.9, 0.5}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PLANTED); i++) {
        double y[COUNT];
        for (size_t k = 0; k < COUNT; k++)
            y[k] = stats_usl_at(PLANTED[i][0], PLANTED[i][1], WORKERS[k]);
        const struct stats_usl u = stats_usl_fit(WORKERS, y, COUNT);
        assert_near(u.sigma, PLANTED[i][0], 1e-9);
        assert_near(u.kappa, PLANTED[i][1], 1e-9);
        assert_near(u.rms, 0, 1e-9);
        assert_near(u.r2, 1, 1e-9);
    }
}

/* R 4.2: n <- c(1,2,3,4,6,8); y <- c(1,1.13,1.21,1.37,1.66,2.05)
 * f <- nls(log(y) ~ log(1+s*(n-1)+k*n*(n-1)), start=list(s=0.05,k=0.005), control=nls.control(tol=1e-7)); coef(f)
 * 1 - deviance(f)/sum((log(y)-mean(log(y)))^2); sqrt(deviance(f)/5)
 * coef(nls(log(y) ~ log(1+s*(n-1)), start=list(s=0.1))) */
static void a_curve_with_noise_is_what_r_finds(void **state)
{
    static const double Y[] = {1, 1.13, 1.21, 1.37, 1.66, 2.05};
    (void)state;
    const struct stats_usl u = stats_usl_fit(WORKERS, Y, COUNT);
    assert_near(u.sigma, 0.09270180714596, 1e-6);
    assert_near(u.kappa, 0.00699606947344, 1e-6);
    assert_near(u.r2, 0.997842078221, 1e-7);
    assert_near(u.rms, 0.0123026638089, 1e-7);
    assert_near(u.amdahl, 0.135949380421, 1e-6);
}

/* The same of y <- c(1,1.3,1.5,1.6,1.7,1.75), which bends the other way: kappa is below 0, and at its bound it is
 * Amdahl's law. */
static void neither_parameter_is_below_0(void **state)
{
    static const double Y[] = {1, 1.3, 1.5, 1.6, 1.7, 1.75};
    static const double FASTER[] = {1, 0.99, 0.98, 0.99, 0.97, 0.98};
    (void)state;
    const struct stats_usl u = stats_usl_fit(WORKERS, Y, COUNT), none = stats_usl_fit(WORKERS, FASTER, COUNT);
    assert_near(u.free_sigma, 0.3102100009975, 1e-6);
    assert_near(u.free_kappa, -0.0259850457236, 1e-6);
    assert_near(u.kappa, 0, 0);
    assert_near(u.sigma, u.amdahl, 1e-9);
    assert_near(u.sigma, 0.146487809608, 1e-6);
    assert_true(u.worst > 0.02 && u.worst_at > 0);
    assert_near(none.sigma, 0, 0);
    assert_near(none.kappa, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_curve_is_found),
        cmocka_unit_test(a_curve_with_noise_is_what_r_finds),
        cmocka_unit_test(neither_parameter_is_below_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
