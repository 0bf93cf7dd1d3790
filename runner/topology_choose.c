/* Pure set algebra: sets of CPUs and sets of core indices, both as struct cpulist. */
#include "topology.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

#define CORES_TO_SPARE_ONE 4
#define CORES_TO_COMPARE   2

static bool is_empty(const struct cpulist *set)
{
    return cpulist_next(set, 0) < 0;
}

/* Cores with at least one of the CPUs. */
static struct cpulist cores_touched(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist cores = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (cpulist_has(cpus, (unsigned)t->cpu[i].cpu))
            cpulist_add(&cores, (unsigned)t->cpu[i].core);
    return cores;
}

/* Cores with all their online CPUs among these. */
static struct cpulist cores_whole(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist touched = cores_touched(t, cpus);
    struct cpulist others = cpulist_minus(&t->online, cpus);
    others = cores_touched(t, &others);
    return cpulist_minus(&touched, &others);
}

static struct cpulist cpus_of(const struct topology *t, const struct cpulist *cores)
{
    struct cpulist cpus = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (cpulist_has(cores, (unsigned)t->cpu[i].core))
            cpulist_add(&cpus, (unsigned)t->cpu[i].cpu);
    return cpus;
}

/* Those of the cores that are of this node and class; a negative one stands for any. */
static struct cpulist cores_of_group(const struct topology *t, const struct cpulist *cores, int node, int klass)
{
    struct cpulist group = {0};
    for (size_t i = 0; i < t->cpus; i++) {
        const struct topology_cpu *c = &t->cpu[i];
        if (cpulist_has(cores, (unsigned)c->core) && (node < 0 || c->node == node) && (klass < 0 || c->klass == klass))
            cpulist_add(&group, (unsigned)c->core);
    }
    return group;
}

static unsigned count_classes(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist classes = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (cpulist_has(cpus, (unsigned)t->cpu[i].cpu))
            cpulist_add(&classes, (unsigned)t->cpu[i].klass);
    return cpulist_count(&classes);
}

struct group {
    struct cpulist cores;
    unsigned count;
    int node, klass;
};

/* The node with most cores of one class; of equals the lower. */
static struct group best_of_class(const struct topology *t, const struct cpulist *cores, int klass)
{
    struct group best = {.klass = klass};
    struct cpulist nodes = topology_nodes_of(t, &t->online);
    for (int n = cpulist_next(&nodes, 0); n >= 0; n = cpulist_next(&nodes, n + 1)) {
        struct cpulist here = cores_of_group(t, cores, n, klass);
        unsigned count = cpulist_count(&here);
        if (count > best.count)
            best = (struct group){.cores = here, .count = count, .node = n, .klass = klass};
    }
    return best;
}

/* cores must not be empty. */
static struct group best_group(const struct topology *t, const struct cpulist *cores)
{
    struct group any = {0};
    for (int klass = 0; klass < t->classes; klass++) {
        struct group g = best_of_class(t, cores, klass);
        if (g.count >= CORES_TO_COMPARE)
            return g;
        if (any.count == 0)
            any = g;
    }
    return any;
}

/* Appends to the reason; what does not fit is left off. */
static void say(struct topology_choice *choice, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct topology_choice *choice, const char *fmt, ...)
{
    size_t used = strlen(choice->reason);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(choice->reason + used, sizeof(choice->reason) - used, fmt, ap);
    va_end(ap);
}

static void say_group(const struct topology *t, const struct group *g, unsigned cores, struct topology_choice *ret)
{
    say(ret, "%u core%s", cores, cores == 1 ? "" : "s");
    if (t->nodes > 1)
        say(ret, " of node %d", g->node);
    if (t->classes > 1)
        say(ret, "%s class %d of %d (0 is the fastest)", t->nodes > 1 ? "," : " of", g->klass, t->classes);
}

/* The lowest core outside the benchmark's that could keep house, on its node where there is one; -1: none. */
static int spare_core(const struct topology *t, const struct group *benchmark, const struct cpulist *open)
{
    struct cpulist cores = cores_touched(t, open);
    cores = cpulist_minus(&cores, &benchmark->cores);
    struct cpulist near = cores_of_group(t, &cores, benchmark->node, -1);
    int core = cpulist_next(&near, 0);
    return core >= 0 ? core : cpulist_next(&cores, 0);
}

