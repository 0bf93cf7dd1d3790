/* The doctor's own facts, beyond those of host.c. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "host/doctor/doctor.h"
#include "host/reading.h"
#include "host/topology.h"
#include "launch/perf_event.h"
#include "launch/trace.h"

static const struct reading READINGS[] = {
    {"stat_interval", "/proc/sys/vm/stat_interval", take_int, NULL, "a kernel without virtual memory statistics"},
    {"perf_cpu_time_max_percent", "/proc/sys/kernel/perf_cpu_time_max_percent", take_int, NULL,
     "a kernel without perf events"},
    {"cpuidle_driver", "/sys/devices/system/cpu/cpuidle/current_driver", take_text, NULL, "a kernel without cpuidle"},
    {"memory_available_bytes", "/proc/meminfo", take_kib_field, "MemAvailable|MemTotal", NULL},
};

/* --- CPUs ------------------------------------------------------------------------------------------------------- */

static void capture_cpus(const struct topology_choice *cpus, struct facts *ret)
{
    char text[1024];
    if (cpulist_format(&cpus->benchmark, text, sizeof(text)) < 0)
        text_format(text, sizeof(text), "%u CPUs", cpulist_count(&cpus->benchmark));
    facts_text(ret, "benchmark_cpus", text);
    if (cpulist_count(&cpus->housekeeping) == 0)
        facts_absent(ret, "housekeeping_cpus", "none: %s", cpus->reason);
    else if (cpulist_format(&cpus->housekeeping, text, sizeof(text)) >= 0)
        facts_text(ret, "housekeeping_cpus", text);
    else
        facts_absent(ret, "housekeeping_cpus", "the list is too long");
}

/* --- interrupts ------------------------------------------------------------------------------------------------- */

/* Whether an interrupt has a handler, which is a folder in its folder of /proc/irq (kernel/irq/proc.c,
 * register_handler_proc). Without one it never fires. */
static bool has_handler(const char *sysroot, const char *path)
{
    cleanup_dir DIR *dir = beneath_open_dir(sysroot, path);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        if (d->d_type == DT_DIR && d->d_name[0] != '.')
            return true;
    return false;
}

/* The CPUs of an interrupt: the effective ones if the architecture reports them, else as set. */
static bool read_affinity(const char *sysroot, const char *irq, struct cpulist *ret)
{
    static const char *const NAMES[] = {"effective_affinity_list", "smp_affinity_list"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        char path[320], text[4096];
        text_format(path, sizeof(path), "/proc/irq/%s/%s", irq, NAMES[i]);
        if (file_read(sysroot, path, text, sizeof(text)) > 0 && cpulist_parse(text, ret) == 0 && cpulist_count(ret) > 0)
            return true;
    }
    return false;
}

static void capture_irqs(const char *sysroot, const struct cpulist *benchmark, struct facts *ret)
{
    char path[PATH_MAX], text[64];
    unsigned on = 0, all = 0;
    cleanup_dir DIR *dir = beneath_open_dir(sysroot, "/proc/irq");
    if (!dir) {
        facts_absent(ret, "irqs", "/proc/irq: %s", strerror(errno));
        return;
    }
    for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        struct cpulist where;
        if (!isdigit((unsigned char)d->d_name[0]) || !read_affinity(sysroot, d->d_name, &where))
            continue;
        text_format(path, sizeof(path), "/proc/irq/%s", d->d_name);
        if (!has_handler(sysroot, path))
            continue;
        struct cpulist both = cpulist_and(&where, benchmark);
        on += cpulist_count(&both) > 0;
        all++;
    }
    text_format(text, sizeof(text), "%u of %u", on, all);
    facts_text(ret, "irqs", text);
}

/* --- daemons ---------------------------------------------------------------------------------------------------- */

static void capture_daemons(const char *sysroot, struct facts *ret)
{
    /* Daemons that change settings, by the first 15 letters of their names (proc(5), comm). */
    static const char *const NAMES[] = {"tuned",    "power-profiles-", "auto-cpufreq", "thermald", "tlp",
                                        "cpufreqd", "cpuspeed",        "numad",        "ksmtuned", NULL};
    char path[PATH_MAX], comm[64];
    bool irqbalance = false;
    cleanup_text struct text others = {0};
    cleanup_dir DIR *dir = beneath_open_dir(sysroot, "/proc");
    text_add(&others, "%s", "");
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        text_format(path, sizeof(path), "/proc/%s/comm", d->d_name);
        if (file_read(sysroot, path, comm, sizeof(comm)) <= 0)
            continue;
        irqbalance = irqbalance || strcmp(comm, "irqbalance") == 0;
        if (text_is_among(comm, NAMES) && !text_has_word(others.data, " \n", comm))
            text_add(&others, "%s%s", others.len ? " " : "", comm);
    }
    facts_bool(ret, "irqbalance", irqbalance);
    facts_text(ret, "settings_daemons", others.data);
}

