/* show: a record as the text that `tare run` prints. Pure. */
#ifndef TARE_SHOW_H
#define TARE_SHOW_H

#include <stddef.h>

struct facts;
struct record;
struct terminal_look;
struct text;

/* Prints the original benchmark's lines in its order, then the blocks on the slice and the isolation. Passed checks are
 * counted; failed ones are shown with their reason, together if it is the same. A verbose look lists each check. */
void show_record(const struct record *r, const struct terminal_look *look, struct text *out);

/* Prints a record's counters, one per line; absent ones with the same reason share a line. */
void show_counters(const struct facts *counters, size_t width, struct text *out);

#endif
