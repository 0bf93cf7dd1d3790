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

/* Invocations that a pilot should have (section 9.2: 20 to 30 tell the spread). */
#define PLAN_SIZE_PILOT 20

/* More than this is not recommended but said to be out of reach. */
#define PLAN_SIZE_CAP 100000

struct size_row {
    char *label; /* owned */
    const char *figure;
    bool of_iterations;         /* the iteration is a level; else the invocation alone, as of memory */
    size_t invocations, failed; /* of the pilot, that are used; that did not end well */
    size_t iterations;          /* the fewest of an invocation in its steady state */
    size_t skipped;             /* most iterations of an invocation before its steady state: left out here */
    enum stats_steady steady;
    double autocorrelation;       /* lag 1, mean over invocations; NaN unknown */
    double independent;           /* what independent iterations stay below: 1.96/sqrt(n) */
    struct stats_components part; /* at index 0 the lowest level */
    double half_width;            /* of the pilot, relative to the mean; NaN below 5 invocations */
    const char *half_width_why;
    double iteration_s, overhead_s; /* what an iteration, an invocation besides its iterations takes; NaN unknown */
    size_t want_iterations, want_invocations; /* in two digits, rounded up; 0: no number, why_not says why */
    double total_s;                           /* of that plan; NaN unknown */
    const char *iterations_why;               /* of an iteration count that is the pilot's, or NULL */
    const char *why_not;                      /* NULL: there is a recommendation */
};

struct plan_size {
    struct size_row *row;
    size_t rows;
    double precision;
};

/* A row for each cell and figure (none: avg_iter_s). The records have to be read with_iterations. -EINVAL (usage): an
 * unknown figure. The caller ends *ret with plan_size_free(). */
int plan_size(const struct records *r, const char *const *figure, size_t figures, double precision,
              struct plan_size *ret, struct err *e);
void plan_size_free(struct plan_size *p);

/* plan_size_show.c */
void plan_size_text(const struct plan_size *p, size_t width, struct text *out);
void plan_size_json(const struct plan_size *p, struct text *out);

#endif
