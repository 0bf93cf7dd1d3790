/* summary_show: a summary as Markdown, JSON (schema tare.report/1) and text for a terminal. */
#ifndef TARE_SUMMARY_SHOW_H
#define TARE_SUMMARY_SHOW_H

#include "analysis/summary.h"
#include "base/text.h"
#include "report/summary_tables.h"

#define REPORT_SCHEMA "tare.report/1"

/* Adds the answer in words, then all tables but the two longest. */
void summary_markdown(const struct summary *s, const struct tables *t, struct text *out);
/* Adds the answer's sentences and every table as an array of objects. A missing number is null, with <key>_reason
 * beside it if there is a reason. Keys are sorted; numbers have all digits. */
void summary_json(const struct summary *s, const struct tables *t, struct text *out);
/* Adds, for a terminal of this width, the times, the memory, notes, and, if cells can be compared, the answer in words.
 */
void summary_text(const struct summary *s, const struct tables *t, size_t width, struct text *out);

#endif
