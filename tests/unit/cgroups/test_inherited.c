/* inherited: the limits of the cgroups above on captured containers; and what a record and its verdict say of them. */
#include "cgroups/inherited.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "cgroups/slice.h"
#include "run/inspect.h"
#include "tests/unit/fixture.h"
#include "tests/unit/specimen.h"

static char root[PATH_MAX];
static struct slice_root found;
static struct inherited seen;

static void look(const char *name)
{
    struct err e = {0};
    assert_int_equal(fixture_open(name, root, sizeof(root)), 0);
    assert_int_equal(slice_root_find(root, NULL, &found, &e), 0);
    inherited_read(root, &found, &seen);
}

static int done(void **state)
{
    (void)state;
    fixture_close(root);
    return 0;
}

static void assert_limit(const struct inherited_limit *l, double value, const char *file)
{
    assert_true(l->known);
    assert_true(l->limited);
    assert_true(l->value == value);
    assert_string_equal(l->file, file);
}

static void assert_none(const struct inherited_limit *l)
{
    assert_true(l->known);
    assert_false(l->limited);
    assert_string_equal(l->file, "");
}

static void a_container_of_v2_is_held_to_what_its_own_cgroup_says(void **state)
{
    (void)state;
    look("containers/v2-limited");
    assert_string_equal(slice_provenance_names[found.provenance], "borrowed");
    assert_limit(&seen.cpus, 2, "/sys/fs/cgroup/cpu.max");
    assert_limit(&seen.memory, 67108864, "/sys/fs/cgroup/memory.max");
    assert_limit(&seen.pids, 300, "/sys/fs/cgroup/pids.max");
    assert_true(seen.counted);
    assert_int_equal(seen.nr_throttled, 12);
    assert_string_equal(seen.throttled_file, "/sys/fs/cgroup/cpu.stat");
}

