/* host: every key is there on every machine, as a value or as a reason, and says what the files say. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/facts.h"
#include "host/host.h"
#include "tests/unit/fixture.h"
#include "tests/unit/near.h"

#define MAY_TAKE_NS                                                                                                    \
    ((NEAR_SLOW ? 500 : 50) * NS_PER_MS) /* the promise is 10 ms; the rest is for sanitizers and emulated machines */

static struct facts machine(const char *name)
{
    char root[PATH_MAX], tree[64];
    struct facts f = {0};
    (void)snprintf(tree, sizeof(tree), "machines/%s", name);
    assert_int_equal(fixture_open(tree, root, sizeof(root)), 0);
    host_capture(root, &f);
    fixture_close(root);
    return f;
}

static const struct fact *find(const struct facts *f, const char *key, enum fact_kind kind)
{
    const struct fact *fact = facts_find(f, key);
    if (!fact)
        fail_msg("no fact '%s'", key);
    else if (fact->kind != kind)
        fail_msg("fact '%s' is of kind %d: %s", key, (int)fact->kind, fact->text ? fact->text : "");
    return fact;
}

static void assert_text(const struct facts *f, const char *key, const char *want)
{
    assert_string_equal(find(f, key, FACT_TEXT)->text, want);
}

static void assert_int(const struct facts *f, const char *key, int64_t want)
{
    assert_int_equal(find(f, key, FACT_INT)->integer, want);
}

static void assert_truth(const struct facts *f, const char *key, bool want)
{
    assert_int_equal(find(f, key, FACT_BOOL)->truth, want);
}

static void assert_absent(const struct facts *f, const char *key, const char *reason)
{
    assert_string_equal(find(f, key, FACT_ABSENT)->text, reason);
}

static void the_kernel_is_told_as_it_tells_itself(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "kernel_release", "6.12.48-cloud-amd64");
    assert_text(&f, "kernel_version", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)");
    assert_text(&f, "kernel_cmdline", "root=/dev/vda1 ro console=ttyS0");
    assert_text(&f, "boot_id", "4f6f1d0e-2c6b-4a5e-9d0e-000000000001");
    assert_text(&f, "arch", "x86_64");
    assert_text(&f, "platform", "Linux-6.12.48-cloud-amd64-x86_64");
    facts_free(&f);
}

static void os_is_the_pretty_name_without_its_quotes(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "os", "Debian GNU/Linux 13 (trixie)");
    facts_free(&f);
    f = machine("smt2-desktop");
    assert_text(&f, "os", "Some \"Linux\" 42");
    facts_free(&f);
}

static void os_may_be_quoted_with_escapes_or_not_at_all(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/etc/os-release", "OLD_PRETTY_NAME=x\nPRETTY_NAME=\"The \\\"9 \\$\\\" Linux\"\n");
    host_capture(root, &f);
    assert_text(&f, "os", "The \"9 $\" Linux");
    facts_free(&f);
    fixture_write(root, "/etc/os-release", "PRETTY_NAME=Plain");
    host_capture(root, &f);
    assert_text(&f, "os", "Plain");
    facts_free(&f);
    fixture_write(root, "/etc/os-release", "NAME=Other\n");
    host_capture(root, &f);
    assert_absent(&f, "os", "/etc/os-release has no such field here");
    facts_free(&f);
    fixture_close(root);
}

static void the_first_cpu_speaks_for_all(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "cpu_vendor", "GenuineIntel");
    assert_text(&f, "cpu_model", "Intel Xeon Processor (Icelake)");
    assert_text(&f, "microcode", "0x1");
    facts_free(&f);
}

static void power_and_arm_name_their_cpus_in_other_words(void **state)
{
    (void)state;
    struct facts f = machine("power-smt4");
    assert_text(&f, "cpu_model", "POWER9, altivec supported");
    assert_absent(&f, "microcode", "/proc/cpuinfo has no such field here");
    facts_free(&f);
    f = machine("arm-big-little");
    assert_text(&f, "cpu_vendor", "0x41");
    assert_text(&f, "cpu_model", "0xd46");
    facts_free(&f);
}

