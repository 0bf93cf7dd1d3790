#include "workloads/splitmix.h"
#include "workloads/table.h"

#include "base/cleanup.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- SplitMix64 ------------------------------------------------------------------------------------------------ */

/* The values of seed 1234567 that implementations are checked with (Rosetta Code, "Pseudo-random numbers/Splitmix64").
 */
static const uint64_t PUBLISHED[] = {
    UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),  UINT64_C(9817491932198370423),
    UINT64_C(4593380528125082431), UINT64_C(16408922859458223821),
};

static void the_generator_gives_the_published_values(void **state)
{
    (void)state;
    uint64_t generator = 1234567;
    for (size_t i = 0; i < ARRAY_LEN(PUBLISHED); i++)
        assert_true(splitmix_next(&generator) == PUBLISHED[i]);
}

static void a_workers_seed_is_its_value_of_the_generator(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PUBLISHED); i++)
        assert_true(splitmix_worker_seed(1234567, i) == PUBLISHED[i]);
}

static void an_id_is_the_value_less_the_multiples_of_the_space(void **state)
{
    (void)state;
    uint64_t generator = 1234567;
    assert_int_equal(splitmix_id(&generator, 1000), 317);
    assert_int_equal(splitmix_id(&generator, 1), 0);
    assert_int_equal(splitmix_id(&generator, UINT64_C(1) << 31), PUBLISHED[2] & 0x7fffffff);
}

/* --- the table: against an array of flags ----------------------------------------------------------------------- */

static struct table table_make(uint64_t space)
{
    struct table t = {.slot = calloc(1, table_bytes(space)), .bits = table_bits(space)};
    assert_non_null(t.slot);
    return t;
}

static void at_most_three_quarters_of_a_table_are_ever_in_use(void **state)
{
    (void)state;
    static const uint64_t spaces[] = {1, 6, 7, 1000, 10000000, UINT64_C(1) << 30, UINT64_C(1) << 31};
    static const unsigned bits[] = {3, 3, 4, 11, 24, 31, 32};
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        assert_int_equal(table_bits(spaces[i]), bits[i]);
        assert_int_equal(table_bytes(spaces[i]), (UINT64_C(1) << bits[i]) * 4);
        assert_true(spaces[i] * 4 <= (UINT64_C(1) << bits[i]) * 3);
    }
}

static void an_id_is_new_once(void **state)
{
    (void)state;
    enum { SPACE = 20000 };
    static bool known[SPACE];
    struct table t = table_make(SPACE);
    uint64_t generator = 7;
    uint64_t distinct = 0;
    for (int i = 0; i < 3 * SPACE; i++) {
        uint32_t id = splitmix_id(&generator, SPACE);
        assert_int_equal(table_insert(&t, id), !known[id]);
        distinct += !known[id];
        known[id] = true;
    }
    assert_true(distinct < SPACE);
    assert_int_equal(table_distinct(&t, 0, UINT64_C(1) << t.bits), distinct);
    free(t.slot);
}

static void the_whole_space_fits(void **state)
{
    (void)state;
    static const uint32_t spaces[] = {1, 6, 7, 1000};
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        struct table t = table_make(spaces[i]);
        for (uint32_t id = 0; id < spaces[i]; id++)
            assert_true(table_insert(&t, id));
        assert_int_equal(table_distinct(&t, 0, UINT64_C(1) << t.bits), spaces[i]);
        free(t.slot);
    }
}

static void an_id_in_two_slots_counts_once(void **state)
{
    (void)state;
    struct table t = table_make(100);
    assert_true(table_insert(&t, 42));
    uint64_t at = 0;
    while (t.slot[at] != 0)
        at++;
    t.slot[at] = 43;
    assert_int_equal(table_distinct(&t, 0, UINT64_C(1) << t.bits), 1);
    free(t.slot);
}

/* As in scenario2's shared memory, and no more of it in use after than before. */
static void counting_in_a_file_leaves_its_holes_alone(void **state)
{
    (void)state;
    enum { SPACE = 10000000, OFFSET = 640 };
    static const uint32_t ids[] = {0, 1, 5000000, 5000001, SPACE - 1};
    struct stat before;
    struct stat after;
    cleanup_close int fd = memfd_create("table", MFD_CLOEXEC);
    size_t bytes = OFFSET + table_bytes(SPACE);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    char *file = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(file, MAP_FAILED);
    struct table t = {.slot = (uint32_t *)(void *)(file + OFFSET), .bits = table_bits(SPACE)};
    assert_int_equal(table_count(&t, fd, OFFSET), 0);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_true(table_insert(&t, ids[i]));
    assert_int_equal(fstat(fd, &before), 0);
    assert_int_equal(table_count(&t, fd, OFFSET), ARRAY_LEN(ids));
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_blocks, before.st_blocks);
    (void)munmap(file, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_gives_the_published_values),
        cmocka_unit_test(a_workers_seed_is_its_value_of_the_generator),
        cmocka_unit_test(an_id_is_the_value_less_the_multiples_of_the_space),
        cmocka_unit_test(at_most_three_quarters_of_a_table_are_ever_in_use),
        cmocka_unit_test(an_id_is_new_once),
        cmocka_unit_test(the_whole_space_fits),
        cmocka_unit_test(an_id_in_two_slots_counts_once),
        cmocka_unit_test(counting_in_a_file_leaves_its_holes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
