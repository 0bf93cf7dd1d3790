/* page: a summary as one page of HTML that needs nothing else: no network, no other file, no script to be read. */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include "analysis/summary.h"
#include "base/text.h"
#include "report/drawing.h"

struct err;

/* What the page is made of besides the summary. */
struct page_parts {
    const struct drawings *drawing;
    const struct text *svg; /* of each drawing, as gnuplot wrote it; NULL: none is drawn */
    const char *no_svg;     /* then why: a sentence without its stop */
    const char *selftest;   /* a selftest.json that lies beside the records: its path; NULL: none */
};

/* Text as HTML has it: nothing of it is a tag. */
void html_text(struct text *out, const char *text);

/* The same bytes from the same summary. -EINVAL (usage): selftest is none. */
int page_make(const struct summary *s, const struct page_parts *p, struct text *out, struct err *e);

#endif
