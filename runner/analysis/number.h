/* number: a value as text, with the digits that its interval justifies. Pure; for every text, table and page. */
#ifndef TARE_NUMBER_H
#define TARE_NUMBER_H

#include <stddef.h>

struct stats_interval;

/* The decimals for a value: the shorter arm of its interval keeps two digits, and the value at most six (below 0: tens,
 * hundreds); without an interval, or with one narrower than the rounding of its ends, the value keeps three. scale:
 * from the value's unit to the shown one. */
int number_decimals(const struct stats_interval *i, double scale);

/* The value with these decimals; "": no number. Returns buf. */
const char *number_text(double value, int decimals, char *buf, size_t cap);

/* An estimate and the ends of its interval as text. */
struct number_spelled {
    char at[64], low[64], high[64];
};

/* Each multiplied by scale, all with the estimate's decimals; "": no number. */
struct number_spelled number_interval(const struct stats_interval *i, double scale);

/* The value in two digits, without an exponent: "0.45", "6", "53", "220". Returns buf. */
const char *number_rough(double value, char *buf, size_t cap);

/* A sufficient number of runs, rounded up to two digits, since it is an estimate. */
size_t number_enough(size_t runs);

#endif
