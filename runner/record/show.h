/* show: a record as the text that `tare run` prints. Pure. */
#ifndef TARE_SHOW_H
#define TARE_SHOW_H

struct record;
struct text;

/* The original benchmark's lines in its order, the slice's and the isolation's blocks below them (design, "What is
 * measured"). */
void show_record(const struct record *r, struct text *out);

#endif
