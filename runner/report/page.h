/* page: a summary as one page of HTML that needs nothing else: no network, no other file, no script to be read. */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include "analysis/summary.h"
#include "base/text.h"
#include "report/drawing.h"

struct err;
struct table;

/* What the page is made of besides the summary. */
struct page_parts {
    const struct drawings *drawing;
    const char *no_svg;     /* why those are not drawn that are not: a sentence without its stop */
    const struct text *why; /* the section of --why, as HTML (why_section.h), with the id "why"; NULL or empty: none */
    const char *selftest;   /* a selftest.json that lies beside the records: its path; NULL: none */
};

/* Text as HTML has it: nothing of it is a tag. */
void html_text(struct text *out, const char *text);
/* The same between two pieces of HTML; of each line of a text that is not empty (NULL: there is none), which it takes
 * apart. */
void html_between(struct text *out, const char *before, const char *text, const char *after);
void html_lines(struct text *out, const char *before, char *lines, const char *after);

/* The parts of every page. page_begin() writes all up to and with <body>, whose section "answer" the page has to have;
 * page_section() opens a section, which the caller closes by "</section>". page_figures() adds those of this name, or,
 * where that ends with a hyphen, of one that begins so; of one that is not drawn the sentence no_svg, and its data. */
void page_begin(struct text *out, const char *title);
void page_section(struct text *out, const char *id, const char *title);
void page_table(struct text *out, const struct table *t);
void page_figures(struct text *out, const struct drawings *all, const char *name, const char *no_svg);

/* The same bytes from the same summary. -EINVAL (usage): selftest is none. */
int page_make(const struct summary *s, const struct page_parts *p, struct text *out, struct err *e);

#endif
