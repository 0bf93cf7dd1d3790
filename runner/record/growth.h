/* growth: how memory grows with the iterations of profile growth: slopes with intervals, what they are made of, and
 * whether they have come to an end. From the workload's readings (launch/ledger.h) and the runner's own samples. */
#ifndef TARE_GROWTH_H
#define TARE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/growth_target.h"
#include "launch/ledger.h"

struct sample;
struct text;

#define GROWTH_PER        GROWTH_TARGET_PER /* iterations that a slope is told for */
#define GROWTH_CONFIDENCE 0.95

/* What has a slope. The parts of PSS and GROWTH_REST add up to it. */
enum growth_figure {
    GROWTH_PSS,
    GROWTH_LIVE,
    GROWTH_CYCLES,
    GROWTH_FREE,
    GROWTH_STACKS,
    GROWTH_CHILDREN,
    GROWTH_FILES,
    GROWTH_REST, /* PSS less the parts that are known: not told apart */
    GROWTH_PAGE_TABLES,
    GROWTH_ANON, /* of the slice, from here on: memory.stat's anon, file and kernel */
    GROWTH_CACHE,
    GROWTH_KERNEL,
    GROWTH_FIGURES
};

/* "pss_bytes", ...: the keys of the record. With "growth_" before it the figure's name. */
extern const char *const growth_figure_keys[GROWTH_FIGURES];

struct growth_slope {
    double bytes;      /* per GROWTH_PER iterations; NaN: none */
    double low, high;  /* NaN: no interval */
    char why_not[160]; /* why there is no interval, or no slope either; "" where both are there */
};

enum growth_shape {
    GROWTH_UNKNOWN, /* PSS has no interval */
    GROWTH_GROWS,   /* the interval lies above 0 */
    GROWTH_SHRINKS, /* below */
    GROWTH_FLAT,    /* it contains 0 */
    GROWTH_PLATEAU, /* the same, and the first half grew */
};

const char *growth_shape_name(enum growth_shape s); /* "unknown", "grows", ... */

/* Of profile growth alone; else has_been_asked is false and nothing else is set. */
struct growth {
    bool has_been_asked;
    struct ledger_reading reading[LEDGER_READINGS];
    size_t readings;
    int64_t stride;    /* iterations between two of them */
    size_t from;       /* the first reading that slopes rest on: the second half's */
    size_t iterations; /* that were measured */
    struct growth_slope slope[GROWTH_FIGURES];
    enum growth_shape shape;
    double rose_bytes;   /* PSS, over the first half; NaN: unknown */
    double wanted_bytes; /* the half-width that was asked for; NaN: none was */
};

/* Whether the run may end early: after how many measured iterations, or 0: not yet, or never. What the ledger has by
 * now decides, and what comes after it is measured (stats_trend.h). */
uint64_t growth_enough(const struct ledger_map *ledger, const struct growth_target *target, size_t *asked);

/* What the ledger and the samples tell of a run that has ended. */
struct growth_sources {
    const struct ledger_map *ledger;
    const struct growth_target *target; /* NULL: the run was not to end early */
    const struct sample *samples;
    size_t sample_count;
    const int64_t *start_ns, *end_ns; /* of the measured iterations */
    size_t iterations;
    const char *no_class; /* why the slice has no classes; NULL: it has */
};

void growth_take(const struct growth_sources *from, struct growth *ret);

/* Slopes, shape and the rest from the readings in *g and the samples; growth_take() has called it. */
void growth_derive(const struct growth_sources *from, struct growth *g);

/* One sentence: "grows by 1.02 MiB (0.98 to 1.06) per 1,000 iterations: live objects 0.99, ...". */
void growth_say(const struct growth *g, struct text *out);

#endif
