/* memory: the samples of a run, and their summary over the measured iterations. Pure. */
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

/* What a mean counts each sample for. */
enum memory_weight {
    /* The time that it stands for: all that lies nearer to it than to the samples before and after it in the same
     * iteration. It is the trapezoidal rule, its first and last values held to the iteration's ends. Ticks are missed
     * while a process is large, so that a plain mean would be too small. */
    MEMORY_BY_TIME,
    MEMORY_BY_SAMPLE, /* the same for each: what records said before they had the key memory.weighted_by */
};

/* The name as memory.weighted_by has it. */
extern const char *const memory_weight_time;

/* A range whose n is 0 has no figure. */
struct memory_summary {
    struct stats_range class[SAMPLE_CLASSES];
    struct memory_sums members, all;
    uint64_t in_iterations; /* samples that fell into a measured iteration */
    uint64_t partial;       /* of those, walks left out because a process could not be read */
    uint64_t failed_reads;  /* over all samples */
    /* Over all samples; -1 without any. tick_cost: of the slice's files; walk_cost: of the walk over the processes. */
    int64_t tick_cost_p50_ns, tick_cost_max_ns, late_p50_ns, late_max_ns, walk_cost_p50_ns, walk_cost_max_ns;
};

/* Summarises the samples (in the order of time) that were taken inside one of the n spans of time [start_ns, end_ns],
 * which do not overlap and are in the order of time: the iterations, or their plateaus. A span without a sample counts
 * for nothing. */
struct memory_summary memory_summarise(const struct sample *samples, size_t count, const int64_t *start_ns,
                                       const int64_t *end_ns, size_t n, enum memory_weight weight);

/* The same over the plateaus of n iterations: from ready_ns, when all workers were ready (0: it is not known, and the
 * iteration is left out), for hold_ns, which every worker goes on, at most to the iteration's end. The ramp before it
 * and the ending after it are not in it. hold_ns <= 0: there is none, and no range has a figure. */
struct memory_summary memory_plateau(const struct sample *samples, size_t count, const int64_t *ready_ns,
                                     const int64_t *end_ns, size_t n, int64_t hold_ns);

#endif
