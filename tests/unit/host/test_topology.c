/* topology: captured machines are read for what they are, and whole cores of one kind are chosen on them. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "host/topology.h"
#include "tests/unit/fixture.h"

static int sockets_read; /* of the machine that was opened last */
static struct cpulist present_read;
static char opened[PATH_MAX]; /* its root; it stays until the next one is opened */

static int close_machine(void **state)
{
    (void)state;
    if (*opened)
        fixture_close(opened);
    *opened = '\0';
    return 0;
}

static struct topology machine(const char *name)
{
    char tree[64];
    struct topology t = {0};
    struct err e = {0};
    (void)snprintf(tree, sizeof(tree), "machines/%s", name);
    (void)close_machine(NULL);
    assert_int_equal(fixture_open(tree, opened, sizeof(opened)), 0);
    assert_int_equal(topology_read(opened, &t, &e), 0);
    sockets_read = topology_sockets(&t);
    present_read = topology_present(&t);
    return t;
}

static struct cpulist list(const char *text)
{
    struct cpulist set = {0};
    assert_int_equal(cpulist_parse(text, &set), 0);
    return set;
}

static void assert_list(const struct cpulist *set, const char *want)
{
    char text[512];
    assert_true(cpulist_format(set, text, sizeof(text)) >= 0);
    assert_string_equal(text, want);
}

static void assert_counts(const struct topology *t, int sockets, int nodes, int cores, int classes, int threads)
{
    assert_int_equal(sockets_read, sockets);
    assert_int_equal(t->nodes, nodes);
    assert_int_equal(t->cores, cores);
    assert_int_equal(t->classes, classes);
    assert_int_equal(topology_threads_per_core(t), threads);
}

static struct cpulist cpus_of_class(const struct topology *t, int klass)
{
    struct cpulist set = {0};
    for (size_t i = 0; i < t->cpus; i++)
        if (t->cpu[i].klass == klass)
            cpulist_add(&set, (unsigned)t->cpu[i].cpu);
    return set;
}

/* --cpus as it is parsed; "" is a list of none, which only a caller that makes it itself can ask for. */
static struct cpu_request request_of(const char *cpus, bool avoid_smt, int node)
{
    struct cpu_request r = {.has_list = true, .avoid_smt = avoid_smt, .has_node = node >= 0, .node = node};
    if (!cpus || *cpus)
        assert_int_equal(cpu_request_parse(cpus, &r), 0);
    return r;
}

/* Chooses on a machine: allowed NULL is all that is online, cpus NULL is auto, node -1 any. */
static struct topology_choice choose_by(const char *name, const char *allowed, const char *cpus, bool avoid_smt,
                                        int node)
{
    struct topology t = machine(name);
    struct topology_choice choice = {0};
    struct err e = {0};
    struct cpulist may = allowed ? list(allowed) : t.online;
    const struct cpu_request wants = request_of(cpus, avoid_smt, node);
    assert_int_equal(topology_choose(&t, &may, &wants, &choice, &e), 0);
    assert_true(cpulist_subset(&choice.benchmark, &may));
    assert_true(cpulist_subset(&choice.housekeeping, &may));
    struct cpulist idle = cpulist_and(&choice.siblings, &choice.benchmark);
    assert_int_equal(cpulist_count(&idle), 0);
    idle = cpulist_and(&choice.siblings, &choice.housekeeping);
    assert_int_equal(cpulist_count(&idle), 0);
    topology_free(&t);
    return choice;
}

static struct topology_choice choose(const char *name, const char *allowed, const char *cpus)
{
    return choose_by(name, allowed, cpus, false, -1);
}

static void assert_choice(const struct topology_choice *c, const char *benchmark, const char *house, const char *reason)
{
    assert_list(&c->benchmark, benchmark);
    assert_list(&c->housekeeping, house);
    assert_string_equal(c->reason, reason);
}

static void assert_refused_by(const char *name, const char *allowed, const char *cpus, bool avoid_smt, int node,
                              const char *why)
{
    struct topology t = machine(name);
    struct topology_choice choice = {.reason = "untouched"};
    struct err e = {0};
    struct cpulist may = allowed ? list(allowed) : t.online;
    const struct cpu_request wants = request_of(cpus, avoid_smt, node);
    assert_int_equal(topology_choose(&t, &may, &wants, &choice, &e), -EINVAL);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_string_equal(e.text, why);
    assert_string_equal(choice.reason, "untouched");
    topology_free(&t);
}

