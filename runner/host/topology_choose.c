/* Chooses CPUs. Pure set algebra: sets of CPUs and of core indices, both as struct cpulist. */
#include "host/topology.h"

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
    return topology_map(t, OF_CORE, OF_CPU, cpus);
}

/* Cores whose online CPUs are all among these. */
static struct cpulist cores_whole(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist touched = cores_touched(t, cpus);
    struct cpulist others = cpulist_minus(&t->online, cpus);
    others = cores_touched(t, &others);
    return cpulist_minus(&touched, &others);
}

/* The other online CPUs on the cores of these. */
static struct cpulist siblings_of(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist cores = cores_touched(t, cpus);
    struct cpulist all = topology_map(t, OF_CPU, OF_CORE, &cores);
    return cpulist_minus(&all, cpus);
}

/* The cores of this node and class; negative: any. */
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

struct group {
    struct cpulist cores;
    unsigned count;
    int node, klass;
};

/* The node with most cores of the class; of equals the lower. */
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

/* Appends to the reason, truncating it. */
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

/* The lowest core for housekeeping outside of the benchmark's, preferably on its node; -1: none. */
static int spare_core(const struct topology *t, const struct group *benchmark, const struct cpulist *open)
{
    struct cpulist cores = cores_touched(t, open);
    cores = cpulist_minus(&cores, &benchmark->cores);
    struct cpulist near = cores_of_group(t, &cores, benchmark->node, -1);
    int core = cpulist_next(&near, 0);
    return core >= 0 ? core : cpulist_next(&cores, 0);
}

/* The candidates. */
struct pool {
    struct cpulist open;  /* CPUs for the benchmark */
    struct cpulist house; /* CPUs for housekeeping, of any node */
    struct cpulist cores; /* the benchmark's candidates: whole cores if there are any */
    bool isolated, in_part;
};

/* The CPUs without isolated ones, unless all are isolated. */
static struct cpulist not_isolated(const struct topology *t, const struct cpulist *cpus, bool *all_are)
{
    struct cpulist open = cpulist_minus(cpus, &t->isolated);
    *all_are = is_empty(&open);
    return *all_are ? *cpus : open;
}

static int fill_pool(const struct topology *t, const struct cpulist *usable, const struct cpu_request *request,
                     struct pool *ret, struct err *e)
{
    char nodes[200] = "";
    bool all_isolated = false;
    struct cpulist mine = *usable;
    if (request->has_node) {
        struct cpulist node = {0}, numbers = topology_nodes_of(t, usable);
        cpulist_add(&node, (unsigned)request->node);
        struct cpulist there = topology_map(t, OF_CPU, OF_NODE, &node);
        (void)cpulist_format(&numbers, nodes, sizeof(nodes));
        mine = cpulist_and(usable, &there);
        if (is_empty(&mine))
            return err_set(e, ERR_USAGE, -EINVAL, "NUMA node %d %s (nodes with usable CPUs: %s)", request->node,
                           is_empty(&there) ? "has no online CPU" : "has no CPU that this process may use", nodes);
    }
    ret->open = not_isolated(t, &mine, &ret->isolated);
    ret->house = not_isolated(t, usable, &all_isolated);
    ret->cores = cores_whole(t, &ret->open);
    ret->in_part = is_empty(&ret->cores);
    if (ret->in_part)
        ret->cores = cores_touched(t, &ret->open);
    return 0;
}

/* The CPUs of the cores, core by core up to the count; with avoid_smt one per core. */
static struct cpulist take(const struct topology *t, const struct cpulist *cores, const struct cpulist *open,
                           const struct cpu_request *request)
{
    struct cpulist taken = {0};
    unsigned count = 0;
    for (int core = cpulist_next(cores, 0); core >= 0; core = cpulist_next(cores, core + 1))
        for (size_t i = 0; i < t->cpus && (request->count == 0 || count < request->count); i++) {
            if (t->cpu[i].core != core || !cpulist_has(open, (unsigned)t->cpu[i].cpu))
                continue;
            cpulist_add(&taken, (unsigned)t->cpu[i].cpu);
            count++;
            if (request->avoid_smt)
                break;
        }
    return taken;
}

