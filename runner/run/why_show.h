/* why_show: what threads lose their time to, for a terminal. */
#ifndef TARE_WHY_SHOW_H
#define TARE_WHY_SHOW_H

#include <stddef.h>

#include "base/text.h"
#include "run/why.h"

/* The causes, most expensive first, with Python function, path in C, count, waits and remedy; what is not attributed;
 * what the diagnostic run itself cost and could not see. width: characters of a line. */
void why_text(const struct why *w, size_t width, struct text *out);

#endif