static void assert_refused(const char *name, const char *allowed, const char *cpus, const char *why)
{
    assert_refused_by(name, allowed, cpus, false, -1, why);
}

/* --- reading --- */

static void one_cpu_is_one_of_everything(void **state)
{
    (void)state;
    struct topology t = machine("one-cpu");
    assert_counts(&t, 1, 1, 1, 1, 1);
    assert_int_equal(t.cpus, 1);
    topology_free(&t);
}

static void cpus_without_a_topology_are_cores_of_their_own(void **state)
{
    (void)state;
    struct topology t = machine("no-topology");
    assert_counts(&t, 1, 1, 4, 1, 1);
    assert_list(&present_read, "0-3");
    topology_free(&t);
}

static void siblings_of_a_desktop_share_a_core(void **state)
{
    (void)state;
    struct topology t = machine("smt2-desktop");
    assert_counts(&t, 1, 1, 8, 1, 2);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(t.cpu[i].core, i % 8);
    topology_free(&t);
}

static void favoured_cores_of_a_desktop_are_no_class(void **state)
{
    (void)state;
    struct topology t = machine("smt2-desktop");
    assert_int_equal(t.classes, 1);
    topology_free(&t);
}

static void equal_core_ids_on_two_sockets_are_not_one_core(void **state)
{
    (void)state;
    struct topology t = machine("two-sockets");
    assert_int_equal(t.cores, 8);
    assert_int_equal(t.cpu[0].core, 0);
    assert_int_equal(t.cpu[4].core, 4);
    topology_free(&t);
}

static void a_node_of_memory_alone_does_not_count(void **state)
{
    (void)state;
    struct topology t = machine("two-sockets");
    assert_counts(&t, 2, 2, 8, 1, 2);
    topology_free(&t);
}

static void large_package_ids_are_told_apart(void **state)
{
    (void)state;
    struct topology t = machine("four-sockets");
    assert_counts(&t, 4, 4, 16, 1, 1);
    topology_free(&t);
}

static void node_numbers_may_have_gaps(void **state)
{
    (void)state;
    struct topology t = machine("power-smt4");
    struct cpulist some = list("3,13");
    struct cpulist nodes = topology_nodes_of(&t, &some);
    assert_counts(&t, 2, 2, 6, 1, 4);
    assert_list(&nodes, "0,8");
    topology_free(&t);
}

static void offline_cpus_are_left_out_and_gaps_are_bridged(void **state)
{
    (void)state;
    struct topology t = machine("gaps-offline");
    assert_counts(&t, 1, 1, 5, 1, 2);
    assert_int_equal(t.cpus, 8);
    assert_int_equal(t.cpu[7].cpu, 12);
    assert_int_equal(t.cpu[7].core, 4);
    assert_list(&present_read, "0-9,12-13");
    topology_free(&t);
}

static void hybrid_classes_come_from_the_lists_of_core_types(void **state)
{
    (void)state;
    struct topology t = machine("hybrid-laptop");
    struct cpulist fast = cpus_of_class(&t, 0), slow = cpus_of_class(&t, 1);
    assert_counts(&t, 1, 1, 14, 2, 2);
    assert_list(&fast, "0-11");
    assert_list(&slow, "12-19");
    topology_free(&t);
}

static void without_lists_capacity_tells_the_same_classes(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology t = {0};
    assert_int_equal(fixture_open("machines/hybrid-laptop", root, sizeof(root)), 0);
    fixture_remove(root, "/sys/devices/cpu_atom/cpus"); /* the slow cores are then in no list */
    assert_int_equal(topology_read(root, &t, NULL), 0);
    struct cpulist fast = cpus_of_class(&t, 0);
    assert_int_equal(t.classes, 2);
    assert_list(&fast, "0-11");
    topology_free(&t);
    fixture_close(root);
}

static void capacities_make_three_classes_on_arm(void **state)
{
    (void)state;
    struct topology t = machine("arm-big-little");
    struct cpulist middle = cpus_of_class(&t, 1);
    assert_counts(&t, 1, 1, 8, 3, 1);
    assert_list(&middle, "4-5");
    topology_free(&t);
}

