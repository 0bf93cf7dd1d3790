/* request: what the texts of --cpus, --cpu-max and --until-slope ask for. Pure, on text. */
#ifndef TARE_REQUEST_H
#define TARE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpulist.h"

/* The CPUs that are asked for. {0}: all suitable ones, chosen from the topology. */
struct cpu_request {
    bool has_list;
    struct cpulist list; /* exactly these */
    unsigned count;      /* so many; 0: not given */
    bool avoid_smt;      /* one thread per core; its siblings stay idle */
    bool has_node;
    int node; /* on this NUMA node alone */
};

#define CPU_REQUEST_ALLOWED "auto, a list of CPUs such as 0-3,8, or xN for so many, such as x4"

/* Parses --cpus: "auto" (also NULL), "0-3,8", or "x4" for any four CPUs. A plain number is a list of one CPU, as for
 * taskset(1) and numactl(8); counts have their own spelling, so that the two cannot be confused. Sets has_list and
 * list, or count, and leaves the rest of *ret. -EINVAL: none of these; *ret is untouched. */
int cpu_request_parse(const char *cpus, struct cpu_request *ret);

/* The CPU time that a slice may use (cpu.max): usec of it per period of period_usec. usec 0: unlimited. */
struct quota {
    int64_t usec, period_usec;
};

#define QUOTA_ALLOWED "a share of one CPU such as 50%, a number of CPUs such as 1.5, or the kernel's '50000 100000'"

/* Parses "50%", "1.5" or "QUOTA PERIOD" in us. Quota and period are at least 1 ms; a period is at most 1 s
 * (kernel/sched/core.c, tg_set_cfs_bandwidth()), a quota at most 4096 periods. The default period is the kernel's 100
 * ms (cgroup-v2.rst, cpu.max). NULL gives {0}. -EINVAL: none of these; *ret is untouched. */
int quota_parse(const char *text, struct quota *ret);

#define GROWTH_TARGET_PER 1000 /* iterations */

/* The precision that --until-slope asks for: the wanted half-width of the slope's interval, per GROWTH_TARGET_PER
 * iterations. */
struct growth_target {
    double share; /* of the mean PSS, from 1e-6 to 1; 0: it is bytes */
    double bytes; /* above 0; 0: it is a share */
};

/* What is allowed, for a message. */
#define GROWTH_TARGET_ALLOWED "a share of PSS or a size, for 1000 iterations, as 1%/1000 or 64K/1000"

/* Reads "1%/1000" or "64K/1000". -EINVAL: neither; *ret is untouched. */
int growth_target_parse(const char *text, struct growth_target *ret);

#endif