/* Splits the group's cores between benchmark and house. open: the CPUs that may be used. */
static void split(const struct topology *t, const struct group *g, const struct cpulist *open,
                  struct topology_choice *ret)
{
    struct cpulist benchmark = g->cores, house = {0};
    int keeper = g->count >= CORES_TO_SPARE_ONE ? cpulist_next(&g->cores, 0) : spare_core(t, g, open);
    if (keeper >= 0) {
        cpulist_add(&house, (unsigned)keeper);
        benchmark = cpulist_minus(&benchmark, &house);
    }
    ret->benchmark = cpus_of(t, &benchmark);
    ret->benchmark = cpulist_and(&ret->benchmark, open);
    ret->housekeeping = cpus_of(t, &house);
    ret->housekeeping = cpulist_and(&ret->housekeeping, open);
    say_group(t, g, cpulist_count(&benchmark), ret);
    if (keeper >= 0)
        say(ret, "; core %d keeps house", keeper);
    else
        say(ret, "; too few to spare one for the house");
}

static int choose_auto(const struct topology *t, const struct cpulist *allowed, struct topology_choice *ret,
                       struct err *e)
{
    struct topology_choice choice = {0};
    struct cpulist usable = cpulist_and(allowed, &t->online);
    if (is_empty(&usable))
        return err_set(e, ERR_HOST, -ENODEV, "none of the CPUs that this process may run on is online");
    struct cpulist open = cpulist_minus(&usable, &t->isolated);
    bool isolated = is_empty(&open);
    if (isolated)
        open = usable;
    struct cpulist cores = cores_whole(t, &open);
    bool in_part = is_empty(&cores);
    if (in_part)
        cores = cores_touched(t, &open);
    struct group g = best_group(t, &cores);
    split(t, &g, &open, &choice);
    if (isolated)
        say(&choice, "; all that is allowed is isolated by the kernel: no load balancing there");
    if (in_part)
        say(&choice, "; no core is allowed whole");
    *ret = choice;
    return 0;
}

/* -EINVAL with the lowest requested CPU that cannot be had, 0 where all can. */
static int check_request(const struct topology *t, const struct cpulist *allowed, const struct cpulist *requested,
                         struct err *e)
{
    char there[400] = "";
    struct cpulist usable = cpulist_and(allowed, &t->online);
    struct cpulist wrong = cpulist_minus(requested, &usable);
    int cpu = cpulist_next(&wrong, 0);
    if (cpulist_format(&usable, there, sizeof(there)) < 0)
        text_format(there, sizeof(there), "%u CPUs", cpulist_count(&usable));
    if (is_empty(requested))
        return err_set(e, ERR_USAGE, -EINVAL, "no CPU is named (there are %s)", there);
    if (cpu < 0)
        return 0;
    const char *why = !cpulist_has(&t->present, (unsigned)cpu)  ? "does not exist"
                      : !cpulist_has(&t->online, (unsigned)cpu) ? "is offline"
                                                                : "is not allowed to this process";
    return err_set(e, ERR_USAGE, -EINVAL, "CPU %d %s (there are %s)", cpu, why, there);
}

static void say_request(const struct topology *t, const struct cpulist *requested, struct topology_choice *ret)
{
    struct cpulist touched = cores_touched(t, requested), whole = cores_whole(t, requested);
    struct cpulist nodes = topology_nodes_of(t, requested);
    struct cpulist isolated = cpulist_and(requested, &t->isolated);
    struct cpulist in_part = cpulist_minus(&touched, &whole);
    unsigned classes = count_classes(t, requested);
    say(ret, "as requested");
    if (!is_empty(&in_part))
        say(ret, "; %u core%s in part", cpulist_count(&in_part), cpulist_count(&in_part) == 1 ? "" : "s");
    if (classes > 1)
        say(ret, "; %u core classes", classes);
    if (cpulist_count(&nodes) > 1)
        say(ret, "; %u NUMA nodes", cpulist_count(&nodes));
    if (!is_empty(&isolated))
        say(ret, "; %u CPU%s isolated by the kernel", cpulist_count(&isolated),
            cpulist_count(&isolated) == 1 ? "" : "s");
    if (is_empty(&ret->housekeeping))
        say(ret, "; no core is left to keep house");
}

static int choose_requested(const struct topology *t, const struct cpulist *allowed, const struct cpulist *requested,
                            struct topology_choice *ret, struct err *e)
{
    struct topology_choice choice = {.benchmark = *requested};
    int failed = check_request(t, allowed, requested, e);
    if (failed != 0)
        return failed;
    struct cpulist taken = cores_touched(t, requested);
    taken = cpus_of(t, &taken);
    struct cpulist usable = cpulist_and(allowed, &t->online);
    struct cpulist rest = cpulist_minus(&usable, &taken);
    choice.housekeeping = cpulist_minus(&rest, &t->isolated);
    if (is_empty(&choice.housekeeping))
        choice.housekeeping = rest;
    say_request(t, requested, &choice);
    *ret = choice;
    return 0;
}

int topology_choose(const struct topology *t, const struct cpulist *allowed, const struct cpulist *requested,
                    struct topology_choice *ret, struct err *e)
{
    return requested ? choose_requested(t, allowed, requested, ret, e) : choose_auto(t, allowed, ret, e);
}