static void a_package_id_of_minus_one_is_socket_0(void **state)
{
    (void)state;
    struct topology t = machine("arm-big-little");
    assert_int_equal(sockets_read, 1);
    topology_free(&t);
}

static void frequencies_far_apart_are_classes_where_nothing_else_tells(void **state)
{
    (void)state;
    struct topology t = machine("compact-cores");
    struct cpulist fast = cpus_of_class(&t, 0), slow = cpus_of_class(&t, 1);
    assert_int_equal(t.classes, 2);
    assert_list(&fast, "0-1");
    assert_list(&slow, "2-5");
    topology_free(&t);
}

static void frequencies_exactly_a_fifth_apart_are_one_class(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology t = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/sys/devices/system/cpu/online", "0-1\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "5000000\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "4000000\n");
    assert_int_equal(topology_read(root, &t, NULL), 0);
    assert_int_equal(t.classes, 1);
    topology_free(&t);
    fixture_write(root, "/sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq", "3999999\n");
    assert_int_equal(topology_read(root, &t, NULL), 0);
    assert_int_equal(t.classes, 2);
    topology_free(&t);
    fixture_close(root);
}

static void a_root_without_cpus_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology t = {.cores = 7};
    struct err e = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    assert_int_equal(topology_read(root, &t, &e), -ENOENT);
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, "/sys/devices/system/cpu/online: No such file"));
    assert_int_equal(t.cores, 7);
    fixture_write(root, "/sys/devices/system/cpu/online", "\n");
    assert_int_equal(topology_read(root, &t, &e), -ENODATA);
    fixture_write(root, "/sys/devices/system/cpu/online", "all of them\n");
    assert_int_equal(topology_read(root, &t, &e), -EINVAL);
    fixture_close(root);
}

static void sibling_lists_that_contradict_each_other_give_each_cpu_one_core(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology t = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/sys/devices/system/cpu/online", "0-2\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0-1\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu2/topology/core_cpus_list", "0-2,77\n");
    assert_int_equal(topology_read(root, &t, NULL), 0);
    assert_int_equal(t.cores, 2);
    assert_int_equal(t.cpu[1].core, 0);
    assert_int_equal(t.cpu[2].core, 1);
    topology_free(&t);
    fixture_close(root);
}

static void where_smt_is_off_each_cpu_is_a_core_and_no_list_is_read(void **state)
{
    (void)state;
    char root[PATH_MAX];
    struct topology t = {0};
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/sys/devices/system/cpu/online", "0-1\n");
    fixture_write(root, "/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0-1\n");
    fixture_write(root, "/sys/devices/system/cpu/smt/active", "1\n");
    assert_int_equal(topology_read(root, &t, NULL), 0);
    assert_int_equal(t.cores, 1);
    topology_free(&t);
    fixture_write(root, "/sys/devices/system/cpu/smt/active", "0\n");
    assert_int_equal(topology_read(root, &t, NULL), 0);
    assert_int_equal(t.cores, 2);
    assert_int_equal(t.cpu[1].core, 1);
    topology_free(&t);
    fixture_close(root);
}

/* --- choosing by itself --- */

static void two_cores_are_too_few_to_spare_one(void **state)
{
    (void)state;
    struct topology_choice c = choose("two-cpus-vm", NULL, NULL);
    assert_choice(&c, "0-1", "", "2 cores; too few to spare one for housekeeping");
}

static void one_cpu_is_the_benchmarks(void **state)
{
    (void)state;
    struct topology_choice c = choose("one-cpu", NULL, NULL);
    assert_choice(&c, "0", "", "1 core; too few to spare one for housekeeping");
}

static void four_cores_spare_the_first(void **state)
{
    (void)state;
    struct topology_choice c = choose("no-topology", NULL, NULL);
    assert_choice(&c, "1-3", "0", "3 cores; housekeeping on core 0");
}

static void housekeeping_takes_both_siblings(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, NULL);
    assert_choice(&c, "1-7,9-15", "0,8", "7 cores; housekeeping on core 0");
}

static void of_equal_nodes_the_lower_is_chosen(void **state)
{
    (void)state;
    struct topology_choice c = choose("two-sockets", NULL, NULL);
    assert_choice(&c, "1-3,9-11", "0,8", "3 cores of node 0; housekeeping on core 0");
}

