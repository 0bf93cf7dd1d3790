/* Plans a tune: the table of settings, and each row's files on this machine. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"
#include "host/topology.h"
#include "host/tune/tune.h"

#define POLICIES   "/sys/devices/system/cpu/cpufreq"
#define PATH_BYTES sizeof(((struct tune_step *)0)->path)
#define NO_NUMBER  (-1) /* of a setting that has one file */

struct plan {
    const char *root;
    const struct topology_choice *cpus;
    bool smt; /* SMT is switched off too */
    struct tune_steps *to;
};

/* A row is for the setting of its name in knob.c's table, or has a function for others and for several. */
struct row {
    const char *id;
    bool by_name_only; /* only if --only names it */
    const char *want;
    const char *fine;
    bool at_least;
    void (*plan)(const struct row *row, struct plan *p);
    const char *help;
};

static void plan_irq(const struct row *row, struct plan *p);
static void plan_governor(const struct row *row, struct plan *p);
static void plan_turbo(const struct row *row, struct plan *p);
static void plan_watchdog(const struct row *row, struct plan *p);

/* In the order of writing; a restore goes backwards. SMT is last: a CPU that goes offline takes its cpufreq policy with
 * it and moves interrupts, so all else is noted before and restored after. nmi_watchdog comes before watchdog, which
 * switches both detectors (Documentation/admin-guide/sysctl/kernel.rst). */
/* clang-format off */
static const struct row ROWS[] = {
    {"irq", false, NULL, NULL, false, plan_irq,
     "interrupts away from the benchmark's CPUs, present ones and future ones"},
    {"governor", false, "performance\n", NULL, false, plan_governor,
     "cpufreq governor performance"},
    {"turbo", false, NULL, NULL, false, plan_turbo,
     "no turbo, no boost: the frequency does not depend on temperature and other load"},
    {"thp", false, "madvise\n", "never", false, NULL,
     "transparent huge pages only for programs that ask for them"},
    {"ksm", false, "0\n", "2", false, NULL,
     "no merging of equal pages"},
    {"numa_balancing", false, "0\n", NULL, false, NULL,
     "no migration of pages between nodes"},
    {"swappiness", false, "0\n", NULL, false, NULL,
     "swap as the last resort"},
    {"stat_interval", false, "10\n", NULL, true, NULL,
     "per-CPU memory statistics folded every 10 s instead of every second"},
    {"nmi_watchdog", false, "0\n", NULL, false, NULL,
     "no hard lockup detector: it takes a performance counter and interrupts every CPU"},
    {"watchdog", false, "0\n", NULL, false, plan_watchdog,
     "no soft lockup detector: it wakes every CPU every 4 s"},
    {"aslr", true, "0\n", NULL, false, NULL,
     "no address space randomisation: all runs have the same layout"},
    {"smt", true, "off\n", "forceoff|notsupported|notimplemented", false, NULL,
     "the second threads of all cores offline (v1 cpusets forget CPUs that go offline)"},
};
/* clang-format on */

/* --- folders of numbered entries -------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    int l = *(const int *)a, r = *(const int *)b;
    return (l > r) - (l < r);
}

/* The numbers N of a folder's entries "PREFIXN", ascending. The caller frees *ret. */
static size_t list_numbers(const char *root, const char *folder, const char *prefix, int **ret)
{
    size_t count = 0;
    *ret = NULL;
    cleanup_dir DIR *dir = beneath_open_dir(root, folder);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        size_t len = strlen(prefix);
        if (strncmp(d->d_name, prefix, len) != 0 || !isdigit((unsigned char)d->d_name[len]))
            continue;
        *ret = xgrow(*ret, count, sizeof(**ret));
        (*ret)[count++] = atoi(d->d_name + len);
    }
    if (count > 1)
        qsort(*ret, count, sizeof(**ret), compare_numbers);
    return count;
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

static void absent(const struct row *row, struct plan *p, const char *path, const char *why)
{
    struct tune_step *s = tune_steps_add(p->to, row->id, KNOB_VALUE, path);
    s->outcome = TUNE_ABSENT;
    text_format(s->reason, sizeof(s->reason), "%s", why);
}