static void topology_is_counted(void **state)
{
    (void)state;
    struct facts f = machine("hybrid-laptop");
    assert_int(&f, "topology.sockets", 1);
    assert_int(&f, "topology.cores", 14);
    assert_int(&f, "topology.threads_per_core", 2);
    assert_int(&f, "topology.numa_nodes", 1);
    assert_int(&f, "topology.core_classes", 2);
    assert_text(&f, "cpus_online", "0-19");
    facts_free(&f);
}

static void one_governor_is_named_and_several_are_mixed(void **state)
{
    (void)state;
    struct facts f = machine("smt2-desktop");
    assert_text(&f, "governor", "performance");
    assert_text(&f, "scaling_driver", "amd-pstate-epp");
    facts_free(&f);
    f = machine("two-sockets");
    assert_text(&f, "governor", "mixed: performance on 0-3,8-11, powersave on 4-7,12-15");
    assert_text(&f, "scaling_driver", "intel_pstate");
    facts_free(&f);
}

static void without_cpufreq_the_governor_is_absent_with_its_reason(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_absent(&f, "governor", "this kernel has no cpufreq driver here (no cpufreq/scaling_governor)");
    assert_absent(&f, "turbo", "neither intel_pstate/no_turbo nor cpufreq/boost: the kernel does not govern it");
    facts_free(&f);
}

static void turbo_is_boost_or_the_opposite_of_no_turbo(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool turbo;
    } CASES[] = {{"smt2-desktop", true}, {"two-sockets", false}, {"hybrid-laptop", true}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct facts f = machine(CASES[i].name);
        assert_truth(&f, "turbo", CASES[i].turbo);
        facts_free(&f);
    }
}

static void smt_is_told_by_the_kernels_switch(void **state)
{
    (void)state;
    struct facts f = machine("smt2-desktop");
    assert_truth(&f, "smt_active", true);
    assert_text(&f, "smt_control", "on");
    facts_free(&f);
    f = machine("one-cpu");
    assert_absent(&f, "smt_active", "no /sys/devices/system/cpu/smt/active, as on a kernel that cannot switch SMT");
    facts_free(&f);
}

static void the_chosen_word_stands_in_brackets(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "thp_enabled", "madvise");
    assert_text(&f, "thp_defrag", "madvise");
    facts_free(&f);
}

static void an_unallocated_mask_is_an_empty_list(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "nohz_full", "");
    assert_text(&f, "isolated_cpus", "");
    facts_free(&f);
    f = machine("isolcpus");
    assert_text(&f, "nohz_full", "4-7");
    assert_text(&f, "isolated_cpus", "4-7");
    facts_free(&f);
}

static void memory_is_in_bytes(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_int(&f, "memory_total_bytes", 8000000LL * 1024);
    assert_int(&f, "swap_total_bytes", 0);
    facts_free(&f);
}

static void switches_are_as_the_kernel_numbers_them(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_int(&f, "aslr", 2);
    assert_int(&f, "swappiness", 60);
    assert_int(&f, "overcommit_memory", 0);
    assert_int(&f, "perf_event_paranoid", 3);
    assert_truth(&f, "watchdog", true);
    assert_truth(&f, "nmi_watchdog", false);
    assert_truth(&f, "sched_autogroup", true);
    assert_text(&f, "clocksource", "kvm-clock");
    assert_text(&f, "clocksources_available", "kvm-clock tsc acpi_pm");
    facts_free(&f);
}

static void loads_are_read_column_by_column(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_float_equal(find(&f, "load_1min", FACT_REAL)->real, 0.42, 1e-9);
    assert_float_equal(find(&f, "load_5min", FACT_REAL)->real, 1.05, 1e-9);
    assert_float_equal(find(&f, "load_15min", FACT_REAL)->real, 12.30, 1e-9);
    facts_free(&f);
}

