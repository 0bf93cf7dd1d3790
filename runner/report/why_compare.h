/* why_compare: what --why left beside the records of two sides: which cause costs less on one of them, and which more.
 */
#ifndef TARE_WHY_COMPARE_H
#define TARE_WHY_COMPARE_H

#include <stddef.h>

#include "analysis/compare.h"
#include "base/text.h"

struct err;

/* Adds a table of causes for each pair of cells of which both sides have one (as the report takes it, that of the
 * latest record), and the cause that changed most in words. Adds nothing where there is no such pair. notes: as
 * whys_read(). Errors as why_read(). width: characters of a line. */
int why_compare_text(const struct records *a, const struct records *b, const struct comparison *c, size_t width,
                     struct text *out, struct text *notes, struct err *e);

#endif