/* The fastest class that has the count on one node. */
static int group_of_count(const struct topology *t, const struct pool *pool, const struct cpu_request *request,
                          struct group *ret, struct err *e)
{
    unsigned most = 0;
    for (int klass = 0; klass < t->classes; klass++) {
        struct group g = best_of_class(t, &pool->cores, klass);
        struct cpulist cpus = take(t, &g.cores, &pool->open, request);
        unsigned count = cpulist_count(&cpus);
        if (count == request->count) {
            *ret = g;
            return 0;
        }
        most = count > most ? count : most;
    }
    return err_set(e, ERR_USAGE, -EINVAL,
                   "at most %u CPUs of one core class are on one NUMA node%s (a list may mix them)", most,
                   request->avoid_smt ? ", one per core" : "");
}

/* The housekeeping core: the group's first if it can be spared; -1: none. */
static int choose_housekeeper(const struct topology *t, const struct group *g, const struct pool *pool,
                              const struct cpu_request *request)
{
    struct cpulist first = {0};
    int lowest = cpulist_next(&g->cores, 0);
    cpulist_add(&first, (unsigned)lowest);
    struct cpulist rest = cpulist_minus(&g->cores, &first);
    struct cpulist cpus = take(t, &rest, &pool->open, request);
    bool spare = request->count ? cpulist_count(&cpus) == request->count : g->count >= CORES_TO_SPARE_ONE;
    return spare ? lowest : spare_core(t, g, &pool->house);
}

static void say_split(const struct topology *t, const struct group *g, int housekeeper,
                      const struct cpu_request *request, struct topology_choice *ret)
{
    struct cpulist touched = cores_touched(t, &ret->benchmark), whole = cores_whole(t, &ret->benchmark);
    unsigned cores = cpulist_count(&touched);
    if (request->count)
        say(ret, "%u CPU%s of ", request->count, request->count == 1 ? "" : "s");
    say_group(t, g, cores, ret);
    if (request->avoid_smt && !is_empty(&ret->siblings))
        say(ret, ", one thread per core");
    else if (request->count && cpulist_count(&whole) < cores)
        say(ret, ", the last in part");
    if (housekeeper >= 0)
        say(ret, "; housekeeping on core %d", housekeeper);
    else
        say(ret, "; too few to spare one for housekeeping");
}

/* Splits the group's cores between benchmark and housekeeping. */
static void split(const struct topology *t, const struct group *g, const struct pool *pool,
                  const struct cpu_request *request, struct topology_choice *ret)
{
    struct cpulist house = {0};
    int housekeeper = choose_housekeeper(t, g, pool, request);
    if (housekeeper >= 0)
        cpulist_add(&house, (unsigned)housekeeper);
    struct cpulist cores = cpulist_minus(&g->cores, &house);
    ret->benchmark = take(t, &cores, &pool->open, request);
    ret->housekeeping = topology_map(t, OF_CPU, OF_CORE, &house);
    ret->housekeeping = cpulist_and(&ret->housekeeping, &pool->house);
    ret->siblings = siblings_of(t, &ret->benchmark);
    say_split(t, g, housekeeper, request, ret);
}

static int choose_auto(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                       struct topology_choice *ret, struct err *e)
{
    struct topology_choice choice = {0};
    struct pool pool = {0};
    struct group g = {0};
    struct cpulist usable = cpulist_and(allowed, &t->online);
    if (is_empty(&usable))
        return err_set(e, ERR_HOST, -ENODEV, "no CPU that this process may use is online");
    TRY(fill_pool(t, &usable, request, &pool, e));
    if (request->count)
        TRY(group_of_count(t, &pool, request, &g, e));
    else
        g = best_group(t, &pool.cores);
    split(t, &g, &pool, request, &choice);
    if (pool.isolated)
        say(&choice, "; all allowed CPUs are isolated by the kernel: no load balancing there");
    if (pool.in_part)
        say(&choice, "; no whole core is allowed");
    *ret = choice;
    return 0;
}

