/* bench_cpus: chooses the CPUs for a benchmark on this machine. Used by run, exec, doctor and tune. */
#ifndef TARE_BENCH_CPUS_H
#define TARE_BENCH_CPUS_H

struct cell;
struct err;
struct topology;
struct topology_choice;

/* Reads the topology and chooses by the cell's --cpus, --smt and --numa. An incomplete cell (cell_unset()) or NULL
 * leaves the rest to the topology. The allowed CPUs are the caller's affinity; below a sysroot, all online CPUs.
 * topology may be NULL; else the caller ends it with topology_free() after a success. Errors as topology_read() and
 * topology_choose(), naming the options; -EINVAL (usage): --cpus is malformed. */
int bench_cpus_choose(const char *sysroot, const struct cell *cell, struct topology *topology,
                      struct topology_choice *ret, struct err *e);

#endif
