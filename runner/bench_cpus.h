/* bench_cpus: which CPUs a benchmark would get on this machine, for what looks at them or prepares them beforehand. */
#ifndef TARE_BENCH_CPUS_H
#define TARE_BENCH_CPUS_H

struct err;
struct topology_choice;

/* As a run would choose: list NULL from the topology, else these. Below a sysroot every online CPU is ours to use.
 * Errors as topology_read() and topology_choose(); a list that is none is -EINVAL (usage). */
int bench_cpus_choose(const char *sysroot, const char *list, struct topology_choice *ret, struct err *e);

#endif
