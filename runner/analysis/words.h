/* words: the words of a verdict, in one place for all texts. */
#ifndef TARE_WORDS_H
#define TARE_WORDS_H

#include <stddef.h>

#include "analysis/analysis.h"
#include "base/figure.h"

struct text;

#define WORDS_MAX_VERDICT 256

/* "10.5 % slower (8.6 to 12.5 %)", "2.50 times as long (2.40 to 2.61)", "same within 2 %",
 * "cannot tell: ±6 % at 5 runs; about 30 runs would do", "no interval"; of slopes "1.02 MiB more (0.98 to 1.06)",
 * "same within 64.0 KiB"; of a side that is 0 throughout "more (from 0)". The percentages are of A's value, in the
 * digits of the shorter arm of the verdict's interval. From twice and from half on it is told in times; slower and
 * faster, of which some take the percentage of the time and some of the speed, from a quarter more and a fifth less on.
 * Returns buf. */
const char *words_verdict(const struct analysis_verdict *v, const struct figure_about *about, double margin,
                          char buf[WORDS_MAX_VERDICT]);

/* "+1.02 MiB" and "[0.98, 1.06]", in one unit. */
void words_difference(const struct stats_interval *d, struct text *at, struct text *interval);

/* The same of two times as a sentence without its stop: "b is 2.10 times faster than a (2.04 to 2.17)", "b takes 2.50
 * times as long as a (2.40 to 2.61)", "b is 10.5 % slower than a (8.6 to 12.5 %)", "b and a: same within 2 %". */
void words_times(const struct analysis_verdict *v, double margin, const char *b, const char *a, struct text *out);

#endif
