/* page_parts: between the parts of page. */
#ifndef TARE_PAGE_PARTS_H
#define TARE_PAGE_PARTS_H

#include "report/page.h"
#include "report/table.h"

/* page_assets.c: what page.css and page.js hold. */
extern const char page_css[], page_js[];

/* page_html.c */
void html_text(struct text *out, const char *text);
/* A caption, heads that name their columns, rows that a filter can find by the cell they tell of. */
void html_table(struct text *out, const struct table *t);
/* The figure in the page's colours, with its title, what there is to be seen in words, and its data as a table. */
void html_figure(struct text *out, const struct drawing *d, const struct text *svg, const char *no_svg);

/* page_again.c: the commands that make such records. */
void page_again(const struct study *s, struct text *out);

/* page_selftest.c: what the records tell of the selftest; and the file, where there is one. */
int page_selftest(const struct study *s, const char *path, struct text *out, struct err *e);

#endif