/* The path and kind of a setting, by its name in knob.c; for a numbered one with that number. */
static enum knob_kind find(const char *name, int number, char path[PATH_BYTES])
{
    char numbered[64];
    enum knob_kind kind = KNOB_VALUE;
    text_format(numbered, sizeof(numbered), number < 0 ? "%s" : "%s:%d", name, number);
    if (knob_find(numbered, path, PATH_BYTES, &kind) != 0)
        abort(); /* the table has all that is named here */
    return kind;
}

/* Reads a setting. Returns the length or a negative errno: it is not here. */
static ssize_t read_setting(const struct plan *p, const char *name, int number, char now[KNOB_MAX])
{
    char path[PATH_BYTES];
    (void)find(name, number, path);
    return knob_read(p->root, path, now, KNOB_MAX);
}

static void plan_one(const struct row *row, struct plan *p, const char *name, int number, const char *want)
{
    char path[PATH_BYTES];
    enum knob_kind kind = find(name, number, path);
    struct tune_step *s = tune_steps_add(p->to, row->id, kind, path);
    s->fine = row->fine;
    s->at_least = row->at_least;
    s->want = xstrdup(want);
}

static void plan_keep(const struct row *row, struct plan *p, const char *name, int number)
{
    char now[KNOB_MAX], path[PATH_BYTES];
    enum knob_kind kind = find(name, number, path);
    if (knob_read(p->root, path, now, sizeof(now)) >= 0)
        tune_steps_add(p->to, row->id, kind, path)->keep = true;
}

/* The drivers of active mode change a policy's energy preference with its governor
 * (Documentation/admin-guide/pm/intel_pstate.rst, "Energy vs Performance Hints"; amd-pstate.rst). */
static void plan_governor(const struct row *row, struct plan *p)
{
    cleanup_free int *policy = NULL;
    size_t count = list_numbers(p->root, POLICIES, "policy", &policy);
    for (size_t i = 0; i < count; i++) {
        plan_keep(row, p, "energy_preference", policy[i]);
        plan_one(row, p, "governor", policy[i], row->want);
    }
    if (count == 0)
        absent(row, p, POLICIES "/policy*/scaling_governor", "no cpufreq driver governs this machine");
}

/* Documentation/admin-guide/pm/intel_pstate.rst (no_turbo) and cpufreq.rst (boost; one a policy since 6.11). */
static void plan_turbo(const struct row *row, struct plan *p)
{
    char now[KNOB_MAX], path[PATH_BYTES];
    cleanup_free int *policy = NULL;
    size_t found = 0;
    if (read_setting(p, "no_turbo", NO_NUMBER, now) >= 0) {
        plan_one(row, p, "no_turbo", NO_NUMBER, "1\n");
        return;
    }
    if (read_setting(p, "boost", NO_NUMBER, now) >= 0) {
        plan_one(row, p, "boost", NO_NUMBER, "0\n");
        return;
    }
    size_t count = list_numbers(p->root, POLICIES, "policy", &policy);
    for (size_t i = 0; i < count; i++) {
        if (read_setting(p, "policy_boost", policy[i], now) < 0)
            continue;
        plan_one(row, p, "policy_boost", policy[i], "0\n");
        found++;
    }
    (void)find("no_turbo", NO_NUMBER, path);
    if (found == 0)
        absent(row, p, path, "neither intel_pstate/no_turbo nor a cpufreq boost: the kernel does not govern it");
}

/* watchdog switches the two others too; see try_together() in tune.c. */
static void plan_watchdog(const struct row *row, struct plan *p)
{
    plan_keep(row, p, "soft_watchdog", NO_NUMBER);
    plan_keep(row, p, "nmi_watchdog", NO_NUMBER);
    plan_one(row, p, "watchdog", NO_NUMBER, row->want);
}

/* The affinity without the benchmark's CPUs; if none is left, the housekeeping CPUs. */
static struct cpulist moved_away(const struct plan *p, const struct cpulist *now)
{
    struct cpulist left = cpulist_minus(now, &p->cpus->benchmark);
    return cpulist_count(&left) > 0 ? left : p->cpus->housekeeping;
}

static bool reaches_benchmark(const struct plan *p, const struct cpulist *now)
{
    struct cpulist both = cpulist_and(now, &p->cpus->benchmark);
    return cpulist_count(&both) > 0;
}

