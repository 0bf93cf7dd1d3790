#include "host/energy.h"

#include "base/cleanup.h"
#include "base/facts.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RANGE "262143328850"

static void write_zone(const char *root, const char *zone, const char *name, const char *uj)
{
    char path[256];
    text_format(path, sizeof(path), "/sys/class/powercap/%s/name", zone);
    fixture_write(root, path, name);
    text_format(path, sizeof(path), "/sys/class/powercap/%s/energy_uj", zone);
    fixture_write(root, path, uj);
    text_format(path, sizeof(path), "/sys/class/powercap/%s/max_energy_range_uj", zone);
    fixture_write(root, path, RANGE "\n");
}

/* Two packages with their memory, and a meter that is another way to one of them. */
static void write_machine(const char *root, const char *package_0, const char *package_1, const char *dram)
{
    write_zone(root, "intel-rapl:0", "package-0\n", package_0);
    write_zone(root, "intel-rapl:1", "package-1\n", package_1);
    write_zone(root, "intel-rapl:0:0", "core\n", "17\n");
    write_zone(root, "intel-rapl:0:1", "dram\n", dram);
    write_zone(root, "intel-rapl-mmio:0", "package-0\n", package_0);
}

static void packages_are_summed_and_a_meter_that_went_around_is_carried_on(void **state)
{
    char root[PATH_MAX];
    struct energy_reading before, after;
    struct facts facts = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    write_machine(root, "1000000\n", "262143328000\n", "5\n");
    energy_read(root, &before);
    assert_int_equal(before.zones, 4);
    write_machine(root, "3500000\n", "150\n", "905\n");
    energy_read(root, &after);
    energy_describe(&before, &after, &facts);
    assert_int_equal(facts_find(&facts, "energy_package_uj")->integer, 2500000 + 850 + 150);
    assert_int_equal(facts_find(&facts, "energy_dram_uj")->integer, 900);
    facts_free(&facts);

    facts = (struct facts){0};
    after.at_ns = before.at_ns + 263LL * 1000000000; /* a kilowatt goes around in 262 s */
    energy_describe(&before, &after, &facts);
    assert_int_equal(facts_find(&facts, "energy_package_uj")->kind, FACT_ABSENT);
    assert_non_null(strstr(facts_find(&facts, "energy_package_uj")->text, "more than once"));
    facts_free(&facts);
    fixture_close(root);
}

static void what_is_missing_closed_or_absurd_says_so(void **state)
{
    char root[PATH_MAX];
    struct energy_reading none, r;
    struct facts facts = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    energy_read(root, &none);
    assert_int_equal(none.zones + none.lost, 0);
    energy_describe(&none, &none, &facts);
    assert_non_null(strstr(facts_find(&facts, "energy_package_uj")->text, "no meter of it"));
    facts_free(&facts);

    facts = (struct facts){0};
    write_machine(root, "7\n", "8\n", "9 joules\n");
    energy_read(root, &r);
    for (size_t i = 0; i < r.zones; i++)
        if (strcmp(r.zone[i].name, "package-1") == 0)
            r.zone[i].failed = -EACCES;
    energy_describe(&r, &r, &facts);
    assert_non_null(strstr(facts_find(&facts, "energy_package_uj")->text, "takes root"));
    assert_int_equal(facts_find(&facts, "energy_dram_uj")->kind, FACT_ABSENT);
    facts_free(&facts);
    fixture_close(root);
}

static void expect_not_the_whole(const struct energy_reading *before, const struct energy_reading *after)
{
    struct facts facts = {0};
    energy_describe(before, after, &facts);
    assert_int_equal(facts_find(&facts, "energy_package_uj")->kind, FACT_ABSENT);
    assert_non_null(strstr(facts_find(&facts, "energy_package_uj")->text, "would not be the whole"));
    facts_free(&facts);
}

static void a_meter_that_is_not_read_leaves_no_sum_of_the_others(void **state)
{
    char root[PATH_MAX], zone[64];
    struct energy_reading all, r;
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    write_machine(root, "7\n", "8\n", "9\n");
    energy_read(root, &all);
    assert_int_equal(all.lost, 0);
    fixture_remove(root, "/sys/class/powercap/intel-rapl:1/name");
    energy_read(root, &r);
    assert_int_equal(r.zones, 3);
    assert_int_equal(r.lost, 1);
    expect_not_the_whole(&r, &r);
    expect_not_the_whole(&all, &r);
    for (int i = 2; i < ENERGY_ZONES_MAX; i++) { /* with the core and the memory of the first: two too many */
        text_format(zone, sizeof(zone), "intel-rapl:%d", i);
        write_zone(root, zone, "package\n", "1\n");
    }
    write_zone(root, "intel-rapl:1", "package-1\n", "8\n");
    energy_read(root, &r);
    assert_int_equal(r.zones, ENERGY_ZONES_MAX);
    assert_int_equal(r.lost, 2);
    expect_not_the_whole(&r, &r);
    fixture_close(root);
}

static void what_is_no_readable_folder_is_not_a_machine_without_meters(void **state)
{
    char root[PATH_MAX];
    struct energy_reading r;
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/sys/class/powercap", "a file\n");
    energy_read(root, &r);
    expect_not_the_whole(&r, &r);
    fixture_close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packages_are_summed_and_a_meter_that_went_around_is_carried_on),
        cmocka_unit_test(what_is_missing_closed_or_absurd_says_so),
        cmocka_unit_test(a_meter_that_is_not_read_leaves_no_sum_of_the_others),
        cmocka_unit_test(what_is_no_readable_folder_is_not_a_machine_without_meters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
