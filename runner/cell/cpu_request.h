/* cpu_request: the CPUs that the user asks for: by list, by number, by node. Pure, on text. */
#ifndef TARE_CPU_REQUEST_H
#define TARE_CPU_REQUEST_H

#include <stdbool.h>

#include "base/cpulist.h"

/* {0}: all suitable ones, chosen from the topology. */
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

#endif
