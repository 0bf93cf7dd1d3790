/* show: a record as the text that `tare run` prints. Pure. */
#ifndef TARE_SHOW_H
#define TARE_SHOW_H

struct record;
struct terminal_look;
struct text;

/* The original benchmark's lines in its order, the slice's and the isolation's blocks below them (design, "What is
 * measured"). Checks that are ok are counted and the others told with their reason, together where neither could be had
 * for the same one; a verbose look lists each. */
void show_record(const struct record *r, const struct terminal_look *look, struct text *out);

#endif
