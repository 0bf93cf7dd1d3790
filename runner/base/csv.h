/* csv: writes fields as RFC 4180 has them. */
#ifndef TARE_CSV_H
#define TARE_CSV_H

#include <stdbool.h>

struct text;

/* Adds a field, quoted if needed, after a comma unless it is the first of its line. */
void csv_text(struct text *out, bool first, const char *value);
/* Adds a comma and the number, with as many digits as reading it back needs. Not finite: an empty field. */
void csv_number(struct text *out, double value);
/* Ends the line (CR LF). */
void csv_end(struct text *out);

#endif
