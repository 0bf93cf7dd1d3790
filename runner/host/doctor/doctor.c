/* The table of settings that bias a benchmark, and their judgement. */
#include "host/doctor/doctor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/facts.h"
#include "base/text.h"

/* How an absent fact is judged. */
enum absence {
    ASKS,  /* unknown */
    FINE,  /* ok if the kernel has no such file; else unknown */
    WORSE, /* as bad as a wrong value */
};

typedef bool predicate(const struct facts *all, const struct fact *f, const char *want);

struct row {
    const char *id;
    enum doctor_level level;
    const char *key; /* the fact's */
    predicate *good; /* NULL: only noted */
    const char *want;
    enum absence absence;
    const char *tune;
    const char *why;
    const char *remedy;
};

static predicate is_one_of, is_at_least, is_at_most, is_kernel_from, is_empty, is_there, has_no_irqs, swaps_not,
    counts_swap, stays_on_node;

#define REQUIRED    DOCTOR_REQUIRED
#define RECOMMENDED DOCTOR_RECOMMENDED
#define RECORDED    DOCTOR_RECORDED

/* clang-format off */
static const struct row ROWS[] = {
    /* --- the slice: Documentation/admin-guide/cgroup-v2.rst --- */
    {"cgroup2", REQUIRED, "cgroup2.mount", is_there, NULL, WORSE, NULL,
     "slices are its directories", "mount -t cgroup2 none /sys/fs/cgroup"},
    {"cgroup_cpuset", REQUIRED, "cgroup2.cpuset", is_there, NULL, WORSE, NULL,
     "without it only affinity restricts CPUs, which a workload can change",
     "boot with cgroup_no_v1=all (systemd: systemd.unified_cgroup_hierarchy=1)"},
    {"cgroup_memory", REQUIRED, "cgroup2.memory", is_there, NULL, WORSE, NULL,
     "it accounts the slice's memory",
     "boot with cgroup_no_v1=all (systemd: systemd.unified_cgroup_hierarchy=1)"},
    {"cgroup_pids", REQUIRED, "cgroup2.pids", is_there, NULL, WORSE, NULL,
     "without it a fork bomb takes down the host", "boot with cgroup_no_v1=all"},
    {"cgroup_v1", RECOMMENDED, "cgroup1", is_empty, NULL, FINE, NULL,
     "a controller held by v1 is not available in v2", "boot with cgroup_no_v1=all"},
    {"cgroup_kill", REQUIRED, "cgroup_kill", is_one_of, "on", WORSE, NULL,
     "only it kills a whole slice at once, even a fork bomb", "a kernel from 5.14"},
    {"memory_peak", RECOMMENDED, "memory_peak", is_one_of, "on", ASKS, NULL,
     "the peak is usually between two samples", "a kernel from 5.19"},
    {"swap_accounting", RECOMMENDED, "swap_accounting", counts_swap, NULL, ASKS, NULL,
     "without it memory.swap.max=0 cannot keep a slice out of swap", "boot with swapaccount=1"},
    {"psi", RECOMMENDED, "psi", is_one_of, "on", WORSE, NULL,
     "pressure shows that tasks waited, and for what", "boot with psi=1"},
    {"kernel", RECOMMENDED, "kernel_release", is_kernel_from, "6.6", WORSE, NULL,
     "cpuset partitions changed, with fixes up to 6.6", "a kernel from 6.6"},
    {"cmdline_harmful", RECOMMENDED, "cmdline_harmful", is_empty, NULL, ASKS, NULL,
     "debugging options and disabled features change the figures", "boot without these"},
    {"cmdline", RECORDED, "cmdline_notable", NULL, NULL, ASKS, NULL,
     "kernel options on which figures depend", NULL},

    /* --- the CPUs --- */
    {"benchmark_cpus", RECORDED, "benchmark_cpus", NULL, NULL, ASKS, NULL, "where the benchmark runs", NULL},
    {"housekeeping_cpus", RECOMMENDED, "housekeeping_cpus", is_there, NULL, WORSE, NULL,
     "the runner and all other processes share the benchmark's CPUs", "tare run --cpus LIST with fewer than all"},
    {"governor", RECOMMENDED, "governor", is_one_of, "performance", ASKS, "governor",
     "frequency that follows load measures the governor", "tare tune --only governor"},
    {"scaling_driver", RECORDED, "scaling_driver", NULL, NULL, ASKS, NULL, "it decides the frequency", NULL},
    {"turbo", RECOMMENDED, "turbo", is_one_of, "off", ASKS, "turbo",
     "frequency depends on temperature and on how many cores are busy", "tare tune --only turbo"},
    {"smt", RECOMMENDED, "smt_active", is_one_of, "off", ASKS, "smt",
     "two threads of a core share its units: a worker slows its sibling", "tare tune --only smt (or boot with nosmt)"},
    {"cpuidle", RECORDED, "cpuidle_driver", NULL, NULL, ASKS, NULL, "waking from deep sleep takes up to 100s of µs", NULL},
    {"isolcpus", RECORDED, "isolated_cpus", is_empty, NULL, ASKS, NULL,
     "no load balancing there: unpinned threads pile up on one CPU",
     "boot without isolcpus; a cpuset partition (root) is exclusive and balanced"},
    {"nohz_full", RECORDED, "nohz_full", NULL, NULL, FINE, NULL,
     "no tick on a CPU with one task; system calls cost more", NULL},
    {"mitigations", RECORDED, "mitigations_summary", NULL, NULL, ASKS, NULL,
     "they make system calls and switches up to twice as expensive", NULL},

    /* --- clocks --- */
    {"clocksource", RECOMMENDED, "clocksource", is_one_of,
     /* read without a system call (arch/…/include/asm/vdso/clocksource.h) */
     "tsc|kvm-clock|hyperv_clocksource_tsc_page|arch_sys_counter|timebase|tod|riscv_clocksource", ASKS, NULL,
     "others need a system call or a bus read for each stamp",
     "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource (or boot with tsc=reliable)"},
    {"hrtimers", RECOMMENDED, "hrtimers", is_one_of, "on", ASKS, NULL,
     "without them sampling wakes at ticks of some ms", "boot without highres=off"},

    /* --- memory --- */
    {"thp", RECOMMENDED, "thp_enabled", is_one_of, "madvise|never", FINE, "thp",
     "huge pages make RSS jump by 2 MiB at random times", "tare tune --only thp"},
    {"ksm", RECOMMENDED, "ksm_run", is_one_of, "0|2", FINE, "ksm",
     "equal pages of workers are merged during the measurement", "tare tune --only ksm"},
    {"numa_balancing", RECOMMENDED, "numa_balancing", stays_on_node, NULL, FINE, "numa_balancing",
     "pages are unmapped and moved during the run", "tare tune --only numa_balancing"},
    {"swap", RECOMMENDED, "swap_total_bytes", swaps_not, NULL, ASKS, NULL,
     "swapped memory is missing from RSS and slow to read back", "swapoff -a"},
    {"swappiness", RECOMMENDED, "swappiness", swaps_not, NULL, FINE, "swappiness",
     "how early idle memory is swapped out", "tare tune --only swappiness"},
    {"memory", RECOMMENDED, "memory_available_bytes", is_at_least, "1073741824", ASKS, NULL,
     "eight workers of 64 MiB and as much for caches; with less, reclaim is measured", "end processes that use it"},
    {"aslr", RECORDED, "aslr", NULL, NULL, ASKS, "aslr",
     "on, each run has another memory layout; off, all runs share one", NULL},

    /* --- interruptions --- */
    {"irqs", RECOMMENDED, "irqs", has_no_irqs, NULL, ASKS, "irq",
     "interrupts that may run on the benchmark's CPUs take its time", "tare tune --only irq"},
    {"irqbalance", RECOMMENDED, "irqbalance", is_one_of, "off", ASKS, NULL,
     "it moves interrupts back while the benchmark runs", "systemctl stop irqbalance"},
    {"daemons", RECOMMENDED, "settings_daemons", is_empty, NULL, ASKS, NULL,
     "they change the governor and similar settings during a run", "systemctl stop them"},
    {"watchdog", RECOMMENDED, "watchdog", is_one_of, "off", FINE, "watchdog",
     "it wakes every CPU every 4 s", "tare tune --only watchdog"},
    {"nmi_watchdog", RECOMMENDED, "nmi_watchdog", is_one_of, "off", FINE, "nmi_watchdog",
     "it takes a performance counter and interrupts every CPU", "tare tune --only nmi_watchdog"},
    {"stat_interval", RECOMMENDED, "stat_interval", is_at_least, "10", FINE, "stat_interval",
     "memory statistics are folded on every CPU each second", "tare tune --only stat_interval"},
    {"autogroup", RECORDED, "sched_autogroup", NULL, NULL, FINE, NULL,
     "a session's tasks share one weight, except in a slice with the cpu controller", NULL},
    {"perf_event_paranoid", RECORDED, "perf_event_paranoid", NULL, NULL, FINE, NULL,
     "whether counters can be read without privilege", NULL},
    {"perf_event_cpu_limit", RECORDED, "perf_cpu_time_max_percent", NULL, NULL, FINE, NULL,
     "the kernel throttles sampling above this share of time", NULL},
    {"tracing", RECORDED, "tracing", is_one_of, "on", ASKS, NULL,
     "whether --why can open its samples, switches and user probes",
     "run as root, or: setcap cap_perfmon,cap_syslog+ep on tare; probes take a kernel with CONFIG_UPROBE_EVENTS"},

    /* --- other load --- */
    {"load", RECOMMENDED, "load_1min", is_at_most, "0.5", ASKS, NULL,
     "other processes run, or did a moment ago", "wait, or end them (top)"},
    {"cpu_pressure", RECOMMENDED, "cpu_pressure_avg10", is_at_most, "1", ASKS, NULL,
     "percent of the last 10 s in which some task waited for a CPU", "wait, or end them (top)"},
    {"steal", RECOMMENDED, "steal_percent", is_at_most, "0.1", ASKS, NULL,
     "percent of the time since boot that the hypervisor gave to others", "a dedicated host, or pinned virtual CPUs"},
    {"hypervisor", RECOMMENDED, "hypervisor", is_one_of, "none", ASKS, NULL,
     "VM exits and neighbours' load add to the figures", "run on the machine itself"},
    {"emulation", RECOMMENDED, "emulated", is_one_of, "off", ASKS, NULL,
     "times measured under emulation mean nothing; function and memory do", "run on the machine itself"},
    {"container", RECOMMENDED, "container", is_one_of, "none", ASKS, NULL,
     "the host's settings and neighbours are not visible", "run on the host, or mention it with the figures"},
};
/* clang-format on */

