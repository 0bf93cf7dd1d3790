/* number: a value as text, in as many digits as its interval bears. Pure; for every text, table and page. */
#ifndef TARE_NUMBER_H
#define TARE_NUMBER_H

#include <stddef.h>

struct stats_interval;

/* Decimals at which a value is rounded so that the shorter arm of its interval keeps two digits, and the value itself
 * no more than six (below 0: tens, hundreds); without an interval, or with one that is no wider than the rounding of
 * its ends, so that the value keeps three. scale: from the
 * value's unit to the one that is shown. */
int number_decimals(const struct stats_interval *i, double scale);

/* The value in that many decimals; "" for no number. Returns buf. */
const char *number_text(double value, int decimals, char *buf, size_t cap);

/* In two digits, a large one not as a power of ten: "0.45", "6", "53", "220". Returns buf. */
const char *number_rough(double value, char *buf, size_t cap);

/* A number of runs that would do, in two digits: it is an estimate. Rounded up. */
size_t number_enough(size_t runs);

#endif