/* --- the kernel's command line ---------------------------------------------------------------------------------- */

/* Documentation/admin-guide/kernel-parameters.txt. In the list, "word=" matches any value. */
static bool is_among(const char *word, size_t len, const char *const *list)
{
    for (; *list; list++) {
        size_t n = strlen(*list);
        bool prefix = (*list)[n - 1] == '=';
        if (len >= n && strncmp(word, *list, n) == 0 && (prefix || len == n))
            return true;
    }
    return false;
}

static void capture_words(const char *line, const char *const *list, const char *key, struct facts *ret)
{
    cleanup_text struct text found = {0};
    if (!line) {
        facts_absent(ret, key, "/proc/cmdline cannot be read");
        return;
    }
    text_add(&found, "%s", "");
    for (const char *p = line + strspn(line, " "); *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (is_among(p, len, list))
            text_add(&found, "%s%.*s", found.len ? " " : "", (int)len, p);
        p += len;
    }
    facts_text(ret, key, found.data);
}

static void capture_cmdline(struct facts *ret)
{
    static const char *const NOTABLE[] = {"mitigations=",
                                          "nosmt",
                                          "nosmt=",
                                          "isolcpus=",
                                          "nohz_full=",
                                          "nohz=",
                                          "rcu_nocbs=",
                                          "idle=",
                                          "irqaffinity=",
                                          "tsc=",
                                          "clocksource=",
                                          "transparent_hugepage=",
                                          "cgroup_no_v1=",
                                          "psi=",
                                          "swapaccount=",
                                          "preempt=",
                                          "processor.max_cstate=",
                                          "intel_idle.max_cstate=",
                                          "intel_pstate=",
                                          "amd_pstate=",
                                          "numa_balancing=",
                                          "skew_tick=",
                                          "hugepages=",
                                          "init_on_alloc=",
                                          "init_on_free=",
                                          "threadirqs",
                                          "spectre_v2=",
                                          "pti=",
                                          "nopti",
                                          "audit=",
                                          NULL};
    static const char *const HARMFUL[] = {
        "cgroup_disable=", "nosmp",       "maxcpus=",    "highres=off",        "nohz=off",
        "slub_debug",      "slub_debug=", "slab_debug=", "debug_pagealloc=on", "page_owner=on",
        "kmemleak=on",     "kasan=on",    "lockdep=",    "nox2apic",           "noapic",
        "acpi=off",        "ftrace=",     NULL};
    const struct fact *line = facts_find(ret, "kernel_cmdline");
    /* A copy of the pointer: appending facts moves the list, but not its texts. */
    const char *text = line && line->kind == FACT_TEXT ? line->text : NULL;
    capture_words(text, NOTABLE, "cmdline_notable", ret);
    capture_words(text, HARMFUL, "cmdline_harmful", ret);
}

/* cpu user nice system idle iowait irq softirq steal (proc(5)); guest time is in user's already. */
static void capture_steal(const char *sysroot, struct facts *ret)
{
    char text[512];
    unsigned long long t[8] = {0}, all = 0;
    if (reading_head(sysroot, "/proc/stat", text, sizeof(text)) < 0 ||
        sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6],
               &t[7]) != 8) {
        facts_absent(ret, "steal_percent", "/proc/stat does not say");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        all += t[i];
    facts_real(ret, "steal_percent", all ? 100.0 * (double)t[7] / (double)all : 0);
}

static void capture_pressure(const char *sysroot, struct facts *ret)
{
    char text[512];
    double avg10 = 0;
    if (file_read(sysroot, "/proc/pressure/cpu", text, sizeof(text)) > 0 &&
        cgfile_nested(text, "some", "avg10", &avg10) == 0)
        facts_real(ret, "cpu_pressure_avg10", avg10);
    else
        facts_absent(ret, "cpu_pressure_avg10", "no /proc/pressure/cpu, as on a kernel without PSI");
}