const char *const doctor_level_names[] = {"required", "recommended", "recorded"};

const char *const doctor_verdict_names[DOCTOR_VERDICTS] = {"fails", "warns", "unknown", "ok", "noted"};

/* --- values ----------------------------------------------------------------------------------------------------- */

/* The value as it is printed, which is_one_of() also compares. */
static void format_value(const struct fact *f, struct text *out)
{
    char buf[32];
    text_add(out, "%s", "");
    if (f->kind == FACT_INT && text_ends_with(f->key, "_bytes"))
        text_add(out, "%s", text_bytes((uint64_t)f->integer, buf, sizeof(buf)));
    else if (f->kind == FACT_INT)
        text_add(out, "%lld", (long long)f->integer);
    else if (f->kind == FACT_REAL)
        text_add(out, "%.2f", f->real);
    else if (f->kind == FACT_BOOL)
        text_add(out, "%s", f->truth ? "on" : "off");
    else if (f->kind == FACT_TEXT)
        text_add(out, "%s", *f->text ? f->text : "none");
}

static double number_of(const struct fact *f)
{
    return f->kind == FACT_INT ? (double)f->integer : f->kind == FACT_REAL ? f->real : 0;
}

/* --- predicates ------------------------------------------------------------------------------------------------- */

static bool is_one_of(const struct facts *all, const struct fact *f, const char *want)
{
    cleanup_text struct text value = {0};
    (void)all;
    format_value(f, &value);
    return text_has_word(want, "|", value.data);
}

