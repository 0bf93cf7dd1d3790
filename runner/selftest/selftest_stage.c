#include "selftest/selftest_stage.h"

#include <stdio.h>

#include "base/facts.h"

/* --- availability ------------------------------------------------------------------------------------------------ */

bool stage_lags(enum selftest_figure f)
{
    return f == SELFTEST_ANON || f == SELFTEST_FILE || f == SELFTEST_SHMEM;
}

static bool is_of_memory(enum selftest_figure f)
{
    return stage_lags(f) || f == SELFTEST_CURRENT || f == SELFTEST_PEAK;
}

const char *stage_lacking(const struct stage *s, enum selftest_figure f)
{
    const struct slice_root *root = slice_tree_root(s->session->tree);
    const bool none = root->provenance == SLICE_NONE, own = !none && root->provenance != SLICE_BORROWED;
    if (is_of_memory(f) && !root->controller[SLICE_MEMORY].available)
        return root->controller[SLICE_MEMORY].reason;
    if (none && (f == SELFTEST_PSS_ALL || f == SELFTEST_CPU))
        return root->reason;
    if (!own && (f == SELFTEST_PSS_ALL || f == SELFTEST_PEAK))
        return "the slice is borrowed: it has other processes too";
    return NULL;
}

/* --- the figures ------------------------------------------------------------------------------------------------- */

static bool class_of(const struct stage *s, enum sample_class class, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    *ret = (int64_t)(b->class_bytes[class] - a->class_bytes[class]);
    return a->has_class[class] && b->has_class[class];
}

static bool sums_of(const struct stage *s, enum selftest_figure f, int64_t *ret)
{
    const struct sample *a = &s->before.sample, *b = &s->after.sample;
    switch (f) {
    case SELFTEST_RSS:
        *ret = (int64_t)(b->members.rss_bytes - a->members.rss_bytes);
        break;
    case SELFTEST_USS:
        *ret = (int64_t)(b->members.uss_bytes - a->members.uss_bytes);
        break;
    case SELFTEST_PSS:
        *ret = (int64_t)(b->members.pss_bytes - a->members.pss_bytes);
        break;
    default:
        *ret = (int64_t)(b->all.pss_bytes - a->all.pss_bytes);
        return a->all_count > 0 && b->all_count > 0 && !a->all_partial && !b->all_partial;
    }
    return a->members_count > 0 && b->members_count > 0 && !a->members_partial && !b->members_partial;
}

static bool account_of(const struct facts *facts, const char *key, int64_t *ret)
{
    const struct fact *f = facts_find(facts, key);
    if (f && f->kind == FACT_INT)
        *ret = f->integer;
    return f && f->kind == FACT_INT;
}

static bool cpu_of(const struct stage *s, int64_t *ret)
{
    int64_t before = 0, after = 0;
    bool has = account_of(&s->before.accounts.cpu, "usage_usec", &before) &&
               account_of(&s->after.accounts.cpu, "usage_usec", &after);
    *ret = after - before;
    return has;
}

static bool peak_of(const struct stage *s, int64_t *ret)
{
    bool has = account_of(&s->after.accounts.peak, "peak", ret) && s->before.sample.has_class[SAMPLE_CURRENT];
    *ret -= (int64_t)s->before.sample.class_bytes[SAMPLE_CURRENT];
    return has;
}

/* Compares with the cpuset, or with the load's affinity. */
static bool outside_of(const struct stage *s, int64_t *ret)
{
    struct cpulist allowed = {0};
    if (slice_effective_cpus(s->slice, &allowed) != 0)
        allowed = s->session->cpus.benchmark;
    const struct cpulist outside = cpulist_minus(&s->used, &allowed);
    *ret = cpulist_count(&outside);
    return cpulist_count(&s->used) > 0;
}

/* The instrument's figure; false: it has none, a failure unless something is lacking. */
static bool measure(const struct stage *s, enum selftest_figure f, int64_t *ret)
{
    switch (f) {
    case SELFTEST_CURRENT:
        return class_of(s, SAMPLE_CURRENT, ret);
    case SELFTEST_ANON:
        return class_of(s, SAMPLE_ANON, ret);
    case SELFTEST_FILE:
        return class_of(s, SAMPLE_FILE, ret);
    case SELFTEST_SHMEM:
        return class_of(s, SAMPLE_SHMEM, ret);
    case SELFTEST_PEAK:
        return peak_of(s, ret);
    case SELFTEST_CPU:
        return cpu_of(s, ret);
    case SELFTEST_CPUS_OUTSIDE:
        return outside_of(s, ret);
    case SELFTEST_CPUS_USED:
        *ret = cpulist_count(&s->used);
        return *ret > 0;
    case SELFTEST_FOUND:
        *ret = s->found;
        return s->found >= 0;
    case SELFTEST_LEFT:
        *ret = s->left;
        return s->left >= 0;
    default:
        return sums_of(s, f, ret);
    }
}

struct selftest_result stage_judge(const struct stage *s, const struct selftest_check *c)
{
    int64_t measured = 0;
    struct selftest_result r = selftest_expect(c, &s->scale);
    const char *lack = stage_lacking(s, c->figure);
    if (!s->has_clocks && (c->truth == SELFTEST_CLOCKS || c->truth == SELFTEST_CEILING))
        r.has_expected = false;
    if (lack || *s->lacks)
        (void)snprintf(r.reason, sizeof(r.reason), "%s", lack ? lack : s->lacks);
    else if (c->figure == SELFTEST_PEAK && s->loaded && !account_of(&s->after.accounts.peak, "peak", &measured))
        (void)snprintf(r.reason, sizeof(r.reason), "this kernel has no memory.peak (needs 5.19)");
    else if (s->loaded && r.has_expected && measure(s, c->figure, &measured))
        selftest_judge(&r, measured);
    else {
        r.verdict = SELFTEST_FAIL;
        (void)snprintf(r.reason, sizeof(r.reason), "%s", *s->trouble ? s->trouble : "it could not be read");
    }
    return r;
}
