/* why_section: what lies beside records of --why, as a section of the page and as text. */
#ifndef TARE_WHY_SECTION_H
#define TARE_WHY_SECTION_H

#include <stddef.h>

#include "analysis/summary.h"
#include "analysis/why.h"
#include "base/text.h"

struct err;

/* Of each cell that has any, the one beside its latest record. */
struct whys {
    struct why_of_cell {
        const struct summary_cell *cell; /* of the summary, which has to outlive it */
        struct why why;
    } * list;
    size_t count;
};

/* Reads what lies beside a record. 1: it is in *ret; 0: there is none, or it is of another record, which adds a line to
 * notes. Errors as why_read(). The caller ends *ret with why_free(). */
int why_read_beside(const struct invocation *i, struct why *ret, struct text *notes, struct err *e);

/* Reads what lies beside the summary's records. Notes and errors as why_read_beside(). The caller ends *ret with
 * whys_free(). */
int whys_read(const struct summary *s, struct whys *ret, struct text *notes, struct err *e);
void whys_free(struct whys *w);

/* Adds the section "why" of the page, with its table of causes, its remedies and a flame graph for each cell; nothing
 * where there is none. */
void why_section(const struct whys *w, struct text *out);

/* The same for a terminal, without the flame graph. width: characters of a line. */
void why_section_text(const struct whys *w, size_t width, struct text *out);

#endif
