#include "sample/memory.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"

static void add_sums(struct memory_sums *to, const struct sample_sums *sums)
{
    stats_range_add(&to->rss, sums->rss_bytes);
    stats_range_add(&to->uss, sums->uss_bytes);
    stats_range_add(&to->pss, sums->pss_bytes);
}

static void add_sample(struct memory_summary *m, const struct sample *s)
{
    m->in_iterations++;
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        if (s->has_class[c])
            stats_range_add(&m->class[c], s -> class_bytes[c]);
    if (!s->has_rollup)
        return;
    m->partial += s->members_partial || s->all_partial;
    if (!s->members_partial && s->members_count > 0)
        add_sums(&m->members, &s->members);
    if (!s->all_partial && s->all_count > 0)
        add_sums(&m->all, &s->all);
}

/* Median and maximum of one field of all samples. */
static void summarise_field(const struct sample *samples, size_t count, bool lateness, int64_t *p50, int64_t *max)
{
    cleanup_free double *values = calloc(count, sizeof(*values));
    if (!values)
        return;
    for (size_t i = 0; i < count; i++) {
        int64_t v = lateness ? samples[i].late_ns : samples[i].cost_ns;
        values[i] = (double)v;
        if (i == 0 || v > *max)
            *max = v;
    }
    *p50 = (int64_t)stats_median(values, count);
}

struct memory_summary memory_summarise(const struct sample *samples, size_t count, const int64_t *start_ns,
                                       const int64_t *end_ns, size_t n)
{
    struct memory_summary m = {.tick_cost_p50_ns = -1, .tick_cost_max_ns = -1, .late_p50_ns = -1, .late_max_ns = -1};
    size_t iteration = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        m.failed_reads += s->failed_reads;
        while (iteration < n && end_ns[iteration] < s->at_ns)
            iteration++;
        if (iteration < n && start_ns[iteration] <= s->at_ns)
            add_sample(&m, s);
    }
    if (count > 0) {
        summarise_field(samples, count, false, &m.tick_cost_p50_ns, &m.tick_cost_max_ns);
        summarise_field(samples, count, true, &m.late_p50_ns, &m.late_max_ns);
    }
    return m;
}
