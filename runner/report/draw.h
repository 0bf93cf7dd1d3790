/* draw: drawings as files: their data, their commands, and by gnuplot SVG, PDF and PNG. */
#ifndef TARE_DRAW_H
#define TARE_DRAW_H

#include "base/text.h"
#include "report/drawing.h"

struct err;

enum draw_formats { DRAW_DATA = 0, DRAW_SVG = 1, DRAW_PDF = 2, DRAW_PNG = 4 };

/* Writes NAME.dat and NAME.gp of each below dirfd, where none of these is, and what else is asked for. No date, no
 * path, no setting of the user's gets into them; *dated: whether PDFs hold the time of their drawing all the same, as
 * draw_undate() does not find it there. -ENOENT (host): no gnuplot. -EIO (ours): it failed; its own words. */
int draw_files(const struct drawings *d, int dirfd, unsigned formats, bool *dated, struct err *e);

/* Puts the beginning of 1970 into a PDF in place of the time of its drawing, which cairo always writes; all else stays.
 * false: it is not there in plain; the PDF is as it was. */
bool draw_undate(struct text *pdf);

/* The SVG of each, in the order of the list, as text; by way of a folder in $TMPDIR that is gone afterwards. svg has
 * room for d->count. Errors as above. The caller ends each with text_free(), after an error too. */
int draw_svg(const struct drawings *d, struct text *svg, struct err *e);

#endif