static void steal_is_the_eighth_field_of_all_cpus(void **state)
{
    (void)state;
    char root[PATH_MAX];
    long long ticks = -1;
    assert_int_equal(fixture_open("machines/two-cpus-vm", root, sizeof(root)), 0);
    assert_int_equal(host_steal_ticks(root, &ticks), 0);
    assert_int_equal(ticks, 777);
    fixture_write(root, "/proc/stat", "cpu  1 2 3 4\n");
    assert_int_equal(host_steal_ticks(root, &ticks), -ENODATA);
    fixture_remove(root, "/proc/stat");
    assert_int_equal(host_steal_ticks(root, &ticks), -ENOENT);
    assert_int_equal(ticks, 777);
    fixture_close(root);
}

static void psi_is_there_where_its_folder_is(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_truth(&f, "psi", true);
    facts_free(&f);
    f = machine("one-cpu");
    assert_truth(&f, "psi", false);
    facts_free(&f);
}

static void each_vulnerability_is_a_fact_in_order(void **state)
{
    (void)state;
    struct facts f = machine("two-cpus-vm");
    assert_text(&f, "mitigations.meltdown", "Not affected");
    assert_text(&f, "mitigations.spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization");
    assert_true(facts_find(&f, "mitigations.meltdown") < facts_find(&f, "mitigations.spectre_v1"));
    facts_free(&f);
    f = machine("one-cpu");
    assert_absent(&f, "mitigations", "/sys/devices/system/cpu/vulnerabilities: No such file or directory");
    facts_free(&f);
}

static void a_hypervisor_flag_inside_another_word_does_not_count(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/proc/cpuinfo", "flags\t\t: fpu nohypervisor hypervisor2\n");
    host_capture(root, &f);
    assert_text(&f, "hypervisor", "none");
    facts_free(&f);
    fixture_write(root, "/proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
    host_capture(root, &f);
    assert_text(&f, "hypervisor", "unnamed");
    facts_free(&f);
    fixture_write(root, "/sys/hypervisor/type", "xen\n");
    host_capture(root, &f);
    assert_text(&f, "hypervisor", "xen");
    facts_free(&f);
    fixture_close(root);
}

static void bare_metal_has_no_hypervisor_and_silence_is_not_none(void **state)
{
    (void)state;
    struct facts f = machine("smt2-desktop");
    assert_text(&f, "hypervisor", "none");
    assert_text(&f, "machine_product", "B550 AORUS");
    facts_free(&f);
    f = machine("arm-big-little");
    assert_absent(&f, "hypervisor", "neither /proc/cpuinfo nor /sys/hypervisor nor DMI tells");
    facts_free(&f);
}

static void an_emulated_cpu_is_known_by_its_name(void **state)
{
    (void)state;
    struct facts f = machine("tcg-container");
    assert_truth(&f, "emulated", true);
    assert_text(&f, "emulated_by", "QEMU TCG (the CPU's model name)");
    assert_text(&f, "hypervisor", "Standard PC (Q35 + ICH9, 2009)");
    facts_free(&f);
    f = machine("two-cpus-vm");
    assert_truth(&f, "emulated", false);
    facts_free(&f);
}

static void a_machine_under_a_prefix_is_not_emulated_because_we_are(void **state)
{
    (void)state;
    assert_int_equal(setenv("TARE_VM", "tcg", 1), 0);
    struct facts f = machine("two-cpus-vm");
    assert_truth(&f, "emulated", false);
    facts_free(&f);
    host_capture("", &f);
    assert_truth(&f, "emulated", true);
    facts_free(&f);
    (void)unsetenv("TARE_VM");
}

static void a_container_is_known_by_its_mark(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = machine("tcg-container");
    assert_text(&f, "container", "podman");
    facts_free(&f);
    assert_int_equal(fixture_open("machines/tcg-container", root, sizeof(root)), 0);
    fixture_remove(root, "/run/.containerenv");
    host_capture(root, &f);
    assert_text(&f, "container", "unnamed");
    facts_free(&f);
    fixture_write(root, "/run/systemd/container", "systemd-nspawn\n");
    host_capture(root, &f);
    assert_text(&f, "container", "systemd-nspawn");
    facts_free(&f);
    fixture_write(root, "/.dockerenv", "");
    host_capture(root, &f);
    assert_text(&f, "container", "docker");
    facts_free(&f);
    fixture_close(root);
}

static void a_mark_in_the_image_is_no_container_where_every_namespace_is_initial(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open("machines/two-cpus-vm", root, sizeof(root)), 0);
    fixture_write(root, "/.dockerenv", "");
    host_capture(root, &f);
    assert_text(&f, "container", "none");
    facts_free(&f);
    fixture_close(root);
}

