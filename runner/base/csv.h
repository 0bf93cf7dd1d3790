/* csv: fields of RFC 4180. */
#ifndef TARE_CSV_H
#define TARE_CSV_H

#include <stdbool.h>

struct text;

/* Adds a field, after a comma unless it is the first of its line; quoted where it has to be. */
void csv_text(struct text *out, bool first, const char *value);
/* Not finite: an empty field. As many digits as it takes to read the same number back. */
void csv_number(struct text *out, double value);
void csv_end(struct text *out);

#endif
