#include "host/disturbance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "host/topology.h"

/* --- readings ---------------------------------------------------------------------------------------------------- */

/* cpuN user nice system idle iowait irq softirq steal (proc(5)); guest time is in user's already. */
static bool add_stat_line(const char *line, const struct topology_choice *cpus, struct disturbance_reading *ret)
{
    unsigned cpu = 0;
    unsigned long long t[8] = {0};
    if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5],
               &t[6], &t[7]) != 9)
        return false;
    unsigned long long busy = t[0] + t[1] + t[2] + t[5] + t[6];
    if (cpulist_has(&cpus->benchmark, cpu)) {
        ret->steal_ticks.value += t[7];
        ret->busy_ticks.value += busy;
    }
    if (cpulist_has(&cpus->siblings, cpu))
        ret->siblings_busy_ticks.value += busy;
    return true;
}

static void read_stat(const char *sysroot, const struct topology_choice *cpus, struct disturbance_reading *ret)
{
    cleanup_text struct text stat = {0};
    bool any = false;
    int failed = file_read_all(sysroot, "/proc/stat", &stat);
    for (const char *line = stat.data; failed == 0 && line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "intr", 4) == 0) /* the CPUs come before it */
            break;
        if (strncmp(line, "cpu", 3) == 0 && line[3] != ' ')
            any = add_stat_line(line, cpus, ret) || any;
    }
    if (failed == 0 && !any)
        failed = -ENODATA;
    ret->steal_ticks.failed = ret->busy_ticks.failed = ret->siblings_busy_ticks.failed = failed;
}

#define COLUMNS_MAX 4096

/* The CPUs of the columns, from the first line: "      CPU0  CPU1  CPU4". Offline CPUs have none. */
static size_t read_columns(const char *line, const struct cpulist *wanted, bool ours[COLUMNS_MAX])
{
    size_t columns = 0;
    size_t end = strcspn(line, "\n");
    for (const char *p = strstr(line, "CPU"); p && p < line + end && columns < COLUMNS_MAX; p = strstr(p + 3, "CPU"))
        ours[columns++] = cpulist_has(wanted, (unsigned)strtoul(p + 3, NULL, 10));
    return columns;
}

/* " 24:   1   0  IO-APIC …", "LOC: 5 6 Local timer interrupts", "ERR: 0": one number per column, or fewer. */
static uint64_t sum_counts(const char *counts, const bool *ours, size_t columns)
{
    uint64_t sum = 0;
    for (size_t c = 0; c < columns; c++) {
        char *end = NULL;
        counts += strspn(counts, " ");
        unsigned long long n = *counts >= '0' && *counts <= '9' ? strtoull(counts, &end, 10) : 0;
        if (!end)
            break;
        sum += ours[c] ? n : 0;
        counts = end;
    }
    return sum;
}

static void read_interrupts(const char *sysroot, const struct cpulist *benchmark, struct disturbance_reading *ret)
{
    bool ours[COLUMNS_MAX];
    cleanup_text struct text text = {0};
    int failed = file_read_all(sysroot, "/proc/interrupts", &text);
    size_t columns = failed == 0 && text.data ? read_columns(text.data, benchmark, ours) : 0;
    if (failed == 0 && columns == 0)
        failed = -ENODATA;
    for (const char *line = failed == 0 ? strchr(text.data, '\n') : NULL; line; line = strchr(line, '\n')) {
        line += 1 + strspn(line + 1, " ");
        size_t name = strcspn(line, ":\n");
        /* ERR and MIS are totals of the machine (arch/x86/kernel/irq.c, arch_show_interrupts). */
        if (line[name] != ':' || strncmp(line, "ERR:", 4) == 0 || strncmp(line, "MIS:", 4) == 0)
            continue;
        uint64_t sum = sum_counts(line + name + 1, ours, columns);
        ret->all_irqs.value += sum;
        if (strspn(line, "0123456789") == name)
            ret->device_irqs.value += sum;
    }
    ret->all_irqs.failed = ret->device_irqs.failed = failed;
}

/* Documentation/admin-guide/pm/cpufreq.rst: if the hardware does not report the frequency, the last one requested. */
static void read_frequency(const char *sysroot, const struct cpulist *benchmark, struct disturbance_total *ret)
{
    uint64_t sum = 0, khz = 0;
    for (int cpu = cpulist_next(benchmark, 0); cpu >= 0; cpu = cpulist_next(benchmark, cpu + 1)) {
        char path[96], buf[64];
        text_format(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu);
        ssize_t n = file_read(sysroot, path, buf, sizeof(buf));
        ret->failed = n < 0 ? (int)n : text_to_u64(buf, &khz);
        if (ret->failed != 0)
            return;
        sum += khz;
    }
    const unsigned count = cpulist_count(benchmark);
    ret->failed = count > 0 ? 0 : -ENODATA;
    ret->value = count > 0 ? sum / count : 0;
}

