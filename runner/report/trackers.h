/* trackers: a summary as it is read by what keeps a benchmark's figures from commit to commit. One figure a cell: what
 * the cell is run for, its memory, its rate or its time (compare_own_figure()). */
#ifndef TARE_TRACKERS_H
#define TARE_TRACKERS_H

#include "analysis/summary.h"

struct err;
struct text;

enum tracker {
    TRACKER_GITHUB_SMALLER, /* github-action-benchmark's customSmallerIsBetter: figures of which less is better */
    TRACKER_GITHUB_BIGGER,  /* customBiggerIsBetter: of which more is */
    TRACKER_BENCHER,        /* Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format) */
};

/* Appends the JSON: means over invocations and their 95% intervals, GitHub's in the unit that people read, Bencher's in
 * that of the records, which the measure's name ends with. A cell is called by its plan's id where that tells it from
 * the others, else by the summary's. What has no such figure is left out: emulated times, a cell that failed, a figure
 * of the other direction.
 * -ENODATA (usage): nothing is left; a tracker would take an empty list for a fault of its own. */
int trackers_json(const struct summary *s, enum tracker tracker, struct text *out, struct err *e);

#endif
