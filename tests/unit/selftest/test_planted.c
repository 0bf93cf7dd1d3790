#include "selftest/planted.h"

#include "tests/unit/knobs.h"
#include "tests/unit/near.h"

#include <string.h>

static void each_is_a_pattern_of_a_scenario_that_came_with_tare(void **state)
{
    size_t none = 0;
    (void)state;
    for (size_t i = 0; i < planted_count; i++) {
        const struct planted *p = &planted_causes[i];
        const struct scenario_knob *knob = scenario_knob_find(shipped(p->scenario), "pattern");
        assert_non_null(knob);
        if (scenario_knob_check(knob, p->pattern, NULL) != 0)
            fail_msg("%s has no pattern '%s'", p->scenario, p->pattern);
        none += p->cause == NULL;
    }
    assert_int_equal(planted_count, 11);
    assert_int_equal(none, 2);
}

/* What nothing is planted for would be a pattern that no verdict is held against. */
static void each_pattern_of_causes_is_planted(void **state)
{
    (void)state;
    const struct scenario_knob *knob = scenario_knob_find(shipped("causes"), "pattern");
    for (size_t i = 0; knob->choice[i]; i++) {
        size_t k = 0;
        while (k < planted_count && strcmp(planted_causes[k].pattern, knob->choice[i]) != 0)
            k++;
        if (k == planted_count)
            fail_msg("nothing is planted for '%s'", knob->choice[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_a_pattern_of_a_scenario_that_came_with_tare),
        cmocka_unit_test(each_pattern_of_causes_is_planted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
