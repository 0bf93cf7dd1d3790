#include "workloads/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Computed beforehand by
 *   python3 -c "from functools import reduce; print([reduce(lambda x, _: (y := (x * 1103515245 + 12345) % 2**32)
 *   ^ (y >> 16), range(n), 0x12345678) for n in (0, 1, 2, 10, 1000, 20000, 100000)])" */
static const struct {
    uint64_t steps;
    uint32_t result;
} known[] = {
    {0, 305419896},     {1, 191994400},       {2, 3507773133},      {10, 450427464},
    {1000, 2632750054}, {20000, 3657859181U}, {100000, 2128722240},
};

static void the_loop_gives_what_python_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(hash_loop(known[i].steps), known[i].result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_loop_gives_what_python_gives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
