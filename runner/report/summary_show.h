/* summary_show: a summary as Markdown, JSON (schema tare.report/1) and text for a terminal. */
#ifndef TARE_SUMMARY_SHOW_H
#define TARE_SUMMARY_SHOW_H

#include "analysis/summary.h"
#include "base/text.h"
#include "report/tables.h"

#define REPORT_SCHEMA "tare.report/1"

/* The answer in words, then the tables but for the longest two. */
void summary_markdown(const struct summary *s, const struct tables *t, struct text *out);
/* The answer's sentences and every table as an array of objects; what is no number is null with
 * <key>_reason beside it where there is a reason. Keys sorted, numbers in full. */
void summary_json(const struct summary *s, const struct tables *t, struct text *out);
/* For a terminal of so many characters: the times, the memory, what has to be said with them, and, where there are
 * cells to compare, the answer in words. */
void summary_text(const struct summary *s, const struct tables *t, size_t width, struct text *out);

#endif
