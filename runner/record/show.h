/* show: a record as the text that `tare run` prints. Pure. */
#ifndef TARE_SHOW_H
#define TARE_SHOW_H

#include <stddef.h>

struct facts;
struct record;
struct terminal_look;
struct text;

/* The original benchmark's lines in its order, the slice's and the isolation's blocks below them (design, "What is
 * measured"). Checks that are ok are counted and the others told with their reason, together where neither could be had
 * for the same one; a verbose look lists each. */
void show_record(const struct record *r, const struct terminal_look *look, struct text *out);

/* The counters of a record, one a line; those that are absent for one reason together. */
void show_counters(const struct facts *counters, size_t width, struct text *out);

#endif