static void the_node_with_most_allowed_cores_is_chosen(void **state)
{
    (void)state;
    struct topology_choice c = choose("two-sockets", "1-7,9-15", NULL);
    assert_choice(&c, "5-7,13-15", "4,12", "3 cores of node 1; housekeeping on core 4");
}

static void a_core_of_another_node_keeps_house_where_one_node_is_too_small(void **state)
{
    (void)state;
    struct topology_choice c = choose("power-smt4", NULL, NULL);
    assert_choice(&c, "0-11", "12-15", "3 cores of node 0; housekeeping on core 3");
}

static void a_core_of_the_same_node_keeps_house_before_one_of_another(void **state)
{
    (void)state;
    struct topology_choice c = choose("two-sockets", "0,4-6,12-15", NULL);
    assert_choice(&c, "4-6,12-14", "15", "3 cores of node 1; housekeeping on core 7");
}

static void a_hybrid_gives_its_fast_cores_only(void **state)
{
    (void)state;
    struct topology_choice c = choose("hybrid-laptop", NULL, NULL);
    assert_choice(&c, "2-11", "0-1", "5 cores of class 0 of 2 (0 is the fastest); housekeeping on core 0");
}

static void few_fast_cores_leave_the_house_to_a_slow_one(void **state)
{
    (void)state;
    struct topology_choice c = choose("hybrid-laptop", "0-5,12-19", NULL);
    assert_choice(&c, "0-5", "12", "3 cores of class 0 of 2 (0 is the fastest); housekeeping on core 6");
}

static void one_fast_core_alone_is_passed_over_for_several_slow_ones(void **state)
{
    (void)state;
    struct topology_choice c = choose("hybrid-laptop", "0-1,12-19", NULL);
    assert_choice(&c, "13-19", "12", "7 cores of class 1 of 2 (0 is the fastest); housekeeping on core 6");
}

static void the_fastest_pair_of_cores_is_enough_on_arm(void **state)
{
    (void)state;
    struct topology_choice c = choose("arm-big-little", NULL, NULL);
    assert_choice(&c, "6-7", "0", "2 cores of class 0 of 3 (0 is the fastest); housekeeping on core 0");
}

static void kernel_isolated_cpus_are_left_out(void **state)
{
    (void)state;
    struct topology_choice c = choose("isolcpus", NULL, NULL);
    assert_choice(&c, "1-3", "0", "3 cores; housekeeping on core 0");
}

static void isolated_cpus_are_taken_where_nothing_else_is_allowed(void **state)
{
    (void)state;
    struct topology_choice c = choose("isolcpus", "4-5", NULL);
    assert_choice(
        &c, "4-5", "",
        "2 cores; too few to spare one for housekeeping; all allowed CPUs are isolated by the kernel: no load "
        "balancing there");
}

static void a_core_allowed_in_part_is_left_out(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", "0-2,8-9", NULL);
    assert_list(&c.benchmark, "0-1,8-9");
    assert_list(&c.housekeeping, "2"); /* half a core is good enough to keep house */
}

static void cores_in_part_are_taken_where_none_is_whole(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", "0-4", NULL);
    assert_choice(&c, "1-4", "0", "4 cores; housekeeping on core 0; no whole core is allowed");
}

static void a_core_whose_sibling_is_offline_is_whole(void **state)
{
    (void)state;
    struct topology_choice c = choose("gaps-offline", NULL, NULL);
    assert_choice(&c, "2-3,6-9,12", "0", "4 cores; housekeeping on core 0");
}

static void no_allowed_cpu_online_is_the_hosts_fault(void **state)
{
    (void)state;
    struct topology t = machine("gaps-offline");
    struct topology_choice choice = {0};
    struct err e = {0};
    struct cpulist may = list("4-5");
    assert_int_equal(topology_choose(&t, &may, NULL, &choice, &e), -ENODEV);
    assert_int_equal(e.kind, ERR_HOST);
    topology_free(&t);
}

