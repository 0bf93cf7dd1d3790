/* topology: the machine's CPUs by core, socket, node and class, and which of them to run on. */
#ifndef TARE_TOPOLOGY_H
#define TARE_TOPOLOGY_H

#include <stddef.h>

#include "base/cpulist.h"
#include "cell/cpu_request.h"

struct err;

struct topology_cpu {
    int cpu;
    int core;   /* index of its core in this machine, 0-based in the order of each core's lowest online CPU */
    int socket; /* physical_package_id; 0 where the kernel does not say */
    int node;   /* NUMA node; 0 where the kernel does not say */
    int klass;  /* core class: 0 the fastest, 1 next … */
};

/* Online CPUs in ascending order. Starts as {0}; the owner ends it with topology_free().
 *
 * Core classes come from the first of these that covers every online CPU: the kernel's own lists of a hybrid
 * processor's core types (/sys/devices/cpu_core, cpu_atom, cpu_lowpower); cpu_capacity, a new class starting where one
 * is more than 10% below the next faster; cpufreq/cpuinfo_max_freq, likewise with more than 20%. The gaps are there
 * because favoured cores of one and the same class differ by some percent in turbo, and in what is derived from it. */
struct topology {
    struct topology_cpu *cpu;
    size_t cpus;
    int cores, sockets, classes;
    int nodes; /* that hold an online CPU; nodes of memory alone do not count */
    struct cpulist online;
    struct cpulist present;  /* plugged in, online or not; online where the kernel does not say */
    struct cpulist isolated; /* /sys/devices/system/cpu/isolated: no load balancing there */
};

/* Reads /sys/devices/system/{cpu,node} under sysroot ("" for the real one). Where /sys tells nothing of cores, each CPU
 * is a core of its own. A negative errno (host) where not even the online CPUs can be read; *ret is then untouched. */
int topology_read(const char *sysroot, struct topology *ret, struct err *e);
void topology_free(struct topology *t);

/* The most online CPUs that any core has: 2 on a hybrid whose fast cores alone have two threads. */
int topology_threads_per_core(const struct topology *t);

/* How the CPUs are to be chosen, and what came of it. */
struct topology_choice {
    struct cpulist benchmark;
    struct cpulist housekeeping; /* empty: none to spare, the runner shares the benchmark's CPUs */
    struct cpulist siblings;     /* online CPUs in neither that share a core with the benchmark's: to be left idle */
    char reason[200]; /* why it is so: "3 cores; core 0 keeps house", "2 cores; too few to spare one for the house" */
};

/* Chooses among the CPUs `allowed` (the caller's affinity). Pure. request NULL is {0}.
 *
 * Without a list: whole cores of one class on one NUMA node. Whole: each of the core's online CPUs is allowed and not
 * isolated by the kernel. The class: the fastest that has two such cores or more on one node (one core alone compares
 * nothing), else the fastest that has any. The node: the one asked for, else that with most of them; of equals the
 * lower. Four cores or more: the first keeps house, the rest is the benchmark's. Fewer: all are the benchmark's, and a
 * core of another class or node keeps house, of the same node where there is one; else none does.
 * With a count: of the fastest class that has so many on one node, core by core, so that at most the last is taken in
 * part; the group's first core keeps house where it is not needed.
 * avoid_smt: of each core its first thread alone.
 * Where nothing is left so, cores allowed in part are taken, and where all that is allowed is isolated, that: the
 * reason says so. The two sets never share a core.
 *
 * With a list: exactly these; housekeeping is what is left of `allowed` that shares no core with them (may be empty),
 * without the isolated ones unless these are all there is. The reason names what is uneven about the request: cores
 * taken in part, more than one class or node, isolated CPUs.
 *
 * -EINVAL (usage): a listed CPU is offline, does not exist or is not allowed: the message names it and what is there;
 * or none is listed; or the list contradicts avoid_smt or the node; or the node has no such CPU; or there are fewer
 * than the count. -ENODEV (host): no allowed CPU is online. *ret is then untouched. */
int topology_choose(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                    struct topology_choice *ret, struct err *e);

/* The memory nodes that the CPUs belong to. */
struct cpulist topology_nodes_of(const struct topology *t, const struct cpulist *cpus);

#endif
