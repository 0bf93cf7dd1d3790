/* Sources: Documentation/admin-guide/cputopology.rst and Documentation/ABI/stable/sysfs-devices-node. */
#include "host/topology.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#define CPU_DIR  "/sys/devices/system/cpu"
#define NODE_DIR "/sys/devices/system/node"

#define LIST_TEXT_MAX         32768 /* a list of every second of CPULIST_MAX CPUs has 20 KiB */
#define CAPACITY_GAP_PERCENT  10
#define FREQUENCY_GAP_PERCENT 20

/* ---- reading ---- */

static int read_list(const char *root, const char *path, struct cpulist *ret)
{
    char text[LIST_TEXT_MAX];
    ssize_t n = file_read(root, path, text, sizeof(text));
    return n < 0 ? (int)n : cpulist_parse(text, ret);
}

/* A number from a file of one CPU, or -1. */
static long read_cpu_number(const char *root, int cpu, const char *leaf)
{
    char path[128], text[32];
    int64_t n = -1;
    text_format(path, sizeof(path), CPU_DIR "/cpu%d/%s", cpu, leaf);
    if (file_read(root, path, text, sizeof(text)) < 0 || text_to_i64(text, &n) != 0)
        return -1;
    return n < 0 || n > INT_MAX ? -1 : (long)n;
}

static int compare_cpu(const void *a, const void *b)
{
    return *(const int *)a - ((const struct topology_cpu *)b)->cpu;
}

static struct topology_cpu *find_cpu(const struct topology *t, int cpu)
{
    return bsearch(&cpu, t->cpu, t->cpus, sizeof(*t->cpu), compare_cpu);
}

/* The online CPUs of cpu's core. Not by core_id, which is unique only within a die. */
static struct cpulist read_siblings(const char *root, const struct topology *t, int cpu)
{
    static const char *const LEAVES[] = {"core_cpus_list", "thread_siblings_list"}; /* 5.3 and newer; older */
    struct cpulist siblings = {0};
    for (size_t i = 0; i < ARRAY_LEN(LEAVES); i++) {
        char path[128];
        text_format(path, sizeof(path), CPU_DIR "/cpu%d/topology/%s", cpu, LEAVES[i]);
        if (read_list(root, path, &siblings) == 0)
            break;
    }
    siblings = cpulist_and(&siblings, &t->online);
    cpulist_add(&siblings, (unsigned)cpu);
    return siblings;
}

/* Documentation/ABI/testing/sysfs-devices-system-cpu, "smt/active": "0" where no online core has a second thread, which
 * spares a file per CPU. Missing before Linux 4.19. */
static bool has_no_siblings(const char *root)
{
    char text[8];
    return file_read(root, CPU_DIR "/smt/active", text, sizeof(text)) > 0 && text[0] == '0';
}

static void read_cores(const char *root, struct topology *t)
{
    struct cpulist seen = {0};
    if (has_no_siblings(root)) {
        for (size_t i = 0; i < t->cpus; i++)
            t->cpu[i].core = t->cores++;
        return;
    }
    for (size_t i = 0; i < t->cpus; i++) {
        int cpu = t->cpu[i].cpu;
        if (cpulist_has(&seen, (unsigned)cpu))
            continue;
        struct cpulist siblings = read_siblings(root, t, cpu);
        siblings = cpulist_minus(&siblings, &seen);
        for (int c = cpulist_next(&siblings, 0); c >= 0; c = cpulist_next(&siblings, c + 1)) {
            find_cpu(t, c)->core = t->cores;
            cpulist_add(&seen, (unsigned)c);
        }
        t->cores++;
    }
}

static int compare_long(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static void read_nodes(const char *root, struct topology *t)
{
    struct cpulist nodes = {0};
    (void)read_list(root, NODE_DIR "/online", &nodes); /* without CONFIG_NUMA all is node 0 */
    t->nodes = 1;
    if (cpulist_count(&nodes) == 1 && cpulist_has(&nodes, 0))
        return;
    for (int n = cpulist_next(&nodes, 0); n >= 0; n = cpulist_next(&nodes, n + 1)) {
        char path[128];
        struct cpulist cpus = {0};
        text_format(path, sizeof(path), NODE_DIR "/node%d/cpulist", n);
        (void)read_list(root, path, &cpus);
        cpus = cpulist_and(&cpus, &t->online);
        for (int c = cpulist_next(&cpus, 0); c >= 0; c = cpulist_next(&cpus, c + 1))
            find_cpu(t, c)->node = n;
    }
    nodes = topology_nodes_of(t, &t->online);
    t->nodes = (int)cpulist_count(&nodes);
}

/* ---- core classes: a speed per CPU, in any unit, from the first source that covers all CPUs ---- */

/* arch/x86/events/intel/core.c, intel_hybrid_pmu_type_map: one PMU per core type, fastest first. */
static bool speeds_by_core_type(const char *root, const struct topology *t, long *speed)
{
    static const char *const PATHS[] = {"/sys/devices/cpu_core/cpus", "/sys/devices/cpu_atom/cpus",
                                        "/sys/devices/cpu_lowpower/cpus"};
    size_t known = 0;
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        struct cpulist cpus = {0};
        if (read_list(root, PATHS[i], &cpus) != 0) {
            if (i == 0) /* none is hybrid without it */
                return false;
            continue;
        }
        for (size_t c = 0; c < t->cpus; c++) {
            if (!cpulist_has(&cpus, (unsigned)t->cpu[c].cpu))
                continue;
            speed[c] = (long)(ARRAY_LEN(PATHS) - i);
            known++;
        }
    }
    return known == t->cpus;
}