/* On every captured machine and for many affinities: whatever is chosen, no core is split, no class mixed. */
static void no_choice_splits_a_core_or_mixes_classes_or_nodes(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"smt2-desktop", "two-sockets", "hybrid-laptop", "power-smt4",
                                        "gaps-offline", "isolcpus",    "compact-cores", "arm-big-little"};
    for (size_t m = 0; m < sizeof(NAMES) / sizeof(NAMES[0]); m++) {
        struct topology t = machine(NAMES[m]);
        uint64_t bits = 1;
        for (int round = 0; round < 500; round++) {
            bits = bits * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
            struct cpulist may = {.word[0] = bits >> 32};
            struct topology_choice c = {0};
            may = cpulist_and(&may, &t.online);
            if (cpulist_count(&may) == 0)
                continue;
            assert_int_equal(topology_choose(&t, &may, NULL, &c, NULL), 0);
            assert_true(cpulist_count(&c.benchmark) > 0);
            struct cpulist nodes = topology_nodes_of(&t, &c.benchmark);
            assert_int_equal(cpulist_count(&nodes), 1);
            for (size_t i = 0; i < t.cpus; i++)
                for (size_t j = 0; j < t.cpus; j++) {
                    if (!cpulist_has(&c.benchmark, (unsigned)t.cpu[i].cpu))
                        continue;
                    if (cpulist_has(&c.benchmark, (unsigned)t.cpu[j].cpu))
                        assert_int_equal(t.cpu[i].klass, t.cpu[j].klass);
                    if (cpulist_has(&c.housekeeping, (unsigned)t.cpu[j].cpu))
                        assert_int_not_equal(t.cpu[i].core, t.cpu[j].core);
                }
        }
        topology_free(&t);
    }
}

/* --- as requested --- */

static void a_request_is_met_exactly_and_the_rest_keeps_house(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, "2-3,10-11");
    assert_choice(&c, "2-3,10-11", "0-1,4-9,12-15", "as requested");
}

static void the_idle_sibling_of_a_requested_cpu_keeps_no_house(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, "2-3,10");
    assert_choice(&c, "2-3,10", "0-1,4-9,12-15", "as requested; 1 core in part");
}

static void a_request_for_everything_leaves_no_house(void **state)
{
    (void)state;
    struct topology_choice c = choose("two-cpus-vm", NULL, "0-1");
    assert_choice(&c, "0-1", "", "as requested; no core is left for housekeeping");
}

static void a_request_says_what_it_mixes(void **state)
{
    (void)state;
    struct topology_choice c = choose("hybrid-laptop", NULL, "2-3,12");
    assert_string_equal(c.reason, "as requested; 2 core classes");
    c = choose("two-sockets", NULL, "0,8,4");
    assert_string_equal(c.reason, "as requested; 1 core in part; 2 NUMA nodes");
    c = choose("isolcpus", NULL, "4-7");
    assert_choice(&c, "4-7", "0-3", "as requested; 4 CPUs isolated by the kernel");
}

static void isolated_cpus_keep_house_only_where_no_other_is_left(void **state)
{
    (void)state;
    struct topology_choice c = choose("isolcpus", NULL, "1-3");
    assert_list(&c.housekeeping, "0");
    c = choose("isolcpus", NULL, "0-3");
    assert_list(&c.housekeeping, "4-7");
}

static void a_request_for_an_offline_cpu_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused("gaps-offline", NULL, "2-4", "CPU 4 is offline (usable: 0,2-3,6-9,12)");
}

static void a_request_for_a_cpu_that_does_not_exist_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused("gaps-offline", NULL, "10", "CPU 10 does not exist (usable: 0,2-3,6-9,12)");
}

static void a_request_beyond_the_affinity_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused("smt2-desktop", "0-3", "3-4", "CPU 4 is not allowed to this process (usable: 0-3)");
}

static void a_request_for_nothing_is_refused(void **state)
{
    (void)state;
    assert_refused("one-cpu", NULL, "", "no CPU is named (usable: 0)");
}

/* --- so many --- */

static void a_bare_number_is_one_cpu_and_an_x_is_a_count(void **state)
{
    (void)state;
    struct cpu_request r = {0};
    assert_int_equal(cpu_request_parse("3", &r), 0);
    assert_true(r.has_list);
    assert_list(&r.list, "3");
    r = (struct cpu_request){0};
    assert_int_equal(cpu_request_parse("x3", &r), 0);
    assert_false(r.has_list);
    assert_int_equal(r.count, 3);
    assert_int_equal(cpu_request_parse("auto", &r), 0);
    assert_false(r.has_list);
    assert_int_equal(r.count, 0);
}

