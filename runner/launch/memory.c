#include "launch/memory.h"

#include <stdbool.h>

#include "base/alloc.h"
#include "base/cleanup.h"

const char *const memory_weight_time = "time";

/* Values that are read, or missed, together: each class, the members' sums, the sums over all processes. */
enum { MEMBERS = SAMPLE_CLASSES, ALL, TRACKS };

/* The last sample of a track in the current span. The next sample determines its weight. */
struct waiting {
    const struct sample *sample; /* NULL: none in this span yet */
    int64_t from_ns;             /* since when it counts */
};

struct summing {
    struct memory_summary *summary;
    enum memory_weight weight;
    struct waiting track[TRACKS];
};

static void add_sums(struct memory_sums *to, const struct sample_sums *sums, double weight)
{
    stats_range_add(&to->rss, sums->rss_bytes, weight);
    stats_range_add(&to->uss, sums->uss_bytes, weight);
    stats_range_add(&to->pss, sums->pss_bytes, weight);
}

static bool has_track(const struct sample *s, int track)
{
    if (track < SAMPLE_CLASSES)
        return s->has_class[track];
    if (track == MEMBERS)
        return s->has_rollup && !s->members_partial && s->members_count > 0;
    return s->has_rollup && !s->all_partial && s->all_count > 0;
}

/* Adds the waiting sample, weighted by the time until until_ns. */
static void settle(struct summing *to, int track, int64_t until_ns)
{
    struct waiting *w = &to->track[track];
    const struct sample *s = w->sample;
    struct memory_summary *m = to->summary;
    if (!s)
        return;
    /* A span can be shorter than 1 ns of the clock's step; its sample still counts. */
    double stood_ns = (double)until_ns - (double)w->from_ns;
    double weight = to->weight == MEMORY_BY_SAMPLE || stood_ns < 1 ? 1 : stood_ns;
    if (track == MEMBERS)
        add_sums(&m->members, &s->members, weight);
    else if (track == ALL)
        add_sums(&m->all, &s->all, weight);
    else
        stats_range_add(&m->class[track], s -> class_bytes[track], weight);
    *w = (struct waiting){.sample = NULL, .from_ns = until_ns};
}

/* The midpoint, rounded down, without overflow: records of a bundle can have any stamps. */
static int64_t halfway(int64_t a, int64_t b)
{
    return (a & b) + ((a ^ b) >> 1);
}

static void add_sample(struct summing *to, const struct sample *s, int64_t span_start_ns)
{
    to->summary->in_iterations++;
    to->summary->partial += s->has_rollup && (s->members_partial || s->all_partial);
    for (int t = 0; t < TRACKS; t++) {
        struct waiting *w = &to->track[t];
        if (!has_track(s, t))
            continue;
        if (w->sample)
            settle(to, t, halfway(w->sample->at_ns, s->at_ns));
        else
            w->from_ns = span_start_ns;
        w->sample = s;
    }
}

static void end_span(struct summing *to, int64_t end_ns)
{
    for (int t = 0; t < TRACKS; t++)
        settle(to, t, end_ns);
}

enum field { COST, LATENESS, WALK };

/* Median and maximum of one field of all samples that have it. */
static void summarise_field(const struct sample *samples, size_t count, enum field field, int64_t *p50, int64_t *max)
{
    cleanup_free double *values = xcalloc(count, sizeof(*values));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        const int64_t v = field == COST ? s->cost_ns : field == LATENESS ? s->late_ns : s->walk_ns;
        if (field == WALK && (!s->has_rollup || v <= 0)) /* no walk, or an old record without its cost */
            continue;
        values[n++] = (double)v;
        if (n == 1 || v > *max)
            *max = v;
    }
    if (n > 0)
        *p50 = (int64_t)stats_median(values, n);
}

struct memory_summary memory_summarise(const struct sample *samples, size_t count, const int64_t *start_ns,
                                       const int64_t *end_ns, size_t n, enum memory_weight weight)
{
    struct memory_summary m = {.tick_cost_p50_ns = -1,
                               .tick_cost_max_ns = -1,
                               .late_p50_ns = -1,
                               .late_max_ns = -1,
                               .walk_cost_p50_ns = -1,
                               .walk_cost_max_ns = -1};
    struct summing to = {.summary = &m, .weight = weight};
    size_t span = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        m.failed_reads += s->failed_reads;
        for (; span < n && end_ns[span] < s->at_ns; span++)
            end_span(&to, end_ns[span]);
        if (span < n && start_ns[span] <= s->at_ns)
            add_sample(&to, s, start_ns[span]);
    }
    if (span < n)
        end_span(&to, end_ns[span]);
    summarise_field(samples, count, COST, &m.tick_cost_p50_ns, &m.tick_cost_max_ns);
    summarise_field(samples, count, LATENESS, &m.late_p50_ns, &m.late_max_ns);
    summarise_field(samples, count, WALK, &m.walk_cost_p50_ns, &m.walk_cost_max_ns);
    return m;
}

struct memory_summary memory_plateau(const struct sample *samples, size_t count, const int64_t *ready_ns,
                                     const int64_t *end_ns, size_t n, int64_t hold_ns)
{
    cleanup_free int64_t *from_ns = xcalloc(n, sizeof(*from_ns));
    cleanup_free int64_t *to_ns = xcalloc(n, sizeof(*to_ns));
    size_t spans = 0;
    for (size_t i = 0; hold_ns > 0 && i < n; i++) {
        if (ready_ns[i] <= 0)
            continue;
        from_ns[spans] = ready_ns[i];
        to_ns[spans++] =
            end_ns[i] > ready_ns[i] && end_ns[i] - ready_ns[i] > hold_ns ? ready_ns[i] + hold_ns : end_ns[i];
    }
    return memory_summarise(samples, count, from_ns, to_ns, spans, MEMORY_BY_TIME);
}
