/* bench_show: what a function costs in each mode, for a terminal: throughput, speed-up, memory, which mode wins. */
#ifndef TARE_BENCH_SHOW_H
#define TARE_BENCH_SHOW_H

#include <stddef.h>

#include "analysis/summary.h"
#include "base/text.h"

#define BENCH_PRECISION 0.02 /* an interval whose half-width is at most this share of the mean is precise enough */

/* Adds the result of `tare bench`, from a summary read with every iteration: a row per mode and number of workers; at
 * the most workers, each mode compared with the fastest, all pairs judged as one family; the invocations needed to know
 * each to BENCH_PRECISION; and notes. The speed-up is relative to the first row. width: characters per line. */
void bench_text(const struct summary *s, size_t width, struct text *out);

#endif