static bool is_at_least(const struct facts *all, const struct fact *f, const char *want)
{
    (void)all;
    return number_of(f) >= strtod(want, NULL);
}

static bool is_at_most(const struct facts *all, const struct fact *f, const char *want)
{
    (void)all;
    return number_of(f) <= strtod(want, NULL);
}

static bool is_empty(const struct facts *all, const struct fact *f, const char *want)
{
    (void)all, (void)want;
    return f->kind == FACT_TEXT && !*f->text;
}

static bool is_there(const struct facts *all, const struct fact *f, const char *want)
{
    (void)all, (void)want;
    return f->kind == FACT_TEXT && *f->text;
}

static bool is_kernel_from(const struct facts *all, const struct fact *f, const char *want)
{
    char *rest = NULL, *want_rest = NULL;
    (void)all;
    if (f->kind != FACT_TEXT)
        return false;
    long major = strtol(f->text, &rest, 10), want_major = strtol(want, &want_rest, 10);
    long minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
    return major > want_major || (major == want_major && minor >= strtol(want_rest + 1, NULL, 10));
}

static bool has_no_irqs(const struct facts *all, const struct fact *f, const char *want)
{
    (void)all, (void)want;
    return f->kind == FACT_TEXT && strncmp(f->text, "0 of ", 5) == 0;
}