/* The clock's resolution is 1 ns with high resolution timers, else a tick (kernel/time/hrtimer.c, hrtimer_get_res).
 * Under a sysroot /proc/timer_list tells. */
static void capture_hrtimers(const char *sysroot, struct facts *ret)
{
    char text[READING_HEAD_MAX];
    struct timespec resolution = {0};
    if (sysroot[0] == '\0' && clock_getres(CLOCK_MONOTONIC, &resolution) == 0) {
        facts_bool(ret, "hrtimers", resolution.tv_sec == 0 && resolution.tv_nsec == 1);
        return;
    }
    const char *active =
        reading_head(sysroot, "/proc/timer_list", text, sizeof(text)) > 0 ? strstr(text, ".hres_active") : NULL;
    active = active ? strchr(active, ':') : NULL;
    if (active)
        facts_bool(ret, "hrtimers", active[1 + strspn(active + 1, " ")] == '1');
    else
        facts_absent(ret, "hrtimers", "/proc/timer_list does not say");
}

static void capture_mitigations(struct facts *ret)
{
    static const char PREFIX[] = "mitigations.";
    unsigned mitigated = 0, vulnerable = 0, unaffected = 0;
    char text[96];
    for (size_t i = 0; i < ret->count; i++) {
        const struct fact *f = &ret->list[i];
        if (strncmp(f->key, PREFIX, strlen(PREFIX)) != 0 || f->kind != FACT_TEXT)
            continue;
        mitigated += strncmp(f->text, "Mitigation", 10) == 0;
        vulnerable += strncmp(f->text, "Vulnerable", 10) == 0;
        unaffected += strncmp(f->text, "Not affected", 12) == 0;
    }
    if (mitigated + vulnerable + unaffected == 0) {
        facts_absent(ret, "mitigations_summary", "the kernel does not list vulnerabilities");
        return;
    }
    text_format(text, sizeof(text), "%u mitigated, %u vulnerable, %u not affected", mitigated, vulnerable, unaffected);
    facts_text(ret, "mitigations_summary", text);
}

/* What --why takes (launch/trace.h). This machine is asked by opening an event; a sysroot tells by the caller's rights
 * that it has. User probes take CAP_PERFMON whatever perf_event_paranoid is (kernel/events/core.c,
 * perf_uprobe_event_init()). */
static void capture_tracing(const char *sysroot, struct facts *ret)
{
    struct perf_event_rights rights;
    struct err ignored = {0};
    char head[READING_HEAD_MAX];
    uint32_t type = 0;
    perf_event_rights_read(sysroot, &rights);
    const bool has_probes = perf_event_pmu(sysroot, "uprobe", &type) == 0;
    const int refused = *sysroot || !has_probes ? 0 : trace_possible(&ignored);
    if (reading_head(sysroot, "/proc/self/status", head, sizeof(head)) < 0)
        facts_absent(ret, "tracing", "no /proc/self/status, which has the caller's rights");
    else if (!has_probes)
        facts_text(ret, "tracing", "off: the kernel has no user probes");
    else if (rights.has_capability && refused == 0)
        facts_text(ret, "tracing", "on");
    else if (rights.has_capability)
        facts_text(ret, "tracing",
                   rights.is_filtered ? "off: a system call filter refuses perf_event_open(2)"
                                      : "off: the kernel refuses perf_event_open(2)");
    else if (rights.has_paranoid && rights.paranoid <= 1 && refused == 0)
        facts_text(ret, "tracing", "in part: samples and switches; user probes take CAP_PERFMON");
    else
        facts_text(ret, "tracing", "off: it takes CAP_PERFMON");
}

void doctor_capture(const char *sysroot, const struct topology_choice *cpus, struct facts *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(READINGS); i++)
        reading_take(sysroot, &READINGS[i], ret);
    capture_cpus(cpus, ret);
    capture_irqs(sysroot, &cpus->benchmark, ret);
    capture_daemons(sysroot, ret);
    capture_cmdline(ret);
    capture_steal(sysroot, ret);
    capture_pressure(sysroot, ret);
    capture_hrtimers(sysroot, ret);
    capture_mitigations(ret);
    capture_tracing(sysroot, ret);
    doctor_capture_cgroups(sysroot, ret);
}