/* Documentation/core-api/irq/irq-affinity.rst: default_smp_affinity is for interrupts not yet active, a mask. */
static void plan_default_irq(const struct row *row, struct plan *p)
{
    char now[KNOB_MAX], want[KNOB_MAX - 1], line[KNOB_MAX];
    struct cpulist set;
    if (read_setting(p, "default_irq", NO_NUMBER, now) < 0 || knob_mask_parse(now, &set) != 0)
        return;
    struct cpulist to = moved_away(p, &set);
    knob_mask_format(reaches_benchmark(p, &set) ? &to : &set, want, sizeof(want));
    text_format(line, sizeof(line), "%s\n", want);
    plan_one(row, p, "default_irq", NO_NUMBER, line);
}

static void plan_one_irq(const struct row *row, struct plan *p, int irq)
{
    char now[KNOB_MAX], want[KNOB_MAX - 1], line[KNOB_MAX];
    struct cpulist set;
    if (read_setting(p, "irq", irq, now) < 0 || cpulist_parse(now, &set) != 0)
        return;
    if (!reaches_benchmark(p, &set)) {
        if (p->smt) /* the kernel moves it if all its CPUs go offline */
            plan_keep(row, p, "irq", irq);
        return;
    }
    struct cpulist to = moved_away(p, &set);
    if (cpulist_format(&to, want, sizeof(want)) < 0)
        return;
    text_format(line, sizeof(line), "%s\n", want);
    plan_one(row, p, "irq", irq, line);
}

static void plan_irq(const struct row *row, struct plan *p)
{
    static const char FOLDER[] = "/proc/irq";
    cleanup_free int *irq = NULL;
    size_t before = p->to->steps;
    size_t count = list_numbers(p->root, FOLDER, "", &irq);
    if (cpulist_count(&p->cpus->housekeeping) == 0) {
        absent(row, p, FOLDER, "the benchmark has every CPU, so none is left for interrupts (give --cpus fewer)");
        return;
    }
    plan_default_irq(row, p);
    for (size_t i = 0; i < count; i++)
        plan_one_irq(row, p, irq[i]);
    if (p->to->steps == before)
        absent(row, p, FOLDER, "no interrupt's affinity can be read here");
}

/* --- the plan --------------------------------------------------------------------------------------------------- */

static const struct row *find_row(const char *id, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (strlen(ROWS[i].id) == len && strncmp(ROWS[i].id, id, len) == 0)
            return &ROWS[i];
    return NULL;
}

static int unknown_id(const char *id, size_t len, struct err *e)
{
    cleanup_text struct text all = {0};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        text_add(&all, "%s%s", i == 0 ? "" : ", ", ROWS[i].id);
    char near[SUGGEST_TEXT_MAX];
    cleanup_free char *typed = text_printf("%.*s", (int)len, id);
    struct suggest known = SUGGEST(typed);
    suggest_offer_list(&known, all.data);
    return err_set(e, ERR_USAGE, -EINVAL, "--only '%s': what is allowed is %s%s", typed, all.data,
                   suggest_text(&known, "", near));
}

static bool is_chosen(const struct row *row, const char *only)
{
    if (!only)
        return !row->by_name_only;
    for (const char *p = only; *p; p += strcspn(p, ","), p += *p == ',')
        if (find_row(p, strcspn(p, ",")) == row)
            return true;
    return false;
}

int tune_plan(const char *root, const struct topology_choice *cpus, const char *only, struct tune_steps *ret,
              struct err *e)
{
    struct plan p = {.root = root, .cpus = cpus, .to = ret};
    for (const char *id = only; id && *id; id += strcspn(id, ","), id += *id == ',')
        if (!find_row(id, strcspn(id, ",")))
            return unknown_id(id, strcspn(id, ","), e);
    p.smt = is_chosen(&ROWS[ARRAY_LEN(ROWS) - 1], only);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (!is_chosen(&ROWS[i], only))
            continue;
        if (ROWS[i].plan)
            ROWS[i].plan(&ROWS[i], &p);
        else
            plan_one(&ROWS[i], &p, ROWS[i].id, NO_NUMBER, ROWS[i].want);
    }
    return 0;
}

void tune_help(struct text *out)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        text_add(out, "  %-16s %s%s\n", ROWS[i].id, ROWS[i].help, ROWS[i].by_name_only ? " (only by --only)" : "");
}
