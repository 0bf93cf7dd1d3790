#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "host/reading.h"
#include "host/topology.h"
#include "host/virt.h"

#define CPU_DIR "/sys/devices/system/cpu"
#define THP_DIR "/sys/kernel/mm/transparent_hugepage"
#define CLOCKS  "/sys/devices/system/clocksource/clocksource0"

/* Facts that come from one file; those that need several have functions below. */
static const struct reading READINGS[] = {
    {"kernel_release", "/proc/sys/kernel/osrelease", take_text, NULL, NULL},
    {"kernel_version", "/proc/sys/kernel/version", take_text, NULL, NULL},
    {"kernel_cmdline", "/proc/cmdline", take_text, NULL, NULL},
    {"boot_id", "/proc/sys/kernel/random/boot_id", take_text, NULL, NULL},
    {"os", "/etc/os-release", take_assignment, "PRETTY_NAME", NULL},
    {"cpu_vendor", "/proc/cpuinfo", take_field, "vendor_id|CPU implementer", NULL},
    {"cpu_model", "/proc/cpuinfo", take_field, "model name|Model Name|cpu|uarch|CPU part", NULL},
    {"microcode", "/proc/cpuinfo", take_field, "microcode", NULL},
    {"machine_vendor", "/sys/class/dmi/id/sys_vendor", take_text, NULL, "a machine without DMI tables"},
    {"machine_product", "/sys/class/dmi/id/product_name", take_text, NULL, "a machine without DMI tables"},
    {"cpus_online", CPU_DIR "/online", take_list, NULL, NULL},
    {"cpus_possible", CPU_DIR "/possible", take_list, NULL, NULL},
    {"isolated_cpus", CPU_DIR "/isolated", take_list, NULL, NULL},
    {"nohz_full", CPU_DIR "/nohz_full", take_list, NULL, "a kernel without CONFIG_NO_HZ_FULL"},
    {"smt_active", CPU_DIR "/smt/active", take_bool, NULL, "a kernel that cannot switch SMT"},
    {"smt_control", CPU_DIR "/smt/control", take_text, NULL, "a kernel that cannot switch SMT"},
    {"thp_enabled", THP_DIR "/enabled", take_chosen, NULL, "a kernel without transparent huge pages"},
    {"thp_defrag", THP_DIR "/defrag", take_chosen, NULL, "a kernel without transparent huge pages"},
    {"ksm_run", "/sys/kernel/mm/ksm/run", take_int, NULL, "a kernel without KSM"},
    {"memory_total_bytes", "/proc/meminfo", take_kib_field, "MemTotal", NULL},
    {"swap_total_bytes", "/proc/meminfo", take_kib_field, "SwapTotal", NULL},
    {"swappiness", "/proc/sys/vm/swappiness", take_int, NULL, NULL},
    {"overcommit_memory", "/proc/sys/vm/overcommit_memory", take_int, NULL, NULL},
    {"aslr", "/proc/sys/kernel/randomize_va_space", take_int, NULL, NULL},
    {"numa_balancing", "/proc/sys/kernel/numa_balancing", take_int, NULL, "a kernel without NUMA balancing"},
    {"sched_autogroup", "/proc/sys/kernel/sched_autogroup_enabled", take_bool, NULL, "a kernel without autogroups"},
    {"perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", take_int, NULL, "a kernel without perf events"},
    {"watchdog", "/proc/sys/kernel/watchdog", take_bool, NULL, "a kernel without lockup detectors"},
    {"nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", take_bool, NULL, "a kernel without lockup detectors"},
    {"clocksource", CLOCKS "/current_clocksource", take_text, NULL, NULL},
    {"clocksources_available", CLOCKS "/available_clocksource", take_text, NULL, NULL},
    {"load_1min", "/proc/loadavg", take_load, "0", NULL},
    {"load_5min", "/proc/loadavg", take_load, "1", NULL},
    {"load_15min", "/proc/loadavg", take_load, "2", NULL},
};

static void capture_arch(const char *sysroot, struct facts *ret)
{
    char text[64];
    struct utsname u;
    if (file_read(sysroot, "/proc/sys/kernel/arch", text, sizeof(text)) > 0) /* since 6.1 */
        facts_text(ret, "arch", text);
    else if (sysroot[0] == '\0' && uname(&u) == 0)
        facts_text(ret, "arch", u.machine);
    else
        facts_absent(ret, "arch", "no /proc/sys/kernel/arch, which came with Linux 6.1");
}

/* The version of this process's glibc, or NULL. */
static const char *libc_version(const char *sysroot)
{
#ifdef __GLIBC__
    return sysroot[0] == '\0' ? gnu_get_libc_version() : NULL;
#else
    return NULL;
#endif
}