/* Whether slices do not swap: no swap, swappiness 0, or memory.swap.max available. */
static bool swaps_not(const struct facts *all, const struct fact *f, const char *want)
{
    (void)want;
    return facts_integer(all, "swap_total_bytes", 1) == 0 || facts_integer(all, "swappiness", 1) == 0 ||
           (strcmp(f->key, "swap_total_bytes") == 0 && facts_truth(all, "swap_accounting"));
}

static bool counts_swap(const struct facts *all, const struct fact *f, const char *want)
{
    (void)want;
    return f->truth || facts_integer(all, "swap_total_bytes", 1) == 0;
}

static bool stays_on_node(const struct facts *all, const struct fact *f, const char *want)
{
    (void)want;
    return f->integer == 0 || facts_integer(all, "topology.numa_nodes", 2) == 1;
}

/* --- judgement -------------------------------------------------------------------------------------------------- */

static enum doctor_verdict bad(const struct row *row)
{
    return row->level == DOCTOR_REQUIRED ? DOCTOR_FAILS : DOCTOR_WARNS;
}

/* Whether the file does not exist, by the text of reading_take(). */
static bool is_missing(const struct fact *f)
{
    return strncmp(f->text, "no /", 4) == 0;
}

static enum doctor_verdict judge(const struct row *row, const struct facts *all, const struct fact *f)
{
    if (!f || f->kind == FACT_ABSENT) {
        if (row->absence == WORSE)
            return bad(row);
        return f && row->absence == FINE && is_missing(f) ? DOCTOR_OK : DOCTOR_UNKNOWN;
    }
    if (!row->good)
        return DOCTOR_NOTED;
    return row->good(all, f, row->want) ? DOCTOR_OK : bad(row);
}

struct finding *doctor_add(struct diagnosis *d, const struct finding *finding)
{
    d->finding = xgrow(d->finding, d->findings, sizeof(*d->finding));
    d->count[finding->verdict]++;
    d->finding[d->findings] = *finding;
    return &d->finding[d->findings++];
}

struct diagnosis doctor_judge(const struct facts *facts)
{
    struct diagnosis d = {0};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *row = &ROWS[i];
        const struct fact *f = facts_find(facts, row->key);
        struct text words = {0};
        struct finding to = {row->id, row->level, judge(row, facts, f), .why = row->why, .tune = row->tune};
        if (to.verdict == DOCTOR_FAILS || to.verdict == DOCTOR_WARNS)
            to.remedy = row->remedy;
        if (f && f->kind != FACT_ABSENT)
            format_value(f, &words);
        else
            to.reason = xstrdup(f ? f->text : "not read");
        to.value = words.data;
        (void)doctor_add(&d, &to);
    }
    return d;
}

void doctor_free(struct diagnosis *d)
{
    for (size_t i = 0; i < d->findings; i++) {
        free(d->finding[i].value);
        free(d->finding[i].reason);
    }
    free(d->finding);
    *d = (struct diagnosis){0};
}
