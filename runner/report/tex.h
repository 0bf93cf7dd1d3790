/* tex: texts and tables for LaTeX. Pure. */
#ifndef TARE_TEX_H
#define TARE_TEX_H

struct table;
struct text;

/* Adds a text so that LaTeX sets it as it is; what pdfTeX's fonts may lack becomes [U+2713]. */
void tex_text(struct text *out, const char *text);

/* A tabular with booktabs' rules, for a table environment of the author's; one of more rows than fit on a page a
 * longtable, which stands by itself. Long texts wrap. Nothing where the table has no rows. */
void tex_table(const struct table *t, struct text *out);

/* A word of letters alone for a macro's name: "threads-8" gives "ThreadsEight". */
void tex_macro(struct text *out, const char *words);

#endif
