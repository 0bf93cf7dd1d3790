/* cpu_request: which CPUs were asked for: by name, by number, by node. Pure, on text. */
#ifndef TARE_CPU_REQUEST_H
#define TARE_CPU_REQUEST_H

#include <stdbool.h>

#include "base/cpulist.h"

/* {0}: chosen from the topology, as many as there are. */
struct cpu_request {
    bool has_list;
    struct cpulist list; /* exactly these */
    unsigned count;      /* so many; 0: not said */
    bool avoid_smt;      /* one thread a core; its siblings are left idle */
    bool has_node;
    int node; /* of this NUMA node alone */
};

#define CPU_REQUEST_ALLOWED "auto, a list of CPUs such as 0-3,8, or xN for so many, such as x4"

/* --cpus: "auto" (and NULL), "0-3,8" or "x4" for four CPUs, whichever. A number by itself is a list of that one CPU, as
 * for taskset(1) and numactl(8), which people have in their fingers; a count has its own spelling so that neither is
 * ever taken for the other. Sets has_list and list, or count; the rest of *ret is left as it is.
 * -EINVAL: none of these; *ret is then untouched. */
int cpu_request_parse(const char *cpus, struct cpu_request *ret);

#endif