/* -EINVAL with the lowest requested CPU that is unusable; 0: all are usable. */
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
        return err_set(e, ERR_USAGE, -EINVAL, "no CPU is named (usable: %s)", there);
    if (cpu < 0)
        return 0;
    struct cpulist present = topology_present(t);
    const char *why = !cpulist_has(&present, (unsigned)cpu)     ? "does not exist"
                      : !cpulist_has(&t->online, (unsigned)cpu) ? "is offline"
                                                                : "is not allowed to this process";
    return err_set(e, ERR_USAGE, -EINVAL, "CPU %d %s (usable: %s)", cpu, why, there);
}

static void say_request(const struct topology *t, const struct cpulist *requested, struct topology_choice *ret)
{
    struct cpulist touched = cores_touched(t, requested), whole = cores_whole(t, requested);
    struct cpulist nodes = topology_nodes_of(t, requested);
    struct cpulist isolated = cpulist_and(requested, &t->isolated);
    struct cpulist in_part = cpulist_minus(&touched, &whole);
    struct cpulist classes = topology_map(t, OF_CLASS, OF_CPU, requested);
    say(ret, "as requested");
    if (!is_empty(&in_part))
        say(ret, "; %u core%s in part", cpulist_count(&in_part), cpulist_count(&in_part) == 1 ? "" : "s");
    if (cpulist_count(&classes) > 1)
        say(ret, "; %u core classes", cpulist_count(&classes));
    if (cpulist_count(&nodes) > 1)
        say(ret, "; %u NUMA nodes", cpulist_count(&nodes));
    if (!is_empty(&isolated))
        say(ret, "; %u CPU%s isolated by the kernel", cpulist_count(&isolated),
            cpulist_count(&isolated) == 1 ? "" : "s");
    if (is_empty(&ret->housekeeping))
        say(ret, "; no core is left for housekeeping");
}

/* Whether the list contradicts --numa or --smt. */
static int check_list(const struct topology *t, const struct cpu_request *request, struct err *e)
{
    struct cpulist seen = {0};
    for (size_t i = 0; i < t->cpus; i++) {
        const struct topology_cpu *c = &t->cpu[i];
        if (!cpulist_has(&request->list, (unsigned)c->cpu))
            continue;
        if (request->has_node && c->node != request->node)
            return err_set(e, ERR_USAGE, -EINVAL, "CPU %d is on NUMA node %d, but --numa %d was given", c->cpu, c->node,
                           request->node);
        if (request->avoid_smt && cpulist_has(&seen, (unsigned)c->core))
            return err_set(e, ERR_USAGE, -EINVAL,
                           "CPU %d shares its core with another in the list, but --smt avoid was given", c->cpu);
        cpulist_add(&seen, (unsigned)c->core);
    }
    return 0;
}

static int choose_listed(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                         struct topology_choice *ret, struct err *e)
{
    struct topology_choice choice = {.benchmark = request->list};
    TRY(check_request(t, allowed, &request->list, e));
    TRY(check_list(t, request, e));
    struct cpulist taken = cores_touched(t, &request->list);
    taken = topology_map(t, OF_CPU, OF_CORE, &taken);
    struct cpulist usable = cpulist_and(allowed, &t->online);
    struct cpulist rest = cpulist_minus(&usable, &taken);
    bool isolated = false;
    choice.housekeeping = not_isolated(t, &rest, &isolated);
    choice.siblings = siblings_of(t, &request->list);
    say_request(t, &request->list, &choice);
    *ret = choice;
    return 0;
}

int topology_choose(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                    struct topology_choice *ret, struct err *e)
{
    static const struct cpu_request ANY;
    const struct cpu_request *asked = request ? request : &ANY;
    return asked->has_list ? choose_listed(t, allowed, asked, ret, e) : choose_auto(t, allowed, asked, ret, e);
}
