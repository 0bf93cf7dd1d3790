#include "run/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpulist.h"
#include "base/text.h"

#define NONE_IN_SIGHT "none in sight"

static const char *why_none(const struct inherited_limit *l, char *buf, size_t cap)
{
    text_format(buf, cap, "%s",
                l->known ? "no cgroup in sight sets one" : "no cgroup hierarchy with its controller is in sight");
    return buf;
}

static void describe_limit(struct facts *to, const char *key, const struct inherited_limit *l, bool whole)
{
    char by[64], why[80];
    text_format(by, sizeof(by), "%s_by", key);
    if (!l->limited) {
        facts_absent(to, key, "%s", why_none(l, why, sizeof(why)));
        facts_absent(to, by, "%s", why);
        return;
    }
    if (whole)
        facts_int(to, key, (int64_t)l->value);
    else
        facts_real(to, key, l->value);
    facts_text(to, by, l->file);
}

static void describe_throttled(struct facts *to, const struct inherited *before, const struct inherited *after)
{
    if (!before->counted || !after->counted) {
        facts_absent(to, "nr_throttled", "no cpu.stat with nr_throttled is in sight above");
        facts_absent(to, "nr_throttled_by", "no cpu.stat with nr_throttled is in sight above");
        return;
    }
    facts_int(to, "nr_throttled", (int64_t)(after->nr_throttled - before->nr_throttled));
    facts_text(to, "nr_throttled_by", after->throttled_file);
}

/* A quota below the number of CPUs: once it is used up, all threads stop. */
static void check_quota(const struct inherited_limit *l, struct record *r)
{
    char wanted[80], achieved[256], why[160];
    struct cpulist list = {0};
    const char *said = *r->slice.cpus_effective ? r->slice.cpus_effective : r->slice.cpus_requested;
    const unsigned cpus = cpulist_parse(said, &list) == 0 ? cpulist_count(&list) : 0;
    text_format(wanted, sizeof(wanted), "time for all of its %u CPU%s", cpus, cpus == 1 ? "" : "s");
    if (l->limited)
        (void)snprintf(achieved, sizeof(achieved), "%.2f CPUs (%.200s)", l->value, l->file);
    else
        text_format(achieved, sizeof(achieved), "%s", l->known ? NONE_IN_SIGHT : "");
    if (!l->known)
        (void)why_none(l, why, sizeof(why));
    else if (r->runtime)
        (void)snprintf(why, sizeof(why), "%" PRId64 " workers share the time of %.2f CPUs (docker run without --cpus)",
                       r->cell.workers, l->value);
    else
        (void)snprintf(why, sizeof(why), "it has the time of %.2f CPUs (docker run without --cpus)", l->value);
    bool enough = l->known && (!l->limited || (cpus > 0 && l->value >= (double)cpus));
    verdict_add(&r->isolation, LEVEL_REQUIRED, "CPU quota", enough, wanted, achieved, "cpu.max above the slice", why);
}

/* Throttling is counted in the cgroup that has the quota, not in a slice below. A borrowed slice is that cgroup, and
 * "no throttling" covers it. */
static void check_throttling(struct record *r)
{
    char achieved[32];
    const struct fact *f = facts_find(&r->inherited, "nr_throttled");
    if (f->kind != FACT_INT || r->slice.provenance == SLICE_BORROWED)
        return;
    text_format(achieved, sizeof(achieved), "%" PRId64, f->integer);
    verdict_add(&r->isolation, LEVEL_REQUIRED, "no throttling above", f->integer == 0, "0", achieved,
                facts_find(&r->inherited, "nr_throttled_by")->text, "a CPU quota above the slice held it back");
}

/* A limit above has no effect unless it is lower than the requested one. */
static void check_memory(const struct inherited_limit *l, struct record *r)
{
    char wanted[64] = "none", size[32], achieved[256];
    const struct cell *c = &r->cell;
    if (c->has_memory_max)
        text_format(wanted, sizeof(wanted), "none below %s",
                    text_bytes((uint64_t)c->memory_max_bytes, size, sizeof(size)));
    if (!l->known)
        return; /* the check "memory accounting" reports that */
    if (l->limited)
        (void)snprintf(achieved, sizeof(achieved), "%s (%.200s)", text_bytes((uint64_t)l->value, size, sizeof(size)),
                       l->file);
    else
        text_format(achieved, sizeof(achieved), NONE_IN_SIGHT);
    verdict_add(&r->isolation, LEVEL_RECORDED, "memory limit above",
                !l->limited || (c->has_memory_max && l->value >= (double)c->memory_max_bytes), wanted, achieved,
                "memory.max above the slice", "the runner and other processes share this limit");
}

void inspect_inherited(const struct inherited *before, const struct inherited *after, struct record *record)
{
    struct facts *to = &record->inherited;
    describe_limit(to, "cpus", &after->cpus, false);
    describe_limit(to, "memory_max_bytes", &after->memory, true);
    describe_limit(to, "pids_max", &after->pids, true);
    describe_throttled(to, before, after);
    check_quota(&after->cpus, record);
    check_throttling(record);
    check_memory(&after->memory, record);
}