static void what_is_neither_list_nor_count_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const NOT[] = {"",     " ",  "x",      "x0",   "x-1", "x 4", "x4 ",
                                      "x4,5", "4x", "x99999", "Auto", "1-",  "3-1"};
    for (size_t i = 0; i < sizeof(NOT) / sizeof(NOT[0]); i++) {
        struct cpu_request r = {.count = 7};
        if (cpu_request_parse(NOT[i], &r) != -EINVAL)
            fail_msg("'%s' was taken", NOT[i]);
        assert_int_equal(r.count, 7);
        assert_false(r.has_list);
    }
}

static void a_count_takes_whole_cores_and_the_first_that_is_not_needed_keeps_house(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, "x4");
    assert_choice(&c, "1-2,9-10", "0,8", "4 CPUs of 2 cores; housekeeping on core 0");
    assert_list(&c.siblings, "");
}

static void an_odd_count_takes_the_last_core_in_part_and_leaves_its_sibling_idle(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, "x3");
    assert_choice(&c, "1-2,9", "0,8", "3 CPUs of 2 cores, the last in part; housekeeping on core 0");
    assert_list(&c.siblings, "10");
}

static void a_count_of_all_leaves_no_house(void **state)
{
    (void)state;
    struct topology_choice c = choose("smt2-desktop", NULL, "x16");
    assert_choice(&c, "0-15", "", "16 CPUs of 8 cores; too few to spare one for housekeeping");
    c = choose("one-cpu", NULL, "x1");
    assert_choice(&c, "0", "", "1 CPU of 1 core; too few to spare one for housekeeping");
}

static void a_count_is_of_the_fastest_class_that_has_so_many(void **state)
{
    (void)state;
    struct topology_choice c = choose("hybrid-laptop", NULL, "x2");
    assert_choice(&c, "2-3", "0-1", "2 CPUs of 1 core of class 0 of 2 (0 is the fastest); housekeeping on core 0");
    c = choose("hybrid-laptop", NULL, "x12");
    assert_choice(&c, "0-11", "12", "12 CPUs of 6 cores of class 0 of 2 (0 is the fastest); housekeeping on core 6");
    c = choose("arm-big-little", NULL, "x3");
    assert_int_equal(cpulist_count(&c.benchmark), 3);
}

static void a_count_beyond_one_class_and_node_is_refused_with_what_there_is(void **state)
{
    (void)state;
    assert_refused("two-sockets", NULL, "x9",
                   "at most 8 CPUs of one core class are on one NUMA node (a list may mix them)");
    assert_refused_by("two-sockets", NULL, "x5", true, -1,
                      "at most 4 CPUs of one core class are on one NUMA node, one per core (a list may mix them)");
    assert_refused("two-cpus-vm", NULL, "x3",
                   "at most 2 CPUs of one core class are on one NUMA node (a list may mix them)");
}

/* --- one thread per core --- */

static void avoiding_smt_takes_the_first_thread_and_leaves_the_siblings_idle(void **state)
{
    (void)state;
    struct topology_choice c = choose_by("smt2-desktop", NULL, NULL, true, -1);
    assert_choice(&c, "1-7", "0,8", "7 cores, one thread per core; housekeeping on core 0");
    assert_list(&c.siblings, "9-15");
}

static void avoiding_smt_of_four_threads_leaves_three_idle(void **state)
{
    (void)state;
    struct topology_choice c = choose_by("power-smt4", NULL, "x2", true, -1);
    assert_choice(&c, "4,8", "0-3", "2 CPUs of 2 cores of node 0, one thread per core; housekeeping on core 0");
    assert_list(&c.siblings, "5-7,9-11");
}

static void avoiding_smt_where_there_is_none_changes_nothing(void **state)
{
    (void)state;
    struct topology_choice c = choose_by("four-sockets", NULL, NULL, true, -1),
                           plain = choose("four-sockets", NULL, NULL);
    assert_true(cpulist_equal(&c.benchmark, &plain.benchmark));
    assert_string_equal(c.reason, plain.reason);
    assert_list(&c.siblings, "");
}

static void a_list_of_one_thread_a_core_leaves_its_siblings_idle(void **state)
{
    (void)state;
    struct topology_choice c = choose_by("smt2-desktop", NULL, "2-3", true, -1);
    assert_list(&c.benchmark, "2-3");
    assert_list(&c.siblings, "10-11");
}

