/* bench_show: what a function costs in each mode, for a terminal: throughput, speed-up, memory, which mode wins. */
#ifndef TARE_BENCH_SHOW_H
#define TARE_BENCH_SHOW_H

#include <stddef.h>

#include "analysis/summary.h"
#include "base/text.h"

#define BENCH_PRECISION 0.02 /* half-width of an interval over its mean, up to which there is no more to know */

/* Of the records of a function's cells (cell/function.h), read with every iteration: a row a mode and number of
 * workers; then, with the most workers, each mode beside the one with the greatest throughput, all pairs of them judged
 * as one family; what it would take to know each to BENCH_PRECISION; what has to be said with the figures. The speed-up
 * is over the first row. width: characters of a line. */
void bench_text(const struct summary *s, size_t width, struct text *out);

#endif
