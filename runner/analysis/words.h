/* words: what a verdict is called, in one place for all that shows one. */
#ifndef TARE_WORDS_H
#define TARE_WORDS_H

#include <stddef.h>

#include "analysis/analysis.h"
#include "base/figure.h"

#define WORDS_MAX_VERDICT 160

/* "10.5 % slower (8.6 to 12.5 %)", "2.50 times as long (2.40 to 2.61)", "same within 2 %",
 * "cannot tell: ±6 % at 5 runs; about 30 runs would do", "no interval". The percentages are of A's value, in the digits
 * of the shorter arm of the verdict's interval; from twice and from half on it is told in times. runs: of the side that
 * has fewer. Returns buf. */
const char *words_verdict(const struct analysis_verdict *v, const struct figure_about *about, double margin,
                          size_t runs, char buf[WORDS_MAX_VERDICT]);

#endif
