/* why_show: what threads lose their time to, for a terminal. */
#ifndef TARE_WHY_SHOW_H
#define TARE_WHY_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/why.h"
#include "base/text.h"

/* The causes, most expensive first, with Python function, path in C, count, waits and remedy; what is not attributed;
 * what the diagnostic run itself cost and could not see. width: characters of a line. */
void why_text(const struct why *w, size_t width, struct text *out);

/* The same in parts, for who lays them out otherwise. Foreign names are safe for a terminal. */
void why_say_run(const struct why *w, struct text *out);     /* how many iterations of it, how much slower: a line */
void why_say_times(const struct why *w, struct text *out);   /* own work, lost, without a CPU: a line */
void why_say_where(const struct cause *c, struct text *out); /* "w (cont.py:3)" */
void why_say_sight(const struct why *w, struct text *out);   /* what it could not see: a line each; "": it saw all */
double why_percent(int64_t part, int64_t whole);             /* 0: there is no whole */
void why_say_duration(double ns, struct text *out);          /* "1.3 ms" */

#endif