/* Reads one file per core: on large machines they are half the cost of topology_read(). */
static bool speeds_by_number(const char *root, const struct topology *t, const char *leaf, long *speed)
{
    cleanup_free long *of_core = xcalloc((size_t)t->cores, sizeof(*of_core));
    for (size_t i = 0; i < t->cpus; i++) {
        long *core = &of_core[t->cpu[i].core];
        if (*core == 0)
            *core = read_cpu_number(root, t->cpu[i].cpu, leaf);
        if (*core <= 0)
            return false;
        speed[i] = *core;
    }
    return true;
}

static long next_lower(const long *speed, size_t count, long than)
{
    long best = 0;
    for (size_t i = 0; i < count; i++)
        if (speed[i] < than && speed[i] > best)
            best = speed[i];
    return best;
}

static void assign_classes(struct topology *t, const long *speed, int gap_percent)
{
    int klass = 0;
    long faster = next_lower(speed, t->cpus, LONG_MAX);
    for (long v = faster; v > 0; v = next_lower(speed, t->cpus, v)) {
        if ((double)v * 100 < (double)faster * (100 - gap_percent))
            klass++;
        for (size_t i = 0; i < t->cpus; i++)
            if (speed[i] == v)
                t->cpu[i].klass = klass;
        faster = v;
    }
    t->classes = klass + 1;
}

static void read_classes(const char *root, struct topology *t)
{
    cleanup_free long *speed = xcalloc(t->cpus, sizeof(*speed));
    t->classes = 1;
    if (speeds_by_core_type(root, t, speed))
        assign_classes(t, speed, 0);
    else if (speeds_by_number(root, t, "cpu_capacity", speed))
        assign_classes(t, speed, CAPACITY_GAP_PERCENT);
    else if (speeds_by_number(root, t, "cpufreq/cpuinfo_max_freq", speed))
        assign_classes(t, speed, FREQUENCY_GAP_PERCENT);
}

int topology_read(const char *sysroot, struct topology *ret, struct err *e)
{
    struct topology t = {.sysroot = sysroot};
    int failed = read_list(sysroot, CPU_DIR "/online", &t.online);
    t.cpus = cpulist_count(&t.online);
    if (failed == 0 && t.cpus == 0)
        failed = -ENODATA;
    if (failed != 0)
        return err_set(e, ERR_HOST, failed, "%s" CPU_DIR "/online: %s", sysroot ? sysroot : "", strerror(-failed));
    (void)read_list(sysroot, CPU_DIR "/isolated", &t.isolated);
    t.cpu = xcalloc(t.cpus, sizeof(*t.cpu));
    int cpu = -1;
    for (size_t i = 0; i < t.cpus; i++)
        t.cpu[i].cpu = cpu = cpulist_next(&t.online, cpu + 1);
    read_cores(sysroot, &t);
    read_nodes(sysroot, &t);
    read_classes(sysroot, &t);
    *ret = t;
    return 0;
}

void topology_free(struct topology *t)
{
    free(t->cpu);
    *t = (struct topology){0};
}

struct cpulist topology_present(const struct topology *t)
{
    struct cpulist present;
    return read_list(t->sysroot, CPU_DIR "/present", &present) == 0 ? present : t->online;
}

int topology_threads_per_core(const struct topology *t)
{
    cleanup_free int *threads = xcalloc(t->cpus, sizeof(*threads));
    int most = 0;
    for (size_t i = 0; i < t->cpus; i++) {
        int n = ++threads[t->cpu[i].core];
        most = n > most ? n : most;
    }
    return most;
}

/* Sorts, because the firmware's ids can be arbitrarily large. */
int topology_sockets(const struct topology *t)
{
    cleanup_free long *id = xcalloc((size_t)t->cores, sizeof(*id));
    size_t cores = 0;
    int count = 0;
    for (size_t i = 0; i < t->cpus; i++) {
        if (t->cpu[i].core != (int)cores) /* a core's first CPU goes before the first one of the next core */
            continue;
        long socket = read_cpu_number(t->sysroot, t->cpu[i].cpu, "topology/physical_package_id");
        id[cores++] = socket < 0 ? 0 : socket; /* below 0: no firmware tables, as on some arm64 */
    }
    qsort(id, cores, sizeof(*id), compare_long);
    for (size_t i = 0; i < cores; i++)
        count += i == 0 || id[i] != id[i - 1];
    return count;
}

static unsigned member(const struct topology_cpu *c, enum topology_member which)
{
    const int members[] = {[OF_CPU] = c->cpu, [OF_CORE] = c->core, [OF_NODE] = c->node, [OF_CLASS] = c->klass};
    return (unsigned)members[which];
}

struct cpulist topology_map(const struct topology *t, enum topology_member to, enum topology_member by,
                            const struct cpulist *set)
{
    struct cpulist map = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (cpulist_has(set, member(&t->cpu[i], by)))
            cpulist_add(&map, member(&t->cpu[i], to));
    return map;
}

struct cpulist topology_nodes_of(const struct topology *t, const struct cpulist *cpus)
{
    return topology_map(t, OF_NODE, OF_CPU, cpus);
}
