/* growth: how memory grows with the iterations of profile growth: slopes with intervals, their parts, and whether the
 * growth has ended. It uses the workload's readings (launch/ledger.h) and the runner's samples. */
#ifndef TARE_GROWTH_H
#define TARE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/request.h"
#include "launch/ledger.h"

struct sample;
struct text;

#define GROWTH_PER        GROWTH_TARGET_PER /* a slope is given per this many iterations */
#define GROWTH_CONFIDENCE 0.95
/* Below so many values there is no slope: memory rises in steps, and between two of them it is 0 for whatever grows. As
 * a part is read every fourth time, each part has this many where PSS has an interval (STATS_TREND_MIN). */
#define GROWTH_FEWEST 8

/* What has a slope. The parts of PSS, with GROWTH_REST, add up to PSS. */
enum growth_figure {
    GROWTH_PSS,
    GROWTH_LIVE,
    GROWTH_CYCLES,
    GROWTH_FREE,
    GROWTH_STACKS,
    GROWTH_CHILDREN,
    GROWTH_FILES,
    GROWTH_REST, /* PSS minus the known parts */
    GROWTH_PAGE_TABLES,
    GROWTH_ANON, /* from here on of the slice: memory.stat's anon, file and kernel */
    GROWTH_CACHE,
    GROWTH_KERNEL,
    GROWTH_FIGURES
};

/* The record's key: "pss_bytes", ... The figure's name is "growth_" and the key. */
const char *growth_figure_key(enum growth_figure f);

struct growth_slope {
    double bytes;      /* per GROWTH_PER iterations; NaN: none */
    double low, high;  /* NaN: no interval */
    char why_not[160]; /* why there is no interval, or no slope either; "" where both are there */
};

enum growth_shape {
    GROWTH_UNKNOWN, /* PSS has no interval */
    GROWTH_GROWS,   /* the interval lies above 0 */
    GROWTH_SHRINKS, /* the interval lies below 0 */
    GROWTH_FLAT,    /* it contains 0 */
    GROWTH_PLATEAU, /* it contains 0, but the first half of the run grew */
};

extern const char *const growth_shape_names[]; /* "unknown", "grows", ... */

/* For other profiles than growth has_been_asked is false, and nothing else is set. */
struct growth {
    bool has_been_asked;
    struct ledger_reading reading[LEDGER_READINGS];
    size_t readings;
    int64_t stride;    /* iterations between two readings */
    size_t from;       /* the first reading that slopes use: the second half's first */
    size_t iterations; /* the measured ones */
    struct growth_slope slope[GROWTH_FIGURES];
    enum growth_shape shape;
    double rose_bytes;   /* by how much PSS rose over the first half; NaN: unknown */
    double wanted_bytes; /* the half-width that --until-slope asks for; NaN: none */
};

/* Returns the number of measured iterations after which the run may end early; 0: not yet, or never. The decision uses
 * the ledger up to now; the slope is estimated from what comes later, too (stats_trend.h). */
uint64_t growth_enough(const struct ledger_map *ledger, const struct growth_target *target, size_t *asked);

/* The input: the ledger and the samples of a run that has ended. */
struct growth_sources {
    const struct ledger_map *ledger;
    const struct growth_target *target; /* NULL: --until-slope was not given */
    const struct sample *samples;
    size_t sample_count;
    const int64_t *start_ns, *end_ns; /* by measured iteration */
    size_t iterations;
    const char *no_class; /* why the slice's memory classes are missing; NULL: they are there */
};

void growth_take(const struct growth_sources *from, struct growth *ret);

/* Computes slopes, shape and the rest from the readings in *g and the samples. growth_take() calls it. */
void growth_derive(const struct growth_sources *from, struct growth *g);

/* One sentence: "grows by 1.02 MiB (0.98 to 1.06) per 1,000 iterations: live objects 0.99, ...". */
void growth_say(const struct growth *g, struct text *out);

#endif
