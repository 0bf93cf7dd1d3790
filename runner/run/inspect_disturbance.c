#include "run/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "record/record.h"

/* Smaller shares are within the accounting's resolution. */
#define SMALL_SHARE 0.01
#define FEW_TICKS   2 /* in a short run, even so few ticks exceed 1% */
#define DRIFT_SHARE 0.05

/* --- figures ------------------------------------------------------------------------------------------------------ */

static const struct fact *number(const struct facts *facts, const char *key)
{
    const struct fact *f = facts_find(facts, key);
    return f && f->kind == FACT_INT ? f : NULL;
}

static double window_s(const struct record *r)
{
    int64_t ns = facts_integer(&r->disturbance, "window_ns", 0);
    return ns > 0 ? (double)ns / (double)NS_PER_S : 1;
}

static double seconds_of_ticks(const struct record *r, int64_t ticks)
{
    int64_t per_second = facts_integer(&r->disturbance, "ticks_per_second", 0);
    return (double)ticks / (double)(per_second > 0 ? per_second : 100);
}

static void add_absent(struct record *r, enum level level, const char *name, const char *wanted, const char *by,
                       const struct facts *facts, const char *key)
{
    const struct fact *f = facts_find(facts, key);
    verdict_add(&r->isolation, level, name, false, wanted, "", by,
                f && f->kind == FACT_ABSENT ? f->text : "it was not read");
}

/* --- during the run ---------------------------------------------------------------------------------------------- */

static void add_pressure(struct record *r, const char *name, const char *key, const char *by)
{
    static const char WANTED[] = "below 1% of the run";
    char achieved[80];
    const struct fact *f = number(&r->disturbance, key);
    if (!f) {
        add_absent(r, LEVEL_RECORDED, name, WANTED, by, &r->disturbance, key);
        return;
    }
    double share = (double)f->integer / 1e6 / window_s(r);
    (void)snprintf(achieved, sizeof(achieved), "%" PRId64 " us (%.2f%%)", f->integer, 100 * share);
    verdict_add(&r->isolation, LEVEL_RECORDED, name, share < SMALL_SHARE, WANTED, achieved, by,
                "tasks of the slice waited for it");
}

/* Checks that `seconds` is a small share of the run's time on these CPUs. */
static void add_share(struct record *r, enum level level, const char *name, double seconds, int64_t cpus,
                      const char *by, const char *why)
{
    char achieved[80];
    double share = cpus > 0 ? seconds / (window_s(r) * (double)cpus) : 0;
    (void)snprintf(achieved, sizeof(achieved), "%.2f s (%.2f%%)", seconds, 100 * share);
    verdict_add(&r->isolation, level, name, share < SMALL_SHARE || seconds <= seconds_of_ticks(r, FEW_TICKS),
                "below 1% of their time", achieved, by, why);
}

static void add_steal(struct record *r)
{
    static const char NAME[] = "no steal on its CPUs";
    char achieved[80];
    const struct fact *f = number(&r->disturbance, "steal_ticks");
    if (!f) {
        add_absent(r, LEVEL_RECORDED, NAME, "0 ticks", "/proc/stat", &r->disturbance, "steal_ticks");
        return;
    }
    (void)snprintf(achieved, sizeof(achieved), "%" PRId64 " ticks", f->integer);
    verdict_add(&r->isolation, LEVEL_RECORDED, NAME, f->integer == 0, "0 ticks", achieved, "/proc/stat",
                "the hypervisor gave their time to others");
}

/* Time on its CPUs that was not its own: busy ticks less its cpu.stat, two clocks of different resolution. */
static void add_foreign(struct record *r)
{
    static const char NAME[] = "no foreign work on its CPUs", BY[] = "/proc/stat less cpu.stat";
    const struct fact *busy = number(&r->disturbance, "busy_ticks"), *own = number(&r->cpu, "usage_usec");
    if (!busy || !own) {
        add_absent(r, LEVEL_RECORDED, NAME, "below 1% of their time", BY, busy ? &r->cpu : &r->disturbance,
                   busy ? "usage_usec" : "busy_ticks");
        return;
    }
    double foreign_s = seconds_of_ticks(r, busy->integer) - (double)own->integer / 1e6;
    add_share(r, LEVEL_RECORDED, NAME, foreign_s > 0 ? foreign_s : 0,
              facts_integer(&r->disturbance, "benchmark_cpus", 0), BY, "others, or the kernel, ran there");
}

/* Idle SMT siblings are required if --smt asks for them, else only reported. */
static void add_siblings(struct record *r)
{
    bool asked = r->cell.smt == SMT_AVOID;
    const enum level level = asked ? LEVEL_REQUIRED : LEVEL_RECORDED;
    const char *name = asked ? "SMT siblings kept idle" : "SMT siblings idle";
    int64_t siblings = facts_integer(&r->disturbance, "idle_siblings", 0);
    const struct fact *busy = number(&r->disturbance, "siblings_busy_ticks");
    if (siblings == 0)
        verdict_add(&r->isolation, level, name, true, "idle, or the slice's own", "no core is shared with others",
                    "/sys/devices/system/cpu topology", "");
    else if (!busy)
        add_absent(r, level, name, "idle", "/proc/stat", &r->disturbance, "siblings_busy_ticks");
    else
        add_share(r, level, name, seconds_of_ticks(r, busy->integer), siblings, "/proc/stat",
                  "others ran on the other thread of its cores");
}

