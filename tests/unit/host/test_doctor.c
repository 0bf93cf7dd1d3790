/* doctor: what each machine is told, and that the table's rows are whole. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/text.h"
#include "host/bench_cpus.h"
#include "host/doctor/cmdline.h"
#include "host/doctor/doctor.h"
#include "host/host.h"
#include "host/topology.h"
#include "host/tune/tune.h"
#include "tests/unit/fixture.h"
#include "tests/unit/golden.h"

static void look(const char *root, struct facts *facts, struct diagnosis *ret)
{
    struct topology_choice choice = {0};
    struct err e = {0};
    assert_int_equal(bench_cpus_choose(root, NULL, NULL, &choice, &e), 0);
    host_capture(root, facts);
    doctor_capture(root, &choice, facts);
    *ret = doctor_judge(facts);
}

/* The lock that the goldens are written with: the shipped one may grow. */
static void read_lock(struct cmdline_lock *ret)
{
    char path[PATH_MAX];
    struct text text = {0};
    text_format(path, sizeof(path), "%s/fixtures/cmdline.lock", fixture_tests_dir());
    assert_int_equal(file_read_all("", path, &text), 0);
    assert_int_equal(cmdline_lock_parse(text.data, ret, NULL), 0);
    text_free(&text);
}

static const struct finding *find(const struct diagnosis *d, const char *id)
{
    for (size_t i = 0; i < d->findings; i++)
        if (strcmp(d->finding[i].id, id) == 0)
            return &d->finding[i];
    fail_msg("no finding '%s'", id);
    return NULL;
}

/* A folder of the captured machine's becomes a link to another of the host's, by its whole path. */
static void lead_out(const char *root, const char *path, const char *outside)
{
    char whole[PATH_MAX + 64], target[PATH_MAX + 64];
    text_format(whole, sizeof(whole), "%s%s", root, path);
    text_format(target, sizeof(target), "%s%s", outside, path);
    (void)file_remove_tree(AT_FDCWD, whole);
    assert_int_equal(symlink(target, whole), 0);
}

static void a_link_of_a_captured_machine_leads_to_nothing_of_the_hosts(void **state)
{
    static const char *const FOLDERS[] = {"/proc/irq", "/proc/pressure", "/sys/devices/system/cpu/vulnerabilities"};
    char root[PATH_MAX], outside[PATH_MAX];
    struct facts facts = {0};
    struct diagnosis d;
    (void)state;
    assert_int_equal(fixture_open("machines/smt2-desktop", root, sizeof(root)), 0);
    assert_int_equal(fixture_open(NULL, outside, sizeof(outside)), 0);
    fixture_write(outside, "/proc/irq/9/smp_affinity_list", "0\n");
    fixture_write(outside, "/proc/irq/9/handler/x", "");
    fixture_write(outside, "/proc/pressure/cpu", "");
    fixture_write(outside, "/sys/devices/system/cpu/vulnerabilities/meltdown", "the host's\n");
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++)
        lead_out(root, FOLDERS[i], outside);
    look(root, &facts, &d);
    assert_int_equal(facts_find(&facts, "irqs")->kind, FACT_ABSENT);
    assert_false(facts_find(&facts, "psi")->truth);
    assert_null(facts_find(&facts, "mitigations.meltdown"));
    doctor_free(&d);
    facts_free(&facts);
    fixture_close(outside);
    fixture_close(root);
}

/* --- golden texts ------------------------------------------------------------------------------------------------ */

static void check_machine(const char *name)
{
    char root[PATH_MAX], tree[64], golden[64];
    struct facts facts = {0};
    struct diagnosis d;
    struct cmdline_lock lock;
    struct text text = {0};
    text_format(tree, sizeof(tree), "machines/%s", name);
    text_format(golden, sizeof(golden), "doctor-%s", name);
    assert_int_equal(fixture_open(tree, root, sizeof(root)), 0);
    look(root, &facts, &d);
    read_lock(&lock);
    doctor_judge_cmdline(&d, &facts, &lock, NULL);
    const struct terminal_look narrow = {.width = 80};
    doctor_text(&d, &facts, &narrow, &text);
    golden_check(golden, text.data);
    golden_fits(text.data, narrow.width);
    text_free(&text);
    doctor_free(&d);
    cmdline_lock_free(&lock);
    facts_free(&facts);
    fixture_close(root);
}