static void a_container_of_v1_is_held_to_its_v1_limits(void **state)
{
    (void)state;
    look("containers/v1-limited");
    assert_string_equal(slice_provenance_names[found.provenance], "none");
    assert_limit(&seen.cpus, 0.5, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    assert_limit(&seen.memory, 67108864, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    assert_none(&seen.pids);
    assert_int_equal(seen.nr_throttled, 7);
}

static void v1_spells_no_limit_as_minus_one_and_as_all_the_pages_there_can_be(void **state)
{
    (void)state;
    look("containers/v1-unlimited");
    assert_none(&seen.cpus);
    assert_none(&seen.memory);
    assert_true(seen.counted);
    assert_int_equal(seen.nr_throttled, 0);
}

static void of_the_cgroups_in_sight_the_tightest_limit_counts_and_all_throttling(void **state)
{
    (void)state;
    look("containers/host-namespace-writable");
    assert_limit(&seen.cpus, 3, "/sys/fs/cgroup/docker/cpu.max");
    assert_limit(&seen.memory, 536870912, "/sys/fs/cgroup/docker/f00/memory.max");
    assert_none(&seen.pids);
    assert_int_equal(seen.nr_throttled, 5);
    assert_string_equal(seen.throttled_file, "/sys/fs/cgroup/docker/f00/cpu.stat");
}

static void without_a_hierarchy_nothing_is_known(void **state)
{
    (void)state;
    look("machines/tcg-container");
    assert_false(seen.cpus.known);
    assert_false(seen.memory.known);
    assert_false(seen.counted);
}

/* --- the record and the verdict --- */

static struct specimen s;

/* A run of threads on CPUs 1-3 that was throttled `throttled` times. */
static void inspect(enum slice_provenance provenance, uint64_t throttled)
{
    struct inherited after = seen;
    after.nr_throttled += throttled;
    specimen_threads_memory(&s);
    s.record.slice.provenance = provenance;
    s.record.isolation = (struct verdict){0};
    inspect_inherited(&seen, &after, &s.record);
}

static const struct check *check(const char *name)
{
    for (size_t i = 0; i < s.record.isolation.count; i++)
        if (strcmp(s.record.isolation.check[i].name, name) == 0)
            return &s.record.isolation.check[i];
    return NULL;
}

static int done_inspecting(void **state)
{
    specimen_free(&s);
    return done(state);
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void a_quota_of_two_cpus_is_no_time_for_three(void **state)
{
    (void)state;
    look("containers/v2-limited");
    inspect(SLICE_BORROWED, 0);
    const struct check *c = check("CPU quota");
    assert_false(c->ok);
    assert_int_equal(c->level, LEVEL_REQUIRED);
    assert_string_equal(c->requested, "time for all of its 3 CPUs");
    assert_string_equal(c->achieved, "2.00 CPUs (/sys/fs/cgroup/cpu.max)");
    assert_says(c->reason, "8 workers share the time of 2.00 CPUs");
}

static void a_quota_of_as_many_cpus_as_there_are_holds_nobody_back(void **state)
{
    (void)state;
    look("containers/host-namespace-writable");
    inspect(SLICE_DELEGATED, 0);
    assert_true(check("CPU quota")->ok);
    assert_true(check("no throttling above")->ok);
}

static void throttling_above_a_slice_of_its_own_is_told(void **state)
{
    (void)state;
    look("containers/host-namespace-writable");
    inspect(SLICE_DELEGATED, 4);
    const struct check *c = check("no throttling above");
    assert_false(c->ok);
    assert_string_equal(c->achieved, "4");
    assert_string_equal(c->verified_by, "/sys/fs/cgroup/docker/f00/cpu.stat");
}

static void a_borrowed_slice_s_throttling_is_its_own_and_told_there(void **state)
{
    (void)state;
    look("containers/v2-limited");
    inspect(SLICE_BORROWED, 4);
    assert_null(check("no throttling above"));
}

static void a_memory_limit_above_is_noted_and_takes_nothing_from_the_grade(void **state)
{
    (void)state;
    look("containers/v2-limited");
    inspect(SLICE_BORROWED, 0);
    const struct check *c = check("memory limit above");
    assert_false(c->ok);
    assert_int_equal(c->level, LEVEL_RECORDED);
    assert_string_equal(c->achieved, "64.0 MiB (/sys/fs/cgroup/memory.max)");
}

static void a_memory_limit_above_that_is_wider_than_the_one_asked_for_is_well(void **state)
{
    (void)state;
    look("containers/host-namespace-writable");
    specimen_threads_memory(&s);
    s.record.isolation = (struct verdict){0};
    s.record.cell.has_memory_max = true;
    s.record.cell.memory_max_bytes = 268435456;
    inspect_inherited(&seen, &seen, &s.record);
    assert_true(check("memory limit above")->ok);
    s.record.isolation = (struct verdict){0};
    s.record.cell.memory_max_bytes = 1073741824;
    facts_free(&s.record.inherited);
    inspect_inherited(&seen, &seen, &s.record);
    assert_false(check("memory limit above")->ok);
}

static void the_record_names_each_limit_and_the_file_that_sets_it(void **state)
{
    (void)state;
    look("containers/v2-limited");
    inspect(SLICE_BORROWED, 4);
    const struct facts *f = &s.record.inherited;
    assert_true(facts_find(f, "cpus")->real == 2.0);
    assert_int_equal(facts_find(f, "memory_max_bytes")->integer, 67108864);
    assert_string_equal(facts_find(f, "memory_max_bytes_by")->text, "/sys/fs/cgroup/memory.max");
    assert_int_equal(facts_find(f, "pids_max")->integer, 300);
    assert_int_equal(facts_find(f, "nr_throttled")->integer, 4);
}

static void what_is_not_limited_and_what_is_not_known_differ_in_their_reason(void **state)
{
    (void)state;
    look("containers/v1-unlimited");
    inspect(SLICE_NONE, 0);
    assert_int_equal(facts_find(&s.record.inherited, "cpus")->kind, FACT_ABSENT);
    assert_says(facts_find(&s.record.inherited, "cpus")->text, "no cgroup in sight sets one");
    assert_says(facts_find(&s.record.inherited, "pids_max")->text, "no cgroup hierarchy with its controller");
    assert_true(check("CPU quota")->ok);
}

static void where_no_quota_can_be_looked_for_the_check_is_not_ok(void **state)
{
    (void)state;
    look("machines/tcg-container");
    inspect(SLICE_NONE, 0);
    assert_false(check("CPU quota")->ok);
    assert_string_equal(check("CPU quota")->achieved, "");
    assert_null(check("memory limit above"));
}

int main(void)
{
#define inherited_test(f)  cmocka_unit_test_teardown(f, done)
#define inspection_test(f) cmocka_unit_test_teardown(f, done_inspecting)
    const struct CMUnitTest tests[] = {
        inherited_test(a_container_of_v2_is_held_to_what_its_own_cgroup_says),
        inherited_test(a_container_of_v1_is_held_to_its_v1_limits),
        inherited_test(v1_spells_no_limit_as_minus_one_and_as_all_the_pages_there_can_be),
        inherited_test(of_the_cgroups_in_sight_the_tightest_limit_counts_and_all_throttling),
        inherited_test(without_a_hierarchy_nothing_is_known),
        inspection_test(a_quota_of_two_cpus_is_no_time_for_three),
        inspection_test(a_quota_of_as_many_cpus_as_there_are_holds_nobody_back),
        inspection_test(throttling_above_a_slice_of_its_own_is_told),
        inspection_test(a_borrowed_slice_s_throttling_is_its_own_and_told_there),
        inspection_test(a_memory_limit_above_is_noted_and_takes_nothing_from_the_grade),
        inspection_test(a_memory_limit_above_that_is_wider_than_the_one_asked_for_is_well),
        inspection_test(the_record_names_each_limit_and_the_file_that_sets_it),
        inspection_test(what_is_not_limited_and_what_is_not_known_differ_in_their_reason),
        inspection_test(where_no_quota_can_be_looked_for_the_check_is_not_ok),
    };
    return cmocka_run_group_tests_name("inherited", tests, NULL, NULL);
}