static void add_irqs(struct record *r)
{
    static const char NAME[] = "no device IRQs on its CPUs";
    char achieved[120];
    const struct fact *devices = number(&r->disturbance, "device_irqs"), *all = number(&r->disturbance, "irqs");
    if (!devices || !all) {
        add_absent(r, LEVEL_RECORDED, NAME, "0/s", "/proc/interrupts", &r->disturbance, "device_irqs");
        return;
    }
    (void)snprintf(achieved, sizeof(achieved), "%.1f/s (all kinds, timers too: %.1f/s)",
                   (double)devices->integer / window_s(r), (double)all->integer / window_s(r));
    verdict_add(&r->isolation, LEVEL_RECORDED, NAME, devices->integer == 0, "0/s", achieved, "/proc/interrupts",
                "'tare tune --only irq' sends them elsewhere");
}

static void add_switches(struct record *r)
{
    char achieved[80];
    int64_t involuntary = facts_integer(&r->disturbance, "involuntary_switches", 0);
    (void)snprintf(achieved, sizeof(achieved), "%" PRId64 " (voluntary: %" PRId64 ")", involuntary,
                   facts_integer(&r->disturbance, "voluntary_switches", 0));
    verdict_add(&r->isolation, LEVEL_RECORDED, "no involuntary switches", involuntary == 0, "0", achieved,
                "getrusage(2): whoever was waited for", "its own threads took turns, or others came between");
}

static void add_drift(struct record *r)
{
    static const char NAME[] = "no frequency drift", WANTED[] = "below 5%", BY[] = "cpufreq/scaling_cur_freq";
    char achieved[80];
    const struct fact *before = number(&r->disturbance, "frequency_before_khz");
    const struct fact *after = number(&r->disturbance, "frequency_after_khz");
    if (!before || !after || before->integer <= 0) {
        add_absent(r, LEVEL_RECORDED, NAME, WANTED, BY, &r->disturbance,
                   before ? "frequency_after_khz" : "frequency_before_khz");
        return;
    }
    double drift = (double)after->integer / (double)before->integer - 1;
    (void)snprintf(achieved, sizeof(achieved), "%" PRId64 " to %" PRId64 " MHz (%+.1f%%)", before->integer / 1000,
                   after->integer / 1000, 100 * drift);
    verdict_add(&r->isolation, LEVEL_RECORDED, NAME, fabs(drift) < DRIFT_SHARE, WANTED, achieved, BY,
                "the CPUs were not as fast after the run as before it");
}

/* --- the host's settings ----------------------------------------------------------------------------------------- */

/* A setting and its good values, "a|b"; NULL: any, only reported. */
struct setting {
    const char *name, *key, *wanted, *by, *why;
};

static const struct setting SETTINGS[] = {
    {"governor", "governor", "performance", "cpufreq/scaling_governor", "frequency follows load"},
    {"turbo", "turbo", "off", "intel_pstate/no_turbo, cpufreq/boost",
     "frequency depends on heat and on the load of other CPUs"},
    {"transparent huge pages", "thp_enabled", "madvise|never", "transparent_hugepage/enabled",
     "resident memory jumps by whole huge pages"},
    {"ASLR", "aslr", NULL, "kernel.randomize_va_space", ""},
};

static const char *value_of(const struct fact *f, char *buf, size_t cap)
{
    if (f->kind == FACT_INT)
        (void)snprintf(buf, cap, "%" PRId64, f->integer);
    else if (f->kind == FACT_BOOL)
        (void)snprintf(buf, cap, "%s", f->truth ? "on" : "off");
    else
        (void)snprintf(buf, cap, "%s", f->text ? f->text : "");
    return buf;
}

static void add_setting(struct record *r, const struct setting *s)
{
    char value[256];
    const struct fact *f = r->host ? facts_find(r->host, s->key) : NULL;
    if (!f || f->kind == FACT_ABSENT) {
        verdict_add(&r->isolation, LEVEL_RECORDED, s->name, false, s->wanted ? s->wanted : "", "", s->by,
                    f && f->text ? f->text : "it was not read");
        return;
    }
    bool ok = !s->wanted || text_has_word(s->wanted, "|", value_of(f, value, sizeof(value)));
    verdict_add(&r->isolation, LEVEL_RECORDED, s->name, ok, s->wanted ? s->wanted : "",
                value_of(f, value, sizeof(value)), s->by, s->why);
}

void inspect_disturbance(struct record *record)
{
    if (record->disturbance.count == 0)
        return;
    add_siblings(record);
    add_foreign(record);
    add_pressure(record, "no CPU pressure", "cpu_pressure_usec", "cpu.pressure");
    add_pressure(record, "no memory pressure", "memory_pressure_usec", "memory.pressure");
    add_steal(record);
    add_irqs(record);
    add_switches(record);
    add_drift(record);
    for (size_t i = 0; i < sizeof(SETTINGS) / sizeof(SETTINGS[0]); i++)
        add_setting(record, &SETTINGS[i]);
}
