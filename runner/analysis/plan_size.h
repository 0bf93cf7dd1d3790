/* plan_size: how many iterations and invocations of each cell give a wanted precision, from a pilot's records
 * (Kalibera and Jones 2013, sections 5 to 7 and 9). Pure. */
#ifndef TARE_PLAN_SIZE_H
#define TARE_PLAN_SIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_levels.h"
#include "base/stats_series.h"
#include "record/records.h"

struct err;
struct text;

#define PLAN_SIZE_SCHEMA "tare.plan-size/1"

/* The invocations that a pilot should have (section 9.2: 20 to 30 show the spread). */
#define PLAN_SIZE_PILOT 20

/* A larger number is reported as out of reach. */
#define PLAN_SIZE_CAP 100000

struct size_row {
    char *label; /* owned */
    const char *figure;
    bool of_iterations;         /* iterations are a level; else only invocations, as for memory */
    size_t invocations, failed; /* the pilot's used invocations, and the failed ones */
    size_t iterations;          /* the fewest steady iterations of an invocation */
    size_t skipped;             /* the most iterations of an invocation before its steady state; left out here */
    enum stats_steady steady;
    double autocorrelation;       /* lag 1, mean over invocations; NaN: unknown */
    double independent;           /* the bound for independent iterations: 1.96/sqrt(n) */
    struct stats_components part; /* at index 0 the lowest level */
    double half_width;            /* of the pilot, relative to the mean; NaN: fewer than 5 invocations */
    const char *half_width_why;
    double iteration_s,
        overhead_s; /* the time of an iteration, and of an invocation without its iterations; NaN: unknown */
    size_t want_iterations, want_invocations; /* rounded up to two digits; 0: unknown, see why_not */
    size_t compare_invocations; /* a side, of as many iterations, that tell two such cells apart or the same within
                                 * the precision, of slopes ANALYSIS_GROWTH_MARGIN (analysis_runs()); 0: out of reach */
    double total_s;             /* the time of that plan; NaN: unknown */
    const char *iterations_why; /* why the number of iterations is the pilot's, or NULL */
    const char *why_not;        /* NULL: there is a recommendation */
};

struct plan_size {
    struct size_row *row;
    size_t rows;
    double precision;
};

/* Makes a row per cell and figure (default: compare_own_figure()). The records must be read with_iterations. -EINVAL
 * (usage): an unknown figure. The caller ends *ret with plan_size_free(). */
int plan_size(const struct records *r, const char *const *figure, size_t figures, double precision,
              struct plan_size *ret, struct err *e);
void plan_size_free(struct plan_size *p);

/* plan_size_show.c */
void plan_size_text(const struct plan_size *p, size_t width, struct text *out);
void plan_size_json(const struct plan_size *p, struct text *out);

#endif