static void capture_libc(const char *sysroot, struct facts *ret)
{
    char text[64];
    const char *version = libc_version(sysroot);
    if (version) {
        text_format(text, sizeof(text), "glibc %s", version);
        facts_text(ret, "libc", text);
    } else {
        facts_absent(ret, "libc",
                     sysroot[0] ? "it is the running process's, and these files are another machine's"
                                : "not the GNU C library, which alone tells its version");
    }
}

/* As Lib/platform.py joins it on Linux. */
static void capture_platform(const char *sysroot, struct facts *ret)
{
    const char *release = facts_word(ret, "kernel_release"), *arch = facts_word(ret, "arch");
    const char *version = libc_version(sysroot);
    cleanup_free char *whole = text_printf("Linux%s%s%s%s%s%s", *release ? "-" : "", release, *arch ? "-" : "", arch,
                                           version ? "-with-glibc" : "", version ? version : "");
    facts_text(ret, "platform", whole);
}

/* CPUs that share one governor. */
struct governed {
    char governor[64];
    struct cpulist cpus;
};

#define GOVERNORS_MAX 4

/* Groups the online CPUs by governor. Returns the number of groups, at most GOVERNORS_MAX (CPUs with further governors
 * are left out), or the first negative errno. */
static int read_governors(const char *sysroot, const struct topology *t, struct governed *ret)
{
    int count = 0;
    for (size_t i = 0; i < t->cpus; i++) {
        char path[128], value[64];
        int g = 0;
        text_format(path, sizeof(path), CPU_DIR "/cpu%d/cpufreq/scaling_governor", t->cpu[i].cpu);
        ssize_t n = file_read(sysroot, path, value, sizeof(value));
        if (n < 0)
            return (int)n;
        while (g < count && strcmp(ret[g].governor, value) != 0)
            g++;
        if (g == GOVERNORS_MAX)
            continue;
        if (g == count)
            text_format(ret[count++].governor, sizeof(ret->governor), "%s", value);
        cpulist_add(&ret[g].cpus, (unsigned)t->cpu[i].cpu);
    }
    return count;
}

static void say_mixed(const struct governed *governed, int count, struct facts *ret)
{
    cleanup_text struct text mixed = {0};
    for (int g = 0; g < count; g++) {
        char cpus[256];
        if (cpulist_format(&governed[g].cpus, cpus, sizeof(cpus)) < 0)
            text_format(cpus, sizeof(cpus), "%u CPUs", cpulist_count(&governed[g].cpus));
        text_add(&mixed, "%s%s on %s", g == 0 ? "mixed: " : ", ", governed[g].governor, cpus);
    }
    facts_text(ret, "governor", mixed.data);
}

static void capture_governor(const char *sysroot, const struct topology *t, struct facts *ret)
{
    struct governed governed[GOVERNORS_MAX] = {0};
    int count = read_governors(sysroot, t, governed);
    if (count == -ENOENT)
        facts_absent(ret, "governor", "this kernel has no cpufreq driver here (no cpufreq/scaling_governor)");
    else if (count < 0)
        facts_absent(ret, "governor", "cpufreq/scaling_governor: %s", strerror(-count));
    else if (count == 1)
        facts_text(ret, "governor", governed[0].governor);
    else
        say_mixed(governed, count, ret);
}

/* The whole system has one driver (drivers/cpufreq/cpufreq.c, cpufreq_register_driver). */
static void capture_driver(const char *sysroot, const struct topology *t, struct facts *ret)
{
    char path[128];
    text_format(path, sizeof(path), CPU_DIR "/cpu%d/cpufreq/scaling_driver", t->cpu[0].cpu);
    reading_take(sysroot,
                 &(struct reading){.key = "scaling_driver",
                                   .path = path,
                                   .take = take_text,
                                   .missing = "a kernel without a cpufreq driver for this machine"},
                 ret);
}

static void capture_topology(const char *sysroot, struct facts *ret)
{
    static const char *const KEYS[] = {"topology.sockets",    "topology.cores",        "topology.threads_per_core",
                                       "topology.numa_nodes", "topology.core_classes", "governor",
                                       "scaling_driver"};
    struct topology t = {0};
    struct err e = {0};
    if (topology_read(sysroot, &t, &e) != 0) {
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            facts_absent(ret, KEYS[i], "%s", e.text);
        return;
    }
    const int counts[] = {topology_sockets(&t), t.cores, topology_threads_per_core(&t), t.nodes, t.classes};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        facts_int(ret, KEYS[i], counts[i]);
    capture_governor(sysroot, &t, ret);
    capture_driver(sysroot, &t, ret);
    topology_free(&t);
}

