#include "plan/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UNITS 7

/* The generator's first numbers for two seeds, as other implementations give them: the seed 0 of Vigna's splitmix64.c
 * and of java.util.SplittableRandom, 1234567 of Rosetta Code's task "Pseudo-random numbers/Splitmix64". */
static void the_generator_is_splitmix64(void **state)
{
    static const uint64_t OF_0[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f};
    static const uint64_t OF_1234567[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                          4593380528125082431u, 16408922859458223821u};
    uint64_t zero = 0, other = 1234567;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(order_random(&zero), OF_0[i]);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(order_random(&other), OF_1234567[i]);
}

static void a_number_is_below_its_bound(void **state)
{
    uint64_t s = 3;
    (void)state;
    for (uint64_t below = 1; below < 2000; below++)
        assert_true(order_random_below(&s, below) < below);
    for (int i = 0; i < 100; i++) /* just above half of the range: about every second number is drawn again */
        assert_true(order_random_below(&s, (1ull << 63) + 1) <= 1ull << 63);
}

static void every_block_holds_every_unit_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++)
        for (uint64_t block = 0; block < 50; block++) {
            size_t unit[UNITS];
            unsigned seen = 0;
            order_block(seed, block, UNITS, unit);
            for (size_t i = 0; i < UNITS; i++)
                seen |= 1u << unit[i];
            assert_int_equal(seen, (1u << UNITS) - 1);
        }
}

static void the_same_seed_and_block_give_the_same_order(void **state)
{
    size_t a[UNITS], b[UNITS];
    (void)state;
    order_block(42, 3, UNITS, a);
    order_block(42, 2, UNITS, b); /* what was asked for before changes nothing */
    order_block(42, 3, UNITS, b);
    assert_memory_equal(a, b, sizeof(a));
}

/* Written down on the day that this was released: records name their seed, and what it stands for may never change. */
static void the_order_of_a_seed_stays_what_it_was(void **state)
{
    static const size_t OF_42[][UNITS] = {{3, 1, 5, 6, 4, 0, 2}, {4, 0, 2, 1, 6, 3, 5}};
    (void)state;
    for (uint64_t block = 0; block < 2; block++) {
        size_t unit[UNITS];
        order_block(42, block, UNITS, unit);
        assert_memory_equal(unit, OF_42[block], sizeof(unit));
    }
}

/* The chi-squared test of 24 orders of 4 units, each as likely: 23 degrees of freedom, 49.73 at 0.001 (Abramowitz and
 * Stegun, table 26.8). Over blocks of one seed, and over seeds. */
static void every_order_is_as_likely(void **state)
{
    (void)state;
    for (int over_seeds = 0; over_seeds < 2; over_seeds++) {
        const int draws = 24000;
        int count[256] = {0};
        double chi2 = 0;
        for (int i = 0; i < draws; i++) {
            size_t u[4];
            order_block(over_seeds ? (uint64_t)i : 1, over_seeds ? 0 : (uint64_t)i, 4, u);
            count[u[0] << 6 | u[1] << 4 | u[2] << 2 | u[3]]++;
        }
        int orders = 0;
        for (int i = 0; i < 256; i++)
            if (count[i]) {
                orders++;
                chi2 += (count[i] - draws / 24.0) * (count[i] - draws / 24.0) / (draws / 24.0);
            }
        assert_int_equal(orders, 24);
        assert_true(chi2 < 49.73);
    }
}

static void listed_is_as_listed(void **state)
{
    size_t unit[3];
    (void)state;
    order_listed(3, unit);
    assert_true(unit[0] == 0 && unit[1] == 1 && unit[2] == 2);
}

static void one_unit_or_none_is_no_matter(void **state)
{
    size_t unit[1] = {9};
    (void)state;
    order_block(1, 1, 0, unit);
    assert_int_equal(unit[0], 9);
    order_block(1, 1, 1, unit);
    assert_int_equal(unit[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_splitmix64),
        cmocka_unit_test(a_number_is_below_its_bound),
        cmocka_unit_test(every_block_holds_every_unit_once),
        cmocka_unit_test(the_same_seed_and_block_give_the_same_order),
        cmocka_unit_test(the_order_of_a_seed_stays_what_it_was),
        cmocka_unit_test(every_order_is_as_likely),
        cmocka_unit_test(listed_is_as_listed),
        cmocka_unit_test(one_unit_or_none_is_no_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