static void control_characters_in_a_text_become_blanks(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/proc/cmdline", " a\tb\nc\033d \n\n");
    host_capture(root, &f);
    assert_text(&f, "kernel_cmdline", "a b c d");
    facts_free(&f);
    fixture_close(root);
}

static void what_is_no_number_is_absent_and_quoted(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/proc/sys/vm/swappiness", "sixty\n");
    fixture_write(root, "/proc/sys/kernel/watchdog", "\n");
    fixture_write(root, "/proc/loadavg", "none\n");
    fixture_write(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always never\n");
    host_capture(root, &f);
    assert_absent(&f, "swappiness", "/proc/sys/vm/swappiness says 'sixty', which is not a number");
    assert_absent(&f, "watchdog", "/proc/sys/kernel/watchdog says '', which is neither 0 nor 1");
    assert_absent(&f, "load_5min", "/proc/loadavg says 'none', which is not a load");
    assert_absent(&f, "thp_enabled",
                  "/sys/kernel/mm/transparent_hugepage/enabled says 'always never', with nothing in brackets");
    facts_free(&f);
    fixture_close(root);
}

/* The keys of host.h. */
static const char *const KEYS[] = {
    "kernel_release",
    "kernel_version",
    "kernel_cmdline",
    "os",
    "arch",
    "libc",
    "platform",
    "boot_id",
    "cpu_vendor",
    "cpu_model",
    "microcode",
    "cpus_online",
    "cpus_possible",
    "isolated_cpus",
    "nohz_full",
    "governor",
    "scaling_driver",
    "smt_control",
    "thp_enabled",
    "thp_defrag",
    "clocksource",
    "clocksources_available",
    "machine_vendor",
    "machine_product",
    "topology.sockets",
    "topology.cores",
    "topology.numa_nodes",
    "topology.threads_per_core",
    "topology.core_classes",
    "memory_total_bytes",
    "swap_total_bytes",
    "swappiness",
    "overcommit_memory",
    "perf_event_paranoid",
    "ksm_run",
    "numa_balancing",
    "aslr",
    "steal_ticks",
    "load_1min",
    "load_5min",
    "load_15min",
    "turbo",
    "smt_active",
    "watchdog",
    "nmi_watchdog",
    "sched_autogroup",
    "psi",
    "hypervisor",
    "emulated",
    "emulated_by",
    "container",
};

static void assert_every_key_once(const struct facts *f)
{
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        size_t times = 0;
        for (size_t j = 0; j < f->count; j++)
            times += strcmp(f->list[j].key, KEYS[i]) == 0;
        if (times != 1)
            fail_msg("'%s' is there %zu times", KEYS[i], times);
    }
    for (size_t j = 0; j < f->count; j++)
        if (f->list[j].kind == FACT_ABSENT)
            assert_true(strlen(f->list[j].text) > 0);
}

static void every_key_is_there_where_nothing_can_be_read(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    host_capture(root, &f);
    assert_every_key_once(&f);
    facts_free(&f);
    fixture_close(root);
}

