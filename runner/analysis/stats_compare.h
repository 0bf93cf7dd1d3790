/* stats_compare: how far one set of values lies above another. Pure. */
#ifndef TARE_STATS_COMPARE_H
#define TARE_STATS_COMPARE_H

#include <stddef.h>

/* The median of all b - a, the shift between the two (Hodges and Lehmann, Annals of Mathematical Statistics 34, 1963).
 * Both ascending. NaN where a side is empty. O((a + b) * 64) without the pairs in memory. */
double stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count);

/* P(b > a) - P(b < a), from -1 to 1 (Cliff, Psychological Bulletin 114, 1993). Both ascending. NaN where one is empty.
 */
double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count);

#endif
