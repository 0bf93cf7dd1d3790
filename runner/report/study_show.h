/* study_show: a study as Markdown, JSON (schema tare.report/1) and text for a terminal. */
#ifndef TARE_STUDY_SHOW_H
#define TARE_STUDY_SHOW_H

#include "analysis/study.h"
#include "base/text.h"
#include "report/tables.h"

#define REPORT_SCHEMA "tare.report/1"

/* The answer in words, then the tables but for the longest two. */
void study_markdown(const struct study *s, const struct tables *t, struct text *out);
/* The answer's sentences and every table as an array of objects; what is no number is null with
 * <key>_reason beside it where there is a reason. Keys sorted, numbers in full. */
void study_json(const struct study *s, const struct tables *t, struct text *out);
/* For a terminal of so many characters: the times, the memory, what has to be said with them, and, where there are
 * cells to compare, the answer in words. */
void study_text(const struct study *s, const struct tables *t, size_t width, struct text *out);

#endif
