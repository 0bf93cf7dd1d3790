#include "analysis/stats_compare.h"

#include "tests/unit/near.h"

#include <gsl/gsl_sort.h>
#include <string.h>

/* R's data set sleep (Student 1908). */
static const double SLEEP1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double SLEEP2[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

/* --- shift and dominance ------------------------------------------------------------------------------------------ */

/* python3 -c 'import statistics as s
 * a = [0.7,-1.6,-0.2,-1.2,-0.1,3.4,3.7,0.8,0.0,2.0]; b = [1.9,0.8,1.1,0.1,-0.1,4.4,5.5,1.6,4.6,3.4]
 * print(s.median(y - x for x in a for y in b), sum((y > x) - (y < x) for x in a for y in b) / 100,
 *       s.median(y - x for x in a[:3] for y in b[:3]))' -> 1.35 0.49 1.3 */
static void shift_and_dominance_are_what_all_pairs_give(void **state)
{
    (void)state;
    double a[10], b[10], a3[3], b3[3];
    memcpy(a, SLEEP1, sizeof(a));
    memcpy(b, SLEEP2, sizeof(b));
    memcpy(a3, SLEEP1, sizeof(a3));
    memcpy(b3, SLEEP2, sizeof(b3));
    gsl_sort(a, 1, 10);
    gsl_sort(b, 1, 10);
    gsl_sort(a3, 1, 3);
    gsl_sort(b3, 1, 3);
    assert_near(stats_hodges_lehmann(a, 10, b, 10), 1.35, 1e-9);
    assert_near(stats_hodges_lehmann(b, 10, a, 10), -1.35, 1e-9);
    assert_near(stats_hodges_lehmann(a3, 3, b3, 3), 1.3, 1e-9);
    assert_near(stats_cliffs_delta(a, 10, b, 10), 0.49, 1e-12);
    assert_near(stats_cliffs_delta(b, 10, a, 10), -0.49, 1e-12);
}

static void shift_and_dominance_at_their_ends(void **state)
{
    (void)state;
    const double low[] = {1, 2, 3}, high[] = {11, 12, 13}, one[] = {5};
    assert_near(stats_hodges_lehmann(low, 3, high, 3), 10, 1e-9);
    assert_near(stats_hodges_lehmann(one, 1, one, 1), 0, 0);
    assert_near(stats_cliffs_delta(low, 3, high, 3), 1, 0);
    assert_near(stats_cliffs_delta(high, 3, low, 3), -1, 0);
    assert_near(stats_cliffs_delta(low, 3, low, 3), 0, 0);
    assert_true(isnan(stats_hodges_lehmann(low, 3, high, 0)));
    assert_true(isnan(stats_cliffs_delta(low, 0, high, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shift_and_dominance_are_what_all_pairs_give),
        cmocka_unit_test(shift_and_dominance_at_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
