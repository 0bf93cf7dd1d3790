/* tex: texts and tables for LaTeX. Pure. */
#ifndef TARE_TEX_H
#define TARE_TEX_H

struct table;
struct text;

/* Adds a text so that LaTeX prints it unchanged; a character that pdfTeX's fonts may lack becomes [U+2713]. */
void tex_text(struct text *out, const char *text);
/* The same between what is LaTeX already. */
void tex_between(struct text *out, const char *before, const char *text, const char *after);

/* Adds a tabular with booktabs' rules, for the author's table environment; with more rows than fit on a page a
 * longtable, which needs none. Long texts wrap. Without rows it adds nothing. */
void tex_table(const struct table *t, struct text *out);

/* Adds a macro's name, of letters only: "threads-8" gives "ThreadsEight". */
void tex_macro(struct text *out, const char *words);

#endif
