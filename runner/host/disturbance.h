/* disturbance: what else used a run's CPUs. run/ reads it before the slice is made and after it is removed, so that no
 * reading disturbs the run. */
#ifndef TARE_DISTURBANCE_H
#define TARE_DISTURBANCE_H

#include <stdint.h>

struct facts;
struct topology_choice;

/* A total over some CPUs since boot, or why it is missing. */
struct disturbance_total {
    int failed; /* a negative errno; 0: value is valid */
    uint64_t value;
};

/* One reading. Ticks are of 1/sysconf(_SC_CLK_TCK) s. */
struct disturbance_reading {
    int64_t at_ns; /* CLOCK_MONOTONIC */
    /* /proc/stat (proc(5)), summed over the benchmark's CPUs: busy is user, nice, system, irq and softirq. */
    struct disturbance_total steal_ticks, busy_ticks;
    struct disturbance_total siblings_busy_ticks; /* of the idle siblings */
    /* /proc/interrupts, summed over the benchmark's CPUs: of devices (its numbered lines) and of all kinds. */
    struct disturbance_total device_irqs, all_irqs;
    struct disturbance_total frequency_khz; /* the mean of cpufreq/scaling_cur_freq */
    /* getrusage(2), RUSAGE_CHILDREN: of all reaped children and their reaped descendants. */
    uint64_t voluntary_switches, involuntary_switches;
};

/* Time in which tasks of a slice waited, since it was made (*.pressure, "some"). */
struct disturbance_pressure {
    struct disturbance_total cpu_usec, memory_usec;
};

/* Reads all. sysroot: prefix of /proc and /sys, "" for the real ones. What cannot be read has its errno. */
void disturbance_read(const char *sysroot, const struct topology_choice *cpus, struct disturbance_reading *ret);

/* Reads it from a slice's directory; -1: no slice. Documentation/accounting/psi.rst. */
void disturbance_read_pressure(int slice_dirfd, struct disturbance_pressure *ret);

/* Appends the differences: window_ns, steal_ticks, busy_ticks, siblings_busy_ticks, device_irqs, irqs,
 * voluntary_switches, involuntary_switches, cpu_pressure_usec, memory_pressure_usec (all int), frequency_before_khz,
 * frequency_after_khz, and ticks_per_second, benchmark_cpus, idle_siblings (counts). Unreadable ones are absent with
 * the reason. pressure_before: for a slice that others use too; {0} for a new one. */
void disturbance_describe(const struct topology_choice *cpus, const struct disturbance_reading *before,
                          const struct disturbance_reading *after, const struct disturbance_pressure *pressure_before,
                          const struct disturbance_pressure *pressure_after, struct facts *ret);

#endif
