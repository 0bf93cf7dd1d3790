/* What fuzzing found worth keeping, read once more: no crash, no leak, no error without a word. */
#include "tests/fuzz/targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *name, int (*target)(const uint8_t *data, size_t size))
{
    char folder[PATH_MAX / 2], path[PATH_MAX];
    struct dirent **entry = NULL;
    text_format(folder, sizeof(folder), "%s/fuzz/corpus/%s", fixture_tests_dir(), name);
    int n = scandir(folder, &entry, is_input, alphasort);
    assert_true(n > 2);
    for (int i = 0; i < n; i++) {
        struct text bytes = {0};
        text_format(path, sizeof(path), "%s/%s", folder, entry[i]->d_name);
        assert_int_equal(file_read_all("", path, &bytes), 0);
        assert_int_equal(target((const uint8_t *)bytes.data, bytes.len), 0);
        text_free(&bytes);
        free(entry[i]);
    }
    free(entry);
}

static void bundles_are_read_again(void **state)
{
    (void)state;
    replay("bundle", fuzz_bundle);
}

static void records_are_read_again(void **state)
{
    (void)state;
    replay("record", fuzz_record);
}

static void plans_are_read_again(void **state)
{
    (void)state;
    replay("plan", fuzz_plan);
}

static void yaml_is_read_again(void **state)
{
    (void)state;
    replay("yaml", fuzz_yaml);
}

static void scenarios_are_read_again(void **state)
{
    (void)state;
    replay("scenario", fuzz_scenario);
}

static void profiles_are_read_again(void **state)
{
    (void)state;
    replay("profile", fuzz_profile);
}

static void journals_are_read_again(void **state)
{
    (void)state;
    replay("journal", fuzz_journal);
}

static void keys_and_signatures_are_read_again(void **state)
{
    (void)state;
    replay("minisign", fuzz_minisign);
}

static void image_layouts_are_read_again(void **state)
{
    (void)state;
    replay("layout", fuzz_layout);
}

static void plan_locks_are_read_again(void **state)
{
    (void)state;
    replay("lock", fuzz_lock);
}

static void reproductions_are_read_again(void **state)
{
    (void)state;
    replay("reproduction", fuzz_reproduction);
}

static void machines_are_read_again(void **state)
{
    (void)state;
    replay("machine", fuzz_machine);
}

static void selftests_and_noise_floors_are_read_again(void **state)
{
    (void)state;
    replay("kept", fuzz_kept);
}

static void ledgers_are_read_again(void **state)
{
    (void)state;
    replay("ledger", fuzz_ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles_are_read_again),
        cmocka_unit_test(records_are_read_again),
        cmocka_unit_test(plans_are_read_again),
        cmocka_unit_test(yaml_is_read_again),
        cmocka_unit_test(scenarios_are_read_again),
        cmocka_unit_test(profiles_are_read_again),
        cmocka_unit_test(journals_are_read_again),
        cmocka_unit_test(keys_and_signatures_are_read_again),
        cmocka_unit_test(image_layouts_are_read_again),
        cmocka_unit_test(plan_locks_are_read_again),
        cmocka_unit_test(reproductions_are_read_again),
        cmocka_unit_test(machines_are_read_again),
        cmocka_unit_test(selftests_and_noise_floors_are_read_again),
        cmocka_unit_test(ledgers_are_read_again),
    };
    (void)setenv("PATH", "/nonexistent", 1); /* no program is run for them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
