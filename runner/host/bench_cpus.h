/* bench_cpus: the CPUs that a benchmark gets on this machine: for a run, and for what looks at them or prepares them
 * beforehand. */
#ifndef TARE_BENCH_CPUS_H
#define TARE_BENCH_CPUS_H

struct cell;
struct err;
struct topology;
struct topology_choice;

/* Reads the topology and chooses by the cell's --cpus, --smt and --numa; of a cell that is not complete (cell_unset())
 * and of NULL what was not asked for is left to the topology. Below a sysroot every online CPU is ours to use, else
 * those of the caller's affinity. topology may be NULL; else the caller ends it with topology_free(), after a success.
 * Errors as topology_read() and topology_choose(), the options named; a --cpus that is none is -EINVAL (usage). */
int bench_cpus_choose(const char *sysroot, const struct cell *cell, struct topology *topology,
                      struct topology_choice *ret, struct err *e);

#endif