static void a_list_of_siblings_contradicts_avoiding_them(void **state)
{
    (void)state;
    assert_refused_by("smt2-desktop", NULL, "2-3,10", true, -1,
                      "CPU 10 shares its core with another in the list, but --smt avoid was given");
}

/* --- one node --- */

static void a_node_that_is_asked_for_is_taken(void **state)
{
    (void)state;
    struct topology_choice c = choose_by("two-sockets", NULL, NULL, false, 1);
    assert_choice(&c, "5-7,13-15", "4,12", "3 cores of node 1; housekeeping on core 4");
    c = choose_by("four-sockets", NULL, "x4", false, 2);
    assert_choice(&c, "8-11", "0", "4 CPUs of 4 cores of node 2; housekeeping on core 0");
}

static void a_node_without_cpus_is_refused_with_those_that_have_some(void **state)
{
    (void)state;
    assert_refused_by("two-sockets", NULL, NULL, false, 7,
                      "NUMA node 7 has no online CPU (nodes with usable CPUs: 0-1)");
    assert_refused_by("two-sockets", "0-3,8-11", NULL, false, 1,
                      "NUMA node 1 has no CPU that this process may use (nodes with usable CPUs: 0)");
}

static void a_list_off_the_node_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused_by("two-sockets", NULL, "0,4", false, 0, "CPU 4 is on NUMA node 1, but --numa 0 was given");
}

/* On every captured machine: each count that is granted is met exactly, on one node, of one class, and with siblings
 * avoided on as many cores. */
