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
    assert_int_equal(none.failed, -ENOENT);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packages_are_summed_and_a_meter_that_went_around_is_carried_on),
        cmocka_unit_test(what_is_missing_closed_or_absurd_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
