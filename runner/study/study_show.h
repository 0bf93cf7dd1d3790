/* study_show: a study as Markdown, JSON (schema tare.report/1) and text for a terminal. */
#ifndef TARE_STUDY_SHOW_H
#define TARE_STUDY_SHOW_H

#include "base/text.h"
#include "study/study.h"
#include "study/tables.h"

#define REPORT_SCHEMA "tare.report/1"

/* The answer in words, then the tables but for the longest two. */
void study_markdown(const struct study *s, const struct tables *t, struct text *out);
/* study_json.c: the answer's sentences and every table as an array of objects; what is no number is null with
 * <key>_reason beside it where there is a reason. Keys sorted, numbers in full. */
void study_json(const struct study *s, const struct tables *t, struct text *out);
/* The answer in words alone, in lines of at most 100 columns. */
void study_words(const struct study *s, struct text *out);

#endif