/* Documentation/admin-guide/pm/intel_pstate.rst (no_turbo) and cpufreq.rst (boost). */
static void capture_turbo(const char *sysroot, struct facts *ret)
{
    char text[16];
    if (file_read(sysroot, CPU_DIR "/intel_pstate/no_turbo", text, sizeof(text)) > 0)
        facts_bool(ret, "turbo", text[0] == '0');
    else if (file_read(sysroot, CPU_DIR "/cpufreq/boost", text, sizeof(text)) > 0)
        facts_bool(ret, "turbo", text[0] == '1');
    else
        facts_absent(ret, "turbo", "neither intel_pstate/no_turbo nor cpufreq/boost: the kernel does not govern it");
}

/* Not alphasort(), which depends on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_fact_name(const struct dirent *d)
{
    return d->d_name[0] != '.' && strlen(d->d_name) < sizeof(((struct fact *)0)->key) - sizeof("mitigations.");
}

static void capture_mitigations(const char *sysroot, struct facts *ret)
{
    static const char DIRECTORY[] = CPU_DIR "/vulnerabilities";
    char path[PATH_MAX];
    struct dirent **entry = NULL;
    cleanup_close int dirfd = beneath_open_root(sysroot, DIRECTORY, O_RDONLY | O_DIRECTORY);
    errno = dirfd < 0 ? -dirfd : 0;
    int count = dirfd < 0 ? -1 : scandirat(dirfd, ".", &entry, is_fact_name, compare_names);
    if (count < 0)
        facts_absent(ret, "mitigations", "%s: %s", DIRECTORY, strerror(errno));
    for (int i = 0; i < count; i++) {
        char key[sizeof(((struct fact *)0)->key)];
        text_format(key, sizeof(key), "mitigations.%s", entry[i]->d_name);
        text_format(path, sizeof(path), "%s/%s", DIRECTORY, entry[i]->d_name);
        reading_take(sysroot, &(struct reading){.key = key, .path = path, .take = take_text}, ret);
        free(entry[i]);
    }
    free(entry);
}

int host_steal_ticks(const char *sysroot, long long *ret)
{
    char text[512];
    long long steal = 0;
    ssize_t n = reading_head(sysroot ? sysroot : "", "/proc/stat", text, sizeof(text));
    if (n < 0)
        return (int)n;
    /* cpu user nice system idle iowait irq softirq steal */
    if (sscanf(text, "cpu %*s %*s %*s %*s %*s %*s %*s %lld", &steal) != 1)
        return -ENODATA;
    *ret = steal;
    return 0;
}

static void capture_steal(const char *sysroot, struct facts *ret)
{
    long long ticks = 0;
    int failed = host_steal_ticks(sysroot, &ticks);
    if (failed == 0)
        facts_int(ret, "steal_ticks", ticks);
    else
        facts_absent(ret, "steal_ticks", "/proc/stat: %s", strerror(-failed));
}

static void capture_virt(const char *sysroot, struct facts *ret)
{
    char cpuinfo[READING_HEAD_MAX], flags[8192];
    bool known = reading_head(sysroot, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo)) >= 0 &&
                 reading_field(cpuinfo, "flags", flags, sizeof(flags));
    virt_capture(sysroot, known ? reading_tidy(flags) : NULL, ret);
}

void host_capture_emulation(const char *sysroot, struct facts *ret)
{
    const char *root = sysroot ? sysroot : "";
    char cpuinfo[READING_HEAD_MAX], flags[8192];
    if (!*root && virt_is_hardware()) {
        facts_bool(ret, "emulated", false);
        return;
    }
    const bool known = reading_head(root, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo)) >= 0;
    for (size_t i = 0; known && i < ARRAY_LEN(READINGS); i++)
        if (strcmp(READINGS[i].key, "cpu_model") == 0)
            take_field(&READINGS[i], cpuinfo, ret);
    const bool has_flags = known && reading_field(cpuinfo, "flags", flags, sizeof(flags));
    virt_capture_emulation(root, has_flags ? reading_tidy(flags) : NULL, ret);
}

void host_capture(const char *sysroot, struct facts *ret)
{
    const char *root = sysroot ? sysroot : "";
    for (size_t i = 0; i < ARRAY_LEN(READINGS); i++)
        reading_take(root, &READINGS[i], ret);
    capture_arch(root, ret);
    capture_libc(root, ret);
    capture_platform(root, ret);
    capture_topology(root, ret);
    capture_turbo(root, ret);
    facts_bool(ret, "psi", beneath_exists(root, "/proc/pressure"));
    capture_mitigations(root, ret);
    capture_steal(root, ret);
    capture_virt(root, ret);
}
