/* memory: the samples of a run, and their summary over the measured iterations. Pure. */
#ifndef TARE_MEMORY_H
#define TARE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "sample/sample.h"
#include "stats/stats.h"

/* rss, uss, pss over samples. */
struct memory_sums {
    struct stats_range rss, uss, pss;
};

/* A range whose n is 0 has no figure. */
struct memory_summary {
    struct stats_range class[SAMPLE_CLASSES];
    struct memory_sums members, all;
    uint64_t in_iterations; /* samples that fell into a measured iteration */
    uint64_t partial;       /* of those, rollups left out because a process could not be read */
    uint64_t failed_reads;  /* over all samples */
    int64_t tick_cost_p50_ns, tick_cost_max_ns, late_p50_ns, late_max_ns; /* over all samples; -1 without any */
};

/* Summarises the samples (in the order of time) that were taken inside one of the n iterations. */
struct memory_summary memory_summarise(const struct sample *samples, size_t count, const int64_t *start_ns,
                                       const int64_t *end_ns, size_t n);

#endif
