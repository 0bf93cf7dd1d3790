/* paper_parts: between the parts of paper. */
#ifndef TARE_PAPER_PARTS_H
#define TARE_PAPER_PARTS_H

#include "analysis/study.h"
#include "base/text.h"
#include "report/paper.h"
#include "report/tables.h"

/* paper_numbers.c: \newcommand{\tare…}{…} for every figure that a cell has. */
void paper_numbers(const struct study *s, struct text *out);

/* paper_appendix.c */
void paper_appendix(const struct study *s, const struct tables *t, const struct paper_options *o, struct text *out);

/* The first line of every file: where it comes from. sign: "%" or "#". */
void paper_head(const struct study *s, const char *what, struct text *out);

#endif
