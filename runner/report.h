/* report: tables from records alone; nothing is measured here. */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include <stddef.h>

struct err;
struct text;

/* One table of the records in these files: a row a mode, its overhead record's times beside its memory record's bytes,
 * and the ratio to threads; under it why a figure is missing or not to be trusted. -EINVAL (usage): a file that is no
 * record of a schema that this tare reads, by name. */
int report_table(char *const *paths, size_t count, struct text *out, struct err *e);

#endif
