#include "launch/pid_table.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void a_pid_gives_what_was_put_for_it_and_another_nothing(void **state)
{
    (void)state;
    struct pid_table t = {0};
    assert_int_equal(pid_table_get(&t, 1), PID_TABLE_NONE);
    for (int pid = 1; pid <= 5000; pid += 2)
        pid_table_put(&t, pid, (uint32_t)pid * 3);
    pid_table_put(&t, 7, 1);
    assert_int_equal(t.count, 2500);
    for (int pid = 1; pid <= 5000; pid++)
        assert_int_equal(pid_table_get(&t, pid), pid == 7 ? 1 : pid % 2 == 0 ? PID_TABLE_NONE : (uint32_t)pid * 3);
    assert_int_equal(pid_table_get(&t, 0), PID_TABLE_NONE);
    assert_int_equal(pid_table_get(&t, -1), PID_TABLE_NONE);
    pid_table_free(&t);
}

static void begun_anew_it_is_empty(void **state)
{
    (void)state;
    static const size_t PIDS[] = {10, 1, 1000};
    struct pid_table t = {0};
    for (size_t i = 0; i < ARRAY_LEN(PIDS); i++) {
        pid_table_begin(&t, PIDS[i]);
        assert_int_equal(pid_table_get(&t, 42), PID_TABLE_NONE);
        pid_table_put(&t, 42, 5);
        assert_int_equal(pid_table_get(&t, 42), 5);
        assert_int_equal(t.count, 1);
    }
    pid_table_free(&t);
}

/* How many places are looked at for a pid that is there, on average. */
static double steps(int first, int step, int count)
{
    struct pid_table t = {0};
    size_t looked = 0;
    for (int i = 0; i < count; i++)
        pid_table_put(&t, first + i * step, 0);
    for (size_t at = 0; at < t.cap; at++) {
        if (t.entry[at].pid == 0)
            continue;
        looked++;
        for (size_t back = at; t.entry[(back - 1) & (t.cap - 1)].pid != 0 && back + t.cap > at + 1 && at - back < 64;
             back--)
            looked++;
    }
    pid_table_free(&t);
    return (double)looked / count;
}

/* Not a table that is searched from one end: rows of pids, as forks give them, lie apart. */
static void rows_of_pids_do_not_pile_up(void **state)
{
    (void)state;
    for (int step = 1; step <= 128; step *= 2)
        assert_true(steps(30000, step, 4000) < 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pid_gives_what_was_put_for_it_and_another_nothing),
        cmocka_unit_test(begun_anew_it_is_empty),
        cmocka_unit_test(rows_of_pids_do_not_pile_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
