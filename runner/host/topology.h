/* topology: the machine's CPUs by core, socket, NUMA node and core class, and the choice of CPUs for a benchmark. */
#ifndef TARE_TOPOLOGY_H
#define TARE_TOPOLOGY_H

#include <stddef.h>

#include "base/cpulist.h"
#include "cell/request.h"

struct err;

struct topology_cpu {
    int cpu;
    int core;  /* index of its core, from 0, ordered by each core's lowest online CPU */
    int node;  /* NUMA node; 0 if unknown */
    int klass; /* core class: 0 the fastest, 1 next … */
};

/* Online CPUs in ascending order. Starts as {0}; the owner ends it with topology_free().
 *
 * Core classes come from the first of these that covers every online CPU: the kernel's lists of a hybrid processor's
 * core types (/sys/devices/cpu_core, cpu_atom, cpu_lowpower); cpu_capacity, where a new class starts more than 10%
 * below the next faster CPU; cpufreq/cpuinfo_max_freq, with more than 20%. The gaps exist because favoured cores of one
 * class differ by some percent in turbo, and so in derived numbers. */
struct topology {
    struct topology_cpu *cpu;
    size_t cpus;
    int cores, classes;
    int nodes; /* nodes with an online CPU; memory-only nodes do not count */
    struct cpulist online;
    struct cpulist isolated; /* /sys/devices/system/cpu/isolated: without load balancing */
    const char *sysroot;     /* topology_read()'s; not owned */
};

/* Reads /sys/devices/system/{cpu,node} under sysroot ("" for the real one). Without data on cores, each CPU counts as a
 * core. A negative errno (host): the online CPUs cannot be read; *ret is then untouched. */
int topology_read(const char *sysroot, struct topology *ret, struct err *e);
void topology_free(struct topology *t);

/* The CPUs that are plugged in, online or not; the online ones if that is unknown. Read when asked for. */
struct cpulist topology_present(const struct topology *t);

/* The sockets with an online CPU, by the physical_package_id of each core. Apart
 * from that because no choice needs them, and every start of a run would read a file per core. */
int topology_sockets(const struct topology *t);

/* The largest number of online CPUs of a core: 2 on a hybrid on which only fast cores have two threads. */
int topology_threads_per_core(const struct topology *t);

/* The chosen CPUs. */
struct topology_choice {
    struct cpulist benchmark;
    struct cpulist housekeeping; /* for the runner; empty: it shares the benchmark's CPUs */
    struct cpulist siblings;     /* other online CPUs on the benchmark's cores, to be left idle */
    char reason[200]; /* "3 cores; housekeeping on core 0", "2 cores; too few to spare one for housekeeping" */
};

/* Chooses among the CPUs `allowed` (the caller's affinity). Pure. request NULL is {0}.
 *
 * Without a list: whole cores of one class on one NUMA node. A core is whole if all its online CPUs are allowed and not
 * isolated by the kernel. Class: the fastest with at least two such cores on one node (one core cannot compare
 * anything), else the fastest with any. Node: the requested one, else the one with most of them; of equals the lower.
 * With four cores or more the first is for housekeeping and the rest for the benchmark. With fewer, all are the
 * benchmark's, and housekeeping gets a core of another class or node, preferably of the same node, or none.
 * With a count: the fastest class with so many CPUs on one node, core by core, so that at most the last core is taken
 * in part; the group's first core is for housekeeping unless it is needed.
 * avoid_smt: only the first thread of each core.
 * If no CPU is left by these rules, it takes cores that are allowed in part, and isolated CPUs if all allowed ones are
 * isolated; the reason says so. The two sets never share a core.
 *
 * With a list: exactly these CPUs. Housekeeping gets the rest of `allowed` that shares no core with them (may be
 * empty), without isolated CPUs unless it has only those. The reason names what is uneven: cores in part, several
 * classes or nodes, isolated CPUs.
 *
 * -EINVAL (usage): a listed CPU does not exist, is offline or not allowed (the message names it and the usable ones);
 * the list is empty, or contradicts avoid_smt or the node; the node has no usable CPU; or there are fewer than the
 * count. -ENODEV (host): no allowed CPU is online. *ret is then untouched. */
int topology_choose(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                    struct topology_choice *ret, struct err *e);

/* The members of struct topology_cpu. */
enum topology_member { OF_CPU, OF_CORE, OF_NODE, OF_CLASS };

/* What `to` is of those online CPUs whose `by` is in the set: the cores that have one of these CPUs, the CPUs of these
 * cores, … */
struct cpulist topology_map(const struct topology *t, enum topology_member to, enum topology_member by,
                            const struct cpulist *set);

/* The NUMA nodes of the CPUs. */
struct cpulist topology_nodes_of(const struct topology *t, const struct cpulist *cpus);

#endif
