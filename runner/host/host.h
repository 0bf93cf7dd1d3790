/* host: captures this machine and its settings as facts. It reads under a root prefix, so that captured machines are
 * test fixtures. */
#ifndef TARE_HOST_H
#define TARE_HOST_H

struct facts;

/* Appends the facts of the host to ret; unreadable ones are absent with the reason, so it never fails. sysroot: prefix
 * of /proc, /sys, /etc and /run, "" for the real ones. Below 10 ms on a machine of some hundred CPUs.
 *
 * The keys, each always of this kind or absent (host.c's table has their files):
 *
 *   text  kernel_release kernel_version kernel_cmdline os arch libc platform boot_id
 *         cpu_vendor cpu_model microcode           of the first CPU in /proc/cpuinfo; on ARM the implementer and part
 *         cpus_online cpus_possible isolated_cpus nohz_full                          the kernel's list format, "" none
 *         governor                                 of the online CPUs: one, or "mixed: performance on 0-3, …"
 *         scaling_driver                           one for the whole machine
 *         smt_control thp_enabled thp_defrag clocksource clocksources_available
 *         mitigations.<name>                       one for each file in /sys/devices/system/cpu/vulnerabilities; where
 *                                                  there is no such folder `mitigations` itself is absent
 *         machine_vendor machine_product           DMI
 *   int   topology.{sockets,cores,threads_per_core,numa_nodes,core_classes}    of the online CPUs; see topology.h
 *         memory_total_bytes swap_total_bytes
 *         swappiness overcommit_memory perf_event_paranoid ksm_run numa_balancing    the kernel's numbers
 *         aslr                                     kernel.randomize_va_space: 0 off, 1 without the heap, 2 full
 *         steal_ticks                              as host_steal_ticks()
 *   real  load_1min load_5min load_15min
 *   bool  turbo                                    whether the CPUs may go above their base frequency
 *         smt_active watchdog nmi_watchdog sched_autogroup
 *         psi                                      whether /proc/pressure is there
 *   and hypervisor, emulated, emulated_by, container, as in virt.h.
 *
 * platform is the same as Python's platform.platform(): "Linux-6.12.95-x86_64-with-glibc2.36". libc is the one that
 * tare runs on, so it is absent under a prefix. No fact names the host or its user; kernel_cmdline is verbatim. Texts
 * from the kernel are one line with blanks for control characters, and may be invalid UTF-8. */
void host_capture(const char *sysroot, struct facts *ret);

/* Whether the CPU is emulated; where the CPU itself does not tell, also cpu_model and the other keys of
 * virt_capture_emulation(). */
void host_capture_emulation(const char *sysroot, struct facts *ret);

/* Ticks of involuntary wait that the hypervisor reports over all CPUs since boot (/proc/stat, field steal; proc(5)).
 * 0 or a negative errno; -ENODATA: the kernel has no such field. */
int host_steal_ticks(const char *sysroot, long long *ret);

#endif
