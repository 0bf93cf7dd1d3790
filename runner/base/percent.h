/* percent: reads a share as "5%" or "0.05". */
#ifndef TARE_PERCENT_H
#define TARE_PERCENT_H

struct err;

/* Reads a share from low to high, both as 0.05. -EINVAL: not a share. -ERANGE: below low or above high. */
int percent_parse(const char *text, double low, double high, double *ret);

/* The same for an option's value (NULL: not given, *ret is untouched). -EINVAL (usage); the message names the option.
 */
int percent_option(const char *option, const char *text, double low, double high, double *ret, struct err *e);

#endif
