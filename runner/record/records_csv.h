/* records_csv: every figure of every record as CSV (RFC 4180), a row a record. */
#ifndef TARE_RECORDS_CSV_H
#define TARE_RECORDS_CSV_H

struct records;
struct text;

/* The columns: what the record is, its cell's keys that the records have, each figure; absent ones are empty, and the
 * last column says why the first of them is. */
void records_csv(const struct records *r, struct text *out);

#endif
