/* report: tables from records alone; nothing is measured here. */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include <stddef.h>

struct err;
struct text;

/* One table of the records in these files: a row a mode and whatever else they differ in, its overhead records' times
 * beside its memory records' bytes, and the ratio to threads. Several records of a cell are its invocations: the mean
 * of their figures, and from 5 on the half-width of Student's 95% interval of the mean (+-95%). One whose workload did
 * not end well gives no figure. Under the table why a figure is missing or not to be trusted. -EINVAL (usage): a file
 * that is no record of a schema that this tare reads, by name. */
int report_table(char *const *paths, size_t count, struct text *out, struct err *e);

#endif
