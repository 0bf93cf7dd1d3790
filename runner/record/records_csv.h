/* records_csv: every figure of every record as CSV (RFC 4180), one row per record. */
#ifndef TARE_RECORDS_CSV_H
#define TARE_RECORDS_CSV_H

struct records;
struct text;

/* The columns: the record's identity, the cells' keys, each figure. An absent value is an empty field, and the last
 * column gives the reason of the row's first one. */
void records_csv(const struct records *r, struct text *out);

#endif
