/* disturbance: what came between a run and its CPUs, from two readings. */
#include "host/disturbance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/facts.h"
#include "base/text.h"
#include "host/topology.h"
#include "tests/unit/fixture.h"

/* CPUs 1 and 3 are the benchmark's; 5 is a sibling; 4 is offline, and so has no column. */
static struct topology_choice choice(void)
{
    struct topology_choice c = {0};
    cpulist_add(&c.benchmark, 1);
    cpulist_add(&c.benchmark, 3);
    cpulist_add(&c.siblings, 5);
    return c;
}

static void open_machine(char root[PATH_MAX])
{
    assert_int_equal(fixture_open(NULL, root, PATH_MAX), 0);
    fixture_write(root, "/proc/stat",
                  "cpu  9 9 9 9 9 9 9 9 9 9\n"
                  "cpu0 1000 0 0 0 0 0 0 7000 0 0\n"
                  "cpu1 100 1 10 5000 30 2 3 40 50 60\n"
                  "cpu3 200 0 20 5000 0 0 0 2 0 0\n"
                  "cpu5 11 0 0 5000 0 0 0 9 0 0\n"
                  "intr 99 1 2 3\nctxt 5\n");
    fixture_write(root, "/proc/interrupts",
                  "           CPU0       CPU1       CPU3       CPU5\n"
                  "  24:       1000         10          1        500  IO-APIC   5-edge  ACPI:Ged 7\n"
                  " 128:          0          0          2          0  PCI-MSI 1-edge   nvme0q1\n"
                  " NMI:          9          3          4          9   Non-maskable interrupts\n"
                  " LOC:      90000        100        200      90000   Local timer interrupts\n"
                  " ERR:         77\n MIS:          7\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3000000\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "2000000\n");
}

static void ticks_are_of_the_benchmark_s_cpus_and_idle_ones_are_not_busy(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology_choice c = choice();
    struct disturbance_reading r;
    open_machine(root);
    disturbance_read(root, &c, &r);
    assert_int_equal(r.steal_ticks.failed, 0);
    assert_int_equal(r.steal_ticks.value, 42);
    assert_int_equal(r.busy_ticks.value, 100 + 1 + 10 + 2 + 3 + 200 + 20);
    assert_int_equal(r.siblings_busy_ticks.value, 11);
    fixture_close(root);
}

static void interrupts_are_counted_by_the_column_s_cpu_and_devices_apart(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology_choice c = choice();
    struct disturbance_reading r;
    open_machine(root);
    disturbance_read(root, &c, &r);
    assert_int_equal(r.device_irqs.value, 13);
    assert_int_equal(r.all_irqs.value, 13 + 7 + 300); /* ERR and MIS are the machine's, not a CPU's */
    assert_int_equal(r.frequency_khz.value, 2500000);
    fixture_close(root);
}

static void what_a_machine_does_not_tell_is_absent_with_its_reason(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology_choice c = choice();
    struct disturbance_reading r;
    struct disturbance_pressure none = {0}, gone;
    struct facts facts = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/proc/interrupts", "nothing like it\n");
    fixture_write(root, "/proc/stat", "cpu  1 2\n");
    disturbance_read(root, &c, &r);
    disturbance_read_pressure(-1, &gone);
    disturbance_describe(&c, &r, &r, &none, &gone, &facts);
    static const char *const ABSENT[] = {
        "steal_ticks",          "busy_ticks",          "siblings_busy_ticks", "device_irqs",         "irqs",
        "frequency_before_khz", "frequency_after_khz", "cpu_pressure_usec",   "memory_pressure_usec"};
    for (size_t i = 0; i < sizeof(ABSENT) / sizeof(ABSENT[0]); i++) {
        const struct fact *f = facts_find(&facts, ABSENT[i]);
        assert_non_null(f);
        assert_int_equal(f->kind, FACT_ABSENT);
        assert_true(*f->text != '\0');
    }
    facts_free(&facts);
    fixture_close(root);
}

static void pressure_is_the_total_that_some_task_waited(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct disturbance_pressure p;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/cpu.pressure",
                  "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull avg10=0.00 avg60=0.00 "
                  "avg300=0.00 total=9\n");
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    disturbance_read_pressure(fd, &p);
    (void)close(fd);
    assert_int_equal(p.cpu_usec.failed, 0);
    assert_int_equal(p.cpu_usec.value, 1234);
    assert_int_equal(p.memory_usec.failed, -ENOENT);
    fixture_close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_of_the_benchmark_s_cpus_and_idle_ones_are_not_busy),
        cmocka_unit_test(interrupts_are_counted_by_the_column_s_cpu_and_devices_apart),
        cmocka_unit_test(what_a_machine_does_not_tell_is_absent_with_its_reason),
        cmocka_unit_test(pressure_is_the_total_that_some_task_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