static void every_machine_is_told_what_it_lacks(void **state)
{
    (void)state;
    static const char *const MACHINES[] = {"busy-server",  "two-cpus-vm",   "isolcpus", "arm-big-little",
                                           "smt2-desktop", "tcg-container", "one-cpu",  "two-sockets"};
    for (size_t i = 0; i < sizeof(MACHINES) / sizeof(MACHINES[0]); i++)
        check_machine(MACHINES[i]);
}

static char *json_of(const char *tree, json_t **ret)
{
    char root[PATH_MAX], *bytes = NULL;
    size_t len = 0;
    struct facts facts = {0};
    struct diagnosis d;
    struct cmdline_lock lock;
    struct err e = {0};
    assert_int_equal(fixture_open(tree, root, sizeof(root)), 0);
    look(root, &facts, &d);
    read_lock(&lock);
    doctor_judge_cmdline(&d, &facts, &lock, NULL);
    FILE *out = open_memstream(&bytes, &len);
    assert_int_equal(doctor_json(&d, &facts, out, &e), 0);
    assert_int_equal(fclose(out), 0);
    *ret = json_loads(bytes, 0, NULL);
    assert_non_null(*ret);
    assert_int_equal(json_array_size(json_object_get(*ret, "checks")), d.findings);
    doctor_free(&d);
    cmdline_lock_free(&lock);
    facts_free(&facts);
    fixture_close(root);
    return bytes;
}

