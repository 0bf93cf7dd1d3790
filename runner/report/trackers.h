/* trackers: a summary for services that track benchmarks over commits. One figure per cell: its main one, memory, rate
 * or time (compare_own_figure()). */
#ifndef TARE_TRACKERS_H
#define TARE_TRACKERS_H

#include "analysis/summary.h"
#include "cell/config.h"

struct err;
struct text;

/* Appends the JSON of
 *
 * - REPORT_GITHUB_SMALLER: github-action-benchmark's customSmallerIsBetter: figures of which less is better,
 * - REPORT_GITHUB_BIGGER: its customBiggerIsBetter: figures of which more is better,
 * - REPORT_BENCHER: Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format):
 *
 * means over invocations with 95% intervals; GitHub's in the unit that people read, Bencher's in the
 * record's unit, which ends the measure's name. A cell has its id in the plan as its name if that is unique, else the
 * summary's. Cells without such a figure are left out: emulated times, failed cells, figures of the other direction.
 * -ENODATA (usage): nothing is left; a tracker would fail on an empty list. */
int trackers_json(const struct summary *s, enum report_format format, struct text *out, struct err *e);

#endif
