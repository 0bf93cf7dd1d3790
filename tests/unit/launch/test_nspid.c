#include "launch/nspid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_innermost_pid_is_the_last_one_of_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        size_t count;
        int own;
    } SAID[] = {
        {"Name:\tx\nNSpid:\t1234\nNSpgid:\t9\n", 1, 1234},
        {"Name:\tx\nNSpid:\t1234\t2\nNSpgid:\t9\n", 2, 2},
        {"Name:\tx\nNSpid:\t1234\t56\t7\n", 3, 7},
        {"Name:\tx\nNSpid:\t\n77\n", 0, -5},
        {"Name:\tNSpid: 4\n", 0, -5}, /* a name may say so */
        {"", 0, -5},
    };
    for (size_t i = 0; i < sizeof(SAID) / sizeof(*SAID); i++) {
        int own = -5;
        assert_int_equal(nspid_read(SAID[i].status, &own), SAID[i].count);
        assert_int_equal(own, SAID[i].own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_innermost_pid_is_the_last_one_of_its_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
