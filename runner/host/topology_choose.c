/* Pure set algebra: sets of CPUs and sets of core indices, both as struct cpulist. */
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

/* The online CPUs that share a core with these and are none of them. */
static struct cpulist siblings_of(const struct topology *t, const struct cpulist *cpus)
{
    struct cpulist cores = cores_touched(t, cpus);
    struct cpulist all = cpus_of(t, &cores);
    return cpulist_minus(&all, cpus);
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

/* What there is to choose from. */
struct pool {
    struct cpulist open;  /* CPUs that the benchmark may have */
    struct cpulist house; /* those that may keep house: of any node */
    struct cpulist cores; /* the benchmark's candidates: whole, unless there is none */
    bool isolated, in_part;
};

static struct cpulist cpus_of_node(const struct topology *t, int node)
{
    struct cpulist cpus = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (t->cpu[i].node == node)
            cpulist_add(&cpus, (unsigned)t->cpu[i].cpu);
    return cpus;
}

/* The CPUs without those that the kernel isolates, unless that is all of them. */
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
        struct cpulist there = cpus_of_node(t, request->node), numbers = topology_nodes_of(t, usable);
        (void)cpulist_format(&numbers, nodes, sizeof(nodes));
        mine = cpulist_and(usable, &there);
        if (is_empty(&mine))
            return err_set(e, ERR_USAGE, -EINVAL, "NUMA node %d %s (nodes that have some: %s)", request->node,
                           is_empty(&there) ? "has no CPU that is online" : "has no CPU that this process may run on",
                           nodes);
    }
    ret->open = not_isolated(t, &mine, &ret->isolated);
    ret->house = not_isolated(t, usable, &all_isolated);
    ret->cores = cores_whole(t, &ret->open);
    ret->in_part = is_empty(&ret->cores);
    if (ret->in_part)
        ret->cores = cores_touched(t, &ret->open);
    return 0;
}

/* The CPUs of the cores, core by core up to the count; one a core where siblings are to be avoided. */
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
    return err_set(e, ERR_USAGE, -EINVAL, "there are %u at most of one core class on one NUMA node%s; a list may mix",
                   most, request->avoid_smt ? ", one a core" : "");
}

/* The core that keeps house, -1: none. The group's first where it can be spared. */
static int choose_keeper(const struct topology *t, const struct group *g, const struct pool *pool,
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

static void say_split(const struct topology *t, const struct group *g, int keeper, const struct cpu_request *request,
                      struct topology_choice *ret)
{
    struct cpulist touched = cores_touched(t, &ret->benchmark), whole = cores_whole(t, &ret->benchmark);
    unsigned cores = cpulist_count(&touched);
    if (request->count)
        say(ret, "%u CPU%s of ", request->count, request->count == 1 ? "" : "s");
    say_group(t, g, cores, ret);
    if (request->avoid_smt && !is_empty(&ret->siblings))
        say(ret, ", one thread a core");
    else if (request->count && cpulist_count(&whole) < cores)
        say(ret, ", the last in part");
    if (keeper >= 0)
        say(ret, "; core %d keeps house", keeper);
    else
        say(ret, "; too few to spare one for the house");
}

/* Splits the group's cores between benchmark and house. */
static void split(const struct topology *t, const struct group *g, const struct pool *pool,
                  const struct cpu_request *request, struct topology_choice *ret)
{
    struct cpulist house = {0};
    int keeper = choose_keeper(t, g, pool, request);
    if (keeper >= 0)
        cpulist_add(&house, (unsigned)keeper);
    struct cpulist cores = cpulist_minus(&g->cores, &house);
    ret->benchmark = take(t, &cores, &pool->open, request);
    ret->housekeeping = cpus_of(t, &house);
    ret->housekeeping = cpulist_and(&ret->housekeeping, &pool->house);
    ret->siblings = siblings_of(t, &ret->benchmark);
    say_split(t, g, keeper, request, ret);
}

static int choose_auto(const struct topology *t, const struct cpulist *allowed, const struct cpu_request *request,
                       struct topology_choice *ret, struct err *e)
{
    struct topology_choice choice = {0};
    struct pool pool = {0};
    struct group g = {0};
    struct cpulist usable = cpulist_and(allowed, &t->online);
    if (is_empty(&usable))
        return err_set(e, ERR_HOST, -ENODEV, "none of the CPUs that this process may run on is online");
    int failed = fill_pool(t, &usable, request, &pool, e);
    if (failed == 0 && request->count)
        failed = group_of_count(t, &pool, request, &g, e);
    else if (failed == 0)
        g = best_group(t, &pool.cores);
    if (failed != 0)
        return failed;
    split(t, &g, &pool, request, &choice);
    if (pool.isolated)
        say(&choice, "; all that is allowed is isolated by the kernel: no load balancing there");
    if (pool.in_part)
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

/* What the list contradicts of the rest of the request. */
static int check_list(const struct topology *t, const struct cpu_request *request, struct err *e)
{
    struct cpulist seen = {0};
    for (size_t i = 0; i < t->cpus; i++) {
        const struct topology_cpu *c = &t->cpu[i];
        if (!cpulist_has(&request->list, (unsigned)c->cpu))
            continue;
        if (request->has_node && c->node != request->node)
            return err_set(e, ERR_USAGE, -EINVAL, "CPU %d is of NUMA node %d, and --numa %d was asked for", c->cpu,
                           c->node, request->node);
        if (request->avoid_smt && cpulist_has(&seen, (unsigned)c->core))
            return err_set(e, ERR_USAGE, -EINVAL,
                           "CPU %d shares its core with another of the list, and --smt avoid was asked for", c->cpu);
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
    taken = cpus_of(t, &taken);
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