static void json_says_the_same(void **state)
{
    (void)state;
    json_t *whole = NULL;
    char *bytes = json_of("machines/busy-server", &whole);
    golden_check("doctor-busy-server-json", bytes);
    assert_string_equal(json_string_value(json_object_get(whole, "schema")), "tare.doctor/1");
    json_decref(whole);
    free(bytes);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

static void every_row_has_its_words(void **state)
{
    (void)state;
    struct facts none = {0};
    struct diagnosis d = doctor_judge(&none);
    for (size_t i = 0; i < d.findings; i++) {
        const struct finding *f = &d.finding[i];
        assert_true(strlen(f->id) > 0 && strlen(f->id) <= 21);
        assert_true(strlen(f->why) > 0);
        assert_non_null(f->reason);
        assert_null(f->value);
        if (f->verdict == DOCTOR_FAILS || f->verdict == DOCTOR_WARNS)
            assert_non_null(f->remedy);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(d.finding[j].id, f->id);
    }
    doctor_free(&d);
}

/* The doctor sends people to `tare tune --only ID`: every such id has to be there, and to help. */
static void what_tune_sets_the_doctor_is_content_with(void **state)
{
    (void)state;
    static const char *const SET[] = {"turbo",    "thp",          "ksm",           "numa_balancing", "swappiness",
                                      "watchdog", "nmi_watchdog", "stat_interval", "irqs",           "swap"};
    char root[PATH_MAX], state_dir[PATH_MAX], journal[PATH_MAX], only[512] = "";
    struct facts before = {0}, after = {0};
    struct diagnosis sick, cured;
    struct topology_choice cpus;
    struct tune_steps steps = {0};
    struct journal j;
    struct err e = {0};
    assert_int_equal(fixture_open("machines/busy-server", root, sizeof(root)), 0);
    assert_int_equal(fixture_open(NULL, state_dir, sizeof(state_dir)), 0);
    text_format(journal, sizeof(journal), "%s/tune.journal", state_dir);
    look(root, &before, &sick);
    for (size_t i = 0; i < sick.findings; i++)
        if (sick.finding[i].tune)
            (void)snprintf(only + strlen(only), sizeof(only) - strlen(only), "%s%s", *only ? "," : "",
                           sick.finding[i].tune);
    assert_int_equal(bench_cpus_choose(root, NULL, NULL, &cpus, &e), 0);
    assert_int_equal(tune_plan(root, &cpus, only, &steps, &e), 0);
    assert_int_equal(journal_open(journal, "boot", true, &j, &e), 0);
    struct tune_host host = tune_host_of(root);
    assert_int_equal(tune_apply(&host, &steps, &j, &e), 0);
    journal_close(&j);
    look(root, &after, &cured);
    for (size_t i = 0; i < sizeof(SET) / sizeof(SET[0]); i++)
        if (find(&cured, SET[i])->verdict != DOCTOR_OK)
            fail_msg("%s: %s", SET[i], find(&cured, SET[i])->value);
    assert_int_equal(find(&sick, "irqs")->verdict, DOCTOR_WARNS);
    tune_steps_free(&steps);
    doctor_free(&sick);
    doctor_free(&cured);
    facts_free(&before);
    facts_free(&after);
    fixture_close(state_dir);
    fixture_close(root);
}

/* --- single judgements ------------------------------------------------------------------------------------------- */

static enum doctor_verdict judge_text(const char *id, const char *key, const char *value)
{
    struct facts facts = {0};
    facts_text(&facts, key, value);
    struct diagnosis d = doctor_judge(&facts);
    enum doctor_verdict v = find(&d, id)->verdict;
    doctor_free(&d);
    facts_free(&facts);
    return v;
}

static enum doctor_verdict judge_int(const char *id, const char *key, int64_t value)
{
    struct facts facts = {0};
    facts_int(&facts, key, value);
    struct diagnosis d = doctor_judge(&facts);
    enum doctor_verdict v = find(&d, id)->verdict;
    doctor_free(&d);
    facts_free(&facts);
    return v;
}

static void kernels_are_compared_by_number(void **state)
{
    (void)state;
    assert_int_equal(judge_text("kernel", "kernel_release", "6.6.0"), DOCTOR_OK);
    assert_int_equal(judge_text("kernel", "kernel_release", "6.12.48-amd64"), DOCTOR_OK);
    assert_int_equal(judge_text("kernel", "kernel_release", "10.0-rc1"), DOCTOR_OK);
    assert_int_equal(judge_text("kernel", "kernel_release", "6.5.13"), DOCTOR_WARNS);
    assert_int_equal(judge_text("kernel", "kernel_release", "5.99"), DOCTOR_WARNS);
}

static void a_choice_is_matched_whole(void **state)
{
    (void)state;
    assert_int_equal(judge_text("thp", "thp_enabled", "madvise"), DOCTOR_OK);
    assert_int_equal(judge_text("thp", "thp_enabled", "never"), DOCTOR_OK);
    assert_int_equal(judge_text("thp", "thp_enabled", "always"), DOCTOR_WARNS);
    assert_int_equal(judge_text("thp", "thp_enabled", "neve"), DOCTOR_WARNS);
    assert_int_equal(judge_text("governor", "governor", "mixed: performance on 0, powersave on 1"), DOCTOR_WARNS);
    assert_int_equal(judge_text("clocksource", "clocksource", "hpet"), DOCTOR_WARNS);
}

static void isolated_cpus_are_warned_of(void **state)
{
    (void)state;
    assert_int_equal(judge_text("isolcpus", "isolated_cpus", ""), DOCTOR_OK);
    assert_int_equal(judge_text("isolcpus", "isolated_cpus", "4-7"), DOCTOR_WARNS);
}

static void limits_hold_at_their_values(void **state)
{
    (void)state;
    assert_int_equal(judge_int("stat_interval", "stat_interval", 10), DOCTOR_OK);
    assert_int_equal(judge_int("stat_interval", "stat_interval", 9), DOCTOR_WARNS);
    assert_int_equal(judge_int("memory", "memory_available_bytes", 1 << 30), DOCTOR_OK);
    assert_int_equal(judge_int("memory", "memory_available_bytes", (1 << 30) - 1), DOCTOR_WARNS);
    assert_int_equal(judge_int("ksm", "ksm_run", 2), DOCTOR_OK);
}

static void no_interrupt_is_not_any_number_that_begins_with_0(void **state)
{
    (void)state;
    assert_int_equal(judge_text("irqs", "irqs", "0 of 12"), DOCTOR_OK);
    assert_int_equal(judge_text("irqs", "irqs", "10 of 12"), DOCTOR_WARNS);
}

static void a_kernel_without_the_thing_is_not_biased_by_it(void **state)
{
    (void)state;
    struct facts facts = {0};
    facts_absent(&facts, "ksm_run", "no /sys/kernel/mm/ksm/run, as on a kernel without KSM");
    facts_absent(&facts, "thp_enabled", "/sys/kernel/mm/transparent_hugepage/enabled: Permission denied");
    struct diagnosis d = doctor_judge(&facts);
    assert_int_equal(find(&d, "ksm")->verdict, DOCTOR_OK);
    assert_int_equal(find(&d, "thp")->verdict, DOCTOR_UNKNOWN);
    assert_int_equal(find(&d, "cgroup_memory")->verdict, DOCTOR_FAILS);
    doctor_free(&d);
    facts_free(&facts);
}

/* The trees of tests/fixtures/cgroup/ as machines: what of v2 each has. */
static void check_hierarchy(const char *name, const char *fails)
{
    char root[PATH_MAX], got[256] = "";
    struct facts facts = {0};
    text_format(root, sizeof(root), "%s/fixtures/cgroup/%s", fixture_tests_dir(), name);
    facts_text(&facts, "kernel_release", "6.12.0");
    doctor_capture_cgroups(root, &facts);
    struct diagnosis d = doctor_judge(&facts);
    for (size_t i = 0; i < d.findings; i++)
        if (d.finding[i].verdict == DOCTOR_FAILS)
            (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", d.finding[i].id);
    if (strcmp(got, fails) != 0)
        fail_msg("%s fails %s", name, got);
    doctor_free(&d);
    facts_free(&facts);
}

static void each_hierarchy_fails_what_it_lacks(void **state)
{
    (void)state;
    check_hierarchy("pure_v2", "");
    check_hierarchy("hybrid", "cgroup_cpuset cgroup_memory cgroup_pids ");
    check_hierarchy("nothing_mounted", "cgroup2 cgroup_cpuset cgroup_memory cgroup_pids cgroup_kill ");
    check_hierarchy("v1_only", "cgroup2 cgroup_cpuset cgroup_memory cgroup_pids cgroup_kill ");
}

/* --- the locked command line ------------------------------------------------------------------------------------- */

/* Judges a machine that was booted with this line, NULL: not known, against the goldens' lock. */
static void judge_line(const char *running, const char *why_not, struct cmdline_lock *lock, struct diagnosis *ret)
{
    struct facts facts = {0};
    if (running)
        facts_text(&facts, "kernel_cmdline", running);
    else
        facts_absent(&facts, "kernel_cmdline", "/proc/cmdline: Permission denied");
    read_lock(lock);
    *ret = (struct diagnosis){0};
    doctor_judge_cmdline(ret, &facts, lock, why_not);
    facts_free(&facts);
}

static void each_locked_flag_is_found_absent_or_different(void **state)
{
    (void)state;
    struct cmdline_lock lock;
    struct diagnosis d;
    judge_line("ro psi=1 mitigations=off audit=1", NULL, &lock, &d);
    assert_int_equal(find(&d, "cmdline.psi")->verdict, DOCTOR_OK);
    assert_string_equal(find(&d, "cmdline.psi")->value, "psi=1");
    assert_null(find(&d, "cmdline.psi")->remedy);
    assert_int_equal(find(&d, "cmdline.mitigations")->verdict, DOCTOR_NOTED);
    assert_string_equal(find(&d, "cmdline.mitigations")->value, "mitigations=off");
    assert_string_equal(find(&d, "cmdline.mitigations")->remedy, "boot with mitigations=auto");
    assert_int_equal(find(&d, "cmdline.audit")->verdict, DOCTOR_WARNS);
    assert_int_equal(find(&d, "cmdline.nowatchdog")->verdict, DOCTOR_WARNS);
    assert_string_equal(find(&d, "cmdline.nowatchdog")->reason, "absent");
    assert_string_equal(find(&d, "cmdline_locked")->value, "1 of 5 flags as in the VM image");
    assert_int_equal(find(&d, "cmdline_locked")->verdict, DOCTOR_NOTED);
    for (size_t i = 0; i < d.findings; i++)
        assert_string_not_equal(d.finding[i].id, "cmdline.quiet");
    assert_int_equal(d.count[DOCTOR_FAILS], 0);
    assert_int_equal(d.count[DOCTOR_WARNS], 2);
    doctor_free(&d);
    cmdline_lock_free(&lock);
}

static void the_image_itself_is_as_locked(void **state)
{
    (void)state;
    struct cmdline_lock lock;
    struct diagnosis d;
    judge_line("root=/dev/vda cgroup_no_v1=all psi=1 mitigations=auto audit=0 nowatchdog isolcpus=1", NULL, &lock, &d);
    assert_int_equal(d.count[DOCTOR_OK], d.findings);
    assert_string_equal(find(&d, "cmdline_locked")->value, "5 of 5 flags as in the VM image");
    doctor_free(&d);
    cmdline_lock_free(&lock);
}

static void without_a_line_or_a_lock_nothing_is_claimed(void **state)
{
    (void)state;
    struct cmdline_lock lock;
    struct diagnosis d;
    judge_line(NULL, NULL, &lock, &d);
    assert_int_equal(d.findings, 1);
    assert_int_equal(d.finding[0].verdict, DOCTOR_UNKNOWN);
    assert_string_equal(d.finding[0].reason, "/proc/cmdline: Permission denied");
    doctor_free(&d);
    cmdline_lock_free(&lock);
    judge_line("psi=1", "no lock came along", &lock, &d);
    assert_int_equal(d.findings, 1);
    assert_string_equal(d.finding[0].reason, "no lock came along");
    doctor_free(&d);
    cmdline_lock_free(&lock);
}

static void this_machine_is_judged(void **state)
{
    (void)state;
    struct facts facts = {0};
    struct diagnosis d;
    look("", &facts, &d);
    assert_true(d.findings >= 40);
    assert_int_equal(find(&d, "hrtimers")->verdict != DOCTOR_UNKNOWN, 1);
    assert_int_equal(find(&d, "steal")->verdict != DOCTOR_UNKNOWN, 1);
    doctor_free(&d);
    facts_free(&facts);
}

static void what_the_caller_may_trace_is_told_with_its_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *capabilities, *paranoid, *says;
        enum doctor_verdict verdict;
    } CASES[] = {
        {"0000004000000000", "2", "on", DOCTOR_OK},
        {"0000000000000000", "2", "off: it takes CAP_PERFMON", DOCTOR_WARNS},
        {"0000000000000000", "1", "in part: samples and switches; user probes take CAP_PERFMON", DOCTOR_WARNS},
    };
    fixture_write(fixture_root, "/proc/self/uid_map", "         0          0 4294967295\n");
    fixture_write(fixture_root, "/sys/bus/event_source/devices/uprobe/type", "9\n");
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        struct facts facts = {0};
        const struct topology_choice nothing = {0};
        cleanup_text struct text status = {0};
        text_add(&status, "Name:\ttare\nCapEff:\t%s\nSeccomp:\t0\n", CASES[i].capabilities);
        fixture_write(fixture_root, "/proc/self/status", status.data);
        fixture_write(fixture_root, "/proc/sys/kernel/perf_event_paranoid", CASES[i].paranoid);
        doctor_capture(fixture_root, &nothing, &facts);
        struct diagnosis d = doctor_judge(&facts);
        assert_string_equal(find(&d, "tracing")->value, CASES[i].says);
        assert_int_equal(find(&d, "tracing")->verdict, CASES[i].verdict);
        assert_int_equal(find(&d, "tracing")->remedy == NULL, CASES[i].verdict == DOCTOR_OK);
        doctor_free(&d);
        facts_free(&facts);
    }
    struct facts facts = {0};
    const struct topology_choice nothing = {0};
    fixture_remove(fixture_root, "/sys/bus/event_source/devices/uprobe/type");
    doctor_capture(fixture_root, &nothing, &facts);
    struct diagnosis d = doctor_judge(&facts);
    assert_string_equal(find(&d, "tracing")->value, "off: the kernel has no user probes");
    doctor_free(&d);
    facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_of_a_captured_machine_leads_to_nothing_of_the_hosts),
        cmocka_unit_test(every_machine_is_told_what_it_lacks),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(every_row_has_its_words),
        cmocka_unit_test(what_tune_sets_the_doctor_is_content_with),
        cmocka_unit_test(kernels_are_compared_by_number),
        cmocka_unit_test(a_choice_is_matched_whole),
        cmocka_unit_test(isolated_cpus_are_warned_of),
        cmocka_unit_test(limits_hold_at_their_values),
        cmocka_unit_test(no_interrupt_is_not_any_number_that_begins_with_0),
        cmocka_unit_test(a_kernel_without_the_thing_is_not_biased_by_it),
        cmocka_unit_test(each_hierarchy_fails_what_it_lacks),
        cmocka_unit_test(each_locked_flag_is_found_absent_or_different),
        cmocka_unit_test(the_image_itself_is_as_locked),
        cmocka_unit_test(without_a_line_or_a_lock_nothing_is_claimed),
        cmocka_unit_test(this_machine_is_judged),
        fixture_rooted(what_the_caller_may_trace_is_told_with_its_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