void disturbance_read(const char *sysroot, const struct topology_choice *cpus, struct disturbance_reading *ret)
{
    struct rusage children = {0};
    *ret = (struct disturbance_reading){.at_ns = clock_now_ns()};
    read_stat(sysroot, cpus, ret);
    read_interrupts(sysroot, &cpus->benchmark, ret);
    read_frequency(sysroot, &cpus->benchmark, &ret->frequency_khz);
    (void)getrusage(RUSAGE_CHILDREN, &children);
    ret->voluntary_switches = (uint64_t)children.ru_nvcsw;
    ret->involuntary_switches = (uint64_t)children.ru_nivcsw;
}

static void read_pressure(int slice_dirfd, const char *file, struct disturbance_total *ret)
{
    char buf[512];
    double total = 0;
    ssize_t n = slice_dirfd < 0 ? -ENOENT : file_read_at(slice_dirfd, file, buf, sizeof(buf));
    ret->failed = n < 0 ? (int)n : cgfile_nested(buf, "some", "total", &total);
    ret->value = ret->failed == 0 ? (uint64_t)total : 0;
}

void disturbance_read_pressure(int slice_dirfd, struct disturbance_pressure *ret)
{
    read_pressure(slice_dirfd, "cpu.pressure", &ret->cpu_usec);
    read_pressure(slice_dirfd, "memory.pressure", &ret->memory_usec);
}

/* --- differences ------------------------------------------------------------------------------------------------- */

static void add_difference(struct facts *ret, const char *key, const struct disturbance_total *before,
                           const struct disturbance_total *after, const char *file)
{
    int failed = before->failed != 0 ? before->failed : after->failed;
    if (failed == 0)
        facts_int(ret, key, (int64_t)(after->value - before->value));
    else
        facts_absent(ret, key, "%s: %s", file,
                     failed == -ENODATA      ? "it does not say"
                     : failed == -EOPNOTSUPP ? "pressure is not accounted (boot with psi=1)"
                                             : strerror(-failed));
}

static void add_frequency(struct facts *ret, const char *key, const struct disturbance_total *khz)
{
    if (khz->failed == 0)
        facts_int(ret, key, (int64_t)khz->value);
    else
        facts_absent(ret, key, "%s",
                     khz->failed == -ENOENT ? "this kernel has no cpufreq driver here" : strerror(-khz->failed));
}

void disturbance_describe(const struct topology_choice *cpus, const struct disturbance_reading *before,
                          const struct disturbance_reading *after, const struct disturbance_pressure *pressure_before,
                          const struct disturbance_pressure *pressure_after, struct facts *ret)
{
    facts_int(ret, "window_ns", after->at_ns - before->at_ns);
    facts_int(ret, "ticks_per_second", sysconf(_SC_CLK_TCK));
    facts_int(ret, "benchmark_cpus", cpulist_count(&cpus->benchmark));
    facts_int(ret, "idle_siblings", cpulist_count(&cpus->siblings));
    add_difference(ret, "steal_ticks", &before->steal_ticks, &after->steal_ticks, "/proc/stat");
    add_difference(ret, "busy_ticks", &before->busy_ticks, &after->busy_ticks, "/proc/stat");
    add_difference(ret, "siblings_busy_ticks", &before->siblings_busy_ticks, &after->siblings_busy_ticks, "/proc/stat");
    add_difference(ret, "device_irqs", &before->device_irqs, &after->device_irqs, "/proc/interrupts");
    add_difference(ret, "irqs", &before->all_irqs, &after->all_irqs, "/proc/interrupts");
    add_frequency(ret, "frequency_before_khz", &before->frequency_khz);
    add_frequency(ret, "frequency_after_khz", &after->frequency_khz);
    facts_int(ret, "voluntary_switches", (int64_t)(after->voluntary_switches - before->voluntary_switches));
    facts_int(ret, "involuntary_switches", (int64_t)(after->involuntary_switches - before->involuntary_switches));
    add_difference(ret, "cpu_pressure_usec", &pressure_before->cpu_usec, &pressure_after->cpu_usec, "cpu.pressure");
    add_difference(ret, "memory_pressure_usec", &pressure_before->memory_usec, &pressure_after->memory_usec,
                   "memory.pressure");
}