static void every_count_is_met_exactly_or_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "arm-big-little", "busy-server", "compact-cores", "four-sockets", "gaps-offline", "hybrid-laptop", "isolcpus",
        "no-topology",    "one-cpu",     "power-smt4",    "smt2-desktop", "two-cpus-vm",  "two-sockets"};
    for (size_t m = 0; m < sizeof(NAMES) / sizeof(NAMES[0]); m++) {
        struct topology t = machine(NAMES[m]);
        for (unsigned n = 1; n <= cpulist_count(&t.online) + 1; n++)
            for (int avoid = 0; avoid < 2; avoid++) {
                const struct cpu_request wants = {.count = n, .avoid_smt = avoid};
                struct topology_choice c = {0};
                struct cpulist cores = {0}, classes = {0};
                if (topology_choose(&t, &t.online, &wants, &c, NULL) != 0)
                    continue;
                assert_int_equal(cpulist_count(&c.benchmark), n);
                struct cpulist both = cpulist_and(&c.benchmark, &c.housekeeping);
                assert_int_equal(cpulist_count(&both), 0);
                both = cpulist_and(&c.siblings, &c.housekeeping);
                assert_int_equal(cpulist_count(&both), 0);
                both = topology_nodes_of(&t, &c.benchmark);
                assert_int_equal(cpulist_count(&both), 1);
                for (size_t i = 0; i < t.cpus; i++)
                    if (cpulist_has(&c.benchmark, (unsigned)t.cpu[i].cpu)) {
                        cpulist_add(&cores, (unsigned)t.cpu[i].core);
                        cpulist_add(&classes, (unsigned)t.cpu[i].klass);
                    }
                assert_int_equal(cpulist_count(&classes), 1);
                if (avoid)
                    assert_int_equal(cpulist_count(&cores), n);
            }
        topology_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cpu_is_one_of_everything),
        cmocka_unit_test(cpus_without_a_topology_are_cores_of_their_own),
        cmocka_unit_test(siblings_of_a_desktop_share_a_core),
        cmocka_unit_test(favoured_cores_of_a_desktop_are_no_class),
        cmocka_unit_test(equal_core_ids_on_two_sockets_are_not_one_core),
        cmocka_unit_test(a_node_of_memory_alone_does_not_count),
        cmocka_unit_test(large_package_ids_are_told_apart),
        cmocka_unit_test(node_numbers_may_have_gaps),
        cmocka_unit_test(offline_cpus_are_left_out_and_gaps_are_bridged),
        cmocka_unit_test(hybrid_classes_come_from_the_lists_of_core_types),
        cmocka_unit_test(without_lists_capacity_tells_the_same_classes),
        cmocka_unit_test(capacities_make_three_classes_on_arm),
        cmocka_unit_test(a_package_id_of_minus_one_is_socket_0),
        cmocka_unit_test(frequencies_far_apart_are_classes_where_nothing_else_tells),
        cmocka_unit_test(frequencies_exactly_a_fifth_apart_are_one_class),
        cmocka_unit_test(a_root_without_cpus_is_an_error_that_names_the_file),
        cmocka_unit_test(sibling_lists_that_contradict_each_other_give_each_cpu_one_core),
        cmocka_unit_test(where_smt_is_off_each_cpu_is_a_core_and_no_list_is_read),
        cmocka_unit_test(two_cores_are_too_few_to_spare_one),
        cmocka_unit_test(one_cpu_is_the_benchmarks),
        cmocka_unit_test(four_cores_spare_the_first),
        cmocka_unit_test(housekeeping_takes_both_siblings),
        cmocka_unit_test(of_equal_nodes_the_lower_is_chosen),
        cmocka_unit_test(the_node_with_most_allowed_cores_is_chosen),
        cmocka_unit_test(a_core_of_another_node_keeps_house_where_one_node_is_too_small),
        cmocka_unit_test(a_core_of_the_same_node_keeps_house_before_one_of_another),
        cmocka_unit_test(a_hybrid_gives_its_fast_cores_only),
        cmocka_unit_test(few_fast_cores_leave_the_house_to_a_slow_one),
        cmocka_unit_test(one_fast_core_alone_is_passed_over_for_several_slow_ones),
        cmocka_unit_test(the_fastest_pair_of_cores_is_enough_on_arm),
        cmocka_unit_test(kernel_isolated_cpus_are_left_out),
        cmocka_unit_test(isolated_cpus_are_taken_where_nothing_else_is_allowed),
        cmocka_unit_test(a_core_allowed_in_part_is_left_out),
        cmocka_unit_test(cores_in_part_are_taken_where_none_is_whole),
        cmocka_unit_test(a_core_whose_sibling_is_offline_is_whole),
        cmocka_unit_test(no_allowed_cpu_online_is_the_hosts_fault),
        cmocka_unit_test(no_choice_splits_a_core_or_mixes_classes_or_nodes),
        cmocka_unit_test(a_request_is_met_exactly_and_the_rest_keeps_house),
        cmocka_unit_test(the_idle_sibling_of_a_requested_cpu_keeps_no_house),
        cmocka_unit_test(a_request_for_everything_leaves_no_house),
        cmocka_unit_test(a_request_says_what_it_mixes),
        cmocka_unit_test(isolated_cpus_keep_house_only_where_no_other_is_left),
        cmocka_unit_test(a_request_for_an_offline_cpu_is_refused_by_name),
        cmocka_unit_test(a_request_for_a_cpu_that_does_not_exist_is_refused_by_name),
        cmocka_unit_test(a_request_beyond_the_affinity_is_refused_by_name),
        cmocka_unit_test(a_request_for_nothing_is_refused),
        cmocka_unit_test(a_bare_number_is_one_cpu_and_an_x_is_a_count),
        cmocka_unit_test(what_is_neither_list_nor_count_is_refused_and_changes_nothing),
        cmocka_unit_test(a_count_takes_whole_cores_and_the_first_that_is_not_needed_keeps_house),
        cmocka_unit_test(an_odd_count_takes_the_last_core_in_part_and_leaves_its_sibling_idle),
        cmocka_unit_test(a_count_of_all_leaves_no_house),
        cmocka_unit_test(a_count_is_of_the_fastest_class_that_has_so_many),
        cmocka_unit_test(a_count_beyond_one_class_and_node_is_refused_with_what_there_is),
        cmocka_unit_test(avoiding_smt_takes_the_first_thread_and_leaves_the_siblings_idle),
        cmocka_unit_test(avoiding_smt_of_four_threads_leaves_three_idle),
        cmocka_unit_test(avoiding_smt_where_there_is_none_changes_nothing),
        cmocka_unit_test(a_list_of_one_thread_a_core_leaves_its_siblings_idle),
        cmocka_unit_test(a_list_of_siblings_contradicts_avoiding_them),
        cmocka_unit_test(a_node_that_is_asked_for_is_taken),
        cmocka_unit_test(a_node_without_cpus_is_refused_with_those_that_have_some),
        cmocka_unit_test(a_list_off_the_node_is_refused_by_name),
        cmocka_unit_test(every_count_is_met_exactly_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, close_machine);
}