static void this_machine_is_captured_whole_and_quickly(void **state)
{
    (void)state;
    struct facts f = {0};
    host_capture(NULL, &f); /* the first touch of each file is slower */
    facts_free(&f);
    int64_t start_ns = clock_now_ns();
    host_capture("", &f);
    assert_true(clock_now_ns() - start_ns < MAY_TAKE_NS);
    assert_every_key_once(&f);
    assert_non_null(strstr(find(&f, "platform", FACT_TEXT)->text, "Linux-"));
    assert_true(find(&f, "memory_total_bytes", FACT_INT)->integer > 0);
    assert_true(find(&f, "topology.cores", FACT_INT)->integer > 0);
    facts_free(&f);
}

/* Hundreds of CPUs: 256 cores of two threads, cpufreq on each. */
static void a_large_machine_is_captured_quickly(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct facts f = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/sys/devices/system/cpu/online", "0-511\n");
    for (int cpu = 0; cpu < 512; cpu++) {
        static const char *const LEAVES[] = {"topology/core_cpus_list", "cpufreq/scaling_governor",
                                             "cpufreq/scaling_driver", "cpufreq/cpuinfo_max_freq"};
        char path[128], siblings[32];
        (void)snprintf(siblings, sizeof(siblings), "%d,%d\n", cpu % 256, cpu % 256 + 256);
        const char *const content[] = {siblings, "performance\n", "acpi-cpufreq\n", "3000000\n"};
        for (size_t i = 0; i < sizeof(LEAVES) / sizeof(LEAVES[0]); i++) {
            (void)snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/%s", cpu, LEAVES[i]);
            fixture_write(root, path, content[i]);
        }
    }
    int64_t start_ns = clock_now_ns();
    host_capture(root, &f);
    assert_true(clock_now_ns() - start_ns < 10 * MAY_TAKE_NS); /* a disk, here, not sysfs */
    assert_int(&f, "topology.cores", 256);
    assert_text(&f, "governor", "performance");
    facts_free(&f);
    fixture_close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_told_as_it_tells_itself),
        cmocka_unit_test(os_is_the_pretty_name_without_its_quotes),
        cmocka_unit_test(os_may_be_quoted_with_escapes_or_not_at_all),
        cmocka_unit_test(the_first_cpu_speaks_for_all),
        cmocka_unit_test(power_and_arm_name_their_cpus_in_other_words),
        cmocka_unit_test(topology_is_counted),
        cmocka_unit_test(one_governor_is_named_and_several_are_mixed),
        cmocka_unit_test(without_cpufreq_the_governor_is_absent_with_its_reason),
        cmocka_unit_test(turbo_is_boost_or_the_opposite_of_no_turbo),
        cmocka_unit_test(smt_is_told_by_the_kernels_switch),
        cmocka_unit_test(the_chosen_word_stands_in_brackets),
        cmocka_unit_test(an_unallocated_mask_is_an_empty_list),
        cmocka_unit_test(memory_is_in_bytes),
        cmocka_unit_test(switches_are_as_the_kernel_numbers_them),
        cmocka_unit_test(loads_are_read_column_by_column),
        cmocka_unit_test(steal_is_the_eighth_field_of_all_cpus),
        cmocka_unit_test(psi_is_there_where_its_folder_is),
        cmocka_unit_test(each_vulnerability_is_a_fact_in_order),
        cmocka_unit_test(a_hypervisor_flag_inside_another_word_does_not_count),
        cmocka_unit_test(bare_metal_has_no_hypervisor_and_silence_is_not_none),
        cmocka_unit_test(an_emulated_cpu_is_known_by_its_name),
        cmocka_unit_test(a_machine_under_a_prefix_is_not_emulated_because_we_are),
        cmocka_unit_test(a_container_is_known_by_its_mark),
        cmocka_unit_test(a_mark_in_the_image_is_no_container_where_every_namespace_is_initial),
        cmocka_unit_test(control_characters_in_a_text_become_blanks),
        cmocka_unit_test(what_is_no_number_is_absent_and_quoted),
        cmocka_unit_test(every_key_is_there_where_nothing_can_be_read),
        cmocka_unit_test(this_machine_is_captured_whole_and_quickly),
        cmocka_unit_test(a_large_machine_is_captured_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
