/* quota: the CPU time that a slice may use (cpu.max). Pure, on text. */
#ifndef TARE_QUOTA_H
#define TARE_QUOTA_H

#include <stdint.h>

/* usec of CPU time per period of period_usec. usec 0: unlimited. */
struct quota {
    int64_t usec, period_usec;
};

#define QUOTA_ALLOWED "a share of one CPU such as 50%, a number of CPUs such as 1.5, or the kernel's '50000 100000'"

/* Parses "50%", "1.5" or "QUOTA PERIOD" in us. Quota and period are at least 1 ms; a period is at most 1 s
 * (kernel/sched/core.c, tg_set_cfs_bandwidth()), a quota at most 4096 periods. The default period is the kernel's 100
 * ms (cgroup-v2.rst, cpu.max). NULL gives {0}. -EINVAL: none of these; *ret is untouched. */
int quota_parse(const char *text, struct quota *ret);

#endif
