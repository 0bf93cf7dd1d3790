#include "launch/sight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"

static void judged(unsigned samples, unsigned behind, const char *words)
{
    cleanup_text struct text why = {0};
    sight_judge(samples, behind, &why);
    if (*words == '\0')
        assert_int_equal(why.len, 0);
    else if (!why.len || !strstr(why.data, words))
        fail_msg("'%s' lacks '%s'", why.len ? why.data : "", words);
}

static void samples_tell_of_a_change_where_enough_lie_behind_it(void **state)
{
    (void)state;
    judged(128, 120, "");
    judged(128, 13, "");
    judged(128, 12, "of 128 samples of a loop around an atomic instruction 12 lay behind it");
    judged(2000, 0, "emulated");
    judged(SIGHT_SAMPLES - 1, SIGHT_SAMPLES - 1, "63 samples of a loop around an atomic instruction are too few");
}

/* Of a CPU that is none of an emulator's; elsewhere there is a reason. */
static void this_machine_tells_of_it_or_says_why_not(void **state)
{
    (void)state;
    cleanup_text struct text why = {0};
    sight_of_atomics(&why);
    if (why.len && !strstr(why.data, "not known: ") && !strstr(why.data, "x86-64") && !strstr(why.data, "emulated") &&
        !strstr(why.data, "too few"))
        fail_msg("%s", why.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_tell_of_a_change_where_enough_lie_behind_it),
        cmocka_unit_test(this_machine_tells_of_it_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
