/* memory: summarises the samples of a run over the measured iterations. Pure. */
#ifndef TARE_MEMORY_H
#define TARE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "launch/sample.h"

/* rss, uss, pss over samples. */
struct memory_sums {
    struct stats_range rss, uss, pss;
};

/* The weight of a sample in a mean. */
enum memory_weight {
    /* The time nearer to it than to the neighbouring samples of the same iteration: the trapezoidal rule, with the
       first and last values extended to the iteration's ends. Ticks are missed while a process is large, so a plain
       mean would be too small. */
    MEMORY_BY_TIME,
    MEMORY_BY_SAMPLE, /* equal weights, as in old records without the key memory.weighted_by */
};

/* The value of memory.weighted_by for MEMORY_BY_TIME. */
extern const char *const memory_weight_time;

/* A range whose n is 0 has no figure. */
struct memory_summary {
    struct stats_range class[SAMPLE_CLASSES];
    struct memory_sums members, all;
    uint64_t in_iterations; /* samples inside a measured iteration */
    uint64_t partial;       /* of those, walks left out because a process was unreadable */
    uint64_t failed_reads;  /* over all samples */
    /* Over all samples; -1: none. tick_cost: reading the slice's files; walk_cost: the walk over the processes. */
    int64_t tick_cost_p50_ns, tick_cost_max_ns, late_p50_ns, late_max_ns, walk_cost_p50_ns, walk_cost_max_ns;
};

/* Summarises the samples (in the order of time) that were taken inside one of the n spans of time [start_ns, end_ns],
 * which do not overlap and are in the order of time: the iterations, or their plateaus. Spans without a sample
 * are ignored. */
struct memory_summary memory_summarise(const struct sample *samples, size_t count, const int64_t *start_ns,
                                       const int64_t *end_ns, size_t n, enum memory_weight weight);

/* The same over the plateaus of n iterations. A plateau lasts from ready_ns, when all workers were ready (0: unknown,
 * the iteration is left out), for hold_ns, at most to the iteration's end; it excludes the ramp before and the end
 * after. hold_ns <= 0: no plateaus, and no range has a figure. */
struct memory_summary memory_plateau(const struct sample *samples, size_t count, const int64_t *ready_ns,
                                     const int64_t *end_ns, size_t n, int64_t hold_ns);

#endif
