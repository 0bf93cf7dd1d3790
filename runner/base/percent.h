/* percent: a share, "5%" and "0.05". */
#ifndef TARE_PERCENT_H
#define TARE_PERCENT_H

struct err;

/* Reads a share from low to high (as 0.05 both). -EINVAL: it is none; -ERANGE: beyond one of them. */
int percent_parse(const char *text, double low, double high, double *ret);

/* The same of an option (NULL: not given, *ret stays), with the line that names it. -EINVAL (usage). */
int percent_option(const char *option, const char *text, double low, double high, double *ret, struct err *e);

#endif
