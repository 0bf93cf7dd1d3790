/* inspect_disturbance: what the verdict makes of a record's disturbance and host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/facts.h"
#include "record/record.h"
#include "run/inspect.h"

struct host {
    struct record record;
    struct facts facts;
};

static void start(struct host *h, int64_t siblings, int64_t siblings_ticks)
{
    *h = (struct host){.record = {.host = &h->facts}};
    struct facts *d = &h->record.disturbance;
    facts_int(d, "window_ns", 10000000000);
    facts_int(d, "ticks_per_second", 100);
    facts_int(d, "benchmark_cpus", 2);
    facts_int(d, "idle_siblings", siblings);
    facts_int(d, "siblings_busy_ticks", siblings_ticks);
    facts_int(d, "steal_ticks", 0);
    facts_int(d, "busy_ticks", 1500);
    facts_int(&h->record.cpu, "usage_usec", 10000000);
    facts_int(d, "device_irqs", 25);
    facts_int(d, "irqs", 5000);
    facts_absent(d, "frequency_before_khz", "no cpufreq");
    facts_int(d, "cpu_pressure_usec", 50000);
    facts_int(&h->facts, "aslr", 2);
    facts_text(&h->facts, "governor", "powersave");
    facts_bool(&h->facts, "turbo", false);
}

static void end(struct host *h)
{
    facts_free(&h->facts);
    facts_free(&h->record.disturbance);
    facts_free(&h->record.cpu);
}

static const struct check *find(const struct host *h, const char *name)
{
    for (size_t i = 0; i < h->record.isolation.count; i++)
        if (strcmp(h->record.isolation.check[i].name, name) == 0)
            return &h->record.isolation.check[i];
    fail_msg("no check '%s'", name);
    return NULL;
}

static void a_disturbed_host_is_noted_and_keeps_its_grade(void **state)
{
    (void)state;
    struct host h;
    start(&h, 0, 0);
    inspect_disturbance(&h.record);
    verdict_grade(&h.record.isolation, SLICE_CREATED);
    assert_int_equal(h.record.isolation.grade, GRADE_FULL);
    assert_string_equal(find(&h, "no foreign work on its CPUs")->achieved, "5.00 s (25.00%)");
    assert_false(find(&h, "no foreign work on its CPUs")->ok);
    assert_string_equal(find(&h, "no device IRQs on its CPUs")->achieved, "2.5/s (all kinds, timers too: 500.0/s)");
    assert_true(find(&h, "no CPU pressure")->ok);
    assert_string_equal(find(&h, "no CPU pressure")->achieved, "50000 us (0.50%)");
    assert_string_equal(find(&h, "no memory pressure")->reason, "it was not read");
    assert_string_equal(find(&h, "no frequency drift")->reason, "no cpufreq");
    assert_false(find(&h, "governor")->ok);
    assert_true(find(&h, "turbo")->ok);
    assert_string_equal(find(&h, "turbo")->achieved, "off");
    assert_true(find(&h, "ASLR")->ok);
    for (size_t i = 0; i < h.record.isolation.count; i++)
        assert_int_equal(h.record.isolation.check[i].level, LEVEL_RECORDED);
    end(&h);
}

static void siblings_that_were_busy_count_only_where_they_were_to_be_idle(void **state)
{
    (void)state;
    struct host h;
    start(&h, 2, 100);
    inspect_disturbance(&h.record);
    assert_int_equal(find(&h, "SMT siblings idle")->level, LEVEL_RECORDED);
    assert_string_equal(find(&h, "SMT siblings idle")->achieved, "1.00 s (5.00%)");
    end(&h);
    start(&h, 2, 100);
    h.record.cell.smt = SMT_AVOID;
    inspect_disturbance(&h.record);
    verdict_grade(&h.record.isolation, SLICE_CREATED);
    assert_string_equal(verdict_first_failed(&h.record.isolation)->name, "SMT siblings kept idle");
    assert_int_equal(h.record.isolation.grade, GRADE_PARTIAL);
    end(&h);
    start(&h, 2, 19);
    h.record.cell.smt = SMT_AVOID;
    inspect_disturbance(&h.record);
    assert_true(find(&h, "SMT siblings kept idle")->ok);
    end(&h);
}

static void what_was_not_read_adds_no_check(void **state)
{
    (void)state;
    struct record r = {0};
    inspect_disturbance(&r);
    assert_int_equal(r.isolation.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disturbed_host_is_noted_and_keeps_its_grade),
        cmocka_unit_test(siblings_that_were_busy_count_only_where_they_were_to_be_idle),
        cmocka_unit_test(what_was_not_read_adds_no_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
