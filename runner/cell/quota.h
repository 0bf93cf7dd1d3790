/* quota: how much CPU time a slice may take (cpu.max), as it is asked for. Pure, on text. */
#ifndef TARE_QUOTA_H
#define TARE_QUOTA_H

#include <stdint.h>

/* usec of CPU time in every period of that many usec. usec 0: as much as there is. */
struct quota {
    int64_t usec, period_usec;
};

#define QUOTA_ALLOWED "a share of one CPU such as 50%, a number of CPUs such as 1.5, or the kernel's '50000 100000'"

/* "50%", "1.5", or "QUOTA PERIOD" in us. Both are from 1 ms on, a period up to 1 s, a quota up to 4096 periods: the
 * kernel's bounds (kernel/sched/core.c, tg_set_cfs_bandwidth()) but for the last. Without a period it is 100 ms, as the
 * kernel's (cgroup-v2.rst, cpu.max). NULL: none, {0}. -EINVAL: none of these; *ret is then untouched. */
int quota_parse(const char *text, struct quota *ret);

#endif
