/* The memory section of a record. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "record/record_internal.h"

static json_t *range_json(const struct stats_range *range)
{
    json_t *o = json_object();
    json_put_int(o, "min", (int64_t)range->min);
    json_put_int(o, "max", (int64_t)range->max);
    json_put_int(o, "avg", (int64_t)stats_range_mean(range));
    return o;
}

static void set_range(json_t *o, const char *key, const struct stats_range *range, const char *why_not)
{
    if (range->n)
        json_put(o, key, range_json(range));
    else
        json_put_absent(o, key, why_not);
}

static json_t *sums_json(const struct memory_sums *sums, const char *why_not)
{
    json_t *o = json_object();
    set_range(o, "rss", &sums->rss, why_not);
    set_range(o, "uss", &sums->uss, why_not);
    set_range(o, "pss", &sums->pss, why_not);
    return o;
}

/* Why a class of the slice's memory has no figure. */
static const char *class_reason(const struct record *r)
{
    const struct slice_availability *memory = &r->slice.controller[SLICE_MEMORY];
    if (!memory->available)
        return memory->reason;
    return r->sampled ? "no sample of it fell into a measured iteration" : r->memory_reason;
}

static const char *sums_reason(const struct record *r, bool all)
{
    if (!r->sampled)
        return r->memory_reason;
    if (all && r->slice.provenance == SLICE_NONE)
        return "without a slice nobody lists its processes";
    return "no whole sample of it fell into a measured iteration";
}

static void set_ns(json_t *o, const char *key, int64_t p50, int64_t max, const char *why_not)
{
    if (max < 0) {
        json_put_absent(o, key, why_not);
        return;
    }
    json_t *one = json_object();
    json_put_int(one, "p50", p50);
    json_put_int(one, "max", max);
    json_put(o, key, one);
}

static json_t *classes_json(const struct record *r, const struct memory_summary *m)
{
    json_t *o = json_object();
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        set_range(o, sample_class_names[c], &m->class[c], class_reason(r));
    return o;
}

static const char *plateau_reason(const struct record *r)
{
    if (!r->sampled)
        return r->memory_reason;
    return r->hold_ns > 0 ? NULL : "the workload has no moment from which all its workers go on for a known time";
}

/* The same figures from the moment when all workers are ready until the first one ends. */
static void put_plateau(json_t *o, const struct record *r)
{
    const char *why_not = plateau_reason(r);
    if (why_not) {
        json_put_absent(o, "plateau", why_not);
        return;
    }
    json_t *p = json_object();
    json_put_int(p, "hold_ns", r->hold_ns);
    json_put_int(p, "samples", (int64_t)r->plateau.in_iterations);
    json_put(p, "parent_and_workers", sums_json(&r->plateau.members, sums_reason(r, false)));
    json_put(p, "all_pids", sums_json(&r->plateau.all, sums_reason(r, true)));
    json_put(p, "slice", classes_json(r, &r->plateau));
    json_put(o, "plateau", p);
}

static void put_counts(json_t *o, const struct record *r, const char *why_not)
{
    const struct memory_summary *m = &r->memory;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"samples_in_iterations", m->in_iterations},
        {"partial_samples", m->partial},
        {"failed_reads", m->failed_reads},
        {"missed_ticks", r->missed_ticks},
        {"walks", r->walks},
        {"missed_walks", r->missed_walks},
        {"spared_walks", r->spared_walks},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        json_put_int_or(o, counts[i].key, r->sampled, (int64_t)counts[i].value, why_not);
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median time from the start of one walk to the start of the next; -1: fewer than two walks. */
static int64_t achieved_period_ns(const struct record *r)
{
    cleanup_free int64_t *gap = xcalloc(r->sample_count + 1, sizeof(*gap));
    const struct sample *before = NULL;
    size_t n = 0;
    for (size_t i = 0; i < r->sample_count; i++) {
        if (!r->samples[i].has_rollup)
            continue;
        if (before)
            gap[n++] = r->samples[i].at_ns - before->at_ns;
        before = &r->samples[i];
    }
    qsort(gap, n, sizeof(*gap), compare_ns);
    return n > 0 ? gap[n / 2] : -1;
}

/* The memory object without its samples, which are streamed. */
static json_t *memory_json(const struct record *r)
{
    const struct memory_summary *m = &r->memory;
    const char *why = r->sampled ? "no tick was taken" : r->memory_reason;
    json_t *o = json_object();
    json_t *slice = classes_json(r, m);
    json_put_text(o, "reason", r->sampled ? NULL : r->memory_reason);
    json_put(o, "parent_and_workers", sums_json(&m->members, sums_reason(r, false)));
    json_put(o, "all_pids", sums_json(&m->all, sums_reason(r, true)));
    json_put_facts(slice, &r->peak);
    json_put(o, "slice", slice);
    json_put_int(o, "tick_ns", r->tick_ns);
    json_put_int(o, "rollup_ns", r->rollup_ns);
    const int64_t achieved_ns = achieved_period_ns(r);
    json_put_int_or(o, "rollup_achieved_ns", achieved_ns >= 0, achieved_ns,
                    r->sampled ? "no two walks were taken" : why);
    json_put_text(o, "weighted_by", r->sampled ? memory_weight_time : NULL);
    put_counts(o, r, why);
    put_plateau(o, r);
    set_ns(o, "tick_cost_ns", m->tick_cost_p50_ns, m->tick_cost_max_ns, why);
    set_ns(o, "walk_cost_ns", m->walk_cost_p50_ns, m->walk_cost_max_ns, r->sampled ? "no walk was taken" : why);
    set_ns(o, "late_ns", m->late_p50_ns, m->late_max_ns, why);
    return o;
}

static json_t *sums_sample_json(const struct sample_sums *sums, uint32_t pids, bool partial)
{
    json_t *o = json_object();
    json_put_int(o, "rss", (int64_t)sums->rss_bytes);
    json_put_int(o, "uss", (int64_t)sums->uss_bytes);
    json_put_int(o, "pss", (int64_t)sums->pss_bytes);
    json_put_int(o, "pids", pids);
    if (partial)
        json_put(o, "partial", json_true());
    return o;
}

static json_t *sample_json(const struct sample *s)
{
    json_t *o = json_object();
    json_put_int(o, "at_ns", s->at_ns);
    json_put_int(o, "late_ns", s->late_ns);
    json_put_int(o, "cost_ns", s->cost_ns);
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        if (s->has_class[c])
            json_put_int(o, sample_class_names[c], (int64_t)s->class_bytes[c]);
    if (s->has_rollup) {
        json_put_int(o, "walk_ns", s->walk_ns);
        json_put(o, "parent_and_workers", sums_sample_json(&s->members, s->members_count, s->members_partial));
        if (s->all_count > 0 || s->all_partial)
            json_put(o, "all_pids", sums_sample_json(&s->all, s->all_count, s->all_partial));
    }
    if (s->failed_reads)
        json_put_int(o, "failed_reads", s->failed_reads);
    return o;
}

void record_write_value(FILE *out, json_t *value, size_t flags)
{
    if (json_dumpf(value, out, flags | JSON_ENCODE_ANY) != 0)
        (void)fputs("null", out); /* the stream failed: ferror() shows it at the end */
    json_decref(value);
}

void record_write_memory(const struct record *r, FILE *out)
{
    (void)fputs(",\n\"memory\": {\n", out);
    record_write_value(out, memory_json(r), JSON_INDENT(2) | JSON_EMBED);
    if (r->sampled) {
        (void)fputs(",\n  \"samples\": [", out);
        for (size_t i = 0; i < r->sample_count; i++) {
            (void)fputs(i ? ",\n    " : "\n    ", out);
            record_write_value(out, sample_json(&r->samples[i]), JSON_COMPACT);
        }
        (void)fputs("]\n}", out);
    } else {
        (void)fputs(",\n  \"samples\": null\n}", out);
    }
}
